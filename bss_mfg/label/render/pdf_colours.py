"""Colours as PDF operators: the one place that writes them (ISO 32000-1, 8.6).

Greys are DeviceGray, so that black is one ink and never a mix of four; other sRGB colours are DeviceRGB, inks
DeviceCMYK, and spot inks a Separation with their CMYK as the alternate.
"""

from __future__ import annotations

from typing import Any

from bss_mfg.label.template.colours import Colour, parse_colour


def set_fill(canvas: Any, color: str) -> None:
    """Fill with a template's colour from here on."""
    canvas.addLiteral(fill_operators(canvas, color))


def set_stroke(canvas: Any, color: str) -> None:
    """Stroke with a template's colour from here on."""
    canvas.addLiteral(_operators(canvas, parse_colour(color), stroke=True))


def fill_operators(canvas: Any, color: str) -> str:
    """The operators that choose a fill colour; a spot ink becomes a resource of what the canvas is drawing."""
    return _operators(canvas, parse_colour(color), stroke=False)


def _operators(canvas: Any, colour: Colour, *, stroke: bool) -> str:
    if colour.spot:
        name = _separation(canvas, colour)
        return f"/{name} CS 1 SCN" if stroke else f"/{name} cs 1 scn"
    values: tuple[float, ...]
    if colour.cmyk is not None:
        values, operator = colour.cmyk, "k"
    elif len(set(colour.rgb)) == 1:
        values, operator = colour.rgb[:1], "g"
    else:
        values, operator = colour.rgb, "rg"
    return f"{' '.join(f'{value:.4g}' for value in values)} {operator.upper() if stroke else operator}"


def _separation(canvas: Any, colour: Colour) -> str:
    """The resource name of a spot ink."""
    from reportlab.lib.colors import CMYKColorSep

    assert colour.cmyk is not None  # noqa: S101  (for the type checker)
    ink = CMYKColorSep(*colour.cmyk, spotName=colour.spot)
    name, spot = canvas._doc.addColor(ink)
    canvas._colorsUsed[name] = spot
    return str(name)
