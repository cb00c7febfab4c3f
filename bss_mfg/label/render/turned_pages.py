"""Whole pages of dots, turned as the printer takes them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.render.patches import Bits
from bss_mfg.label.render.raster import RasterPage


def turned_pages(content: LabelFileContent) -> Iterator[Bits]:
    """The pages of a label file one by one: rows x columns of dots, True = black, after the printer's `rotate`."""
    layout = content.layout
    page, place = RasterPage(layout), content.start_at - 1
    for number, row in enumerate(content.rows):
        page.draw_label(place, row)
        place += 1
        if place == len(layout.places) or number == len(content.rows) - 1:
            yield turned(page.dots, layout.printer.rotate)
            page, place = RasterPage(layout), 0


def turned(dots: Bits, degrees: int) -> Bits:
    """Dots turned clockwise."""
    return np.rot90(dots, -(degrees // 90))
