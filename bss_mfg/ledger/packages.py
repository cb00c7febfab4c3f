"""The store of packages: their barcode strings, whether they were shipped, and new strings after a replacement."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from bss_mfg.core.ranges import CHUNK, range_pairs
from bss_mfg.core.text import count_words, one_or, printable_name
from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.batch_binding import identity_digests, sealed_digests
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.digests import payload_digest
from bss_mfg.ledger.events import PackagesMoved, PackagesReturned, PackagesShipped, UnitReplaced
from bss_mfg.ledger.flash_failures import failed_error, failed_in, failed_packages
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.outer_units import OuterUnit, outer_units, torn_apart, torn_error
from bss_mfg.ledger.package_marks import package_marks
from bss_mfg.ledger.proofs import unproven_error, unproven_in, unproven_packages
from bss_mfg.ledger.sealed_rows import PackageRow, UnitRow
from bss_mfg.ledger.unit_state import INSERT_UNIT, UnitAction, refuse_transition, scrapped_packages
from bss_mfg.ledger.units import UnitStore
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT
from bss_mfg.model import Package, Unit


@dataclass(frozen=True, slots=True)
class Replacement:
    """A package as it will be, at its new `revision`, and the units that are new in it, each with the place in the
    batch that it takes; `replaced` are the serials of the scrapped ones, in the same order."""

    batch_id: str
    product_no: int
    package: PackageRow
    revision: int
    units: Sequence[UnitRow]
    positions: Sequence[int]
    replaced: Sequence[str]
    reason: str
    identifiers: Sequence[str] = ()
    """The digest of each new unit's identifiers, where they have some."""


@dataclass(frozen=True, slots=True)
class Move:
    """When a package left or came back, named by its first serial; `reference` as given then."""

    serial: str
    at: str
    reference: str
    returned: bool

    @property
    def description(self) -> str:
        """It in words."""
        reference = printable_name(self.reference)
        if self.returned:
            return f"{self.serial} came back on {self.at}" + (f" ({reference})" if reference else "")
        return f"{self.serial} was shipped with {reference or 'nothing named'} on {self.at}"


def describe_moves(moves: Sequence[Move]) -> list[str]:
    """Moves in words; neighbours that moved together are told once."""
    found = []
    for _, same in groupby(moves, key=lambda move: (move.at, move.reference, move.returned)):
        together = list(same)
        first = together[0].description
        others = count_words(len(together) - 1, "more package")
        found.append(f"{first}, and {others} with it" if len(together) > 1 else first)
    return found


