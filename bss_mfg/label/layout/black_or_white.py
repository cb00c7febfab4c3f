"""What a printer of black dots makes of a colour."""

from __future__ import annotations

from bss_mfg.label.template.colours import parse_colour

THRESHOLD = 128
"""Greys (0 black to 255 white) below it are printed, the others are left white."""
LUMA = (0.30, 0.59, 0.11)
"""Weights of red, green and blue by which rasterisers make greys (ITU-R BT.601)."""


def prints_black(color: str) -> bool:
    """Whether a colour is printed; if not, it covers what lies under it, as white does."""
    return _grey(color) * 255 < THRESHOLD


def darkness(color: str) -> float:
    """How dark a colour's grey is, 0 white to 1 black: the share of dots that an ordered dither prints."""
    return 1 - _grey(color)


def _grey(color: str) -> float:
    red, green, blue = parse_colour(color).rgb
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
