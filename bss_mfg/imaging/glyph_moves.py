"""Characters that were set on whole pixels or printer's dots, each a little beside where its text's even steps have it.

What draws text with few pixels puts each character on the nearest whole one: a right character lies up to a pixel off,
and what is left of its cell then looks like another character, or like none. So a text of which something seems wrong
is composed again, with its characters where the picture has them, before anything is said of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import PHASES, GlyphSet
from bss_mfg.imaging.glyph_lens import Room, cell_window, phases
from bss_mfg.imaging.text_strips import Fit, StripModel, compose_glyphs, pen_pixels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats

_FARTHEST_PIXELS = 0.75
"""Pixels of the picture that a character may lie off its place: half of one by rounding, and half as much for what its
text is laid over by the others."""
_ROUNDS = 2
_EXPLAINED = 0.4
"""Share of what is left of characters and their neighbours that must go with their moves: two that were swapped leave
three quarters of it."""

Glyphs = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class MovedText:
    """A text with its characters where a picture has them, how that explains its strip, and which share of what was
    left around the moved ones it explains."""

    glyphs: Glyphs
    fit: Fit
    explained: float

    @property
    def is_explained(self) -> bool:
        """Whether that its characters were moved is why they seemed wrong: wrong ones are little better explained
        elsewhere."""
        return self.explained > _EXPLAINED


def with_moved_glyphs(
    glyph_set: GlyphSet, sigma: float, glyphs: Glyphs, seen: tuple[Fit, float, float], wrong: Iterable[int]
) -> MovedText:
    """A text, those of its characters that seem wrong and their neighbours moved to where they explain most of what is
    seen: a `Fit`, its gain (grey levels), and how many pixels of the picture make one of the strip."""
    fit, gain, pixels = seen
    reach = max(round(_FARTHEST_PIXELS * PHASES / pixels), 1)
    near = {at + beside for at in wrong for beside in (-1, 0, 1)}
    moving = [at for at, (glyph, _) in enumerate(glyphs) if at in near and glyph_set.characters[glyph].strip()]
    left = fit.left(gain)
    moves = _moves(glyph_set, sigma, (glyphs, moving), left / gain, reach)
    part = glyph_set.step / PHASES
    moved = tuple((glyph, pen + moves.get(at, 0) * part) for at, (glyph, pen) in enumerate(glyphs))
    rows, columns = fit.seen.shape
    again = StripModel(compose_glyphs(glyph_set, moved, sigma, (columns, rows))).fit(fit.seen, fit.shift)
    around = _columns(glyph_set, glyphs, near, columns)
    before, after = (float((rest[:, around] ** 2).sum()) for rest in (left, again.left(gain)))
    return MovedText(moved, again, 1 - after / (before + 1e-9))


def _columns(glyph_set: GlyphSet, glyphs: Glyphs, some: Collection[int], width: int) -> NDArray[np.bool_]:
    """Which columns of a strip some characters are in."""
    import numpy as np

    found = np.zeros(width, bool)
    for at, (glyph, pen) in enumerate(glyphs):
        if at in some:
            _, _, left, right = cell_window(glyph_set, glyph, Room.CHARACTER)
            column = round(pen / glyph_set.step)
            found[max(column + left, 0) : max(column + right, 0)] = True
    return found


def _moves(
    glyph_set: GlyphSet, sigma: float, text: tuple[Glyphs, Sequence[int]], left: Floats, reach: int
) -> dict[int, int]:
    """How far some characters of a text should lie further, in parts of a pixel. `left` is what the text doesn't
    explain, in shares of its gain."""
    import numpy as np

    glyphs, moving = text
    pictures = phases(glyph_set, sigma)
    rows, columns = pictures.shape[2:]
    beside = columns + -(-reach // PHASES)
    left = np.pad(left[:rows], ((0, 0), (beside, beside)))
    moves = dict.fromkeys(moving, 0)
    for _ in range(_ROUNDS):
        for at in moving:
            glyph, pen = glyphs[at]
            first = pen_pixels(glyph_set, pen)[0] - reach // PHASES - 1
            width = columns + 2 * (reach // PHASES + 2)
            if first + beside < 0 or first + beside + width > left.shape[1]:
                continue
            window = left[:, first + beside : first + beside + width]
            shown = np.zeros((2 * reach + 1, rows, width), np.float32)
            for move in range(-reach, reach + 1):
                column, phase = pen_pixels(glyph_set, pen + move * glyph_set.step / PHASES)
                shown[move + reach, :, column - first : column - first + columns] = pictures[phase, glyph]
            rest = window + shown[moves[at] + reach] - shown
            best = int(np.einsum("krc,krc->k", rest, rest).argmin())
            window[:] = rest[best]
            moves[at] = best - reach
    return moves
