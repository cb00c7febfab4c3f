"""Control logs against the ledger: each log of each file, by the paths of the mapping."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from bss_mfg.core import parallel
from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.files import read_bytes, sha256_of
from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.ranges import chunked
from bss_mfg.core.text import counted, printable
from bss_mfg.errors import BssError, InputError, from_os_error
from bss_mfg.ledger.exports import Manifest
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.manifest.log_reader import read_logs
from bss_mfg.manifest.sidecar import MAX_SIDECAR, Sidecar, read_sidecar, sidecar_path
from bss_mfg.reconcile.batch_records import BatchRecords
from bss_mfg.reconcile.comparison import SERIALS_NAMED, Comparison, ComparisonBuilder, SerialSummary, kept_list
from bss_mfg.reconcile.control_log_tasks import (
    CompareLogsTask,
    LogResult,
    NotOneLogPerLine,
    compare_log,
    compare_log_block,
    line_blocks,
    log_blocks,
    look_up_logs,
)


def reconcile_control_logs(
    folder: Path,
    files: Sequence[Path],
    books: BatchRecords,
    mapping: LogMapping,
    recorded: Sequence[Manifest],
    executor: Executor | None = None,
) -> Comparison:
    """All control logs of a batch that are among `files`; `made` are those that the ledger remembers."""
    book = ComparisonBuilder("control logs", folder)
    known = {one.sha256 for one in recorded}
    seen = _SeenLogs.none(books)
    here: set[str] = set()
    for path in _control_logs_among(files, recorded):
        sidecar, standing = _sidecar(path, book, books)
        if sidecar and sidecar.batch != books.batch.id:
            continue
        try:
            sha256 = sha256_of(path)
        except BssError as error:
            book.add_difference(f"can't be read: {error.what}", path)
            continue
        here.add(sha256)
        book.files.add(book.shown_name(path))
        if sha256 not in known:
            book.altered = True
            if standing:
                book.add_difference(
                    "the history knows nothing of it: it was altered with its sidecar, or not counted", path
                )
        _LogFileComparison(path, mapping, books, book, seen, sha256 in known, executor).compare()
    _conclude(book, books, mapping, recorded, seen, here)
    return book.finish(seen.devices.count(1))


def _control_logs_among(files: Sequence[Path], made: Sequence[Manifest]) -> list[Path]:
    """Control logs by their names, by the ledger's, and by their sidecars."""
    names = {one.file for one in made}
    found = {
        path
        for path in files
        if path.name in names or (path.name.startswith("C_CONTROL_LOG_") and path.suffix == ".txt")
    }
    for path in files:
        if path.suffix == ".json" and (log := path.with_suffix("")) not in found and log.is_file():
            try:
                Sidecar.model_validate_json(read_bytes(path, "sidecar", MAX_SIDECAR))
            except (ValueError, BssError):
                continue
            found.add(log)
    return sorted(found)


def _sidecar(path: Path, book: ComparisonBuilder, books: BatchRecords) -> tuple[Sidecar | None, bool]:
    """A file's sidecar, and whether the file is the one that it describes."""
    try:
        sidecar = read_sidecar(path)
    except BssError as error:
        missing = not sidecar_path(path).exists()
        problems = "; ".join(error.problems) or error.what
        book.add_difference("its sidecar is missing" if missing else f"not as its sidecar says: {problems}", path)
        return None, False
    if sidecar.batch != books.batch.id:
        book.add_difference(f"is a control log of batch {printable(sidecar.batch, 64)}", path)
    return sidecar, True


_SEEN_IN_THIS_FILE = 2
"""Seen in the file at hand for the first time."""


@dataclass(slots=True)
class _SeenLogs:
    """What all files hold: a one at the number of each unit with a device log, of each package with a bundle log."""

    devices: bytearray
    bundles: bytearray

    @classmethod
    def none(cls, books: BatchRecords) -> _SeenLogs:
        many = books.batch.units_per_package > 1
        return cls(books.ledger.units.seen_flags(books.batch.id), bytearray(books.batch.packages + 1 if many else 0))

    def settle(self, *, keep: bool) -> None:
        """Take what a file has shown first as seen; or, where it is read again, as not seen yet."""
        table = bytes((0, 1, int(keep), *range(3, 256)))
        self.devices = self.devices.translate(table)
        self.bundles = self.bundles.translate(table)


