"""Blocks of programming files, and files of single units, compared with the ledger, each by a task."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bss_mfg.core.files import read_bytes
from bss_mfg.core.portable_tasks import NeverLeaves
from bss_mfg.errors import BssError, InputError
from bss_mfg.ledger.vault import DataKey
from bss_mfg.programming.format import Format, ProgrammedUnit
from bss_mfg.programming.index import IndexedFile
from bss_mfg.programming.readback import ExpectedUnits, check_programmed
from bss_mfg.reconcile.batch_records import BatchRecords, RecordsHandle

BLOCK_BYTES = 1 << 16
"""Bytes of whole rows in a task: some hundreds of units."""
FILES_PER_TASK = 200
"""Files of single units in a task."""


@dataclass(frozen=True, slots=True)
class KeyAccess(NeverLeaves):
    """Where a process finds a batch's records, and what opens its keys (None: they are destroyed). The data key goes to
    this machine's own processes, through pipes, and `repr` leaves it out."""

    records: RecordsHandle
    data_key: bytes | None = field(repr=False)

    def expected(self, records: BatchRecords) -> ExpectedUnits:
        """What the ledger expects."""
        key = DataKey.from_bytes(self.data_key, self.records.batch) if self.data_key else None
        return ExpectedUnits(records.ledger, self.records.batch, key, scrapped=True)


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
    """What a file says of one unit: its serial, empty where nothing tells it, its number in the batch, 0 where it is
    not of the batch, whether it was scrapped, and what is wrong."""

    serial: str
    number: int = 0
    scrapped: bool = False
    wrong: tuple[str, ...] = ()


class BadRow(NamedTuple):
    """A row that can't be read: the serial that it seems to be of (empty where nothing tells it), and why."""

    serial: str
    what: str


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """What kept a file, or a block of its rows, from being read as a whole: in words, and in which row, if in one."""

    what: str
    row: int | None = None
    where: str = ""
    """The place, where it is no row."""

    @classmethod
    def of(cls, error: InputError, rows_before: int = 0) -> ReadProblem:
        """The problem of a block that has `rows_before` other rows of its file before it."""
        if error.row is None:
            return cls(error.what, where=error.where)
        return cls(error.what, error.row + rows_before)

    def __str__(self) -> str:
        where = self.where if self.row is None else f"row {self.row}"
        return f"{where}: {self.what}" if where else self.what


@dataclass(frozen=True, slots=True)
class RowsResult:
    """What was found in rows, or in a file: each unit in its order, by its number where all is well; what kept it from
    being read as a whole; and the rows that could not be read."""

    units: tuple[int | UnitResult, ...]
    error: ReadProblem | None = None
    bad_rows: tuple[BadRow, ...] = ()


class RowBlock(NamedTuple):
    """Whole rows of a file, its header, and the number of the first row."""

    head: bytes
    rows: bytes
    row: int


def row_blocks(file: BinaryIO, form: Format) -> Iterator[RowBlock]:
    """A file of many units in blocks, at least one."""
    head = file.readline() if form.name == "csv" else b""
    row, first = (2 if head else 1), True
    while (lines := file.readlines(BLOCK_BYTES)) or first:
        text = b"".join(lines)
        yield RowBlock(head, text, row)
        row, first = row + len(text.splitlines()), False


def compare_rows(task: RowsTask) -> RowsResult:
    """Compare some rows with the ledger."""
    with task.keys.records.open() as records:
        problem = None
        try:
            read = _RowsRead(task.form.read(task.head + task.rows), [])
        except InputError as error:
            problem = ReadProblem.of(error, task.row - (2 if task.head else 1))
            read = _read_row_by_row(task, records)
        units = _compare_units(read.units, None, records, task.keys.expected(records))
        return RowsResult(units, problem, tuple(read.bad_rows))


class _RowsRead(NamedTuple):
    """What the good rows say, and which are bad."""

    units: list[ProgrammedUnit]
    bad_rows: list[BadRow]


def _read_row_by_row(task: RowsTask, records: BatchRecords) -> _RowsRead:
    """Rows that can't be read together, each on its own."""
    read = _RowsRead([], [])
    for number, row in enumerate(task.rows.splitlines(keepends=True), task.row):
        try:
            read.units.extend(task.form.read(task.head + row))
        except InputError as error:
            unit = records.unit_named_in(row)
            read.bad_rows.append(BadRow(unit.serial if unit else "", f"row {number}: {error.what}"))
    return read


def _compare_units(
    programmed_units: Sequence[ProgrammedUnit], named_serial: str | None, records: BatchRecords, expected: ExpectedUnits
) -> tuple[int | UnitResult, ...]:
    """What is said of each unit. `named_serial` is that of the file's index, or of its name."""
    expected.look_up([serial for one in programmed_units if (serial := named_serial or one.serial)])
    return tuple(_compare_unit(one, named_serial, records, expected) for one in programmed_units)


def _compare_unit(
    programmed: ProgrammedUnit, named_serial: str | None, records: BatchRecords, expected: ExpectedUnits
) -> int | UnitResult:
    serial = named_serial or programmed.serial
    if serial is None:
        return UnitResult("", wrong=("nothing says which unit it is of",))
    wrong = [] if programmed.serial in (None, serial) else [f"the serial in it is {programmed.serial}"]
    unit = expected.unit(serial)
    if unit is None and (where := records.other_batch_words(serial)):
        wrong.append(where)
    wrong += [text for _, text in check_programmed(programmed, serial, expected)]
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
    """What became of one file: whether it `exists`, why it can't be read (`unread`, empty where it can), whether it was
    `altered`, how many units it holds, and what it says of them."""

    exists: bool = True
    unread: str = ""
    altered: bool = False
    count: int = 0
    content: RowsResult = RowsResult(())


def compare_files(task: FilesTask) -> list[FileResult]:
    """Compare some files with the ledger."""
    with task.keys.records.open() as records:
        expected = task.keys.expected(records)
        return [_compare_file(path, item, task.form, records, expected) for path, item in task.files]


def _compare_file(
    path: Path, item: IndexedFile, form: Format, records: BatchRecords, expected: ExpectedUnits
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
        return FileResult(altered=altered, content=RowsResult((), ReadProblem.of(error)))
    return FileResult(
        altered=altered, count=len(found), content=RowsResult(_compare_units(found, item.serial, records, expected))
    )
