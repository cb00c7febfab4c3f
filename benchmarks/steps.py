"""`python -m benchmarks.steps`: each step at 10^3 units and more, and in one process and more, by its real command.

Each command runs in processes of its own. Starting is told apart: it is the time of the same command on 24 units,
taken beside each run, and the microseconds a unit are those of the units beyond these 24. What is soon done is done
more often, for a tenth of a second is less than the moods of a start. Memory is that of all processes of a command
together, what they share counted once, and its highest moment is told.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.common import Ran, Target, head, run, say, table, target_table, write_json

FEW = 24
"""Units whose time is called starting: one sheet."""
BASE = 10_000
"""What larger batches are compared with."""
GROWTH = 1.15
SPEED_UP = 1.7
SOON, OFTEN = 1.0, 9
"""What takes less than so many seconds beside starting is run so often."""


@dataclass
class Place:
    """A workspace with one batch, and how often each step was run on it."""

    root: Path
    units: int
    runs: dict[str, int] = field(default_factory=dict)

    @classmethod
    def build(cls, root: Path, units: int) -> Place:
        """A workspace in which nothing is issued yet."""
        from benchmarks.bss_mfg_pipeline import Factory

        with Factory.build(root, 16).ledger:
            pass
        return cls(root, units)

    @property
    def files(self) -> Path:
        """The folder of the batch."""
        return self.root / "batches" / "b1"


@dataclass(frozen=True)
class Step:
    """A step: its command line for the n-th run (from 1) at a place, and the steps that must have run before."""

    name: str
    words: Callable[[Place, int], list[object]]
    before: tuple[str, ...] = ()
    spread: bool = False
    """Whether two processes must be `SPEED_UP` times one."""

    def run(self, place: Place, jobs: int, executor: str = "") -> Ran:
        """Run the command once more, in so many processes or by an executor."""
        number = place.runs[self.name] = place.runs.get(self.name, 0) + 1
        words = self.words(place, number)
        more: list[object] = ["--executor", executor] if executor else ["--jobs", jobs] if takes_jobs(words) else []
        return run([sys.executable, "-m", "bss_mfg", "--workspace", place.root, *words, *more])


def _labels(place: Place, number: int) -> list[object]:
    if number == 1:
        return ["labels", "b1"]
    return ["labels", "b1", "--again", "--out", place.root / f"again-{number}"]


STEPS = {
    step.name: step
    for step in (
        Step("issue", lambda at, n: ["batch", "create", "bulb", "--units", at.units, "--id", f"b{n}"]),
        Step("labels", _labels, ("issue",), spread=True),
        Step("verify", lambda at, n: ["verify", "b1", at.files / "labels"], ("issue", "labels"), spread=True),
        Step(
            "control log", lambda at, n: ["manifest", "make", "b1", "--out", f"{at.files / f'logs-{n}'}/"], ("issue",)
        ),
        Step(
            "manifest",
            lambda at, n: ["manifest", "make", "b1", "--format", "jsonl", "--out", at.root / f"manifest-{n}.jsonl"],
            ("issue",),
        ),
        Step("reconcile", lambda at, n: ["reconcile", "b1"], ("issue", "labels", "control log")),
        Step("grade", lambda at, n: ["verify", "b1", at.files / "labels", "--grade"], ("issue", "labels"), spread=True),
    )
}
PROCESS_UNITS = {"issue": 38_400, "labels": 38_400, "verify": 19_200, "reconcile": 19_200, "grade": 2_880}
"""Units on which one process is compared with more."""


def takes_jobs(words: Sequence[object]) -> bool:
    """Whether a command has `--jobs`."""
    from bss_mfg.cli.main import cli

    command: click.Command | None = cli
    for word in words:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), str(word))
    return command is not None and any(option.name == "jobs" for option in command.params)


@dataclass
class Point:
    """A step at a number of units in a number of processes: seconds and peak memory of each run, and seconds of the
    start beside it."""

    step: str
    units: int
    jobs: int
    seconds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    def add(self, ran: Ran, start: float) -> None:
        """One more run."""
        self.seconds.append(ran.seconds)
        self.peaks.append(ran.peak)
        self.starts.append(start)

    @property
    def start(self) -> float:
        """Seconds to start."""
        return median(self.starts)

    @property
    def beyond(self) -> float:
        """Seconds without starting."""
        return max(median(self.seconds) - self.start, 0.0)

    @property
    def each(self) -> float:
        """Seconds a unit, without starting."""
        return self.beyond / max(self.units - FEW, 1)

    @property
    def rate(self) -> float:
        """Units a second, without starting; 0 where nothing can be told from noise."""
        return 1 / self.each if self.each else 0.0

    @property
    def peak(self) -> float:
        """MiB."""
        return median(self.peaks)

    def record(self) -> dict[str, Any]:
        """For the file of results."""
        return {
            "step": self.step, "units": self.units, "jobs": self.jobs, "start_seconds": round(self.start, 3),
            "seconds": [round(value, 3) for value in self.seconds], "microseconds": round(self.each * 1e6, 2),
            "peak_mib": round(self.peak, 1),
        }  # fmt: skip


class Bench:
    """Places by size, made when they are first needed and kept."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._places: dict[str, Place] = {}

    def place(self, units: int, kind: str = "growth") -> Place:
        """The workspace of a size."""
        name = f"{kind}-{units}"
        if name not in self._places:
            self._places[name] = Place.build(self.root / name, units)
        return self._places[name]

    def prepare(self, step: Step, place: Place) -> None:
        """Run what must have run before, if it has not."""
        for name in step.before:
            if not place.runs.get(name):
                STEPS[name].run(place, os.cpu_count() or 1)

    def measure(self, step: Step, place: Place, point: Point, executor: str = "") -> None:
        """Run a step once more, beside the same on one sheet."""
        few = self.place(FEW, "start")
        for at in (few, place):
            self.prepare(step, at)
        point.add(step.run(place, point.jobs, executor), step.run(few, point.jobs, executor).seconds)

    def growth(self, sizes: Sequence[int], steps: Sequence[Step], jobs: int, most_graded: int) -> list[Point]:
        """Each step at each size. What is compared with is measured again at the end: a machine's mood shows."""
        points: dict[tuple[str, int], Point] = {}
        for units in [*sizes, *([BASE] if BASE in sizes and sizes[-1] > BASE else [])]:
            place = self.place(units)
            for step in steps:
                if step.name == "grade" and units > most_graded:
                    continue
                key = step.name, units
                point = points.setdefault(key, Point(step.name, units, jobs))
                for number in range(OFTEN):
                    if number < 1 + (units <= BASE and step.name != "grade") or point.beyond < SOON:
                        self.measure(step, place, point)
                say(f"{step.name}, {units:,} units: {points[key].seconds[-1]:.1f} s, {points[key].peaks[-1]:.0f} MiB")
        return list(points.values())

    def processes(self, steps: Sequence[Step], jobs: Sequence[int], share: float, rounds: int = 2) -> list[Point]:
        """Steps that can use them in one process and more, in turns."""
        found = []
        for step in steps:
            if step.name not in PROCESS_UNITS or not takes_jobs(step.words(Place(Path(), 1), 1)):
                continue
            units = max(int(PROCESS_UNITS[step.name] * share), FEW * 2)
            place = self.place(units, f"processes-{step.name}".replace(" ", "-"))
            points = [Point(step.name, units, number) for number in jobs]
            for _ in range(rounds):
                for point in points:
                    self.measure(step, place, point)
            told = "  ".join(f"{point.jobs}: {median(point.seconds):.1f} s" for point in points)
            say(f"{step.name}, {units:,} units in so many processes: {told}")
            found += points
        return found


