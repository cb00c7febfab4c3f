"""`python -m benchmarks.choices`: the label step next to what one might pick instead, on the same payloads.

24 labels on an A4 page, each with its Data Matrix and its serial, by bss-mfg; by reportlab with pictures of 5 pixels a
module (pylibdmtx); by blabel, which hands HTML to WeasyPrint (pyStrich); and by treepoem, whose Ghostscript draws each
symbol, with reportlab. Each in a process of its own, warmed up; each file is rasterised at 300 dpi and read afterwards.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.common import head, say, table, write_json

Row = tuple[str, str]
"""Serial and payload."""
PER_PAGE = 24
DPI = 300


@dataclass(frozen=True)
class Choice:
    """A way to make labels: what it needs beside bss-mfg, and on how many labels it is measured."""

    name: str
    make: Callable[[Path, Sequence[Row], str], None]
    labels: int
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    way_out: str = ""

    @property
    def missing(self) -> str:
        """What is missing on this machine, and how to get it; empty where nothing is."""
        for name in self.modules:
            try:
                importlib.import_module(name)
            except (ImportError, OSError) as error:
                return f"{name} can't be loaded ({str(error).splitlines()[0][:80]}). {self.way_out}"
        lacking = [name for name in self.programs if not shutil.which(name)]
        return f"{', '.join(lacking)} is not installed. {self.way_out}" if lacking else ""


@dataclass(frozen=True)
class Made:
    """What a choice did: labels, seconds, bytes of the file, and how many labels were read back; or why not."""

    name: str
    labels: int = 0
    seconds: float = 0.0
    octets: int = 0
    read: int = 0
    skipped: str = ""

    @property
    def rate(self) -> float:
        """Labels a second."""
        return self.labels / self.seconds if self.seconds else 0.0

    def record(self) -> dict[str, Any]:
        """For the file of results."""
        return {**asdict(self), "seconds": round(self.seconds, 3), "labels_per_second": round(self.rate, 1)}


# --- the choices ------------------------------------------------------------------------------------------------------


def ours(path: Path, rows: Sequence[Row], batch: str) -> None:
    """bss-mfg, on a batch that was issued before: checks, file, index and the ledger's record."""
    from benchmarks.bss_mfg_pipeline import Factory

    factory = Factory.open(path.parent / "factory")
    factory.labels(batch, path.parent / path.stem, "mask")


def pictures(path: Path, rows: Sequence[Row], batch: str) -> None:
    """reportlab, and an RGB picture of each symbol at pylibdmtx's 5 pixels a module."""
    from benchmarks import reference_pipeline as reference

    reference.labels([reference.Row(serial, payload) for serial, payload in rows], path)


LABEL = """<img src="{{ label_tools.datamatrix(payload, cellsize=5) }}"><span>{{ serial }}</span>"""
SHEET = """
@page { size: 210mm 297mm; }
.print-area { padding: 12.9mm 0 0 7.25mm; }
.item { float: left; position: relative; width: 66mm; height: 33.9mm; }
img { position: absolute; left: 2.5mm; top: 2.5mm; width: 28mm; height: 28mm; image-rendering: pixelated; }
span { position: absolute; left: 33.5mm; top: 12mm; font: 8pt sans-serif; }
"""


def blabel(path: Path, rows: Sequence[Row], batch: str) -> None:
    """blabel: a Jinja template, made into a PDF by WeasyPrint."""
    from blabel import LabelWriter

    template, style = path.with_suffix(".html"), path.with_suffix(".css")
    template.write_text(LABEL, "utf-8")
    style.write_text(SHEET, "utf-8")
    writer = LabelWriter(str(template), default_stylesheets=(str(style),), items_per_page=PER_PAGE)
    writer.write_labels([{"serial": serial, "payload": payload} for serial, payload in rows], target=str(path))


