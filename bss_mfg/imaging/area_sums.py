"""Sums of all places of one size in a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats


def area_sums(values: Floats, size: tuple[int, int]) -> Floats:
    """The sum of each place of a size (rows, columns) that lies within, by where its top left corner is."""
    import numpy as np

    sums = np.pad(values.cumsum(axis=0, dtype=np.float64).cumsum(axis=1), ((1, 0), (1, 0)))
    height, width = size
    found: Floats = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    return found
