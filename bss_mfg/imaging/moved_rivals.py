"""Characters that stand a little beside their place, each compared with all of its font.

A wrong character that is wider or narrower than the right one moves what follows, and its text is laid over the picture
somewhere in between: neither the wrong one nor those beside it lie where a right text would have them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import PHASES, GlyphSet
from bss_mfg.imaging.glyph_lens import cell_window, phases

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_FARTHEST = 3
"""Pixels that a character may lie beside its place."""
_PARTS = 2
"""Into how many parts of a pixel places are told apart."""
_EXPLAINED = 0.65
"""Share of what its own character leaves, wherever it lies, that another must explain to be it."""


def find_moved_rival(
    bank: Floats, own: int, cell: Floats, levels: tuple[float, float, float, float], doubt: float
) -> int | None:
    """The character (its index) that explains a cell much better than its own one does, wherever near its place they
    lie; None where there is none. `bank` is `moved_characters`, `own` the index of its own character, `cell` what that
    leaves of the cell in its place. `levels` are the gain, the noise, the least difference of two characters that are
    told apart (grey levels), and the squared length of the character's ink. `doubt`: what its own character may leave
    wherever it lies, as a share of its ink."""
    import numpy as np

    gain, noise, certain, ink = levels
    places, characters, pixels = bank.shape
    models = bank.reshape(-1, pixels) * gain
    seen = cell - cell.mean() + models.reshape(bank.shape)[places // 2, own]
    left = ((models - seen) ** 2).sum(axis=1).reshape(places, characters) - pixels * noise**2
    place = int(left[:, own].argmin())
    own_left = float(left[place, own])
    if own_left <= doubt * gain**2 * ink:
        return None
    at, best = np.unravel_index(int(left.argmin()), left.shape)
    apart = float(((bank[at, best] - bank[place, own]) ** 2).sum()) * gain**2
    if best == own or apart <= certain**2 or left[at, best] > (1 - _EXPLAINED) * own_left:
        return None
    return int(best)


@lru_cache(maxsize=16)
def moved_characters(glyph_set: GlyphSet, sigma: float, character: int, free: bool) -> Floats:
    """All characters of a set as they would show in the cell of one, less their mean: (places, characters, pixels), the
    middle one of the places being its own."""
    import numpy as np

    pictures = phases(glyph_set, sigma)
    top, bottom, left, right = cell_window(glyph_set, character, free)
    wide = np.pad(pictures[:, :, top:bottom], ((0, 0), (0, 0), (0, 0), (_FARTHEST + 1, _FARTHEST + 1)))
    found = []
    for place in range(-_FARTHEST * _PARTS, _FARTHEST * _PARTS + 1):
        column, part = divmod(place, _PARTS)
        start = left - column + _FARTHEST + 1
        shown = wide[part * PHASES // _PARTS, :, :, start : start + right - left].reshape(pictures.shape[1], -1)
        found.append(shown - shown.mean(axis=1, keepdims=True))
    return np.stack(found)
