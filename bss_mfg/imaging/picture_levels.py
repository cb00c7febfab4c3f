"""Pictures that have black and white only: a scanner's setting for text, or a fax. What lies between is lost, and with
it what tells characters of a few pixels apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bss_mfg.imaging.strip_places import Picture, StripPlace

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

_MIDDLE = (0.25, 0.75)
"""Between which shares of the way from black to white a pixel is neither."""
_FEWEST_MIDDLE = 0.02
"""Pixels between black and white for each black one below which a picture has none: edges in grey show more."""
_LEAST_CONTRAST = 40
_LOOKED_AT = 12
"""Places that are looked at."""


def is_black_and_white(picture: Picture, texts: Sequence[StripPlace], symbols: Sequence[StripPlace]) -> bool:
    """Whether a picture shows nothing but black and white where its texts are, or where these are blank, in its
    symbols."""
    import numpy as np

    for places in (texts, symbols):
        some = places[:: max(len(places) // _LOOKED_AT, 1)]
        levels = sum((np.bincount(_pixels(picture, place).ravel(), minlength=256) for place in some), np.zeros(256))
        seen = np.flatnonzero(levels)
        if len(seen) and seen[-1] - seen[0] >= _LEAST_CONTRAST:
            black, white = int(seen[0]), int(seen[-1])
            low, high = (black + round((white - black) * share) for share in _MIDDLE)
            return float(levels[low:high].sum()) < _FEWEST_MIDDLE * float(levels[:low].sum())
    return False


def _pixels(picture: Picture, place: StripPlace) -> Grey:
    left, right, top, bottom = place.bounds()
    rows = slice(max(int(top), 0), max(int(bottom) + 1, 0))
    return picture.grey[rows, max(int(left), 0) : max(int(right) + 1, 0)]
