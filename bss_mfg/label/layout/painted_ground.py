"""What filled boxes and artwork make of the ground under a text or a picture, place by place.

Light is 0 to 1: on PDF printers what is reflected in white light (IEC 61966-2-1), on printers of black dots the share
of dots that stay white.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bss_mfg.label.layout.black_or_white import LUMA, THRESHOLD, prints_black
from bss_mfg.label.layout.geometry import PlacedElement, fitted
from bss_mfg.label.layout.panels import black_share
from bss_mfg.label.layout.text_grounds import VISIBLE
from bss_mfg.label.template.artwork import Artwork
from bss_mfg.label.template.artwork_tone import LONGER_SIDE, shades_of
from bss_mfg.label.template.colours import parse_colour
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image
from bss_mfg.model import Rect

Light = NDArray[np.float64]
"""Rows x columns, for PDF printers x red, green and blue while it is painted."""
_STEP_MM, _MOST_STEPS = 0.1, 600
"""How finely a place is looked at, and in how many steps at most each way."""
_MOST_DOTS = 3000
"""The same, where it is looked at dot by dot."""
_VISIBLE_IN_DOTS = 0.5
"""Difference in the share of black dots by which something is seen on its ground."""


class PaintedGround:
    """A place of a label as elements are drawn on it, one after the other; `every_dot` for what is as fine as dots."""

    def __init__(
        self,
        template: LoadedTemplate,
        printer: Printer,
        place: Rect,
        *,
        every_dot: bool = False,
        paper: str = "#ffffff",
    ) -> None:
        self._artwork = {art.file: art for art in template.artwork}
        self._in_dots = printer.language != "pdf"
        dots_x, dots_y = printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y
        steps = (dots_y, dots_x) if every_dot else (1 / _STEP_MM, 1 / _STEP_MM)
        most = _MOST_DOTS if every_dot else _MOST_STEPS
        rows, columns = (
            min(max(round(side * step), 4), most) for side, step in zip((place.height, place.width), steps, strict=True)
        )
        self._pixels = max(rows, columns) if every_dot else 0
        self._step_across, self._step_down = place.width / columns, place.height / rows
        self._across = place.x + (np.arange(columns) + 0.5) * self._step_across
        self._down = place.y + (np.arange(rows) + 0.5) * self._step_down
        self._shown: Light
        if self._in_dots:
            self._shown = np.full((rows, columns), float(not prints_black(paper)))
        else:
            self._shown = np.tile(np.array(parse_colour(paper).rgb), (rows, columns, 1))

    def paint(self, items: Iterable[PlacedElement]) -> PaintedGround:
        """Draw filled boxes and artwork, in their order; other elements leave the ground as it is."""
        for item in items:
            if isinstance(item.element, Box) and item.element.fill:
                self._fill(item.rect, item.element)
            elif isinstance(item.element, Image):
                self._draw(item.rect, item.element, self._artwork[item.element.file])
        return self

    def _window(self, rect: Rect) -> tuple[Any, Any]:
        """The rows and columns of this place that a rectangle covers."""
        rows = np.flatnonzero((self._down >= rect.y) & (self._down < rect.bottom))
        columns = np.flatnonzero((self._across >= rect.x) & (self._across < rect.right))
        return rows, columns

    def _fill(self, rect: Rect, box: Box) -> None:
        window = np.ix_(*self._window(rect))
        self._shown[window] = 1 - black_share(box) if self._in_dots else np.array(parse_colour(box.color).rgb)

    def _draw(self, rect: Rect, image: Image, art: Artwork) -> None:
        place = fitted(rect, art.width, art.height, image.rotate)
        rows, columns = self._window(place)
        if not rows.size or not columns.size:
            return
        on_white, on_black = _turned(art.kind, art.data, self._pixels or LONGER_SIDE, image.rotate)
        height, width = on_white.shape[:2]
        down = ((self._down[rows] - place.y) / place.height * height).astype(int).clip(0, height - 1)
        across = ((self._across[columns] - place.x) / place.width * width).astype(int).clip(0, width - 1)
        source, target = np.ix_(down, across), np.ix_(rows, columns)
        white, black = on_white[source] / 255, on_black[source] / 255
        if not self._in_dots:
            self._shown[target] = black + (white - black) * self._shown[target]
            return
        white, black = white @ np.array(LUMA), black @ np.array(LUMA)
        if image.dither == "threshold":  # black is printed black, white covers, what is neither lets through
            white, black = (grey * 255 >= THRESHOLD - 0.5 for grey in (white, black))
        self._shown[target] = black + (np.maximum(white, black) - black * 1.0) * self._shown[target]

    def light(self) -> Light:
        """How light the place is now, rows x columns."""
        if self._in_dots:
            return self._shown
        linear = np.where(self._shown <= 0.04045, self._shown / 12.92, ((self._shown + 0.055) / 1.055) ** 2.4)
        light: Light = linear @ np.array((0.2126, 0.7152, 0.0722))
        return light

    def least_visible(self, color: str, ink: Rect, upright: bool) -> float:
        """Of a text in a colour whose ink is in a rectangle, the share of its worst letter that differs from its
        ground; a letter is taken to be as long as the ink is high (`upright`: as it is wide)."""
        if self._in_dots:
            text, needed = float(not prints_black(color)), _VISIBLE_IN_DOTS
        else:
            text, needed = parse_colour(color).luminance, VISIBLE
        rows, columns = self._window(ink)
        seen = np.abs(self.light()[np.ix_(rows, columns)] - text) >= needed
        if not seen.size:
            return 1.0
        letter = (ink.width if upright else ink.height) / (self._step_down if upright else self._step_across)
        return _least_mean(seen.mean(axis=1 if upright else 0), round(letter))

    def differs(self, other: PaintedGround) -> bool:
        """Whether this place looks otherwise than another drawing of it."""
        return bool(np.abs(self.light() - other.light()).max(initial=0.0) > 0.005)


def _least_mean(values: Any, length: int) -> float:
    """The least mean of so many values in a row."""
    length = min(max(length, 1), len(values))
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return float(((sums[length:] - sums[:-length]) / length).min())


@lru_cache(maxsize=32)
def _turned(kind: Literal["pdf", "pixels"], data: bytes, pixels: int, rotate: int) -> tuple[Any, Any]:
    shades = shades_of(kind, data, pixels)
    return np.rot90(shades.on_white, -rotate // 90), np.rot90(shades.on_black, -rotate // 90)
