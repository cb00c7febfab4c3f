"""What a stream's terminal can show, and what whoever sits there asked for.

A pipe, a file and `BSS_MFG_PLAIN=1` (for screen readers) get plain lines, as they are. `NO_COLOR` (no-color.org) takes
the colours and bold type, `TERM=dumb` these and every movement of the cursor. A colour repeats what a word says, and is
never all that says it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

import click

PLAIN = "BSS_MFG_PLAIN"
"""The variable of the environment by which a terminal gets what a pipe would."""
_NO_CURSOR = frozenset({"dumb", "unknown"})
_USUAL_WIDTH = 80

Tone = Literal["good", "warn", "bad"]
COLOURS: Mapping[Tone, str] = {"good": "green", "warn": "yellow", "bad": "red"}
_LEADS: Mapping[Tone, tuple[str, ...]] = {
    "good": ("OK", "ACCEPT", "PROVEN"),
    "warn": (
        "TRIAL", "Warning", "WARNING", "Note", "NOTE", "ANSWERED", "INCOMPLETE", "NOT ALL JUDGED", "OLD-PICTURE",
        "Paused",
    ),
    "bad": (
        "Error", "ERROR", "FAIL", "BROKEN", "CONTRADICTED", "WRONG", "WRONG BATCH", "REJECT", "FAILED", "MISSING",
        "DUPLICATE", "FOREIGN", "UNREADABLE",
        "UNREADABLE FILE", "MISMATCHED", "MISPRINTED", "CONTENT", "BELOW-GRADE", "NOT UNDERSTOOD",
    ),
}  # fmt: skip
"""The words with which a line says how something is."""
_CELLS: Mapping[Tone, tuple[str, ...]] = {
    "good": ("OK", "passed", "accepted", "verified"),
    "warn": ("GAP", "NOTE", "WARNING", "alarm"),
    "bad": ("FAULT", "FAILED", "WRONG", "MISSING", "failed", "rejected", "wrong"),
}
_TONE_OF_LEAD = {word: tone for tone, words in _LEADS.items() for word in words}
_TONE_OF_CELL = {word: tone for tone, words in _CELLS.items() for word in words}
_LEAD = re.compile(rf"(?:{'|'.join(sorted(_TONE_OF_LEAD, key=len, reverse=True))})(?=[: .]|$)")


@dataclass(frozen=True)
class Terminal:
    """A terminal at which somebody looks: its columns, whether it may show colours, whether lines are drawn over."""

    width: int
    colours: bool
    redraws: bool


def terminal_of(stream: TextIO | None) -> Terminal | None:
    """The terminal behind a stream; None for what is none, and for one that is to be treated so."""
    if os.environ.get(PLAIN, "0") not in ("", "0") or not is_terminal(stream):
        return None
    moves = os.environ.get("TERM", "").lower() not in _NO_CURSOR
    return Terminal(width_of(stream), colours=moves and not os.environ.get("NO_COLOR"), redraws=moves)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody sees a stream at once."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def width_of(stream: TextIO | None) -> int:
    """How many columns a stream's terminal has now: it may be resized."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream is not None else 0
    except (OSError, ValueError):  # no stream of the system's
        columns = 0
    return columns or _USUAL_WIDTH  # 0 where the terminal does not say


def styled(
    text: str, terminal: Terminal | None, *, colour: str | None = None, ground: str | None = None, bold: bool = False
) -> str:
    """A text in a colour, where the terminal may show one."""
    if terminal is None or not terminal.colours or not (colour or ground or bold):
        return text
    return click.style(text, fg=colour, bg=ground, bold=bold or None)


def toned(line: str, terminal: Terminal | None) -> str:
    """A line whose first word says how something is (OK, WRONG, Note) with that word in its colour."""
    lead = _LEAD.match(line)
    if lead is None:
        return line
    return styled(lead[0], terminal, colour=COLOURS[_TONE_OF_LEAD[lead[0]]], bold=True) + line[lead.end() :]


def cell_colour(cell: str) -> str:
    """The colour of a table's cell that says how something is; empty for any other."""
    tone = _TONE_OF_CELL.get(cell)
    return COLOURS[tone] if tone else ""
