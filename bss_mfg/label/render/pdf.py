"""Label rows -> PDF bytes. Pure: the same content gives the same bytes, on any machine, in any process.

reportlab keeps the document, its fonts and pictures; symbols and changing text are written as ready-made operators.
A symbol is an inline 1-bit image mask of one pixel per module (ISO 32000-1, 8.9.6.2), or one path of merged runs.
Either is inset by a twentieth of a dot, because a PDF paints every dot that a shape touches (ISO 32000-1, 10.6.5).
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.drawing_order import Drawable
from bss_mfg.label.layout.file_content import ByteArray, LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.label.render.artwork_forms import add_artwork_forms, embed_pdf_artwork
from bss_mfg.label.render.canvas import INSET, new_canvas
from bss_mfg.label.render.pdf_page_objects import end_page
from bss_mfg.label.render.pdf_text import TextWriter, draw_text
from bss_mfg.label.render.sample_mark import draw_sample_mark
from bss_mfg.label.render.shapes import draw_shapes
from bss_mfg.label.render.symbols import symbol_parts
from bss_mfg.model import SymbolStyle
from bss_mfg.symbol import Matrix

STEPS_PER_DOT = 20
"""Steps of a dot in which paths are written: whole numbers are short, and 1 is the inset."""


def render_pdf(content: LabelFileContent) -> bytes:
    """The PDF of a label file."""
    layout = content.layout
    buffer = BytesIO()
    canvas = new_canvas(buffer, layout.page_points, content.title)
    writer = PageWriter(canvas, layout, content.symbols)
    per_page = len(layout.places)
    index = content.start_at - 1
    for number, row in enumerate(content.rows):
        writer.draw_label(index % per_page, row)
        index += 1
        if index % per_page == 0 or number == len(content.rows) - 1:
            writer.end_page()
    canvas.save()
    return embed_pdf_artwork(buffer.getvalue(), layout.template.artwork)


class PageWriter:
    """Writes the labels of a document one by one."""

    def __init__(self, canvas: Any, layout: PageLayout, symbols: SymbolStyle) -> None:
        self._canvas, self._layout = canvas, layout
        self._mask = symbols == "mask"
        self._in_dots: list[str] = []
        printer = layout.printer
        step = 1 if self._mask else STEPS_PER_DOT
        self._scale = (
            f"q {POINTS_PER_MM / printer.dots_per_mm_x / step:.9f} 0 0 "
            f"{POINTS_PER_MM / printer.dots_per_mm_y / step:.9f} 0 0 cm"
        )
        plans = [plan for _, plan in layout.texts] + [plan for plan, _ in layout.fixed_texts]
        self._order = layout.drawing_order()
        self._frames = [self._frame(*place) for place in layout.places]
        self._fonts = {plan.style.font: layout.template.font(plan.style.font) for plan in plans}
        self._placeholders = add_artwork_forms(canvas, layout.template.artwork)
        self._forms()
        self._texts = [TextWriter(canvas, plan, self._fonts[plan.style.font]) for _, plan in layout.texts]

    def _frame(self, x: float, y: float) -> str:
        """To a label's top left corner, which lies on a dot as it does in every other language."""
        printer = self._layout.printer
        left, top = round(x * printer.dots_per_mm_x), round(y * printer.dots_per_mm_y)
        return (
            f"q {printer.scale_x:g} 0 0 {printer.scale_y:g} {left / printer.dots_per_mm_x * POINTS_PER_MM:.4f} "
            f"{(self._layout.page_dots[1] - top) / printer.dots_per_mm_y * POINTS_PER_MM:.4f} cm"
        )

    def _forms(self) -> None:
        """What is the same on every label, once for each layer, as a form: origin at the label's top left. Conditional
        shapes have a form each."""
        layout = self._layout
        for level, layer in enumerate(self._order.layers):
            if layer.fixed:
                self._form(f"label{level}")
                for item in layer.fixed:
                    self._draw_fixed(item)
                self._canvas.endForm()
        for number, shape in enumerate(layout.shapes):
            self._form(f"shape{number}")
            draw_shapes(self._canvas, layout.template, (shape,), self._placeholders, layout.printer)
            self._canvas.endForm()

    def _draw_fixed(self, item: Drawable) -> None:
        layout, canvas = self._layout, self._canvas
        if item.kind == "fixed_shape":
            shape = layout.fixed_shapes[item.number]
            draw_shapes(canvas, layout.template, (shape,), self._placeholders, layout.printer)
        elif item.kind == "fixed_text":
            plan, text = layout.fixed_texts[item.number]
            draw_text(canvas, plan, text, self._fonts[plan.style.font])
        else:
            draw_sample_mark(canvas, layout)

    def _form(self, name: str) -> None:
        media = self._layout.template.definition.media
        edge = media.bleed * POINTS_PER_MM
        width, height = media.label_width * POINTS_PER_MM, media.label_height * POINTS_PER_MM
        self._canvas.beginForm(name, -edge, -height - edge, width + edge, edge)

    def draw_label(self, place: int, row: LabelRow) -> None:
        """Draw one label at a place of the current page."""
        canvas, frame = self._canvas, self._frames[place]
        for item in self._order.symbols:
            self._in_dots += self._symbol(item, place, row)
        canvas.addLiteral(frame)
        for level, layer in enumerate(self._order.layers):
            if layer.fixed:
                canvas.doForm(f"label{level}")
            for item in layer.changing:
                if item.is_symbol:
                    canvas.addLiteral("\n".join(["Q", self._scale, *self._symbol(item, place, row), "Q", frame]))
                else:
                    self._draw_changing(item, row)
        canvas.addLiteral("Q")

    def _draw_changing(self, item: Drawable, row: LabelRow) -> None:
        if item.kind == "text":
            if text := row.texts[item.number]:
                self._canvas._code.append(self._texts[item.number].operators(text))
        elif row.shapes_drawn[item.number]:
            self._canvas.doForm(f"shape{item.number}")

    def _symbol(self, item: Drawable, place: int, row: LabelRow) -> list[str]:
        draw, page_height = _mask if self._mask else _path, self._layout.page_dots[1]
        return [draw(matrix, plan, place, page_height) for plan, matrix in symbol_parts(self._layout, row, item)]

    def end_page(self) -> None:
        """Finish the page: the symbols that nothing covers come last, in dot units. The content is packed at once, to
        keep memory small."""
        canvas = self._canvas
        canvas._code.append("\n".join([self._scale, *self._in_dots, "Q"]))
        self._in_dots.clear()
        # The quickest level packs paths three times as fast as the default, and a tenth larger.
        end_page(canvas, zlib.compress("\n".join([canvas._preamble, *canvas._code, ""]).encode("latin-1"), 1))


