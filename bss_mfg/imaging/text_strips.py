"""Strips of a picture laid over what is to be there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import PHASES, ExpectedText, GlyphSet
from bss_mfg.imaging.glyph_lens import phases, slopes
from bss_mfg.imaging.strip_places import Picture, Point, StripPlace

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

FARTHEST_MM = 0.8
"""How far a text may lie from where its label's symbol says: beyond, it is not looked for."""
_ROUNDS = 4
_STILL = 0.35
"""Pixels of a shift that need not be made up for: characters are judged as if they could lie so far off."""
_LONGEST_STEP = 1.5
_ALIKE = 0.6
"""Correlation with what is to be there from which on a strip need not be searched for."""
_ALL = slice(None)


def compose(text: ExpectedText, sigma: float, size: tuple[int, int]) -> Floats:
    """A text's ink from 0 to 1 as a lens of so much blur shows it."""
    return compose_glyphs(text.glyph_set, text.glyphs, sigma, size)


def compose_glyphs(
    glyph_set: GlyphSet, glyphs: Sequence[tuple[int, float]], sigma: float, size: tuple[int, int]
) -> Floats:
    """The same of characters, each with its start in mm along the line."""
    import numpy as np

    pictures, rows, columns = _by_columns(glyph_set, sigma)
    # Column by column, so that a character lies in one piece. Beside them there is room for what begins before the
    # strip or ends after it.
    line, step, length = np.zeros((size[0] + 2 * columns) * rows, np.float32), glyph_set.step, rows * columns
    for index, pen in glyphs:
        column, phase = divmod(round(pen / step * PHASES), PHASES)  # `pen_pixels`, without a call for each
        start = (column + columns) * rows
        line[start : start + length] += pictures[phase][index]
    strip = np.zeros((size[1], size[0]), np.float32)
    strip[:rows] = line[length : length + size[0] * rows].reshape(size[0], rows).T
    return strip


@lru_cache(maxsize=48)
def _by_columns(glyph_set: GlyphSet, sigma: float) -> tuple[list[list[Floats]], int, int]:
    """`phases`, each character's picture column by column; and how many rows and columns they have."""
    import numpy as np

    pictures = phases(glyph_set, sigma)
    count, rows, columns = pictures.shape[1:]
    turned = np.ascontiguousarray(pictures.transpose(0, 1, 3, 2)).reshape(PHASES, count, columns * rows)
    return [list(phase) for phase in turned], rows, columns


def pen_pixels(glyph_set: GlyphSet, pen: float) -> tuple[int, int]:
    """The pixel of a strip at which a character's picture begins, and its phase."""
    return divmod(round(pen / glyph_set.step * PHASES), PHASES)


