"""What a read says of its package: the one rule, for those who record reads and for those who walk the history."""

from __future__ import annotations

from collections.abc import Set
from enum import Enum, auto

from bss_mfg.ledger.events import LabelRead, ReadSubject

SCANNER = "scanner"
"""What stands for the file in a read of the hand scanner."""
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".heic", ".heif")


class ReadEffect(Enum):
    """What becomes of a fact by a read."""

    RIGHT = auto()
    """Once more read right."""
    WRONG = auto()
    """Not proven any more."""
    NONE = auto()
    """As before: nothing was read of it, or it says nothing new."""


RIGHT_VERDICTS = ("matched", "ok", "complete")
_EFFECTS = {
    **dict.fromkeys(RIGHT_VERDICTS, ReadEffect.RIGHT),
    **dict.fromkeys(
        ("unreadable", "mismatched", "misprinted", "content", "below-grade", "wrong label", "scrapped"),
        ReadEffect.WRONG,
    ),
}
"""By the verdicts of the history. A duplicate is right in itself, and one label too many; a place that is blank or
covered shows no label."""


def effect_of(verdict: str) -> ReadEffect:
    """What a verdict does to the fact of its package."""
    return _EFFECTS.get(verdict, ReadEffect.NONE)


def subject_of(read: LabelRead, label_files: Set[str]) -> ReadSubject:
    """Which fact a read is about. Early ledgers don't say: there the hand scanner read a print, and so did a picture
    that is no label file of the batch (`label_files` are their names); a PDF counts as our own."""
    if read.of:
        return read.of
    if read.file == SCANNER:
        return "print"
    name = read.file or ""
    return "print" if name.lower().endswith(_PICTURES) and name not in label_files else "file"
