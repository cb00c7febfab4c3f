"""Exports that are tables: every cell as text, by the columns that a mapping names."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path

from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.core.text import count_words, listing, printable
from bss_mfg.errors import InputError, Location, from_os_error
from bss_mfg.verifier_data.mapping import CsvFile, Place
from bss_mfg.verifier_data.source_row import MOST_ROWS, SourceRow

_LONGEST_LINE = 1 << 16
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""Byte order marks, and how what follows is read."""


def csv_rows(path: Path, form: CsvFile, places: Sequence[Place]) -> Iterator[SourceRow]:
    """The rows under the header. Blank ones are passed over; `InputError` for all that can't be read as the mapping
    says, with the row."""
    reader = _numbered_rows(path, form)
    columns: dict[Place, int] | None = {place: int(place) - 1 for place in places} if form.header == 0 else None
    width = 0
    count = 0
    for number, cells in reader:
        if columns is None:
            if number < form.header:
                continue
            columns = _columns(path, number, cells, form, places)
            width = len(cells)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        where = Location(str(path), row=number)
        width = width or len(cells)
        _check_width(where, cells, width)
        if (last := max(columns.values())) >= len(cells):
            raise InputError(
                f"has {count_words(len(cells), 'cell')}, and the mapping names column {last + 1}",
                where=where,
                way_out="Correct the numbers in the mapping, or the delimiter.",
            )
        count += 1
        if count > MOST_ROWS:
            raise InputError(f"has more than {MOST_ROWS:,} rows", where=path, way_out="Import it in parts.")
        yield SourceRow(number, where, {place: cells[at] for place, at in columns.items()})
    if columns is None:
        raise InputError(
            "is empty" if form.header == 1 else f"has no line {form.header}, where its header should stand",
            where=path,
            way_out="Export it again, or correct `header` in the mapping.",
        )


def _columns(path: Path, number: int, cells: list[str], form: CsvFile, places: Sequence[Place]) -> dict[Place, int]:
    """Where each column stands."""
    names = [cell.strip() for cell in cells]
    where = Location(str(path), row=number)
    if missing := [str(place) for place in places if place not in names]:
        raise InputError(
            f"has no column {listing([repr(name) for name in missing], 5)}",
            where=where,
            way_out=f"It has {listing([printable(name, 40) for name in names], 30) or 'none'}, read with the delimiter "
            f"{form.delimiter!r}: correct the mapping, or its delimiter, encoding or header.",
        )
    if twice := [str(place) for place in places if names.count(str(place)) > 1]:
        raise InputError(
            f"has several columns {twice[0]!r}",
            where=where,
            way_out="Give them names of their own, or use header = 0 with the numbers of columns.",
        )
    return {place: names.index(str(place)) for place in places}


def _check_width(where: Location, cells: list[str], width: int) -> None:
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        raise InputError(
            f"has {count_words(len(cells), 'cell')}, the row above has {width}",
            where=where,
            way_out="Correct that row, or the delimiter and header in the mapping; lines below the table must go.",
        )


def _numbered_rows(path: Path, form: CsvFile) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line it begins on. A quoted cell may go on over lines: decoded data may."""
    begun = 1
    reader = csv.reader(_lines(path, form), delimiter=form.delimiter, strict=True)
    try:
        for cells in reader:
            yield begun, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"broken CSV ({error})",
            where=Location(str(path), row=begun),
            way_out="Check the quotation marks in that row, and the delimiter in the mapping.",
        ) from error


def _lines(path: Path, form: CsvFile) -> Iterator[str]:
    number = 0
    try:
        with open_to_read(path, "verifier's export") as file:
            start = file.read(3)
            encoding = next((name for mark, name in _MARKS if start.startswith(mark)), form.encoding)
            file.seek(0)
            with TextIOWrapper(file, encoding, newline="") as text:
                while line := text.readline(_LONGEST_LINE):
                    number += 1
                    if "\0" in line:
                        raise InputError(
                            "holds NUL characters",
                            where=Location(str(path), row=number),
                            way_out='Correct `encoding` in the mapping: this may be "utf-16-le".',
                        )
                    if len(line) == _LONGEST_LINE:
                        raise InputError(
                            f"has a line of more than {_LONGEST_LINE:,} characters",
                            where=Location(str(path), row=number),
                            way_out="Check that this is the right file.",
                        )
                    yield line
    except UnicodeError as error:
        raise InputError(
            f"is not {encoding} text",
            where=Location(str(path), row=_first_bad_line(path, encoding)),
            way_out="Correct `encoding` in the mapping, or export it as UTF-8.",
        ) from error
    except OSError as error:
        raise from_os_error(error, "reading the verifier's export", path) from error


def _first_bad_line(path: Path, encoding: str) -> int:
    """The number of the first line that can't be decoded: files are decoded in blocks, which says little."""
    with TextIOWrapper(open_to_read(path, "verifier's export"), encoding, errors="replace", newline="") as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), 1):
            if "\ufffd" in line:
                return number
    return 1
