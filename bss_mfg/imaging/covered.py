"""How much of a symbol's place shows no modules: a part of it is covered, torn off, or was not printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bss_mfg.core.languages import phrase
from bss_mfg.imaging.geometry import Quad
from bss_mfg.imaging.grid import sample_modules
from bss_mfg.imaging.places import place_in
from bss_mfg.imaging.sampling import box_mean
from bss_mfg.imaging.warp import Warp

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

_RADIUS = 3
"""Modules around one that are looked at: among so many there are always dark and light ones."""
_BARE = 0.3
"""Of the spread of grey where modules are, below which there are none."""
_LEAST_SPREAD = 12.0
"""Grey levels between modules (one standard deviation) below which nothing is said."""
_LEAST, _MOST = 0.15, 0.9
"""Shares of a place without modules that are told."""
_EDGE = 0.75
"""Of what is bare, how much lies in one half for it to be named by that half's side."""


@dataclass(frozen=True, slots=True)
class CoveredPart:
    """The part of a symbol's place without modules: its share (0 to 1), and where it lies, in words
    (empty: nearly everywhere)."""

    share: float
    where: str

    @property
    def description(self) -> str:
        """It, as people read it."""
        if not self.where:
            return phrase("{share:.0%} of it shows no modules: covered, torn off or not printed", share=self.share)
        return phrase(
            "{share:.0%} of it, {where}, shows no modules: covered, torn off or not printed",
            share=self.share,
            where=self.where,
        )


def covered_part(grey: Grey, quad: Quad, size: int) -> CoveredPart | None:
    """The part of the place `quad` of a symbol of `size` modules that shows none, while the rest does."""
    import numpy as np

    try:
        seen = sample_modules(grey, Warp.from_quad(quad, size))
    except ValueError:  # corners in one line
        return None
    spread = np.sqrt(np.maximum(box_mean(seen**2, _RADIUS) - box_mean(seen, _RADIUS) ** 2, 0))
    usual = float(np.quantile(spread, 0.95))
    bare = spread < _BARE * usual
    share = float(bare.mean())
    if usual < _LEAST_SPREAD or not _LEAST <= share <= _MOST:
        return None
    half = size // 2
    down = _side(float(bare[:half].sum()) / bare.sum(), "top", "bottom")
    across = _side(float(bare[:, :half].sum()) / bare.sum(), "left", "right")
    return CoveredPart(share, place_in(down, across) if down or across or share < 0.5 else "")


def _side(first: float, low: str, high: str) -> str:
    return low if first > _EDGE else high if first < 1 - _EDGE else ""
