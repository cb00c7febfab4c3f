"""How the texts of a template stand out from their ground, by a drawing of one label."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import Drawing
from bss_mfg.imaging.glyph_lens import blurred
from bss_mfg.imaging.strip_places import Picture, strip_place
from bss_mfg.imaging.text_strips import StripModel, compose, lay_over

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

_LEAST = 0.25
"""Share of black on white below which a text is not judged: in a scanner's red light, or in a grey picture."""
_ALIKE = 0.75
"""Correlation with its own drawing below which other things lie over a text: it is not judged."""


@lru_cache(maxsize=2)
def text_contrasts(drawing: Drawing) -> dict[int, float]:
    """By element, its contrast: 1 for black on white, negative for light on dark. Texts that can't be told from their
    ground in red light or in grey are left out."""
    by_light = [_contrasts(light, drawing) for light in (drawing.red, drawing.grey)]
    return {
        element: found
        for element, found in by_light[1].items()
        if abs(found) >= _LEAST and by_light[0].get(element, 0.0) * found >= _LEAST * abs(found)
    }


def _contrasts(light: Grey, drawing: Drawing) -> dict[int, float]:
    picture = Picture(light)
    found: dict[int, float] = {}
    for text in drawing.label.texts:
        place = strip_place(text, drawing.to_pixels)
        fit = lay_over(picture, place, StripModel(blurred(compose(text, 0.0, place.size), 0.3)), text.glyph_set.step)
        if fit and abs(fit.alike) >= _ALIKE:
            found[text.element] = fit.gain / 255
    return found
