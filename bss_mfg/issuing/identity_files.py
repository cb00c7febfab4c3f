"""Identity files from an ERP or a module supplier: CSV or XLSX, read as text, every doubt refused by row.

A spreadsheet loses leading zeros and turns long numbers into 1.23E+11 before we see them; what still shows the damage
is refused with its row, nothing is guessed back.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import NamedTuple

from bss_mfg.core.read_tables import NO_OPTIONS, PassedOver, TableOptions, TableRows, open_table
from bss_mfg.core.text import UUID_TEXT, count_words, first_problems, has_control_characters, starts_formula
from bss_mfg.credentials import check_install_code, check_mac, check_new_serial, check_serial, is_rfc_uuid
from bss_mfg.errors import InputError, Location
from bss_mfg.model import Identity, ImportedIdentity
from bss_mfg.payload.spec import Spec, comparable_value

_ROUNDED = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+|[0-9]+[.,][0-9]+")
_SURELY_ROUNDED = re.compile(r"[0-9]+[.,][0-9]+([eE][+-]?[0-9]+)?|[0-9]+[eE][+-][0-9]+")
"""What only a spreadsheet writes: a PIN or an install code may well be 1234E567."""
_HEX = {
    "uuid": UUID_TEXT,
    "mac": re.compile(r"[0-9A-Fa-f]{12}([0-9A-Fa-f]{4})?"),
}
"""What is whole: 0012345678E9 is a MAC address, though it looks like a number that was rounded."""
_INSTALL_CODE = "install_code"
"""The column whose values carry a check sum, whatever spec asks for it."""
_COLUMNS = ("serial", "uuid", "mac")
_KEY_COLUMNS = ("oob_key", "oob_sha256")
_ISSUED_COLUMNS = (*_COLUMNS, *_KEY_COLUMNS)
_MOST_NAMED = 8
_FILE = "identities file"


def read_identities(
    path: Path, extra_columns: Sequence[str] = (), options: TableOptions = NO_OPTIONS, spec: Spec | None = None
) -> tuple[Identity, ...]:
    """The identities of a file, in its order; `InputError` names every bad row (at most eight).

    `extra_columns` are those that the product's spec asks for (`Spec.columns`). No message shows their values. The
    `spec` says which of them may come again.
    """
    return tuple(stream_identities(path, extra_columns, options, spec))


def stream_identities(
    path: Path, extra_columns: Sequence[str] = (), options: TableOptions = NO_OPTIONS, spec: Spec | None = None
) -> Iterator[Identity]:
    """The identities of a file of any size, in its order, one after another; `InputError` at its end names every bad
    row (at most eight), after the first of which nothing more is given.

    So a caller uses them up, or takes back what it did with them. Holds 8 bytes for each value, to find repeated ones:
    hashes that occur twice are looked up in a second reading, where the values themselves are compared.
    """
    return iter(IdentityFile(path, extra_columns, options, spec))


def _stream(file: IdentityFile) -> Iterator[Identity]:
    bad = _BadRows()
    hashes: dict[str, array[int]] = {}
    found = 0
    table = file.open()
    for _, identity in _identities(table, bad):
        found += 1
        for name, value in _values(identity, file.spec):
            hashes.setdefault(name, array("q")).append(hash(value))
        if not bad.count:
            yield identity
    suspects = {name: _repeated_hashes(some) for name, some in hashes.items()}
    if any(suspects.values()):
        _add_repeated(file, suspects, bad)
    if bad.count:
        named = [f"row {number} {what}" for number, what in sorted(bad.first)]
        raise InputError(
            "the identities can't be used",
            where=file.path,
            problems=first_problems(named, _MOST_NAMED, "rows", bad.count),
            way_out="Correct these rows (in a spreadsheet: format the columns as text before pasting). "
            + ("Where values may come again, the spec says so (`unique`). " if bad.brought else "")
            + "Nothing was issued.",
        )
    if not found:
        raise _no_rows(file.path)
    file.passed_over = table.passed_over


def _no_rows(path: Path) -> InputError:
    return InputError("has a header and no rows", where=path, way_out="Add one row per unit.")


class IdentityFile:
    """The identities of a file, read anew each time they are walked: of any size, in flat memory. The `spec` says which
    values may come again. `passed_over` says what was blank in it, once they were walked to the end."""

    def __init__(
        self,
        path: Path,
        extra_columns: Sequence[str] = (),
        options: TableOptions = NO_OPTIONS,
        spec: Spec | None = None,
    ) -> None:
        self.path, self.spec, self._extra_columns, self._options = path, spec, extra_columns, options
        self.passed_over = PassedOver()

    def __iter__(self) -> Iterator[Identity]:
        return _stream(self)

    def count(self) -> int:
        """How many identities it has; `InputError` as in walking them."""
        return sum(1 for _ in self)

    def open(self) -> TableRows:
        """Its table."""
        return open_table(self.path, (*_COLUMNS, *self._extra_columns), _FILE, self._options)


class _BadRows:
    """How many rows of a file are bad, and the first of them by row, with what is wrong."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, str]] = []
        self.brought = False
        """Whether a column of the spec has a value twice."""

    def add(self, number: int, problem: str) -> None:
        self.count += 1
        self.first = sorted([*self.first, (number, problem)])[:_MOST_NAMED]


