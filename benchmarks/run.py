"""`make bench`: the table of each step's rate, its ratio to the reference and to the floor, memory, and scaling.

`--full` takes the whole line with 100,000 units and the steps to a million, for a release: an hour or two.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import choices, contents, helps, line, rounds, steps
from benchmarks.common import RESULTS, Others, Target, head, say, table, target_table, write_json


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    line_units: int
    up_to: int
    grade_up_to: int
    process_rounds: int
    rounds: int
    help_runs: int
    share: float = 1.0
    """Of the units of the comparison of processes and of other choices, and of the slices of the reference."""


QUICK = Extent(24_000, 100_000, 1_000, 1, 3, 3)
FULL = Extent(100_000, 1_000_000, 100_000, 3, 5, 7)
BUSY = 0.05
"""Of the machine, taken by others: more than that is told."""
SECTIONS = ("help", "line", "steps", "rounds", "contents", "choices")


@dataclass
class Found:
    """What the sections measured; None where one was left out."""

    help: list[helps.Help] | None = None
    line: line.Measured | None = None
    growth: list[steps.Point] | None = None
    processes: list[steps.Point] | None = None
    rounds: list[rounds.Line] | None = None
    choices: list[choices.Made] | None = None
    contents: list[contents.Cost] | None = None

    @property
    def targets(self) -> list[Target]:
        """All that is asked."""
        asked = list(self.line.targets) if self.line else []
        asked += steps.growth_targets(self.growth or []) + steps.process_targets(self.processes or [])
        asked += helps.targets(self.help) if self.help else []
        asked += [Target(f"{one.step} / reference", one.ratio, one.target) for one in self.rounds or []]
        asked += [target for one in self.contents or [] for target in one.targets]
        return asked

    def record(self) -> dict[str, Any]:
        """For the file of results."""
        document: dict[str, Any] = {}
        if self.help:
            document["help"] = [
                {"command": one.command, "ms": round(one.seconds * 1000, 1), "ratio": round(one.ratio, 2)}
                for one in self.help
            ]
        if self.line:
            document["line"] = self.line.record()
        if self.growth is not None:
            document["steps"] = steps.record(self.growth, self.processes or [])
        if self.rounds:
            document["rounds"] = rounds.record(self.rounds)
        if self.contents:
            document["contents"] = [one.record() for one in self.contents]
        if self.choices:
            document["choices"] = [one.record() for one in self.choices]
        return {**document, "targets": [target.record() for target in self.targets]}


def measure(extent: Extent, sections: tuple[str, ...] = SECTIONS) -> Found:
    """All sections, one after the other, each in a folder of its own that is gone afterwards."""
    found = Found()

    def within(work: Callable[[Path], None]) -> None:
        with tempfile.TemporaryDirectory(prefix="bss-mfg-bench-") as folder:
            work(Path(folder))

    def whole_line(root: Path) -> None:
        few = line.Slices(*(max(int(units * extent.share), 24) for units in (1920, 240, 12_000)))
        found.line = line.measure(root, extent.line_units, few)

    def each_step(root: Path) -> None:
        bench, jobs = steps.Bench(root), os.cpu_count() or 1
        every = list(steps.STEPS.values())
        found.growth = bench.growth(steps.sizes_to(extent.up_to), every, jobs, extent.grade_up_to)
        found.processes = bench.processes(every, range(1, max(jobs, 2) + 1), extent.share, extent.process_rounds)

    if "help" in sections:
        say("help")
        found.help = helps.measure_all(extent.help_runs)
    if "line" in sections:
        within(whole_line)
    if "steps" in sections:
        within(each_step)
    if "rounds" in sections:
        found.rounds = rounds.lines_of(*rounds.compare(extent.rounds, 16))
    if "contents" in sections:
        within(lambda root: setattr(found, "contents", list(contents.measure(root, extent.rounds))))
    if "choices" in sections:
        within(lambda root: setattr(found, "choices", choices.measure(root, extent.share)))
    return found


def steps_table(found: Found) -> str:
    """One line a step: rates, ratios, memory, growth and speed-up. A dash is what was not measured, or has no other."""
    whole = found.line
    rows: list[tuple[str, ...]] = [
        (
            "step",
            "one/s",
            "two/s",
            "us a unit",
            "x ref.",
            "two x ref.",
            "of floor",
            "MiB",
            "time x",
            "memory x",
            "two/one",
        )
    ]
    growth = {target.what: target.value for target in steps.growth_targets(found.growth or [])}
    speed = {target.what: target.value for target in steps.process_targets(found.processes or [])}

    def number(value: float | None, form: str = ".2f") -> str:
        return format(value, form) if value else "-"

    for name in steps.STEPS:
        own = [point for point in found.growth or [] if point.step == name]
        by_jobs = {point.jobs: point for point in found.processes or [] if point.step == name}
        one, two = (by_jobs[jobs].each if jobs in by_jobs else 0.0 for jobs in (1, 2))
        theirs = bare = 0.0
        if whole and name in whole.one:
            one, two, theirs, bare = whole.one[name], whole.two[name], whole.reference[name], whole.floor_of(name)
        elif own and not one:
            one = own[-1].each
        time_x, memory_x = (
            next((value for what, value in growth.items() if what.startswith(f"{name}: {kind}")), None)
            for kind in ("time", "peak")
        )
        rows.append(
            (
                name, number(one and 1 / one, ",.0f"), number(two and 1 / two, ",.0f"), number(one * 1e6, ",.1f"),
                number(one and theirs / one), number(two and theirs / two), number(two and bare / two),
                number(own[-1].peak if own else None, ",.0f"), number(time_x), number(memory_x),
                number(speed.get(f"{name}: 2 processes / one")),
            )
        )  # fmt: skip
    if whole:
        sums = [sum(side.values()) for side in (whole.one, whole.two, whole.reference, whole.floor)]
        one, two, theirs, bare = sums
        rows.append(
            ("whole line", f"{1 / one:,.0f}", f"{1 / two:,.0f}", f"{one * 1e6:,.1f}", f"{theirs / one:.2f}",
             f"{theirs / two:.2f}", f"{bare / two:.2f}", f"{whole.peak_mib['two']:,.0f}", "-", "-", f"{one / two:.2f}")
        )  # fmt: skip
    return table(rows)


def report(found: Found) -> str:
    """Everything as plain text: the table of steps, then what it was made of, then the targets."""
    parts = [steps_table(found)] if found.line or found.growth else []
    parts += [line.report(found.line, targets=False)] if found.line else []
    parts += [steps.report([*found.growth, *(found.processes or [])])] if found.growth else []
    parts += [rounds.report(found.rounds)] if found.rounds else []
    parts += [choices.report(found.choices)] if found.choices else []
    parts += [target_table(found.targets)] if found.targets else []
    return "\n\n".join(parts)


def main() -> int:
    """Measure, print, write; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--full", action="store_true", help="100,000 units in the line, the steps to a million")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="SECTION",
                        help=f"only these: {', '.join(SECTIONS)}")  # fmt: skip
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/VERSION.json")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    given = parser.parse_args()
    try:
        import pylibdmtx.pylibdmtx  # noqa: F401
    except ImportError:
        say("The reference needs libdmtx. On Debian: sudo apt-get install libdmtx0b")
        return 6
    begun, others = time.perf_counter(), Others()
    found = measure(FULL if given.full else QUICK, tuple(given.only))
    print(report(found))
    if (busy := others.share) > BUSY:
        say(f"Other programs took {busy:.0%} of the machine during the run: measure again when it is idle.")
    facts = {"seconds": round(time.perf_counter() - begun), "full": given.full, "others": round(busy, 3)}
    document = {**head(), **facts, **found.record()}
    for file in [
        *([given.json] if given.json else []),
        *([RESULTS / f"{document['version']}.json"] if given.save else []),
    ]:
        write_json(file, document)
    return int(any(target.met is False for target in found.targets))


if __name__ == "__main__":
    sys.exit(main())
