"""Control logs against the ledger: each log of each file, by the paths of the mapping."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.errors import BssError, InputError
from bss_mfg.export.jsonlist import members
from bss_mfg.export.mapping import LogMapping
from bss_mfg.export.readlogs import ReadLog, read_logs
from bss_mfg.export.sidecar import MAX_SIDECAR, Sidecar, read_sidecar, sidecar_path
from bss_mfg.files import read_bytes
from bss_mfg.ledger.exporting import Manifest
from bss_mfg.reconciling.books import Account, Books, Issued, Ledgered, counted, some
from bss_mfg.scan.diagnose import printable

MAX_FILE = 4 << 30
_HEAD, _TAIL = b'{"controlLogs":[', b"]}"
_WORDS = {
    "unit.serial": "serial", "unit.uuid": "Device UUID", "unit.mac": "MAC", "product.pid": "product id",
    "product.upc": "UPC", "product.ean": "EAN", "package.encrypted": "encrypted field",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogSays:
    """What is wrong with one log: `unit` and `package` name it as far as it can be told. `line` is 0 where no log could
    be read. `outdated`: right before a unit was scrapped or replaced."""

    line: int
    unit: str
    package: int | None
    bundle: bool
    wrong: tuple[str, ...] = ()
    outdated: bool = False


def compare_logs(data: bytes, mapping: LogMapping, books: Books, *, intact: bool) -> Iterator[LogSays]:
    """Hold every log of a file against the ledger. `intact`: the file is one that the ledger remembers, octet by octet,
    so that what it says of replaced units is outdated rather than wrong.

    A file that is no control log document is read line by line: a broken line costs itself.
    """
    broken: list[LogSays] = []
    try:
        for _ in members(data, ["controlLogs"], "", alone=True):
            pass
    except InputError as error:
        data, broken = _mended(data, error, books)
    yield from broken
    try:
        for log in read_logs(data, mapping, "") if data else ():
            yield _bundle(log, mapping, books) if log.kind == "bundle" else _device(log, mapping, books, intact)
    except InputError as error:
        yield LogSays(0, "", None, False, (f"{error.where.removeprefix(', ')}: {error.what}",))


def _mended(data: bytes, error: InputError, books: Books) -> tuple[bytes, list[LogSays]]:
    """The document of all lines that are logs, each in its line, and what was left out."""
    kept: list[bytes] = []
    broken: list[LogSays] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        log = line.strip().removesuffix(b",")
        try:
            good = log not in (b"", _HEAD, _TAIL) and bool(list(members(b"[" + log + b"]", [], "")))
        except InputError as reason:
            unit = books.unit_in(line)
            what = reason.what.removeprefix("is not the JSON that it should be: ")
            broken.append(
                LogSays(0, unit.serial if unit else "", unit.package if unit else None, False,
                        (f"line {number} is broken: {what}",))
            )  # fmt: skip
            good = False
        kept.append(log if good else b"")
    last = max((index for index, log in enumerate(kept) if log), default=-1)
    body = [log + b"," if log and index < last else log for index, log in enumerate(kept)]
    if not broken:
        broken = [LogSays(0, "", None, False, (f"{error.where.removeprefix(', ')}: {error.what}",))]
    return _HEAD + b"\n".join(body) + _TAIL, broken


def _device(log: ReadLog, mapping: LogMapping, books: Books, intact: bool) -> LogSays:
    unit = books.units.get(log.serial) or books.by_uuid.get(log.uuid.upper())
    if unit is None and (package := books.package_of_encrypted(log.encrypted)):
        unit = books.members[package][0] if len(books.members[package]) == 1 else None
    wrong = list(log.problems)
    if unit is None:
        where = books.elsewhere(log.serial) if log.serial else ""
        name = log.serial or log.uuid or log.mac
        wrong.append(f"line {log.line} names no unit of this batch: {where or printable(name, 60) or 'nothing'}")
        return LogSays(log.line, printable(log.serial, 60), None, False, tuple(wrong))
    outdated = not unit.current
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
    return LogSays(log.line, unit.serial, unit.package, False, tuple(wrong), outdated)


def _right(source: str, unit: Issued, books: Books) -> str:
    if source.startswith("product."):
        return books.batch.facts.get(source.removeprefix("product."), "")
    if source == "package.encrypted":
        return books.encrypted(unit.payload or "")
    return str(getattr(unit, source.removeprefix("unit.")))


def _shown(source: str, said: str, books: Books) -> str:
    """What a log says, or whose it is."""
    if not said:
        return "missing"
    owner = books.by_uuid.get(said) if source == "unit.uuid" else None
    if owner:
        return f"that of unit {owner.serial}"
    if source == "package.encrypted":
        package = books.package_of_encrypted(said)
        return f"that of package {package}, {books.serials(package)}" if package else "not that of its barcode"
    return f"{said[:60]!a}"


def _instead(source: str, right: str) -> str:
    return "" if source == "package.encrypted" else f", the ledger says {right or 'there is none'}"


def _bundle(log: ReadLog, mapping: LogMapping, books: Books) -> LogSays:
    known = [books.units[serial] for serial in log.serials if serial in books.units]
    wrong = list(log.problems)
    if not known:
        where = books.elsewhere(log.serials[0]) if log.serials else "it lists no serial"
        wrong.append(f"line {log.line} bundles no unit of this batch: {where or some(log.serials)}")
        return LogSays(log.line, some(log.serials), None, True, tuple(wrong))
    package = max((unit.package for unit in known), key=[unit.package for unit in known].count)
    now = tuple(unit.serial for unit in books.members[package])
    # In place of its successor a replaced unit is right for its time.
    inside = len(known) == len(log.serials) == len(now) and all(unit.package == package for unit in known)
    outdated = not books.leaving(package) or (inside and any(unit.payload is None for unit in known))
    if log.serials != now and not (inside and outdated):
        wrong.append(f"it bundles {some(log.serials, 20)}, the ledger says {', '.join(now)}")
    for source in dict.fromkeys(entry.source for entry in mapping.bundle):
        if source.startswith("product.") and (said := log.values.get(source, "")) != (
            right := books.batch.facts.get(source.removeprefix("product."), "")
        ):
            wrong.append(f"the {_WORDS[source]} is {said[:60]!a}, the ledger says {right or 'there is none'}")
        if source == "package.encrypted" and not outdated:
            said = log.values.get(source, "")
            if said != books.encrypted(books.members[package][0].payload or ""):
                wrong.append(f"the encrypted field is {_shown(source, said, books)}")
    return LogSays(log.line, ", ".join(now), package, True, tuple(wrong), outdated)


def reconcile_control_logs(
    folder: Path, files: Sequence[Path], books: Books, mapping: LogMapping, made: Sequence[Manifest]
) -> Account:
    """All control logs of a batch that are among `files`; `made` are those that the ledger remembers."""
    book = Ledgered("control logs", folder)
    known = {one.sha256 for one in made}
    devices: set[str] = set()
    bundles: set[int] = set()
    here: set[str] = set()
    for path in _found(files, made):
        sidecar, standing = _sidecar(path, book, books)
        if sidecar and sidecar.batch != books.batch.id:
            continue
        try:
            data = read_bytes(path, "control log", MAX_FILE)
        except BssError as error:
            book.differs(f"can't be read: {error.what}", path)
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        here.add(sha256)
        book.files.append(book.name(path))
        if sha256 not in known:
            book.altered = True
            if standing:
                book.differs("the history knows nothing of it: it was altered with its sidecar, or not counted", path)
        _read(path, data, mapping, books, book, devices, bundles, intact=sha256 in known)
    _conclude(book, books, mapping, made, devices, bundles, here)
    return book.account(len(devices))


def _found(files: Sequence[Path], made: Sequence[Manifest]) -> list[Path]:
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


def _sidecar(path: Path, book: Ledgered, books: Books) -> tuple[Sidecar | None, bool]:
    """A file's sidecar, and whether the file is the one that it describes."""
    try:
        sidecar = read_sidecar(path)
    except BssError as error:
        missing = not sidecar_path(path).exists()
        problems = "; ".join(error.problems) or error.what
        book.differs("its sidecar is missing" if missing else f"not as its sidecar says: {problems}", path)
        return None, False
    if sidecar.batch != books.batch.id:
        book.differs(f"is a control log of batch {printable(sidecar.batch, 64)}", path)
    return sidecar, True


