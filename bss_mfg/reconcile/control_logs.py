"""Control logs against the ledger: each log of each file, by the paths of the mapping."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bss_mfg.core import parallel
from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.files import sha256_of
from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.ranges import chunked
from bss_mfg.core.text import count_words, printable
from bss_mfg.errors import BssError, InputError, from_os_error
from bss_mfg.ledger.exports import Manifest
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.manifest.log_reader import read_logs
from bss_mfg.manifest.sidecar import Sidecar, parse_sidecar, read_sidecar, sidecar_path
from bss_mfg.reconcile.batch_records import BatchRecords
from bss_mfg.reconcile.comparison import (
    SERIALS_NAMED,
    Comparison,
    ComparisonBuilder,
    FileKind,
    SerialSummary,
    new_capped_list,
)
from bss_mfg.reconcile.control_log_tasks import (
    CompareLogsTask,
    LineBlock,
    LogResult,
    MatchingLog,
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
    records: BatchRecords,
    mapping: LogMapping,
    recorded: Sequence[Manifest],
    executor: Executor | None = None,
) -> Comparison:
    """All control logs of a batch that are among `files`; `recorded` are those that the ledger knows."""
    comparison = ComparisonBuilder(FileKind.CONTROL_LOGS, folder)
    known = {log.sha256 for log in recorded}
    seen = _SeenLogs.empty(records)
    here: set[str] = set()
    for path in _control_logs_among(files, recorded):
        sidecar, is_described = _sidecar(path, comparison, records)
        if sidecar and sidecar.batch != records.batch.id:
            continue
        try:
            sha256 = sha256_of(path)
        except BssError as error:
            comparison.add_difference(f"can't be read: {error.what}", path)
            continue
        here.add(sha256)
        comparison.files.add(comparison.relative_name(path))
        if sha256 not in known:
            comparison.altered = True
            if is_described:
                comparison.add_difference(
                    "the history has no record of it: it was altered with its sidecar, or not recorded", path
                )
        _LogFileComparison(path, mapping, records, comparison, seen, sha256 in known, executor).compare()
    _Conclusion(comparison, records, mapping, recorded, seen, frozenset(here)).add_all()
    return comparison.finish(seen.devices.count(1))


def _control_logs_among(files: Sequence[Path], recorded: Sequence[Manifest]) -> list[Path]:
    """Control logs by their names, by the ledger's, and by their sidecars."""
    names = {log.file for log in recorded}
    found = {
        path
        for path in files
        if path.name in names or (path.name.startswith("C_CONTROL_LOG_") and path.suffix == ".txt")
    }
    for path in files:
        if path.suffix == ".json" and (log := path.with_suffix("")) not in found and log.is_file():
            try:
                parse_sidecar(path)
            except (ValueError, BssError):
                continue
            found.add(log)
    return sorted(found)


class _CheckedSidecar(NamedTuple):
    """A file's sidecar, and whether the file is the one that it describes."""

    sidecar: Sidecar | None
    describes_file: bool


def _sidecar(path: Path, comparison: ComparisonBuilder, records: BatchRecords) -> _CheckedSidecar:
    try:
        sidecar = read_sidecar(path)
    except BssError as error:
        missing = not sidecar_path(path).exists()
        problems = "; ".join(error.problems) or error.what
        comparison.add_difference("its sidecar is missing" if missing else f"not as its sidecar says: {problems}", path)
        return _CheckedSidecar(None, False)
    if sidecar.batch != records.batch.id:
        comparison.add_difference(f"is a control log of batch {printable(sidecar.batch, 64)}", path)
    return _CheckedSidecar(sidecar, True)


MOST_UNKNOWN_LOGS = 20
"""A file with more logs of other batches, and none of this one, is one difference."""
_SEEN_IN_THIS_FILE = 2
"""Seen first in the file that is being read."""


@dataclass(slots=True)
class _SeenLogs:
    """What all files hold: a one at the number of each unit with a device log, of each package with a bundle log."""

    devices: bytearray
    bundles: bytearray

    @classmethod
    def empty(cls, records: BatchRecords) -> _SeenLogs:
        many = records.batch.units_per_package > 1
        return cls(
            records.ledger.units.seen_flags(records.batch.id), bytearray(records.batch.packages + 1 if many else 0)
        )

    def end_file(self, *, keep: bool) -> None:
        """Count what a file has shown first as seen; or, where it is read again, as not seen yet."""
        table = bytes((0, 1, int(keep), *range(3, 256)))
        self.devices = self.devices.translate(table)
        self.bundles = self.bundles.translate(table)


