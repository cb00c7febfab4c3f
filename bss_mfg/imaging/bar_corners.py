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


def follow_end_bars(grey: Grey, quad: Quad, modules: int) -> Quad:
    """The same corners, each where its own bar ends: a reader's line may run aslant through the bars."""
    import numpy as np

    a, b, c, d = (np.array(corner, float) for corner in quad)
    module = (b - a + c - d) / 2 / modules
    (top_left, bottom_left), (top_right, bottom_right) = _bar_ends(grey, a, d, module), _bar_ends(grey, b, c, -module)
    (e, f, g, h) = [(float(x), float(y)) for x, y in (top_left, top_right, bottom_right, bottom_left)]
    return (e, f, g, h)


def _bar_ends(grey: Grey, top: Floats, bottom: Floats, inside: Floats) -> tuple[Floats, Floats]:
    """Where the outer edge of a bar begins and ends, from where it was about; `inside` leads to the bar's middle."""
    import numpy as np

    length = float(np.hypot(*(bottom - top)))
    if length < 4:
        return top, bottom
    middle, down = (top + bottom) / 2, (bottom - top) / length
    steps = np.arange(round(2 * length * _SAMPLES_PER_PIXEL)) / _SAMPLES_PER_PIXEL - length
    seen = sample_bilinear(grey, middle + inside + down * steps[:, None])
    within = np.abs(steps) < length / 5
    level = (float(np.median(seen[within])) + float(np.quantile(seen, 0.95))) / 2
    light = np.flatnonzero(seen > level)
    above, below = light[steps[light] < 0], light[steps[light] > 0]
    if not len(above) or not len(below):
        return top, bottom
    return middle + down * _crossing(seen, steps, above[-1], level), middle + down * _crossing(
        seen, steps, below[0] - 1, level
    )


def _crossing(seen: Floats, steps: Floats, at: int, level: float) -> float:
    """Where a line crosses a level between a sample and the next."""
    if not 0 <= at < len(seen) - 1:
        return float(steps[max(min(at, len(steps) - 1), 0)])
    here, there = float(seen[at]) - level, float(seen[at + 1]) - level
    return float(steps[at]) + (here / (here - there) if here != there else 0.5) / _SAMPLES_PER_PIXEL


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