@dataclass(slots=True)
class _FirstLines:
    """In which line of a file each unit, and each bundle by its package, stands first; 0 for nowhere."""

    devices: array[int]
    bundles: array[int]

    @classmethod
    def none(cls, seen: _SeenLogs) -> _FirstLines:
        zeros = (array("I", [0]) * len(marks) for marks in (seen.devices, seen.bundles))
        return cls(*zeros)


@dataclass(slots=True)
class _LogFileComparison:
    """One file, held against the ledger."""

    path: Path
    mapping: LogMapping
    books: BatchRecords
    book: ComparisonBuilder
    seen: _SeenLogs
    intact: bool
    executor: Executor | None
    lines: _FirstLines = field(init=False)
    outdated: SerialSummary = field(default_factory=SerialSummary)
    unknown_logs: CappedList[LogResult] = field(default_factory=kept_list)

    def compare(self) -> None:
        """Write down what differs."""
        self.lines = _FirstLines.none(self.seen)
        before = len(self.book.differences), self.book.differences.total
        try:
            with self.path.open("rb") as file:
                try:
                    self._compare_blocks(log_blocks(file), single=False)
                except NotOneLogPerLine:
                    # Not written as we write: what was found so far is forgotten, and the file read as what it is.
                    self.book.differences.truncate(*before)
                    self.seen.settle(keep=False)
                    self.lines, self.outdated, self.unknown_logs = (
                        _FirstLines.none(self.seen),
                        SerialSummary(),
                        kept_list(),
                    )
                    file.seek(0)
                    self._compare_any_json(file)
        except OSError as error:
            self.book.add_difference(f"can't be read: {from_os_error(error, 'reading', self.path).what}", self.path)
        self.seen.settle(keep=True)
        self._conclude_file()

    def _compare_blocks(self, pieces: Iterator[tuple[int, bytes]], *, single: bool) -> int:
        """Have the pieces read, and take what they say; how many lines are no logs."""
        shelf, broken = self.books.handle, 0
        jobs = (CompareLogsTask(shelf, self.mapping, text, line, single, self.intact) for line, text in pieces)
        for part, found in parallel.run(compare_log_block, jobs, self.executor):
            if found is None:
                raise NotOneLogPerLine
            if isinstance(found, TaskFailure):
                last = part.line + part.text.count(b"\n")
                self.book.add_difference(f"lines {part.line} to {last} were not compared: {found.reason}", self.path)
                broken += 1
                continue
            for one in found:
                if isinstance(one, tuple):
                    self._agrees(*one)
                elif isinstance(one, LogResult):
                    broken += not one.line
                    self._take(one)
                else:
                    self._take(compare_log(one, self.mapping, self.books, intact=self.intact))
        return broken

    def _compare_any_json(self, file: BinaryIO) -> None:
        """A document that has its logs not in lines of their own; or a broken one, line by line: a broken line costs
        itself."""
        try:
            for _ in read_logs(file, self.mapping, ""):
                pass
        except InputError as error:
            file.seek(0)
            if not self._compare_blocks(line_blocks(file), single=True):
                self.book.add_difference(f"{error.where.removeprefix(', ')}: {error.what}", self.path)
            return
        file.seek(0)
        for logs in chunked(read_logs(file, self.mapping, "")):
            look_up_logs(logs, self.books)
            for log in logs:
                self._take(compare_log(log, self.mapping, self.books, intact=self.intact))

    def _agrees(self, line: int, number: int) -> None:
        """A log that says what the ledger says."""
        lines, seen = (self.lines.devices, self.seen.devices) if number > 0 else (self.lines.bundles, self.seen.bundles)
        at = abs(number)
        if lines[at]:
            if number > 0:
                unit = self.books.unit_by_number(at)
                self._doubled(lines[at], line, unit.serial, unit.package)
            else:
                self._doubled(lines[at], line, self.books.serials_of(at), at)
            return
        lines[at] = line
        seen[at] = seen[at] or _SEEN_IN_THIS_FILE

    def _take(self, says: LogResult) -> None:
        """Any other log, and lines that are none."""
        if says.package is None and says.line:
            self.unknown_logs.add(says)
            return
        for what in says.wrong:
            self.book.add_difference(what, self.path, says.unit, says.package)
        if says.package is None:
            return
        lines, seen = (
            (self.lines.bundles, self.seen.bundles) if says.bundle else (self.lines.devices, self.seen.devices)
        )
        before = lines[says.number]
        if before and says.line:
            self._doubled(before, says.line, says.unit, says.package)
        elif says.outdated and not says.wrong:
            self.outdated.add(says.unit)
        lines[says.number] = before or says.line
        seen[says.number] = seen[says.number] or _SEEN_IN_THIS_FILE

    def _doubled(self, first: int, line: int, unit: str, package: int) -> None:
        where = f"lines {first} and {line}" if line != first else f"line {line} more than once"
        self.book.add_difference(f"stands in {where}", self.path, unit, package)

    def _conclude_file(self) -> None:
        """What is said of the file as a whole."""
        strangers = self.unknown_logs
        if strangers.total > 20 and not any(self.lines.devices) and not any(self.lines.bundles):
            what = f"none of its {strangers.total:,} logs names a unit of this batch; {strangers[0].wrong[-1]}"
            self.book.add_difference(what, self.path)
        else:
            for says in strangers:
                self.book.add_difference("; ".join(says.wrong), self.path, says.unit)
            self.book.differences.total += strangers.total - len(strangers)
        self.book.note_outdated(self.outdated, self.path)


