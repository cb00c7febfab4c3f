"""A barcode string cut into keys and values, with whichever separators it has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bss_mfg.errors import InputError

KEY_SEPARATORS = (":", "=")
FIELD_SEPARATORS = (";", "|")
LIST_SEPARATORS = ("_", "-", ".", "+", "/")
_KEY = re.compile(r"[A-Za-z0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class SplitString:
    """A string as it is split; `bare` where it is one value alone, without key and separators."""

    key_separator: str
    field_separator: str
    terminator: str
    pieces: tuple[tuple[str, str], ...]
    bare: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys in order."""
        return tuple(key for key, _ in self.pieces)

    def value(self, key: str) -> str | None:
        """The value of a key, if it is there."""
        return dict(self.pieces).get(key)


BARE_KEY = "VALUE"
"""How a bare string's one field is called."""


def split_string(text: str, name: str) -> SplitString:
    """The fields of a string; `InputError` where it has no such shape. Every piece must have a key: a separator that
    explains only some of them is another's. Of several ways that with the most fields is right: where nothing is
    split, the fields stand in the first one's value."""
    ways = [way for between in FIELD_SEPARATORS for behind in KEY_SEPARATORS if (way := _split(text, between, behind))]
    if ways:
        return max(ways, key=lambda way: len(way.pieces))
    if re.fullmatch(r"[A-Za-z0-9+/=_.\-]{1,64}", text):
        return SplitString(":", ";", "", ((BARE_KEY, text),), bare=True)
    raise InputError(
        "the string is neither made of KEY:VALUE pieces with ; between them (or = and |) nor a single value",
        where=name,
        way_out="Compare it with the guide: a piece has no key, a key stands twice, or a value is empty.",
    )


def _split(text: str, between: str, behind: str) -> SplitString | None:
    terminator = text[-1:] if text.endswith(FIELD_SEPARATORS) else ""
    pieces = [piece.partition(behind) for piece in text.removesuffix(terminator).split(between)]
    keys = [key for key, _, _ in pieces]
    if len(set(keys)) < len(keys) or not all(sign and value and _KEY.fullmatch(key) for key, sign, value in pieces):
        return None
    return SplitString(behind, between, terminator, tuple((key, value) for key, _, value in pieces))