def _identities(table: TableRows, bad: _BadRows) -> Iterator[tuple[int, Identity]]:
    """The good rows of a file with their numbers; repeated values are not looked for."""
    for number, cells, last in table.rows:
        if not cells:
            bad.add(number, _blank_words(number, last))
            continue
        try:
            identity = _read_identity(cells, table)
        except ValueError as error:
            bad.add(number, str(error))
            continue
        yield number, identity


def _blank_words(first: int, last: int) -> str:
    return "is blank" if last == first else f"is blank, as all are to row {last}"


def _values(identity: Identity, spec: Spec | None) -> Iterator[tuple[str, object]]:
    """The values of an identity that may stand once in a file, with their columns. Of two serials case makes no
    difference, nor would it of their files on Windows."""
    unique: Mapping[str, object] = spec.unique_columns if spec else {"mac": "workspace"}
    yield "serial", identity.serial.lower()
    if identity.uuid is not None:
        yield "uuid", identity.uuid
    if identity.mac is not None and "mac" in unique:
        yield "mac", identity.mac
    for name, value in identity.extra.items():
        if spec and name in unique:
            yield name, comparable_value(spec, name, value)


def _repeated_hashes(hashes: array[int]) -> set[int]:
    """Those that stand there more than once."""
    import numpy

    ordered = numpy.array(hashes, numpy.int64)
    ordered.sort()
    return set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())


def _add_repeated(file: IdentityFile, repeated: Mapping[str, Set[int]], bad: _BadRows) -> None:
    """Read a file again and add the rows that hold a value of an earlier row."""
    seen: dict[tuple[str, object], int] = {}
    for number, identity in _identities(file.open(), _BadRows()):
        for item in _values(identity, file.spec):
            name, value = item
            if hash(value) in repeated[name] and (first := seen.setdefault(item, number)) != number:
                bad.add(number, f"has the {name} of row {first}")
                bad.brought = bad.brought or name not in _COLUMNS
                break


def read_imported(path: Path, extra_columns: Sequence[str] = (), options: TableOptions = NO_OPTIONS) -> ImportedFile:
    """The identities of a file that others issued: serial, and uuid, mac, oob_key or oob_sha256 (hex) and the spec's
    own columns as far as known.

    Keys are hashed at once, and no message holds one. `InputError` at the first bad row, and at the end where there is
    none.
    """
    table = open_table(path, (*_ISSUED_COLUMNS, *extra_columns), _FILE, options)
    return ImportedFile(_imported(path, table), table.passed_over)


class ImportedFile(NamedTuple):
    """The identities of a file that others issued, each also as one that would be issued, to be walked once; and what
    was blank in it, once that was done."""

    identities: Iterator[tuple[ImportedIdentity, Identity]]
    passed_over: PassedOver


def _imported(path: Path, table: TableRows) -> Iterator[tuple[ImportedIdentity, Identity]]:
    found = False
    for number, cells, last in table.rows:
        found, where = True, Location(str(path), row=number)
        if not cells:
            raise InputError(
                f"the row {_blank_words(number, last)}", where=where, way_out="Delete it. Nothing was imported."
            )
        try:
            _refuse_other_width(cells, table)
            digest = _digest(cells, table.columns)
            known = {name: cells[index].strip() for name, index in table.columns.items() if name not in _KEY_COLUMNS}
            identity = _identity_of(known, check_serial)
        except ValueError as error:
            raise InputError(f"the row {error}", where=where, way_out="Correct it. Nothing was imported.") from None
        yield ImportedIdentity(number, identity.serial, identity.uuid, digest), identity
    if not found:
        raise _no_rows(path)