@dataclass(frozen=True, slots=True)
class Shipment:
    """How many packages moved just now, the moves of those that had moved so before, and how many stay because their
    printed label was not read right, where all that were read right were to leave; so many of these (`unproven`) stay
    because a unit is not proven on air, and so many (`failed`) because units of these serials failed when flashed. So
    many others (`held_back`) lie in cartons or on pallets (`outer_units`) that are open, or hold something that
    stays."""

    count: int
    before: tuple[Move, ...]
    unread: int = 0
    unproven: int = 0
    failed: int = 0
    failed_units: tuple[str, ...] = ()
    held_back: int = 0
    outer_units: tuple[OuterUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class SupersededLabel:
    """A label of a package as it was before: `serials` are those that stood on it, `successors` says which of them were
    replaced, and by which serials they are by now."""

    batch_id: str
    package: int
    serials: tuple[str, ...]
    successors: Mapping[str, str]


class PackageStore:
    """Packages as they are now, and the strings that they had before."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore, units: UnitStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches
        self._units = units

    def stream(self, batch_id: str, first: int = 1, count: int | None = None) -> Iterator[Package]:
        """The packages of a batch in order, from number `first` on, without keys; memory stays flat. A barcode string
        that is not the one that was issued is a `LedgerError`."""
        batch = self._batches.number(batch_id)
        last = first + count if count is not None else 1 << 62
        for rows in self._db.stream(
            "SELECT number, payload, revision, digest FROM package WHERE batch = ? AND number < ? AND number > ? "
            "ORDER BY number LIMIT ?",
            (batch, last),
            500,
            after=first - 1,
        ):
            units = self._units_by_package(batch, rows[0][0], rows[-1][0])
            for number, payload, revision, digest in rows:
                if payload_digest(payload) != digest:
                    raise LedgerError(
                        f"the barcode string of package {number} of batch {batch_id} was changed in the ledger",
                        where=self._db.where,
                        way_out=f"{RESTORE_WAY_OUT} The changed ledger is kept as evidence.",
                    )
                yield Package(number, payload, tuple(units[number]), revision)

    def get(self, batch_id: str, number: int) -> Package:
        """One package of a batch by its number, which it has."""
        return next(self.stream(batch_id, number, 1))

    def find_by_payload(self, payload: str) -> tuple[str, int] | None:
        """(batch id, package number) of a barcode string, or None. Ours are ASCII; a read may hold any bytes."""
        if not payload.isascii():
            return None
        rows = self._db.rows(
            "SELECT b.id, k.number FROM package k JOIN batch b ON b.no = k.batch WHERE k.digest = ? AND k.payload = ?",
            (payload_digest(payload), payload),
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def find_superseded(self, payload: str) -> SupersededLabel | None:
        """The label that showed a barcode string before a unit of its package was replaced, or None."""
        if not payload.isascii():
            return None
        rows = self._db.rows(
            "SELECT b.id, s.number, s.revision FROM superseded s JOIN batch b ON b.no = s.batch "
            "WHERE s.digest = ? AND s.payload = ?",
            (payload_digest(payload), payload),
        )
        if not rows:
            return None
        batch_id, package, revision = rows[0]
        now = [unit.serial for unit in self.get(batch_id, package).units]
        then = list(now)
        later = [
            record
            for _, record in self._history.records(UnitReplaced, batch_id)
            if record.package == package and record.revision > revision
        ]
        for record in reversed(later):
            before = dict(zip(record.successors, record.serials, strict=True))
            then = [before.get(serial, serial) for serial in then]
        changed = {old: new for old, new in zip(then, now, strict=True) if old != new}
        return SupersededLabel(batch_id, package, tuple(then), changed)

    def find_by_prefix(self, batch_id: str, text: str) -> tuple[int, int] | None:
        """(package number, length of its whole string) of the one package of a batch whose string begins with `text`;
        None where there is none, or more than one. Walks the batch: for reads that failed, not for every one."""
        if not text.isascii():
            return None
        rows = self._db.rows(
            "SELECT number, length(payload) FROM package WHERE batch = ? AND substr(payload, 1, ?) = ? LIMIT 2",
            (self._batches.number(batch_id), len(text), text),
        )
        return (rows[0][0], rows[0][1]) if len(rows) == 1 else None

    def marks(self, batch_id: str, packages: range) -> Iterator[tuple[int, int]]:
        """Number and marks (`package_marks`) of the packages of a batch in a range."""
        return package_marks(self._db, self._batches.number(batch_id), packages)

    def scrapped(self, batch_id: str) -> set[int]:
        """Numbers of the packages with a scrapped unit whose place nobody took."""
        return scrapped_packages(self._db, self._batches.number(batch_id))

    def shipped(self, batch_id: str, *, verified: bool = False) -> set[int]:
        """Numbers of the packages that were shipped; with `verified`, of those whose printed label was read right."""
        rows = self._db.rows(
            "SELECT number FROM package WHERE batch = ? AND shipped <> 0 AND (? = 0 OR print_verified > 0)",
            (self._batches.number(batch_id), int(verified)),
        )
        return {number for (number,) in rows}

    def is_scrapped(self, batch_id: str, package: int) -> bool:
        """Whether a package holds a scrapped unit whose place nobody took."""
        return self.get(batch_id, package).scrapped

    def unproven(self, batch_id: str, packages: Iterable[int] | None = None) -> set[int]:
        """Numbers of the packages of a batch, or of some of them, that wait for a proof on air which it asks for; none
        where it doesn't."""
        if not self._batches.get(batch_id).requires_device:
            return set()
        if packages is None:
            return unproven_packages(self._db, batch_id, self._batches.number(batch_id))
        return {number for number in packages if unproven_in(self._db, batch_id, self.get(batch_id, number))}

    def ship(
        self,
        batch_id: str,
        serials: Sequence[str] | None,
        reference: str,
        *,
        returned: bool = False,
        with_outer: bool = False,
    ) -> Shipment:
        """Mark the packages of units as shipped, or all verified ones; with `returned`, as back from shipping.

        All or none: only a package whose newest printed label was read right is shipped, with all of its units; one
        that comes back has to be read again. What is packed leaves with all that its carton or pallet holds, once that
        is closed: else it is refused, or left here with its carton. `with_outer`: the caller ships all of it. What
        moved so before, with the same reference, is told and left as it is; with another one it is refused, with where
        it is. `reference` is for the history; empty: none is kept. Inside the transaction that is open, or in one of
        its own. What comes back is in no carton any more.
        """
        batch = self._batches.number(batch_id)
        with contextlib.nullcontext() if self._db.in_transaction else self._db.transaction():
            before: dict[int, Move] = {}
            unread = unproven = 0
            failed: dict[int, list[str]] = {}
            held_back: dict[int, OuterUnit] = {}
            if serials is None:
                scrapped, waiting = self.scrapped(batch_id), self.unproven(batch_id)
                failed = failed_packages(self._db, batch)
                rows = self._db.rows(
                    "SELECT number, print_verified > 0 FROM package WHERE batch = ? AND shipped = 0 ORDER BY number",
                    (batch,),
                )
                here = [(number, read) for number, read in rows if number not in scrapped]
                right = [number for number, read in here if read]
                failed = {number: failed[number] for number in right if number in failed}
                ready = [number for number in right if number not in waiting and number not in failed]
                unread, unproven = len(here) - len(right), len(right) - len(ready) - len(failed)
                lying = outer_units(self._db, batch)
                held_back = {number: lying[number] for number in sorted(torn_apart(self._db, lying, ready))}
                packages = [number for number in ready if number not in held_back]
            else:
                self._units.states(batch_id, serials)  # names unknown serials
                numbers = {package for package, _ in self._units.positions(batch_id, serials).values()}
                before = self._moved_before(batch_id, numbers, reference, returned=returned)
                packages = sorted(numbers - before.keys())
                self._refuse_move(batch_id, serials, packages, returned=returned)
                if not returned and not with_outer:
                    self._refuse_tearing(batch_id, packages)
            facts = "shipped = 0, print_verified = 0, carton = NULL" if returned else "shipped = 1"
            self._db.many(
                f"UPDATE package SET {facts} WHERE batch = ? AND number = ?",  # noqa: S608 (fixed texts)
                [(batch, number) for number in packages],
            )
            if packages:
                moved = PackagesReturned if returned else PackagesShipped
                self._history.append(
                    batch_id, moved(packages=range_pairs(packages), count=len(packages), reference=reference)
                )
        named = tuple(serial for some in failed.values() for serial in some)
        return Shipment(
            len(packages), tuple(before.values()), unread, unproven, len(failed), named,
            len(held_back), tuple({unit.number: unit for unit in held_back.values()}.values()),
        )  # fmt: skip

    def _moved_before(self, batch_id: str, numbers: Set[int], reference: str, *, returned: bool) -> dict[int, Move]:
        """Those packages that are already where they are said to go. `RefusedError` where one is shipped with another
        reference."""
        last = self._last_moves(batch_id, numbers)
        shipped = self.shipped(batch_id) if last else set()
        found = {number: move for number, move in last.items() if move.returned == returned}
        found = {number: move for number, move in found.items() if (number in shipped) != returned}
        other = [move for move in found.values() if not returned and move.reference != reference]
        if other:
            raise RefusedError(
                f"{len(other):,} of these packages {one_or(len(other), 'was', 'were')} shipped before",
                where=f"batch {batch_id}",
                problems=describe_moves(other)[:10],
                way_out="Nothing was changed. If they came back, record that first: "
                f"`bss-mfg ship {batch_id} {other[0].serial} --returned`.",
            )
        return found

    def _last_moves(self, batch_id: str, numbers: Set[int]) -> dict[int, Move]:
        """The newest departure or return of each of these packages that ever moved."""
        found: dict[int, tuple[str, PackagesMoved]] = {}
        for event, record in self._history.records(PackagesMoved, batch_id):
            for first, last in record.packages:
                inside = range(first, last + 1)
                some = inside if len(inside) < len(numbers) else numbers
                found.update({number: (event.at, record) for number in some if number in numbers and number in inside})
        return {
            number: Move(
                self.get(batch_id, number).units[0].serial, at, record.reference, isinstance(record, PackagesReturned)
            )
            for number, (at, record) in sorted(found.items())
        }

    def _refuse_move(self, batch_id: str, serials: Sequence[str], packages: Sequence[int], *, returned: bool) -> None:
        """`RefusedError` where a unit of these packages, or one that was named, may not go."""
        inside = [unit.serial for number in packages for unit in self.get(batch_id, number).units]
        moving = set(packages)
        places = self._units.positions(batch_id, serials)
        named = [serial for serial in serials if places[serial][0] in moving]
        act: UnitAction = "take back" if returned else "ship"
        why = (
            "Only what was shipped comes back."
            if returned
            else f"Only a package whose newest printed label was read right is shipped: `bss-mfg scan {batch_id}`."
        )
        refuse_transition(batch_id, self._units.states(batch_id, [*named, *inside]), act, why)
        if returned:
            return
        batch = self._batches.number(batch_id)
        if failed := [some for number in packages if (some := failed_in(self._db, batch, self.get(batch_id, number)))]:
            raise failed_error(batch_id, failed)
        if left := sorted(self.unproven(batch_id, packages)):
            first = [[unit.serial for unit in self.get(batch_id, number).units] for number in left[:10]]
            raise unproven_error(batch_id, first, len(left))

    def _refuse_tearing(self, batch_id: str, packages: Sequence[int]) -> None:
        """`RefusedError` where one of these packages lies in a carton or on a pallet that doesn't leave with it."""
        batch = self._batches.number(batch_id)
        lying = outer_units(self._db, batch, packages)
        if not lying:
            return
        if torn := sorted(torn_apart(self._db, lying, packages)):
            raise torn_error(batch_id, {self.get(batch_id, number).serials_text: lying[number] for number in torn})

    def store_replacement(self, new: Replacement) -> None:
        """Put a package's new barcode string and new units in, inside the caller's transaction."""
        batch = self._batches.number(new.batch_id)
        package, payload, digest = new.package
        self._db.execute(
            "INSERT INTO superseded "
            "(batch, number, revision, payload, digest, prints, file_verified, print_verified) "
            "SELECT batch, number, revision, payload, digest, prints, file_verified, print_verified FROM package "
            "WHERE batch = ? AND number = ? AND revision = ?",
            (batch, package, new.revision - 1),
        )
        self._db.execute(
            "UPDATE package SET payload = ?, digest = ?, revision = ?, prints = 0, file_verified = 0, "
            "print_verified = 0 "
            "WHERE batch = ? AND number = ?",
            (payload, digest, new.revision, batch, package),
        )
        self._db.many(
            INSERT_UNIT,
            [
                (batch, *row[:2], new.product_no, *row[2:7], position, row[7])
                for row, position in zip(new.units, new.positions, strict=True)
            ],
        )
        self._history.append(
            new.batch_id,
            UnitReplaced(
                serials=list(new.replaced),
                successors=[row[2] for row in new.units],
                package=package,
                revision=new.revision,
                content=digest.hex(),
                reason=new.reason,
                identities=identity_digests(new.units, new.positions),
                sealed=sealed_digests(new.units),
                identifiers=new.identifiers,
            ),
        )

    def index_field(self, batch_id: str, field: Callable[[str], str]) -> None:
        """Note what `field` finds in each barcode string of a batch, for `find_by_field`, in a temporary table of this
        connection: the ledger is not written to."""
        self._db.execute("DROP TABLE IF EXISTS temp.field")
        self._db.execute("CREATE TEMP TABLE field (value TEXT PRIMARY KEY, package INTEGER) WITHOUT ROWID")
        for rows in self._db.stream(
            "SELECT number, payload FROM package WHERE batch = ? AND number > ? ORDER BY number LIMIT ?",
            (self._batches.number(batch_id),),
            CHUNK,
        ):
            self._db.many(
                "INSERT INTO temp.field VALUES (?, ?) ON CONFLICT (value) DO UPDATE SET package = excluded.package",
                [(value, number) for number, payload in rows if (value := field(payload))],
            )

    def find_by_field(self, value: str) -> int | None:
        """The package in whose barcode string `index_field` found a value."""
        if not value.isascii():
            return None
        rows = self._db.rows("SELECT package FROM temp.field WHERE value = ?", (value,))
        return int(rows[0][0]) if rows else None

    def _units_by_package(self, batch: int, first: int, last: int) -> dict[int, list[Unit]]:
        found: dict[int, list[Unit]] = {}
        for package, number, serial, raw_uuid, mac, scrapped in self._db.rows(
            "SELECT package, number, serial, uuid, mac, scrapped FROM unit WHERE batch = ? AND number BETWEEN "
            "(SELECT (? - 1) * units_per_package + 1 FROM batch WHERE no = ?) AND "
            "(SELECT ? * units_per_package FROM batch WHERE no = ?) ORDER BY number",
            (batch, first, batch, last, batch),
        ):
            unit = Unit(number, serial, uuid.UUID(bytes=raw_uuid), mac, None, bool(scrapped))
            found.setdefault(package, []).append(unit)
        for package, place, number, serial, raw_uuid, mac, scrapped in self._db.rows(
            "SELECT package, place, number, serial, uuid, mac, scrapped FROM unit INDEXED BY unit_place "
            "WHERE batch = ? AND place IS NOT NULL AND package BETWEEN ? AND ? ORDER BY number",
            (batch, first, last),
        ):
            members = found[package]
            members[(place - 1) % len(members)] = Unit(
                number, serial, uuid.UUID(bytes=raw_uuid), mac, None, bool(scrapped)
            )
        return found


def refuse_partial_replacement(package: Package, wanted: Sequence[str]) -> None:
    """`RefusedError` where another scrapped unit of the package is left without a successor."""
    left = [unit.serial for unit in package.units if unit.scrapped and unit.serial not in wanted]
    if left:
        raise RefusedError(
            f"package {package.number} holds another scrapped unit: {', '.join(left)}",
            way_out="Nothing was changed. Replace all scrapped units of a package in one command.",
        )
