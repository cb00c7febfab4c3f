"""Verifies a record with nothing but the record: what it proves, and what is wrong, by kind.

Nothing here opens a ledger. `verify_record.py` beside this does the same in one file, written apart from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import ValueProblem
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.records.delivered_files import FileFault, compare_files
from bss_mfg.records.record_file import PREDICATE, EventLine, RecordFile
from bss_mfg.records.timestamps import Timestamp, verified
from bss_mfg.transparency.checkpoint import Checkpoint
from bss_mfg.transparency.envelope import read_statement
from bss_mfg.transparency.merkle import root_of_subset, roots_of_consistency, runs_of
from bss_mfg.transparency.signed_note import SignedNote, VerifierKey

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class Fault(StrEnum):
    """What a record can be wrong in."""

    UNSIGNED = "unsigned"
    STATEMENT_CHANGED = "statement-changed"
    PROOF_CHANGED = "proof-changed"
    EVENT_CHANGED = "event-changed"
    EVENT_MISSING = "event-missing"
    REWRITTEN = "rewritten"
    CUT = "cut"
    RESTORED = "restored"
    FORKED = "forked"
    OTHER_LEDGER = "other-ledger"
    FILE_CHANGED = "file-changed"
    FILE_MOVED = "file-moved"
    FILE_MISSING = "file-missing"
    WITNESS_MISSING = "witness-missing"
    TIMESTAMP_MISSING = "timestamp-missing"


_TOLD = (Fault.EVENT_CHANGED, Fault.EVENT_MISSING, Fault.PROOF_CHANGED)
"""What says already why a tree can't be that of the checkpoint."""
_FILE_FAULTS = {
    FileFault.CHANGED: Fault.FILE_CHANGED,
    FileFault.MOVED: Fault.FILE_MOVED,
    FileFault.MISSING: Fault.FILE_MISSING,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, in words; the number of the event, or the name of the file, where it is one."""

    kind: Fault
    what: str
    event: int | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a record is held against: the key that its site is known by, an older checkpoint, keys of witnesses, the
    folder with the files that came with it, and certificates of time-stamping authorities of which one must have
    stamped it."""

    key: VerifierKey | None = None
    against: tuple[Checkpoint, SignedNote] | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    files: Path | None = None
    authorities: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: nothing wrong where `findings` is empty. `key_known`: the key was given and not taken from the
    record itself; `continues` are the earlier checkpoints that the record's history is proven to
    continue; `witnesses` those asked for who signed; `files` how many of the statement's files were compared."""

    batch: str
    checkpoint: Checkpoint
    key: VerifierKey
    key_known: bool
    events: int
    earlier: int
    continues: frozenset[Checkpoint]
    witnesses: tuple[str, ...]
    files: int | None
    timestamp: Timestamp | None
    summary: dict[str, Any]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Events:
    """What the record's events came to."""

    places: list[int] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    sha256: str = ""


def verify_record(record: RecordFile, asked: Asked) -> Verdict:
    """Verify a record. `ValueProblem` where it can't be read as one."""
    checkpoint, note = record.checkpoint()
    key = asked.key or record.key()
    findings: list[Finding] = []
    if not note.is_signed_by(key) or checkpoint.origin != key.name:
        findings.append(Finding(Fault.UNSIGNED, f"the checkpoint isn't signed by the key {key}"))
    events = _read_events(record)
    subjects, predicate, stated = _read_statement(record, key, checkpoint, events, findings)
    earlier = _verify_tree(record, key, checkpoint, events, stated, findings)
    witnessed = _verify_witnesses(note, key, asked.witnesses, findings)
    proven = [checkpoint, *(one for one, holds in earlier if holds)]
    stamped = _verify_timestamp(record.timestamp(), proven, asked.authorities, findings)
    if asked.against:
        _hold_against(*asked.against, key, checkpoint, [one for one, _ in earlier], events, findings)
    compared = None
    if asked.files is not None:
        compared = len(subjects)
        for fault, name, what in compare_files(asked.files, subjects):
            findings.append(Finding(_FILE_FAULTS[fault], what, file=name))
    return Verdict(
        batch=str(predicate.get("batch", "")),
        checkpoint=checkpoint,
        key=key,
        key_known=asked.key is not None,
        events=len(events.places),
        earlier=len(earlier),
        continues=frozenset(one for one, holds in earlier if holds),
        witnesses=witnessed,
        files=compared,
        timestamp=stamped,
        summary=predicate,
        findings=tuple(findings),
    )


def _read_events(record: RecordFile) -> _Events:
    found, whole, sha256 = _Events(), hashlib.sha256(), hashlib.sha256
    last, last_digest = 0, b""
    restored = f'"{EventKind.LEDGER_RESTORED}"'.encode()
    for text in record.event_lines():
        whole.update(text)
        line = EventLine.parse(text)
        digest, previous, content, number = line
        if number <= last:
            raise ValueProblem("the events aren't in order")
        fits = sha256(previous + content).digest() == digest
        if not fits or (number == last + 1 and number > 1 and previous != last_digest):
            found.changed.append(number)
        if restored in content and line.columns()[1] == EventKind.LEDGER_RESTORED:
            found.restored.append(number)
        found.places.append(number - 1)
        found.leaves.append(sha256(b"\x00" + digest).digest())  # as `leaf_hash`, without a call
        last, last_digest = number, digest
    found.sha256 = whole.hexdigest()
    return found


def _read_statement(
    record: RecordFile, key: VerifierKey, checkpoint: Checkpoint, events: _Events, findings: list[Finding]
) -> tuple[list[tuple[str, str]], dict[str, Any], bool]:
    """The files and what is said of the batch, and whether the events are those that were signed."""
    envelope = record.statement()
    subjects, predicate = read_statement(envelope.payload, PREDICATE)
    covered = predicate.get("events")
    if not envelope.is_signed_by(key):
        findings.append(Finding(Fault.STATEMENT_CHANGED, f"the statement isn't signed by the key {key}"))
    elif predicate.get("checkpoint") != str(checkpoint) or not isinstance(covered, dict):
        findings.append(Finding(Fault.STATEMENT_CHANGED, "the statement is that of another checkpoint"))
    else:
        same = covered.get("sha256") == events.sha256
        if covered.get("count") != len(events.places):
            what = f"the record has {count_words(len(events.places), 'event')}, and not as many as were signed"
            findings.append(Finding(Fault.EVENT_MISSING, what))
        elif not same and not events.changed:
            findings.append(Finding(Fault.EVENT_CHANGED, "an event isn't the one that was signed"))
        if covered.get("proofs_sha256") != record.proofs_sha256():
            findings.append(Finding(Fault.PROOF_CHANGED, "the proofs aren't those that were signed"))
            same = False
        return subjects, predicate, same
    return subjects, predicate, False


def _verify_tree(
    record: RecordFile, key: VerifierKey, checkpoint: Checkpoint, events: _Events, stated: bool, findings: list[Finding]
) -> list[tuple[Checkpoint, bool]]:
    """That the events are in the tree that was signed, and that it continues all checkpoints before: those, and whether
    it does."""
    for number in events.changed[:20]:
        findings.append(
            Finding(Fault.EVENT_CHANGED, f"event {number} isn't what the chain of events says", event=number)
        )
    size = checkpoint.size
    if events.places and events.places[-1] >= size:
        raise ValueProblem("it has events that its checkpoint doesn't cover")
    proof = record.proof()
    try:
        root = root_of_subset(runs_of(events.places), iter(events.leaves), size, proof)
    except ValueProblem:
        root = b""  # events and proof don't fit each other
    earlier: list[tuple[Checkpoint, bool]] = []
    before = 0
    for one in record.earlier():
        if not before < one.checkpoint.size < size or one.checkpoint.origin != checkpoint.origin:
            raise ValueProblem("its earlier checkpoints aren't in order")
        if not one.note.is_signed_by(key):
            what = f"the checkpoint of {one.checkpoint.size} events isn't signed by the key {key}"
            findings.append(Finding(Fault.UNSIGNED, what))
        try:
            proven = roots_of_consistency(one.checkpoint.size, one.checkpoint.root, size, one.proof)
        except ValueProblem:
            proven = b"", b""
        earlier.append((one.checkpoint, proven == (one.checkpoint.root, root)))
        before = one.checkpoint.size
    places = [(0, True), *((one.size, holds) for one, holds in earlier), (size, root == checkpoint.root)]
    broken = next((at for at, (_, holds) in enumerate(places) if not holds), None)
    if broken is not None:
        first, last = places[broken - 1][0] + 1, places[broken][0]
        if stated:
            what = (
                f"the history was rewritten: of the events {first} to {last} one isn't what it was when it was signed"
            )
            findings.append(Finding(Fault.REWRITTEN, what))
        elif not any(one.kind in _TOLD for one in findings):
            what = "the events, or the proofs of them, aren't those of the checkpoint"
            findings.append(Finding(Fault.EVENT_CHANGED, what))
    return earlier


def _verify_witnesses(
    note: SignedNote, site: VerifierKey, witnesses: tuple[VerifierKey, ...], findings: list[Finding]
) -> tuple[str, ...]:
    """The names of those who signed, and are not the site itself."""
    signed = []
    for witness in witnesses:
        if witness == site:
            findings.append(Finding(Fault.WITNESS_MISSING, f"{witness.name} is the site itself, not a witness"))
        elif note.is_signed_by(witness):
            signed.append(witness.name)
        else:
            findings.append(Finding(Fault.WITNESS_MISSING, f"{witness.name} didn't sign the checkpoint with this key"))
    return tuple(signed)


def _verify_timestamp(
    answer: bytes | None,
    checkpoints: Sequence[Checkpoint],
    authorities: tuple[Certificate, ...],
    findings: list[Finding],
) -> Timestamp | None:
    if not authorities:
        return None
    if answer is None:
        findings.append(Finding(Fault.TIMESTAMP_MISSING, "the record holds no timestamp"))
        return None
    try:
        return verified(answer, checkpoints, authorities)
    except ValueProblem as problem:
        findings.append(Finding(Fault.TIMESTAMP_MISSING, f"the record's timestamp {problem}"))
        return None


def _hold_against(
    old: Checkpoint,
    note: SignedNote,
    key: VerifierKey,
    checkpoint: Checkpoint,
    earlier: list[Checkpoint],
    events: _Events,
    findings: list[Finding],
) -> None:
    """That the record's history continues an older checkpoint."""
    if old.origin != checkpoint.origin:
        what = f"the older checkpoint is one of {old.origin}, the record's of {checkpoint.origin}"
        findings.append(Finding(Fault.OTHER_LEDGER, what))
    elif not note.is_signed_by(key):
        findings.append(Finding(Fault.UNSIGNED, f"the older checkpoint isn't signed by the key {key}"))
    elif old not in (checkpoint, *earlier):
        findings.append(_parted(old, checkpoint, events))


def _parted(old: Checkpoint, checkpoint: Checkpoint, events: _Events) -> Finding:
    """How a history that doesn't continue a checkpoint came about."""
    since = next((number for number in events.restored if number <= old.size), None)
    if since is not None:
        what = (
            f"event {since} put an older copy in the ledger's place: events up to {old.size} that were signed are gone"
        )
        return Finding(Fault.RESTORED, what, event=since)
    if old.size > checkpoint.size:
        signed, now = count_words(old.size, "event"), count_words(checkpoint.size, "event")
        what = f"a history of {signed} was signed before, and the record's has {now}: it was cut off"
        return Finding(Fault.CUT, f"{what}, or an older copy was put back")
    signed = count_words(old.size, "event")
    what = f"the history of {signed} that was signed before isn't how the record's history begins: there are two"
    return Finding(Fault.FORKED, f"{what}, each signed with the same key")


def each_word(verdict: Verdict) -> Iterator[str]:
    """What a record without findings proves, in words."""
    checkpoint, given = verdict.checkpoint, count_words(verdict.events, "event")
    are = one_or(verdict.events, "is", "are")
    yield (
        f"{given} of batch {verdict.batch} {are} in the history of {checkpoint.origin}, "
        f"which was signed with {count_words(checkpoint.size, 'event')} by the key {verdict.key.hash.hex()}"
    )
    if verdict.earlier:
        yield f"that history continues {count_words(verdict.earlier, 'checkpoint')} from before"
    for witness in verdict.witnesses:
        yield f"{witness} signed it as a witness"
    if verdict.timestamp:
        stamped = verdict.timestamp
        yield f"its first {count_words(stamped.size, 'event')} were there at {stamped.at}, says {stamped.authority}"
    if verdict.files is not None:
        yield f"{count_words(verdict.files, 'file')} in the folder: as recorded"
