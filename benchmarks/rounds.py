"""`python -m benchmarks.rounds`: kinds of labels next to the straightforward program, measured in turns.

Each side runs in one process of its own, and only one of them works at any time. The rounds alternate which side goes
first, and medians are compared, so a busy machine disturbs both sides alike.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.common import head, say, table, write_json

if TYPE_CHECKING:
    from benchmarks.bss_mfg_pipeline import Factory

OUR_UNITS, VECTOR_UNITS, REFERENCE_LABELS, REFERENCE_READS = 1920, 960, 240, 48
STOP_AFTER = 120.0
"""Seconds after which no further round starts."""

Rates = dict[str, list[float]]
"""Step -> units a second of each round."""


@dataclass(frozen=True)
class Line:
    """A line of the table: units a second. `target` is the smallest ratio that will do."""

    step: str
    ours: float
    reference: float
    target: float | None = None

    @property
    def ratio(self) -> float:
        """Ours over the reference's."""
        return self.ours / self.reference

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return self.ratio >= self.target if self.target is not None else None


def timed(units: int, work: Callable[[], object]) -> float:
    """Units a second."""
    gc.collect()
    start = time.perf_counter()
    work()
    return units / (time.perf_counter() - start)


# --- in the process of bss-mfg --------------------------------------------------------------------------------------

_factory: list[Factory] = []


def open_factory(root: Path, oob_bytes: int) -> bytes:
    """Make the workspace; gives the product public key."""
    from benchmarks.bss_mfg_pipeline import Factory

    factory = Factory.build(root, oob_bytes)
    _factory[:] = [factory]
    return factory.public_key.read_bytes()


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
    # Label printers print rolls: there shaped text is compared with our own plain labels.
    for step, template, printer in (
        ("labels-packaged", "sheet-a4-24", "pdf-300"),
        ("labels-roll-pdf", "roll-50x30", "pdf-300"),
        ("labels-roll-zpl", "roll-50x30", "zpl-300"),
        ("labels-roll-shaped", "languages-70x40", "pdf-300"),
    ):
        work = partial(factory.labels, batch, out / f"{batch}-{step}", "mask", template, printer)
        rates[step] = timed(units, work)
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


def compare(rounds: int, oob_bytes: int) -> tuple[Rates, Rates]:
    """All rounds: our rates, and the reference's."""
    ours: Rates = {}
    theirs: Rates = {}
    begun, spawn = time.perf_counter(), get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="bss-mfg-benchmark-") as folder,
        ProcessPoolExecutor(1, spawn) as we,
        ProcessPoolExecutor(1, spawn) as they,
    ):
        out = Path(folder)
        key = we.submit(open_factory, out / "factory", oob_bytes).result()

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
    return ours, theirs


def lines_of(ours: Rates, theirs: Rates) -> list[Line]:
    """The table."""

    def of(step: str, name: str, their_name: str, target: float | None) -> Line:
        return Line(step, median(ours[name]), median(theirs[their_name]), target)

    roll = median(ours["labels-roll-pdf"])
    return [
        of("issue (HPKE, sealed, committed)", "issue", "issue", 0.5),
        of("labels (mask)", "labels", "labels", 25),
        of("labels (vector)", "labels-vector", "labels", 12),
        of("labels (mask, sheet-a4-24)", "labels-packaged", "labels", None),
        of("labels (PDF, roll)", "labels-roll-pdf", "labels", 16),
        of("labels (ZPL, roll)", "labels-roll-zpl", "labels", 16),
        Line("labels (3 lines shaped against plain, roll)", median(ours["labels-roll-shaped"]), roll, 1 / 1.5),
        of("verify at 300 dpi (mask)", "verify", "verify", 12),
        of("verify at 300 dpi (vector)", "verify-vector", "verify", None),
        of("verify: reference reads our file", "verify", "verify-ours", None),
    ]


def report(lines: list[Line]) -> str:
    """The table as plain text."""
    rows = [("step, one process", "bss-mfg/s", "reference/s", "ratio", "target", "")]
    for line in lines:
        target = f">= {line.target:g}" if line.target is not None else "-"
        met = {True: "ok", False: "MISSED", None: "info"}[line.met]
        rows.append((line.step, f"{line.ours:,.0f}", f"{line.reference:,.0f}", f"{line.ratio:.2f}", target, met))
    return table(rows, left=(0, 5))


def record(lines: list[Line]) -> list[dict[str, Any]]:
    """For the file of results."""
    return [
        {**asdict(line), "ours": round(line.ours, 1), "reference": round(line.reference, 1),
         "ratio": round(line.ratio, 2), "met": line.met}
        for line in lines
    ]  # fmt: skip


def main() -> int:
    """Measure, print, write; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rounds", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of both sides (default 5)")
    parser.add_argument("--oob-bytes", type=int, choices=(16, 32), default=16, help="bytes of an OOB key (default 16)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    given = parser.parse_args()
    if given.rounds < 1:
        parser.error("--rounds is at least 1")
    lines = lines_of(*compare(given.rounds, given.oob_bytes))
    print(report(lines))
    if given.json:
        write_json(given.json, {**head(), "rounds": record(lines)})
    return int(any(line.met is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