def _mask(matrix: Matrix, plan: SymbolPlan, place: int, page_height: int) -> str:
    x, y = plan.origins[place]
    width, height = matrix.columns * plan.module_dots_x, matrix.rows * plan.module_dots_y
    columns, rows, pixels = matrix.columns, matrix.rows, matrix.packed
    if {plan.module_dots_x, plan.module_dots_y} == {2, 3}:
        # pdfium smooths masks that grow less than eightfold, which is exact for 2 x 2 dots and not for these.
        bits = np.repeat(np.repeat(matrix.bits(), plan.module_dots_y, axis=0), plan.module_dots_x, axis=1)
        columns, rows, pixels = width, height, np.packbits(bits, axis=1).tobytes()
    return (
        f"q {width - 2 * INSET:.2f} 0 0 {height - 2 * INSET:.2f} {x + INSET:.2f} "
        f"{page_height - y - height + INSET:.2f} cm "
        f"BI /W {columns} /H {rows} /IM true /BPC 1 /D [1 0] /F /AHx ID {pixels.hex()}> EI Q"
    )


def _path(matrix: Matrix, plan: SymbolPlan, place: int, page_height: int) -> str:
    """One path of merged runs in twentieths of a dot, its origin at the symbol's lower left corner."""
    x, y = plan.origins[place]
    corners, sizes = _run_operands(matrix.columns, matrix.rows, plan.module_dots_x, plan.module_dots_y)
    starts, lengths = matrix.dark_runs()
    runs = np.concatenate([corners[starts], sizes[lengths]], axis=1).tobytes().decode("ascii")
    bottom = (page_height - y) * STEPS_PER_DOT - matrix.rows * plan.module_dots_y * STEPS_PER_DOT
    return f"q 1 0 0 1 {x * STEPS_PER_DOT} {bottom} cm {runs}f Q"


@lru_cache(maxsize=64)
def _run_operands(columns: int, rows: int, dots_x: int, dots_y: int) -> tuple[ByteArray, ByteArray]:
    """The operands of every possible run as rows of bytes: its corner as `Matrix.dark_runs` counts them, and its size
    by its length. Picking rows of a table is ten times as quick as formatting numbers."""
    width, height = dots_x * STEPS_PER_DOT, dots_y * STEPS_PER_DOT
    corners = [
        f"{column * width + 1} {(rows - 1 - row) * height + 1}" for row in range(rows) for column in range(columns + 1)
    ]
    return _table(corners), _table([f"{max(length * width - 2, 0)} {height - 2} re" for length in range(columns + 1)])


def _table(texts: list[str]) -> ByteArray:
    width = max(map(len, texts)) + 1
    return np.frombuffer("".join(text.ljust(width) for text in texts).encode("ascii"), np.uint8).reshape(-1, width)
