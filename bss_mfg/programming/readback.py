"""What the flasher read back from devices, compared with the ledger: every difference by unit, in words.

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
from pathlib import Path
from typing import Any, Literal

from bss_mfg.core import parallel
from bss_mfg.core.ranges import chunked
from bss_mfg.core.read_tables import read_table
from bss_mfg.credentials import LONGEST_SERIAL
from bss_mfg.errors import InputError, Location
from bss_mfg.ledger.keys import UnitKeyDigest, open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.units import LookupColumn
from bss_mfg.ledger.vault import DataKey, Vault
from bss_mfg.model import Actor, Batch
from bss_mfg.programming.format import ProgrammedUnit, uuid_and_key

DifferenceKind = Literal["missing", "doubled", "unknown", "uuid", "byte-order", "key", "swapped", "spreadsheet"]
ROWS_PER_TASK = 1_000
"""Rows that are compared in a part."""
COLUMNS = ("serial", "uuid", "oob_key", "oob_sha256")

_ROUNDED = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+|[0-9]+[.,][0-9]+")
_HEX = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class ReadbackDifference:
    """One thing in which a unit, as read back, is not as issued. `row` is the file's (the header is row 1), None for a
    unit that is in no row."""

    kind: DifferenceKind
    serial: str
    row: int | None
    text: str


class ExpectedUnits:
    """What the ledger expects of a batch's units, asked by chunks; the keys only as digests. Without a `data_key` the
    keys are destroyed, and only Device UUIDs are compared; so it is with scrapped units, which `scrapped` lets in."""

    def __init__(self, ledger: Ledger, batch: str, data_key: DataKey | None, *, scrapped: bool = False) -> None:
        self._ledger, self._batch, self._key, self._scrapped = ledger, batch, data_key, scrapped
        self._units: dict[str, UnitKeyDigest] = {}
        self._asked: set[str] = set()

    def look_up(self, serials: Iterable[str]) -> None:
        """Fetch the units with these serials, and forget what was fetched before."""
        self._asked, self._units = set(), {}
        self._fetch(serials)

    def _fetch(self, serials: Iterable[str]) -> None:
        wanted = {serial for serial in serials if serial.isascii()}
        self._asked |= wanted
        self._units.update((unit.serial, unit) for unit in self._ask("serial", wanted))

    def _ask(self, by: LookupColumn, values: Collection[Any]) -> list[UnitKeyDigest]:
        return open_keys(self._ledger).digests(self._batch, by, values, self._key, scrapped=self._scrapped)

    def unit(self, serial: str) -> UnitKeyDigest | None:
        """The unit with a serial."""
        if serial not in self._asked:
            self._fetch([serial])
        return self._units.get(serial)

    # Asked once something differs, which is rare.
    def serial_of_uuid(self, octets: bytes) -> str | None:
        """The serial of the unit with a Device UUID."""
        return next((unit.serial for unit in self._ask("uuid", [octets])), None)

    def serial_of_key_digest(self, digest: bytes) -> str | None:
        """The serial of the unit whose OOB key has this SHA-256, while there are keys."""
        found = self._ask("key_digest", [digest]) if self._key else []
        return next((unit.serial for unit in found if unit.digest), None)

    def serials_with_leading_zeros(self, text: str) -> list[str]:
        """The serials that are a text after some zeros."""
        if text[:1] == "0" or not text.isascii():
            return []
        some = [text.rjust(length, "0") for length in range(len(text) + 1, LONGEST_SERIAL + 1)]
        return [unit.serial for unit in self._ask("serial", some)]


def read_readback(path: Path) -> Iterator[Mapping[str, str]]:
    """The rows of a CSV or XLSX file with the columns serial and at least one of uuid, oob_key, oob_sha256; the extra
    value `row` is the row's number. `InputError` where the file is no such table."""
    for number, values in read_table(path, COLUMNS, "readback file"):
        if len(values) < 2:
            raise InputError(
                "has only serials, so there is nothing to compare",
                where=Location(str(path), row=1),
                way_out="Add a column uuid, oob_key or oob_sha256.",
            )
        yield {**values, "row": str(number)}


@dataclass(frozen=True, slots=True)
class ReadbackTask:
    """Some rows of what was read back, for a part; they may hold keys, and the data key is one: both go to this
    machine's own processes, through pipes, and `repr` leaves them out."""

    ledger: Path
    who: Actor
    batch: str
    data_key: bytes = field(repr=False)
    rows: tuple[tuple[int, Mapping[str, str]], ...] = field(repr=False)