def growth_targets(points: Sequence[Point]) -> list[Target]:
    """Time and memory of each step's largest size over those of the size it is compared with."""
    targets = []
    for name in dict.fromkeys(point.step for point in points):
        own = [point for point in points if point.step == name]
        base = next((point for point in own if point.units == BASE), own[0])
        last = own[-1]
        if last.units > base.units and base.each:
            over = f"{last.units:,} units / {base.units:,}"
            asked = GROWTH if base.units == BASE else None
            targets += [
                Target(f"{name}: time a unit, {over}", last.each / base.each, asked, at_most=True),
                Target(f"{name}: peak memory, {over}", last.peak / base.peak, asked, at_most=True),
            ]
    return targets


def process_targets(points: Sequence[Point]) -> list[Target]:
    """Speed of each number of processes over that of one."""
    targets = []
    for point in points:
        one = next(other for other in points if other.step == point.step and other.jobs == 1)
        if point.jobs > 1 and point.each:
            asked = SPEED_UP if STEPS[point.step].spread and point.jobs == 2 else None
            targets.append(Target(f"{point.step}: {point.jobs} processes / one", one.each / point.each, asked))
    return targets


def report(points: Sequence[Point]) -> str:
    """All points as plain text."""
    rows = [("step", "units", "processes", "start s", "total s", "us a unit", "units/s", "peak MiB")]
    for point in points:
        rows.append(
            (point.step, f"{point.units:,}", str(point.jobs), f"{point.start:.2f}", f"{median(point.seconds):.2f}",
             f"{point.each * 1e6:,.1f}", f"{point.rate:,.0f}", f"{point.peak:,.0f}")
        )  # fmt: skip
    return table(rows)


