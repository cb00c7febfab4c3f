"""Tables that others made: CSV or XLSX of any size, read as text, each row with its number; nothing is guessed back.

A spreadsheet loses leading zeros and turns long numbers into 1.23E+11; so a cell that is no text is refused. So is all
that might be read short, or that people don't see: every row and column is read, or the file is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bss_mfg.core.csv_tables import CsvRows
from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.core.text import count_words
from bss_mfg.core.workbooks import open_sheet
from bss_mfg.core.worksheets import SheetRows
from bss_mfg.errors import InputError, Location, from_os_error

_SAVE_AS = "Save it as 'CSV UTF-8' or as XLSX."
_OTHER_KINDS = (
    (b"%PDF-", "is a PDF"),
    (b"\x1f\x8b", "is packed with gzip"),
    (b"\xff\xfe", "is UTF-16 text, not UTF-8"),
    (b"\xfe\xff", "is UTF-16 text, not UTF-8"),
    (b"<", "is HTML or XML, whatever its name says"),
    (b"\xef\xbb\xbf<", "is HTML or XML, whatever its name says"),
)
"""How files begin that are no tables, and what they are."""
_OLE = b"\xd0\xcf\x11\xe0"
"""How a compound file begins: a workbook that is encrypted, or of Excel 97 to 2003."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of a compound file that holds an encrypted XLSX (MS-OFFCRYPTO, 2.3.4.4)."""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What was said about a table: the sheet to read, with all that is hidden in it, and columns to pass over.
    `numbers`: a workbook's cells of whole numbers are given as `NumberCell`, and not refused."""

    sheet: str | None = None
    ignore: tuple[str, ...] = ()
    numbers: bool = False


NO_OPTIONS = TableOptions()


@dataclass(slots=True)
class PassedOver:
    """How many blank rows at the end, and blank columns, of a table were passed over; known when all was read."""

    rows: int = 0
    columns: int = 0

    def __str__(self) -> str:
        """For people; empty where there were none."""
        rows = f"{count_words(self.rows, 'blank row')} at the end" if self.rows else ""
        columns = f"{count_words(self.columns, 'blank column')} on the right" if self.columns else ""
        return " and ".join(filter(None, (rows, columns)))


class TableRow(NamedTuple):
    """A row: its number (the header is row 1) and its cells. Without cells it is blank, and so are all to row `last`,
    after which others follow."""

    number: int
    cells: list[str]
    last: int


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table: where each column stands (from 0), how many there are, and the rows under the header. The rows can be
    walked once; `passed_over` counts when that was done."""

    columns: Mapping[str, int]
    width: int
    rows: Iterator[TableRow]
    passed_over: PassedOver = field(default_factory=PassedOver)


def open_table(path: Path, allowed: Sequence[str], what: str, options: TableOptions = NO_OPTIONS) -> TableRows:
    """The table in a file, which messages call `what`. Its header may name the columns `allowed`, in any order, and
    must name the first of these; and any others that `options` pass over. Else `InputError`, as for every file that
    can't be read wholly."""
    if _is_workbook(path, what):
        source: SheetRows | CsvRows = open_sheet(path, what, options.sheet, numbers=options.numbers)
    elif options.sheet is not None:
        raise InputError("is not a workbook, so it has no sheets", where=path, way_out="Leave out --sheet.")
    else:
        source = CsvRows(path, what)
    rows = iter(source)
    number, header = next(rows, (1, []))
    passed_over = PassedOver(columns=len(header))
    while header and not header[-1].strip():
        header.pop()
    if not header:
        needs = f"It needs a header line with the column {allowed[0]}."
        if any(any(cell.strip() for cell in cells) for _, cells in rows):
            raise InputError("its first row is blank", where=Location(str(path), row=number), way_out=needs)
        raise InputError("is empty", where=path, way_out=needs)
    if number != 1 and isinstance(source, SheetRows):
        raise InputError(
            f"its first row is blank: the header stands in row {number}",
            where=Location(str(path), row=1),
            way_out="Delete the blank rows above it.",
        )
    columns = _columns(header, path, allowed, options)
    walk = _TableWalk(path, source, header, number, passed_over)
    return TableRows(columns, len(header), walk.rows(rows), passed_over)