@dataclass(slots=True)
class _FirstLines:
    """The first line of a file that names each unit, and each bundle by its package; 0 for none."""

    devices: array[int]
    bundles: array[int]

    @classmethod
    def empty(cls, seen: _SeenLogs) -> _FirstLines:
        zeros = (array("I", [0]) * len(marks) for marks in (seen.devices, seen.bundles))
        return cls(*zeros)


@dataclass(slots=True)
class _LogFileComparison:
    """One file, compared with the ledger."""

    path: Path
    mapping: LogMapping
    records: BatchRecords
    comparison: ComparisonBuilder
    seen: _SeenLogs
    intact: bool
    executor: Executor | None
    lines: _FirstLines = field(init=False)
    outdated: SerialSummary = field(default_factory=SerialSummary)
    unknown_logs: CappedList[LogResult] = field(default_factory=new_capped_list)

    def compare(self) -> None:
        """Keep what differs."""
        self.lines = _FirstLines.empty(self.seen)
        before = len(self.comparison.differences), self.comparison.differences.total
        try:
            with self.path.open("rb") as file:
                try:
                    self._compare_blocks(log_blocks(file), single=False)
                except NotOneLogPerLine:
                    # Not written as we write: what was found so far is forgotten, and the file read as what it is.
                    self.comparison.differences.truncate(*before)
                    self.seen.end_file(keep=False)
                    self.lines = _FirstLines.empty(self.seen)
                    self.outdated, self.unknown_logs = SerialSummary(), new_capped_list()
                    file.seek(0)
                    self._compare_any_json(file)
        except OSError as error:
            self.comparison.add_difference(
                f"can't be read: {from_os_error(error, 'reading', self.path).what}", self.path
            )
        self.seen.end_file(keep=True)
        self._conclude_file()

    def _compare_blocks(self, blocks: Iterator[LineBlock], *, single: bool) -> int:
        """Have blocks compared, and keep what was found; how many lines hold no log."""
        handle, broken = self.records.handle, 0
        tasks = (CompareLogsTask(handle, self.mapping, text, line, single, self.intact) for line, text in blocks)
        for task, replies in parallel.run(compare_log_block, tasks, self.executor):
            if replies is None:
                raise NotOneLogPerLine
            if isinstance(replies, TaskFailure):
                last = task.line + task.text.count(b"\n")
                self.comparison.add_difference(
                    f"lines {task.line} to {last} were not compared: {replies.reason}", self.path
                )
                broken += 1
                continue
            for reply in replies:
                if isinstance(reply, MatchingLog):
                    self._add_matching(reply)
                elif isinstance(reply, LogResult):
                    broken += not reply.line
                    self._add_result(reply)
                else:
                    self._add_result(compare_log(reply, self.mapping, self.records, intact=self.intact))
        return broken

    def _compare_any_json(self, file: BinaryIO) -> None:
        """A document with other line breaks; or a broken one, line by line: a broken line costs no other."""
        try:
            for _ in read_logs(file, self.mapping, ""):
                pass
        except InputError as error:
            file.seek(0)
            if not self._compare_blocks(line_blocks(file), single=True):
                where = f"line {error.line}: " if error.line else ""
                self.comparison.add_difference(f"{where}{error.what}", self.path)
            return
        file.seek(0)
        for logs in chunked(read_logs(file, self.mapping, "")):
            look_up_logs(logs, self.records)
            for log in logs:
                self._add_result(compare_log(log, self.mapping, self.records, intact=self.intact))

    def _lines_and_marks(self, *, bundle: bool) -> tuple[array[int], bytearray]:
        """The first lines, and the marks of what was seen, of bundle logs or of device logs."""
        return (self.lines.bundles, self.seen.bundles) if bundle else (self.lines.devices, self.seen.devices)

    def _add_matching(self, log: MatchingLog) -> None:
        """A log that agrees with the ledger."""
        line, number, bundle = log
        lines, seen = self._lines_and_marks(bundle=bundle)
        if not lines[number]:
            lines[number] = line
            seen[number] = seen[number] or _SEEN_IN_THIS_FILE
        elif bundle:
            self._add_doubled(lines[number], line, self.records.serials_of(number), number)
        else:
            unit = self.records.unit_by_number(number)
            self._add_doubled(lines[number], line, unit.serial, unit.package)

    def _add_result(self, result: LogResult) -> None:
        """Any other log, and lines that hold none."""
        if result.package is None and result.line:
            self.unknown_logs.add(result)
            return
        for what in result.wrong:
            self.comparison.add_difference(what, self.path, result.unit, result.package)
        if result.package is None:
            return
        lines, seen = self._lines_and_marks(bundle=result.bundle)
        before = lines[result.number]
        if before and result.line:
            self._add_doubled(before, result.line, result.unit, result.package)
        elif result.outdated and not result.wrong:
            self.outdated.add(result.unit)
        lines[result.number] = before or result.line
        seen[result.number] = seen[result.number] or _SEEN_IN_THIS_FILE

    def _add_doubled(self, first: int, line: int, unit: str, package: int) -> None:
        where = f"lines {first} and {line}" if line != first else f"line {line} more than once"
        self.comparison.add_difference(f"is in {where}", self.path, unit, package)

    def _conclude_file(self) -> None:
        """What is said of the file as a whole."""
        unknown = self.unknown_logs
        if unknown.total > MOST_UNKNOWN_LOGS and not any(self.lines.devices) and not any(self.lines.bundles):
            what = f"none of its {unknown.total:,} logs names a unit of this batch; {unknown[0].wrong[-1]}"
            self.comparison.add_difference(what, self.path)
        else:
            for result in unknown:
                self.comparison.add_difference("; ".join(result.wrong), self.path, result.unit)
            self.comparison.differences.total += unknown.omitted
        self.comparison.note_outdated(self.outdated, self.path)