def _read(
    path: Path, data: bytes, mapping: LogMapping, books: Books, book: Ledgered, devices: set[str], bundles: set[int], *,
    intact: bool,
) -> None:  # fmt: skip
    """Hold the logs of one file against the ledger, and write down what differs."""
    outdated: list[str] = []
    lines: dict[str, int] = {}
    strangers: list[LogSays] = []
    for says in compare_logs(data, mapping, books, intact=intact):
        if says.package is None and says.line:
            strangers.append(says)
            continue
        name = f"bundle of {says.unit}" if says.bundle else says.unit
        for what in says.wrong:
            book.differs(what, path, says.unit, says.package)
        if says.unit and says.line and lines.setdefault(name, says.line) != says.line:
            book.differs(f"stands in lines {lines[name]} and {says.line}", path, says.unit, says.package)
        if says.outdated and not says.wrong:
            outdated.append(says.unit)
        if says.package is not None and says.bundle:
            bundles.add(says.package)
        elif says.package is not None:
            devices.add(says.unit)
    if len(strangers) > 20 and not lines:
        book.differs(f"none of its {len(strangers):,} logs names a unit of this batch; {strangers[0].wrong[-1]}", path)
    else:
        for says in strangers:
            book.differs("; ".join(says.wrong), path, says.unit)
    book.outdated(outdated, path)