RowResult = tuple[int, int, str, tuple[tuple[DifferenceKind, str], ...], tuple[tuple[DifferenceKind, str], ...]]
"""A row's number, the number and serial of its unit (0 where nobody can tell), and what is wrong with its serial, and
with the rest."""


def check_readback(
    rows: Iterable[Mapping[str, str]], ledger: Ledger, batch: Batch, vault: Vault, executor: Executor | None = None
) -> Iterator[ReadbackDifference]:
    """All differences between the rows and the batch, in the rows' order, then the units that are in no row.

    Holds 4 octets a unit, and some hundreds of rows at a time. `MissingError` where the processes of `executor` die.
    """
    key = open_keys(ledger).data_key(batch.id, vault).to_bytes()
    numbered = ((int(row.get("row", count)), row) for count, row in enumerate(rows, 2))
    jobs = (
        ReadbackTask(ledger.path, ledger.actor, batch.id, key, tuple(some)) for some in chunked(numbered, ROWS_PER_TASK)
    )
    first = array("I", [0]) * len(ledger.units.seen_flags(batch.id))
    compared = parallel.run_or_raise(
        compare_rows_read_back,
        jobs,
        executor,
        where=f"batch {batch.id}",
        doing=lambda job: f"compared rows {job.rows[0][0]:,} to {job.rows[-1][0]:,}",
    )
    for _, said in compared:
        for row, number, serial, before, after in said:
            yield from (ReadbackDifference(kind, serial, row, what) for kind, what in before)
            if number and first[number]:
                yield ReadbackDifference("doubled", serial, row, f"already stands in row {first[number]}")
            first[number] = first[number] or row
            yield from (ReadbackDifference(kind, serial, row, what) for kind, what in after)
    for unit in ledger.units.unseen(batch, bytes(map(bool, first))):
        if unit.shippable:
            yield ReadbackDifference("missing", unit.serial, None, "was not read back")


def compare_rows_read_back(task: ReadbackTask) -> list[RowResult]:
    """What some rows say, one by one."""
    found: list[RowResult] = []
    with Ledger.open(task.ledger, task.who) as ledger:
        expected = ExpectedUnits(ledger, task.batch, DataKey.from_bytes(task.data_key, task.batch))
        texts = [row.get("serial", "").strip() for _, row in task.rows]
        expected.look_up(texts)
        for (number, row), text in zip(task.rows, texts, strict=True):
            unit, damage = _identify(text, _compact(row.get("uuid", "")), expected)
            before = (damage,) if damage else ()
            if unit is None:
                found.append((number, 0, ascii(text[:60])[1:-1], before, ()))
            else:
                found.append((number, unit.number, unit.serial, before, tuple(_row_differences(row, unit, expected))))
    return found


def check_programmed(one: ProgrammedUnit, serial: str, batch: ExpectedUnits) -> list[tuple[DifferenceKind, str]]:
    """All differences between what a programming file says of a unit and the unit `serial`."""
    unit = batch.unit(serial)
    if unit is None:
        _, damage = _identify(serial, one.uuid.hex.upper(), batch)
        return [damage] if damage else []
    device, key = uuid_and_key(one)
    if device == unit.uuid and (not unit.key_size or _is_key(key, unit)):
        return []
    values = {"uuid": device.hex().upper()}
    if unit.key_size:
        values["oob_key"] = key.hex().upper()
    return list(_row_differences(values, unit, batch))


def _compact(text: str) -> str:
    """Hex digits without what people and tools put between them."""
    return re.sub(r"[\s:-]", "", text).upper().removeprefix("0X")


def _identify(
    text: str, device: str, batch: ExpectedUnits
) -> tuple[UnitKeyDigest | None, tuple[DifferenceKind, str] | None]:
    """The unit that a row is about, None where nobody can tell, and what is wrong with its serial."""
    if unit := batch.unit(text):
        return unit, None
    if len(zeros := batch.serials_with_leading_zeros(text)) == 1:
        what = f"its serial stands as {text!a}: a spreadsheet took the leading zeros"
        return batch.unit(zeros[0]), ("spreadsheet", what)
    owner = batch.serial_of_uuid(bytes.fromhex(device)) if re.fullmatch(r"[0-9A-F]{32}", device) else None
    hint = f"; its Device UUID is that of unit {owner}" if owner else ""
    if _ROUNDED.fullmatch(text):
        return None, ("spreadsheet", f"the serial {text[:40]!a} is a number that a spreadsheet has rounded{hint}")
    return None, ("unknown", f"the serial {text[:60]!a} is not in this batch{hint}")


