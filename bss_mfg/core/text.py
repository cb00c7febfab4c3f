"""Text made safe and plain: hostile text shown as escapes, numbers of things in words."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence

FORMULA_STARTS = frozenset("=+-@\t\r\n")
"""A cell that begins with one of these is run by spreadsheets (OWASP, CSV Injection)."""
NAME_RULE = "a name has 1 to 64 characters that can be shown, not all blank, and begins with none of = + - @"
"""What `is_plain_name` asks for, in words."""
UUID_TEXT = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""How a Device UUID is written: 32 hex digits, or with the usual four hyphens."""
_COMMANDS = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb"
    "\\ud800-\\udfff\\U000e0000-\\U000e007f]"
)


def printable(text: str, limit: int = 200) -> str:
    """Hostile text made harmless: printable ASCII stays, everything else is shown as an escape."""
    shown = "".join(
        character if " " <= character <= "~" and character != "\\" else _escape(character) for character in text[:limit]
    )
    return shown + ("..." if len(text) > limit else "")


def printable_name(name: str) -> str:
    """A file's name made harmless: letters of any language stay, control and direction marks are shown as escapes."""
    return "".join(character if character.isprintable() else _escape(character) for character in name)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"


def starts_formula(text: str) -> bool:
    """Whether a spreadsheet would run `text` as a formula."""
    return text[:1] in FORMULA_STARTS


def is_plain_name(text: str) -> bool:
    """Whether `text` can name a person or a place anywhere, as `NAME_RULE` says: no control and no direction marks, and
    nothing that a spreadsheet would run."""
    return 0 < len(text.strip()) <= 64 and text.isprintable() and not starts_formula(text.strip())


def has_control_characters(text: str) -> bool:
    """Whether a C0 control (U+0000 to U+001F) is in `text`."""
    return any(character < " " for character in text)


def for_terminal(text: str) -> str:
    """`text` with what a terminal takes as a command shown as escapes: control characters of C0 and C1 (ESC, CSI, OSC,
    BEL) but line ends and tabs, marks that turn or hide what is written, and halves of surrogate pairs. Letters of any
    language stay, with the joiners that some need."""
    return _COMMANDS.sub(lambda found: _escape(found[0]), text)


def storable(text: str) -> str:
    """`text` with halves of surrogate pairs, which no file and no database can hold, shown as escapes."""
    return "".join(_escape(one) if "\ud800" <= one <= "\udfff" else one for one in text)


def is_one_line(text: str) -> bool:
    """Whether `text` prints on one line: no control characters (Unicode's category Cc, with DEL and C1), no line or
    paragraph separator, no half of a surrogate pair."""
    return not any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text)


def count_words(number: int, noun: str, plural: str = "") -> str:
    """A number of things in words: 1 batch, 2,000 batches. The plural is `noun` with an s where none is given."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def one_or(number: int, one: str, many: str) -> str:
    """The word that agrees with a number of things: 1 unit is, 2 units are."""
    return one if number == 1 else many


def listing(items: Sequence[str], limit: int | None = None, total: int | None = None) -> str:
    """The first `limit` items in a line: a, b and 3 more. `total` says how many there are where not all are at hand."""
    shown = items[:limit]
    left = (len(items) if total is None else total) - len(shown)
    return ", ".join(shown) + (f" and {left:,} more" if left else "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question with the names that begin with a mistyped one or are most like it, three at most, as the begin of a
    way out; empty where none is. Upper and lower case count for nothing."""
    by_fold: dict[str, str] = {}
    for one in known:
        by_fold.setdefault(one.casefold(), one)
    typed = name[:80].strip().casefold()
    begun = [one for one in by_fold if typed and one.startswith(typed)]
    near = list(dict.fromkeys([*begun, *difflib.get_close_matches(typed, by_fold, n=3, cutoff=0.7)]))[:3]
    return f"Did you mean {' or '.join(repr(by_fold[one]) for one in near)}? " if near else ""


def first_problems(items: Sequence[str], limit: int, noun: str = "", total: int | None = None) -> list[str]:
    """The first `limit` items for a list of problems, and then how many more there are: "and 3 more rows"."""
    left = (len(items) if total is None else total) - len(items[:limit])
    return [*items[:limit], *([f"and {left:,} more {noun}".rstrip()] if left else [])]
