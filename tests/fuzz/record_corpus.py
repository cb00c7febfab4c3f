"""What cases of records are made from: a small history with checkpoints, proofs, a statement and a timestamp."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.model import Secret
from bss_mfg.transparency.checkpoint import Checkpoint
from bss_mfg.transparency.envelope import Envelope, statement
from bss_mfg.transparency.merkle import consistency_proof, leaf_hash, root_of, runs_of, subset_proof
from bss_mfg.transparency.signed_note import KeyType, SignedNote, SigningKey, to_base64
from tests.fuzz.reader import Seeds
from tests.helpers.time_authority import make_time_authority

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

SITE = SigningKey("factory.example/line", Secret(bytes(range(32))))
WITNESS = SigningKey("customer.example/witness", Secret(bytes(32)))
EVENTS, EARLIER_EVENTS = 13, 8
_OF_THE_BATCH = (2, 3, 4, 7, 12)
"""Numbers of the events that a record is of."""


def _event(number: int, before: bytes) -> tuple[bytes, bytes]:
    """An event's content, and its digest."""
    kind = "ledger restored" if number == 7 else "batch issued"
    data = json.dumps({"units": number, "file": "B1.pdf"})
    content = json.dumps([number, "2026-11-30T10:00:00Z", kind, "B1", data], separators=(",", ":")).encode()
    return content, hashlib.sha256(before + content).digest()


@lru_cache(maxsize=1)
def _history() -> tuple[tuple[bytes, bytes, bytes], ...]:
    """(digest, that before, content) of each event."""
    found, before = [], bytes(32)
    for number in range(1, EVENTS + 1):
        content, digest = _event(number, before)
        found.append((digest, before, content))
        before = digest
    return tuple(found)


def _leaves(size: int = EVENTS) -> list[bytes]:
    return [leaf_hash(digest) for digest, _, _ in _history()[:size]]


def _subtree(first: int, end: int) -> bytes:
    return root_of(_leaves()[first:end])


@lru_cache(maxsize=2)
def checkpoint(size: int = EVENTS) -> Checkpoint:
    """That of the first events."""
    return Checkpoint(SITE.name, size, root_of(_leaves(size)))


@lru_cache(maxsize=2)
def note(size: int = EVENTS) -> SignedNote:
    """The same, signed by the site and a witness."""
    return SignedNote(str(checkpoint(size))).signed(SITE).cosigned(WITNESS, 1_763_000_000)


def notes() -> Seeds:
    """Checkpoints as they are stored."""
    return tuple(str(note(size)).encode() for size in (EVENTS, EARLIER_EVENTS))


def verifier_keys() -> Seeds:
    """The keys of site and witness."""
    return (str(SITE.verifier_key()).encode(), str(WITNESS.verifier_key(KeyType.COSIGNATURE)).encode() + b"\n")


def _members() -> dict[str, bytes]:
    proof = {
        "format": "bss-mfg record 1",
        "size": EVENTS,
        "nodes": [to_base64(one) for one in subset_proof(runs_of(n - 1 for n in _OF_THE_BATCH), EVENTS, _subtree)],
    }
    continues = [to_base64(one) for one in consistency_proof(EARLIER_EVENTS, EVENTS, _subtree)]
    made = {
        "key.txt": f"{SITE.verifier_key()}\n".encode(),
        "checkpoint.txt": str(note()).encode(),
        "events.txt": b"".join(
            b"%b %b %b\n" % (digest.hex().encode(), before.hex().encode(), content)
            for digest, before, content in (_history()[number - 1] for number in _OF_THE_BATCH)
        ),
        "proof.json": json.dumps(proof, indent=0).encode(),
        "checkpoints.jsonl": json.dumps({"note": str(note(EARLIER_EVENTS)), "proof": continues}).encode() + b"\n",
    }
    covered = {
        "count": len(_OF_THE_BATCH),
        "first": _OF_THE_BATCH[0],
        "last": _OF_THE_BATCH[-1],
        "sha256": hashlib.sha256(made["events.txt"]).hexdigest(),
        "proofs_sha256": hashlib.sha256(made["proof.json"] + made["checkpoints.jsonl"]).hexdigest(),
    }
    predicate = {"batch": "B1", "product": "bulb", "units": 6, "checkpoint": str(checkpoint()), "events": covered}
    said = statement([("B1.pdf", "0" * 64)], "urn:bss-mfg:batch-record:1", predicate)
    return {**made, "statement.json": Envelope.sealed(said, SITE).to_bytes()}


def envelopes() -> Seeds:
    """A record's statement."""
    return (_members()["statement.json"],)


def records() -> Seeds:
    """A record, packed in both ways."""
    found = []
    for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", packing) as archive:
            for name, content in _members().items():
                archive.writestr(zipfile.ZipInfo(name), content, packing)
        found.append(out.getvalue())
    return tuple(found)


@lru_cache(maxsize=1)
def _stamped() -> tuple[bytes, Seeds]:
    """A time-stamping authority's certificate as PEM, and its answers, where there is openssl and the library."""
    try:
        from bss_mfg.records.timestamps import request

        asked = [request(checkpoint(size)) for size in (EVENTS, EARLIER_EVENTS)]
    except ImportError:
        return b"", ()
    if not shutil.which("openssl"):
        return b"", ()
    with tempfile.TemporaryDirectory() as folder:
        try:
            authority = make_time_authority(Path(folder) / "authority")
            answers = []
            for number, one in enumerate(asked):
                (Path(folder) / f"{number}.tsq").write_bytes(one)
                out = authority.answer(Path(folder) / f"{number}.tsq", Path(folder) / f"{number}.tsr")
                answers.append(out.read_bytes())
            return authority.certificate.read_bytes(), tuple(answers)
        except subprocess.CalledProcessError:
            return b"", ()


def timestamps() -> Seeds:
    """Answers of a time-stamping authority."""
    return _stamped()[1]


def authority_files() -> Seeds:
    """Its certificate."""
    pem = _stamped()[0]
    return (pem, pem * 2) if pem else ()


@lru_cache(maxsize=1)
def authorities() -> tuple[Certificate, ...]:
    """The same, read."""
    from cryptography.x509 import load_pem_x509_certificates

    return tuple(load_pem_x509_certificates(_stamped()[0]))
