"""Points, corners and boxes in pixels, and the maps between a printed page and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import dist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]
    """A picture (rows, columns), 0 = black."""
    Floats = NDArray[np.floating[Any]]

Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""The corners of an upright symbol in pixels: top left, top right, bottom right, bottom left."""
PixelBox = tuple[float, float, float, float]
"""x, y, width, height in pixels."""
MmBox = tuple[float, float, float, float]
"""x, y, width, height in mm from the page's top left corner."""


def box_of(quad: Quad) -> PixelBox:
    """The upright box around four corners."""
    (a, b), (c, d), (e, f), (g, h) = quad
    left, top = min(a, c, e, g), min(b, d, f, h)
    return (left, top, max(a, c, e, g) - left, max(b, d, f, h) - top)


def quad_of(box: PixelBox) -> Quad:
    """The corners of an upright box."""
    x, y, width, height = box
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def sides_of(quad: Quad) -> list[float]:
    """The lengths of a symbol's four sides in pixels."""
    return [dist(quad[index - 1], quad[index]) for index in range(4)]


def overlap_share(box: PixelBox, other: PixelBox) -> float:
    """The share of the first box that the second covers."""
    width = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    height = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    return max(width, 0) * max(height, 0) / max(box[2] * box[3], 1)


def homography(points: Sequence[tuple[float, float]], target_points: Sequence[tuple[float, float]]) -> Floats | None:
    """The 3 x 3 projective map that takes `points` to `target_points`, by least squares; None where it is undefined.

    [x y 1] @ map gives homogeneous coordinates. Four points or more, no three of them in line.
    """
    import numpy as np

    source, target = np.array(points, float), np.array(target_points, float)
    # Centred and scaled, or the squares of pixels drown the rest.
    (s_mid, s_size), (t_mid, t_size) = (
        (p.mean(axis=0), float(np.abs(p - p.mean(axis=0)).max()) or 1.0) for p in (source, target)
    )
    x, y = ((source - s_mid) / s_size).T
    u, v = ((target - t_mid) / t_size).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u], axis=1),
            np.stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v], axis=1),
        ]
    )
    _, values, vectors = np.linalg.svd(rows)
    if len(values) < 8 or values[7] < 1e-9 * values[0]:
        return None
    middle = vectors[-1].reshape(3, 3).T
    before = np.array([[1, 0, 0], [0, 1, 0], [-s_mid[0], -s_mid[1], s_size]]) / s_size
    after = np.array([[t_size, 0, 0], [0, t_size, 0], [t_mid[0], t_mid[1], 1]])
    found: Floats = before @ middle @ after
    return found


def apply_homography(matrix: Floats, points: Floats) -> Floats:
    """Points (..., 2) under a projective map."""
    import numpy as np

    flat = points.reshape(-1, 2)
    result = np.column_stack([flat, np.ones(len(flat))]) @ matrix
    moved: Floats = (result[:, :2] / result[:, 2:]).reshape(points.shape)
    return moved
