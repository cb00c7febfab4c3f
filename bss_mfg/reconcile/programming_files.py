"""Programming files against the ledger: by their indexes, and those that the history names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from bss_mfg.core import parallel
from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.files import iter_files, sha256_of
from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.ranges import chunked
from bss_mfg.core.text import counted, printable
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
    SerialSummary,
    kept_list,
)
from bss_mfg.reconcile.programming_tasks import (
    FILES_PER_TASK,
    FileResult,
    FilesTask,
    KeyAccess,
    RowsResult,
    RowsTask,
    compare_files,
    compare_rows,
    row_blocks,
)

SEALED_SUFFIX = ".age"


def reconcile_programming(
    folder: Path,
    books: BatchRecords,
    data_key: bytes | None,
    releases: Sequence[KeysReleased],
    executor: Executor | None = None,
) -> Comparison:
    """All programming files of a batch that lie in a folder. `releases` are the history's. The data key is handed to
    the processes of `executor`; without one only UUIDs are compared: the batch is retired."""
    return _ProgrammingComparison(folder, books, KeyAccess(books.handle, data_key), releases, executor).account()


class _ProgrammingComparison:
    def __init__(
        self,
        folder: Path,
        books: BatchRecords,
        keys: KeyAccess,
        releases: Sequence[KeysReleased],
        executor: Executor | None,
    ) -> None:
        self._folder, self._books, self._keys, self._releases, self._executor = folder, books, keys, releases, executor
        self._book = ComparisonBuilder("programming", folder)
        self._seen = books.ledger.units.seen_flags(books.batch.id)
        self._formats: dict[str | None, Mapping[str, Format]] = {None: formats()}
        self._whole = True
        self._sealed = 0

    def account(self) -> Comparison:
        """What the files say."""
        named = 0
        for path, index in find_indexes(self._folder):
            named += sum(path.with_name(item.file).is_file() for item in index.files)
            self._by_index(path, index)
        for path, form, serial in self._without_index(named):
            if path.name.endswith(SEALED_SUFFIX):
                self._book.add_note("sealed, not read, and its index is missing", path)
                self._sealed += 1
                continue
            self._book.add_difference("its index is missing", path, serial or "")
            self._read(path, [IndexedFile(file=path.name, sha256=sha256_of(path), serial=serial)], form)
        self._conclude()
        return self._book.finish(self._seen.count(1))

    def _by_index(self, path: Path, index: ProgrammingIndex) -> None:
        book = self._book
        if index.batch != self._books.batch.id:
            book.add_difference(f"an index of programming files of batch {printable(index.batch, 64)}", path)
            return
        if index.sealed_to:
            self._sealed += 1
            _compare_sealed(book, path, index)
            return
        form = self._format(index)
        if form is None:
            what = f"{counted(len(index.files), 'file')} made with a layout file that is not in the folder: not read"
            book.add_note(
                what if index.layout else f"of an unknown format: {printable(index.programming_format, 20)}", path
            )
            self._whole = False
            return
        told = self._read(path, index.files, form)
        if told is not None and told != index.units:
            book.altered = True
            book.add_difference(f"the index says {counted(index.units, 'unit')}, the files hold {told:,}", path)

    def _read(self, path: Path, files: Sequence[IndexedFile], form: Format) -> int | None:
        """How many units stand in some files that lie beside `path`; None where one could not be read."""
        single = [item for item in files if form.one_file_per == "unit" or item.serial]
        many = [item for item in files if not (form.one_file_per == "unit" or item.serial)]
        jobs = (
            FilesTask(self._keys, form, tuple((path.with_name(item.file), item) for item in some))
            for some in chunked(single, FILES_PER_TASK)
        )
        told: list[int | None] = []
        for part, found in parallel.run(compare_files, jobs, self._executor):
            if isinstance(found, TaskFailure):
                self._book.add_difference(
                    f"{counted(len(part.files), 'file')} not compared: {found.reason}", part.files[0][0]
                )
                told.append(None)
                continue
            told += [
                self._compare_unit_file(one, item, says) for (one, item), says in zip(part.files, found, strict=True)
            ]
        told += [self._compare_batch_file(path.with_name(item.file), item, form) for item in many]
        if None in told:
            self._whole = False
            return None
        return sum(count for count in told if count)

    def _compare_unit_file(self, path: Path, item: IndexedFile, says: FileResult) -> int | None:
        """What a file of one unit says; how many units stand in it, None where it was not read."""
        if not self._readable(path, item, there=says.exists, unread=says.unread, altered=says.altered):
            return None
        if says.content.error:
            self._differs(path, item.serial or "", _error_with_row(says.content))
            return None
        if says.count != 1:
            self._differs(path, item.serial or "", f"{counted(says.count, 'unit')} in it, not one")
        here = _FileUnits(bytearray(len(self._seen)) if says.count > 1 else None)
        self._record_units(here, says.content, path)
        self._book.note_outdated(here.outdated, path)
        return here.count

    def _compare_batch_file(self, path: Path, item: IndexedFile, form: Format) -> int | None:
        """The same of a file of many units, in pieces."""
        try:
            altered = path.is_file() and sha256_of(path) != item.sha256
            if not self._readable(path, item, there=path.is_file(), altered=altered):
                return None
            here = _FileUnits(bytearray(len(self._seen)))
            told = ComparisonBuilder(self._book.kind, self._folder)
            with path.open("rb") as file:
                jobs = (RowsTask(self._keys, form, *piece) for piece in row_blocks(file, form))
                for part, says in parallel.run(compare_rows, jobs, self._executor):
                    if isinstance(says, TaskFailure):
                        here.unread.add(("", f"row {part.row} and more not compared: {says.reason}"))
                        continue
                    here.error = here.error or _error_with_row(says)
                    for serial, what in says.rows or ((("", _error_with_row(says)),) if says.error else ()):
                        here.unread.add((serial, what))
                    self._record_units(here, says, path, told)
        except OSError as error:
            self._book.add_difference(f"can't be read: {from_os_error(error, 'reading', path).what}", path)
            return None
        except BssError as error:
            self._book.add_difference(f"can't be read: {error.what}", path)
            return None
        if here.error and not here.found:
            self._differs(path, "", here.error)
            return None
        for serial, what in here.unread:
            self._differs(path, serial, what)
        self._book.differences.total += here.unread.total - len(here.unread)
        self._book.differences.extend(told.differences)
        self._book.note_outdated(here.outdated, path)
        return here.count

    def _readable(self, path: Path, item: IndexedFile, *, there: bool, unread: str = "", altered: bool = False) -> bool:
        """Whether a file was read; what is to be said of it in any case."""
        if not there:
            self._book.add_note("is not there any more, though its index names it", path)
            return False
        if unread:
            self._book.add_difference(f"can't be read: {unread}", path, item.serial or "")
            return False
        self._book.files.add(self._book.shown_name(path))
        if altered:
            self._book.altered = True
            self._book.add_difference("was altered: another SHA-256 than its index says", path, item.serial or "")
        return True

    def _record_units(
        self, here: _FileUnits, says: RowsResult, path: Path, book: ComparisonBuilder | None = None
    ) -> None:
        """What is said of units, one after another."""
        for one in says.units:
            here.found += 1
            number, serial = (one, "") if isinstance(one, int) else (one.number, one.serial)
            if here.seen_before(number, serial):
                serial = serial or self._books.unit_by_number(number).serial
                self._differs(path, serial, "stands in it more than once", book)
            elif number or serial:
                here.count += 1
            if number:
                self._seen[number] = 1
            if isinstance(one, int):
                continue
            for what in one.wrong:
                self._differs(path, serial, what, book)
            if one.scrapped:
                here.outdated.add(serial)

    def _differs(self, path: Path, serial: str, what: str, book: ComparisonBuilder | None = None) -> None:
        unit = self._books.unit(serial) if serial else None
        (book or self._book).add_difference(what, path, serial, unit.package if unit else None)

    def _without_index(self, named: int) -> list[tuple[Path, Format, str | None]]:
        """Files that no index names, but the history does: (path, format, serial where a file holds one unit). As long
        as there are only the `named` files that stand in indexes, their names are not held."""
        known = formats()
        whole: Mapping[str, str] = {one.file: one.format for one in self._releases if one.file is not None}
        single = {known[name].suffix: known[name] for one in self._releases if (name := one.format) in known}

        def candidates() -> Iterator[tuple[Path, Format, str | None]]:
            for path in iter_files(self._folder):
                if path.name in whole and whole[path.name] in known:
                    yield path, known[whole[path.name]], None
                    continue
                name = path.name.removesuffix(SEALED_SUFFIX)
                for suffix, form in single.items():
                    if form.one_file_per == "unit" and name.endswith(suffix):
                        yield path, form, name.removesuffix(suffix)

        if sum(1 for _ in candidates()) == named:
            return []
        indexed = {path.with_name(item.file) for path, index in find_indexes(self._folder) for item in index.files}
        return sorted(
            (one for one in candidates() if one[0] not in indexed and (not one[2] or self._books.unit(one[2]))),
            key=lambda one: one[0],
        )

    def _format(self, index: ProgrammingIndex) -> Format | None:
        """The format of an index; one of an own layout needs that layout in the folder."""
        if index.layout not in self._formats:
            found = (
                load_layout(path)
                for path in sorted(path for path in iter_files(self._folder) if path.suffix == ".toml")
                if sha256_of(path) == index.layout
            )
            self._formats[index.layout] = formats(layout) if (layout := next(found, None)) else {}
        return self._formats[index.layout].get(index.programming_format)

    def _conclude(self) -> None:
        """What is not there. A unit that is in no file is a difference only where a file was altered: keys may well
        have been released to another folder, and files are deleted once a batch is flashed."""
        book, ledger, batch = self._book, self._books.ledger, self._books.batch
        if not book.files.total:
            gone = "the keys were released elsewhere, or the files deleted"
            book.add_note(f"no programming file was found: {gone if self._releases else 'no key was released yet'}")
            return
        if not self._keys.data_key:
            book.add_note("the batch is retired and its keys are destroyed: Device UUIDs were compared, keys can't be")
        strict = self._whole and not self._sealed and book.altered
        absent = SerialSummary()
        for unit in ledger.units.unseen(batch, self._seen):
            if unit.shippable and unit.released:
                absent.add(unit.serial)
                if strict:
                    what = "is in no programming file, though its key was released"
                    book.add_difference(what, "", unit.serial, unit.package)
        if absent.count and not strict:
            book.add_note(f"{counted(absent.count, 'unit')} with released keys in no file here: {absent}")
        count, first = ledger.exports.units_lacking(batch.id, "release", SERIALS_NAMED)
        if count:
            book.add_note(
                f"{counted(count, 'unit')} with keys that were never released: {SerialSummary(first, of=count)}"
            )


@dataclass(slots=True)
class _FileUnits:
    """One file while it is read."""

    units: bytearray | None
    """A one at the number of each unit that stood in it; None where it holds but one."""
    strangers: set[str] = field(default_factory=set)
    found: int = 0
    count: int = 0
    """How many units stand in it, each counted once."""
    outdated: SerialSummary = field(default_factory=SerialSummary)
    unread: CappedList[tuple[str, str]] = field(default_factory=kept_list)
    error: str = ""
    """The first thing that kept it from being read as a whole."""

    def seen_before(self, number: int, serial: str) -> bool:
        """Whether a unit stood in it before."""
        if number and self.units is not None:
            before = bool(self.units[number])
            self.units[number] = 1
            return before
        if number or not serial:
            return False
        if serial in self.strangers:
            return True
        if len(self.strangers) < MOST_KEPT:  # of more strangers, doubles are not looked for
            self.strangers.add(serial)
        return False


def _error_with_row(says: RowsResult) -> str:
    """What kept a piece from being read, with its row."""
    return f"{says.where}: {says.error}" if says.where else says.error


def _compare_sealed(book: ComparisonBuilder, path: Path, index: ProgrammingIndex) -> None:
    """Of sealed files only the SHA-256 can be compared."""
    for item in index.files:
        file = path.with_name(item.file)
        if file.is_file() and sha256_of(file) != item.sha256:
            book.add_difference("was altered: another SHA-256 than its index says", file, item.serial or "")
    book.add_note(f"{counted(len(index.files), 'file')} sealed, not read: only the SHA-256 was compared", path)
