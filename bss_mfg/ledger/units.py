"""The store of units: found by what names them, in chunks, so that nobody holds a whole batch; and scrapped."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bss_mfg.core.ranges import CHUNK, chunked, consecutive_ranges
from bss_mfg.core.text import count_words, first_problems
from bss_mfg.errors import InputError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import UnitScrapped
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.known_names import other_meaning
from bss_mfg.ledger.unit_columns import ORDER, UNIT_COLUMNS, UNIT_SOURCE
from bss_mfg.ledger.unit_state import POSITION, SUCCESSOR, WITH_PACKAGE, UnitState, refuse_transition, unit_states
from bss_mfg.model import Batch

LookupColumn = Literal["serial", "uuid", "key_digest", "number"]
_NAMES = ("unit", "serial", "uuid", "mac", "package", "payload", "revision", "state", "released", "prints", "manifest")
_SELECT = f"SELECT {', '.join(UNIT_COLUMNS[name] for name in _NAMES)} FROM"
# The plus keeps SQLite from walking the whole batch: each of these has a unique index of its own.
_BY = {
    "serial": "+u.batch = :batch AND u.product = :product AND u.serial",
    "uuid": "+u.batch = :batch AND u.uuid",
    "key_digest": "+u.batch = :batch AND u.key_digest",
    "number": "u.batch = :batch AND u.number",
}


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


def select_units(
    connection: Connection, query: str, batch_id: str, by: LookupColumn, values: Iterable[Any], order: str = ""
) -> Iterator[Any]:
    """The rows of a query for units `u` of a batch, which ends in WHERE, asked for chunk by chunk of `values`."""
    ((batch, product),) = connection.rows("SELECT no, product FROM batch WHERE id = ?", (batch_id,))
    for some in chunked(values):
        marks = ", ".join(f":v{at}" for at in range(len(some)))
        given = {"batch": batch, "product": product, **{f"v{at}": value for at, value in enumerate(some)}}
        yield from connection.rows(f"{query} {_BY[by]} IN ({marks}) {order}", given)


class UnitStore:
    """Units of all batches, without their keys."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches

    def find_by_uuid(self, value: uuid.UUID) -> tuple[str, int, str] | None:
        """(batch id, package number, serial) of a Device UUID, or None."""
        rows = self._db.rows(
            "SELECT b.id, u.package, u.serial FROM unit u JOIN batch b ON b.no = u.batch WHERE u.uuid = ?",
            (value.bytes,),
        )
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def find_by_serial(self, serial: str, product: str | None = None) -> list[tuple[str, int, int]]:
        """(batch id, package number, place in the batch) of all units with this serial: one at most of each product, or
        that of `product` only. Only ledgers of earlier versions have one serial of two products."""
        rows = self._db.rows(
            f"SELECT b.id, u.package, {POSITION} FROM unit u JOIN batch b ON b.no = u.batch "  # noqa: S608 (fixed texts)
            "WHERE u.product IN (SELECT no FROM product WHERE CAST(:product AS TEXT) IS NULL OR name = :product) "
            "AND u.serial = :serial ORDER BY b.no",
            {"serial": serial, "product": product},
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def find_by_mac(self, mac: str) -> list[tuple[str, str]]:
        """(batch id, serial) of the units with a MAC address of 12 upper-case hex digits."""
        rows = self._db.rows(
            "SELECT b.id, u.serial FROM identifier i JOIN batch b ON b.no = i.batch "
            "JOIN unit u ON u.batch = i.batch AND u.number = i.unit WHERE i.name = 'mac' AND i.value = ?",
            (mac.encode("ascii"),),
        )
        return [(batch, serial) for batch, serial in rows]

    def products_of_serial(self, serial: str) -> list[str]:
        """The products with a unit of this serial, issued here or before."""
        rows = self._db.rows(
            "SELECT name FROM product p WHERE EXISTS (SELECT 1 FROM unit WHERE product = p.no AND serial = :serial) "
            "OR EXISTS (SELECT 1 FROM imported WHERE product = p.no AND serial = :serial) ORDER BY name",
            {"serial": serial},
        )
        return [name for (name,) in rows]

    def serials_of_uuid(self, device: uuid.UUID) -> list[tuple[str, str]]:
        """(product, serial) of the unit with a Device UUID, issued here or before: one at most."""
        rows = self._db.rows(
            "SELECT p.name, u.serial FROM unit u JOIN product p ON p.no = u.product WHERE u.uuid = :uuid UNION "
            "SELECT p.name, o.serial FROM imported o JOIN product p ON p.no = o.product WHERE o.uuid = :uuid",
            {"uuid": device.bytes},
        )
        return [(product, serial) for product, serial in rows]

    def serials_ever_in(self, batch_id: str, package: int) -> set[str]:
        """The serials of all units that a package ever held, scrapped and replaced ones too."""
        batch = self._batches.number(batch_id)
        rows = self._db.rows(
            "SELECT u.serial FROM unit u JOIN batch b ON b.no = u.batch WHERE u.batch = :batch "
            "AND u.number BETWEEN (:package - 1) * b.units_per_package + 1 AND :package * b.units_per_package "
            "AND u.package = :package UNION SELECT serial FROM unit INDEXED BY unit_place "
            "WHERE batch = :batch AND place IS NOT NULL AND package = :package",
            {"batch": batch, "package": package},
        )
        return {serial for (serial,) in rows}

    def positions(self, batch_id: str, serials: Sequence[str]) -> dict[str, tuple[int, int]]:
        """(package number, place in the batch) of the given serials of a batch; unknown ones are left out."""
        batch = self._batches.number(batch_id)
        found: dict[str, tuple[int, int]] = {}
        for serial in serials:
            for package, unit in self._db.rows(
                f"SELECT u.package, {POSITION} FROM unit u WHERE u.batch = ? AND u.serial = ?",  # noqa: S608 (fixed texts)
                (batch, serial),
            ):
                found[serial] = (package, unit)
        return found

    def states(self, batch_id: str, serials: Sequence[str]) -> dict[str, UnitState]:
        """The state of units of a batch; `InputError` names unknown serials."""
        found = unit_states(self._db, self._batches.number(batch_id), serials)
        if unknown := [serial for serial in dict.fromkeys(serials) if serial not in found]:
            raise self.unknown_serials(batch_id, unknown)
        return found

    def other_meaning(self, name: str) -> str:
        """A sentence that says what a name is that was given for a serial: a batch, a serial of another; else empty."""
        return other_meaning(self._db, name, wanted="serial")

    def unknown_serials(self, batch_id: str, unknown: Sequence[str]) -> InputError:
        """The error for serials that are not in a batch; it says what they are else."""
        are = "is" if len(unknown) == 1 else "are"
        hint = self.other_meaning(unknown[0])
        return InputError(
            f"{count_words(len(unknown), 'serial')} {are} not in this batch",
            where=f"batch {batch_id}",
            problems=first_problems([f"{serial[:80]!a}" for serial in unknown], 10),
            way_out=f"Nothing was changed. {hint or 'Upper and lower case differ.'}",
        )

    def scrap(self, batch_id: str, serials: Sequence[str], reason: str) -> list[str]:
        """Scrap units; gives those that were not scrapped before. All of them or none."""
        batch = self._batches.number(batch_id)
        with self._db.transaction():
            self._batches.refuse_closed(batch_id)
            states = self.states(batch_id, serials)
            new = [serial for serial, state in states.items() if state != "scrapped"]
            shipped = next((serial for serial in new if states[serial] == "shipped"), "SERIAL")
            refuse_transition(
                batch_id,
                {serial: states[serial] for serial in new},
                "scrap",
                f"If it came back, say so first: `bss-mfg ship {batch_id} {shipped} --returned`.",
            )
            known = self.positions(batch_id, new)
            self._db.many(
                "UPDATE unit SET scrapped = 1 WHERE batch = ? AND serial = ?", [(batch, serial) for serial in new]
            )
            self._history.append(
                batch_id,
                *(UnitScrapped(serials=[serial], package=known[serial][0], reason=reason) for serial in new),
            )
        return new

    def successors(self, batch_id: str, serials: Sequence[str]) -> dict[str, str]:
        """Serials of a batch whose places others have taken, with the serial of the first who did."""
        batch, found = self._batches.number(batch_id), dict[str, str]()
        query = f"SELECT {SUCCESSOR} FROM unit u WHERE u.batch = ? AND u.serial = ?"  # noqa: S608 (fixed texts)
        for serial in serials:
            rows = self._db.rows(query, (batch, serial))
            if rows and rows[0][0] is not None:
                found[serial] = rows[0][0]
        return found

    def refuse_unscrapped(self, batch_id: str, states: Mapping[str, Any]) -> None:
        """`RefusedError` for units that were not scrapped."""
        refuse_transition(batch_id, states, "replace", "Scrap them first: `bss-mfg scrap`.")

    def next_number(self, batch_id: str) -> int:
        """The number of the next unit that is issued into a batch: a number never comes back."""
        return (
            int(self._db.rows("SELECT max(number) FROM unit WHERE batch = ?", (self._batches.number(batch_id),))[0][0])
            + 1
        )

    def find(self, batch_id: str, by: LookupColumn, values: Collection[Any]) -> list[UnitRecord]:
        """The units of a batch with one of these serials, Device UUIDs or SHA-256 of OOB keys (bytes), or numbers, by
        package and place; a replaced one before the one that took its place. What is no unit of it is left out."""
        query = f"{_SELECT} {WITH_PACKAGE} WHERE"
        return [_unit_record(row) for row in select_units(self._db, query, batch_id, by, values, ORDER)]

    def find_in_packages(self, batch_id: str, packages: Iterable[int]) -> list[UnitRecord]:
        """All units that some packages of a batch ever had, by package and place; ask for consecutive ones."""
        batch, each = self._db.rows("SELECT no, units_per_package FROM batch WHERE id = ?", (batch_id,))[0]
        found: list[UnitRecord] = []
        for some in consecutive_ranges(sorted(packages)):
            low, high = some[0], some[-1]
            bounds = {"low": low, "high": high, "first": (low - 1) * each + 1, "last": high * each}
            found += map(_unit_record, self._db.rows(f"{_SELECT} {UNIT_SOURCE} {ORDER}", {"batch": batch, **bounds}))
        return found

    def units_not_seen(self, batch: Batch, seen: bytes | bytearray) -> Iterator[UnitRecord]:
        """The units of a batch with a zero at their number in `seen`, by package and place; quick if these are few."""
        each = batch.units_per_package
        late = [number for number in range(batch.units + 1, len(seen)) if not seen[number]]
        places = {unit.package for unit in self.find(batch.id, "number", late)}
        step = max(CHUNK // each, 1)
        for low in range(1, batch.packages + 1, step):
            among = range(low, min(low + step, batch.packages + 1))
            numbers = (low - 1) * each + 1, among[-1] * each + 1
            if seen.find(0, *numbers) >= 0 or not places.isdisjoint(among):
                yield from (unit for unit in self.find_in_packages(batch.id, among) if not seen[unit.number])

    def seen_flags(self, batch_id: str) -> bytearray:
        """A zero for each number that a unit of a batch has."""
        return bytearray(self.next_number(batch_id))


def _unit_record(row: Sequence[Any]) -> UnitRecord:
    number, serial, uuid, mac, package, payload, revision, state, released, prints, manifest = row
    return UnitRecord(
        number,
        serial,
        uuid,
        mac or "",
        package,
        payload,
        revision or 0,
        state == "scrapped",
        bool(released),
        bool(prints),
        manifest,
    )
