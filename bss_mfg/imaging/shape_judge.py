"""Lines and boxes of labels: whether they are there, by the steps of light across their edges.

An edge is looked at in pieces, each along its own course, so that a label that is seen a little askew loses none. What
the drawing itself shows too faintly, what something else covers there, and lines that run aslant are not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from math import ceil, hypot
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import Drawing, ExpectedPicture, PictureKind
from bss_mfg.imaging.geometry import apply_homography
from bss_mfg.imaging.picture_judge import PlacedPicture
from bss_mfg.imaging.strip_places import Picture
from bss_mfg.model import Rect

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_PIECE_MM = 6.0
_REACH_MM = 0.9
"""How far beside its place an edge is looked for."""
_STEP_MM = 0.1
_TRIM = 0.12
"""Share of an edge that is left out at either end: corners may be round."""
_LEAST_STEP = 60.0
"""Step of grey in the drawing below which an edge is not judged."""
_SEEN = 0.12
"""Share of the drawing's step from which on an edge is seen."""
_MISSING = 0.1
"""Share of an edge's pieces that may be seen of one that is missing."""
_LEAST_PIXELS = 6.0
"""Pixels per mm below which thin lines blur away."""
_CUT_MM = 1.2
"""Edges nearer to the label's own are left out: they may be cut off."""
_THIN_MM = 1.6


class ShapeVerdict(Enum):
    """What was seen of a line or box."""

    RIGHT = "right"
    MISSING = "missing"
    PARTLY = "some of its sides are missing"
    NOT_JUDGED = "not judged"


Edge = tuple[tuple[float, float], tuple[float, float]]
"""From where to where, in mm of the printed page."""


def judge_shapes(
    picture: Picture, placed: Sequence[PlacedPicture], areas: Sequence[Rect], drawing: Drawing
) -> list[ShapeVerdict]:
    """What is seen of lines and boxes, each of a label with the area that is given beside it."""
    drawn = {item.element: item for item in drawing.label.pictures}
    steps: dict[int, list[list[float]]] = {}
    for element in {one.picture.element for one in placed} & drawn.keys():
        steps[element] = _drawn_steps(drawing, drawn[element])
    return [
        _judge(picture, one, steps.get(one.picture.element, []), area) for one, area in zip(placed, areas, strict=True)
    ]


def _judge(picture: Picture, one: PlacedPicture, steps: Sequence[Sequence[float]], area: Rect) -> ShapeVerdict:
    edges = _edges(one.picture)
    if len(edges) != len(steps) or _scale(one) < _LEAST_PIXELS:
        return ShapeVerdict.NOT_JUDGED
    missing = []
    for edge, drawn in zip(edges, steps, strict=True):
        if one.picture.kind is PictureKind.BOX and _is_near(edge, area):
            continue
        pieces = [
            (step, seen)
            for piece, step in zip(_pieces(edge), drawn, strict=True)
            if step >= _LEAST_STEP and (seen := _step(picture, one.to_pixels, piece)) is not None
        ]
        if pieces:
            found = sum(seen >= _SEEN * step for step, seen in pieces)
            missing.append(found <= _MISSING * len(pieces))
    if not missing:
        return ShapeVerdict.NOT_JUDGED
    if all(missing):
        return ShapeVerdict.MISSING
    return ShapeVerdict.PARTLY if any(missing) else ShapeVerdict.RIGHT


def _drawn_steps(drawing: Drawing, item: ExpectedPicture) -> list[list[float]]:
    """Of each edge's pieces the step of grey in the drawing, in red light and in grey, whichever is less."""
    lights = [Picture(light) for light in (drawing.red, drawing.grey)]
    return [
        [min(_step(light, drawing.to_pixels, piece) or 0.0 for light in lights) for piece in _pieces(edge)]
        for edge in _edges(item)
    ]


def _edges(item: ExpectedPicture) -> list[Edge]:
    """The edges of a box, or the course of an upright or level line."""
    x, y, right, bottom = item.area.x, item.area.y, item.area.right, item.area.bottom
    if item.kind is PictureKind.BOX:
        return [
            ((x, y), (right, y)),
            ((x, bottom), (right, bottom)),
            ((x, y), (x, bottom)),
            ((right, y), (right, bottom)),
        ]
    if min(item.area.width, item.area.height) > _THIN_MM:
        return []
    if item.area.width > item.area.height:
        return [((x, (y + bottom) / 2), (right, (y + bottom) / 2))]
    return [(((x + right) / 2, y), ((x + right) / 2, bottom))]


def _pieces(edge: Edge) -> Iterator[Edge]:
    (x, y), (x2, y2) = edge
    count = max(ceil(hypot(x2 - x, y2 - y) / _PIECE_MM), 1)
    for at in range(count):
        start, end = (_TRIM + (1 - 2 * _TRIM) * part / count for part in (at, at + 1))
        yield (
            (x + (x2 - x) * start, y + (y2 - y) * start),
            (x + (x2 - x) * end, y + (y2 - y) * end),
        )


def _step(picture: Picture, to_pixels: Floats, piece: Edge) -> float | None:
    """The step of grey across a piece of an edge, of what most of it shows; None outside of the picture."""
    import numpy as np

    (x, y), (x2, y2) = piece
    length = hypot(x2 - x, y2 - y)
    if length < 4 * _STEP_MM:
        return None
    aside = (-(y2 - y) / length * _REACH_MM, (x2 - x) / length * _REACH_MM)
    corners = apply_homography(
        to_pixels,
        np.array([[x - aside[0], y - aside[1]], [x2 - aside[0], y2 - aside[1]], [x + aside[0], y + aside[1]]]),
    )
    size = (ceil(length / _STEP_MM), ceil(2 * _REACH_MM / _STEP_MM))
    ink = picture.cut(size, corners[0], (corners[1] - corners[0]) / size[0], (corners[2] - corners[0]) / size[1])
    if ink is None:
        return None
    across = np.median(ink, axis=1)
    return float(across.max() - across.min())


def _scale(one: PlacedPicture) -> float:
    """Pixels per mm where a shape lies."""
    import numpy as np

    x, y = one.picture.area.x, one.picture.area.y
    here, there = apply_homography(one.to_pixels, np.array([[x, y], [x + 1.0, y]]))
    return hypot(*(there - here))


def _is_near(edge: Edge, area: Rect) -> bool:
    (x, y), (x2, y2) = edge
    return (
        max(x, x2) < area.x + _CUT_MM
        or min(x, x2) > area.right - _CUT_MM
        or max(y, y2) < area.y + _CUT_MM
        or min(y, y2) > area.bottom - _CUT_MM
    )