def _conclude(
    book: Ledgered, books: Books, mapping: LogMapping, made: Sequence[Manifest], devices: set[str], bundles: set[int],
    here: set[str],
) -> None:  # fmt: skip
    """What should be there and is not: whole files in one line each, units and packages by name."""
    gone = [one for one in made if one.sha256 not in here and not (book.altered and one.file in _names(book))]
    if not book.files:
        if made:
            book.differs(
                f"no control log was found, though the ledger knows of {len(made):,}, {made[-1].file} is one; "
                "name their folder with --folder"
            )
        else:
            book.note("no control log was found: none was made yet")
        return
    silent = {unit.serial: unit for unit in books.units.values()
              if unit.current and unit.manifest and unit.serial not in devices}  # fmt: skip
    for one in gone:
        lost = [serial for serial, unit in silent.items() if unit.manifest == one.file]
        if lost:
            book.differs(f"is not there, and no other holds {counted(len(lost), 'unit')} of it: {some(lost)}", one.file)
        else:
            book.note("is not there; all its units stand in another", one.file)
        for serial in lost:
            del silent[serial]
    for unit in silent.values():
        book.differs("no control log here names it, though the ledger says so", str(unit.manifest), unit.serial,
                     unit.package)  # fmt: skip
    if books.batch.units_per_package > 1 and mapping.bundle and not gone:
        for package, units in books.members.items():
            if package not in bundles and books.leaving(package) and all(unit.manifest for unit in units):
                book.differs("no bundle log here names it", "", books.serials(package), package)
    if waiting := [unit.serial for unit in books.units.values() if unit.current and not unit.manifest]:
        book.note(f"{counted(len(waiting), 'unit')} in no control log yet: {some(waiting)}")


def _names(book: Ledgered) -> set[str]:
    return {name.rpartition("/")[2] for name in book.files}
