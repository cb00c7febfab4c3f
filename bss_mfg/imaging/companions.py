"""Symbols that a label has beside the package's own: what is read there is no foreign label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bss_mfg.imaging.geometry import Quad, apply_homography, homography
from bss_mfg.imaging.zxing_reader import Read

if TYPE_CHECKING:
    from bss_mfg.model import LabelFile, Rect

_MARGIN = 0.15
"""Share of a companion's area by which what was read may lie beside it: a symbol far from the package's own is found
less exactly."""


def companion_quads(symbols: Iterable[Quad], label_file: LabelFile) -> list[Quad]:
    """Where the other symbols of labels lie in a picture, in pixels, from the corners of the labels' own symbols."""
    import numpy as np

    if not label_file.companions:
        return []
    _, _, width, height = label_file.symbol_boxes[0]
    corners = _corners(0.0, 0.0, width, height)
    areas = np.array([_widened(area) for area in label_file.companions])
    quads: list[Quad] = []
    for symbol in symbols:
        to_pixels = homography(corners, symbol)
        if to_pixels is not None:
            quads += [_quad(points) for points in apply_homography(to_pixels, areas).tolist()]
    return quads


def lies_in(read: Read, quads: Sequence[Quad]) -> bool:
    """Whether the centre of what was read lies in one of the areas."""
    x, y = read.center
    return any(_holds(quad, x, y) for quad in quads)


def _widened(area: Rect) -> Quad:
    x, y, width, height = area
    wide, high = width * _MARGIN, height * _MARGIN
    return _corners(x - wide, y - high, width + 2 * wide, height + 2 * high)


def _corners(x: float, y: float, width: float, height: float) -> Quad:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def _quad(points: Sequence[Sequence[float]]) -> Quad:
    (a, b), (c, d), (e, f), (g, h) = points
    return ((a, b), (c, d), (e, f), (g, h))


def _holds(quad: Quad, x: float, y: float) -> bool:
    """Whether a convex quadrangle, whichever way round, holds a point."""
    sides = [
        (quad[(index + 1) % 4][0] - x0) * (y - y0) - (quad[(index + 1) % 4][1] - y0) * (x - x0)
        for index, (x0, y0) in enumerate(quad)
    ]
    return all(side >= 0 for side in sides) or all(side <= 0 for side in sides)