def rows_by_column(path: Path, table: TableRows) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table by column, with their numbers; blank rows are passed over. `InputError` where a row has too
    many or too few cells."""
    for number, cells, _ in table.rows:
        if not cells:
            continue
        if len(cells) != table.width:
            raise InputError(
                f"the row has {count_words(len(cells), 'cell')}, the header has {table.width}",
                where=Location(str(path), row=number),
                way_out="Correct it.",
            )
        yield number, {name: cells[index] for name, index in table.columns.items()}


class _TableWalk:
    """The rows under a header, with blank ones told apart: those at the end are passed over and counted."""

    def __init__(
        self, path: Path, source: SheetRows | CsvRows, header: list[str], number: int, passed_over: PassedOver
    ) -> None:
        self._path, self._source, self._header, self._passed_over = path, source, header, passed_over
        self._first, self._widest = number, passed_over.columns
        self._count = self._repeated = 0
        self._lengths: int | None = None
        """The length of the last column's values, as long as all but the last have the same; -1 if they have not."""
        self._newest: tuple[int, str] = (0, "")

    def rows(self, rows: Iterator[tuple[int, list[str]]]) -> Iterator[TableRow]:
        filled = last = self._first
        width, header = len(self._header), [cell.strip().lower() for cell in self._header]
        workbook = isinstance(self._source, SheetRows)
        for number, cells in rows:
            last = number
            self._widest = max(self._widest, len(cells))
            if not any(cell.strip() for cell in cells):
                continue
            if number > filled + 1:
                yield TableRow(filled + 1, [], number - 1)
            filled = number
            if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
                del cells[width:]
            if workbook and len(cells) < width:
                cells += [""] * (width - len(cells))
            self._refuse_odd(number, cells, header)
            self._note(number, cells)
            yield TableRow(number, cells, number)
        if self._repeated:
            raise InputError(
                "the row is the header once more: were two files put together?",
                where=Location(str(self._path), row=self._repeated),
                way_out="Delete the row, and check that no row is missing.",
            )
        if isinstance(self._source, SheetRows):
            last, self._widest = max(last, self._source.last_row), self._source.last_column
        else:
            self._refuse_cut_off(self._source)
        self._passed_over.rows, self._passed_over.columns = last - filled, max(self._widest - width, 0)

    def _refuse_odd(self, number: int, cells: list[str], header: list[str]) -> None:
        if not self._repeated and [cell.strip().lower() for cell in cells] == header:
            self._repeated = number
        if any("\n" in cell or "\r" in cell for cell in cells):
            raise InputError(
                "a cell has several lines",
                where=Location(str(self._path), row=number),
                way_out="Give each unit a row of its own.",
            )

    def _note(self, number: int, cells: list[str]) -> None:
        """Remember how long the values of the last column are, but for the newest."""
        if self._count:
            before = len(self._newest[1])
            self._lengths = before if self._lengths in (None, before) else -1
        self._count += 1
        self._newest = (number, cells[-1].strip())

    def _refuse_cut_off(self, source: CsvRows) -> None:
        """Refuse a file whose last line has no end and a shorter last value than all lines before."""
        if source.ends_in_a_line or self._count < 4 or self._lengths is None or self._lengths <= len(self._newest[1]):
            return
        raise InputError(
            "the last line has no end, and its last value is shorter than all others: the file may be cut off",
            where=Location(str(self._path), row=self._newest[0]),
            way_out="Fetch it again. If it is whole, end its last line (press Enter there).",
        )


def _columns(header: list[str], path: Path, allowed: Sequence[str], options: TableOptions) -> dict[str, int]:
    """Where the columns stand that are not passed over."""
    ignored = {name.strip().lower() for name in options.ignore}
    if known := sorted(ignored.intersection(allowed)):
        raise InputError(
            f"the column {known[0]} is read, so it can't be passed over",
            where="--ignore",
            way_out="Take it out of the file, or leave out that --ignore.",
        )
    named = [(index, cell.strip().lower()) for index, cell in enumerate(header)]
    kept = [(index, name) for index, name in named if name not in ignored]
    names = [name for _, name in kept]
    unknown = [name for name in names if name not in allowed]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    where = Location(str(path), row=1)
    wanted = f"The header has the columns {allowed[0]} and, if wanted, {', '.join(allowed[1:-1])} and {allowed[-1]}."
    if "" in names:
        number = kept[names.index("")][0] + 1
        raise InputError(f"column {number} of the header has no name", where=where, way_out=wanted)
    if repeated:
        raise InputError(f"the column {repeated[0][:40]!a} is named twice", where=where, way_out=wanted)
    if allowed[0] not in names:  # perhaps it is no header: what stands there may be a key, and is not shown
        raise InputError(f"the column {allowed[0]} is missing", where=where, way_out=wanted)
    if unknown:
        raise InputError(
            f"the column {unknown[0][:40]!a} is not known",
            where=where,
            way_out=f"{wanted} Pass others over by name: "
            + " ".join(f"--ignore {_typed(name[:40])}" for name in unknown[:8]),
        )
    return {name: index for index, name in kept}


def _typed(name: str) -> str:
    return name if name.replace("_", "").isalnum() else f'"{name}"'


def _is_workbook(path: Path, what: str) -> bool:
    """Whether a file is an XLSX: a ZIP archive. What is surely no table is refused by its kind."""
    try:
        with open_to_read(path, what) as file:
            begin = file.read(512)
            if begin.startswith(_OLE):
                rest = file.read(64 << 20)
                raise InputError(_compound_kind(begin + rest), where=path, way_out=_SAVE_AS)
    except OSError as error:
        raise from_os_error(error, f"reading the {what}", path) from error
    for mark, kind in _OTHER_KINDS:
        if begin.lstrip(b" \t\r\n").startswith(mark):
            raise InputError(kind, where=path, way_out=_SAVE_AS)
    return begin.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def _compound_kind(data: bytes) -> str:
    if _ENCRYPTED in data:
        return "is a workbook that is encrypted with a password"
    return "is a workbook of Excel 97 to 2003 (.xls), or another old Office file"
