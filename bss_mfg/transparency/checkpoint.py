"""Checkpoints: the size and the root of a log at one moment, as the text of a signed note (C2SP tlog-checkpoint)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bss_mfg.errors import ValueProblem
from bss_mfg.transparency.signed_note import SignedNote, from_base64, require_name, to_base64

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log, by the name of its `origin`, had `size` leaves with this Merkle root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """A checkpoint from a note's text, further lines of which are passed over; `ValueProblem` where it is none."""
        origin, size, root, *_ = *text.split("\n"), "", "", ""
        if not _SIZE.fullmatch(size):
            raise ValueProblem(f"isn't a checkpoint: {size[:40]!a} isn't a number of leaves")
        raw = from_base64(root)
        if len(raw) != 32:
            raise ValueProblem("isn't a checkpoint: its root doesn't have 32 bytes")
        return cls(require_name(origin), int(size), raw)


def read_checkpoint(content: bytes) -> tuple[Checkpoint, SignedNote]:
    """A checkpoint and the note that it stands in; `ValueProblem` where it is none. No signature is verified."""
    note = SignedNote.parse(content)
    return Checkpoint.parse(note.text), note