def _digest(cells: Sequence[str], columns: Mapping[str, int]) -> bytes | None:
    """The SHA-256 of a row's OOB key. Says nothing of the key itself."""
    key = cells[columns["oob_key"]].strip() if "oob_key" in columns else ""
    digest = cells[columns["oob_sha256"]].strip() if "oob_sha256" in columns else ""
    if key:
        if not re.fullmatch(r"([0-9A-Fa-f]{32}){1,2}", key):
            raise ValueError("has an oob_key that is not 32 or 64 hex digits")
        found = hashlib.sha256(bytes.fromhex(key)).digest()
        if digest and digest.lower() != found.hex():
            raise ValueError("has an oob_sha256 that is not the one of its oob_key")
        return found
    if digest and not re.fullmatch(r"[0-9A-Fa-f]{64}", digest):
        raise ValueError("has an oob_sha256 that is not 64 hex digits")
    return bytes.fromhex(digest) if digest else None


def _read_identity(cells: Sequence[str], table: TableRows) -> Identity:
    """A row as an identity; `ValueError` with what is wrong."""
    _refuse_other_width(cells, table)
    return _identity_of({name: cells[index].strip() for name, index in table.columns.items()})


def _refuse_other_width(cells: Sequence[str], table: TableRows) -> None:
    if len(cells) != table.width:
        raise ValueError(f"has {count_words(len(cells), 'cell')}, the header has {table.width}")


def _identity_of(values: Mapping[str, str], check: Callable[[str], str] = check_new_serial) -> Identity:
    extra = {name: value for name, value in values.items() if name not in _ISSUED_COLUMNS and value}
    for name, value in extra.items():
        _refuse_damaged_secret(name, value)
    for name, value in values.items():
        if name not in extra:
            _refuse_damaged(name, value)
    if not values["serial"]:
        raise ValueError("has no serial")
    serial, device, mac = check(values["serial"]), _uuid(values.get("uuid", "")), _mac(values.get("mac", ""))
    if code := extra.get(_INSTALL_CODE):
        try:
            check_install_code(code)
        except ValueError as error:
            raise ValueError(f"has an {_INSTALL_CODE} {error}") from None
    return Identity(serial, device, mac, extra)


def _refuse_damaged_secret(column: str, value: str) -> None:
    """`ValueError` where a spreadsheet would run, or has changed, what may be a secret: it is not shown."""
    if starts_formula(value) or has_control_characters(value):
        raise ValueError(f"has a formula or control character in {column}")
    if _SURELY_ROUNDED.fullmatch(value):
        raise ValueError(f"has in {column} a number that a spreadsheet has rounded")


def _refuse_damaged(column: str, value: str) -> None:
    """`ValueError`, with the value, where a spreadsheet would run or has changed it."""
    if starts_formula(value) or has_control_characters(value):
        raise ValueError(f"has a formula or control character in {column} ({value[:30]!a})")
    if _ROUNDED.fullmatch(value) and not (column in _HEX and _HEX[column].fullmatch(value)):
        raise ValueError(f"has {column} {value[:30]!a}, a number that a spreadsheet has rounded")


def _uuid(text: str) -> uuid.UUID | None:
    if not text:
        return None
    if not _HEX["uuid"].fullmatch(text):
        raise ValueError(f"has the uuid {text[:40]!a}, 32 hex digits are wanted")
    return uuid.UUID(text)


def _mac(text: str) -> str | None:
    if not text:
        return None
    try:
        return check_mac(text)
    except ValueError as error:
        raise ValueError(f"has the mac {text[:40]!a}, {error}") from None


def count_foreign_uuids(identities: Iterable[Identity]) -> int:
    """How many identities bring a UUID that is not of RFC 9562's variant; some stacks refuse those."""
    return sum(1 for item in identities if item.uuid and not is_rfc_uuid(item.uuid))
