"""Pieces of control logs, each held against the ledger as a part; and one log judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from bss_mfg.core.text import printable
from bss_mfg.errors import InputError
from bss_mfg.ledger.units import UnitRecord
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.manifest.log_reader import ReadLog, read_log_lines
from bss_mfg.reconcile.batch_records import BatchRecords, RecordsHandle
from bss_mfg.reconcile.comparison import SerialSummary

BLOCK_BYTES = 1 << 18
"""Octets of whole lines in a part: some hundreds of logs."""
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
    one that the ledger remembers, octet by octet, so that what it says of replaced units is outdated, not wrong."""

    shelf: RecordsHandle
    mapping: LogMapping
    text: bytes
    line: int
    single: bool
    intact: bool


@dataclass(frozen=True, slots=True)
class LogResult:
    """What is wrong with one log: `unit`, by serial, and `package` name it as far as it can be told; `number` is the
    unit's, or of a bundle the package's. `line` is 0 where no log could be read. `outdated`: right before a unit was
    scrapped or replaced."""

    line: int
    unit: str
    number: int
    package: int | None
    bundle: bool
    wrong: tuple[str, ...] = ()
    outdated: bool = False


LogReply = tuple[int, int] | LogResult | ReadLog
"""A log that says what the ledger says: its line and the number of its unit, or of its package, negative. One that is
outdated, or a line that is no log. Any other log as it is: only the parent judges those, as it may take long."""


def log_blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """A file's pieces with the number of their first line: each the text of some logs, without the comma between two
    pieces. `NotByLines`, if need be at the end, where the pieces are no whole list."""
    if file.readline(len(_HEAD) + 2).strip() != _HEAD:
        raise NotOneLogPerLine
    line, comma = 2, True
    kept: list[bytes] = []
    while lines := file.readlines(BLOCK_BYTES):
        lines = kept + lines
        # The last line that is not blank may be the tail.
        last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), 0)
        some, kept = lines[:last], lines[last:]
        text = b"".join(some).strip()
        if text:
            if not comma:
                raise NotOneLogPerLine
            comma = text.endswith(b",")
            yield line, b"".join(some).rstrip().removesuffix(b",")
        line += len(some)
    if b"".join(kept).strip() != _TAIL or (comma and line > 2):
        raise NotOneLogPerLine


def line_blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """A file's lines in pieces, with the number of the first."""
    line = 1
    while lines := file.readlines(BLOCK_BYTES):
        yield line, b"".join(lines)
        line += len(lines)


def compare_log_block(task: CompareLogsTask) -> list[LogReply] | None:
    """What the logs of a part say; None where it is not the text of whole logs."""
    with task.shelf.open() as books:
        if task.single:
            found = _read_line_by_line(task, books)
        else:
            try:
                found = list(read_log_lines(task.text, task.mapping, task.line))
            except InputError:
                return None
        look_up_logs([one for one in found if isinstance(one, ReadLog)], books)
        return [one if isinstance(one, LogResult) else _said(one, task, books) for one in found]


def _said(log: ReadLog, part: CompareLogsTask, books: BatchRecords) -> LogReply:
    says = compare_log(log, part.mapping, books, intact=part.intact)
    if says.wrong:
        return log
    return says if says.outdated else (log.line, -says.number if says.bundle else says.number)


def _read_line_by_line(part: CompareLogsTask, books: BatchRecords) -> list[ReadLog | LogResult]:
    found: list[ReadLog | LogResult] = []
    for number, line in enumerate(part.text.split(b"\n"), part.line):
        log = line.strip().removesuffix(b",")
        if log in (b"", _HEAD, _TAIL):
            continue
        try:
            found += read_log_lines(log, part.mapping, number)
        except InputError as reason:
            unit = books.unit_named_in(line)
            what = f"line {number} is broken: {reason.what.removeprefix('is not the JSON that it should be: ')}"
            says = LogResult(0, "", 0, None, False, (what,))
            found.append(replace(says, unit=unit.serial, number=unit.number, package=unit.package) if unit else says)
    return found


def look_up_logs(logs: Sequence[ReadLog], books: BatchRecords) -> None:
    """Fetch what some logs name."""
    serials = [log.serial for log in logs if log.kind == "device"]
    bundled = [serial for log in logs if log.kind == "bundle" for serial in log.serials]
    books.look_up((*serials, *bundled), (log.uuid.upper() for log in logs if log.kind == "device"))
    books.look_up_packages({unit.package for serial in bundled if (unit := books.unit(serial))})


