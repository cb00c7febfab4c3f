"""Tables that others made: CSV or XLSX of any size, read as text, each row with its number; nothing is guessed back.

A spreadsheet loses leading zeros and turns long numbers into 1.23E+11; so a cell that is no text is refused.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from bss_mfg.core.files import read_bytes
from bss_mfg.errors import InputError, Location, from_os_error

_log = logging.getLogger(__name__)

_LONGEST_LINE = 65_536
"""Characters of a line of a CSV file, its end included."""
_LONGEST_NUMBER = 10**15
"""From here on a spreadsheet rounds (15 digits)."""


class TableRows(NamedTuple):
    """A table: where each column stands (from 0), how many there are, and the rows under the header with their numbers
    (the header is row 1). The rows can be walked once."""

    columns: Mapping[str, int]
    width: int
    rows: Iterator[tuple[int, list[str]]]


def open_table(path: Path, allowed: Sequence[str], what: str) -> TableRows:
    """The table in a file, which messages call `what`. Its header may name the columns `allowed`, in any order, and
    must name the first of these; else `InputError`."""
    rows = _xlsx_rows(path, what) if _is_zip(path, what) else _csv_rows(path, what)
    header = next(rows, None)
    if header is None:
        raise InputError("is empty", where=path, way_out=f"It needs a header line with the column {allowed[0]}.")
    return TableRows(_columns(header[1], path, allowed), len(header[1]), rows)


def read_table(path: Path, allowed: Sequence[str], what: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of such a table by column, with their numbers; blank rows are passed over. `InputError` also where a
    row has too many or too few cells."""
    table = open_table(path, allowed, what)
    for number, cells in table.rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != table.width:
            raise InputError(
                f"the row has {len(cells)} cells, the header has {table.width}",
                where=Location(str(path), row=number),
                way_out="Correct it.",
            )
        yield number, {name: cells[index] for name, index in table.columns.items()}


def _columns(header: list[str], path: Path, allowed: Sequence[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header]
    unknown = [name for name in names if name not in allowed]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if allowed[0] not in names or unknown or repeated:
        what = (
            f"the column {repeated[0][:40]!a} is named twice"
            if repeated
            else f"the column {unknown[0][:40]!a} is not known"
            if unknown
            else f"the column {allowed[0]} is missing"
        )
        raise InputError(
            what,
            where=Location(str(path), row=1),
            way_out=f"The header has the columns {allowed[0]} and, if wanted, {', '.join(allowed[1:-1])} and "
            f"{allowed[-1]}.",
        )
    return {name: index for index, name in enumerate(names)}


def _is_zip(path: Path, what: str) -> bool:
    """Whether a file is an XLSX: a ZIP archive."""
    if path.is_fifo():
        raise InputError("is a pipe; it is read more than once", where=path, way_out="Save it to a file first.")
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise from_os_error(error, f"reading the {what}", path) from error


def _csv_rows(path: Path, what: str) -> Iterator[tuple[int, list[str]]]:
    lines = _lines(path, what)
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count) if any(mark in first for mark in ",;\t") else ","
    reader = csv.reader(chain([first] if first else [], lines), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(
            f"broken CSV ({error})",
            where=Location(str(path), row=reader.line_num),
            way_out="Check the quotes in that row.",
        ) from error


def _lines(path: Path, what: str) -> Iterator[str]:
    """The lines of a CSV file with their ends; `InputError` where it is not UTF-8, or no lines at all."""
    number = 0
    _log.info("reading %s (%s)", path, what)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if "\0" in line:
                    raise InputError(
                        "holds NUL characters", where=path, way_out="Save it as 'CSV UTF-8', not as Unicode text."
                    )
                if len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
                    raise InputError(
                        f"has a line of more than {_LONGEST_LINE:,} characters",
                        where=Location(str(path), row=number),
                        way_out="Check that this is the right file.",
                    )
                yield line
    except UnicodeDecodeError as error:
        raise InputError(
            "is not UTF-8 text", where=Location(str(path), row=_first_bad_line(path)), way_out="Save it as 'CSV UTF-8'."
        ) from error
    except OSError as error:
        raise from_os_error(error, f"reading the {what}", path) from error


def _first_bad_line(path: Path) -> int:
    """The number of the first line that is not UTF-8: files are decoded in blocks, which says little."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _xlsx_rows(path: Path, what: str) -> Iterator[tuple[int, list[str]]]:
    import zipfile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    data = read_bytes(path, what)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError("is not a readable XLSX file", where=path, way_out="Save it again, or as CSV.") from error
    try:
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(), 1):
            yield number, [_cell_text(cell, number, path) for cell in cells]
    finally:
        book.close()


def _cell_text(cell: object, row: int, path: Path) -> str:
    value = getattr(cell, "value", None)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    where = Location(str(path), row=row)
    if isinstance(value, int) and not isinstance(value, bool) and value < _LONGEST_NUMBER:
        # A number cell has lost any leading zeros, and nobody can tell whether there were some.
        raise InputError(
            f"the cell {value} is a number, not text, so leading zeros may be lost",
            where=where,
            way_out="Format the column as text and enter the values again, or export CSV from the source.",
        )
    raise InputError(
        f"a cell holds a {type(value).__name__}, not text",
        where=where,
        way_out="Format the columns as text and enter the values again.",
    )
