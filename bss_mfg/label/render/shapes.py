"""Lines, boxes and artwork on the label's form. Level and upright edges lie on the printer's dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.layout.whole_dots import DotBox, box_dots, line_dots, thickness_dots
from bss_mfg.label.render.artwork_forms import draw_artwork
from bss_mfg.label.render.canvas import INSET
from bss_mfg.label.render.pdf_colours import set_fill, set_stroke
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image, Line
from bss_mfg.model import Rect

_EVEN_ODD = 0


def draw_shapes(
    canvas: Any,
    template: LoadedTemplate,
    shapes: Sequence[PlacedElement],
    artwork_forms: Mapping[str, str],
    printer: Printer,
) -> None:
    """Draw lines, boxes and artwork for a printer; the origin is the label's top left corner, y upwards, in points of
    the template (before the printer's scale)."""
    art = {item.file: item for item in template.artwork}
    for item in shapes:
        element = item.element
        canvas.saveState()
        if isinstance(element, Line):
            _line(canvas, element, item, printer)
        elif isinstance(element, Box):
            set_fill(canvas, element.color)
            _box(canvas, element, item, printer)
        elif isinstance(element, Image):
            place = _whole_dots(item, printer)
            draw_artwork(canvas, item, place, art[element.file], artwork_forms, template.definition.media)
        canvas.restoreState()


def fill_dots(canvas: Any, box: DotBox, printer: Printer) -> None:
    """Fill a box of whole dots with the canvas's colour."""
    canvas.rect(*_points(box, printer, INSET), stroke=0, fill=1)


def _whole_dots(item: PlacedElement, printer: Printer) -> Rect:
    """An element's box on the printer's dots, a hair smaller: a picture paints every dot that it touches."""
    box = box_dots(item.rect, printer)
    x, y = printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y
    return Rect(
        (box.left + INSET) / x,
        (box.top + INSET) / y,
        (box.right - box.left - 2 * INSET) / x,
        (box.bottom - box.top - 2 * INSET) / y,
    )


def _line(canvas: Any, element: Line, item: PlacedElement, printer: Printer) -> None:
    # The copies of a repeated line are shifted as their boxes are.
    dx = item.rect.x - (min(element.x, element.x2) - element.thickness / 2)
    dy = item.rect.y - (min(element.y, element.y2) - element.thickness / 2)
    if box := line_dots(element, dx, dy, printer):
        set_fill(canvas, element.color)
        fill_dots(canvas, box, printer)
        return
    set_stroke(canvas, element.color)
    dot = 1 / min(printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y)
    canvas.setLineWidth(max(element.thickness, dot) * POINTS_PER_MM)
    canvas.line(
        (element.x + dx) * POINTS_PER_MM,
        -(element.y + dy) * POINTS_PER_MM,
        (element.x2 + dx) * POINTS_PER_MM,
        -(element.y2 + dy) * POINTS_PER_MM,
    )


def _box(canvas: Any, element: Box, item: PlacedElement, printer: Printer) -> None:
    outer = box_dots(item.rect, printer)
    wide, high = thickness_dots(element.thickness, printer)
    inner = DotBox(outer.left + wide, outer.top + high, outer.right - wide, outer.bottom - high)
    path = canvas.beginPath()
    _add_box(path, outer, printer, INSET, element.radius)
    if not element.fill and inner.left < inner.right and inner.top < inner.bottom:
        _add_box(path, inner, printer, -INSET, max(element.radius - element.thickness, 0))
    canvas.drawPath(path, stroke=0, fill=1, fillMode=_EVEN_ODD)


def _add_box(path: Any, box: DotBox, printer: Printer, inset: float, radius: float) -> None:
    x, y, width, height = _points(box, printer, inset)
    if radius:
        path.roundRect(x, y, width, height, min(radius * POINTS_PER_MM, width / 2, height / 2))
    else:
        path.rect(x, y, width, height)


def _points(box: DotBox, printer: Printer, inset: float) -> tuple[float, float, float, float]:
    """A box of dots as x, y, width, height in points of the template; `inset` dots smaller on every side."""
    x, y = POINTS_PER_MM / printer.scaled_dots_per_mm_x, POINTS_PER_MM / printer.scaled_dots_per_mm_y
    return (
        (box.left + inset) * x,
        -(box.bottom - inset) * y,
        (box.right - box.left - 2 * inset) * x,
        (box.bottom - box.top - 2 * inset) * y,
    )
