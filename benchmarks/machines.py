"""`python -m benchmarks.machines`: a step's work by the workers of a Dask cluster, next to as many processes.

The cluster is the benchmark's own, on loopback. Both do the same work on the same cores, in turns; what Dask adds is
its scheduler and the parts of the ledger and the files that travel. Starting is told apart, as in `benchmarks.steps`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.common import Others, Target, head, say, table, target_table, write_json
from benchmarks.steps import STEPS, Bench, Point
from tests.helpers.dask_cluster import cluster

UNITS = 40_000
WORKERS = 2
LEAST = 0.85
"""Of the speed of as many processes."""


@dataclass(frozen=True)
class Compared:
    """A step in processes of the command's own, and on a cluster's workers."""

    own: Point
    dask: Point

    @property
    def target(self) -> Target:
        """How much of the processes' speed the workers reach."""
        what = f"{self.own.step}: {self.dask.jobs} workers / {self.own.jobs} processes"
        return Target(what, self.own.each / self.dask.each if self.dask.each else 0.0, LEAST)


def measure(root: Path, units: int, rounds: int, steps: Sequence[str] = ("labels", "verify")) -> list[Compared]:
    """Each step in both ways, in turns; what is warmed up first isn't counted."""
    bench = Bench(root)
    place = bench.place(units)
    found = [Compared(*(Point(step, units, WORKERS) for _ in range(2))) for step in steps]
    with cluster(root / "cluster", WORKERS) as dask:
        for one in found:
            step = STEPS[one.own.step]
            bench.measure(step, place, Point(step.name, units, WORKERS), dask.url)  # every worker has imported all
            for _ in range(rounds):
                bench.measure(step, place, one.own)
                bench.measure(step, place, one.dask, dask.url)
            say(f"{step.name}, {units:,} units: {one.own.seconds[-1]:.1f} s, by Dask {one.dask.seconds[-1]:.1f} s")
    return found


def report(found: Sequence[Compared]) -> str:
    """Both ways of each step as plain text."""
    rows = [("step", "by", "units", "start s", "total s", "us a unit")]
    for one in found:
        for name, point in (("processes", one.own), ("Dask", one.dask)):
            rows.append(
                (point.step, f"{point.jobs} {name}", f"{point.units:,}", f"{point.start:.2f}",
                 f"{median(point.seconds):.2f}", f"{point.each * 1e6:,.1f}")
            )  # fmt: skip
    return table(rows, left=(0, 1))


def main() -> int:
    """Measure and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.machines", description=__doc__)
    parser.add_argument("--units", type=int, default=UNITS, help=f"units of the batch (default {UNITS:,})")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    given = parser.parse_args()
    others = Others()
    with tempfile.TemporaryDirectory(prefix="bss-mfg-machines-") as folder:
        found = measure(Path(folder), given.units, given.rounds)
    targets = [one.target for one in found]
    print(f"{report(found)}\n\n{target_table(targets)}")
    if given.json:
        points = [{**point.record(), "by": by} for one in found for by, point in (("own", one.own), ("dask", one.dask))]
        document = {"points": points, "targets": [target.record() for target in targets]}
        write_json(given.json, {**head(), "others": round(others.share, 3), "machines": document})
    return int(any(target.met is False for target in targets))


if __name__ == "__main__":
    sys.exit(main())
