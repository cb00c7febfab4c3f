"""`python -m benchmarks.line`: the whole line, next to the straightforward program and to the bare libraries.

Issue, labels with text (24 on a sheet, 300 dpi), every label decoded back from the PDF at 300 dpi, control log. Four
sides in one run: bss-mfg in one process and with two, the reference pipeline in one process on slices of the same
units, and the library calls alone in two processes. Each side is warmed up first: starting and importing count on none.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from benchmarks.common import Target, head, run, say, table, target_table, write_json

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from benchmarks.bss_mfg_pipeline import Factory
    from benchmarks.floor import Floor

STEPS = ("issue", "labels", "verify", "control log")
UNDER = {"issue": ("encryption",), "labels": ("Data Matrix",), "verify": ("rasterising", "decoding"), "control log": ()}
"""The library calls under each step."""
SIDES = {"one": 1, "two": 2}
WARM = 1920
"""Units of the warm-up: two label files, so that both processes have begun."""


@dataclass(frozen=True)
class Slices:
    """How many units the slow sides are measured on, twice each."""

    issued: int = 1920
    printed: int = 240
    floor: int = 12_000


@dataclass(frozen=True)
class Measured:
    """One run of all sides: seconds a unit by step, MiB by side of bss-mfg, and the floor by library call."""

    units: int
    one: dict[str, float]
    two: dict[str, float]
    reference: dict[str, float]
    floor: dict[str, float]
    floor_processes: int
    floor_units: int
    reference_units: dict[str, int]
    warm_seconds: dict[str, float]
    peak_mib: dict[str, float]

    @property
    def targets(self) -> list[Target]:
        """What is asked of the whole line."""
        one, two, theirs, bare = (sum(side.values()) for side in (self.one, self.two, self.reference, self.floor))
        return [
            Target("whole line: one process / reference", theirs / one, 25),
            Target("whole line: two processes / reference", theirs / two, 45),
            Target("whole line: floor / two processes", bare / two, 0.55),
        ]

    def floor_of(self, step: str) -> float:
        """Seconds a unit of the library calls under a step, in the floor's processes."""
        return sum(self.floor[call] for call in UNDER[step])

    def record(self) -> dict[str, Any]:
        """For the file of results, in microseconds a unit."""

        def each(side: dict[str, float]) -> dict[str, float]:
            return {name: round(seconds * 1e6, 2) for name, seconds in side.items()}

        return {
            **asdict(self), **{side: each(getattr(self, side)) for side in ("one", "two", "reference", "floor")},
            "unit": "microseconds a unit", "targets": [target.record() for target in self.targets],
        }  # fmt: skip


# --- the sides --------------------------------------------------------------------------------------------------------


def through(factory: Factory, batch: str, units: int, executor: Executor | None) -> dict[str, float]:
    """Take a new batch through the line; seconds by step. Each step fails loudly where a unit is not right."""
    folder, times = factory.workspace.root / "batches" / batch, [time.perf_counter()]
    factory.issue(batch, units, executor)
    times.append(time.perf_counter())
    factory.labels(batch, folder / "labels", "mask", executor=executor)
    times.append(time.perf_counter())
    factory.verify(batch, folder / "labels", executor)
    times.append(time.perf_counter())
    factory.control_log(batch, folder / "logs", executor)
    times.append(time.perf_counter())
    return {step: end - start for step, start, end in zip(STEPS, times, times[1:], strict=False)}


def side(root: Path, name: str, units: int) -> dict[str, Any]:
    """bss-mfg in this process, and with more than one in so many workers: seconds of the warm-up and of each step."""
    from benchmarks.bss_mfg_pipeline import Factory
    from bss_mfg.core.processes import open_executor

    factory = Factory.open(root)
    with open_executor(SIDES[name]) as executor:
        warm = through(factory, f"warm-{name}", min(units, WARM), executor)
        return {"warm": sum(warm.values()), "steps": through(factory, name, units, executor)}


def reference(rows: Sequence[tuple[str, str]], pem: bytes, issued: int, folder: Path) -> dict[str, float]:
    """The straightforward program on some units: seconds a unit by step."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from benchmarks import reference_pipeline as theirs

    key, known = load_pem_public_key(pem), [theirs.Row(serial, payload) for serial, payload in rows]
    times = [time.perf_counter()]
    made = theirs.issue(issued, key)  # type: ignore[arg-type]
    times.append(time.perf_counter())
    theirs.labels(known, folder / "reference.pdf")
    times.append(time.perf_counter())
    found = theirs.verify(folder / "reference.pdf", known)
    times.append(time.perf_counter())
    theirs.control_log(made, folder / "reference.json")
    times.append(time.perf_counter())
    if len(found) != len(known):
        print(f"note: the reference read {len(found)} of {len(known)} of its labels", file=sys.stderr)
    counts = (issued, len(known), len(known), issued)
    taken = zip(STEPS, times, times[1:], counts, strict=False)
    return {step: (end - start) / count for step, start, end, count in taken}


@contextmanager
def pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes."""
    with ProcessPoolExecutor(count, get_context("spawn")) as executor:
        yield executor


