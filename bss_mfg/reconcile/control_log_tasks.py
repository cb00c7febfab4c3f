"""Blocks of control logs compared with the ledger, each by a task; and the comparison of one log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple

from bss_mfg.core.text import printable
from bss_mfg.errors import InputError
from bss_mfg.ledger.units import UnitRecord
from bss_mfg.manifest.json_stream import JsonError
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.manifest.log_reader import LogKind, ReadLog, read_log_lines
from bss_mfg.reconcile.batch_records import BatchRecords, RecordsHandle
from bss_mfg.reconcile.comparison import SerialSummary

BLOCK_BYTES = 1 << 18
"""Bytes of whole lines in a task: some hundreds of logs."""
_HEAD, _TAIL = b'{"controlLogs":[', b"]}"
_WORDS = {
    "unit.serial": "serial",
    "unit.uuid": "Device UUID",
    "unit.mac": "MAC",
    "product.pid": "product id",
    "product.upc": "UPC",
    "product.ean": "EAN",
    "package.encrypted": "encrypted field",
}


class NotOneLogPerLine(Exception):  # noqa: N818  (nothing is wrong with such a file)
    """A file is not written as we write: whole logs in each line, between a head and a tail."""


@dataclass(frozen=True, slots=True)
class CompareLogsTask:
    """Lines of a file from `line` on. `single`: the file is broken, and each line is read on its own. `intact`: it is
    one that the ledger recorded, byte by byte, so that what it says of replaced units is outdated, not wrong."""

    handle: RecordsHandle
    mapping: LogMapping
    text: bytes
    line: int
    single: bool
    intact: bool


@dataclass(frozen=True, slots=True)
class LogResult:
    """What is wrong with one log: `unit`, by serial, and `package` name it where that is known; `number` is the unit's,
    or of a bundle the package's. `line` is 0 where no log could be read. `outdated`: right before a unit was scrapped
    or replaced."""

    line: int
    unit: str
    number: int
    package: int | None
    bundle: bool
    wrong: tuple[str, ...] = ()
    outdated: bool = False


class MatchingLog(NamedTuple):
    """A log that agrees with the ledger: its line, and the number of its unit, or of its package if it is a bundle."""

    line: int
    number: int
    bundle: bool


LogReply = MatchingLog | LogResult | ReadLog
"""What a task says of a log: it agrees; it is outdated, or its line is no log; any other log is given as it is, for the
parent to compare: that may need a walk through the batch."""


class LineBlock(NamedTuple):
    """Some bytes of a file, and the number of their first line."""

    line: int
    data: bytes


def log_blocks(file: BinaryIO) -> Iterator[LineBlock]:
    """A file in blocks: each the text of some logs, without the comma between two blocks. `NotOneLogPerLine`, possibly
    at the end, where the blocks are no whole list."""
    if file.readline(len(_HEAD) + 2).strip() != _HEAD:
        raise NotOneLogPerLine
    line, comma = 2, True
    kept: list[bytes] = []
    while lines := file.readlines(BLOCK_BYTES):
        lines = kept + lines
        # The last line that is not blank may be the tail.
        last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), 0)
        complete, kept = lines[:last], lines[last:]
        text = b"".join(complete)
        if text.strip():
            if not comma:
                raise NotOneLogPerLine
            comma = text.rstrip().endswith(b",")
            yield LineBlock(line, text.rstrip().removesuffix(b","))
        line += len(complete)
    if b"".join(kept).strip() != _TAIL or (comma and line > 2):
        raise NotOneLogPerLine


def line_blocks(file: BinaryIO) -> Iterator[LineBlock]:
    """A file's lines in blocks."""
    line = 1
    while lines := file.readlines(BLOCK_BYTES):
        yield LineBlock(line, b"".join(lines))
        line += len(lines)


def compare_log_block(task: CompareLogsTask) -> list[LogReply] | None:
    """What the logs of a task say; None where its text is not that of whole logs."""
    with task.handle.open() as records:
        if task.single:
            found = _read_line_by_line(task, records)
        else:
            try:
                found = list(read_log_lines(task.text, task.mapping, task.line))
            except InputError:
                return None
        look_up_logs([one for one in found if isinstance(one, ReadLog)], records)
        return [one if isinstance(one, LogResult) else _reply(one, task, records) for one in found]


def _reply(log: ReadLog, task: CompareLogsTask, records: BatchRecords) -> LogReply:
    result = compare_log(log, task.mapping, records, intact=task.intact)
    if result.wrong:
        return log
    return result if result.outdated else MatchingLog(log.line, result.number, result.bundle)


def _read_line_by_line(task: CompareLogsTask, records: BatchRecords) -> list[ReadLog | LogResult]:
    found: list[ReadLog | LogResult] = []
    for number, line in enumerate(task.text.split(b"\n"), task.line):
        log = line.strip().removesuffix(b",")
        if log in (b"", _HEAD, _TAIL):
            continue
        try:
            found += read_log_lines(log, task.mapping, number)
        except InputError as error:
            unit = records.unit_named_in(line)
            reason = error.reason if isinstance(error, JsonError) else error.what
            broken = LogResult(0, "", 0, None, False, (f"line {number} is broken: {reason}",))
            found.append(
                replace(broken, unit=unit.serial, number=unit.number, package=unit.package) if unit else broken
            )
    return found


