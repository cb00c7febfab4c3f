"""What the flasher read back from devices, compared with the ledger: every difference by unit, in words.

No key is ever shown: keys are compared by their SHA-256, in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from bss_mfg.errors import InputError
from bss_mfg.export.programming.model import Programmed, octets_of
from bss_mfg.identities import read_table
from bss_mfg.model import Unit

Kind = Literal["missing", "doubled", "unknown", "uuid", "byte-order", "key", "swapped", "spreadsheet"]
COLUMNS = ("serial", "uuid", "oob_key", "oob_sha256")

_ROUNDED = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+|[0-9]+[.,][0-9]+")
_HEX = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a unit, as read back, is not as issued. `row` is the file's (the header is row 1), None for a
    unit that is in no row."""

    kind: Kind
    serial: str
    row: int | None
    text: str


@dataclass(frozen=True, slots=True)
class _Record:
    device: bytes
    digest: bytes
    octets: int


class Expected:
    """What the ledger expects, by serial; the keys only as digests. `keyless` are units whose key nobody has any more:
    of those only the Device UUID is compared."""

    def __init__(self, units: Iterable[Unit], keyless: Iterable[Unit] = ()) -> None:
        self.records: dict[str, _Record] = {}
        for unit in units:
            device, key = octets_of(unit)
            self.records[unit.serial] = _Record(device, hashlib.sha256(key).digest(), len(key))
        self.records.update({unit.serial: _Record(unit.uuid.bytes, b"", 0) for unit in keyless})

    # Needed once something differs, which is rare: a batch that is right never builds them.
    @cached_property
    def by_device(self) -> dict[bytes, str]:
        return {record.device: serial for serial, record in self.records.items()}

    @cached_property
    def by_digest(self) -> dict[bytes, str]:
        return {record.digest: serial for serial, record in self.records.items()}

    @cached_property
    def without_zeros(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for serial in self.records:
            if serial.startswith("0"):
                found.setdefault(serial.lstrip("0"), []).append(serial)
        return found


def read_readback(path: Path) -> Iterator[Mapping[str, str]]:
    """The rows of a CSV or XLSX file with the columns serial and at least one of uuid, oob_key, oob_sha256; the extra
    value `row` is the row's number. `InputError` where the file is no such table."""
    for number, values in read_table(path, COLUMNS):
        if len(values) < 2:
            raise InputError(
                "has only serials, so there is nothing to compare",
                where=f"{path}, row 1",
                way_out="Add a column uuid, oob_key or oob_sha256.",
            )
        yield {**values, "row": str(number)}


def check_readback(rows: Iterable[Mapping[str, str]], expected: Iterable[Unit]) -> list[Difference]:
    """All differences between the rows and the units (with their keys), in the rows' order, then the missing units.

    Holds the batch's serials, UUIDs and digests, and one row at a time.
    """
    batch = Expected(expected)
    first: dict[str, int] = {}
    found: list[Difference] = []
    for count, row in enumerate(rows, 2):
        number = int(row.get("row", count))
        text = row.get("serial", "").strip()
        serial, damage = _serial(text, _compact(row.get("uuid", "")), batch)
        if damage:
            found.append(Difference(damage[0], serial or ascii(text[:60])[1:-1], number, damage[1]))
        if serial is None:
            continue
        if first.setdefault(serial, number) != number:
            found.append(Difference("doubled", serial, number, f"already stands in row {first[serial]}"))
        found += (Difference(kind, serial, number, what) for kind, what in _compared(row, serial, batch))
    found += (
        Difference("missing", serial, None, "was not read back") for serial in batch.records if serial not in first
    )
    return found


def check_programmed(one: Programmed, serial: str, row: int | None, batch: Expected) -> list[Difference]:
    """All differences between what a programming file says of a unit and the unit `serial`."""
    if serial not in batch.records:
        _, damage = _serial(serial, one.uuid.hex.upper(), batch)
        return [Difference(damage[0], serial, row, damage[1])] if damage else []
    device, key = octets_of(one)
    values = {"uuid": device.hex().upper()}
    if batch.records[serial].octets:
        values["oob_key"] = key.hex().upper()
    return [Difference(kind, serial, row, what) for kind, what in _compared(values, serial, batch)]


def _compact(text: str) -> str:
    """Hex digits without what people and tools put between them."""
    return re.sub(r"[\s:-]", "", text).upper().removeprefix("0X")


def _serial(text: str, device: str, batch: Expected) -> tuple[str | None, tuple[Kind, str] | None]:
    """The unit that a row is about, None where nobody can tell, and what is wrong with its serial."""
    if text in batch.records:
        return text, None
    if len(zeros := batch.without_zeros.get(text, [])) == 1:
        return zeros[0], ("spreadsheet", f"its serial stands as {text!a}: a spreadsheet took the leading zeros")
    owner = batch.by_device.get(bytes.fromhex(device)) if re.fullmatch(r"[0-9A-F]{32}", device) else None
    hint = f"; its Device UUID is that of unit {owner}" if owner else ""
    if _ROUNDED.fullmatch(text):
        return None, ("spreadsheet", f"the serial {text[:40]!a} is a number that a spreadsheet has rounded{hint}")
    return None, ("unknown", f"the serial {text[:60]!a} is not in this batch{hint}")


def _compared(row: Mapping[str, str], serial: str, batch: Expected) -> Iterator[tuple[Kind, str]]:
    """What differs in a row. Another unit's UUID and key together are one finding."""
    record = batch.records[serial]
    others: dict[str, list[str]] = {}
    findings: list[tuple[Kind, str]] = []
    for name, what, check in (
        ("uuid", "Device UUID", _device),
        ("oob_key", "OOB key", _key),
        ("oob_sha256", "OOB key's SHA-256", _digest),
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


_Finding = tuple[Kind, str] | str | None
"""A kind and its words; or the serial of the unit whose value this is; or None, all is well."""


def _device(text: str, record: _Record, batch: Expected) -> _Finding:
    digits = _compact(text)
    if not re.fullmatch(r"[0-9A-F]{32}", digits):
        return _damaged(text, digits, 16, "Device UUID", "uuid", lambda octets: octets == record.device)
    octets = bytes.fromhex(digits)
    if octets == record.device:
        return None
    if uuid.UUID(bytes_le=octets).bytes == record.device:
        return "byte-order", "its Device UUID has the first three fields byte-swapped (a GUID in little-endian order)"
    if octets[::-1] == record.device:
        return "byte-order", "its Device UUID has all 16 octets in reverse order"
    return batch.by_device.get(octets) or (
        "uuid",
        f"its Device UUID is {digits}, issued was {record.device.hex().upper()}",
    )


def _key(text: str, record: _Record, batch: Expected) -> _Finding:
    digits = _compact(text)
    if not re.fullmatch(r"([0-9A-F]{32}){1,2}", digits):
        return _damaged(text, digits, record.octets, "OOB key", "key", lambda octets: _is_key(octets, record))
    octets = bytes.fromhex(digits)
    if _is_key(octets, record):
        return None
    if len(octets) != record.octets:
        return "key", f"its OOB key has {len(octets)} octets, issued were {record.octets}"
    if _is_key(octets[::-1], record):
        return "byte-order", "its OOB key has its octets in reverse order"
    return batch.by_digest.get(hashlib.sha256(octets).digest()) or ("key", "its OOB key is not the one that was issued")


def _digest(text: str, record: _Record, batch: Expected) -> _Finding:
    digits = _compact(text)

    def same(octets: bytes) -> bool:
        return hmac.compare_digest(octets, record.digest)

    if not re.fullmatch(r"[0-9A-F]{64}", digits):
        return _damaged(text, digits, 32, "OOB key's SHA-256", "key", same)
    octets = bytes.fromhex(digits)
    if same(octets):
        return None
    return batch.by_digest.get(octets) or ("key", "its OOB key's SHA-256 is not that of the key that was issued")


def _is_key(octets: bytes, record: _Record) -> bool:
    return hmac.compare_digest(hashlib.sha256(octets).digest(), record.digest)


def _damaged(text: str, digits: str, octets: int, what: str, kind: Kind, same: Callable[[bytes], bool]) -> _Finding:
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
