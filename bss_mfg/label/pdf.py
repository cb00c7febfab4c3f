"""A part's rows -> PDF bytes. Pure: the same part gives the same bytes, on any machine, in any process.

reportlab keeps the document, its fonts and pictures; symbols and changing text are written as ready-made operators.
A symbol is an inline 1-bit image mask of one pixel per module (ISO 32000-1, 8.9.6.2), or one path of merged runs.
Either is inset by a twentieth of a dot, because a PDF paints every dot that a shape touches (ISO 32000-1, 10.6.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from bss_mfg.errors import InputError
from bss_mfg.label.fonts import Font, font
from bss_mfg.label.layout import Layout, SymbolPlan, TextPlan, fit_qr
from bss_mfg.label.printer import POINTS_PER_MM
from bss_mfg.label.template import Area, Box, Image, Line
from bss_mfg.symbol import Matrix, data_matrix, qr

INSET = 0.05
"""Dots by which each painted shape is smaller on every side."""

_ESCAPES = str.maketrans({character: f"\\{character}" for character in "()\\"})

Symbols = Literal["mask", "vector"]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What differs from label to label: the payload, the dynamic texts and the QR texts, in template order."""

    payload: str
    texts: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartJob:
    """A label file to make: plain data, fit for another process."""

    title: str
    layout: Layout
    rows: tuple[LabelRow, ...]
    start_at: int
    symbols: Symbols


def render_part(job: PartJob) -> bytes:
    """The PDF of a part."""
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0  # plain binary streams: a fifth smaller
    layout = job.layout
    buffer = BytesIO()
    canvas: Any = Canvas(buffer, pagesize=layout.page_points, invariant=1, pageCompression=1)
    canvas.setTitle(job.title)
    canvas.setAuthor("")
    canvas.setSubject("")
    canvas.setCreator("bss-mfg")
    canvas.setViewerPreference("PrintScaling", "None")
    writer = _PageWriter(canvas, job)
    per_page = len(layout.cells)
    index = job.start_at - 1
    for number, row in enumerate(job.rows):
        writer.label(index % per_page, row)
        index += 1
        if index % per_page == 0 or number == len(job.rows) - 1:
            writer.end_page()
    canvas.save()
    return buffer.getvalue()


class _PageWriter:
    """Writes the labels of a document one by one."""

    def __init__(self, canvas: Any, job: PartJob) -> None:
        self._canvas = canvas
        self._layout = job.layout
        self._draw = _mask if job.symbols == "mask" else _path
        self._in_dots: list[str] = []
        printer = job.layout.printer
        self._height = job.layout.page_points[1]
        self._scale = (
            f"q {POINTS_PER_MM / printer.dots_per_mm_x:.9f} 0 0 {POINTS_PER_MM / printer.dots_per_mm_y:.9f} 0 0 cm"
        )
        self._fonts = {plan.font: font(plan.font) for plan in (*job.layout.texts, *job.layout.fixed_texts)}
        self._static_form()

    def _static_form(self) -> None:
        """What is the same on every label, once, as a form: origin at the label's top left."""
        canvas, template = self._canvas, self._layout.template
        media = template.template.media
        canvas.beginForm("label", 0, -media.label_height * POINTS_PER_MM, media.label_width * POINTS_PER_MM, 0)
        pictures = dict(template.images)
        for element in template.template.element:
            if isinstance(element, Line):
                canvas.setLineWidth(element.thickness * POINTS_PER_MM)
                canvas.line(
                    element.x * POINTS_PER_MM,
                    -element.y * POINTS_PER_MM,
                    element.x2 * POINTS_PER_MM,
                    -element.y2 * POINTS_PER_MM,
                )
            elif isinstance(element, Box):
                inset = 0 if element.fill else element.thickness / 2
                canvas.setLineWidth(element.thickness * POINTS_PER_MM)
                canvas.rect(
                    (element.x + inset) * POINTS_PER_MM,
                    -(element.y + element.height - inset) * POINTS_PER_MM,
                    (element.width - 2 * inset) * POINTS_PER_MM,
                    (element.height - 2 * inset) * POINTS_PER_MM,
                    stroke=int(not element.fill),
                    fill=int(element.fill),
                )
            elif isinstance(element, Image):
                _draw_image(canvas, element, pictures[element.file])
        for plan in self._layout.fixed_texts:
            self._text(plan, plan.text)
        if self._layout.sample and template.template.sample:
            _draw_sample(canvas, template.template.sample)
        canvas.endForm()

    def label(self, cell: int, row: LabelRow) -> None:
        """Draw one label into a cell of the current page."""
        layout, canvas = self._layout, self._canvas
        matrix = data_matrix(row.payload.encode("ascii"), layout.symbol.modules)
        page_height = layout.page_dots[1]
        self._in_dots.append(self._draw(matrix, layout.symbol, cell, page_height))
        for text, (_, element, code_plan) in zip(row.codes, layout.codes, strict=True):
            code = qr(text)
            self._in_dots.append(self._draw(code, fit_qr(layout, element, code_plan, code.size), cell, page_height))
        x, y = layout.cells[cell]
        canvas.addLiteral(f"q 1 0 0 1 {x * POINTS_PER_MM:.3f} {self._height - y * POINTS_PER_MM:.3f} cm")
        canvas.doForm("label")
        for plan, text in zip(layout.texts, row.texts, strict=True):
            if text:
                self._text(plan, text)
        canvas.addLiteral("Q")

    def _text(self, plan: TextPlan, text: str) -> None:
        size, width = plan.fitted(text)
        left = plan.x - {"left": 0.0, "center": 0.5, "right": 1.0}[plan.align] * width
        baseline = plan.y - plan.cap_height * size
        show = _show(self._canvas, self._fonts[plan.font], size, text)
        self._canvas.addLiteral(f"BT 1 0 0 1 {left:.3f} {baseline:.3f} Tm {show} ET")

    def end_page(self) -> None:
        """Finish the page: the symbols in dot units come last."""
        self._canvas.addLiteral("\n".join([self._scale, *self._in_dots, "Q"]))
        self._in_dots.clear()
        self._canvas.showPage()