def look_up_logs(logs: Sequence[ReadLog], records: BatchRecords) -> None:
    """Fetch what some logs name."""
    serials = [log.serial for log in logs if log.kind is LogKind.DEVICE]
    bundled = [serial for log in logs if log.kind is LogKind.BUNDLE for serial in log.serials]
    records.look_up((*serials, *bundled), (log.uuid.upper() for log in logs if log.kind is LogKind.DEVICE))
    records.look_up_packages({unit.package for serial in bundled if (unit := records.unit(serial))})


def compare_log(log: ReadLog, mapping: LogMapping, records: BatchRecords, *, intact: bool) -> LogResult:
    """One log compared with the ledger."""
    if log.kind is LogKind.BUNDLE:
        return _compare_bundle_log(log, mapping, records)
    return _compare_device_log(log, mapping, records, intact)


def _compare_device_log(log: ReadLog, mapping: LogMapping, records: BatchRecords, intact: bool) -> LogResult:
    unit = records.unit(log.serial) or records.unit_of_uuid(log.uuid.upper())
    if unit is None and (package := records.package_of_encrypted(log.encrypted)):
        unit = records.units_of(package)[0] if len(records.units_of(package)) == 1 else None
    wrong = list(log.problems)
    if unit is None:
        where = records.other_batch_words(log.serial) if log.serial else ""
        name = log.serial or log.uuid or log.mac
        wrong.append(f"line {log.line} names no unit of this batch: {where or printable(name, 60) or 'nothing'}")
        return LogResult(log.line, printable(log.serial, 60), 0, None, False, tuple(wrong))
    outdated = not unit.shippable
    for source in dict.fromkeys(entry.source for entry in mapping.device):
        if source not in _WORDS or (source == "package.encrypted" and unit.payload is None):
            continue
        value, right = log.values.get(source, ""), _ledger_value(source, unit, records)
        if value == right:
            continue
        if source == "package.encrypted" and unit.revision > 1 and intact:
            outdated = True
            continue
        wrong.append(f"the {_WORDS[source]} is {_value_words(source, value, records)}" + _ledger_words(source, right))
    return LogResult(log.line, unit.serial, unit.number, unit.package, False, tuple(wrong), outdated)


def _ledger_value(source: str, unit: UnitRecord, records: BatchRecords) -> str:
    if source.startswith("product."):
        return records.batch.facts.get(source.removeprefix("product."), "")
    if source == "package.encrypted":
        return records.encrypted_field(unit.payload or "")
    return str(getattr(unit, source.removeprefix("unit.")))


def _value_words(source: str, value: str, records: BatchRecords) -> str:
    """The value of a log, or whose it is."""
    if not value:
        return "missing"
    owner = records.unit_of_uuid(value) if source == "unit.uuid" else None
    if owner:
        return f"that of unit {owner.serial}"
    if source == "package.encrypted":
        package = records.package_of_encrypted(value)
        return f"that of package {package}, {records.serials_of(package)}" if package else "not that of its barcode"
    return f"{value[:60]!a}"


def _ledger_words(source: str, ledger_value: str) -> str:
    return "" if source == "package.encrypted" else f", the ledger says {ledger_value or 'there is none'}"


def _compare_bundle_log(log: ReadLog, mapping: LogMapping, records: BatchRecords) -> LogResult:
    known = [unit for serial in log.serials if (unit := records.unit(serial))]
    wrong = list(log.problems)
    if not known:
        where = records.other_batch_words(log.serials[0]) if log.serials else "it lists no serial"
        wrong.append(f"line {log.line} bundles no unit of this batch: {where or SerialSummary(log.serials)}")
        return LogResult(log.line, str(SerialSummary(log.serials)), 0, None, True, tuple(wrong))
    package = max((unit.package for unit in known), key=[unit.package for unit in known].count)
    now = tuple(unit.serial for unit in records.units_of(package))
    # In place of its successor a replaced unit is right for its time.
    only_its_units = len(known) == len(log.serials) == len(now) and all(unit.package == package for unit in known)
    outdated = not records.may_leave(package) or (only_its_units and any(unit.payload is None for unit in known))
    if log.serials != now and not (only_its_units and outdated):
        wrong.append(f"it bundles {SerialSummary(log.serials, 20)}, the ledger says {', '.join(now)}")
    for source in dict.fromkeys(entry.source for entry in mapping.bundle):
        if source.startswith("product.") and (value := log.values.get(source, "")) != (
            right := records.batch.facts.get(source.removeprefix("product."), "")
        ):
            wrong.append(f"the {_WORDS[source]} is {value[:60]!a}, the ledger says {right or 'there is none'}")
        if source == "package.encrypted" and not outdated:
            value = log.values.get(source, "")
            if value != records.encrypted_field(records.units_of(package)[0].payload or ""):
                wrong.append(f"the encrypted field is {_value_words(source, value, records)}")
    return LogResult(log.line, ", ".join(now), package, package, True, tuple(wrong), outdated)
