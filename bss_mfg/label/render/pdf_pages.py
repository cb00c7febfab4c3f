"""A finished PDF's pages as the press and the printer want them: page boxes, crop marks, die lines, quarter turns.

It works on the finished file, so that drawing need not know of it; sheets for upright printers are left as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.render.die_line import add_die_line, has_die_line
from bss_mfg.label.template.label_media import CROP_MARK_GAP_MM
from bss_mfg.model import Rect

if TYPE_CHECKING:
    import pikepdf

_LINE_POINTS = 0.25
_TURNS = {90: "0 -1 1 0 0 {right}", 180: "-1 0 0 -1 {right} {top}", 270: "0 1 -1 0 {top} 0"}
"""Matrices that turn a page of `right` x `top` points clockwise, onto a page that begins at 0, 0 again."""


def needs_finishing(layout: PageLayout) -> bool:
    """Whether pages need more than what was drawn on them."""
    return layout.grid.edge_mm > 0 or layout.printer.rotate != 0


def finish_pages(document: pikepdf.Pdf, layout: PageLayout) -> None:
    """Add crop marks and the die line, turn the pages, and write their boxes."""
    before, after = _marks(layout), ""
    if has_die_line(layout):
        before, after = f"{before} q", f"Q {add_die_line(document, layout)}"
    if layout.printer.rotate:
        # From the whole page, without the hair that its box is smaller: dots stay on their grid.
        right, top = (side + 0.002 for side in layout.page_points)
        matrix = _TURNS[layout.printer.rotate].format(right=f"{right:.4f}", top=f"{top:.4f}")
        before, after = f"q {matrix} cm {before}", f"{after} Q"
    width, height = layout.page_points
    trim, bleed = trim_box(layout), _grown(trim_box(layout), layout.template.definition.media.bleed)
    boxes = {"MediaBox": (0.0, 0.0, width, height), "BleedBox": _box(layout, bleed), "TrimBox": _box(layout, trim)}
    for page in document.pages:
        if before:
            page.contents_add(f"{before}\n".encode(), prepend=True)
        if after:
            page.contents_add(f"\n{after}".encode())
        for name, box in boxes.items():
            page.obj[f"/{name}"] = _turned(box, layout)


def trim_box(layout: PageLayout) -> Rect:
    """What is left of a page after it is cut, in mm from its top left corner: the labels of a roll, or the sheet."""
    media, printer = layout.template.definition.media, layout.printer
    if media.kind == "sheet":
        return Rect(0.0, 0.0, *(dots / per_mm for dots, per_mm in zip(layout.page_dots, _density(layout), strict=True)))
    lefts, tops = [x for x, _ in layout.places], [y for _, y in layout.places]
    right, bottom = max(lefts) + media.label_width * printer.scale_x, max(tops) + media.label_height * printer.scale_y
    return Rect(min(lefts), min(tops), right - min(lefts), bottom - min(tops))


def _density(layout: PageLayout) -> tuple[float, float]:
    return layout.printer.dots_per_mm_x, layout.printer.dots_per_mm_y


def _grown(rect: Rect, margin: float) -> Rect:
    return Rect(rect.x - margin, rect.y - margin, rect.width + 2 * margin, rect.height + 2 * margin)


def _box(layout: PageLayout, rect: Rect) -> tuple[float, float, float, float]:
    """A rectangle as a page box: points from the lower left corner, never beyond the page."""
    width, height = layout.page_points
    return (
        max(rect.x * POINTS_PER_MM, 0.0),
        max(height - rect.bottom * POINTS_PER_MM, 0.0),
        min(rect.right * POINTS_PER_MM, width),
        min(height - rect.y * POINTS_PER_MM, height),
    )


def _turned(box: tuple[float, float, float, float], layout: PageLayout) -> pikepdf.Array:
    import pikepdf

    width, height = layout.page_points
    left, bottom, right, top = box
    turned = {
        0: box,
        90: (bottom, width - right, top, width - left),
        180: (width - right, height - top, width - left, height - bottom),
        270: (height - top, left, height - bottom, right),
    }[layout.printer.rotate]
    return pikepdf.Array([round(edge, 4) for edge in turned])


def _marks(layout: PageLayout) -> str:
    """Crop marks as operators: hairlines at each label's edges, outside of the bleed."""
    media, printer = layout.template.definition.media, layout.printer
    if not media.crop_marks or not layout.grid.edge_mm:
        return ""
    gap = max(media.bleed, CROP_MARK_GAP_MM)
    trim = trim_box(layout)
    length = layout.grid.edge_mm - gap
    height = layout.page_points[1]
    lines: list[tuple[float, float, float, float]] = []
    for left, top in layout.places:
        for x in (left, left + media.label_width * printer.scale_x):
            lines += [
                (x, trim.y - gap, x, trim.y - gap - length),
                (x, trim.bottom + gap, x, trim.bottom + gap + length),
            ]
        for y in (top, top + media.label_height * printer.scale_y):
            lines += [(trim.x - gap, y, trim.x - gap - length, y), (trim.right + gap, y, trim.right + gap + length, y)]
    paths = [
        f"{x * POINTS_PER_MM:.3f} {height - y * POINTS_PER_MM:.3f} m "
        f"{x2 * POINTS_PER_MM:.3f} {height - y2 * POINTS_PER_MM:.3f} l S"
        for x, y, x2, y2 in dict.fromkeys(lines)
    ]
    return f"q 0 G {_LINE_POINTS:g} w {' '.join(paths)} Q"
