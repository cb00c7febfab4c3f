"""Programming files against the ledger: by their indexes, and those that the history names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bss_mfg.core import parallel
from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.files import iter_files, sha256_of
from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.ranges import chunked
from bss_mfg.core.text import count_words, printable
from bss_mfg.errors import BssError, from_os_error
from bss_mfg.ledger.events import KeysReleased
from bss_mfg.programming.format import Format
from bss_mfg.programming.image_layout import load_layout
from bss_mfg.programming.index import IndexedFile, ProgrammingIndex, find_indexes
from bss_mfg.programming.registry import formats
from bss_mfg.reconcile.batch_records import BatchRecords
from bss_mfg.reconcile.comparison import (
    MOST_KEPT,
    SERIALS_NAMED,
    Comparison,
    ComparisonBuilder,
    FileKind,
    SerialSummary,
    new_capped_list,
)
from bss_mfg.reconcile.programming_tasks import (
    FILES_PER_TASK,
    BadRow,
    FileResult,
    FilesTask,
    KeyAccess,
    ReadProblem,
    RowsResult,
    RowsTask,
    compare_files,
    compare_rows,
    row_blocks,
)

SEALED_SUFFIX = ".age"


def reconcile_programming(
    folder: Path,
    records: BatchRecords,
    data_key: bytes | None,
    releases: Sequence[KeysReleased],
    executor: Executor | None = None,
) -> Comparison:
    """All programming files of a batch that lie in a folder. `releases` are the history's. The data key is handed
    to the processes of `executor`; without one only UUIDs are compared: the batch is retired."""
    return _ProgrammingComparison(folder, records, KeyAccess(records.handle, data_key), releases, executor).compare()


class _ProgrammingComparison:
    def __init__(
        self,
        folder: Path,
        records: BatchRecords,
        keys: KeyAccess,
        releases: Sequence[KeysReleased],
        executor: Executor | None,
    ) -> None:
        self._folder, self._records, self._keys, self._releases, self._executor = (
            folder,
            records,
            keys,
            releases,
            executor,
        )
        self._comparison = ComparisonBuilder(FileKind.PROGRAMMING, folder)
        self._seen = records.ledger.units.seen_flags(records.batch.id)
        self._formats: dict[str | None, Mapping[str, Format]] = {None: formats()}
        self._all_read = True
        """Whether every file that is there was read as a whole."""
        self._sealed = 0

    def compare(self) -> Comparison:
        """All files of the batch, compared."""
        named = 0
        for path, index in find_indexes(self._folder):
            named += sum(path.with_name(item.file).is_file() for item in index.files)
            self._compare_index(path, index)
        for path, form, serial in self._files_without_index(named):
            if path.name.endswith(SEALED_SUFFIX):
                self._comparison.add_note("sealed, not read, and its index is missing", path)
                self._sealed += 1
                continue
            self._comparison.add_difference("its index is missing", path, serial or "")
            self._read(path, [IndexedFile(file=path.name, sha256=sha256_of(path), serial=serial)], form)
        self._conclude()
        return self._comparison.finish(self._seen.count(1))

    def _compare_index(self, path: Path, index: ProgrammingIndex) -> None:
        comparison = self._comparison
        if index.batch != self._records.batch.id:
            comparison.add_difference(f"an index of programming files of batch {printable(index.batch, 64)}", path)
            return
        if index.sealed_to:
            self._sealed += 1
            _compare_sealed(comparison, path, index)
            return
        form = self._format(index)
        if form is None:
            what = (
                f"{count_words(len(index.files), 'file')} made with a layout file that is not in the folder: not read"
            )
            comparison.add_note(
                what if index.layout else f"of an unknown format: {printable(index.programming_format, 20)}", path
            )
            self._all_read = False
            return
        count = self._read(path, index.files, form)
        if count is not None and count != index.units:
            comparison.altered = True
            comparison.add_difference(
                f"the index says {count_words(index.units, 'unit')}, the files hold {count:,}", path
            )

    def _read(self, path: Path, files: Sequence[IndexedFile], form: Format) -> int | None:
        """How many units some files beside `path` hold; None where one could not be read."""
        single = [item for item in files if form.one_file_per == "unit" or item.serial]
        many = [item for item in files if not (form.one_file_per == "unit" or item.serial)]
        tasks = (
            FilesTask(self._keys, form, tuple((path.with_name(item.file), item) for item in chunk))
            for chunk in chunked(single, FILES_PER_TASK)
        )
        counts: list[int | None] = []
        for task, found in parallel.run(compare_files, tasks, self._executor):
            if isinstance(found, TaskFailure):
                self._comparison.add_difference(
                    f"{count_words(len(task.files), 'file')} not compared: {found.reason}", task.files[0][0]
                )
                counts.append(None)
                continue
            counts += [
                self._compare_unit_file(file, item, result)
                for (file, item), result in zip(task.files, found, strict=True)
            ]
        counts += [self._compare_batch_file(path.with_name(item.file), item, form) for item in many]
        if None in counts:
            self._all_read = False
            return None
        return sum(count for count in counts if count)

    def _compare_unit_file(self, path: Path, item: IndexedFile, result: FileResult) -> int | None:
        """A file of one unit; how many units it holds, None where it was not read."""
        if not self._was_read(path, item, result):
            return None
        if result.content.error:
            self._differs(path, item.serial or "", str(result.content.error))
            return None
        if result.count != 1:
            self._differs(path, item.serial or "", f"{count_words(result.count, 'unit')} in it, not one")
        units = _FileUnits(bytearray(len(self._seen)) if result.count > 1 else None)
        self._record_units(units, result.content, path)
        self._comparison.note_outdated(units.outdated, path)
        return units.count

    def _compare_batch_file(self, path: Path, item: IndexedFile, form: Format) -> int | None:
        """The same for a file of many units, in blocks."""
        try:
            exists = path.is_file()
            altered = exists and sha256_of(path) != item.sha256
            if not self._was_read(path, item, FileResult(exists=exists, altered=altered)):
                return None
            units = _FileUnits(bytearray(len(self._seen)))
            found = ComparisonBuilder(self._comparison.kind, self._folder)
            with path.open("rb") as file:
                tasks = (RowsTask(self._keys, form, *block) for block in row_blocks(file, form))
                for task, result in parallel.run(compare_rows, tasks, self._executor):
                    if isinstance(result, TaskFailure):
                        units.unread.add(BadRow("", f"row {task.row} and more not compared: {result.reason}"))
                        continue
                    units.add_unread(result)
                    self._record_units(units, result, path, found)
        except OSError as error:
            self._comparison.add_difference(f"can't be read: {from_os_error(error, 'reading', path).what}", path)
            return None
        except BssError as error:
            self._comparison.add_difference(f"can't be read: {error.what}", path)
            return None
        if units.error and not units.matching:
            self._differs(path, "", str(units.error))
            return None
        for serial, what in units.unread:
            self._differs(path, serial, what)
        self._comparison.differences.total += units.unread.omitted
        self._comparison.differences.extend(found.differences)
        self._comparison.note_outdated(units.outdated, path)
        return units.count

    def _was_read(self, path: Path, item: IndexedFile, result: FileResult) -> bool:
        """Whether a file was read. Notes and differences of the file as a whole are kept."""
        if not result.exists:
            self._comparison.add_note("is not there any more, though its index names it", path)
            return False
        if result.unread:
            self._comparison.add_difference(f"can't be read: {result.unread}", path, item.serial or "")
            return False
        self._comparison.files.add(self._comparison.relative_name(path))
        if result.altered:
            self._comparison.altered = True
            self._comparison.add_difference("was altered: another SHA-256 than its index says", path, item.serial or "")
        return True

    def _record_units(
        self, units: _FileUnits, result: RowsResult, path: Path, comparison: ComparisonBuilder | None = None
    ) -> None:
        """What a file says of its units, one after another; `comparison` keeps what differs, else that of all files."""
        for unit in result.units:
            units.matching += 1
            number, serial = (unit, "") if isinstance(unit, int) else (unit.number, unit.serial)
            if units.seen_before(number, serial):
                serial = serial or self._records.unit_by_number(number).serial
                self._differs(path, serial, "is in it more than once", comparison)
            elif number or serial:
                units.count += 1
            if number:
                self._seen[number] = 1
            if isinstance(unit, int):
                continue
            for what in unit.wrong:
                self._differs(path, serial, what, comparison)
            if unit.scrapped:
                units.outdated.add(serial)

    def _differs(self, path: Path, serial: str, what: str, comparison: ComparisonBuilder | None = None) -> None:
        unit = self._records.unit(serial) if serial else None
        (comparison or self._comparison).add_difference(what, path, serial, unit.package if unit else None)

    def _files_without_index(self, named: int) -> list[_UnindexedFile]:
        """Files that no index names, but the history does. As long as there are only the `named` files of indexes,
        their names are not held."""
        known = formats()
        format_of: Mapping[str, str] = {one.file: one.format for one in self._releases if one.file is not None}
        single = {known[name].suffix: known[name] for one in self._releases if (name := one.format) in known}

        def candidates() -> Iterator[_UnindexedFile]:
            for path in iter_files(self._folder):
                if path.name in format_of and format_of[path.name] in known:
                    yield _UnindexedFile(path, known[format_of[path.name]], None)
                    continue
                name = path.name.removesuffix(SEALED_SUFFIX)
                for suffix, form in single.items():
                    if form.one_file_per == "unit" and name.endswith(suffix):
                        yield _UnindexedFile(path, form, name.removesuffix(suffix))

        if sum(1 for _ in candidates()) == named:
            return []
        indexed = {path.with_name(item.file) for path, index in find_indexes(self._folder) for item in index.files}
        return sorted(
            (
                file
                for file in candidates()
                if file.path not in indexed and (not file.serial or self._records.unit(file.serial))
            ),
            key=lambda file: file.path,
        )

    def _format(self, index: ProgrammingIndex) -> Format | None:
        """The format of an index; where a layout file was given, it must be in the folder."""
        if index.layout not in self._formats:
            found = (
                load_layout(path)
                for path in sorted(path for path in iter_files(self._folder) if path.suffix == ".toml")
                if sha256_of(path) == index.layout
            )
            self._formats[index.layout] = formats(layout) if (layout := next(found, None)) else {}
        return self._formats[index.layout].get(index.programming_format)

    def _conclude(self) -> None:
        """What is not there."""
        comparison = self._comparison
        if not comparison.files.total:
            gone = "the keys were released elsewhere, or the files deleted"
            comparison.add_note(
                f"no programming file was found: {gone if self._releases else 'no key was released yet'}"
            )
            return
        if not self._keys.data_key:
            comparison.add_note(
                "the batch is retired and its keys are destroyed: Device UUIDs were compared, keys can't be"
            )
        self._conclude_absent_units()
        count, first = self._records.ledger.exports.units_lacking(self._records.batch.id, "release", SERIALS_NAMED)
        if count:
            comparison.add_note(
                f"{count_words(count, 'unit')} with keys that were never released: {SerialSummary(first, of=count)}"
            )

    def _conclude_absent_units(self) -> None:
        """The units that are in no file. That is a difference only where a file was altered: keys may well have been
        released to another folder, and files are deleted once a batch is flashed."""
        is_difference = self._all_read and not self._sealed and self._comparison.altered
        absent = SerialSummary()
        for unit in self._records.ledger.units.units_not_seen(self._records.batch, self._seen):
            if unit.shippable and unit.released:
                absent.add(unit.serial)
                if is_difference:
                    what = "is in no programming file, though its key was released"
                    self._comparison.add_difference(what, "", unit.serial, unit.package)
        if absent.count and not is_difference:
            self._comparison.add_note(
                f"{count_words(absent.count, 'unit')} with released keys in no file here: {absent}"
            )


class _UnindexedFile(NamedTuple):
    """A programming file that no index names; `serial` where it holds one unit."""

    path: Path
    form: Format
    serial: str | None


@dataclass(slots=True)
class _FileUnits:
    """One file while it is read."""

    units: bytearray | None
    """A one at the number of each unit that it was found to hold; None where it holds but one."""
    unknown_serials: set[str] = field(default_factory=set)
    matching: int = 0
    """How many units it says something of."""
    count: int = 0
    """How many units it holds, each counted once."""
    outdated: SerialSummary = field(default_factory=SerialSummary)
    unread: CappedList[BadRow] = field(default_factory=new_capped_list)
    error: ReadProblem | None = None
    """The first thing that kept it from being read as a whole."""

    def add_unread(self, result: RowsResult) -> None:
        """Keep what kept a block from being read."""
        self.error = self.error or result.error
        for bad_row in result.bad_rows:
            self.unread.add(bad_row)
        if result.error and not result.bad_rows:
            self.unread.add(BadRow("", str(result.error)))

    def seen_before(self, number: int, serial: str) -> bool:
        """Whether a unit was in it before."""
        if number and self.units is not None:
            before = bool(self.units[number])
            self.units[number] = 1
            return before
        if number or not serial:
            return False
        if serial in self.unknown_serials:
            return True
        if len(self.unknown_serials) < MOST_KEPT:  # of more of them, doubles are not looked for
            self.unknown_serials.add(serial)
        return False


def _compare_sealed(comparison: ComparisonBuilder, path: Path, index: ProgrammingIndex) -> None:
    """Of sealed files only the SHA-256 can be compared."""
    for item in index.files:
        file = path.with_name(item.file)
        if file.is_file() and sha256_of(file) != item.sha256:
            comparison.add_difference("was altered: another SHA-256 than its index says", file, item.serial or "")
    comparison.add_note(
        f"{count_words(len(index.files), 'file')} sealed, not read: only the SHA-256 was compared", path
    )
