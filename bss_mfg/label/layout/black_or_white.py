"""What a printer of black dots makes of a colour."""

from __future__ import annotations

THRESHOLD = 128
"""Greys (0 black to 255 white) below it are printed, the others are left white."""


def prints_black(color: str) -> bool:
    """Whether an sRGB colour is printed; if not, it covers what lies under it, as white does."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    # The luma weights of ITU-R BT.601, by which rasterisers make greys.
    return (30 * red + 59 * green + 11 * blue) / 100 < THRESHOLD
