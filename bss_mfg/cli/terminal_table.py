"""A table at a terminal: as broad as its screen. Numbers stand to the right; words are never broken within."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from bss_mfg.cli.terminal import Terminal, cell_colour
from bss_mfg.cli.terminal_console import TerminalConsole

_GAP = 2
_BROAD, _STILL_READABLE = 20, 12
"""Only columns that are broader give way at first, and stay so broad if they can."""
_NUMBER = re.compile(r"[-+]?(\d{1,7}|\d{1,3}(,\d{3})+)(\.\d+)?( ?%)?|-|")
"""A longer one without commas is a code, such as a GTIN."""

Row = tuple[str, ...]


def draw_table(rows: Sequence[Row], head: Row, terminal: Terminal) -> None:
    """The table on stdout; where the screen is too narrow for its words, row by row, a line for each cell."""
    console = TerminalConsole(sys.stdout, terminal)
    widths = fitting_widths([head, *rows], console.width)
    if not widths:
        _draw_records(console, rows, head)
        return
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for index, width in enumerate(widths):
        numeric = bool(rows) and any(row[index] for row in rows) and all(_is_number(row[index]) for row in rows)
        table.add_column(Text(head[index]), width=width, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(Text(cell, cell_colour(cell)) for cell in row))
    console.print(table, crop=False, soft_wrap=False)


def fitting_widths(rows: Sequence[Row], room: int) -> list[int]:
    """How broad each column gets: the broadest give way first, none below its longest word. Empty where that is too
    much for the screen."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(_broadest_line, column)) for column in columns]
    least = [max(_longest_word(cell) for cell in column) for column in columns]
    room -= _GAP * (len(columns) - 1)
    if sum(least) > room:
        return []
    kept = [max(word, _STILL_READABLE if width > _BROAD else width) for word, width in zip(least, widths, strict=True)]
    while sum(widths) > room:
        floors = kept if any(width > floor for width, floor in zip(widths, kept, strict=True)) else least
        giving = [index for index, floor in enumerate(floors) if widths[index] > floor]
        widths[max(giving, key=widths.__getitem__)] -= 1
    return widths


def _draw_records(console: TerminalConsole, rows: Sequence[Row], head: Row) -> None:
    """A row is a paragraph. What is too long for a line is broken between words; a word that is, by the terminal, which
    joins it again when it is copied."""
    for row in rows:
        begun = Text()
        for name, cell in zip(head, row, strict=True):
            if not cell:
                continue
            part = Text.assemble((f"{name}: " if name else "", "bold"), (cell, cell_colour(cell)))
            if begun.plain.strip() and begun.cell_len + _GAP + part.cell_len > console.width:
                console.print(begun, soft_wrap=True)
                begun = Text(" " * _GAP)
            elif begun.plain.strip():
                begun.append(" " * _GAP)
            begun.append_text(part)
            if begun.cell_len > console.width:
                room = console.width - 2 * _GAP
                lines = begun.wrap(console, room) if _longest_word(begun.plain) <= room else [begun]
                for number, line in enumerate(lines):
                    console.print(Text(" " * (2 * _GAP if number else 0)) + line, soft_wrap=True)
                begun = Text(" " * _GAP)
        if begun.plain.strip():
            console.print(begun, soft_wrap=True)


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))


def _broadest_line(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))


def _longest_word(cell: str) -> int:
    return max(map(cell_len, cell.split()), default=0)
