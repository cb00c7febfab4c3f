"""What a printer of black dots makes of a colour."""

from __future__ import annotations

from bss_mfg.label.template.colours import parse_colour

THRESHOLD = 128
"""Greys (0 black to 255 white) below it are printed, the others are left white."""


def prints_black(color: str) -> bool:
    """Whether a colour is printed; if not, it covers what lies under it, as white does."""
    red, green, blue = parse_colour(color).rgb
    # The luma weights of ITU-R BT.601, by which rasterisers make greys.
    return (0.30 * red + 0.59 * green + 0.11 * blue) * 255 < THRESHOLD
