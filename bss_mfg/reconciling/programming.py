"""Programming files against the ledger: by their indexes, and those that the history names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.errors import BssError, InputError
from bss_mfg.export.programming.check import Expected, check_programmed
from bss_mfg.export.programming.formats import formats
from bss_mfg.export.programming.index import Index, IndexedFile, indexes
from bss_mfg.export.programming.layout import load_layout
from bss_mfg.export.programming.model import Format, Programmed
from bss_mfg.files import read_bytes, sha256_of
from bss_mfg.model import Event
from bss_mfg.reconciling.books import Account, Books, Ledgered, counted, some
from bss_mfg.scan.diagnose import printable

MAX_FILE = 4 << 30
SEALED = ".age"


@dataclass(frozen=True, slots=True)
class FileSays:
    """What was found in one programming file: (serial, what differs), the units that stand in it, and what kept it
    from being read, empty where nothing did."""

    differences: tuple[tuple[str, str], ...]
    units: tuple[str, ...]
    unreadable: str = ""


def compare_file(data: bytes, form: Format, named: str | None, books: Books, expected: Expected) -> FileSays:
    """Hold one file against the units. `named` is the serial that the file's index, or its name, says it is of."""
    try:
        found = form.read(data)
        wrong: list[tuple[str, str]] = []
    except InputError as error:
        where = f"{error.where}: " if error.where else ""
        found, wrong = _by_rows(data, form, books) if form.each == "batch" else ([], [])
        if not found:
            return FileSays(((named or "", f"{where}{error.what}"),), (), error.what)
        wrong = wrong or [("", f"{where}{error.what}")]
    units: dict[str, None] = {}
    if named is not None and len(found) != 1:
        wrong.append((named, f"{counted(len(found), 'unit')} in it, not one"))
    for one in found:
        serial = named or one.serial
        if serial is None:
            wrong.append(("", "nothing says which unit it is of"))
            continue
        if one.serial not in (None, serial):
            wrong.append((serial, f"the serial in it is {one.serial}"))
        if serial in units:
            wrong.append((serial, "stands in it more than once"))
        if serial not in books.units and (where := books.elsewhere(serial)):
            wrong.append((serial, where))
        wrong += ((serial, difference.text) for difference in check_programmed(one, serial, None, expected))
        units[serial] = None
    return FileSays(tuple(wrong), tuple(units))


def reconcile_programming(
    folder: Path, files: Sequence[Path], books: Books, expected: Expected, events: Sequence[Event], *, keys: bool
) -> Account:
    """All programming files of a batch that are among `files`. `events` are its releases; without `keys` only UUIDs
    are compared: the batch is retired."""
    book = Ledgered("programming", folder)
    seen: set[str] = set()
    whole, sealed = True, 0
    indexed: set[Path] = set()
    for path, index in indexes(folder):
        indexed.update(path.with_name(item.file) for item in index.files)
        if index.batch != books.batch.id:
            book.differs(f"an index of programming files of batch {printable(index.batch, 64)}", path)
            continue
        if index.sealed_to:
            sealed += 1
            _sealed(book, path, index)
            continue
        form = _format(folder, index)
        if form is None:
            what = f"{counted(len(index.files), 'file')} made with a layout file that is not in the folder: not read"
            book.note(
                what if index.layout else f"of an unknown format: {printable(index.programming_format, 20)}", path
            )
            whole = False
            continue
        said = [_one(book, path.with_name(item.file), item, form, books, expected) for item in index.files]
        read = [says for says in said if says and not says.unreadable]
        seen.update(serial for says in read for serial in says.units)
        if len(read) < len(said):
            whole = False
        elif (told := sum(len(says.units) for says in read)) != index.units:
            book.altered = True
            book.differs(f"the index says {counted(index.units, 'unit')}, the files hold {told:,}", path)
    for path, form, serial in _without_index(files, indexed, events, books):
        if path.name.endswith(SEALED):
            book.note("sealed, not read, and its index is missing", path)
            sealed += 1
            continue
        book.differs("its index is missing", path, serial or "")
        says = _one(
            book, path, IndexedFile(file=path.name, sha256=sha256_of(path), serial=serial), form, books, expected
        )
        seen.update(says.units if says else ())
        whole = whole and says is not None and not says.unreadable
    _conclude(book, books, seen, events, strict=whole and not sealed, keys=keys)
    return book.account(len(seen & books.units.keys()))


