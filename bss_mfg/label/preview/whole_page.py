"""A whole page as it is printed, for a closer look: its picture, and where its labels and their elements lie, in mm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from itertools import cycle, islice
from typing import Any

from bss_mfg.core.units import MM_PER_INCH, POINTS_PER_INCH
from bss_mfg.errors import InputError
from bss_mfg.label.layout.design_check import CheckedDesign, Example, check_design
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.geometry import place_elements
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.render.pdf import render_pdf
from bss_mfg.label.render.pdf_finish import finish_pdf
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer

_MAX_PIXELS = 16_000_000
_PIXELS_PER_MM = 24.0
"""Of a small label; a large page gets fewer, by the limit above."""


@dataclass(frozen=True)
class WholePage:
    """A page full of an example's labels, its cases in turn."""

    design: CheckedDesign

    @classmethod
    def of(cls, template: LoadedTemplate, printer: Printer, example: Example) -> WholePage:
        """The page as it is designed: what belongs to one machine (offset, scale, margins) is left out."""
        return cls(check_design(template, design_printer(printer), example))

    @property
    def _content(self) -> LabelFileContent:
        """The page's labels; symbols that can't be drawn are left out."""
        layout = self.design.layout
        drawn = [drawable_row(layout, row) for row in self.design.rows.values()]
        return LabelFileContent("Preview", layout, tuple(islice(cycle(drawn), len(layout.places))), 1, "vector")

    @property
    def pdf(self) -> bytes:
        """The page as it is sent to a PDF printer. `InputError` for a label printer, which has dots."""
        if self.design.layout.printer.language != "pdf":
            raise InputError(
                "the whole page of a label printer is a picture of its dots", where="--out", way_out="Name a .png file."
            )
        content = self._content
        return finish_pdf(render_pdf(content), content)

    @cached_property
    def png(self) -> bytes:
        """The picture, of a label printer in its dots."""
        import pypdfium2

        if self.design.layout.printer.language != "pdf":
            from bss_mfg.label.render.raster import render_png

            return render_png(self._content)
        document = pypdfium2.PdfDocument(self.pdf)
        try:
            page = document[0]
            width, height = page.get_size()
            scale = min(_PIXELS_PER_MM * MM_PER_INCH / POINTS_PER_INCH, (_MAX_PIXELS / (width * height)) ** 0.5)
            out = BytesIO()
            page.render(scale=scale).to_pil().save(out, "PNG", compress_level=3)
            return out.getvalue()
        finally:
            document.close()

    def record(self) -> dict[str, Any]:
        """Sizes and places in mm, for the page in the browser: labels as they are filled, elements on a label."""
        layout = self.design.layout
        media, printer = layout.template.definition.media, layout.printer
        elements = place_elements(layout.template, layout.units_per_package)
        return {
            "size": [
                round(dots / scale, 3)
                for dots, scale in zip(layout.page_dots, (printer.dots_per_mm_x, printer.dots_per_mm_y), strict=True)
            ],
            "label": [media.label_width, media.label_height],
            "labels": [[round(x, 3), round(y, 3)] for x, y in layout.places],
            "elements": [
                {
                    "number": item.index + 1,
                    "kind": item.element.kind,
                    "name": item.element.name or "",
                    "line": layout.template.locate(item.index).line,
                    "unit": None if item.unit is None else item.unit + 1,
                    "rect": [round(edge, 3) for edge in item.rect],
                }
                for item in elements
            ],
        }


def design_printer(printer: Printer) -> Printer:
    """The printer without what belongs to one machine, its load or its feed, making pictures if it is a label
    printer."""
    return replace(
        printer.in_label_frame(),
        rotate=0,
        language="pdf" if printer.language == "pdf" else "png",
        offset_x_mm=0.0,
        offset_y_mm=0.0,
        scale_x=1.0,
        scale_y=1.0,
        margins_mm=(0.0, 0.0, 0.0, 0.0),
        media=(),
        max_width_mm=None,
    )


def drawable_row(layout: PageLayout, row: LabelRow) -> LabelRow:
    """A label without the codes that can't be drawn."""
    codes: list[str | None] = []
    for plan, text in zip(layout.codes, row.codes, strict=True):
        try:
            if text:
                layout.draw_code(plan, text)
            codes.append(text)
        except InputError:
            codes.append(None)
    return replace(row, codes=tuple(codes))
