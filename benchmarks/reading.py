"""`python -m benchmarks.reading`: verification next to the straightforward reader and to the bare libraries.

All read the same files: sheets of 30 labels at 300 dpi, symbols as masks and as vectors. Medians count.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import pypdfium2
import zxingcpp

from benchmarks import reference_pipeline as reference
from benchmarks.bss_mfg_pipeline import Factory
from benchmarks.common import run
from bss_mfg.core.processes import open_executor
from bss_mfg.label.make import LabelRequest as Labels
from bss_mfg.label.make import make_labels
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import BUILT_IN
from bss_mfg.verify.verification import verify

SHEET = """format = 1
title = "A4 sheet, 30 labels"

[media]
kind = "sheet"
page = "A4"
label_width = 64
label_height = 28
columns = 3
rows = 10
margin_left = 7
margin_top = 8
pitch_x = 66
pitch_y = 28
safe = 0

[sample]
x = 30
y = 18
width = 30
height = 5.2

[[element]]
kind = "data-matrix"
x = 2
y = 2
size = 24
x_dimension = [0.25, 0.5]
quiet_zone = 1

[[element]]
kind = "text"
x = 30
y = 4
width = 32
text = "{serial}"
font = "mono"
size = 7
min_size = 4
"""
"""Symbols of 64 x 64 modules, 21.7 mm at 300 dpi."""
PER_PAGE = 30
DPI = 300


def floor(paths: list[Path], cells: list[tuple[float, float, float, float]]) -> int:
    """pypdfium2 and zxing-cpp on known slices, nothing else: how many symbols were read."""
    scale, read = DPI / 25.4, 0
    wanted = zxingcpp.BarcodeFormat.DataMatrix
    for path in paths:
        document = pypdfium2.PdfDocument(path)
        for page in document:
            grey = page.render(scale=DPI / 72, grayscale=True).to_numpy()
            grey = grey.reshape(grey.shape[:2])
            for x, y, width, height in cells:
                left, top = int((x - 1) * scale), int((y - 1) * scale)
                slice_ = grey[top : int((y + height + 1) * scale), left : int((x + width + 1) * scale)]
                read += len(zxingcpp.read_barcodes(slice_, formats=wanted, try_rotate=False, try_downscale=False,
                                                   try_invert=False))  # fmt: skip
        document.close()
    return read


def timed(units: int, work: Callable[[], object]) -> float:
    """Units a second."""
    start = time.perf_counter()
    work()
    return units / (time.perf_counter() - start)


def reference_reads(paths: list[Path], known: list[reference.Row]) -> None:
    """The straightforward program on some files."""
    for path in paths:
        reference.verify(path, known)


class Bench:
    """A workspace with sheets of 30 labels."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.factory = Factory.build(root / "factory", 16)
        self.sheet = root / "sheet.toml"
        self.sheet.write_text(SHEET, "utf-8")

    def make(self, batch: str, units: int, symbols: str) -> list[Path]:
        """Issue a batch and make its sheets."""
        self.factory.issue(batch, units)
        ledger, folder = self.factory.ledger, self.root / batch
        wanted = replace(Labels(symbols="mask"), symbols=symbols)  # type: ignore[arg-type]
        make_labels(ledger, ledger.batches.get(batch), load_template(self.sheet), BUILT_IN["pdf-300"], folder, wanted)
        if len(ledger.prints.label_files(batch)[0].symbol_boxes) != PER_PAGE:
            raise RuntimeError("not 30 labels a page")
        return sorted(folder.glob("*.pdf"))

    def ours(self, batch: str, paths: list[Path], jobs: int) -> None:
        """Verification as the command does it, processes started and everything recorded."""
        with open_executor(jobs) as executor:
            outcome = verify(self.factory.ledger, self.factory.ledger.batches.get(batch), paths, executor=executor)
        if not outcome.passed:
            raise RuntimeError(str(outcome.counts))


def rows(bench: Bench, pages: int, few: int, rounds: int) -> Iterator[tuple[str, float, float | None]]:
    """(what, value, least) of all that is asked."""
    for symbols, least in (("mask", 30), ("vector", 15)):
        units = pages * PER_PAGE
        paths = bench.make(symbols, units, symbols)
        small = bench.make(f"{symbols}-few", few, symbols)
        cells = list(bench.factory.ledger.prints.label_files(symbols)[0].symbol_boxes)
        known = [reference.Row(serial, text) for serial, text in bench.factory.payloads(f"{symbols}-few", few)]
        rates: dict[str, list[float]] = {name: [] for name in ("one", "two", "floor", "reference")}
        reference.PER_PAGE = PER_PAGE
        for _ in range(rounds):
            rates["one"].append(timed(units, partial(bench.ours, symbols, paths, 1)))
            rates["floor"].append(timed(units, partial(floor, paths, cells)))
            rates["two"].append(timed(units, partial(bench.ours, symbols, paths, 2)))
            rates["reference"].append(timed(few, partial(reference_reads, small, known)))
        one, two, bare, theirs = (median(rates[name]) for name in ("one", "two", "floor", "reference"))
        print(
            f"{symbols}: one process {one:,.0f}/s, two {two:,.0f}/s, libraries {bare:,.0f}/s, reference {theirs:,.1f}/s"
        )
        yield f"{symbols}: one process / reference", one / theirs, least
        yield f"{symbols}: one process / bare libraries", one / bare, 0.6
        yield f"{symbols}: two processes / one", two / one, 1.7


def main() -> int:
    """Measure and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="also the memory over 1,000 pages against 100")
    given = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory(prefix="bss-mfg-reading-") as folder:
        bench = Bench(Path(folder))
        for what, value, least in rows(bench, given.pages, 60, given.rounds):
            ok = least is None or value >= least
            missed |= not ok
            print(f"{what:42} {value:7.2f}  >= {least}  {'ok' if ok else 'MISSED'}", flush=True)
        if given.memory:
            peaks = []
            for name, pages in (("p100", 100), ("p1000", 1000)):
                paths = bench.make(name, pages * PER_PAGE, "mask")
                workspace = bench.factory.workspace.root
                peaks.append(run([sys.executable, "-m", "bss_mfg", "--workspace", workspace, "verify", name, *paths,
                                  "--jobs", 2]).peak)  # fmt: skip
            few, many = peaks
            missed |= many > few * 1.15
            print(f"memory of all processes: {few:.0f} MiB at 100 pages, {many:.0f} MiB at 1,000  x {many / few:.3f}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
