"""Lines, boxes and artwork on the label's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.render.artwork_forms import draw_artwork
from bss_mfg.label.render.pdf_colours import set_fill, set_stroke
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.shape_elements import Box, Image, Line


def draw_shapes(
    canvas: Any, template: LoadedTemplate, shapes: Sequence[PlacedElement], artwork_forms: Mapping[str, str]
) -> None:
    """Draw lines, boxes and artwork; the origin is the label's top left corner, y upwards, in points."""
    art = {item.file: item for item in template.artwork}
    for item in shapes:
        element = item.element
        canvas.saveState()
        if isinstance(element, Line):
            set_stroke(canvas, element.color)
            canvas.setLineWidth(element.thickness * POINTS_PER_MM)
            # The copies of a repeated line are shifted as their boxes are.
            dx = item.rect.x - (min(element.x, element.x2) - element.thickness / 2)
            dy = item.rect.y - (min(element.y, element.y2) - element.thickness / 2)
            canvas.line(
                (element.x + dx) * POINTS_PER_MM,
                -(element.y + dy) * POINTS_PER_MM,
                (element.x2 + dx) * POINTS_PER_MM,
                -(element.y2 + dy) * POINTS_PER_MM,
            )
        elif isinstance(element, Box):
            _box(canvas, element, item)
        elif isinstance(element, Image):
            draw_artwork(canvas, element, item, art[element.file], artwork_forms, template.definition.media)
        canvas.restoreState()


def _box(canvas: Any, element: Box, item: PlacedElement) -> None:
    x, y, width, height = item.rect
    inset = 0 if element.fill else element.thickness / 2
    set_stroke(canvas, element.color)
    set_fill(canvas, element.color)
    canvas.setLineWidth(element.thickness * POINTS_PER_MM)
    box = [
        edge * POINTS_PER_MM
        for edge in (x + inset, -(y + height - inset), max(width - 2 * inset, 0), max(height - 2 * inset, 0))
    ]
    how = {"stroke": int(not element.fill), "fill": int(element.fill)}
    if element.radius:
        canvas.roundRect(*box, min(element.radius * POINTS_PER_MM, box[2] / 2, box[3] / 2), **how)
    else:
        canvas.rect(*box, **how)
