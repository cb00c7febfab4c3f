"""Where in a symbol something is, in words."""

from __future__ import annotations

from bss_mfg.core.languages import phrase

_PLACES = {
    ("top", "left"): phrase("at the top left"),
    ("top", ""): phrase("at the top"),
    ("top", "right"): phrase("at the top right"),
    ("", "left"): phrase("at the left"),
    ("", "right"): phrase("at the right"),
    ("bottom", "left"): phrase("at the bottom left"),
    ("bottom", ""): phrase("at the bottom"),
    ("bottom", "right"): phrase("at the bottom right"),
    ("", ""): phrase("in the middle"),
}
SIDES = {
    "left": phrase("the left"),
    "top": phrase("the top"),
    "right": phrase("the right"),
    "bottom": phrase("the bottom"),
}


def place_in(down: str, across: str) -> str:
    """Down: top, bottom or empty; across: left, right or empty."""
    return _PLACES[down, across]
