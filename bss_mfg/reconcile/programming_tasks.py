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
from bss_mfg.programming.format import Format, ProgrammedUnit
from bss_mfg.programming.index import IndexedFile
from bss_mfg.programming.readback import ExpectedUnits, check_programmed
from bss_mfg.reconcile.batch_records import BatchRecords, RecordsHandle

BLOCK_BYTES = 1 << 16
"""Octets of whole rows in a part: some hundreds of units."""
FILES_PER_TASK = 200
"""Files of single units in a part."""
_ROW = re.compile(r"row (\d+)")


@dataclass(frozen=True, slots=True)
class KeyAccess:
    """Where a process finds a batch's books, and what opens its keys (None: they are destroyed). The data key goes to
    this machine's own processes, through pipes, and `repr` leaves it out."""

    shelf: RecordsHandle
    data_key: bytes | None = field(repr=False)

    def expected(self, books: BatchRecords) -> ExpectedUnits:
        """What the ledger expects."""
        key = DataKey.from_bytes(self.data_key, self.shelf.batch) if self.data_key else None
        return ExpectedUnits(books.ledger, self.shelf.batch, key, scrapped=True)


@dataclass(frozen=True, slots=True)
class RowsTask:
    """Whole rows of a file of many units, from row `row` on, with the file's first row before them if that is a
    header. They hold keys: `repr` leaves them out."""

    keys: KeyAccess
    form: Format
    head: bytes
    rows: bytes = field(repr=False)
    row: int


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What is said of one unit: its serial, empty where nothing tells it, its number in the batch, 0 where it is none
    of it, whether it was scrapped, and what is wrong."""

    serial: str
    number: int = 0
    scrapped: bool = False
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowsResult:
    """What was found in rows, or in a file: each unit in its order, by its number where all is well; what kept it from
    being read as a whole (empty where nothing did); and what is wrong with single rows, by serial."""

    units: tuple[int | UnitResult, ...]
    error: str = ""
    where: str = ""
    rows: tuple[tuple[str, str], ...] = ()


def row_blocks(file: BinaryIO, form: Format) -> Iterator[tuple[bytes, bytes, int]]:
    """A file of many units as (header, whole rows, number of the first row); at least one piece."""
    head = file.readline() if form.name == "csv" else b""
    row, first = (2 if head else 1), True
    while (lines := file.readlines(BLOCK_BYTES)) or first:
        text = b"".join(lines)
        yield head, text, row
        row, first = row + len(text.splitlines()), False


def compare_rows(task: RowsTask) -> RowsResult:
    """Hold some rows against the ledger."""
    with task.keys.shelf.open() as books:
        error, rows = ("", ""), list[tuple[str, str]]()
        try:
            found = task.form.read(task.head + task.rows)
        except InputError as problem:
            shift = task.row - (2 if task.head else 1)
            error = problem.what, _ROW.sub(lambda number: f"row {int(number[1]) + shift}", problem.where)
            found, rows = _by_rows(task, books)
        return RowsResult(_compare_units(found, None, books, task.keys.expected(books)), *error, tuple(rows))


def _by_rows(part: RowsTask, books: BatchRecords) -> tuple[list[ProgrammedUnit], list[tuple[str, str]]]:
    """Broken rows, each read on its own: what the good ones say, and what is wrong with the bad."""
    good: list[ProgrammedUnit] = []
    bad: list[tuple[str, str]] = []
    for number, row in enumerate(part.rows.splitlines(keepends=True), part.row):
        try:
            good += part.form.read(part.head + row)
        except InputError as error:
            unit = books.unit_named_in(row)
            bad.append((unit.serial if unit else "", f"row {number}: {error.what}"))
    return good, bad


def _compare_units(
    found: Sequence[ProgrammedUnit], named: str | None, books: BatchRecords, expected: ExpectedUnits
) -> tuple[int | UnitResult, ...]:
    """What is said of each unit. `named` is the serial that the file's index, or its name, says it is of."""
    expected.look_up([serial for one in found if (serial := named or one.serial)])
    return tuple(_compare_unit(one, named, books, expected) for one in found)


def _compare_unit(
    one: ProgrammedUnit, named: str | None, books: BatchRecords, expected: ExpectedUnits
) -> int | UnitResult:
    serial = named or one.serial
    if serial is None:
        return UnitResult("", wrong=("nothing says which unit it is of",))
    wrong = [] if one.serial in (None, serial) else [f"the serial in it is {one.serial}"]
    unit = expected.unit(serial)
    if unit is None and (where := books.other_batch_words(serial)):
        wrong.append(where)
    wrong += [text for _, text in check_programmed(one, serial, expected)]
    if unit and not unit.scrapped and not wrong:
        return unit.number
    return UnitResult(serial, unit.number if unit else 0, bool(unit and unit.scrapped), tuple(wrong))


# --- files of single units ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FilesTask:
    """Files of single units, as their index has them."""

    keys: KeyAccess
    form: Format
    files: tuple[tuple[Path, IndexedFile], ...]


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file: is it `there`, why can't it be read, was it `altered`, what does it say."""

    exists: bool = True
    unread: str = ""
    altered: bool = False
    count: int = 0
    content: RowsResult = RowsResult(())


def compare_files(task: FilesTask) -> list[FileResult]:
    """Hold some files against the ledger."""
    with task.keys.shelf.open() as books:
        expected = task.keys.expected(books)
        return [_compare_file(path, item, task.form, books, expected) for path, item in task.files]


def _compare_file(
    path: Path, item: IndexedFile, form: Format, books: BatchRecords, expected: ExpectedUnits
) -> FileResult:
    if not path.is_file():
        return FileResult(exists=False)
    try:
        data = read_bytes(path, "programming file", BLOCK_BYTES << 8)
    except BssError as error:
        return FileResult(unread=error.what)
    altered = hashlib.sha256(data).hexdigest() != item.sha256
    try:
        found = form.read(data)
    except InputError as error:
        return FileResult(altered=altered, content=RowsResult((), error.what, error.where))
    return FileResult(
        altered=altered, count=len(found), content=RowsResult(_compare_units(found, item.serial, books, expected))
    )
