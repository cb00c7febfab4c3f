"""Boxes and lines in whole printer dots: a rule of half a dot prints as none or as one, and which is luck.

Dots are counted from the label's top left corner, which itself lies on a dot.
"""

from __future__ import annotations

from typing import NamedTuple

from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Line
from bss_mfg.model import Rect


class DotBox(NamedTuple):
    """A box in whole dots from the label's top left corner, right and bottom not included."""

    left: int
    top: int
    right: int
    bottom: int


def box_dots(rect: Rect, printer: Printer) -> DotBox:
    """A rectangle of the label in mm, each edge on the nearest dot; at least one dot wide and high."""
    left, right = _span(rect.x, rect.right, printer.scaled_dots_per_mm_x)
    top, bottom = _span(rect.y, rect.bottom, printer.scaled_dots_per_mm_y)
    return DotBox(left, top, right, bottom)


def thickness_dots(thickness: float, printer: Printer) -> tuple[int, int]:
    """How many dots a stroke of so many mm is wide (upright) and high (level), at least one."""
    return (
        max(round(thickness * printer.scaled_dots_per_mm_x), 1),
        max(round(thickness * printer.scaled_dots_per_mm_y), 1),
    )


def line_dots(line: Line, dx: float, dy: float, printer: Printer) -> DotBox | None:
    """A level or upright line, moved by `dx` and `dy` mm, as a box; None where it is neither."""
    wide, high = thickness_dots(line.thickness, printer)
    x_scale, y_scale = printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y
    if line.y == line.y2:
        left, right = _span(min(line.x, line.x2) + dx, max(line.x, line.x2) + dx, x_scale)
        top = round((line.y + dy - line.thickness / 2) * y_scale)
        return DotBox(left, top, right, top + high)
    if line.x == line.x2:
        top, bottom = _span(min(line.y, line.y2) + dy, max(line.y, line.y2) + dy, y_scale)
        left = round((line.x + dx - line.thickness / 2) * x_scale)
        return DotBox(left, top, left + wide, bottom)
    return None


def _span(start: float, end: float, dots_per_mm: float) -> tuple[int, int]:
    first = round(start * dots_per_mm)
    return first, max(round(end * dots_per_mm), first + 1)
