"""`python -m benchmarks.run`: bss-mfg next to the straightforward program, measured in turns on this machine.

Each side runs in one process of its own, and only one of them works at any time. The rounds alternate which side goes
first, and medians are compared, so a busy machine disturbs both sides alike.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.bss_mfg_pipeline import Factory

RESULTS = Path(__file__).parent / "results"
OUR_UNITS, VECTOR_UNITS, REFERENCE_LABELS, REFERENCE_READS = 1920, 960, 240, 48
HELP_RUNS = 15
STOP_AFTER = 120.0
"""Seconds after which no further round starts."""

LIBRARIES = (
    "cryptography", "zint-bindings", "zxing-cpp", "pylibdmtx", "reportlab", "pypdfium2", "pillow", "numpy", "click",
)  # fmt: skip

Rates = dict[str, list[float]]
"""Step -> units a second (or seconds, for --help) of each round."""


@dataclass(frozen=True)
class Line:
    """A line of the table. `target` is the smallest ratio that will do, or the largest where `at_most` is set."""

    step: str
    ours: float
    reference: float | None
    unit: str = "units/s"
    target: float | None = None
    at_most: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours over the reference's."""
        return self.ours / self.reference if self.reference else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None or self.ratio is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


def timed(units: int, work: Callable[[], object]) -> float:
    """Units a second."""
    gc.collect()
    start = time.perf_counter()
    work()
    return units / (time.perf_counter() - start)


# --- in the process of bss-mfg --------------------------------------------------------------------------------------

_factory: list[Factory] = []


def open_factory(root: Path, oob_bytes: int) -> tuple[bytes, str]:
    """Make the workspace; gives the product public key and the SQLite version."""
    import sqlite3

    from benchmarks.bss_mfg_pipeline import Factory

    factory = Factory.build(root, oob_bytes)
    _factory[:] = [factory]
    return factory.public_key.read_bytes(), sqlite3.sqlite_version


def our_round(batch: str, units: int, out: Path) -> tuple[dict[str, float], list[tuple[str, str]]]:
    """One round of bss-mfg on a new batch: the rates, and payloads for the reference."""
    factory = _factory[0]
    mask, vector = out / f"{batch}-mask", out / f"{batch}-vector"
    other, few = f"{batch}-vector", min(units, VECTOR_UNITS)
    rates = {
        "issue": timed(units, lambda: factory.issue(batch, units)),
        "labels": timed(units, lambda: factory.labels(batch, mask, "mask")),
        "verify": timed(units, lambda: factory.verify(batch, mask)),
    }
    # Label printers print rolls: there ZPL is compared with our own PDF.
    for step, printer in (("labels-roll-pdf", "pdf-300"), ("labels-roll-zpl", "zpl-300")):
        folder = out / f"{batch}-{printer}"
        rates[step] = timed(
            units, lambda to=folder, name=printer: factory.labels(batch, to, "mask", "roll-50x30", name)
        )
    factory.issue(other, few)
    rates["labels-vector"] = timed(few, lambda: factory.labels(other, vector, "vector"))
    rates["verify-vector"] = timed(few, lambda: factory.verify(other, vector))
    return rates, factory.payloads(batch, REFERENCE_LABELS)


# --- in the process of the straightforward program ------------------------------------------------------------------


def reference_issue(units: int, key: bytes, oob_bytes: int) -> float:
    """The rate of the reference's issuing."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from benchmarks import reference_pipeline as reference

    public_key = load_pem_public_key(key)
    assert isinstance(public_key, EllipticCurvePublicKey)
    return timed(units, lambda: reference.issue(units, public_key, oob_bytes))


def reference_paper(payloads: list[tuple[str, str]], reads: int, out: Path) -> dict[str, float]:
    """The rates of the reference's labels, and of its verification of its own file."""
    from benchmarks import reference_pipeline as reference

    rows = [reference.Row(serial, payload) for serial, payload in payloads]
    file, few = out / "reference.pdf", out / "reference-few.pdf"
    rates = {"labels": timed(len(rows), lambda: reference.labels(rows, file))}
    reference.labels(rows[:reads], few)
    rates["verify"] = reference_reads(payloads[:reads], few)
    return rates


def reference_reads(payloads: list[tuple[str, str]], file: Path) -> float:
    """The rate at which the reference reads a file. A label that it can't read is told: it costs it seconds."""
    from benchmarks import reference_pipeline as reference

    rows = [reference.Row(serial, payload) for serial, payload in payloads]
    found: set[str] = set()
    rate = timed(len(rows), lambda: found.update(reference.verify(file, rows)))
    if len(found) != len(rows):
        print(f"note: the reference read {len(found)} of {len(rows)} labels of {file.name}", file=sys.stderr)
    return rate


# --- in this process ------------------------------------------------------------------------------------------------