def floor_of(factory: Factory, batch: str, units: int) -> Floor:
    """The bare library calls for the first units of a batch, in whole label files."""
    from benchmarks import floor
    from benchmarks.bss_mfg_pipeline import DPI

    parts = factory.ledger.prints.label_files(batch)
    most = max(units // len(parts[0].numbers), 1)
    files = [factory.workspace.root / "batches" / batch / "labels" / part.file for part in parts[:most]]
    payloads = [payload for _, payload in factory.payloads(batch, sum(len(part.numbers) for part in parts[:most]))]
    arguments = payloads, parts[0].modules, files, list(parts[0].symbol_boxes)
    pem, suite = factory.public_key.read_bytes(), factory.ledger.batches.get(batch).suite
    with pool(2) as executor:
        few = payloads[: len(parts[0].numbers)]
        for _ in range(2):  # both begin and import
            floor.measure(executor, 2, few, parts[0].modules, files[:1], list(parts[0].symbol_boxes), pem, suite, DPI)
        return floor.measure(executor, 2, *arguments, pem, suite, DPI)


# --- the run ----------------------------------------------------------------------------------------------------------


def measure(root: Path, units: int, slices: Slices = Slices(), hpke: bool = False) -> Measured:
    """All sides, one after the other. The slow ones are measured after each side of bss-mfg: a machine's mood shows."""
    from benchmarks.bss_mfg_pipeline import Factory

    factory = Factory.build(root / "factory", 16, hpke=hpke)
    pem = factory.public_key.read_bytes()
    ours: dict[str, dict[str, float]] = {}
    warm, peaks = {}, {}
    theirs: list[dict[str, float]] = []
    bare: list[Floor] = []
    for name in SIDES:
        say(f"line of {units:,} units: {name} process{'es' if SIDES[name] > 1 else ''}")
        ran = run([sys.executable, "-m", "benchmarks.line", "--side", name, "--root", factory.workspace.root,
                   "--units", units])  # fmt: skip
        told = json.loads(ran.out.strip().splitlines()[-1])
        ours[name] = {step: seconds / units for step, seconds in told["steps"].items()}
        warm[name], peaks[name] = round(told["warm"], 2), round(ran.peak, 1)
        say("  reference")
        rows = factory.payloads(name, slices.printed)
        with pool(1) as executor:
            executor.submit(reference, rows[:24], pem, 24, root).result()
            theirs.append(executor.submit(reference, rows, pem, min(slices.issued, units), root).result())
        say("  floor")
        bare.append(floor_of(factory, name, min(slices.floor, units)))
    return Measured(
        units, ours["one"], ours["two"],
        {step: mean(one[step] for one in theirs) for step in STEPS},
        {call: mean(one.seconds[call] for one in bare) for call in bare[0].seconds},
        bare[0].processes, bare[0].units,
        {"issue": min(slices.issued, units), "labels": len(rows), "verify": len(rows),
         "control log": min(slices.issued, units)},
        warm, peaks,
    )  # fmt: skip


def report(measured: Measured, targets: bool = True) -> str:
    """The sides as plain text: microseconds a unit, rates, ratios, and what is asked."""
    rows: list[tuple[str, ...]] = [
        ("step", "reference", "one process", "two", "floor of two", "one/ref.", "two/ref.", "two/one", "of floor")
    ]

    def line(step: str, theirs: float, one: float, two: float, bare: float) -> tuple[str, ...]:
        return (
            step, *(f"{seconds * 1e6:,.1f}" if seconds else "-" for seconds in (theirs, one, two, bare)),
            f"{theirs / one:.2f}", f"{theirs / two:.2f}", f"{one / two:.2f}", f"{bare / two:.2f}" if bare else "-",
        )  # fmt: skip

    for step in STEPS:
        sides = measured.reference[step], measured.one[step], measured.two[step]
        rows.append(line(step, *sides, measured.floor_of(step)))
    sums = [sum(side.values()) for side in (measured.reference, measured.one, measured.two, measured.floor)]
    rows.append(line("whole line", *sums))
    rates = "   ".join(f"{name} {1 / total:,.0f}/s" for name, total in zip(("reference", "one", "two", "floor"), sums,
                                                                           strict=True))  # fmt: skip
    calls = "   ".join(f"{call} {seconds * 1e6:,.1f}" for call, seconds in measured.floor.items())
    peaks = "   ".join(f"{name} {value:,.0f} MiB" for name, value in measured.peak_mib.items())
    return (
        f"{measured.units:,} units; microseconds a unit\n{table(rows)}\n\nunits a second: {rates}\n"
        f"floor, microseconds a unit in {measured.floor_processes} processes: {calls}\npeak memory: {peaks}"
        + (f"\n\n{target_table(measured.targets)}" if targets else "")
    )


def main() -> int:
    """Measure and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.line", description=__doc__)
    parser.add_argument("--hpke", action="store_true", help="encrypt with HPKE, not as the packaged spec does (ECIES)")
    parser.add_argument("--units", type=int, default=100_000, help="units of the batch (default 100,000)")
    parser.add_argument("--reference-labels", type=int, default=Slices.printed, help="labels of a reference slice")
    parser.add_argument("--floor-units", type=int, default=Slices.floor, help="units of a slice of the floor")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        print(json.dumps(side(given.root, given.side, given.units)))
        return 0
    with tempfile.TemporaryDirectory(prefix="bss-mfg-line-") as folder:
        slices = Slices(printed=given.reference_labels, floor=given.floor_units)
        measured = measure(Path(folder), given.units, slices, given.hpke)
    print(report(measured))
    if given.json:
        write_json(given.json, {**head(), "line": measured.record()})
    return int(any(target.met is False for target in measured.targets))


if __name__ == "__main__":
    sys.exit(main())