def _conclude(
    book: ComparisonBuilder,
    books: BatchRecords,
    mapping: LogMapping,
    made: Sequence[Manifest],
    seen: _SeenLogs,
    here: set[str],
) -> None:
    """What should be there and is not: whole files in one line each, units and packages by name."""
    names = {name.rpartition("/")[2] for name in book.files}
    gone = [one for one in made if one.sha256 not in here and not (book.altered and one.file in names)]
    if not book.files.total:
        if made:
            book.add_difference(
                f"no control log was found, though the ledger knows of {len(made):,}, {made[-1].file} is one; "
                "name their folder with --folder"
            )
        else:
            book.add_note("no control log was found: none was made yet")
        return
    lost = {one.file: SerialSummary() for one in gone}
    silent = ComparisonBuilder(book.kind, book.folder)
    for unit in books.ledger.units.unseen(books.batch, seen.devices):
        if not unit.shippable or not unit.manifest:
            continue
        if unit.manifest in lost:
            lost[unit.manifest].add(unit.serial)
        else:
            silent.add_difference(
                "no control log here names it, though the ledger says so", unit.manifest, unit.serial, unit.package
            )
    for one in gone:
        some = lost.pop(one.file, SerialSummary())
        if some.count:
            book.add_difference(
                f"is not there, and no other holds {counted(some.count, 'unit')} of it: {some}", one.file
            )
        else:
            book.add_note("is not there; all its units stand in another", one.file)
    book.differences.extend(silent.differences)
    if books.batch.units_per_package > 1 and mapping.bundle and not gone:
        for packages in chunked(number for number in range(1, len(seen.bundles)) if not seen.bundles[number]):
            books.look_up(packages=packages)
            for package in packages:
                if books.may_leave(package) and all(unit.manifest for unit in books.units_of(package)):
                    book.add_difference("no bundle log here names it", "", books.serials_of(package), package)
    count, first = books.ledger.exports.units_lacking(books.batch.id, "manifest", SERIALS_NAMED)
    if count:
        book.add_note(f"{counted(count, 'unit')} in no control log yet: {SerialSummary(first, of=count)}")
