"""Pages as printer dots, 1 bit each: symbols are placed, never drawn; shapes and glyphs are cut at half coverage.

What stays the same on every label is rasterised once by pdfium at one point a dot, glyphs once a font and size; so
each page costs a few copies of small arrays. Nothing is dithered and nothing is anti-aliased in what leaves here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from math import ceil, floor
from typing import Any

import numpy as np

from bss_mfg.core.units import MM_PER_INCH, POINTS_PER_MM
from bss_mfg.label.layout.contrast import reflectance
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.render.artwork_forms import add_artwork_forms, embed_pdf_artwork
from bss_mfg.label.render.canvas import draw_sample_mark, new_canvas
from bss_mfg.label.render.glyphs import Bits, TextStrip, load_glyphs, rasterise_page, rotate_text
from bss_mfg.label.render.shapes import draw_shapes
from bss_mfg.label.render.symbols import symbols_of
from bss_mfg.symbol import Matrix


def render_png(content: LabelFileContent) -> bytes:
    """The page of a label file as a 1-bit PNG at printer dots, its resolution in the file."""
    from PIL import Image

    layout = content.layout
    page = RasterPage(layout)
    for place, row in enumerate(content.rows, content.start_at - 1):
        page.draw_label(place, row)
    out = BytesIO()
    printer = layout.printer.as_printed()
    dpi = (printer.dots_per_mm_x * MM_PER_INCH, printer.dots_per_mm_y * MM_PER_INCH)
    Image.fromarray(~np.rot90(page.dots, -(printer.rotate // 90))).save(out, "PNG", dpi=dpi, optimize=False)
    return out.getvalue()


class RasterPage:
    """A page of dots that labels are put on."""

    def __init__(self, layout: PageLayout) -> None:
        width, height = layout.page_dots
        self.dots: Bits = np.zeros((height, width), bool)
        self._layout = layout
        self.bitmaps = label_bitmaps(layout)

    def draw_label(self, place: int, row: LabelRow) -> None:
        """Put one label at its place."""
        for x, y, bits in self.bitmaps.fixed(place) + self.bitmaps.variable_bitmaps(place, row):
            _put(self.dots, bits, x, y)


def _put(page: Bits, bits: Bits, x: int, y: int) -> None:
    """OR `bits` into the page at (x, y); what lies outside is cut."""
    height, width = bits.shape
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, page.shape[1]), min(y + height, page.shape[0])
    if right > left and bottom > top:
        page[top:bottom, left:right] |= bits[top - y : bottom - y, left - x : right - x]


PlacedBitmap = tuple[int, int, Bits]
"""x and y in dots from the page's top left, and the dots there."""


