"""How much of their height bars were printed with, against their drawing.

A reader needs one line through all bars, so bars with a tenth of their height read well, in a clean picture: on a line
they are missed wherever a scanner's line does not happen to cross them.
"""

from __future__ import annotations

from functools import lru_cache
from math import hypot
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import MATRIX_KINDS, Drawing, ExpectedCode
from bss_mfg.imaging.strip_places import Picture, StripPlace, area_place
from bss_mfg.model import Rect

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

LEAST_SHARE = 0.8
"""Of the drawn height: printers, cutters and blur together take less away."""
_BEYOND_MM = (1.0, 0.5, 0.2, -0.2)
"""How far around its place a code is looked at, where its label goes on, for it may be printed a little beside; less
where the picture ends at the label's edge."""
_LINES = 32
_PIXELS_PER_MM = 8.0
_MOST_PIXELS = 512
"""Along a line."""
_PARTS = 2
"""Into which each line is parted: bars may be cut off aslant."""
_SEEN = 0.5
"""Share of the strongest lines' contrast from which on a line shows bars."""
_LEAST_CONTRAST = 10.0
_MOST_SLANTED = 0.6
"""What is seen from 50 degrees aside is so much shorter than wide."""


def height_share(
    picture: Picture, code: ExpectedCode, to_pixels: Floats, label_area: Rect, drawing: Drawing
) -> float | None:
    """The share of its drawn height that a code's bars have where they have least; None where it can't be told."""
    for beyond in _BEYOND_MM:
        drawn = _drawn(drawing, beyond).get(code.element)
        if drawn is None:
            return None
        lines = _lines(picture, _grown(code.area, label_area, beyond), to_pixels, drawn[0])
        if lines is not None and (seen := _heights(lines)):
            return min(here / there for here, there in zip(seen, drawn[1], strict=True))
    return None


def squashed_share(code: ExpectedCode, to_pixels: Floats) -> float | None:
    """The same where nothing but the corners of the bars themselves says how their label lies: by how much lower than
    wide they are seen. None where that may be the slant of a picture."""
    place = area_place(code.area, to_pixels, (1, 1))
    across, down = hypot(*place.right) / code.area.width, hypot(*place.down) / code.area.height
    share = min(across, down) / max(across, down)
    return share if share < _MOST_SLANTED else None


@lru_cache(maxsize=8)
def _drawn(drawing: Drawing, beyond: float) -> dict[int, tuple[bool, tuple[float, ...]]]:
    """By element of the bars of a drawing whether they stand upright, and the share of themselves with so much around
    them that each of their parts is high."""
    picture, to_pixels, label = Picture(drawing.grey), drawing.to_pixels, drawing.label
    found = {}
    for code in (*label.codes, label.bars):
        if code is None or code.kind in MATRIX_KINDS:
            continue
        upright = _are_upright(picture, code.area, to_pixels)
        heights = _heights(_lines(picture, _grown(code.area, label.area, beyond), to_pixels, upright))
        if heights and min(heights) > 0:
            found[code.element] = upright, heights
    return found


def _are_upright(picture: Picture, area: Rect, to_pixels: Floats) -> bool:
    """Whether bars stand upright on the printed page: across them light changes, along them it doesn't."""
    lines = _lines(picture, area, to_pixels, True)
    return lines is not None and float(lines.std(axis=1).mean()) > float(lines.std(axis=0).mean())


def _grown(area: Rect, label: Rect, beyond: float) -> Rect:
    """An area with what is around it, as far as the label goes."""
    left, top = max(area.x - beyond, label.x), max(area.y - beyond, label.y)
    right, bottom = min(area.right + beyond, label.right), min(area.bottom + beyond, label.bottom)
    if beyond > 0:
        left, top, right, bottom = min(left, area.x), min(top, area.y), max(right, area.right), max(bottom, area.bottom)
    return Rect(left, top, right - left, bottom - top)


def _lines(picture: Picture, area: Rect, to_pixels: Floats, upright: bool) -> Floats | None:
    """Lines across bars, one under the other; None where they are not all in the picture."""
    if upright:
        place = area_place(area, to_pixels, (_along(area.width), _LINES))
    else:
        over = area_place(area, to_pixels, (_LINES, _along(area.height)))
        place = StripPlace((over.size[1], over.size[0]), over.corner, over.down, over.right)
    return place.cut_out(picture)


def _along(length: float) -> int:
    return min(max(round(length * _PIXELS_PER_MM), 16), _MOST_PIXELS)


def _heights(lines: Floats | None) -> tuple[float, ...] | None:
    """The share of lines that show bars, of each part; None where nothing is seen."""
    import numpy as np

    if lines is None:
        return None
    found = []
    for part in np.array_split(lines, _PARTS, axis=1):
        contrast = part.std(axis=1)
        strong = float(np.partition(contrast, -2)[-2])
        found.append(float((contrast >= _SEEN * strong).mean()) if strong >= _LEAST_CONTRAST else 0.0)
    return tuple(found) if any(found) else None
