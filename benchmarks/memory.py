"""`python -m benchmarks.memory`: the peak memory of `labels` for few and for many labels, a process for each."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

SMALL, LARGE = 3_000, 100_000
LIMIT = 1.15
CASES = (("pdf-300", "mask"), ("pdf-300", "vector"), ("zpl-300", "mask"))


def peak_of_labels(root: Path, units: int, printer: str, symbols: str) -> float:
    """Peak resident memory in MiB of making a batch's labels."""
    from benchmarks.bss_mfg_pipeline import Factory
    from bss_mfg.model import Actor
    from bss_mfg.workspace.workspace import Workspace

    workspace = Workspace.find(str(root), root, {})
    with workspace.open_ledger(Actor("benchmark", "benchmark", "0")) as ledger:
        Factory(workspace, ledger).labels(
            f"units-{units}", root / f"{units}-{printer}-{symbols}", symbols, printer=printer  # type: ignore[arg-type]
        )  # fmt: skip
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 2**20


def issue(root: Path, sizes: tuple[int, ...]) -> None:
    """A workspace with one batch of each size."""
    from benchmarks.bss_mfg_pipeline import Factory

    factory = Factory.build(root, 16)
    for units in sizes:
        factory.issue(f"units-{units}", units)


def alone(function, *arguments):  # type: ignore[no-untyped-def]
    """Call a function in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def main() -> int:
    """Measure and print; 1 if memory grows by more than the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    given = parser.parse_args()
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="bss-mfg-memory-") as folder:
        root = Path(folder) / "w"
        alone(issue, root, (given.small, given.large))
        for printer, symbols in CASES:
            few = alone(peak_of_labels, root, given.small, printer, symbols)
            many = alone(peak_of_labels, root, given.large, printer, symbols)
            worst = max(worst, many / few)
            print(
                f"{printer:8} {symbols:7} {few:7.1f} MiB at {given.small:,}  {many:7.1f} MiB at {given.large:,}  "
                f"x {many / few:.3f}  (limit {LIMIT})",
                flush=True,
            )
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
