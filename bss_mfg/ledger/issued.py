"""What a batch's ledger says of the units that a file names: asked by chunks, so that nobody holds a whole batch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeVar

from bss_mfg.ledger.base import consecutive_ranges
from bss_mfg.ledger.connection import translated_errors
from bss_mfg.ledger.exporting import Exporting
from bss_mfg.ledger.rows import UNIT_COLUMNS, UNITS
from bss_mfg.ledger.vault import DataKey, key_digest
from bss_mfg.model import Batch

Value = TypeVar("Value")

CHUNK = 500
"""Values that are asked for at once."""
LookupColumn = Literal["serial", "uuid", "key_digest", "number"]
_NAMES = (
    "unit", "serial", "uuid", "mac", "package", "payload", "revision", "state", "released", "prints", "manifest"
)  # fmt: skip
_SELECT = f"SELECT {', '.join(UNIT_COLUMNS[name] for name in _NAMES)} FROM"
_ORDER = "ORDER BY coalesce(u.place, u.number), u.number"
# The plus keeps SQLite from walking the whole batch: each of these has a unique index of its own.
_BY = {
    "serial": "+u.batch = :batch AND u.product = :product AND u.serial",
    "uuid": "+u.batch = :batch AND u.uuid",
    "key_digest": "+u.batch = :batch AND u.key_digest",
    "number": "u.batch = :batch AND u.number",
}
_LACKS = {"release": "released = 0", "manifest": "manifest IS NULL"}


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit as the ledger has it. `uuid` are 32 upper-case hex digits; `payload` is its package's barcode string, None
    where another unit has taken its place, and `printed` whether a label of it was made; `manifest` names the newest
    control log that lists it."""

    number: int
    serial: str
    uuid: str
    mac: str
    package: int
    payload: str | None
    revision: int
    scrapped: bool
    released: bool
    printed: bool
    manifest: str | None

    @property
    def shippable(self) -> bool:
        """Whether it may still leave the factory."""
        return not self.scrapped


@dataclass(frozen=True, slots=True)
class UnitKeyDigest:
    """What a device must hold: Device UUID, and the SHA-256 and number of octets of its OOB key (none, 0: the key is
    destroyed or not asked for)."""

    number: int
    serial: str
    uuid: bytes
    scrapped: bool
    digest: bytes
    key_size: int


