"""Pieces of programming files, and files of single units, each held against the ledger as a part."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from bss_mfg.core.files import read_bytes
from bss_mfg.errors import BssError, InputError
from bss_mfg.ledger.vault import DataKey
from bss_mfg.programming.check import Expected, check_programmed
from bss_mfg.programming.index import IndexedFile
from bss_mfg.programming.model import Format, Programmed
from bss_mfg.reconcile.books import Books, Shelf

PIECE = 1 << 16
"""Octets of whole rows in a part: some hundreds of units."""
FILES = 200
"""Files of single units in a part."""
_ROW = re.compile(r"row (\d+)")


@dataclass(frozen=True, slots=True)
class Keys:
    """Where a process finds a batch's books, and what opens its keys (None: they are destroyed). The data key goes to
    this machine's own processes, through pipes, and `repr` leaves it out."""

    shelf: Shelf
    data_key: bytes | None = field(repr=False)

    def expected(self, books: Books) -> Expected:
        """What the ledger expects."""
        key = DataKey.from_bytes(self.data_key, self.shelf.batch) if self.data_key else None
        return Expected(books.ledger, self.shelf.batch, key, scrapped=True)


@dataclass(frozen=True, slots=True)
class RowsPart:
    """Whole rows of a file of many units, from row `row` on, with the file's first row before them if that is a
    header. They hold keys: `repr` leaves them out."""

    keys: Keys
    form: Format
    head: bytes
    rows: bytes = field(repr=False)
    row: int


@dataclass(frozen=True, slots=True)
class UnitSays:
    """What is said of one unit: its serial, empty where nothing tells it, its number in the batch, 0 where it is none
    of it, whether it was scrapped, and what is wrong."""

    serial: str
    number: int = 0
    scrapped: bool = False
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PieceSays:
    """What was found in rows, or in a file: each unit in its order, by its number where all is well; what kept it from
    being read as a whole (empty where nothing did); and what is wrong with single rows, by serial."""

    units: tuple[int | UnitSays, ...]
    error: str = ""
    where: str = ""
    rows: tuple[tuple[str, str], ...] = ()


def pieces(file: BinaryIO, form: Format) -> Iterator[tuple[bytes, bytes, int]]:
    """A file of many units as (header, whole rows, number of the first row); at least one piece."""
    head = file.readline() if form.name == "csv" else b""
    row, first = (2 if head else 1), True
    while (lines := file.readlines(PIECE)) or first:
        text = b"".join(lines)
        yield head, text, row
        row, first = row + len(text.splitlines()), False


def compare_rows(part: RowsPart) -> PieceSays:
    """Hold some rows against the ledger."""
    with part.keys.shelf.open() as books:
        error, rows = ("", ""), list[tuple[str, str]]()
        try:
            found = part.form.read(part.head + part.rows)
        except InputError as problem:
            shift = part.row - (2 if part.head else 1)
            error = problem.what, _ROW.sub(lambda number: f"row {int(number[1]) + shift}", problem.where)
            found, rows = _by_rows(part, books)
        return PieceSays(_units(found, None, books, part.keys.expected(books)), *error, tuple(rows))


def _by_rows(part: RowsPart, books: Books) -> tuple[list[Programmed], list[tuple[str, str]]]:
    """Broken rows, each read on its own: what the good ones say, and what is wrong with the bad."""
    good: list[Programmed] = []
    bad: list[tuple[str, str]] = []
    for number, row in enumerate(part.rows.splitlines(keepends=True), part.row):
        try:
            good += part.form.read(part.head + row)
        except InputError as error:
            unit = books.unit_in(row)
            bad.append((unit.serial if unit else "", f"row {number}: {error.what}"))
    return good, bad


def _units(
    found: Sequence[Programmed], named: str | None, books: Books, expected: Expected
) -> tuple[int | UnitSays, ...]:
    """What is said of each unit. `named` is the serial that the file's index, or its name, says it is of."""
    expected.look_up([serial for one in found if (serial := named or one.serial)])
    return tuple(_unit(one, named, books, expected) for one in found)


def _unit(one: Programmed, named: str | None, books: Books, expected: Expected) -> int | UnitSays:
    serial = named or one.serial
    if serial is None:
        return UnitSays("", wrong=("nothing says which unit it is of",))
    wrong = [] if one.serial in (None, serial) else [f"the serial in it is {one.serial}"]
    unit = expected.unit(serial)
    if unit is None and (where := books.elsewhere(serial)):
        wrong.append(where)
    wrong += [text for _, text in check_programmed(one, serial, expected)]
    if unit and not unit.scrapped and not wrong:
        return unit.number
    return UnitSays(serial, unit.number if unit else 0, bool(unit and unit.scrapped), tuple(wrong))


# --- files of single units ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FilesPart:
    """Files of single units, as their index has them."""

    keys: Keys
    form: Format
    files: tuple[tuple[Path, IndexedFile], ...]


@dataclass(frozen=True, slots=True)
class FileSays:
    """What became of one file: is it `there`, why can't it be read, was it `altered`, what does it say."""

    there: bool = True
    unread: str = ""
    altered: bool = False
    count: int = 0
    piece: PieceSays = PieceSays(())


def compare_files(part: FilesPart) -> list[FileSays]:
    """Hold some files against the ledger."""
    with part.keys.shelf.open() as books:
        expected = part.keys.expected(books)
        return [_file(path, item, part.form, books, expected) for path, item in part.files]


def _file(path: Path, item: IndexedFile, form: Format, books: Books, expected: Expected) -> FileSays:
    if not path.is_file():
        return FileSays(there=False)
    try:
        data = read_bytes(path, "programming file", PIECE << 8)
    except BssError as error:
        return FileSays(unread=error.what)
    altered = hashlib.sha256(data).hexdigest() != item.sha256
    try:
        found = form.read(data)
    except InputError as error:
        return FileSays(altered=altered, piece=PieceSays((), error.what, error.where))
    return FileSays(altered=altered, count=len(found), piece=PieceSays(_units(found, item.serial, books, expected)))
