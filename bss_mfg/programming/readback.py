"""What the flasher read back from devices, compared with the ledger: every difference by unit, with its kind.

No key is ever shown: keys are compared by their SHA-256, in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from bss_mfg.core import parallel
from bss_mfg.core.portable_tasks import NeverLeaves
from bss_mfg.core.ranges import chunked
from bss_mfg.core.read_tables import NO_OPTIONS, PassedOver, TableOptions, TableRows, open_table, rows_by_column
from bss_mfg.credentials import LONGEST_SERIAL
from bss_mfg.errors import InputError, Location
from bss_mfg.ledger.keys import UnitKeyDigest, open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.units import LookupColumn
from bss_mfg.ledger.vault import DataKey, Vault
from bss_mfg.model import Actor, Batch
from bss_mfg.programming.format import ProgrammedUnit, uuid_and_key


class DifferenceKind(StrEnum):
    """What differs in a unit that was read back."""

    MISSING = "missing"
    DOUBLED = "doubled"
    UNKNOWN = "unknown"
    UUID = "uuid"
    BYTE_ORDER = "byte-order"
    KEY = "key"
    SWAPPED = "swapped"
    SPREADSHEET = "spreadsheet"
    """A spreadsheet changed the value."""


ROWS_PER_TASK = 1_000
"""Rows that a task compares."""
COLUMNS = ("serial", "uuid", "oob_key", "oob_sha256")

_ROUNDED = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+|[0-9]+[.,][0-9]+")
_HEX = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class ReadbackDifference:
    """One thing in which a unit, as read back, is not as issued. `row` is the file's (the header is row 1), None for a
    unit that is in no row; `text` says what differs, for people."""

    kind: DifferenceKind
    serial: str
    row: int | None
    text: str


class ExpectedUnits:
    """What the ledger expects of a batch's units, fetched in chunks; of keys it gives only digests. Without a
    `data_key` the keys are destroyed, and only Device UUIDs are compared; `scrapped` includes scrapped units, without
    keys."""

    def __init__(self, ledger: Ledger, batch: str, data_key: DataKey | None, *, scrapped: bool = False) -> None:
        self._ledger, self._batch, self._key, self._scrapped = ledger, batch, data_key, scrapped
        self._units: dict[str, UnitKeyDigest] = {}
        self._fetched: set[str] = set()

    def look_up(self, serials: Iterable[str]) -> None:
        """Fetch the units with these serials, and forget what was fetched before."""
        self._fetched, self._units = set(), {}
        self._fetch(serials)

    def _fetch(self, serials: Iterable[str]) -> None:
        wanted = {serial for serial in serials if serial.isascii()}
        self._fetched |= wanted
        self._units.update((unit.serial, unit) for unit in self._select("serial", wanted))

    def _select(self, by: LookupColumn, values: Collection[Any]) -> list[UnitKeyDigest]:
        return open_keys(self._ledger).digests(self._batch, by, values, self._key, scrapped=self._scrapped)

    def unit(self, serial: str) -> UnitKeyDigest | None:
        """The unit with a serial."""
        if serial not in self._fetched:
            self._fetch([serial])
        return self._units.get(serial)

    # Needed once something differs, which is rare.
    def serial_of_uuid(self, value: bytes) -> str | None:
        """The serial of the unit with a Device UUID."""
        return next((unit.serial for unit in self._select("uuid", [value])), None)

    def serial_of_key_digest(self, digest: bytes) -> str | None:
        """The serial of the unit whose OOB key has this SHA-256, while there are keys."""
        found = self._select("key_digest", [digest]) if self._key else []
        return next((unit.serial for unit in found if unit.digest), None)

    def serials_with_leading_zeros(self, text: str) -> list[str]:
        """The serials that are a text after some zeros."""
        if text[:1] == "0" or not text.isascii():
            return []
        padded = [text.rjust(length, "0") for length in range(len(text) + 1, LONGEST_SERIAL + 1)]
        return [unit.serial for unit in self._select("serial", padded)]


class ReadbackFile:
    """The rows of a file, walked once; the extra value `row` is the row's number. `columns` are those that can be
    compared; `row_count` and `passed_over` are known once all was read."""

    def __init__(self, path: Path, table: TableRows) -> None:
        self.columns = tuple(name for name in COLUMNS[1:] if name in table.columns)
        self.row_count = 0
        self._path, self._table = path, table

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        for number, values in rows_by_column(self._path, self._table):
            self.row_count += 1
            yield {**values, "row": str(number)}
        if not self.row_count:
            raise InputError(
                "has a header and no rows", where=self._path, way_out="Let the flasher write one row per unit."
            )

    @property
    def passed_over(self) -> PassedOver:
        """What was blank in it."""
        return self._table.passed_over


def read_readback(path: Path, options: TableOptions = NO_OPTIONS, *, without_keys: bool = False) -> ReadbackFile:
    """A CSV or XLSX file with the columns serial and at least one of oob_key and oob_sha256, or, `without_keys`, uuid.
    `InputError` where the file is no such table."""
    file = ReadbackFile(path, open_table(path, COLUMNS, "readback file", options))
    if not file.columns:
        raise InputError(
            "has only serials, so there is nothing to compare",
            where=Location(str(path), row=1),
            way_out="Add a column uuid, oob_key or oob_sha256.",
        )
    if file.columns == ("uuid",) and not without_keys:
        raise InputError(
            "has neither oob_key nor oob_sha256, so no key would be compared",
            where=Location(str(path), row=1),
            way_out="Add one of these columns; or say --without-keys, and only Device UUIDs are compared.",
        )
    return file


@dataclass(frozen=True, slots=True)
class ReadbackTask(NeverLeaves):
    """Some rows of what was read back; they may hold keys, and the data key is one: both go to this
    machine's own processes, through pipes, and `repr` leaves them out."""

    ledger: LedgerPlace
    actor: Actor
    batch: str
    data_key: bytes = field(repr=False)
    rows: tuple[tuple[int, Mapping[str, str]], ...] = field(repr=False)