def compare(rounds: int, oob_bytes: int, say: Callable[[str], None]) -> tuple[Rates, Rates, dict[str, Any]]:
    """All rounds: our rates, the reference's, and facts of the run."""
    ours: Rates = {}
    theirs: Rates = {}
    begun, spawn = time.perf_counter(), get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="bss-mfg-benchmark-") as folder,
        ProcessPoolExecutor(1, spawn) as we,
        ProcessPoolExecutor(1, spawn) as they,
    ):
        out = Path(folder)
        key, sqlite = we.submit(open_factory, out / "factory", oob_bytes).result()

        def they_issue(units: int) -> float:
            return they.submit(reference_issue, units, key, oob_bytes).result()

        say("warming up")
        _, payloads = we.submit(our_round, "warm", 48, out).result()
        they_issue(48)
        they.submit(reference_paper, payloads[:24], 24, out).result()
        across = they.submit(reference_reads, payloads, out / "warm-mask" / "warm-labels-0001.pdf").result()

        for number in range(1, rounds + 1):
            if number > 3 and time.perf_counter() - begun > STOP_AFTER:
                break
            say(f"round {number} of {rounds}")
            they_first = number % 2 == 0
            their_rates = {"issue": they_issue(OUR_UNITS)} if they_first else {}
            our_rates, payloads = we.submit(our_round, f"round-{number}", OUR_UNITS, out).result()
            if not they_first:
                their_rates["issue"] = they_issue(OUR_UNITS)
            their_rates |= they.submit(reference_paper, payloads, REFERENCE_READS, out).result()
            for name, value in our_rates.items():
                ours.setdefault(name, []).append(value)
            for name, value in their_rates.items():
                theirs.setdefault(name, []).append(value)
    theirs["verify-ours"] = [across]
    return ours, theirs, {"sqlite": sqlite, "payload_characters": len(payloads[0][1])}


def help_seconds(runs: int) -> tuple[list[float], list[float]]:
    """Wall times of `bss-mfg --help` and of a bare `import click`, in turns."""
    commands = ([sys.executable, "-m", "bss_mfg", "--help"], [sys.executable, "-c", "import click"])
    seconds: tuple[list[float], list[float]] = ([], [])
    for run in range(runs + 1):
        for command, found in zip(commands, seconds, strict=True):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if run:  # the first fills the caches
                found.append(time.perf_counter() - start)
    return seconds


def lines_of(ours: Rates, theirs: Rates, help_times: tuple[list[float], list[float]]) -> list[Line]:
    """The table."""

    def of(step: str, name: str, their_name: str, target: float | None) -> Line:
        return Line(step, median(ours[name]), median(theirs[their_name]), target=target)

    own, bare = (median(times) * 1000 for times in help_times)
    return [
        of("issue (HPKE, sealed, committed)", "issue", "issue", 0.5),
        of("labels (mask)", "labels", "labels", 25),
        of("labels (vector)", "labels-vector", "labels", 12),
        Line(
            "labels (ZPL against our PDF, roll)",
            median(ours["labels-roll-zpl"]),
            median(ours["labels-roll-pdf"]),
            target=1,
        ),
        of("verify at 300 dpi (mask)", "verify", "verify", 12),
        of("verify at 300 dpi (vector)", "verify-vector", "verify", None),
        of("verify: reference reads our file", "verify", "verify-ours", None),
        Line("--help against `import click`", own, bare, "ms", 3, at_most=True),
    ]


def table(lines: list[Line]) -> str:
    """The table as plain text."""
    rows = [("step", "bss-mfg", "reference", "unit", "ratio", "target", "")]
    for line in lines:
        sign = "<=" if line.at_most else ">="
        rows.append(
            (
                line.step,
                f"{line.ours:,.0f}",
                f"{line.reference:,.0f}" if line.reference else "-",
                line.unit,
                f"{line.ratio:.2f}" if line.ratio else "-",
                f"{sign} {line.target:g}" if line.target is not None else "-",
                {True: "ok", False: "MISSED", None: "info"}[line.met],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column in (0, 3, 6) else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def machine(sqlite: str) -> dict[str, Any]:
    """What the numbers depend on, without naming the computer."""
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite,
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }


def main() -> int:
    """Measure, print, write; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of both sides (default 5)")
    parser.add_argument("--oob-bytes", type=int, choices=(16, 32), default=16, help="octets of an OOB key (default 16)")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/VERSION.json")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    given = parser.parse_args()
    if given.rounds < 1:
        parser.error("--rounds is at least 1")

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    from bss_mfg import __version__

    try:
        import pylibdmtx.pylibdmtx  # noqa: F401
    except ImportError:
        say("The reference needs libdmtx. On Debian: sudo apt-get install libdmtx0b")
        return 6
    begun = time.perf_counter()
    ours, theirs, facts = compare(given.rounds, given.oob_bytes, say)
    say("--help")
    help_times = help_seconds(HELP_RUNS)
    lines = lines_of(ours, theirs, help_times)
    print(table(lines))
    result = {
        "version": __version__,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(facts["sqlite"]),
        "run": {
            "rounds": len(ours["issue"]),
            "seconds": round(time.perf_counter() - begun, 1),
            "oob_bytes": given.oob_bytes,
            "payload_characters": facts["payload_characters"],
            "bss_mfg_units": {"mask": OUR_UNITS, "vector": VECTOR_UNITS},
            "reference_units": {"issue": OUR_UNITS, "labels": REFERENCE_LABELS, "verify": REFERENCE_READS},
        },
        "lines": [
            {**{k: round(v, 1) if isinstance(v, float) else v for k, v in asdict(line).items()},
             "ratio": round(line.ratio, 2) if line.ratio else None, "met": line.met}
            for line in lines
        ],
        "rounds": {
            "bss_mfg_units_per_second": {name: [round(v, 1) for v in values] for name, values in ours.items()},
            "reference_units_per_second": {name: [round(v, 1) for v in values] for name, values in theirs.items()},
            "help_seconds": [round(v, 4) for v in help_times[0]],
            "import_click_seconds": [round(v, 4) for v in help_times[1]],
        },
    }  # fmt: skip
    for file in [*([given.json] if given.json else []), *([RESULTS / f"{__version__}.json"] if given.save else [])]:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return 1 if any(line.met is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
