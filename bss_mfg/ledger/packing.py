"""The store of packing: which packages are in which carton, and which cartons on which pallet.

Cartons and pallets are logistic units in GS1's words, and share one row of numbers, so that no two of them get one
SSCC. Each table has one open carton and one open pallet at most. Whoever acts is answered with a refusal as a value: at
a packing table a wrong box is daily work.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Any

from bss_mfg.core import clock
from bss_mfg.core.languages import SEMICOLON, joined, phrase
from bss_mfg.core.ranges import range_pairs
from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.flash_failures import failed_in, failed_words
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.home import Home
from bss_mfg.ledger.next_numbers import first_logistic_unit
from bss_mfg.ledger.packages import PackageStore
from bss_mfg.ledger.packed_faults import PackedFaults
from bss_mfg.ledger.packing_events import (
    CartonClosed,
    CartonOffPallet,
    CartonOnPallet,
    CartonReopened,
    PackagePacked,
    PackageUnpacked,
    PackedTogether,
    PackingLabelSent,
    PalletClosed,
    PalletReopened,
)
from bss_mfg.ledger.packing_records import (
    ClosingLabel,
    LogisticUnit,
    NewLogisticUnit,
    PackedUnits,
    PackRefusal,
    Place,
    Refused,
    UnitKind,
    close_first,
    closed_words,
    off_pallet_words,
    other_goods,
    sscc_of,
)
from bss_mfg.ledger.proofs import unproven_in, way_to_proof
from bss_mfg.model import Batch

_SELECT = """SELECT l.no, l.kind, l.size, l.mixed, l.sscc, l.station, l.opened_at, l.closed_at, l.pallet, l.label,
    l.sent, CASE l.kind WHEN 'carton' THEN (SELECT count(*) FROM package k WHERE k.carton = l.no)
        ELSE (SELECT count(*) FROM logistic_unit k WHERE k.pallet = l.no) END
    FROM logistic_unit l"""
_IN_CARTON = """SELECT b.id, k.number FROM package k JOIN batch b ON b.no = k.batch WHERE k.carton = ?
    ORDER BY k.batch, k.number"""
_ON_PALLET = """SELECT b.id, k.number FROM logistic_unit l JOIN package k ON k.carton = l.no
    JOIN batch b ON b.no = k.batch WHERE l.pallet = ? ORDER BY k.batch, k.number"""


class PackingStore:
    """Cartons and pallets."""

    def __init__(
        self, connection: Database, history: HistoryStore, batches: BatchStore, packages: PackageStore, home: Home
    ) -> None:
        self._db, self._history, self._batches, self._packages, self._home = (
            connection, history, batches, packages, home,
        )  # fmt: skip
        self._faults = PackedFaults(connection, batches, packages)

    def table(self, station: str) -> AbstractContextManager[None]:
        """Held by a session that packs at a table; `LedgerError` where another one does."""
        name = hashlib.sha256(station.encode()).hexdigest()[:16]
        busy = f"another session packs at {station}: give each table a name of its own (`station` in station.toml)"
        return self._db.named_lock(f"packing-{name}", busy, 0.0)

    @contextlib.contextmanager
    def _act(self) -> Iterator[None]:
        """All writes inside are one; inside the transaction that is open, whose owner then notes what was issued
        (`Ledger.issuing`), or in one of their own."""
        if self._db.in_transaction:
            yield
            return
        with self._db.transaction():
            yield
        self._home.note_issued()

    def get(self, number: int) -> LogisticUnit | None:
        """A carton or pallet by its number."""
        return self._one(self._db.rows(f"{_SELECT} WHERE l.no = ?", (number,)))

    def find_by_sscc(self, sscc: str) -> LogisticUnit | None:
        """A carton or pallet by its SSCC of 18 digits."""
        return self._one(self._db.rows(f"{_SELECT} WHERE l.sscc = ?", (sscc,)))

    def open_at(self, kind: UnitKind, station: str) -> LogisticUnit | None:
        """The open carton or pallet of a table."""
        return self._one(
            self._db.rows(f"{_SELECT} WHERE l.kind = ? AND l.station = ? AND l.closed_at IS NULL", (kind, station))
        )

    def not_sent(self, station: str) -> list[LogisticUnit]:
        """What was closed at a table, and no printer has its label, in order."""
        rows = self._db.rows(
            f"{_SELECT} WHERE l.station = ? AND l.closed_at IS NOT NULL AND l.sent = 0 ORDER BY l.no", (station,)
        )
        return [_unit(row) for row in rows]

    def all(self, kind: UnitKind) -> list[LogisticUnit]:
        """All cartons, or all pallets, in order."""
        return [_unit(row) for row in self._db.rows(f"{_SELECT} WHERE l.kind = ? ORDER BY l.no", (kind,))]

    def cartons_on(self, pallet: int) -> list[LogisticUnit]:
        """The cartons on a pallet, in order."""
        return [_unit(row) for row in self._db.rows(f"{_SELECT} WHERE l.pallet = ? ORDER BY l.no", (pallet,))]

    def contents(self, unit: LogisticUnit) -> list[Place]:
        """The packages in a carton, or in all cartons of a pallet, by batch and number."""
        if unit.kind == "carton":
            rows = self._db.rows(_IN_CARTON, (unit.number,))
        else:
            rows = self._db.rows(_ON_PALLET, (unit.number,))
        return [(batch, number) for batch, number in rows]

    def carton_of(self, place: Place) -> int | None:
        """The number of the carton that a package is in."""
        rows = self._db.rows(
            "SELECT carton FROM package WHERE batch = ? AND number = ?", (self._batches.number(place[0]), place[1])
        )
        return rows[0][0] if rows else None

    def units_with(self, batch_id: str) -> PackedUnits:
        """How many cartons and pallets hold packages of a batch."""
        rows = self._db.rows(
            "SELECT count(DISTINCT k.carton), count(DISTINCT l.pallet) FROM package k "
            "LEFT JOIN logistic_unit l ON l.no = k.carton WHERE k.batch = ? AND k.carton IS NOT NULL",
            (self._batches.number(batch_id),),
        )
        return PackedUnits(*rows[0])

    def packs(self, product: str) -> bool:
        """Whether packages of a product go into cartons: some of whatever batch are in one."""
        rows = self._db.rows(
            "SELECT 1 FROM batch b JOIN product p ON p.no = b.product WHERE p.name = ? "
            "AND EXISTS (SELECT 1 FROM package k WHERE k.batch = b.no AND k.carton IS NOT NULL) LIMIT 1",
            (product,),
        )
        return bool(rows)

    # --- packages ---------------------------------------------------------------------------------------------------

    def pack(self, place: Place, station: str, new: NewLogisticUnit) -> LogisticUnit | Refused:
        """Put a package into the open carton of a table, begun where there is none; the carton then."""
        batch_id, package = place
        with self._act():
            carton = self.open_at("carton", station)
            if refused := self._refuse_package(place, carton, station):
                return refused
            number = carton.number if carton else self._begin("carton", station, new)
            self._db.execute(
                "UPDATE package SET carton = ? WHERE batch = ? AND number = ?",
                (number, self._batches.number(batch_id), package),
            )
            self._history.append(
                batch_id, PackagePacked(package=package, carton=number, size=None if carton else new.size)
            )
            return self._known(number)

    def unpack(self, place: Place) -> LogisticUnit | Refused:
        """Take a package out of its carton, which must be open; the carton then."""
        batch_id, package = place
        with self._db.transaction():
            number = self.carton_of(place)
            if number is None:
                return Refused(PackRefusal.NOT_PACKED, phrase("it is in no carton"))
            carton = self._known(number)
            if carton.closed_at:
                return Refused(PackRefusal.CLOSED, closed_words(carton))
            self._db.execute(
                "UPDATE package SET carton = NULL WHERE batch = ? AND number = ?",
                (self._batches.number(batch_id), package),
            )
            self._history.append(batch_id, PackageUnpacked(package=package, carton=number))
            return self._known(number)

    def _refuse_package(self, place: Place, carton: LogisticUnit | None, station: str) -> Refused | None:
        batch_id, package = place
        ((verified, shipped, inside),) = self._db.rows(
            "SELECT print_verified, shipped, carton FROM package WHERE batch = ? AND number = ?",
            (self._batches.number(batch_id), package),
        )
        if shipped:
            return Refused(PackRefusal.SHIPPED, phrase("it was shipped: `bss-mfg returns` takes it back"))
        if self._packages.is_scrapped(batch_id, package):
            return Refused(PackRefusal.SCRAPPED, phrase("a unit of this package was scrapped: take it off the line"))
        if inside is not None and carton and inside == carton.number:
            return Refused(PackRefusal.TWICE, phrase("it is in {carton} already", carton=carton.words))
        if inside is not None and carton is None and inside == self._newest(station):
            # who was not answered, since the table was killed, scans again the box that filled the carton
            words = phrase("it is in carton {carton} already, which was closed here", carton=inside)
            return Refused(PackRefusal.TWICE, words)
        if inside is not None:
            words = phrase("it is in carton {carton}: two boxes with one label?", carton=inside)
            return Refused(PackRefusal.IN_ANOTHER, words)
        if not verified:
            command = f"`bss-mfg scan {batch_id}`"
            words = phrase("its label was not read right: {command}", command=command)
            return Refused(PackRefusal.NOT_VERIFIED, words)
        contents, batch = self._packages.get(batch_id, package), self._batches.get(batch_id)
        if failed := failed_in(self._db, self._batches.number(batch_id), contents):
            return Refused(PackRefusal.FLASH_FAILED, failed_words(batch_id, failed))
        if batch.requires_device and (left := unproven_in(self._db, batch_id, contents)):
            words = phrase(
                "not proven on air: {serials}; {way_out}", serials=", ".join(left), way_out=way_to_proof(batch_id)
            )
            return Refused(PackRefusal.NOT_PROVEN, words)
        if self._batches.closed_at(batch_id):
            command = f"`bss-mfg batch reopen {batch_id} --reason TEXT`"
            words = phrase("batch {batch} is closed: {command} opens it again", batch=batch_id, command=command)
            return Refused(PackRefusal.BATCH_CLOSED, words)
        if carton and carton.full:
            return Refused(PackRefusal.FULL, phrase("{unit} is full: close it", unit=carton.words))
        first = self._first_batch(carton)
        return other_goods(first, batch) if first and carton else None

    def _newest(self, station: str) -> int | None:
        """The number of the carton that a table began last."""
        rows = self._db.rows("SELECT max(no) FROM logistic_unit WHERE kind = 'carton' AND station = ?", (station,))
        return rows[0][0] if rows else None

    def _first_batch(self, unit: LogisticUnit | None) -> Batch | None:
        """The batch of the first package in a carton or on a pallet: what else goes in must be like it."""
        contents = self.contents(unit) if unit else []
        return self._batches.get(contents[0][0]) if contents else None

    # --- cartons on pallets -----------------------------------------------------------------------------------------

    def put_on_pallet(self, number: int, station: str, new: NewLogisticUnit) -> LogisticUnit | Refused:
        """Put a closed carton on the open pallet of a table, begun where there is none; the pallet then."""
        with self._act():
            carton, pallet = self._known(number), self.open_at("pallet", station)
            if refused := self._refuse_carton(carton, pallet):
                return refused
            target = pallet.number if pallet else self._begin("pallet", station, new)
            self._db.execute("UPDATE logistic_unit SET pallet = ? WHERE no = ?", (target, number))
            self._tell(
                self.contents(carton), CartonOnPallet, carton=number, pallet=target, size=None if pallet else new.size
            )
            return self._known(target)

    def take_off_pallet(self, number: int) -> LogisticUnit | Refused:
        """Take a carton off its pallet, which must be open; the pallet then."""
        with self._db.transaction():
            carton = self._known(number)
            if carton.pallet is None:
                return Refused(PackRefusal.NOT_PACKED, phrase("{unit} is on no pallet", unit=carton.words))
            pallet = self._known(carton.pallet)
            if pallet.closed_at:
                return Refused(PackRefusal.CLOSED, closed_words(pallet))
            self._db.execute("UPDATE logistic_unit SET pallet = NULL WHERE no = ?", (number,))
            self._tell(self.contents(carton), CartonOffPallet, carton=number, pallet=pallet.number)
            return self._known(pallet.number)

    def _refuse_carton(self, carton: LogisticUnit, pallet: LogisticUnit | None) -> Refused | None:
        if carton.kind != "carton" or not carton.closed_at:
            return Refused(PackRefusal.OPEN, phrase("{unit} isn't a closed carton", unit=carton.words))
        if pallet and carton.pallet == pallet.number:
            return Refused(
                PackRefusal.TWICE, phrase("{unit} is on {pallet} already", unit=carton.words, pallet=pallet.words)
            )
        if carton.pallet:
            return Refused(
                PackRefusal.IN_ANOTHER, phrase("{unit} is on pallet {pallet}", unit=carton.words, pallet=carton.pallet)
            )
        contents = self.contents(carton)
        if not contents:
            return Refused(PackRefusal.NOT_PACKED, phrase("{unit} is empty", unit=carton.words))
        if faults := self._faults.find(carton, contents):
            return Refused(faults[0].kind, joined(SEMICOLON, (fault.words for fault in faults[:3])))
        if pallet and pallet.full:
            return Refused(PackRefusal.FULL, phrase("{unit} is full: close it", unit=pallet.words))
        first = self._first_batch(pallet)
        if pallet is None or first is None:
            return None
        return other_goods(first, self._batches.get(contents[0][0]), mixed=pallet.mixed)

    # --- closing, opening again -------------------------------------------------------------------------------------

    def close(self, number: int, label: ClosingLabel, reason: str = "") -> bool:
        """Close a carton or pallet, with its label put in place in the same transaction. False, with nothing changed,
        where it holds something else than the label says by now. `RefusedError` where it is closed already, empty, or
        not full without a reason, or where something in it may not leave."""
        with self._act():
            unit = self._known(number)
            contents = self.contents(unit)
            self._refuse_closing(unit, contents, reason)
            if contents != list(label.contents):
                return False
            label.put()
            self._db.execute(
                "UPDATE logistic_unit SET closed_at = ?, label = ?, sent = 0 WHERE no = ?",
                (clock.now(), label.file, number),
            )
            told = {"sscc": unit.sscc, "reason": reason, "label": label.file, "sha256": label.sha256}
            if unit.kind == "carton":
                self._tell(contents, CartonClosed, carton=number, **told)
            else:
                self._tell(contents, PalletClosed, pallet=number, cartons=unit.held, **told)
        return True

    def _refuse_closing(self, unit: LogisticUnit, contents: Sequence[Place], reason: str) -> None:
        if unit.closed_at:
            raise RefusedError(f"{unit.words} was closed on {unit.closed_at}")
        if not contents:
            raise RefusedError(f"{unit.words} is empty", way_out="Nothing was changed.")
        if not unit.full and not reason:
            inside = "package" if unit.kind == "carton" else "carton"
            raise RefusedError(
                f"{unit.words} holds {unit.held} of {count_words(unit.size, inside)}",
                way_out="Nothing was changed. To close it so, say why.",
            )
        if faults := self._faults.find(unit, contents):
            raise RefusedError(
                f"{unit.words} holds what may not leave",
                problems=[fault.words for fault in faults[:10]],
                way_out=f"Nothing was changed. {_way_to_take_out(unit)}",
            )

    def reopen(self, number: int, station: str, reason: str) -> LogisticUnit:
        """Open a closed carton or pallet again, at a table; `RefusedError` where it was shipped, where a carton is on a
        pallet, or where the table has another one open."""
        with self._db.transaction():
            unit = self._known(number)
            contents = self.contents(unit)
            why = self._why_closed_for_good(unit, contents, station)
            if why:
                raise RefusedError(f"{unit.words} can't be opened again: {why}", way_out="Nothing was changed.")
            self._db.execute(
                "UPDATE logistic_unit SET closed_at = NULL, station = ?, sent = 0 WHERE no = ?", (station, number)
            )
            if unit.kind == "carton":
                self._tell(contents, CartonReopened, carton=number, reason=reason)
            else:
                self._tell(contents, PalletReopened, pallet=number, reason=reason)
            return self._known(number)

    def _why_closed_for_good(self, unit: LogisticUnit, contents: Sequence[Place], station: str) -> str:
        if not unit.closed_at:
            return f"it is open, at {unit.station}"
        if unit.pallet:
            return f"it is on pallet {unit.pallet}: take it off first ({off_pallet_words(unit.words)})"
        shipped = {batch: self._packages.shipped(batch) for batch in {batch for batch, _ in contents}}
        if any(number in shipped[batch] for batch, number in contents):
            return "it was shipped"
        other = self.open_at(unit.kind, station)
        if other and not other.held:
            return f"{other.words}, which is empty, is open at {station}: put something in first, or use another table"
        return f"{other.words} is open at {station}: {close_first(other)}" if other else ""

    def note_sent(self, unit: LogisticUnit, address: str) -> None:
        """Note that a printer has the label of what was closed."""
        with self._db.transaction():
            self._db.execute("UPDATE logistic_unit SET sent = 1 WHERE no = ?", (unit.number,))
            self._history.append(None, PackingLabelSent(number=unit.number, label=unit.label or "", address=address))

    def _begin(self, kind: UnitKind, station: str, new: NewLogisticUnit) -> int:
        """A new open carton or pallet, inside the transaction."""
        self._home.require()
        ((last,),) = self._db.rows("SELECT coalesce(max(no), 0) FROM logistic_unit")
        number = max(int(last) + 1, first_logistic_unit(self._db))
        self._db.execute(
            "INSERT INTO logistic_unit (no, kind, size, mixed, sscc, station, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, kind, new.size, int(new.mixed), sscc_of(new.sscc_prefix, number), station, clock.now()),
        )
        return number

    def _tell(self, contents: Iterable[Place], event: type[PackedTogether], **values: object) -> None:
        """One event for each batch in it, or one of none."""
        spans: list[tuple[str | None, list[int]]] = [*_by_batch(contents)]
        for batch_id, numbers in spans or [(None, [])]:
            self._history.append(batch_id, event(packages=range_pairs(numbers), count=len(numbers), **values))

    def _known(self, number: int) -> LogisticUnit:
        unit = self.get(number)
        if unit is None:
            raise InputError(f"there is no carton or pallet {number}", way_out="`bss-mfg pallet list` shows them.")
        return unit

    def _one(self, rows: Sequence[Sequence[Any]]) -> LogisticUnit | None:
        return _unit(rows[0]) if rows else None


def _way_to_take_out(unit: LogisticUnit) -> str:
    """How a package leaves what could not be closed."""
    if unit.kind == "carton":
        return "Take it out of the carton (`remove`, then scan it)."
    return (
        f"`bss-mfg pallet show {unit.number}` says in which carton it is. Take that off the pallet "
        f"({off_pallet_words('carton N')}), open it (`bss-mfg carton reopen N --reason TEXT`), and take out what "
        "may not leave (`remove`, then scan it)."
    )


def _by_batch(contents: Iterable[Place]) -> Iterator[tuple[str, list[int]]]:
    for batch_id, places in groupby(contents, key=lambda place: place[0]):
        yield batch_id, [number for _, number in places]


def _unit(row: Sequence[Any]) -> LogisticUnit:
    number, kind, size, mixed, sscc, station, opened_at, closed_at, pallet, label, sent, held = row
    return LogisticUnit(
        number, kind, size, bool(mixed), sscc, station, opened_at, closed_at, pallet, label, bool(sent), held
    )