class ValueDifference(NamedTuple):
    """What differs in a value, and its words for people; they never hold a key."""

    kind: DifferenceKind
    text: str


class RowResult(NamedTuple):
    """A row that was compared: its number, its unit by number in the batch (0 where nobody can tell which it is) and
    by serial, what is wrong with its serial, and what with the other values."""

    row: int
    unit: int
    serial: str
    serial_difference: ValueDifference | None
    differences: tuple[ValueDifference, ...]


def check_readback(
    rows: Iterable[Mapping[str, str]], ledger: Ledger, batch: Batch, vault: Vault, executor: Executor | None = None
) -> Iterator[ReadbackDifference]:
    """All differences between the rows and the batch, in the rows' order, then the units that are in no row.

    Holds 4 bytes a unit, and some thousands of rows at a time. `MissingError` where the processes of `executor` die.
    """
    key = open_keys(ledger).data_key(batch.id, vault).to_bytes()
    numbered = ((int(row.get("row", count)), row) for count, row in enumerate(rows, 2))
    tasks = (
        ReadbackTask(ledger.place, ledger.actor, batch.id, key, tuple(chunk))
        for chunk in chunked(numbered, ROWS_PER_TASK)
    )
    first_row = array("I", [0]) * len(ledger.units.seen_flags(batch.id))
    compared = parallel.run_or_raise(
        compare_rows_read_back,
        tasks,
        executor,
        where=f"batch {batch.id}",
        describe=lambda task: f"compared rows {task.rows[0][0]:,} to {task.rows[-1][0]:,}",
    )
    for _, results in compared:
        for row, number, serial, serial_difference, differences in results:
            if serial_difference:
                yield ReadbackDifference(serial_difference.kind, serial, row, serial_difference.text)
            if number and first_row[number]:
                text = f"is in row {first_row[number]} already"
                yield ReadbackDifference(DifferenceKind.DOUBLED, serial, row, text)
            first_row[number] = first_row[number] or row
            yield from (ReadbackDifference(kind, serial, row, text) for kind, text in differences)
    for unit in ledger.units.units_not_seen(batch, bytes(map(bool, first_row))):
        if unit.shippable:
            yield ReadbackDifference(DifferenceKind.MISSING, unit.serial, None, "was not read back")