class StripModel:
    """What is to be seen of a text or picture, ink from 0 to 1 (rows, columns), and what fits it to strips."""

    def __init__(self, ink: Floats) -> None:
        self.ink, self.mean = ink, float(ink.mean())
        self.shape = ink - self.mean
        flat = self.shape.ravel()
        self._own = float(flat @ flat) + 1e-9

    @cached_property
    def _solver(self) -> tuple[Floats, Floats]:
        """Paper, ink, and its slopes to the right and down; and the inverse of their products."""
        import numpy as np

        terms = np.zeros((4, *self.ink.shape), np.float32)
        terms[0], terms[1] = 1.0, self.shape
        slopes(self.ink, terms[2], terms[3])
        terms = terms.reshape(4, -1)
        gram = (terms @ terms.T).astype(np.float64)
        diagonal = gram.ravel()[:: len(gram) + 1]
        diagonal += 1e-6 * diagonal.sum() + 1e-9
        return terms, np.linalg.inv(gram)

    def likeness(self, seen: Floats) -> float:
        """Its correlation with a strip."""
        flat = seen.ravel()
        spread = max(float(flat @ flat) - float(flat.sum()) ** 2 / flat.size, 0.0)
        both = float(self.shape.ravel() @ flat)
        return float(both / ((self._own * spread) ** 0.5 + 1e-9))

    def fit(self, seen: Floats, shift: Point) -> Fit:
        """A strip laid over it: a step of Gauss and Newton."""
        flat = seen.ravel()
        terms, inverse = self._solver
        sums = terms @ flat
        total, both = float(sums[0]), float(sums[1])
        _, slope, right, down = (inverse @ sums).tolist()
        mean, gain = total / flat.size, both / self._own
        spread = max(float(flat @ flat) - total * mean, 0.0)
        alike = both / ((self._own * spread) ** 0.5 + 1e-9)
        # seen(x) = ink(x - shift): its slope comes with the shift's opposite sign.
        move = (-right / slope, -down / slope) if abs(slope) >= 1.0 else (0.0, 0.0)
        return Fit(seen, self, mean, gain, shift, alike, move)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A strip as it was seen and laid over its model: seen is `mean` + `gain` * the model's shape + what is left.
    `shift` in mm, along the text and down; `alike` is their correlation. `rest`: how much further it should have been
    cut out, in pixels."""

    seen: Floats
    model: StripModel
    mean: float
    gain: float
    shift: Point
    alike: float
    rest: Point

    @property
    def paper(self) -> float:
        """What is seen where there is no ink."""
        return self.mean - self.gain * self.model.mean

    def left(self, gain: float, rows: slice = _ALL, into: Floats | None = None) -> Floats:
        """What the model does not explain of some rows if its ink is so dark; put into an array where one is given."""
        import numpy as np

        left: Floats = np.multiply(self.model.shape[rows], -gain, out=into)
        left += self.seen[rows]
        left -= self.mean
        return left


def lay_over(
    picture: Picture, place: StripPlace, model: StripModel, step: float, near: Point = (0.0, 0.0)
) -> Fit | None:
    """A strip of a picture, laid over its model as well as it goes; None where it reaches out of the picture. `near`:
    where it may be looked for first, in mm off its place."""
    found = _follow(picture, place, model, (near[0] / step, near[1] / step), step)
    if found is None:
        return None
    if found.alike < _ALIKE and (start := _search(picture, place, model, step)):
        again = _follow(picture, place, model, start, step)
        found = max(found, again or found, key=lambda fit: fit.alike)
    return found


def _follow(picture: Picture, place: StripPlace, model: StripModel, start: Point, step: float) -> Fit | None:
    """The shift that explains a strip best, from a start in pixels; None where that is outside."""
    seen = place.moved(*start).cut_out(picture)
    if seen is None:
        return None
    limit = FARTHEST_MM / step
    along, under = start
    found = model.fit(seen, (along * step, under * step))
    for _ in range(_ROUNDS):
        right, down = found.rest
        if max(abs(right), abs(down)) < _STILL:
            break
        along += max(min(right, _LONGEST_STEP), -_LONGEST_STEP)
        under += max(min(down, _LONGEST_STEP), -_LONGEST_STEP)
        if max(abs(along), abs(under)) > limit:
            break
        again = place.moved(along, under).cut_out(picture)
        if again is None:
            break
        found = model.fit(again, (along * step, under * step))
    return found


def _search(picture: Picture, place: StripPlace, model: StripModel, step: float) -> Point | None:
    """Where in the neighbourhood of its place a strip is most like its model, in pixels off; None outside."""
    import numpy as np

    reach = ceil(FARTHEST_MM / step)
    area = place.grown(reach).cut_out(picture)
    if area is None:
        return None
    shape = area.shape
    kernel = np.zeros(shape, np.float32)
    kernel[: model.shape.shape[0], : model.shape.shape[1]] = model.shape
    spectrum = np.fft.rfft2(area - area.mean()) * np.conj(np.fft.rfft2(kernel))
    likeness = np.fft.irfft2(spectrum, shape)[: 2 * reach + 1, : 2 * reach + 1]
    row, column = np.unravel_index(int(np.abs(likeness).argmax()), likeness.shape)
    return float(column) - reach, float(row) - reach