def _row_differences(
    row: Mapping[str, str], record: UnitKeyDigest, batch: ExpectedUnits
) -> Iterator[tuple[DifferenceKind, str]]:
    """What differs in a row. Another unit's UUID and key together are one finding."""
    others: dict[str, list[str]] = {}
    findings: list[tuple[DifferenceKind, str]] = []
    for name, what, check in (
        ("uuid", "Device UUID", _compare_uuid),
        ("oob_key", "OOB key", _compare_key),
        ("oob_sha256", "OOB key's SHA-256", _compare_key_digest),
    ):
        if name not in row:
            continue
        finding = check(row[name], record, batch)
        if isinstance(finding, str):
            others.setdefault(finding, []).append(what)
        elif finding:
            findings.append(finding)
    for other, held in others.items():
        yield "swapped", f"swapped with unit {other}: holds its {' and '.join(held)}"
    yield from findings


_ValueResult = tuple[DifferenceKind, str] | str | None
"""A kind and its words; or the serial of the unit whose value this is; or None, all is well."""


def _compare_uuid(text: str, record: UnitKeyDigest, batch: ExpectedUnits) -> _ValueResult:
    digits = _compact(text)
    if not re.fullmatch(r"[0-9A-F]{32}", digits):
        return _why_not_hex(text, digits, 16, "Device UUID", "uuid", lambda octets: octets == record.uuid)
    octets = bytes.fromhex(digits)
    if octets == record.uuid:
        return None
    if uuid.UUID(bytes_le=octets).bytes == record.uuid:
        return "byte-order", "its Device UUID has the first three fields byte-swapped (a GUID in little-endian order)"
    if octets[::-1] == record.uuid:
        return "byte-order", "its Device UUID has all 16 octets in reverse order"
    return batch.serial_of_uuid(octets) or (
        "uuid",
        f"its Device UUID is {digits}, issued was {record.uuid.hex().upper()}",
    )


def _compare_key(text: str, record: UnitKeyDigest, batch: ExpectedUnits) -> _ValueResult:
    digits = _compact(text)
    if not re.fullmatch(r"([0-9A-F]{32}){1,2}", digits):
        return _why_not_hex(text, digits, record.key_size, "OOB key", "key", lambda octets: _is_key(octets, record))
    octets = bytes.fromhex(digits)
    if _is_key(octets, record):
        return None
    if len(octets) != record.key_size:
        return "key", f"its OOB key has {len(octets)} octets, issued were {record.key_size}"
    if _is_key(octets[::-1], record):
        return "byte-order", "its OOB key has its octets in reverse order"
    return batch.serial_of_key_digest(hashlib.sha256(octets).digest()) or (
        "key",
        "its OOB key is not the one that was issued",
    )


def _compare_key_digest(text: str, record: UnitKeyDigest, batch: ExpectedUnits) -> _ValueResult:
    digits = _compact(text)

    def same(octets: bytes) -> bool:
        return hmac.compare_digest(octets, record.digest)

    if not re.fullmatch(r"[0-9A-F]{64}", digits):
        return _why_not_hex(text, digits, 32, "OOB key's SHA-256", "key", same)
    octets = bytes.fromhex(digits)
    if same(octets):
        return None
    return batch.serial_of_key_digest(octets) or ("key", "its OOB key's SHA-256 is not that of the key that was issued")


def _is_key(octets: bytes, record: UnitKeyDigest) -> bool:
    return hmac.compare_digest(hashlib.sha256(octets).digest(), record.digest)


def _why_not_hex(
    text: str, digits: str, octets: int, what: str, kind: DifferenceKind, same: Callable[[bytes], bool]
) -> _ValueResult:
    """Why a value does not have its hex digits, without showing it."""
    whole = 2 * octets
    if not digits:
        return kind, f"no {what} was read back"
    if _HEX.fullmatch(digits) and len(digits) < whole and same(bytes.fromhex(digits.zfill(whole))):
        return "spreadsheet", f"its {what} has {len(digits)} of {whole} digits: a spreadsheet took the leading zeros"
    if _ROUNDED.fullmatch(text.strip()):
        return "spreadsheet", f"its {what} is a number that a spreadsheet has rounded"
    if _HEX.fullmatch(digits):
        return kind, f"its {what} has {len(digits)} hex digits, not {whole}"
    return kind, f"its {what} is not hex digits"