class Asking(Exporting):
    """Questions about what a batch's files say."""

    def issued(self, batch_id: str, by: LookupColumn, values: Collection[Any]) -> list[UnitRecord]:
        """The units of a batch with one of these serials, Device UUIDs or SHA-256 of OOB keys (octets), or numbers, by
        package and place; a replaced one before the one that took its place. What is no unit of it is left out."""
        query = f"{_SELECT} unit u JOIN package p ON p.batch = u.batch AND p.number = u.package WHERE"
        return [_issued(row) for row in self._asked(query, batch_id, by, values, _ORDER)]

    def _asked(
        self, query: str, batch_id: str, by: LookupColumn, values: Iterable[Any], order: str = ""
    ) -> Iterator[Any]:
        batch, product = self._rows("SELECT no, product FROM batch WHERE id = ?", (batch_id,))[0]
        for some in chunked(values):
            marks = ", ".join(f":v{at}" for at in range(len(some)))
            given = {"batch": batch, "product": product, **{f"v{at}": value for at, value in enumerate(some)}}
            yield from self._rows(f"{query} {_BY[by]} IN ({marks}) {order}", given)

    def issued_in(self, batch_id: str, packages: Iterable[int]) -> list[UnitRecord]:
        """All units that some packages of a batch ever had, by package and place; ask for consecutive ones."""
        batch, each = self._rows("SELECT no, units_per_package FROM batch WHERE id = ?", (batch_id,))[0]
        found: list[UnitRecord] = []
        for low, high in consecutive_ranges(sorted(packages)):
            bounds = {"low": low, "high": high, "first": (low - 1) * each + 1, "last": high * each}
            found += map(_issued, self._rows(f"{_SELECT} {UNITS} {_ORDER}", {"batch": batch, **bounds}))
        return found

    def marks(self, batch_id: str) -> bytearray:
        """A zero for each number that a unit of a batch has."""
        return bytearray(self.next_unit_number(batch_id))

    def issued_except(self, batch: Batch, seen: bytes | bytearray) -> Iterator[UnitRecord]:
        """The units of a batch with a zero at their number in `seen`, by package and place; quick if these are few."""
        each = batch.units_per_package
        late = [number for number in range(batch.units + 1, len(seen)) if not seen[number]]
        places = {unit.package for unit in self.issued(batch.id, "number", late)}
        step = max(CHUNK // each, 1)
        for low in range(1, batch.packages + 1, step):
            among = range(low, min(low + step, batch.packages + 1))
            numbers = (low - 1) * each + 1, among[-1] * each + 1
            if seen.find(0, *numbers) >= 0 or not places.isdisjoint(among):
                yield from (unit for unit in self.issued_in(batch.id, among) if not seen[unit.number])

    def lacking(self, batch_id: str, what: Literal["release", "manifest"], most: int) -> tuple[int, list[str]]:
        """How many units that may leave the factory have a key that was never released, or stand in no control log,
        and the serials of the first."""
        batch = self._number(batch_id)
        where = f"FROM unit WHERE batch = ? AND scrapped = 0 AND {_LACKS[what]}"
        count = int(self._rows(f"SELECT count(*) {where}", (batch,))[0][0])
        first = self._rows(f"SELECT serial {where} ORDER BY coalesce(place, number), number LIMIT ?", (batch, most))
        return count, [serial for (serial,) in first]

    def keyed(
        self, batch_id: str, by: LookupColumn, values: Collection[Any], data_key: DataKey | None, *, scrapped: bool
    ) -> list[UnitKeyDigest]:
        """As `issued`, with the SHA-256 of the OOB keys that `data_key` opens; each is wiped at once. Scrapped units
        come without, and only if they are asked for."""
        query = "SELECT number, serial, uuid, scrapped, sealed_key FROM unit u WHERE"
        rows = self._asked(query, batch_id, by, values)
        return [_keyed(row, data_key) for row in rows if scrapped or not row[3]]

    def index_fields(self, batch_id: str, field: Callable[[str], str]) -> None:
        """Note what `field` finds in each barcode string of a batch, for `package_with`. It lies in a file of SQLite's
        that goes with the connection; the ledger is not written to."""
        with translated_errors(self._path):
            self._db.execute("DROP TABLE IF EXISTS temp.field")
            self._db.execute("CREATE TEMP TABLE field (value TEXT PRIMARY KEY, package INTEGER) WITHOUT ROWID")
            for rows in self._stream(
                "SELECT number, payload FROM package WHERE batch = ? AND number > ? ORDER BY number LIMIT ?",
                (self._number(batch_id),),
                CHUNK,
            ):
                self._db.executemany(
                    "INSERT OR REPLACE INTO temp.field VALUES (?, ?)",
                    [(value, number) for number, payload in rows if (value := field(payload))],
                )

    def package_with(self, value: str) -> int | None:
        """The package in whose barcode string `index_fields` found a value."""
        if not value.isascii():
            return None
        rows = self._rows("SELECT package FROM temp.field WHERE value = ?", (value,))
        return int(rows[0][0]) if rows else None


def _keyed(row: Sequence[Any], data_key: DataKey | None) -> UnitKeyDigest:
    number, serial, octets, scrapped, sealed = row
    if scrapped or data_key is None:
        return UnitKeyDigest(number, serial, octets, bool(scrapped), b"", 0)
    key = data_key.open(number, octets, sealed)
    found = UnitKeyDigest(number, serial, octets, False, key_digest(key), len(key))
    key.wipe()
    return found


def _issued(row: Sequence[Any]) -> UnitRecord:
    number, serial, uuid, mac, package, payload, revision, state, released, prints, manifest = row
    return UnitRecord(
        number, serial, uuid, mac or "", package, payload, revision or 0, state == "scrapped", bool(released),
        bool(prints), manifest,
    )  # fmt: skip


def chunked(values: Iterable[Value], size: int = CHUNK) -> Iterator[list[Value]]:
    """Values in lists of at most `size`."""
    coming = iter(values)
    while some := list(islice(coming, size)):
        yield some