@dataclass
class LabelBitmaps:
    """What a label consists of, as bitmaps at whole dots. Its caches live as long as one layout is drawn."""

    layout: PageLayout
    _static: list[PlacedBitmap] | None = None
    _shapes: dict[int, list[PlacedBitmap]] = field(default_factory=dict)

    def origin(self, place: int) -> tuple[int, int]:
        """The label's top left corner in dots."""
        x, y = self.layout.places[place]
        printer = self.layout.printer
        return round(x * printer.dots_per_mm_x), round(y * printer.dots_per_mm_y)

    def fixed(self, place: int) -> list[PlacedBitmap]:
        """What is the same on every label."""
        if self._static is None:
            self._static = self._background()
        x, y = self.origin(place)
        return [(x + dx, y + dy, bits) for dx, dy, bits in self._static]

    def _background(self) -> list[PlacedBitmap]:
        """Shapes, fixed texts and the SAMPLE mark as one bitmap; light texts are cut out of what is black."""
        layout = self.layout
        bitmaps = [(bitmap, False) for bitmap in _rasterise(layout, layout.fixed_shapes, layout.sample_mark)]
        for plan, text in layout.fixed_texts:
            bitmaps += [(bitmap, reflectance(plan.style.color) > 0.3) for bitmap in self._text(plan, text)]
        if not bitmaps:
            return []
        left, top = min(x for (x, _, _), _ in bitmaps), min(y for (_, y, _), _ in bitmaps)
        right = max(x + bits.shape[1] for (x, _, bits), _ in bitmaps)
        bottom = max(y + bits.shape[0] for (_, y, bits), _ in bitmaps)
        whole: Bits = np.zeros((bottom - top, right - left), bool)
        for (x, y, bits), light in bitmaps:
            covered = whole[y - top : y - top + bits.shape[0], x - left : x - left + bits.shape[1]]
            if light:
                covered &= ~bits
            else:
                covered |= bits
        return [_trim(left, top, whole)] if whole.any() else []

    def variable_bitmaps(self, place: int, row: LabelRow) -> list[PlacedBitmap]:
        """What differs from label to label."""
        symbols = [(*plan.origins[place], enlarge(matrix, plan)) for plan, matrix in symbols_of(self.layout, row)]
        x, y = self.origin(place)
        return symbols + [(x + dx, y + dy, bits) for dx, dy, bits in self.shapes(row) + self.texts(row)]

    def shapes(self, row: LabelRow) -> list[PlacedBitmap]:
        """The shapes that are on this label, in dots from its corner."""
        bitmaps: list[PlacedBitmap] = []
        for number, drawn in enumerate(row.shapes_drawn):
            if drawn:
                if number not in self._shapes:
                    self._shapes[number] = _rasterise(self.layout, (self.layout.shapes[number],), False)
                bitmaps += self._shapes[number]
        return bitmaps

    def texts(self, row: LabelRow) -> list[PlacedBitmap]:
        """The changing texts, in dots from the label's corner."""
        return [(x, y, rotate_text(strip, turn)) for x, y, strip, turn in self.strips(row)]

    def strips(self, row: LabelRow) -> list[tuple[int, int, TextStrip, int]]:
        """The changing texts as strips with their rotation: (x, y, strip, degrees)."""
        strips: list[tuple[int, int, TextStrip, int]] = []
        for (_, plan), text in zip(self.layout.texts, row.texts, strict=True):
            if text:
                strips += self._strips(plan, text)
        return strips

    def _text(self, plan: TextPlan, text: str) -> list[PlacedBitmap]:
        return [(x, y, rotate_text(strip, turn)) for x, y, strip, turn in self._strips(plan, text)]

    def _strips(self, plan: TextPlan, text: str) -> list[tuple[int, int, TextStrip, int]]:
        layout, printer = self.layout, self.layout.printer
        size, lines = plan.fit(text, layout.template.font(plan.style.font))
        upright = plan.rotate in (90, 270)
        along, across = printer.scaled_dots_per_mm_x / POINTS_PER_MM, printer.scaled_dots_per_mm_y / POINTS_PER_MM
        glyphs = load_glyphs(size, *((across, along) if upright else (along, across)))
        x0, y0 = plan.x * along, -plan.y * across
        # The anchor in dots of the text's own frame: along the text, and down.
        u0, v0 = {0: (x0, y0), 90: (y0, -x0), 180: (-x0, -y0), 270: (-y0, x0)}[plan.rotate]
        strips: list[tuple[int, int, TextStrip, int]] = []
        for line, along_points, down_points in plan.place_lines(lines, size):
            u, v = u0 + along_points * glyphs.along, v0 + down_points * glyphs.across
            column, row = floor(u), ceil(v)
            strip = glyphs.line(line, u - column, row - v)
            left, top = column - strip.margin, row - strip.baseline
            x, y = {
                0: (left, top),
                90: (-top - strip.height, left),
                180: (-left - strip.stride, -top - strip.height),
                270: (top, -left - strip.stride),
            }[plan.rotate]
            strips.append((x, y, strip, plan.rotate))
        return strips


@lru_cache(maxsize=8)
def label_bitmaps(layout: PageLayout) -> LabelBitmaps:
    """The bitmaps of a layout; the files of one layout share them."""
    return LabelBitmaps(layout)


def enlarge(matrix: Matrix, plan: SymbolPlan) -> Bits:
    """A matrix at its plan's dots."""
    return np.repeat(np.repeat(matrix.bits(), plan.module_dots_y, axis=0), plan.module_dots_x, axis=1)


def _rasterise(layout: PageLayout, shapes: tuple[PlacedElement, ...], sample: bool) -> list[PlacedBitmap]:
    """Shapes and the SAMPLE mark in dots, trimmed to what is black."""
    if not shapes and not sample:
        return []
    media, printer = layout.template.definition.media, layout.printer
    edge_x, edge_y = (
        int(media.bleed * printer.scaled_dots_per_mm_x + 1),
        int(media.bleed * printer.scaled_dots_per_mm_y + 1),
    )
    width = int(media.label_width * printer.scaled_dots_per_mm_x + 1) + 2 * edge_x
    height = int(media.label_height * printer.scaled_dots_per_mm_y + 1) + 2 * edge_y
    buffer = BytesIO()
    canvas: Any = new_canvas(buffer, (width, height), "shapes")
    placeholders = add_artwork_forms(canvas, layout.template.artwork)
    canvas.translate(edge_x, height - edge_y)
    canvas.scale(printer.scaled_dots_per_mm_x / POINTS_PER_MM, printer.scaled_dots_per_mm_y / POINTS_PER_MM)
    draw_shapes(canvas, layout.template, shapes, placeholders)
    if sample:
        draw_sample_mark(canvas, layout)
    canvas.showPage()
    canvas.save()
    bits = rasterise_page(embed_pdf_artwork(buffer.getvalue(), layout.template.artwork))
    return [_trim(-edge_x, -edge_y, bits)] if bits.any() else []


def _trim(x: int, y: int, bits: Bits) -> PlacedBitmap:
    """A bitmap without its empty edges."""
    rows, columns = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return x + left, y + top, np.array(bits[top : rows[-1] + 1, left : columns[-1] + 1])
