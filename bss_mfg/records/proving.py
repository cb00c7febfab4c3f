"""Makes a batch's record: its events, the proofs that a signed checkpoint covers them, and a signed statement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bss_mfg.core import clock
from bss_mfg.core.zip_files import in_blocks, write_zip
from bss_mfg.ledger.checkpoints import StoredCheckpoint
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import LABELS_MADE, SampleDecided
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.records import record_file
from bss_mfg.records.record_file import FORMAT, PREDICATE, EventLine
from bss_mfg.transparency.envelope import Envelope, statement
from bss_mfg.transparency.merkle import consistency_proof, runs_of, subset_proof
from bss_mfg.transparency.signed_note import SigningKey, to_base64
from bss_mfg.transparency.tree import LeafTree

_FILES = (*LABELS_MADE, EventKind.MANIFEST_MADE)
"""Events of files that leave with a batch, and hold no key."""


@dataclass(frozen=True, slots=True)
class MadeRecord:
    """How many events a record has, of a history of how many, and how many files it names."""

    events: int
    size: int
    files: int


def make_record(ledger: Ledger, batch: str, out: Path, newest: StoredCheckpoint, key: SigningKey) -> MadeRecord:
    """Write a batch's record, as the `newest` checkpoint covers it. Never overwrites. It holds no key and no barcode
    string; it names operators and stations, as events do."""
    ledger.batches.number(batch)
    size = newest.checkpoint.size
    tree = ledger.checkpoints.tree(size)
    files = _files(ledger, batch)
    numbers: list[int] = []
    digest, proofs = hashlib.sha256(), hashlib.sha256()

    def events() -> Iterator[bytes]:
        for seq, before, content, stored in ledger.checkpoints.event_contents(batch, size):
            numbers.append(seq)
            line = bytes(EventLine(stored, before, content))
            digest.update(line)
            yield line

    def members() -> Iterator[tuple[str, Iterator[bytes]]]:
        yield record_file.KEY, iter([f"{newest.key}\n".encode()])
        yield record_file.CHECKPOINT, iter([str(newest.note).encode()])
        if stamps := ledger.checkpoints.timestamps():
            yield record_file.TIMESTAMP, iter([stamps[-1]])
        yield record_file.EVENTS, in_blocks(events())
        nodes = subset_proof(runs_of(number - 1 for number in numbers), size, tree.subtree)
        proof = {"format": FORMAT, "size": size, "nodes": [to_base64(one) for one in nodes]}
        yield record_file.PROOF, _digested(proofs, iter([json.dumps(proof, indent=0).encode()]))
        yield record_file.EARLIER, _digested(proofs, in_blocks(_earlier(ledger, size, tree), 100))
        covered = {
            "count": len(numbers),
            "first": numbers[0] if numbers else None,
            "last": numbers[-1] if numbers else None,
            "sha256": digest.hexdigest(),
            "proofs_sha256": proofs.hexdigest(),
        }
        predicate = {**_summary(ledger, batch), "checkpoint": str(newest.checkpoint), "events": covered}
        said = statement(sorted(files.items()), PREDICATE, predicate)
        yield record_file.STATEMENT, iter([Envelope.sealed(said, key).to_bytes()])

    write_zip(out, members())
    return MadeRecord(len(numbers), size, len(files))


def _digested(digest: hashlib._Hash, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _earlier(ledger: Ledger, size: int, tree: LeafTree) -> Iterator[bytes]:
    for one in ledger.checkpoints.all():
        if one.checkpoint.size < size:
            proof = consistency_proof(one.checkpoint.size, size, tree.subtree)
            document = {"note": str(one.note), "proof": [to_base64(node) for node in proof]}
            yield json.dumps(document).encode() + b"\n"


def _files(ledger: Ledger, batch: str) -> dict[str, str]:
    """The newest SHA-256 of each file of a batch, by its name."""
    return {
        event.data["file"]: event.data["sha256"]
        for event in ledger.history.events_of(_FILES, batch)
        if event.data.get("file") and event.data.get("sha256")
    }


def _summary(ledger: Ledger, batch: str) -> dict[str, object]:
    """What is known of a batch now."""
    found = ledger.batches.get(batch)
    failed = ledger.device_checks.failed(batch)
    return {
        "batch": batch,
        "product": found.product,
        "units": found.units,
        "packages": asdict(ledger.batches.package_counts(batch)),
        "samples": [
            {"aql": record.aql, "sample": record.sample, "decision": record.decision, "wrong": len(record.wrong)}
            for _, record in ledger.history.records(SampleDecided, batch)
        ],
        "devices": {"proven": len(ledger.device_checks.proven(batch)), "failed": len(failed)},
        "closed_at": ledger.batches.closed_at(batch),
        "retired_at": ledger.batches.retired_at(batch),
        "at": clock.now(),
        "operator": ledger.actor.operator,
        "station": ledger.actor.station,
        "version": ledger.actor.version,
    }
