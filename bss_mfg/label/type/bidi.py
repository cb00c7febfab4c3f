"""Writing directions by the Unicode Bidirectional Algorithm (UAX 9), through python-bidi."""

from __future__ import annotations

import re

_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\u2068\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_HIGH, _LOW, _DIGITS = 0xE0020, 0xE0050, 47
_TAGS = [chr(_HIGH + at // _DIGITS) + chr(_LOW + at % _DIGITS) for at in range(_DIGITS * (_LOW - _HIGH))]
_ENDS = {False: "\u200e", True: "\u200f"}


def has_right_to_left(text: str) -> bool:
    """Whether anything in a text may run from right to left."""
    return _RIGHT_TO_LEFT.search(text) is not None


def runs_right_to_left(text: str) -> bool:
    """Whether a paragraph's first strong letter is of a script that runs from right to left (UAX 9, P2 and P3)."""
    import bidi

    return bool(text) and bidi.get_base_level(text) == 1


def visual_order(text: str, base_right_to_left: bool) -> list[tuple[int, bool]]:
    """The characters of a paragraph from left to right: (index, whether it runs from right to left).

    The relative order of two characters depends on what lies between them only, so a line's order is this list without
    the other lines' characters. python-bidi returns the text alone, so each character takes its index along in two tag
    characters, which UAX 9 passes over (class BN): of two ranges, so that their order shows the direction. The mark of
    the paragraph's own direction at the end keeps them from being trailing space.
    """
    import bidi

    end = _ENDS[base_right_to_left]
    shown = bidi.get_display("".join(map(str.__add__, text, _TAGS)) + end, base_dir="R" if base_right_to_left else "L")
    codes = [code for code in map(ord, shown) if _HIGH <= code < _LOW + _DIGITS]
    return [
        ((second - _HIGH) * _DIGITS + first - _LOW, True)
        if first >= _LOW
        else ((first - _HIGH) * _DIGITS + second - _LOW, False)
        for first, second in zip(codes[::2], codes[1::2], strict=True)
    ]


MAX_CHARACTERS = len(_TAGS)
"""Longest paragraph that `visual_order` takes."""