def compare_rows_read_back(task: ReadbackTask) -> list[RowResult]:
    """The rows of a task, each compared with its unit."""
    results: list[RowResult] = []
    with Ledger.open(task.ledger, task.actor) as ledger:
        expected = ExpectedUnits(ledger, task.batch, DataKey.from_bytes(task.data_key, task.batch))
        texts = [row.get("serial", "").strip() for _, row in task.rows]
        expected.look_up(texts)
        for (number, row), text in zip(task.rows, texts, strict=True):
            unit, damage = _identify(text, _compact(row.get("uuid", "")), expected)
            if unit is None:
                results.append(RowResult(number, 0, ascii(text[:60])[1:-1], damage, ()))
            else:
                differences = tuple(_row_differences(row, unit, expected))
                results.append(RowResult(number, unit.number, unit.serial, damage, differences))
    return results


def check_programmed(programmed: ProgrammedUnit, serial: str, batch: ExpectedUnits) -> list[ValueDifference]:
    """All differences between what a programming file says of a unit and the unit `serial`."""
    unit = batch.unit(serial)
    if unit is None:
        _, damage = _identify(serial, programmed.uuid.hex.upper(), batch)
        return [damage] if damage else []
    uuid_bytes, key = uuid_and_key(programmed)
    if uuid_bytes == unit.uuid and (not unit.key_size or _is_key(key, unit)):
        return []
    values = {"uuid": uuid_bytes.hex().upper()}
    if unit.key_size:
        values["oob_key"] = key.hex().upper()
    return list(_row_differences(values, unit, batch))


def _compact(text: str) -> str:
    """Hex digits without what people and tools put between them."""
    return re.sub(r"[\s:-]", "", text).upper().removeprefix("0X")


class _IdentifiedUnit(NamedTuple):
    """The unit that a row is about, None where nobody can tell, and what is wrong with its serial."""

    unit: UnitKeyDigest | None
    difference: ValueDifference | None


def _identify(text: str, uuid_digits: str, batch: ExpectedUnits) -> _IdentifiedUnit:
    if unit := batch.unit(text):
        return _IdentifiedUnit(unit, None)
    if len(padded := batch.serials_with_leading_zeros(text)) == 1:
        what = f"its serial is written {text!a}: a spreadsheet took the leading zeros"
        return _IdentifiedUnit(batch.unit(padded[0]), ValueDifference(DifferenceKind.SPREADSHEET, what))
    owner = batch.serial_of_uuid(bytes.fromhex(uuid_digits)) if re.fullmatch(r"[0-9A-F]{32}", uuid_digits) else None
    hint = f"; its Device UUID is that of unit {owner}" if owner else ""
    if _ROUNDED.fullmatch(text):
        what = f"the serial {text[:40]!a} is a number that a spreadsheet has rounded{hint}"
        return _IdentifiedUnit(None, ValueDifference(DifferenceKind.SPREADSHEET, what))
    what = f"the serial {text[:60]!a} is not in this batch{hint}"
    return _IdentifiedUnit(None, ValueDifference(DifferenceKind.UNKNOWN, what))


def _row_differences(row: Mapping[str, str], record: UnitKeyDigest, batch: ExpectedUnits) -> Iterator[ValueDifference]:
    """What differs in a row. Another unit's UUID and key together are one difference."""
    others: dict[str, list[str]] = {}
    differences: list[ValueDifference] = []
    for name, what, check in (
        ("uuid", "Device UUID", _compare_uuid),
        ("oob_key", "OOB key", _compare_key),
        ("oob_sha256", "OOB key's SHA-256", _compare_key_digest),
    ):
        if name not in row:
            continue
        result = check(row[name], record, batch)
        if isinstance(result, _OtherUnit):
            others.setdefault(result.serial, []).append(what)
        elif result:
            differences.append(result)
    for serial, values in others.items():
        text = f"swapped with unit {serial}: holds its {' and '.join(values)}"
        yield ValueDifference(DifferenceKind.SWAPPED, text)
    yield from differences


class _OtherUnit(NamedTuple):
    """The value is that of another unit."""

    serial: str


_ValueResult = ValueDifference | _OtherUnit | None
"""None where the value is the unit's own."""


def _difference_unless_others(owner: str | None, kind: DifferenceKind, text: str) -> _ValueResult:
    """A wrong value: of another unit where there is an `owner`."""
    return _OtherUnit(owner) if owner else ValueDifference(kind, text)


