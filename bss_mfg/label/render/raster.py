"""Pages as printer dots, 1 bit each: symbols are placed, never drawn; shapes and glyphs are cut at half coverage.

Each part of a label paints black and white dots over what was drawn before it. What stays the same on every label is
rasterised once, glyphs once a font and size; so each page costs a few copies of small arrays. Nothing is anti-aliased
in what leaves here, and only what a template says is dithered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from io import BytesIO
from itertools import groupby
from math import ceil, floor

import numpy as np

from bss_mfg.core.units import MM_PER_INCH, POINTS_PER_MM
from bss_mfg.label.layout.black_or_white import prints_black
from bss_mfg.label.layout.drawing_order import Drawable, DrawingOrder
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.geometry import overlap
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.render.glyphs import TextStrip, load_glyphs, rotate_text
from bss_mfg.label.render.patches import Bits, Patch, flatten
from bss_mfg.label.render.shape_dots import sample_patch, shape_patches
from bss_mfg.label.render.symbols import symbol_parts
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
        x, y = self.bitmaps.origin(place)
        for patch in self.bitmaps.patches(place, row):
            patch.paint(self.dots, x, y)


@dataclass(eq=False)
class LabelBitmaps:
    """What a label consists of, in dots from its top left corner. Its caches live as long as one layout is drawn."""

    layout: PageLayout
    _shapes: dict[int, tuple[Patch, ...]] = field(default_factory=dict)

    def origin(self, place: int) -> tuple[int, int]:
        """The label's top left corner in dots of the page."""
        x, y = self.layout.places[place]
        printer = self.layout.printer
        return round(x * printer.dots_per_mm_x), round(y * printer.dots_per_mm_y)

    @cached_property
    def order(self) -> DrawingOrder:
        """In which order the parts are drawn."""
        return self.layout.drawing_order()

    @cached_property
    def fixed_layers(self) -> tuple[Patch | None, ...]:
        """What is the same on every label, for each layer of the order."""
        return tuple(flatten(self._fixed_patches(layer.fixed)) for layer in self.order.layers)

    @cached_property
    def only_adds(self) -> bool:
        """Whether drawing black dots in any order makes the label: nothing that changes, or that covers what changes,
        paints white."""
        drawables = self.layout.drawables
        return not any(patch and patch.white is not None for patch in self.fixed_layers[1:]) and not any(
            self._paints_white(item) and any(overlap(item.extent, before.extent) for before in drawables[:number])
            for number, item in enumerate(drawables)
            if not item.is_fixed
        )

    def _paints_white(self, item: Drawable) -> bool:
        if item.kind == "text":
            return not prints_black(self.layout.texts[item.number][1].style.color)
        return item.kind == "shape" and any(patch.white is not None for patch in self._shape(item.number))

    def patches(self, place: int, row: LabelRow) -> Iterator[Patch]:
        """All that is on one label, in the order in which it is painted."""
        for layer, fixed in zip(self.order.layers, self.fixed_layers, strict=True):
            if fixed:
                yield fixed
            for item in layer.changing:
                yield from self._changing_patches(item, place, row)
        for item in self.order.symbols:
            yield from self._changing_patches(item, place, row)

    def flat(self, place: int, row: LabelRow) -> Patch | None:
        """A whole label as one patch."""
        return flatten(self.patches(place, row))

    def _fixed_patches(self, items: tuple[Drawable, ...]) -> Iterator[Patch]:
        layout = self.layout
        for kind, run in groupby(items, key=lambda item: item.kind):
            numbers = [item.number for item in run]
            if kind == "fixed_shape":
                yield from shape_patches(layout, [layout.fixed_shapes[number] for number in numbers])
            elif kind == "fixed_text":
                for number in numbers:
                    yield from self._text(*layout.fixed_texts[number])
            elif patch := sample_patch(layout):
                yield patch

    def _changing_patches(self, item: Drawable, place: int, row: LabelRow) -> Iterator[Patch]:
        if item.kind == "text":
            if text := row.texts[item.number]:
                yield from self._text(self.layout.texts[item.number][1], text)
        elif item.kind == "shape":
            if row.shapes_drawn[item.number]:
                yield from self._shape(item.number)
        else:
            left, top = self.origin(place)
            for plan, matrix in symbol_parts(self.layout, row, item):
                x, y = plan.origins[place]
                yield Patch(x - left, y - top, enlarge(matrix, plan))

    def _shape(self, number: int) -> tuple[Patch, ...]:
        if number not in self._shapes:
            self._shapes[number] = tuple(shape_patches(self.layout, (self.layout.shapes[number],)))
        return self._shapes[number]

    def shapes(self, row: LabelRow) -> list[Patch]:
        """The shapes that are on this label and not on all."""
        return [patch for number, drawn in enumerate(row.shapes_drawn) if drawn for patch in self._shape(number)]

    def strips(self, row: LabelRow) -> list[tuple[int, int, TextStrip, int]]:
        """The changing texts as strips with their rotation: (x, y, strip, degrees)."""
        strips: list[tuple[int, int, TextStrip, int]] = []
        for (_, plan), text in zip(self.layout.texts, row.texts, strict=True):
            if text:
                strips += self._strips(plan, text)
        return strips

    def _text(self, plan: TextPlan, text: str) -> Iterator[Patch]:
        black = prints_black(plan.style.color)
        for x, y, strip, turn in self._strips(plan, text):
            bits = rotate_text(strip, turn)
            yield Patch(x, y, bits) if black else Patch(x, y, np.zeros_like(bits), bits)

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
            strips.append((*_turned_corner(plan.rotate, left, top, strip), strip, plan.rotate))
        return strips


def _turned_corner(degrees: int, left: int, top: int, strip: TextStrip) -> tuple[int, int]:
    """The top left corner on the label of a strip in the text's own turned frame."""
    if degrees == 0:
        return left, top
    return {
        90: (-top - strip.height, left),
        180: (-left - strip.stride, -top - strip.height),
        270: (top, -left - strip.stride),
    }[degrees]


@lru_cache(maxsize=8)
def label_bitmaps(layout: PageLayout) -> LabelBitmaps:
    """The bitmaps of a layout; the files of one layout share them."""
    return LabelBitmaps(layout)


def enlarge(matrix: Matrix, plan: SymbolPlan) -> Bits:
    """A matrix at its plan's dots."""
    return np.repeat(np.repeat(matrix.bits(), plan.module_dots_y, axis=0), plan.module_dots_x, axis=1)
