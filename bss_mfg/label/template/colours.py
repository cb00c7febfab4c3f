"""Colours of templates: sRGB in hex, CSS names, CMYK and spot inks; what people and scanners see of them.

A scanner's light is red, 660 nm (ISO/IEC 15415, 7.2; GS1 General Specifications, 5.12). At that wavelength cyan and
black inks are dark; magenta, yellow and red ones are as light as paper. Both models are estimates, without a
measurement of ink and stock:

- sRGB: the linear red channel (IEC 61966-2-1), whose primary lies next to that light.
- CMYK: each ink covers its share of the ground (Murray-Davies; Demichel for overprints), and a solid reflects
  `SOLIDS_AT_660`. A spot ink is judged by its CMYK.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

BLACK = "#000000"
SOLIDS_AT_660 = (0.08, 0.85, 0.88, 0.03)
"""Reflectance of solid cyan, magenta, yellow and black on white paper at 660 nm: typical for offset inks (ISO 12647-2),
rounded."""
_PATTERN = r"^\s*(#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?|[A-Za-z]{3,24}|([cC][mM][yY][kK]|[sS][pP][oO][tT])\(.*\))\s*$"
FORMS = '"#rgb", "#rrggbb", a CSS name, "cmyk(c, m, y, k)" in percent, or "spot(NAME, c, m, y, k)"'

_NUMBER = r"\s*(\d{1,3}(?:\.\d{1,3})?)\s*%?\s*"
_CMYK = re.compile(rf"cmyk\({_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\)", re.IGNORECASE)
_SPOT = re.compile(
    rf"""spot\(\s*(?:"([^"]*)"|'([^']*)'|([^,"']*?))\s*,{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\)""", re.IGNORECASE
)
_HEX = re.compile(r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_SPOT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,60}")
_RESERVED = ("all", "none", "cyan", "magenta", "yellow", "black")


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour: `rgb` as screens show it; `cmyk` (0 to 1) where it is given as inks; `spot` is the ink's name."""

    rgb: tuple[float, float, float]
    cmyk: tuple[float, float, float, float] | None = None
    spot: str = ""

    @property
    def hex(self) -> str:
        """As #rrggbb, for previews."""
        return "#" + "".join(f"{round(channel * 255):02x}" for channel in self.rgb)

    @property
    def luminance(self) -> float:
        """What the eye and a camera in white light see: 0 black to 1 white (IEC 61966-2-1)."""
        red, green, blue = map(_linear, self.rgb)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    @property
    def red_reflectance(self) -> float:
        """What a scanner's red light (660 nm) sees: 0 black to 1 white."""
        if self.cmyk is None:
            return _linear(self.rgb[0])
        seen = 1.0
        for cover, solid in zip(self.cmyk, SOLIDS_AT_660, strict=True):
            seen *= 1 - cover * (1 - solid)
        return seen


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


@lru_cache(maxsize=512)
def parse_colour(text: str) -> Colour:
    """A colour as it stands in a template; `ValueError` says what is wrong and what is possible."""
    plain = text.strip()
    if match := _HEX.fullmatch(plain):
        digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
        red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
        return Colour((red, green, blue))
    if match := _CMYK.fullmatch(plain):
        return _inks(match.groups())
    if match := _SPOT.fullmatch(plain):
        name = next(part for part in match.groups()[:3] if part is not None)
        if not _SPOT_NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} can't be an ink's name: letters, digits, spaces, dots and + - _")
        if name.lower() in _RESERVED:
            raise ValueError(f"{name!r} is a process ink: write cmyk(...)")
        return _inks(match.groups()[3:], name)
    return _named(plain)


def _inks(percents: tuple[str, ...], spot: str = "") -> Colour:
    cyan, magenta, yellow, black = inks = tuple(float(percent) / 100 for percent in percents)
    if max(inks) > 1:
        raise ValueError("inks are 0 to 100 percent")
    red, green, blue = ((1 - ink) * (1 - black) for ink in inks[:3])
    return Colour((red, green, blue), (cyan, magenta, yellow, black), spot)


def _named(name: str) -> Colour:
    from PIL.ImageColor import colormap, getrgb

    if name.lower() in colormap:  # its values become tuples as they are used
        red, green, blue = (part / 255 for part in getrgb(name.lower())[:3])
        return Colour((red, green, blue))
    close = difflib.get_close_matches(name.lower(), colormap, 1)
    hint = f" (is it {close[0]!r}?)" if close else ""
    raise ValueError(f"{name[:60]!r} is not a colour{hint}: give {FORMS}")


def canonical_colour(text: str) -> str:
    """A colour in one spelling: #rrggbb in lower case, or its inks as they stand."""
    colour = parse_colour(text)
    return colour.hex if colour.cmyk is None else text.strip()


ColourText = Annotated[
    str,
    AfterValidator(canonical_colour),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _PATTERN,
            "description": "#rgb, #rrggbb, a CSS name, cmyk(c, m, y, k) in percent, or spot(NAME, c, m, y, k); "
            "thermal printers print it black.",
        }
    ),
]
"""A field that holds a colour; `parse_colour` reads it."""
