"""Pages as pixels, through programs that nobody here wrote, and the dots that should be there by the plan."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.label.make import LabelFiles
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import Printer
from bss_mfg.ledger.history_state import HistoryState
from bss_mfg.model import Identity
from bss_mfg.symbol import Matrix, data_matrix
from tests.helpers import ROOT
from tests.helpers.factory import Factory

Grey = NDArray[np.uint8]
Bits = NDArray[np.bool_]

TEMPLATES = sorted(
    path.stem
    for path in (ROOT / "templates").glob("*.toml")
    if "{payload}" not in path.read_text("utf-8") and not path.stem.startswith("logistic")
)
"""All that are packaged, whatever they are, but for those of packages without a Data Matrix (test_family has them), and
of cartons that are packed by scanning (test_pack)."""
ALL_CODES = """
format = 1
media = { label_width = 110, label_height = 125 }
sample = { x = 2, y = 111, width = 106, height = 12 }
element = [
  { kind = "data-matrix", x = 2, y = 2, size = 28, rotate = 90 },
  { kind = "qr", x = 32, y = 2, size = 24, rotate = 90, text = "{uuid}" },
  { kind = "qr", x = 58, y = 2, size = 24, rotate = 180, text = "{mac:colons}" },
  { kind = "code-128", x = 2, y = 34, width = 50, height = 10 },
  { kind = "code-128", x = 54, y = 34, width = 50, height = 10, rotate = 180, caption = "above" },
  { kind = "code-128", x = 2, y = 52, width = 50, height = 10, rotate = 90, text = "{mac}" },
  { kind = "code-128", x = 16, y = 52, width = 50, height = 10, rotate = 270, each_unit = { columns = 2, dx = 12 } },
  { kind = "ean-upc", x = 44, y = 52, width = 38, height = 15 },
  { kind = "ean-upc", x = 44, y = 70, width = 38, height = 15, rotate = 90 },
  { kind = "ean-upc", x = 62, y = 70, width = 38, height = 15, rotate = 270, caption = "none" },
  { kind = "text", x = 82, y = 70, width = 38, text = "{serial}", rotate = 90, size = 7 },
  { kind = "text", x = 90, y = 70, width = 38, text = "{mac}", rotate = 270, each_unit = { columns = 2, dx = 4 } },
  { kind = "text", x = 70, y = 30, width = 38, text = "{batch} ÄÖß", rotate = 180, size = 8, align = "right" },
  { kind = "box", x = 84, y = 54, width = 20, height = 9, radius = 2, when = "units > 1" },
  { kind = "line", x = 84, y = 66, x2 = 104, y2 = 64 },
]
"""
"""Every kind of code at every rotation, and texts and shapes that change: a package label for pairs."""
ROLL_LABELS, SHEET_LABELS = 5, 26


def pdfium(path: Path, dpi: float, page: int = 1) -> Grey:
    """A page through pypdfium2."""
    document = pypdfium2.PdfDocument(path)
    grey = document[page - 1].render(scale=dpi / 72, grayscale=True).to_numpy()
    document.close()
    return np.array(grey).reshape(grey.shape[:2])


def poppler(path: Path, dpi: float, page: int, folder: Path, *options: str) -> Grey:
    """A page through pdftoppm."""
    stem = folder / f"page-{page}"
    subprocess.run(
        ["pdftoppm", "-r", f"{dpi:.6f}", "-f", str(page), "-l", str(page), "-singlefile", *options, path, stem],
        check=True,
    )
    found = next(folder.glob(f"page-{page}.p*"))
    with Image.open(found) as picture:
        grey = np.asarray(picture.convert("L"))
    found.unlink()
    return grey


def page_count(path: Path) -> int:
    """Pages of a PDF."""
    document = pypdfium2.PdfDocument(path)
    count = len(document)
    document.close()
    return count


def pdfium_pages(path: Path, dpi: tuple[float, float]) -> Iterator[Grey]:
    """All pages through pypdfium2, each axis at its own resolution: what `render` does, with two scales."""
    document = pypdfium2.PdfDocument(path)
    raw = pypdfium2.raw
    for page in document:
        # As large as every rasteriser makes it: a page box of a hair more than whole dots gets a row more.
        width, height = (ceil(side * per_inch / 72) for side, per_inch in zip(page.get_size(), dpi, strict=True))
        bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_Gray)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        flags = raw.FPDF_GRAYSCALE | raw.FPDF_ANNOT
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        yield np.array(bitmap.to_numpy()).reshape(height, -1)[:, :width]
    document.close()


def poppler_pages(path: Path, dpi: tuple[float, float], folder: Path, *options: str) -> Iterator[Grey]:
    """All pages through one run of pdftoppm (`-gray` or `-mono`)."""
    stem = folder / "poppler"
    subprocess.run(
        ["pdftoppm", "-rx", f"{dpi[0]:.6f}", "-ry", f"{dpi[1]:.6f}", *options, path, stem],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    yield from _pictures(folder, "poppler-*.p?m")


def ghostscript_pages(path: Path, dpi: tuple[float, float], folder: Path, device: str) -> Iterator[Grey]:
    """All pages through one run of Ghostscript (`pnggray` or `pngmono`), as it comes: no anti-aliasing."""
    subprocess.run(
        ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", f"-sDEVICE={device}", f"-r{dpi[0]:.6f}x{dpi[1]:.6f}",
         f"-sOutputFile={folder / 'gs-%04d.png'}", path],
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    yield from _pictures(folder, "gs-*.png")


def _pictures(folder: Path, pattern: str) -> Iterator[Grey]:
    """Pictures by name; each is removed once it is read."""
    for found in sorted(folder.glob(pattern)):
        with Image.open(found) as picture:
            grey = np.asarray(picture.convert("L"))
        found.unlink()
        yield grey


def floor_for_printing(new_factory: Callable[[], Factory]) -> Factory:
    """A factory with two batches of 26 packages: single units with a UPC, and pairs with an EAN. Every unit has a MAC
    address, so that nothing that a template may print is missing. The template `all-codes` is its own."""
    factory = new_factory()
    (factory.root / "templates" / "all-codes.toml").write_text(ALL_CODES, encoding="utf-8")
    factory.add("bulb", oob_bytes=16)
    factory.add("pair", oob_bytes=16, units_per_package=2, ean="4006381333931")
    for number, (name, units) in enumerate((("bulb", 26), ("pair", 52)), 1):
        loaded = factory.workspace.product(name)
        identities = [Identity(f"ebK3{number}{unit:07}", None, f"C47C8D{number}{unit:05X}") for unit in range(units)]
        with factory.ledger() as ledger:
            spec = factory.workspace.spec(loaded.product.spec)
            request = BatchRequest(loaded, spec, units, f"{name}-1", identities)
            create_batch(ledger, factory.workspace.open_vault(), request)
    return factory


@dataclass(frozen=True)
class Labels:
    """Label files, and what is on each label, in order."""

    made: LabelFiles
    rows: tuple[LabelRow, ...]

    @property
    def layout(self) -> PageLayout:
        return self.made.layout


def some_labels(factory: Factory, name: str, printer: Printer, folder: Path, **wanted: object) -> Labels:
    """A few labels of a template: a page and a bit of a sheet, of pairs if it speaks of each unit."""
    shape = load_template(factory.workspace.template_file(name)).definition
    batch_id = "pair-1" if any(element.each_unit for element in shape.element) else "bulb-1"
    most = SHEET_LABELS if shape.media.kind == "sheet" else ROLL_LABELS
    with factory.ledger() as ledger:
        batch = ledger.batches.get(batch_id)
    count = {"package": 26, "unit": batch.units, "carton": -(-26 // (shape.packages_per_carton or 1)), "batch": 1}
    numbers = tuple(range(1, min(count[shape.each], most) + 1))
    with factory.ledger() as ledger:
        history = HistoryState.of(ledger)
    made = factory.label(batch_id, name, printer=printer, folder=folder, numbers=numbers, stem=printer.name, **wanted)
    with factory.ledger() as ledger:
        rows = tuple(RowMaker(made.layout, batch, history).rows(ledger, numbers))
    assert len(rows) == len(numbers) == made.labels
    return Labels(made, rows)


@dataclass(frozen=True)
class Planned:
    """A symbol as it should lie on a page (from 0): its dots with the quiet zone, and their top left corner."""

    page: int
    label: int
    kind: str
    text: str
    x: int
    y: int
    dots: Bits

    def there(self, page: Grey) -> Bits:
        """What a page has in its place."""
        height, width = self.dots.shape
        found = page[self.y : self.y + height, self.x : self.x + width] < 128
        assert found.shape == self.dots.shape, (self.kind, self.label, "reaches over the page")
        return found


def planned_symbols(found: Labels) -> list[Planned]:
    """All symbols of some labels. Every kind of the template is on at least one label."""
    layout, planned = found.layout, []
    for number, row in enumerate(found.rows):
        page, cell = divmod(number, len(layout.places))
        for kind, text, matrix, plan in _symbols(layout, row):
            assert min(plan.module_dots_x, plan.module_dots_y) >= 2
            dots, quiet_x, quiet_y = expected_dots(matrix, plan)
            x, y = plan.origins[cell][0] - quiet_x, plan.origins[cell][1] - quiet_y
            assert x >= 0, (kind, number, "reaches over the page")
            assert y >= 0, (kind, number, "reaches over the page")
            planned.append(Planned(page, number, kind, text, x, y, dots))
    kinds = {item.kind for item in layout.template.definition.element} & {"data-matrix", "qr", "code-128", "ean-upc"}
    assert {item.kind for item in planned} == kinds, "a symbol is on no label"
    return planned


def _symbols(layout: PageLayout, row: LabelRow) -> Iterator[tuple[str, str, Matrix, SymbolPlan]]:
    """The symbols of a label: kind, text, modules as printed, plan."""
    if layout.symbol:
        yield "data-matrix", row.payload, data_matrix(row.payload.encode(), layout.symbol.modules), layout.symbol
    for code, text in zip(layout.codes, row.codes, strict=True):
        if text:
            plan, matrix = layout.draw_code(code, text)[0]
            yield code.placed_element.element.kind, text, matrix, plan


def expected_dots(matrix: Matrix, plan: SymbolPlan) -> tuple[Bits, int, int]:
    """The dots of a symbol with its quiet zone, and how far the quiet zone reaches in x and y. Bars have theirs at
    either end only: what is beside them, as their plain text, takes nothing from them."""
    modules = np.array([[mark == "1" for mark in row] for row in str(matrix).splitlines()])
    assert modules.shape == (plan.rows, plan.columns)
    dots = np.kron(modules, np.ones((plan.module_dots_y, plan.module_dots_x), bool))
    quiet_x = plan.quiet_zone * plan.module_dots_x if plan.columns > 1 else 0
    quiet_y = plan.quiet_zone * plan.module_dots_y if plan.rows > 1 else 0
    return np.pad(dots, ((quiet_y, quiet_y), (quiet_x, quiet_x))), quiet_x, quiet_y
