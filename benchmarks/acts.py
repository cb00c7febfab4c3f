"""What stations' acts cost at a ledger on PostgreSQL: seconds of each, alone, with each commit synced to disk.

An act is what one station does at a time: a label read, a box packed, units claimed by a flasher, a report of them, a
batch issued. Of its seconds some are spent in transactions, for which others may have to wait. `benchmarks.capacity`
lets a factory of stations do so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from unittest import mock

from bss_mfg.ledger.flash import ReportFile, UnitReport
from bss_mfg.ledger.postgresql import PostgresConnection
from bss_mfg.programming.flasher_key import register_flasher
from tests.helpers.factory import Factory, a_read, make_factory
from tests.helpers.packing import table, verify_all
from tests.helpers.postgres import Server

CARTON, CLAIM, BATCH = 12, 8, 1_000
"""Boxes of a carton, units of a flasher's claim, units of a batch that is issued at once."""


@dataclass(frozen=True)
class Act:
    """Seconds of one act: all, and those of its transactions."""

    seconds: float
    held: float


@dataclass(frozen=True)
class Acts:
    """Many acts of each kind, how many units one of each kind is for, and bytes of the ledger a unit."""

    made: dict[str, list[Act]]
    units: dict[str, int]
    bytes_a_unit: float

    def mean_s(self, kind: str) -> float:
        """Seconds of an act."""
        return fmean(act.seconds for act in self.made[kind])

    def held_s(self, kind: str) -> float:
        """Seconds of an act's transactions."""
        return fmean(act.held for act in self.made[kind])


class Watch:
    """Tells how long something takes, and how long transactions are open meanwhile."""

    def __init__(self) -> None:
        self._held = 0.0

    def __call__(self, act: Callable[[], object]) -> Act:
        """Do something."""
        held, begun = self._held, time.perf_counter()
        act()
        return Act(time.perf_counter() - begun, self._held - held)

    @contextmanager
    def transaction(self, connection: PostgresConnection) -> Iterator[None]:
        """A transaction of a connection, counted."""
        begun = time.perf_counter()
        try:
            with _real_transaction(connection):
                yield
        finally:
            self._held += time.perf_counter() - begun


_real_transaction = PostgresConnection.transaction


def measure(folder: Path, server: Server, boxes: int) -> Acts:
    """A batch of so many boxes (one unit in each) on its way through the factory, act by act."""
    factory = make_factory(folder / "served", server.new_database("acts"))
    factory.add(oob_bytes=16)
    factory.issue(CARTON, "first")  # everything is imported
    watch, before = Watch(), size_of(factory)
    with mock.patch.object(PostgresConnection, "transaction", lambda connection: watch.transaction(connection)):
        made = {"issue": [watch(partial(factory.issue, BATCH, name)) for name in ("i1", "i2", "i3", "i4")]}
        factory.issue(boxes, "B1")
        made["claim"] = list(claims(watch, factory, folder, boxes))
        made["report"] = list(reports(watch, factory, boxes))
        made["scan"] = list(scans(watch, factory, boxes))
        verify_all(factory, "B1")
        made["pack"] = list(packed(watch, factory))
    units = {"issue": BATCH, "claim": CLAIM, "report": CLAIM, "scan": 1, "pack": 1}
    return Acts(made, units, (size_of(factory) - before) / (4 * BATCH + boxes))


def claims(watch: Watch, factory: Factory, folder: Path, boxes: int) -> Iterator[Act]:
    """A flasher claims units, as its command does without the time to start."""
    place = folder / "flasher"
    place.mkdir()
    with factory.ledger() as ledger:
        register_flasher(place, ledger, "flasher-1")
    words = ("program", "B1", "--format", "csv", "--out", f"{place}/", "--claim", CLAIM, "--for", "flasher-1")
    for _ in range(boxes // CLAIM):
        yield watch(lambda: ended_well(factory.cli(*words).code))


def reports(watch: Watch, factory: Factory, boxes: int) -> Iterator[Act]:
    """What a flasher says of the units of a claim."""
    with factory.ledger() as ledger:
        serials = [unit.serial for package in ledger.packages.stream("B1") for unit in package.units]
        for first in range(0, boxes // CLAIM * CLAIM, CLAIM):
            said = [UnitReport(row, name, passed=True, detail="") for row, name in enumerate(serials[first:][:CLAIM])]
            file = ReportFile(f"{first}.csv", f"{first:064x}")
            yield watch(partial(ledger.flash.report, file, said))


def scans(watch: Watch, factory: Factory, boxes: int) -> Iterator[Act]:
    """A label is read at the hand-scanner station: its payload looked up, its read recorded."""
    payloads = factory.payloads()
    with factory.ledger() as ledger:

        def read(number: int) -> None:
            ledger.packages.find_by_payload(payloads[number - 1])
            ledger.reads.times_verified("B1", number)
            ledger.reads.record("B1", [a_read(number)])

        for number in range(1, boxes + 1):
            yield watch(partial(read, number))


def packed(watch: Watch, factory: Factory) -> Iterator[Act]:
    """Boxes are scanned into cartons; each twelfth closes one and draws its label."""
    payloads = factory.payloads()
    with factory.ledger() as ledger:
        desk = table(factory, ledger, CARTON, 40)
        with ledger.packing.table(ledger.actor.station):
            for payload in payloads:
                yield watch(partial(desk.read, payload))


def size_of(factory: Factory) -> int:
    """Bytes of the ledger's database."""
    return int(factory.rows("SELECT pg_database_size(current_database())")[0][0])


def ended_well(code: int) -> None:
    """`RuntimeError` where a command failed."""
    if code:
        raise RuntimeError(f"exit {code}")