def compare_log(log: ReadLog, mapping: LogMapping, books: BatchRecords, *, intact: bool) -> LogResult:
    """One log held against the ledger."""
    return (
        _compare_bundle_log(log, mapping, books)
        if log.kind == "bundle"
        else _compare_device_log(log, mapping, books, intact)
    )


def _compare_device_log(log: ReadLog, mapping: LogMapping, books: BatchRecords, intact: bool) -> LogResult:
    unit = books.unit(log.serial) or books.unit_of_uuid(log.uuid.upper())
    if unit is None and (package := books.package_of_encrypted(log.encrypted)):
        unit = books.units_of(package)[0] if len(books.units_of(package)) == 1 else None
    wrong = list(log.problems)
    if unit is None:
        where = books.other_batch_words(log.serial) if log.serial else ""
        name = log.serial or log.uuid or log.mac
        wrong.append(f"line {log.line} names no unit of this batch: {where or printable(name, 60) or 'nothing'}")
        return LogResult(log.line, printable(log.serial, 60), 0, None, False, tuple(wrong))
    outdated = not unit.shippable
    for source in dict.fromkeys(entry.source for entry in mapping.device):
        if source not in _WORDS or (source == "package.encrypted" and unit.payload is None):
            continue
        said, right = log.values.get(source, ""), _right(source, unit, books)
        if said == right:
            continue
        if source == "package.encrypted" and unit.revision > 1 and intact:
            outdated = True
            continue
        wrong.append(f"the {_WORDS[source]} is {_shown(source, said, books)}" + _instead(source, right))
    return LogResult(log.line, unit.serial, unit.number, unit.package, False, tuple(wrong), outdated)


def _right(source: str, unit: UnitRecord, books: BatchRecords) -> str:
    if source.startswith("product."):
        return books.batch.facts.get(source.removeprefix("product."), "")
    if source == "package.encrypted":
        return books.encrypted_field(unit.payload or "")
    return str(getattr(unit, source.removeprefix("unit.")))


def _shown(source: str, said: str, books: BatchRecords) -> str:
    """What a log says, or whose it is."""
    if not said:
        return "missing"
    owner = books.unit_of_uuid(said) if source == "unit.uuid" else None
    if owner:
        return f"that of unit {owner.serial}"
    if source == "package.encrypted":
        package = books.package_of_encrypted(said)
        return f"that of package {package}, {books.serials_of(package)}" if package else "not that of its barcode"
    return f"{said[:60]!a}"


def _instead(source: str, right: str) -> str:
    return "" if source == "package.encrypted" else f", the ledger says {right or 'there is none'}"


def _compare_bundle_log(log: ReadLog, mapping: LogMapping, books: BatchRecords) -> LogResult:
    known = [unit for serial in log.serials if (unit := books.unit(serial))]
    wrong = list(log.problems)
    if not known:
        where = books.other_batch_words(log.serials[0]) if log.serials else "it lists no serial"
        wrong.append(f"line {log.line} bundles no unit of this batch: {where or SerialSummary(log.serials)}")
        return LogResult(log.line, str(SerialSummary(log.serials)), 0, None, True, tuple(wrong))
    package = max((unit.package for unit in known), key=[unit.package for unit in known].count)
    now = tuple(unit.serial for unit in books.units_of(package))
    # In place of its successor a replaced unit is right for its time.
    inside = len(known) == len(log.serials) == len(now) and all(unit.package == package for unit in known)
    outdated = not books.may_leave(package) or (inside and any(unit.payload is None for unit in known))
    if log.serials != now and not (inside and outdated):
        wrong.append(f"it bundles {SerialSummary(log.serials, 20)}, the ledger says {', '.join(now)}")
    for source in dict.fromkeys(entry.source for entry in mapping.bundle):
        if source.startswith("product.") and (said := log.values.get(source, "")) != (
            right := books.batch.facts.get(source.removeprefix("product."), "")
        ):
            wrong.append(f"the {_WORDS[source]} is {said[:60]!a}, the ledger says {right or 'there is none'}")
        if source == "package.encrypted" and not outdated:
            said = log.values.get(source, "")
            if said != books.encrypted_field(books.units_of(package)[0].payload or ""):
                wrong.append(f"the encrypted field is {_shown(source, said, books)}")
    return LogResult(log.line, ", ".join(now), package, package, True, tuple(wrong), outdated)
