"""A shift of a small line: an office that issues, a press, two scan desks, QA with a scanner, and what they did."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from bss_mfg.core import clock
from bss_mfg.ledger.events import LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Actor
from tests.helpers.factory import Factory, a_read
from tests.helpers.prints import spoiled_scan

MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@contextlib.contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The clock stands at a moment."""
    with mock.patch.object(clock, "now", lambda: moment.astimezone(UTC).strftime(MOMENT)):
        yield


@contextlib.contextmanager
def acting(factory: Factory, station: str, moment: datetime) -> Iterator[Ledger]:
    """The ledger, as a station opens it at a moment."""
    with at(moment), factory.workspace.open_ledger(Actor("Ann", station, "test")) as ledger:
        yield ledger


def scan(
    factory: Factory, station: str, batch: str, moment: datetime, packages: Sequence[int], verdict: str = "ok"
) -> None:
    """A hand scanner reads some packages."""
    with acting(factory, station, moment) as ledger:
        ledger.reads.record(batch, [a_read(package, verdict) for package in packages])


def serials(factory: Factory, batch: str, packages: Sequence[int]) -> list[str]:
    with factory.ledger() as ledger:
        return [unit.serial for unit in ledger.units.find_in_packages(batch, packages)]


def live_a_shift(factory: Factory, now: datetime, folder: Path | None = None, units: int = 24) -> None:
    """Three batches in the last hours before `now`: BULB-07 nearly done, BULB-08 being scanned, DUO-03 just printed. QA
    read a sheet of BULB-08, of which two labels are spoiled: in `folder`, if one is named; else it is only said so."""
    hour = timedelta(hours=1)
    factory.add(oob_bytes=16)
    factory.add("duo", title="Twin Plug", units_per_package=2, oob_bytes=16)
    for batch, product, ago in (("BULB-07", "bulb", 7), ("BULB-08", "bulb", 5), ("DUO-03", "duo", 1.5)):
        with mock.patch("tests.helpers.factory.WHO", Actor("Ann", "office", "test")), at(now - ago * hour):
            factory.issue(2 * units if product == "duo" else units, batch, product)
        with (
            mock.patch("tests.helpers.factory.WHO", Actor("Ben", "press-1", "test")),
            at(now - (ago - 0.25) * hour),
        ):
            factory.label(batch)
    half = units // 2
    for step in range(4):
        moment = now - (6 - step) * hour
        share = range(1 + step * units // 4, 1 + (step + 1) * units // 4)
        scan(factory, "scan-1", "BULB-07", moment, share)
    scan(factory, "scan-2", "BULB-07", now - 4 * hour, [2], "twice")
    scan(factory, "scan-2", "BULB-07", now - 4 * hour, [5, 6], "wrong label")
    scan(factory, "scan-2", "BULB-07", now - 3.9 * hour, [5, 6])
    with acting(factory, "scan-2", now - 3.5 * hour) as ledger:
        ledger.units.scrap("BULB-07", serials(factory, "BULB-07", [7, 8]), "dropped")
    with acting(factory, "scan-2", now - 3.4 * hour) as ledger:
        ledger.units.scrap("BULB-07", serials(factory, "BULB-07", [9]), "radio test failed")
    with acting(factory, "packing", now - 2.5 * hour) as ledger:
        ledger.packages.ship("BULB-07", serials(factory, "BULB-07", range(10, half + 1)), "pallet 12")
    for step in range(3):
        share = range(1 + step * half // 3, 1 + (step + 1) * half // 3)
        scan(factory, "scan-2", "BULB-08", now - (2 - step) * hour + 2 * timedelta(minutes=-2), share)
    scan(factory, "scan-2", "BULB-08", now - timedelta(minutes=6), [half + 1], "wrong label")
    spoiled = [half + 2, half + 3]
    if folder is None:
        with acting(factory, "qa", now - timedelta(minutes=2)) as ledger:
            ledger.reads.record("BULB-08", [_seen(package, package not in spoiled) for package in range(1, 25)])
        return
    settings = factory.root / "bss-mfg.toml"
    settings.write_text(settings.read_text().replace('station = ""', 'station = "qa"'))
    with at(now - timedelta(minutes=2)):
        picture = spoiled_scan(factory, "BULB-08", spoiled, folder / "tray-4.png")
        done = factory.cli("verify", "BULB-08", picture, "--partial")
    assert done.code == 1, done.err


def _seen(package: int, right: bool) -> LabelRead:
    """A label in a scan, read right or not at all."""
    verdict = "matched" if right else "unreadable"
    return LabelRead(verdict=verdict, package=package, file="tray-4.png", page=1, x_mm=1.0, y_mm=package, of="print")
