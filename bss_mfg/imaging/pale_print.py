"""Print that is too pale for a reader, told from blank paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bss_mfg.imaging.area_sums import area_sums

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey

_SMALL, _LARGE = 3, 25
"""Sides of squares in pixels: over the smaller noise is evened out, over the larger what is printed, but not light."""
_LEAST_LEVELS = 2.0
_TIMES_NOISE = 5.0
PALE_PLACE = 0.2
"""The share of a symbol's place that differs from what lies around it where something is printed."""
PALE_PAGE = 0.08
"""The same of a page: dust, folds, the shade of an edge and the squares of a coarse JPEG are less."""


def pale_share(grey: Grey, noise: float | None = None) -> float:
    """Which share of a picture (0 to 1) differs from what lies around it, by little but by more than noise: that of
    the picture itself, where at least half of it is paper, or what `paper_noise` says of the page."""
    import numpy as np

    off = _differences(grey)
    limit = max(_LEAST_LEVELS, _TIMES_NOISE * (_noise_of(off) if noise is None else noise))
    return float((np.abs(off) > limit).mean()) if off.size else 0.0


def paper_noise(grey: Grey) -> float:
    """How much paper differs from what lies around it, in grey levels (one standard deviation)."""
    return _noise_of(_differences(grey))


def _noise_of(off: Floats) -> float:
    import numpy as np

    return 1.48 * float(np.median(np.abs(off))) if off.size else 0.0


def _differences(grey: Grey) -> Floats:
    """The mean of each small square less that of the large one around it."""
    import numpy as np

    if min(grey.shape) < 2 * _LARGE:
        return np.zeros((0, 0))
    values = grey.astype(np.float64)
    edge = (_LARGE - _SMALL) // 2
    near: Floats = _means(values, _SMALL)[edge:-edge, edge:-edge]
    return near - _means(values, _LARGE)


def _means(values: Floats, side: int) -> Floats:
    """The mean of each square of so many pixels."""
    return area_sums(values, (side, side)) / side**2
