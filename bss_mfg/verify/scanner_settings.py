"""What a hand scanner is set to add to its reads, or to run together: named from what was issued, never repaired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from bss_mfg.core.languages import BOTH, counted, joined, phrase
from bss_mfg.core.text import printable

_LONGEST_EXTRA = 16
_SHORTEST = 24
"""A shorter string may be a part of another code by right: a serial number, say."""
_OF_THE_LABEL = 4
_MOST_LINES = 8

Known = Callable[[str], bool]
"""Whether a text, without a scanner's marks, is a string that was issued."""


class Setting(Enum):
    """What is set wrongly."""

    EXTRA = auto()
    JOINED = auto()
    SPLIT = auto()


@dataclass(frozen=True, slots=True)
class ScannerSetting:
    """A setting that explains a read: in words, and one of the strings that were in it."""

    setting: Setting
    detail: str
    text: str


def detect_scanner_setting(text: str, known: Known, starts: Sequence[str]) -> ScannerSetting | None:
    """What the scanner added to a string, or whether it put several into one line."""
    if not text.isascii() or "\x1d" in text or len(text) < _SHORTEST:  # a separator is GS1, not an addition
        return None
    return _find_joined(text, known, starts) or _find_extra(text, known, starts)


def _find_extra(text: str, known: Known, starts: Sequence[str]) -> ScannerSetting | None:
    places = {place for start in starts if 0 <= (place := text.find(start)) <= _LONGEST_EXTRA}
    for front in sorted(places) or range(min(_LONGEST_EXTRA, len(text) - _SHORTEST) + 1):
        for back in range(min(_LONGEST_EXTRA, len(text) - front - _SHORTEST) + 1):
            inside = text[front : len(text) - back]
            if (front or back) and known(inside):
                extras = text[:front], text[len(text) - back :]
                if any(len(extra) >= _OF_THE_LABEL and extra in inside for extra in extras):
                    return None  # a field that stands there twice
                return ScannerSetting(Setting.EXTRA, _extra_words(*extras), inside)
    return None


def _extra_words(prefix: str, suffix: str) -> str:
    parts: list[str] = []
    if prefix:
        parts.append(phrase("{text} in front (a prefix)", text=repr(printable(prefix, 40))))
    if suffix:
        parts.append(phrase("{text} behind (a suffix)", text=repr(printable(suffix, 40))))
    what = phrase("prefix") if prefix else phrase("suffix")
    return phrase(
        "a label with {extras}: set the scanner to send no {what} but Enter, and scan again; if other "
        "labels come without, this one is wrong",
        extras=joined(BOTH, parts),
        what=phrase("prefix and suffix") if len(parts) == 2 else what,
    )


def _find_joined(text: str, known: Known, starts: Sequence[str]) -> ScannerSetting | None:
    """Several strings in one line, whatever stands between them."""
    for start in starts:
        places = []
        place = text.find(start)
        while place >= 0:
            places.append(place)
            place = text.find(start, place + len(start))
        pieces = [text[one:other] for one, other in pairwise([*places, len(text)])]
        if len(places) > 1 and (inside := [one for one in map(_trimmed(known), pieces) if one]):
            detail = counted(
                "the scanner sends {count} label in one line: set it to send Enter after each read, and scan again",
                "the scanner sends {count} labels in one line: set it to send Enter after each read, and scan again",
                len(pieces),
            )
            return ScannerSetting(Setting.JOINED, detail, inside[0])
    return None


def _trimmed(known: Known) -> Callable[[str], str]:
    """The string at the beginning of a piece, with little behind it; empty where there is none."""

    def trim(piece: str) -> str:
        lengths = range(len(piece), max(len(piece) - _LONGEST_EXTRA, 0), -1)
        return next((piece[:length] for length in lengths if known(piece[:length])), "")

    return trim


def detect_split(lines: Sequence[str], known: Known) -> ScannerSetting | None:
    """Whether the last of these lines and some before it are one string: `lines` are reads that were wrong."""
    for count in range(2, min(len(lines), _MOST_LINES) + 1):
        whole = "".join(lines[-count:])
        if len(whole) >= _SHORTEST and known(whole):
            detail = counted(
                "this and the line before are one label: the scanner sends Enter in the middle; set it to send Enter "
                "at the end only, and scan again",
                "this and the {count} lines before are one label: the scanner sends Enter in the middle; set it to "
                "send Enter at the end only, and scan again",
                count - 1,
            )
            return ScannerSetting(Setting.SPLIT, detail, whole)
    return None