def sizes_to(most: int) -> list[int]:
    """1,000, 10,000 and so on."""
    sizes = [1_000]
    while sizes[-1] * 10 <= most:
        sizes.append(sizes[-1] * 10)
    return sizes


def record(growth: Sequence[Point], processes: Sequence[Point]) -> dict[str, Any]:
    """For the file of results."""
    targets = [*growth_targets(growth), *process_targets(processes)]
    return {
        "growth": [point.record() for point in growth], "processes": [point.record() for point in processes],
        "targets": [target.record() for target in targets],
    }  # fmt: skip


def main() -> int:
    """Measure and print; 1 if a target is missed."""
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--up-to", type=int, default=100_000, help="the largest batch (default 100,000)")
    parser.add_argument("--grade-up-to", type=int, default=1_000, help="the largest batch graded (default 1,000)")
    parser.add_argument("--sizes", type=int, nargs="+", help="these sizes instead of 1,000, 10,000 ...")
    parser.add_argument("--jobs", type=int, default=cores, help="processes of the sizes (default: one per core)")
    parser.add_argument("--processes", type=int, default=max(cores, 2), help="compare one process with up to so many")
    parser.add_argument("--share", type=float, default=1.0, help="a share of the units of that comparison")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each number of processes (default 2)")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS), metavar="STEP", help="only these")
    parser.add_argument("--no-growth", action="store_true", help="leave the sizes out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    given = parser.parse_args()
    steps = [STEPS[name] for name in given.steps]
    with tempfile.TemporaryDirectory(prefix="bss-mfg-steps-") as folder:
        bench = Bench(Path(folder))
        sizes = given.sizes or sizes_to(given.up_to)
        growth = [] if given.no_growth else bench.growth(sizes, steps, given.jobs, given.grade_up_to)
        counts = range(1, given.processes + 1)
        processes = bench.processes(steps, counts, given.share, given.rounds) if given.processes > 1 else []
    print(report([*growth, *processes]))
    targets = [*growth_targets(growth), *process_targets(processes)]
    if targets:
        print(f"\n{target_table(targets)}")
    if given.json:
        write_json(given.json, {**head(), "steps": record(growth, processes)})
    return int(any(target.met is False for target in targets))


if __name__ == "__main__":
    sys.exit(main())