def _show(canvas: Any, face: Font, size: float, text: str) -> str:
    """Operators that show `text` in embedded subsets of the font."""
    document = canvas._doc
    if text.isascii():  # all of ASCII stands in the first subset, in its own places
        name = face.pdf.getSubsetInternalName(0, document)
        return f"{name} {size:g} Tf ({text.translate(_ESCAPES)}) Tj"
    return " ".join(
        f"{face.pdf.getSubsetInternalName(subset, document)} {size:g} Tf <{octets.hex()}> Tj"
        for subset, octets in face.pdf.splitString(text, document)
    )


def _mask(matrix: Matrix, plan: SymbolPlan, cell: int, page_height: int) -> str:
    x, y = plan.origins[cell]
    width, height = matrix.size * plan.dots_x, matrix.size * plan.dots_y
    return (
        f"q {width - 2 * INSET:.2f} 0 0 {height - 2 * INSET:.2f} {x + INSET:.2f} "
        f"{page_height - y - height + INSET:.2f} cm "
        f"BI /W {matrix.size} /H {matrix.size} /IM true /BPC 1 /D [1 0] /F /AHx ID {matrix.packed.hex()}> EI Q"
    )


def _path(matrix: Matrix, plan: SymbolPlan, cell: int, page_height: int) -> str:
    x, y = plan.origins[cell]
    width, height = plan.dots_x, plan.dots_y
    top = page_height - y
    lefts = [f"{x + column * width + INSET:.2f} " for column in range(matrix.size)]
    bottoms = [f"{top - (row + 1) * height + INSET:.2f} " for row in range(matrix.size)]
    ends = [f"{length * width - 2 * INSET:.2f} {height - 2 * INSET:.2f} re" for length in range(matrix.size + 1)]
    runs = [lefts[column] + bottoms[row] + ends[length] for row, column, length in matrix.runs()]
    return " ".join([*runs, "f"])


def _draw_image(canvas: Any, element: Image, data: bytes) -> None:
    from reportlab.lib.utils import ImageReader

    try:
        canvas.drawImage(
            ImageReader(BytesIO(data)),
            element.x * POINTS_PER_MM,
            -(element.y + element.height) * POINTS_PER_MM,
            element.width * POINTS_PER_MM,
            element.height * POINTS_PER_MM,
            preserveAspectRatio=True,
            anchor="c",
            mask="auto",
        )
    except (OSError, ValueError) as error:
        raise InputError(f"the picture {element.file!r} can't be drawn", way_out="Save it again as PNG.") from error


def _draw_sample(canvas: Any, area: Area) -> None:
    """The mark of development labels: white on black, nobody takes it for goods."""
    face = font("sans-bold")
    x, y = area.x * POINTS_PER_MM, -(area.y + area.height) * POINTS_PER_MM
    width, height = area.width * POINTS_PER_MM, area.height * POINTS_PER_MM
    size = min(height * 0.72 / face.cap_height, width * 0.9 / face.width("SAMPLE", 1))
    canvas.setFillGray(0)
    canvas.rect(x, y, width, height, stroke=0, fill=1)
    canvas.setFillGray(1)
    canvas.setFont(face.pdf.fontName, size)
    canvas.drawCentredString(x + width / 2, y + (height - face.cap_height * size) / 2, "SAMPLE")
    canvas.setFillGray(0)
