"""Characters that stand a little beside their place, each compared with all of its font.

A wrong character that is wider or narrower than the right one moves what follows, and its text is laid over the picture
somewhere in between: neither the wrong one nor those beside it lie where a right text would have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import PHASES, GlyphSet
from bss_mfg.imaging.glyph_lens import Room, cell_window, phases

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_FARTHEST = 3
"""Pixels that a character may lie beside its place."""
_PARTS = 2
"""Into how many parts of a pixel places are told apart."""
_EXPLAINED = 0.65
"""Share of what its own character leaves, wherever it lies, that another must explain to be it."""


@dataclass(frozen=True, slots=True, eq=False)
class MovedCharacters:
    """All characters of a set as they would show in the cell of one, less their mean: `models` (places, characters,
    pixels), the middle one of the places being its own, and their `squares`: squared lengths (places, characters)."""

    models: Floats
    squares: Floats


def find_moved_rival(
    bank: MovedCharacters, own: int, cell: Floats, levels: tuple[float, float, float, float], doubt: float
) -> int | None:
    """The character (its index) that explains a cell much better than its own one does, wherever near its place they
    lie; None where there is none. `bank` is `moved_characters`, `own` the index of its own character, `cell` what that
    leaves of the cell in its place. `levels` are the gain, the noise, the least difference of two characters that are
    told apart (grey levels), and the squared length of the character's ink. `doubt`: what its own character may leave
    wherever it lies, as a share of its ink."""
    import numpy as np

    gain, noise, certain, ink = levels
    models = bank.models
    places, _, pixels = models.shape
    seen = cell - cell.mean() + models[places // 2, own] * gain
    own_left = _left(models[:, own], bank.squares[:, own], seen, gain) - pixels * noise**2
    place = int(own_left.argmin())
    if own_left[place] <= doubt * gain**2 * ink:
        return None
    left = _left(models, bank.squares, seen, gain) - pixels * noise**2
    at, best = np.unravel_index(int(left.argmin()), left.shape)
    apart = float(((models[at, best] - models[place, own]) ** 2).sum()) * gain**2
    if best == own or apart <= certain**2 or left[at, best] > (1 - _EXPLAINED) * own_left[place]:
        return None
    return int(best)


def _left(models: Floats, squares: Floats, seen: Floats, gain: float) -> Floats:
    """What models leave of what is seen, squared and summed: by products, which are many times quicker than
    differences."""
    left: Floats = squares * gain**2 - models @ (seen * (2 * gain)) + float(seen @ seen)
    return left


@lru_cache(maxsize=16)
def moved_characters(glyph_set: GlyphSet, sigma: float, character: int, room: Room) -> MovedCharacters:
    """The characters of a set in the cell of one of them."""
    import numpy as np

    pictures = phases(glyph_set, sigma)
    top, bottom, left, right = cell_window(glyph_set, character, room)
    wide = np.pad(pictures[:, :, top:bottom], ((0, 0), (0, 0), (0, 0), (_FARTHEST + 1, _FARTHEST + 1)))
    found = []
    for place in range(-_FARTHEST * _PARTS, _FARTHEST * _PARTS + 1):
        column, part = divmod(place, _PARTS)
        start = left - column + _FARTHEST + 1
        shown = wide[part * PHASES // _PARTS, :, :, start : start + right - left].reshape(pictures.shape[1], -1)
        found.append(shown - shown.mean(axis=1, keepdims=True))
    models = np.stack(found)
    return MovedCharacters(models, np.einsum("ijk,ijk->ij", models, models))