def _one(
    book: Ledgered, path: Path, item: IndexedFile, form: Format, books: Books, expected: Expected
) -> FileSays | None:
    """Read one file and write down what it says; None where it is not there."""
    if not path.is_file():
        book.note("is not there any more, though its index names it", path)
        return None
    try:
        data = read_bytes(path, "programming file", MAX_FILE)
    except BssError as error:
        book.differs(f"can't be read: {error.what}", path, item.serial or "")
        return None
    book.files.append(book.name(path))
    if hashlib.sha256(data).hexdigest() != item.sha256:
        book.altered = True
        book.differs("was altered: another SHA-256 than its index says", path, item.serial or "")
    says = compare_file(data, form, item.serial, books, expected)
    for serial, what in says.differences:
        unit = books.units.get(serial)
        book.differs(what, path, serial, unit.package if unit else None)
    book.outdated((serial for serial in says.units if serial in books.units and not books.units[serial].current), path)
    return says


def _sealed(book: Ledgered, path: Path, index: Index) -> None:
    """Of sealed files only the SHA-256 can be compared."""
    for item in index.files:
        file = path.with_name(item.file)
        if file.is_file() and sha256_of(file) != item.sha256:
            book.differs("was altered: another SHA-256 than its index says", file, item.serial or "")
    book.note(f"{counted(len(index.files), 'file')} sealed, not read: only the SHA-256 was compared", path)


def _format(folder: Path, index: Index) -> Format | None:
    """The format of an index; one of an own layout needs that layout in the folder."""
    if not index.layout:
        return formats().get(index.programming_format)
    for path in sorted(folder.rglob("*.toml")):
        if sha256_of(path) == index.layout:
            return formats(load_layout(path)).get(index.programming_format)
    return None


def _without_index(
    files: Sequence[Path], indexed: set[Path], events: Sequence[Event], books: Books
) -> list[tuple[Path, Format, str | None]]:
    """Files that no index names, but the history does: (path, format, serial where a file holds one unit)."""
    known = formats()
    whole: Mapping[str, str] = {str(one.data["file"]): str(one.data["format"]) for one in events if "file" in one.data}
    single = {known[name].suffix: known[name] for one in events if (name := str(one.data["format"])) in known}
    found: list[tuple[Path, Format, str | None]] = []
    for path in files:
        if path in indexed:
            continue
        if path.name in whole and whole[path.name] in known:
            found.append((path, known[whole[path.name]], None))
            continue
        name = path.name.removesuffix(SEALED)
        for suffix, form in single.items():
            if form.each == "unit" and name.endswith(suffix) and (serial := name.removesuffix(suffix)) in books.units:
                found.append((path, form, serial))
    return found


def _conclude(
    book: Ledgered, books: Books, seen: set[str], events: Sequence[Event], *, strict: bool, keys: bool
) -> None:
    """What is not there. A unit that is in no file is a difference only where a file was altered: keys may well have
    been released to another folder, and files are deleted once a batch is flashed."""
    if not book.files:
        what = "the keys were released elsewhere, or the files deleted" if events else "no key was released yet"
        book.note(f"no programming file was found: {what}")
        return
    if not keys:
        book.note("the batch is retired and its keys are destroyed: Device UUIDs were compared, keys can't be")
    absent = [unit for unit in books.units.values() if unit.current and unit.released and unit.serial not in seen]
    if strict and book.altered:
        for unit in absent:
            book.differs("is in no programming file, though its key was released", "", unit.serial, unit.package)
    elif absent:
        book.note(
            f"{counted(len(absent), 'unit')} with released keys in no file here: {some(u.serial for u in absent)}"
        )
    if waiting := [unit.serial for unit in books.units.values() if unit.current and not unit.released]:
        book.note(f"{counted(len(waiting), 'unit')} with keys that were never released: {some(waiting)}")


def _by_rows(data: bytes, form: Format, books: Books) -> tuple[list[Programmed], list[tuple[str, str]]]:
    """A broken file of many units, each row read on its own: what the good rows say, and what is wrong with the bad."""
    head, *rows = data.splitlines(keepends=True) or [b""]
    if form.name != "csv":
        head, rows = b"", [head, *rows]
    good: list[Programmed] = []
    bad: list[tuple[str, str]] = []
    for number, row in enumerate(rows, 2 if head else 1):
        try:
            good += form.read(head + row)
        except InputError as error:
            unit = books.unit_in(row)
            bad.append((unit.serial if unit else "", f"row {number}: {error.what}"))
    return good, bad
