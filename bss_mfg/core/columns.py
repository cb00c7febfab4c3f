"""Texts in a terminal's columns: Chinese characters take two, marks that combine none (Unicode Standard Annex 11)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_OPENING = "（《“‘【"
_CLOSING = "，。；：！？、）》”’】"
"""Full-width punctuation stays with the character before it, brackets that open with the one behind."""


def columns_of(text: str) -> int:
    """How many columns a text takes."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cut(text: str, columns: int) -> str:
    """As much of a text as has room."""
    taken = 0
    for at, character in enumerate(text):
        taken += _width(character)
        if taken > columns:
            return text[:at]
    return text


def padded(text: str, columns: int) -> str:
    """A text cut or filled up to so many columns."""
    short = cut(text, columns)
    return short + " " * (columns - columns_of(short))


def centred(text: str, columns: int) -> str:
    """A text in the middle of so many columns."""
    room = max(columns - columns_of(text), 0)
    return " " * (room // 2) + text + " " * (room - room // 2)


def wrapped(text: str, columns: int, indent: str = "") -> list[str]:
    """A text in lines, at least one, broken between words, or between Chinese characters; `indent` is before all but
    the first. What is longer than a line is broken anywhere."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line.strip() and columns_of(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = indent
            piece = piece.lstrip()
        while columns_of(line + piece.rstrip()) > columns:
            head = cut(piece, max(columns - columns_of(line), 2))
            lines.append(line + head)
            line, piece = indent, piece[len(head) :]
        line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> Iterator[str]:
    """What stays together: a word with the blanks behind it, a wide character with its punctuation."""
    wide = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
    yield from re.findall(rf"[{_OPENING}]*{wide}[{_CLOSING}]*\s*|(?:(?!{wide})\S)+[{_CLOSING}]*\s*|\s+", text)
