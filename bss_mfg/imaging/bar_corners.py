"""The outer corners of bars in a picture, from the line along which a reader found them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bss_mfg.imaging.sampling import sample_bilinear

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey, Quad

_LIKE = 0.75
"""Correlation with the line that was read, down to which another line lies on the same bars."""
_BEYOND = 6.0
"""Modules beyond both ends that are looked at: a reader's ends are off by some."""
_SAMPLES_PER_PIXEL = 2
_INSET = 0.2
"""Share of the height, from above and below, where the ends are measured: bars may end unevenly."""


def find_bar_corners(grey: Grey, quad: Quad, modules: int) -> Quad:
    """The corners of the bars' outer edges: top left (the first bar's), top right, bottom right, bottom left. `quad` is
    what the reader says, which may be as flat as a line."""
    import numpy as np

    corners = np.array(quad, float)
    left, right = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    length = float(np.hypot(*(right - left)))
    if length < 2:
        return quad
    along = (right - left) / length
    down = np.array([-along[1], along[0]])
    beyond = _BEYOND * length / modules
    steps = np.arange(round((length + 2 * beyond) * _SAMPLES_PER_PIXEL)) / _SAMPLES_PER_PIXEL - beyond

    def line(depth: float) -> Floats:
        found: Floats = sample_bilinear(grey, left + along * steps[:, None] + down * depth)
        return found

    base = line(0.0)
    top = -_reach(line, base, -1, int(length))
    bottom = _reach(line, base, 1, int(length))
    if bottom - top < 4:
        return quad
    high, low = top + _INSET * (bottom - top), bottom - _INSET * (bottom - top)
    ends = [(left + along * end + down * depth) for depth in (high, low) for end in _ends(line(depth), steps)]
    first, last = (ends[2] - ends[0]) / (low - high), (ends[3] - ends[1]) / (low - high)
    found = (
        ends[0] + first * (top - high),
        ends[1] + last * (top - high),
        ends[3] + last * (bottom - low),
        ends[2] + first * (bottom - low),
    )
    (a, b, c, d) = [(float(x), float(y)) for x, y in found]
    return (a, b, c, d)


def _reach(line: Callable[[float], Floats], base: Floats, way: int, most: int) -> int:
    """How many pixels one way the bars of a line go on. They may lean: a line may be moved against the one before."""
    import numpy as np

    shift, reach = 0, 0
    middle = base - base.mean()
    power = float((middle**2).sum()) or 1.0
    for depth in range(1, most):
        seen = line(float(way * depth))
        best = (-1.0, 0)
        for step in (shift - 1, shift, shift + 1):
            moved = np.roll(seen, -step)
            moved = moved - moved.mean()
            size = float((moved**2).sum())
            share = float((moved * middle).sum()) / (size * power) ** 0.5 if size > 0.1 * power else 0.0
            best = max(best, (share, step))
        if best[0] < _LIKE:
            break
        shift, reach = best[1], depth
    return reach


def _ends(seen: Floats, steps: Floats) -> tuple[float, float]:
    """Where the first bar of a line begins and the last one ends."""
    import numpy as np

    level = (float(seen.max()) + float(seen.min())) / 2
    crossings = np.flatnonzero((seen[1:] < level) != (seen[:-1] < level))
    if len(crossings) < 2:
        return float(steps[0]), float(steps[-1])
    before, after = seen[crossings] - level, seen[crossings + 1] - level
    places = steps[crossings] + before / (before - after) / _SAMPLES_PER_PIXEL
    return float(places[0]), float(places[-1])
