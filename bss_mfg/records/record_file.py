"""A record as a file: an archive of what a checkpoint covers, the proofs, and a signed statement."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from binascii import unhexlify
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, ValueProblem
from bss_mfg.transparency.checkpoint import Checkpoint, read_checkpoint
from bss_mfg.transparency.envelope import Envelope
from bss_mfg.transparency.signed_note import SignedNote, VerifierKey, from_base64

FORMAT = "bss-mfg record 1"
PREDICATE = "urn:bss-mfg:batch-record:1"
CHECKPOINT, STATEMENT, EVENTS, PROOF, EARLIER, KEY, TIMESTAMP = (
    "checkpoint.txt", "statement.json", "events.txt", "proof.json", "checkpoints.jsonl", "key.txt", "timestamp.tsr",
)  # fmt: skip
_MOST = {EVENTS: 8 << 30, EARLIER: 256 << 20, PROOF: 256 << 20, STATEMENT: 64 << 20}
_MOST_OTHER = 1 << 20
_MOST_LINE = LIMITS[Reader.RECORD].items
_HASH_BYTES, _OTHER_KEYS = 47, 8
"""Of a hash in a list of JSON, with its quotes and comma: more values would be other ones, and take gigabytes. Keys
that stand beside the list have commas, too."""
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class EventLine(NamedTuple):
    """An event as a record has it: its digest and that of the one before it, as the ledger stores them, and the bytes
    that its digest is over besides."""

    digest: bytes
    before: bytes
    content: bytes

    number: int = 0

    @classmethod
    def parse(cls, line: bytes) -> EventLine:
        """A line of the record; `ValueProblem` where it is none. A million are parsed in a second or two."""
        digits = line[131 : line.find(b",", 131, 152)]
        if line[129:131] != b" [" or line[64:65] != b" " or not digits.isdigit() or digits[:1] == b"0":
            raise ValueProblem("a line of the events isn't an event")
        try:
            return cls(unhexlify(line[:64]), unhexlify(line[65:129]), line[130:-1], int(digits))
        except ValueError:
            raise ValueProblem("a line of the events isn't an event") from None

    def __bytes__(self) -> bytes:
        return b"%b %b %b\n" % (self.digest.hex().encode(), self.before.hex().encode(), self.content)

    def columns(self) -> tuple[str, str, str | None, dict[str, Any]]:
        """Time, kind, batch and data; `ValueProblem` where it has none."""
        try:
            _, at, kind, batch, data = json.loads(self.content)
            return at, kind, batch, json.loads(data)
        except (ValueError, TypeError, RecursionError):
            raise ValueProblem(f"event {self.number} can't be read") from None


@dataclass(frozen=True, slots=True)
class EarlierCheckpoint:
    """A checkpoint that the ledger signed before, and the proof that the record's tree continues it."""

    checkpoint: Checkpoint
    note: SignedNote
    proof: tuple[bytes, ...]


class RecordFile:
    """An open record. Reading raises `ValueProblem` where a member is missing or has another form."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def checkpoint(self) -> tuple[Checkpoint, SignedNote]:
        """The checkpoint that the record is proven against."""
        return read_checkpoint(self._read(CHECKPOINT))

    def key(self) -> VerifierKey:
        """The key that the record says is its site's."""
        return VerifierKey.parse(self._read(KEY).decode("utf-8", "replace"))

    def statement(self) -> Envelope:
        """The signed statement."""
        return Envelope.parse(self._read(STATEMENT))

    def proof(self) -> list[bytes]:
        """The hashes that lead from the record's events to the root."""
        try:
            content = self._read(PROOF)
            if content.count(b",") > len(content) // _HASH_BYTES + _OTHER_KEYS:
                raise ValueProblem(f"{PROOF} isn't a proof")
            found = json.loads(content)
            if found["format"] != FORMAT:
                raise ValueProblem(f"its format is {str(found['format'])[:40]!a}, and this program reads {FORMAT!a}")
            return [_hash(one) for one in found["nodes"]]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            if isinstance(error, ValueProblem):
                raise
            raise ValueProblem(f"{PROOF} isn't a proof") from None

    def earlier(self) -> Iterator[EarlierCheckpoint]:
        """Checkpoints before, the oldest first."""
        for line in self._lines(EARLIER):
            try:
                found = json.loads(line)
                note, proof = str(found["note"]), tuple(_hash(one) for one in found["proof"])
            except (ValueError, TypeError, KeyError, RecursionError):
                raise ValueProblem(f"{EARLIER} has a line that isn't a checkpoint") from None
            yield EarlierCheckpoint(*read_checkpoint(note.encode("utf-8", "replace")), proof)

    def timestamp(self) -> bytes | None:
        """An authority's timestamp of the checkpoint, or of one before; None where it has none."""
        return self._read(TIMESTAMP) if TIMESTAMP in self._archive.namelist() else None

    def proofs_sha256(self) -> str:
        """SHA-256 over all proofs, as the statement has it."""
        return hashlib.sha256(self._read(PROOF) + self._read(EARLIER)).hexdigest()

    def event_lines(self) -> Iterator[bytes]:
        """The lines of the events."""
        return self._lines(EVENTS)

    def _read(self, name: str) -> bytes:
        with self._member(name) as file:
            return file.read()

    def _lines(self, name: str) -> Iterator[bytes]:
        # A reader of its own: that of zipfile finds lines in Python.
        with self._member(name) as member, io.BufferedReader(cast(io.RawIOBase, member), 1 << 20) as file:
            while line := file.readline(_MOST_LINE):
                if not line.endswith(b"\n"):
                    raise ValueProblem(f"{name} was cut off, or has too long a line")
                yield line

    @contextmanager
    def _member(self, name: str) -> Iterator[IO[bytes]]:
        try:
            found = self._archive.getinfo(name)
            if found.file_size > _MOST.get(name, _MOST_OTHER):
                raise ValueProblem(f"{name} is too large")
            with self._archive.open(found) as file:
                yield file
        except KeyError:
            raise ValueProblem(f"{name} is missing") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
            raise ValueProblem(f"{name} is damaged") from None


def _hash(text: object) -> bytes:
    raw = from_base64(text) if isinstance(text, str) else b""
    if len(raw) != 32:
        raise ValueProblem("a hash doesn't have 32 bytes")
    return raw


@contextmanager
def open_record(path: Path) -> Iterator[RecordFile]:
    """A record to be read; `InputError` where the file is no archive, or what is read of it has another form."""
    with open_to_read(path, "record") as file:
        try:
            try:
                archive = zipfile.ZipFile(file)
            except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError):  # a name in no encoding
                raise ValueProblem("it isn't an archive") from None
            with archive:
                if any(one.compress_type not in _PACKINGS for one in archive.infolist()):
                    raise ValueProblem("it is packed otherwise than records are")
                yield RecordFile(archive)
        except ValueProblem as problem:
            raise InputError(
                f"can't be read as a record: {problem}", where=path, way_out="Ask for the file again."
            ) from None