def _compare_uuid(text: str, record: UnitKeyDigest, batch: ExpectedUnits) -> _ValueResult:
    digits = _compact(text)
    if not re.fullmatch(r"[0-9A-F]{32}", digits):
        value = _ExpectedValue("Device UUID", DifferenceKind.UUID, 16, lambda found: found == record.uuid)
        return _why_not_hex(text, digits, value)
    found = bytes.fromhex(digits)
    if found == record.uuid:
        return None
    if uuid.UUID(bytes_le=found).bytes == record.uuid:
        what = "its Device UUID has the first three fields byte-swapped (a GUID in little-endian order)"
        return ValueDifference(DifferenceKind.BYTE_ORDER, what)
    if found[::-1] == record.uuid:
        return ValueDifference(DifferenceKind.BYTE_ORDER, "its Device UUID has all 16 bytes in reverse order")
    what = f"its Device UUID is {digits}, issued was {record.uuid.hex().upper()}"
    return _difference_unless_others(batch.serial_of_uuid(found), DifferenceKind.UUID, what)


def _compare_key(text: str, record: UnitKeyDigest, batch: ExpectedUnits) -> _ValueResult:
    digits = _compact(text)
    if not re.fullmatch(r"([0-9A-F]{32}){1,2}", digits):
        value = _ExpectedValue("OOB key", DifferenceKind.KEY, record.key_size, lambda found: _is_key(found, record))
        return _why_not_hex(text, digits, value)
    found = bytes.fromhex(digits)
    if _is_key(found, record):
        return None
    if len(found) != record.key_size:
        what = f"its OOB key has {len(found)} bytes, issued were {record.key_size}"
        return ValueDifference(DifferenceKind.KEY, what)
    if _is_key(found[::-1], record):
        return ValueDifference(DifferenceKind.BYTE_ORDER, "its OOB key has its bytes in reverse order")
    owner = batch.serial_of_key_digest(hashlib.sha256(found).digest())
    return _difference_unless_others(owner, DifferenceKind.KEY, "its OOB key is not the one that was issued")


def _compare_key_digest(text: str, record: UnitKeyDigest, batch: ExpectedUnits) -> _ValueResult:
    digits = _compact(text)

    def is_digest(found: bytes) -> bool:
        return hmac.compare_digest(found, record.digest)

    if not re.fullmatch(r"[0-9A-F]{64}", digits):
        return _why_not_hex(text, digits, _ExpectedValue("OOB key's SHA-256", DifferenceKind.KEY, 32, is_digest))
    found = bytes.fromhex(digits)
    if is_digest(found):
        return None
    what = "its OOB key's SHA-256 is not that of the key that was issued"
    return _difference_unless_others(batch.serial_of_key_digest(found), DifferenceKind.KEY, what)


def _is_key(found: bytes, record: UnitKeyDigest) -> bool:
    return hmac.compare_digest(hashlib.sha256(found).digest(), record.digest)


class _ExpectedValue(NamedTuple):
    """A value of a unit: its name, the kind of its differences, its size in bytes, and whether some bytes are it."""

    name: str
    kind: DifferenceKind
    size: int
    is_value: Callable[[bytes], bool]


def _why_not_hex(text: str, digits: str, value: _ExpectedValue) -> ValueDifference:
    """Why a value does not have its hex digits, without showing it."""
    count = 2 * value.size
    if not digits:
        return ValueDifference(value.kind, f"no {value.name} was read back")
    is_hex = _HEX.fullmatch(digits)
    if is_hex and len(digits) < count and value.is_value(bytes.fromhex(digits.zfill(count))):
        what = f"its {value.name} has {len(digits)} of {count} digits: a spreadsheet took the leading zeros"
        return ValueDifference(DifferenceKind.SPREADSHEET, what)
    if _ROUNDED.fullmatch(text.strip()):
        what = f"its {value.name} is a number that a spreadsheet has rounded"
        return ValueDifference(DifferenceKind.SPREADSHEET, what)
    if is_hex:
        return ValueDifference(value.kind, f"its {value.name} has {len(digits)} hex digits, not {count}")
    return ValueDifference(value.kind, f"its {value.name} is not hex digits")
