"""Labels that were printed wrong: a page of a label file drawn once more with other rows, and scanned by a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter

from bss_mfg.label.from_workspace import named_printer
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.symbol_size import batch_symbol_size
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.loading import template_from_text
from bss_mfg.model import LabelFile
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey

Edit = Callable[[str], str]

CONTENT_SHEET = """
format = 1
sample = { x = 34, y = 45, width = 24, height = 12 }
element = [
  { kind = "data-matrix", x = 2, y = 2, size = 28 },
  { kind = "text", x = 32, y = 4, width = 26, text = "{title}", font = "sans-bold", size = 8 },
  { kind = "text", x = 32, y = 9, width = 26, text = "{serial}", font = "mono", size = 7 },
  { kind = "text", x = 32, y = 14, width = 26, text = "Package {package}", size = 6 },
  { kind = "qr", x = 36, y = 18, size = 14, text = "{serial}" },
  { kind = "code-128", x = 2, y = 33, width = 56, height = 8, caption = "none" },
  { kind = "ean-upc", x = 2, y = 42, width = 30, height = 14, x_dimension = [0.16, 0.3] },
]
[media]
kind = "sheet"
page = [130, 130]
margin_left = 5
margin_top = 5
columns = 2
rows = 2
label_width = 60
label_height = 58
"""
"""Four labels with every way in which a label says something."""


def issue_content_sheet(factory: Factory) -> Factory:
    """Four packages on such a sheet: texts, a QR Code, a Code 128 and a UPC-A."""
    (factory.root / "templates" / "sheet.toml").write_text(CONTENT_SHEET)
    factory.add(oob_bytes=16)
    factory.issue(4)
    factory.label(template="sheet")
    return factory


@dataclass(frozen=True)
class ScanModel:
    """How a flatbed scanner sees a print: blur in pixels, noise in grey levels, skew in degrees, the white's share
    and the black's grey level, at a resolution."""

    blur: float = 0.7
    noise: float = 6.0
    skew: float = 0.4
    gain: float = 0.9
    black: float = 20.0
    dpi: int = 300

    def scan(self, drawn: Grey, drawn_dpi: float, seed: int = 0) -> Grey:
        """A drawn page as it comes from the scanner."""
        random = np.random.default_rng(seed)
        page = Image.fromarray(drawn)
        scale, angle = drawn_dpi / self.dpi, np.radians(self.skew)
        cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
        width, height = round(page.width / scale), round(page.height / scale)
        x, y = random.uniform(-3, 3, 2)
        left = page.width / 2 - cosine * width / 2 - sine * height / 2 + x
        top = page.height / 2 + sine * width / 2 - cosine * height / 2 + y
        page = page.transform(
            (width, height), Image.Transform.AFFINE, (cosine, sine, left, -sine, cosine, top),
            Image.Resampling.BICUBIC, fillcolor=255,
        ).filter(ImageFilter.GaussianBlur(self.blur))  # fmt: skip
        seen = np.asarray(page, np.float32) / 255
        seen *= 255 * self.gain - self.black
        seen += self.black
        noisy = random.normal(0, self.noise, seen.shape)
        noisy += seen
        return np.clip(noisy, 0, 255, out=noisy).astype(np.uint8)

    def save(self, drawn: Grey, drawn_dpi: float, to: Path, seed: int = 0) -> Path:
        """The same as a file."""
        Image.fromarray(self.scan(drawn, drawn_dpi, seed)).save(to, dpi=(self.dpi, self.dpi))
        return to


@dataclass(frozen=True)
class Press:
    """Prints the labels of a file again, with whatever rows."""

    maker: RowMaker
    label_file: LabelFile
    rows: dict[int, LabelRow]
    """By package."""

    @classmethod
    def of(
        cls, factory: Factory, batch_id: str = "B1", printer: str = "pdf-300", each: str = "package", edit: Edit = str
    ) -> Press:
        """The press that made the newest label file of a batch. `edit` changes the template's text for all labels."""
        with factory.ledger() as ledger:
            label_file = [file for file in ledger.prints.label_files(batch_id) if file.each == each][-1]
            event = ledger.prints.last_print(batch_id, each)
            batch = ledger.batches.get(batch_id)
            path = factory.workspace.template_file(event.template)
            template = template_from_text(edit(path.read_text("utf-8")), path)
            modules = batch_symbol_size(batch) if label_file.each == "package" else 0
            layout = lay_out(
                template, named_printer(factory.workspace, printer), modules, batch.stage, batch.units_per_package
            )
            maker = RowMaker(layout, batch)
            numbers = sorted(set(label_file.numbers))
            return cls(maker, label_file, dict(zip(numbers, maker.rows(ledger, numbers), strict=True)))

    def page(
        self, number: int = 1, dpi: float = 300, change: Callable[[int, LabelRow], LabelRow] = lambda _, row: row
    ) -> Grey:
        """A page, each label as `change` makes it of its package's number and row."""
        numbers = self.label_file.packages_on(number)
        rows = tuple(change(package, self.rows[package]) for package in numbers)
        start_at = self.label_file.start_at if number == 1 else 1
        data = render_label_file(LabelFileContent("", self.maker.layout, rows, start_at, "mask"))
        document = pypdfium2.PdfDocument(data)
        drawn = np.array(document[0].render(scale=dpi / 72, grayscale=True).to_numpy())
        document.close()
        return drawn.reshape(drawn.shape[:2])


def with_text(row: LabelRow, old: str, new: str | None) -> LabelRow:
    """A row with another text in place of one."""
    assert old in row.texts
    return replace(row, texts=tuple(new if text == old else text for text in row.texts))


def with_code(row: LabelRow, at: int, new: str | None) -> LabelRow:
    """A row with another text in one of its codes."""
    return replace(row, codes=tuple(new if place == at else text for place, text in enumerate(row.codes)))
