"""Texts in whose place is nothing but paper, on a page that shows nothing like them.

A text is judged by how the page shows others of its font. Where all of these are missing there is nothing to go by but
the label's own symbol, which was read: it says how dark ink is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, hypot
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import ExpectedLabel
from bss_mfg.imaging.strip_places import Picture, area_place
from bss_mfg.imaging.text_cells import GlyphVerdict
from bss_mfg.imaging.text_judge import TextVerdict
from bss_mfg.imaging.text_strips import compose

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_LEAST_GAIN = 40.0
"""Grey levels between a symbol's paper and ink below which nothing is said."""
_LEAST_INK = 0.25
"""Share of a text's ink below which it is not there: a blur spreads ink, and takes none away."""
_DARKEST = 0.3
"""Share of the symbol's ink that no pixel of blank paper reaches."""
_AROUND_EM = 0.4
"""What is looked at around a text, to know its paper."""
_SYMBOL_PIXELS = 1.5
"""Pixels of the picture that a symbol is looked at by, along a side. As large as its modules, each would show paper and
ink as one grey, how much so by chance."""


def find_blank(
    picture: Picture,
    verdicts: Sequence[TextVerdict],
    labels: Sequence[ExpectedLabel],
    maps: Sequence[Floats],
    contrasts: Mapping[int, float],
) -> list[TextVerdict]:
    """The verdicts, and of texts that were not judged those whose place is blank as such."""
    gains: dict[int, float] = {}
    found = []
    for verdict in verdicts:
        if not verdict.judged and not verdict.outside:
            at = verdict.label
            if at not in gains:
                gains[at] = symbol_gain(picture, labels[at], maps[at])
            ink = gains[at] * contrasts[verdict.text.element]
            if gains[at] >= _LEAST_GAIN and _is_blank(picture, verdict, ink):
                verdict = _blank(verdict)
        found.append(verdict)
    return found


def symbol_gain(picture: Picture, label: ExpectedLabel, to_pixels: Floats) -> float:
    """Grey levels between paper and ink of a label's symbol."""
    import numpy as np

    whole = area_place(label.symbol, to_pixels, (1, 1))
    across, down = (ceil(hypot(*side) / _SYMBOL_PIXELS) for side in (whole.right, whole.down))
    ink = area_place(label.symbol, to_pixels, (max(across, 1), max(down, 1))).cut_out(picture)
    if ink is None:
        return 0.0
    low, high = np.percentile(ink, (15, 85))
    return float(high - low)


def _is_blank(picture: Picture, verdict: TextVerdict, gain: float) -> bool:
    """Whether a text's place has no ink (`gain`: how much its ink would darken the paper, or lighten it)."""
    import numpy as np

    place, text = verdict.place, verdict.text
    around = max(round(_AROUND_EM * text.glyph_set.em), 1)
    wide, seen = place.grown(around).cut_out(picture), place.cut_out(picture)
    if seen is None:
        return False
    paper = float(np.median(seen if wide is None else wide))
    ink = (seen - paper) / gain
    wanted = float(compose(text, 0.0, place.size).mean())
    return float(ink.mean()) < _LEAST_INK * wanted and float(np.percentile(ink, 99)) < _DARKEST


def _blank(verdict: TextVerdict) -> TextVerdict:
    names = verdict.text.glyph_set.characters
    inked = [at for at, (glyph, _) in enumerate(verdict.text.glyphs) if names[glyph].strip()]
    seen = GlyphVerdict.BLANK, ""
    return replace(verdict, judged=len(verdict.text.glyphs), wrong=dict.fromkeys(inked, seen))
