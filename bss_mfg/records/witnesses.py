"""Witnesses: others who sign a checkpoint, so that even its site can't say later that it was another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bss_mfg.core import clock
from bss_mfg.core.files import read_bytes
from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, RefusedError, ValueProblem
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.records.record_file import open_record
from bss_mfg.records.verification import Asked, verify_record
from bss_mfg.transparency.checkpoint import Checkpoint, read_checkpoint
from bss_mfg.transparency.signed_note import SignedNote, SigningKey, VerifierKey


def given_key(text: str, option: str) -> VerifierKey:
    """A verifier key that was typed, or the one in a file that is named `@FILE`; `InputError` where it is none."""
    if text.startswith("@"):
        text = read_bytes(Path(text[1:]), "key", 4096).decode("utf-8", "replace")
    try:
        return VerifierKey.parse(text)
    except ValueProblem as problem:
        raise InputError(
            str(problem), where=option, way_out="Copy the whole line, as `bss-mfg checkpoint key` prints it, or @FILE."
        ) from None


def given_checkpoint(path: Path) -> tuple[Checkpoint, SignedNote]:
    """A checkpoint from a file; `InputError` where it is none."""
    try:
        return read_checkpoint(read_bytes(path, "checkpoint", LIMITS[Reader.CHECKPOINT].size))
    except ValueProblem as problem:
        raise InputError(
            str(problem), where=path, way_out="Name a file as `bss-mfg checkpoint show` writes it."
        ) from None


def is_record(path: Path) -> bool:
    """Whether a file is an archive."""
    with open_to_read(path, "checkpoint") as file:
        return file.read(4) == b"PK\x03\x04"


def old_checkpoint(path: Path) -> tuple[Checkpoint, SignedNote]:
    """A checkpoint from a file, or that of a record; `InputError` where it is neither."""
    if not is_record(path):
        return given_checkpoint(path)
    with open_record(path) as record:
        return record.checkpoint()


def cosign(ledger: Ledger, path: Path, site: VerifierKey, own: SigningKey) -> SignedNote:
    """Sign another ledger's checkpoint as a witness, and note it: the note with our signature.

    The first one of a ledger is taken as it is. Of each later one the record proves that it continues the one before.
    `RefusedError` where it doesn't.
    """
    checkpoint, note, continues = _shown(path, site)
    seen = ledger.checkpoints.witnessed(checkpoint.origin)
    if checkpoint.origin == own.name:
        raise RefusedError(
            "is a checkpoint of this ledger", where=path, way_out="A witness is another: send it to one."
        )
    if seen and seen != checkpoint and seen not in continues:
        raise RefusedError(
            f"isn't proven to continue the checkpoint of {seen.size} events of {seen.origin} that was signed before",
            where=path,
            way_out="Nothing was signed. Ask for a new record (`bss-mfg ledger prove`): it holds the proofs. If that "
            "one doesn't continue it either, the history there was cut or rewritten, or there are two.",
        )
    if seen != checkpoint:
        ledger.checkpoints.add_witnessed(checkpoint)
    return note.cosigned(own, int(datetime.fromisoformat(clock.now()).timestamp()))


def _shown(path: Path, site: VerifierKey) -> tuple[Checkpoint, SignedNote, frozenset[Checkpoint]]:
    """A checkpoint, alone or in a record, that the site's key signed, and those that it is proven to continue."""
    if is_record(path):
        with open_record(path) as record:
            found = verify_record(record, Asked(key=site))
            checkpoint, note = record.checkpoint()
        if found.findings:
            raise RefusedError(
                f"doesn't hold: {found.findings[0].what}",
                where=path,
                way_out="Nothing was signed. `bss-mfg record verify` says all that is wrong.",
            )
        return checkpoint, note, found.continues
    checkpoint, note = given_checkpoint(path)
    if not note.is_signed_by(site) or checkpoint.origin != site.name:
        raise RefusedError(
            f"isn't signed by the key {site}", where=path, way_out="Nothing was signed. Ask the site for both again."
        )
    return checkpoint, note, frozenset()


def add_cosignatures(ledger: Ledger, path: Path, witnesses: Sequence[str]) -> int:
    """Keep the signatures of witnesses below a checkpoint of this ledger; how many are new. `InputError` where a
    witness did not sign it, or it isn't a checkpoint that this ledger signed."""
    checkpoint, note = given_checkpoint(path)
    ours = next((one for one in ledger.checkpoints.all() if one.checkpoint == checkpoint), None)
    if ours is None or not ours.is_whole:
        raise InputError(
            "isn't a checkpoint of this ledger",
            where=path,
            way_out="`bss-mfg checkpoint show --all` shows all of them.",
        )
    lines = []
    for text in witnesses:
        witness = given_key(text, "--witness")
        if not note.is_signed_by(witness):
            raise InputError(
                f"{witness.name} did not sign it with this key",
                where=path,
                way_out="Ask for the key and the file again.",
            )
        lines += [one for one in note.of(witness) if one not in ours.note.signatures]
    if lines:
        ledger.checkpoints.add_cosignatures(checkpoint, lines)
    return len(lines)
