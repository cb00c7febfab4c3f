"""Packages leave with the whole of what they lie in: what their carton or pallet holds by the ledger is in the box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.packing_records import UnitKind, off_pallet_words

_HERE = """SELECT p.number, coalesce(t.kind, c.kind), coalesce(t.no, c.no),
    coalesce(t.station, c.station), CASE WHEN t.no IS NULL THEN c.closed_at ELSE t.closed_at END, p.carton
    FROM package p JOIN logistic_unit c ON c.no = p.carton LEFT JOIN logistic_unit t ON t.no = c.pallet
    WHERE p.batch = ? AND p.shipped = 0"""
_HELD: dict[UnitKind, str] = {
    "carton": "SELECT count(*) FROM package k WHERE k.shipped = 0 AND k.carton = ?",
    "pallet": "SELECT count(*) FROM package k WHERE k.shipped = 0 "
    "AND k.carton IN (SELECT no FROM logistic_unit WHERE pallet = ?)",
}


@dataclass(frozen=True, slots=True)
class OuterUnit:
    """The carton or pallet in which a package lies, the pallet where its carton is on one; the table where it was
    packed last, and whether it is open there."""

    kind: UnitKind
    number: int
    station: str
    is_open: bool
    carton: int

    @property
    def words(self) -> str:
        """What it is called, and whether something may still go in."""
        return f"{self.kind} {self.number}" + (f", which is open at {self.station}" if self.is_open else "")

    @property
    def ways_out(self) -> str:
        """What to type for a package to leave with it, and without it."""
        ship = f"`bss-mfg ship --{self.kind} {self.number} --for TEXT`"
        if self.is_open:
            ship = f"close it, at {self.station} (`bss-mfg pack --close-{self.kind} --reason TEXT`), then {ship}"
        return f"Ship it whole: {ship}. Or take the box out: {', '.join(self._taking_out())}."

    def _taking_out(self) -> Iterator[str]:
        on_pallet = self.kind == "pallet"
        if on_pallet and not self.is_open:
            yield f"`bss-mfg pallet reopen {self.number} --reason TEXT`"
        if on_pallet:
            yield f"take its carton off the pallet ({off_pallet_words(f'carton {self.carton}')})"
        if on_pallet or not self.is_open:
            yield f"`bss-mfg carton reopen {self.carton} --reason TEXT`"
            yield "there in `bss-mfg pack`: `remove`, then its label"
        else:
            yield f"at {self.station} in `bss-mfg pack`: `remove`, then its label"


def outer_units(connection: Connection, batch: int, packages: Collection[int] | None = None) -> dict[int, OuterUnit]:
    """In what packages of a batch (by its number in the database) lie that are still here, all or some of them, by the
    package's number. A carton on a pallet is closed."""
    if packages is None:
        rows = list(connection.rows(f"{_HERE} ORDER BY p.number", (batch,)))
    else:
        rows = [row for number in packages for row in connection.rows(f"{_HERE} AND p.number = ?", (batch, number))]
    return {
        number: OuterUnit(kind, of, station, closed_at is None, carton)
        for number, kind, of, station, closed_at, carton in rows
    }


def torn_apart(connection: Connection, lying: Mapping[int, OuterUnit], leaving: Collection[int]) -> set[int]:
    """Of the packages of a batch that are to leave, those that lie in what is open, or in what holds something that
    stays."""
    inside = {number: lying[number] for number in leaving if number in lying}
    going = Counter(unit.number for unit in inside.values())
    outer = {unit.number: unit for unit in inside.values()}
    torn = {
        number for number, unit in outer.items() if unit.is_open or _held(connection, unit.kind, number) > going[number]
    }
    return {number for number, unit in inside.items() if unit.number in torn}


def _held(connection: Connection, kind: UnitKind, number: int) -> int:
    """How many packages in a carton or on a pallet are still here."""
    return int(connection.rows(_HELD[kind], (number,))[0][0])


def torn_error(batch_id: str, lying: Mapping[str, OuterUnit]) -> RefusedError:
    """The refusal of packages, by the serials in them, whose carton or pallet would stay with less than it says."""
    some = dict(list(lying.items())[:10])
    lies = one_or(len(lying), "lies", "lie")
    return RefusedError(
        f"{count_words(len(lying), 'package')} {lies} in a carton or on a pallet that doesn't leave with it",
        where=f"batch {batch_id}",
        problems=[f"{serials}: in {unit.words}" for serials, unit in some.items()],
        way_out=f"Nothing was changed. {next(iter(some.values())).ways_out}",
    )