def treepoem(path: Path, rows: Sequence[Row], batch: str) -> None:
    """treepoem: Ghostscript draws each symbol with BWIPP; reportlab places it."""
    import treepoem as library
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    from benchmarks import reference_pipeline as reference

    canvas = Canvas(str(path), pagesize=A4)
    for index, (serial, payload) in enumerate(rows):
        cell = index % PER_PAGE
        if index and cell == 0:
            canvas.showPage()
        x = reference.MARGIN_LEFT + cell % reference.COLUMNS * reference.LABEL_WIDTH
        y = A4[1] - reference.MARGIN_TOP - (cell // reference.COLUMNS + 1) * reference.LABEL_HEIGHT
        picture = library.generate_barcode("datamatrix", payload).convert("1")
        side = reference.SYMBOL
        canvas.drawImage(ImageReader(picture), x + 2.5 * mm, y + 2.5 * mm, side, side)
        canvas.setFont("Helvetica", 8)
        canvas.drawString(x + 33.5 * mm, y + 20 * mm, serial)
    canvas.save()


CHOICES = (
    Choice("bss-mfg", ours, 1920),
    Choice("reportlab, pictures of pylibdmtx", pictures, 240),
    Choice("blabel (WeasyPrint, pyStrich)", blabel, 96, ("weasyprint", "blabel"), (),
           "`pip install 'bss-mfg[bench]'`; WeasyPrint also needs Pango: `sudo apt-get install libpango-1.0-0 "
           "libpangoft2-1.0-0 libharfbuzz-subset0`."),
    Choice("treepoem (Ghostscript), reportlab", treepoem, 24, ("treepoem",), ("gs",),
           "`pip install 'bss-mfg[bench]'` and `sudo apt-get install ghostscript`."),
)  # fmt: skip


# --- measuring --------------------------------------------------------------------------------------------------------


def timed(name: str, folder: Path, rows: list[Row], batch: str) -> float:
    """Seconds of a choice, in this process, after a label to warm up (of bss-mfg: a page)."""
    choice = next(item for item in CHOICES if item.name == name)
    choice.make(folder / "warm.pdf", rows[:1], "warm")
    start = time.perf_counter()
    choice.make(folder / "labels.pdf", rows, batch)
    return time.perf_counter() - start


def read_back(files: Sequence[Path], rows: Sequence[Row]) -> int:
    """How many payloads are read from the pages at 300 dpi, with all that zxing-cpp tries."""
    import pypdfium2
    import zxingcpp

    found = set()
    for path in files:
        document = pypdfium2.PdfDocument(path)
        for page in document:
            grey = page.render(scale=DPI / 72, grayscale=True).to_numpy()
            symbols = zxingcpp.read_barcodes(grey.reshape(grey.shape[:2]), formats=zxingcpp.BarcodeFormat.DataMatrix)
            found |= {symbol.text for symbol in symbols}
        document.close()
    return len(found & {payload for _, payload in rows})


def measure(root: Path, share: float = 1.0) -> list[Made]:
    """All choices on payloads of one batch; what is missing on this machine is skipped, and says so."""
    from benchmarks.bss_mfg_pipeline import Factory

    made = []
    factory = Factory.build(root / "factory", 16)
    most = _count(max(choice.labels for choice in CHOICES), share)
    factory.issue("warm", PER_PAGE)
    factory.issue("labels", most)
    for choice in CHOICES:
        if choice.missing:
            made.append(Made(choice.name, skipped=choice.missing))
            say(f"skipped: {choice.name}: {choice.missing}")
            continue
        count = _count(choice.labels, share)
        rows = factory.payloads("labels", count)
        for old in [root / "labels.pdf", root / "warm.pdf"]:
            old.unlink(missing_ok=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as executor:
            seconds = executor.submit(timed, choice.name, root, rows, "labels").result()
        files = sorted((root / "labels").glob("*.pdf")) if choice.make is ours else [root / "labels.pdf"]
        size, read = sum(path.stat().st_size for path in files), read_back(files, rows)
        made.append(Made(choice.name, count, seconds, size, read))
        say(f"{choice.name}: {made[-1].rate:,.1f} labels/s")
    return made


def _count(labels: int, share: float) -> int:
    return max(int(labels * share) // PER_PAGE, 1) * PER_PAGE


def report(made: Sequence[Made]) -> str:
    """The choices as plain text."""
    rows: list[tuple[str, ...]] = [("label step", "labels", "labels/s", "bss-mfg is", "KB a label", "read back")]
    own = next(item for item in made if item.name == "bss-mfg")
    for item in made:
        if item.skipped:
            rows.append((item.name, "-", "-", "-", "-", "skipped"))
        else:
            rows.append(
                (item.name, f"{item.labels:,}", f"{item.rate:,.1f}", f"x {own.rate / item.rate:,.1f}",
                 f"{item.octets / item.labels / 1000:.2f}", f"{item.read:,}")
            )  # fmt: skip
    notes = "".join(f"\n{item.name}: {item.skipped}" for item in made if item.skipped)
    return table(rows) + notes


def main() -> int:
    """Measure and print; 1 if bss-mfg's own labels were not all read back."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.choices", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="a share of the labels of each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bss-mfg-choices-") as folder:
        made = measure(Path(folder), given.share)
    print(report(made))
    if given.json:
        write_json(given.json, {**head(), "choices": [item.record() for item in made]})
    return int(made[0].read != made[0].labels)


if __name__ == "__main__":
    sys.exit(main())
