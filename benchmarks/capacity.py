"""`python -m benchmarks.capacity`: stations, database and workers for 1, 10 and 100 million units a year.

What a station's act costs at the database is measured (`benchmarks.acts`); how long hands and machines take is assumed
(`Line`), and may be changed by options. A factory of such stations then lives the busiest hour in a simulation
(SimPy): acts come when hands and machines are ready, and wait for one another at the database. It is counted as if
two transactions could never overlap there, which is worse than it is: only their ends can't, where they append to the
history.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from math import ceil
from pathlib import Path
from typing import Any

import simpy

from benchmarks.acts import BATCH, CARTON, CLAIM, Acts, measure
from benchmarks.common import Others, Target, head, table, target_table, write_json
from benchmarks.shared_ledger import DURABLE
from tests.helpers.postgres import server as running_server

YEARS = (1_000_000, 10_000_000, 100_000_000)
USED = 0.85
"""Of a station's time, in the busiest hour: more of them are needed beyond that."""
ANSWER_S = 0.05
"""What a scan may take: the 99th percentile."""
KINDS = ("issue", "claim", "report", "scan", "pack")
HOUR_S = 3_600


@dataclass(frozen=True)
class Line:
    """What is assumed of a factory, all in seconds but hours and peak; one unit a box."""

    hours: float = 4_000.0
    """Of work in a year: 250 days of two shifts."""
    peak: float = 2.0
    """The busiest hour next to the mean."""
    scan: float = 3.0
    """A box is picked up, its label read, put down."""
    pack: float = 4.0
    """The same into a carton."""
    carton: float = 30.0
    """A full carton is closed, labelled and put away."""
    flash: float = 20.0
    """A unit is put into the jig, flashed and tested."""
    sockets: float = 8.0
    """Units that one flasher has in its jig at a time."""
    label: float = 1 / 3
    """A label comes out of a press: 60 x 40 mm at 150 mm/s, with gaps and changes of the roll."""


@dataclass(frozen=True)
class Plan:
    """What a factory of a size needs: units a second in the busiest hour, stations of each kind, and worker processes
    that draw labels and read the files back."""

    a_year: int
    rate: float
    stations: dict[str, int]
    workers: float


@dataclass(frozen=True)
class Hour:
    """How the busiest hour went: units through the line, the database's share of time, and seconds that a scan took."""

    units: float
    busy: float
    scan_p50_s: float
    scan_p99_s: float


def plan(a_year: int, line: Line, us_a_unit: float) -> Plan:
    """Stations of which none is busier than `USED`; `us_a_unit` is what drawing and reading back takes one process."""
    rate = a_year / (line.hours * HOUR_S) * line.peak
    each = {
        "press": line.label,
        "flasher": line.flash / line.sockets,
        "scan station": line.scan,
        "packing table": line.pack + line.carton / CARTON,
    }
    stations = {name: max(ceil(rate * seconds / USED), 1) for name, seconds in each.items()}
    return Plan(a_year, rate, stations, rate * us_a_unit / 1e6)


