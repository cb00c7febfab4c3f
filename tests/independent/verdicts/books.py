"""The batches whose labels the scenes show: their clean pages, and where the labels lie on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bss_mfg.model import LabelFile
from tests.helpers import ROOT
from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium
from tests.independent.verdicts.press import Grey

DOTS = 300 / 25.4
PER_PAGE = 6
_SHEET = """
[media]
kind = "sheet"
page = [148, 120]
label_width = 63.5
label_height = 33.9
columns = 2
rows = 3
margin_left = 8
margin_top = 7
pitch_x = 67
pitch_y = 36
"""

Area = tuple[slice, slice]


@dataclass(frozen=True)
class Books:
    """A factory with batch A (two sheets), B (strangers), C (two copies of a sheet), D (a roll with each label twice),
    R (a roll)."""

    factory: Factory

    def label_files(self, batch: str) -> list[LabelFile]:
        """The label files of a batch."""
        with self.factory.ledger() as ledger:
            return [part for part in ledger.prints.label_files(batch) if part.each == "package"]

    def page(self, batch: str, number: int = 1) -> Grey:
        """A clean page at 300 dpi, to be written on."""
        return _drawn(self.factory, batch, number).copy()

    def symbol(self, batch: str, place: int) -> tuple[float, float, float, float]:
        """Where the symbol of a place (from 1) of a page lies, in pixels: left, top, width, height."""
        x, y, width, height = self.label_files(batch)[0].symbol_boxes[place - 1]
        return x * DOTS, y * DOTS, width * DOTS, height * DOTS


@cache
def _drawn(factory: Factory, batch: str, number: int) -> Grey:
    files = sorted((factory.root / "batches" / batch / "labels").glob("*.pdf"))
    return pdfium(files[0], 300, number)


def cell(place: int) -> Area:
    """The pixels of a label (from 1) of a sheet."""
    row, column = divmod(place - 1, 2)
    x, y = (8 + 67 * column) * DOTS, (7 + 36 * row) * DOTS
    return slice(int(y), int(y + 33.9 * DOTS)), slice(int(x), int(x + 63.5 * DOTS))


def open_books(factory: Factory) -> Books:
    """All batches, issued and drawn."""
    text = (ROOT / "tests" / "faults" / "damage_sheet.toml").read_text("utf-8")
    text = text.replace('\n[media]\nuse = "avery-l7159"\n', _SHEET)
    assert _SHEET in text
    (factory.root / "templates" / "six.toml").write_text(text, "utf-8")
    factory.add(oob_bytes=16)
    factory.issue(2 * PER_PAGE, "A")
    factory.issue(PER_PAGE, "B")
    factory.issue(PER_PAGE, "C")
    factory.issue(2, "D")
    factory.issue(4, "R")
    factory.label("A", "six")
    factory.label("B", "six")
    factory.label("C", "six", copies=2)
    factory.label("D", "roll-50x30", copies=2, collate=False)
    factory.label("R", "roll-50x30")
    return Books(factory)