@dataclass(frozen=True, slots=True)
class _Conclusion:
    """What should be there and is not: whole files in one line each, units and packages by name. `here` are the
    SHA-256 of the files that were read."""

    comparison: ComparisonBuilder
    records: BatchRecords
    mapping: LogMapping
    recorded: Sequence[Manifest]
    seen: _SeenLogs
    here: frozenset[str]

    def add_all(self) -> None:
        """Keep all that is missing."""
        if not self.comparison.files.total:
            self._add_no_file()
            return
        missing = self._missing_files()
        self._add_missing_units(missing)
        if self.records.batch.units_per_package > 1 and self.mapping.bundle and not missing:
            self._add_missing_bundles()
        self._note_unlisted()

    def _add_no_file(self) -> None:
        if self.recorded:
            newest = self.recorded[-1].file
            self.comparison.add_difference(
                f"no control log was found, though the ledger knows of {len(self.recorded):,}, {newest} is one; "
                "name their folder with --folder"
            )
        else:
            self.comparison.add_note("no control log was found: none was made yet")

    def _missing_files(self) -> list[Manifest]:
        """The recorded files that are not there, but for those whose name an altered file has."""
        names = {name.rpartition("/")[2] for name in self.comparison.files}
        return [
            log
            for log in self.recorded
            if log.sha256 not in self.here and not (self.comparison.altered and log.file in names)
        ]

    def _add_missing_units(self, missing: Sequence[Manifest]) -> None:
        """Units that the ledger has in a control log and no file here names: by their file if that is missing, else
        singly."""
        lost = {log.file: SerialSummary() for log in missing}
        unnamed = ComparisonBuilder(self.comparison.kind, self.comparison.folder)
        for unit in self.records.ledger.units.units_not_seen(self.records.batch, self.seen.devices):
            if not unit.shippable or not unit.manifest:
                continue
            if unit.manifest in lost:
                lost[unit.manifest].add(unit.serial)
            else:
                what = "no control log here names it, though the ledger says so"
                unnamed.add_difference(what, unit.manifest, unit.serial, unit.package)
        for log in missing:
            serials = lost.pop(log.file, SerialSummary())
            if serials.count:
                units = count_words(serials.count, "unit")
                self.comparison.add_difference(f"is not there, and no other holds {units} of it: {serials}", log.file)
            else:
                self.comparison.add_note("is not there; all its units are in another", log.file)
        self.comparison.differences.extend(unnamed.differences)

    def _add_missing_bundles(self) -> None:
        records, bundles = self.records, self.seen.bundles
        for packages in chunked(number for number in range(1, len(bundles)) if not bundles[number]):
            records.look_up(packages=packages)
            for package in packages:
                if records.may_leave(package) and all(unit.manifest for unit in records.units_of(package)):
                    self.comparison.add_difference(
                        "no bundle log here names it", "", records.serials_of(package), package
                    )

    def _note_unlisted(self) -> None:
        count, first = self.records.ledger.exports.units_lacking(self.records.batch.id, "manifest", SERIALS_NAMED)
        if count:
            self.comparison.add_note(
                f"{count_words(count, 'unit')} in no control log yet: {SerialSummary(first, of=count)}"
            )