def live(plan: Plan, line: Line, acts: Acts, seed: int = 1, hours: float = 1.0) -> Hour:
    """The busiest hour: each station works at its share of the rate, with hands that vary by a third."""
    chance, factory = random.Random(seed), simpy.Environment()
    database = simpy.Resource(factory)
    counted = dict.fromkeys(KINDS, 0)
    used, scans = [0.0], []

    def act(kind: str) -> Iterator[Any]:
        came, one = factory.now, chance.choice(acts.made[kind])
        yield factory.timeout(one.seconds - one.held)
        with database.request() as turn:
            yield turn
            yield factory.timeout(one.held)
            used[0] += one.held
        counted[kind] += acts.units[kind]
        if kind == "scan":
            scans.append(factory.now - came)

    def station(kinds: Sequence[str], every_s: float) -> Iterator[Any]:
        yield factory.timeout(chance.uniform(0, every_s))
        while True:
            begun = factory.now
            for kind in kinds:
                yield from act(kind)
            left = every_s * max(chance.gauss(1, 1 / 3), 0.1) - (factory.now - begun)
            yield factory.timeout(max(left, 0))

    def add(kinds: Sequence[str], count: int, units: int) -> None:
        for _ in range(count):
            factory.process(station(kinds, units * count / plan.rate))

    add(["issue"], 1, BATCH)
    add(["claim", "report"], plan.stations["flasher"], CLAIM)
    add(["scan"], plan.stations["scan station"], 1)
    add(["pack"], plan.stations["packing table"], 1)
    factory.run(until=hours * HOUR_S)
    scans.sort()
    return Hour(
        min(counted["scan"], counted["pack"]) / hours,
        used[0] / (hours * HOUR_S),
        scans[len(scans) // 2],
        scans[min(int(len(scans) * 0.99), len(scans) - 1)],
    )


def most_a_year(line: Line, acts: Acts, busy: float = 0.7) -> float:
    """Units a year at which the database is busy for a share of the busiest hour."""
    seconds = sum(acts.held_s(kind) / acts.units[kind] for kind in KINDS)
    return busy / seconds / line.peak * line.hours * HOUR_S


def report(plans: Sequence[tuple[Plan, Hour]], line: Line, acts: Acts) -> str:
    """All as plain text."""
    costs = [("act", "for units", "ms", "in transactions", "of it a unit")]
    for kind in KINDS:
        held, units = acts.held_s(kind) * 1000, acts.units[kind]
        costs.append((kind, f"{units:,}", f"{acts.mean_s(kind) * 1000:.1f}", f"{held:.1f}", f"{held / units:.2f}"))
    names = list(plans[0][0].stations)
    rows = [("units a year", "a second", *names, "workers", "database busy", "scan p50 ms", "p99 ms", "GB a year")]
    for one, hour in plans:
        rows.append(
            (f"{one.a_year:,}", f"{one.rate:.2f}", *(str(one.stations[name]) for name in names), f"{one.workers:.3f}",
             f"{hour.busy:.1%}", f"{hour.scan_p50_s * 1000:.1f}", f"{hour.scan_p99_s * 1000:.1f}",
             f"{one.a_year * acts.bytes_a_unit / 1e9:.1f}")
        )  # fmt: skip
    most = most_a_year(line, acts)
    told = f"The database is busy for 70% of the busiest hour at {most:,.0f} units a year."
    return f"{table(costs)}\n\n{table(rows)}\n\n{told}"


def main() -> int:
    """Measure, simulate and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    for one in fields(Line):
        parser.add_argument(f"--{one.name}", type=float, default=one.default, help=f"(default {one.default:.4g})")
    parser.add_argument("--boxes", type=int, default=1_200, help="boxes whose acts are measured (default 1,200)")
    parser.add_argument("--us-a-unit", type=float, default=430.0, metavar="US",
                        help="of one process, to draw a label and read it back (default 430)")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    given, others = parser.parse_args(), Others()
    line = Line(**{one.name: getattr(given, one.name) for one in fields(Line)})
    with (
        tempfile.TemporaryDirectory(prefix="bss-mfg-capacity-") as folder,
        running_server(DURABLE, on_disk=True) as server,
    ):
        acts = measure(Path(folder), server, given.boxes)
    plans = [plan(a_year, line, given.us_a_unit) for a_year in YEARS]
    lived = [(one, live(one, line, acts)) for one in plans]
    targets = [
        Target(
            f"a scan in the busiest hour of {one.a_year:,} a year, p99 in s", hour.scan_p99_s, ANSWER_S, at_most=True
        )
        for one, hour in lived
    ]
    print(f"{report(lived, line, acts)}\n\n{target_table(targets)}")
    if given.json:
        plans_told = [{**asdict(one), **asdict(hour)} for one, hour in lived]
        document = {"line": asdict(line), "plans": plans_told, "targets": [target.record() for target in targets]}
        write_json(given.json, {**head(), "others": round(others.share, 3), "capacity": document})
    return int(any(target.met is False for target in targets))


if __name__ == "__main__":
    sys.exit(main())
