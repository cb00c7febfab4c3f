"""Texts in whose place another one stands.

A text is judged by how the page shows others of its font. Where every label shows another title, or the only label
does, nothing of that font is right, and there is nothing to judge its characters by. Such a text is looked for piece by
piece: a right one is found near its place in every picture in which it can be read, however blurred or coarsely
printed, and another one is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from bss_mfg.imaging.area_sums import area_sums
from bss_mfg.imaging.expected_content import Drawing, ExpectedText
from bss_mfg.imaging.glyph_lens import SIGMAS, blurred
from bss_mfg.imaging.strip_places import Picture, StripPlace, strip_place
from bss_mfg.imaging.text_cells import GlyphVerdict
from bss_mfg.imaging.text_judge import TextVerdict
from bss_mfg.imaging.text_strips import FARTHEST_MM, compose

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_ALIKE = 0.68
"""Correlation of a piece with what is seen below which it is not there. In grey pictures and JPEGs of 150 to 600 dpi,
blurred by up to 3 pixels, pieces of right texts have 0.78 and more (`tests/independent/content/poor_pictures.py`)."""
_DRAWN_ALIKE = 0.85
"""The same in the text's own drawing below which other things lie so near that nothing is said."""
_CLEAR = 0.9
"""Correlation that the picture's noise must leave to a right text."""
_LEAST_SPREAD = 12.0
"""Grey levels (a standard deviation) below which nothing is seen that could be another text."""
_PIECE_EMS = 2.2
"""About how wide a piece is: four characters."""
_SEARCHED, _COMPARED = 5, (0, 2, 4, 5, 7, 9, 10)
"""The blur (of `SIGMAS`) in which a piece is searched for, and those in which it is compared where it was found."""
_INKED = 0.05
"""Ink from which on a pixel belongs to a text."""
_MARGIN = 2
"""Pixels around a piece that are compared, too."""


@dataclass(frozen=True, slots=True)
class PieceLikeness:
    """How alike the least alike piece of a text is to what is seen near its place, as a correlation; `clear`: what the
    picture's noise would leave of it if it was right; `spread`: by how many grey levels the places differ in
    themselves."""

    least: float
    clear: float
    spread: float

    @property
    def is_other(self) -> bool:
        """Whether something else stands there."""
        return self.least < _ALIKE and self.clear >= _CLEAR and self.spread >= _LEAST_SPREAD


def find_other(
    picture: Picture, verdict: TextVerdict, drawing: Drawing, contrasts: Mapping[int, float]
) -> TextVerdict | None:
    """The verdict on a text that was not judged, in whose place another one stands; None where that is not so."""
    element = verdict.text.element
    contrast = contrasts[element]
    if verdict.outside or not _is_plain(drawing, element, contrast):
        return None
    likeness = piece_likeness(picture, verdict.text, verdict.place, contrast)
    if likeness is None or not likeness.is_other:
        return None
    names = verdict.text.glyph_set.characters
    inked = [at for at, (glyph, _) in enumerate(verdict.text.glyphs) if names[glyph].strip()]
    seen = GlyphVerdict.UNLIKE, ""
    return replace(verdict, judged=len(verdict.text.glyphs), wrong=dict.fromkeys(inked, seen))


@lru_cache(maxsize=32)
def _is_plain(drawing: Drawing, element: int, contrast: float) -> bool:
    """Whether a text's own drawing shows it so that its pieces are found."""
    picture = Picture(drawing.grey)
    found = [
        piece_likeness(picture, text, strip_place(text, drawing.to_pixels), contrast)
        for text in drawing.label.texts
        if text.element == element
    ]
    return all(likeness and likeness.least >= _DRAWN_ALIKE for likeness in found)


def piece_likeness(picture: Picture, text: ExpectedText, place: StripPlace, contrast: float) -> PieceLikeness | None:
    """How alike a text is to what a picture shows; None where that is not all in the picture."""
    reach = ceil(FARTHEST_MM / text.glyph_set.step)
    area = place.grown(reach).cut_out(picture)
    if area is None:
        return None
    area = area if contrast > 0 else -area
    sharp = compose(text, 0.0, place.size)
    models = {at: blurred(sharp, SIGMAS[at]) for at in _COMPARED}
    found = []
    for rows, columns in _pieces(models[_SEARCHED], _PIECE_EMS * text.glyph_set.em):
        near = area[rows.start : rows.stop + 2 * reach, columns.start : columns.stop + 2 * reach]
        found.append(_best(near, {at: model[rows, columns] for at, model in models.items()}))
    if not found:
        return None
    variance = sum(variance for _, variance in found) / len(found)
    clear = max(1 - _noise(area) ** 2 / variance, 0.0) ** 0.5
    return PieceLikeness(min(likeness for likeness, _ in found), clear, variance**0.5)


def _pieces(model: Floats, width: float) -> Iterator[tuple[slice, slice]]:
    """The rows and columns of a text's pieces."""
    import numpy as np

    ink = model > _INKED
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return
    high = slice(max(int(rows[0]) - _MARGIN, 0), min(int(rows[-1]) + 1 + _MARGIN, model.shape[0]))
    start, end = int(columns[0]), int(columns[-1]) + 1
    edges = np.linspace(start, end, max(round((end - start) / width), 1) + 1).round().astype(int).tolist()
    for left, right in pairwise(edges):
        if ink[:, left:right].any():
            yield high, slice(max(left - _MARGIN, 0), min(right + _MARGIN, model.shape[1]))


def _best(area: Floats, models: Mapping[int, Floats]) -> tuple[float, float]:
    """The greatest correlation of a piece, in some blur, with a place in an area, and the variance of that place."""
    import numpy as np

    searched = models[_SEARCHED]
    likeness, variance = _correlations(area, searched)
    row, column = (int(at) for at in np.unravel_index(int(likeness.argmax()), likeness.shape))
    rows = slice(max(row - 1, 0), row + 2 + searched.shape[0])
    columns = slice(max(column - 1, 0), column + 2 + searched.shape[1])
    best = max(float(_correlations(area[rows, columns], model)[0].max()) for model in models.values())
    return best, float(variance[row, column])


def _correlations(area: Floats, model: Floats) -> tuple[Floats, Floats]:
    """The correlation of a model with each place of its size in an area, and the variance of each."""
    import numpy as np

    shape = model - model.mean()
    spectrum = np.fft.rfft2(area) * np.conj(np.fft.rfft2(shape, area.shape))
    down, across = (of - part + 1 for of, part in zip(area.shape, model.shape, strict=True))
    both = np.fft.irfft2(spectrum, area.shape)[:down, :across]
    mean = area_sums(area, model.shape) / model.size
    variance = np.maximum(area_sums(area.astype(np.float64) ** 2, model.shape) / model.size - mean**2, 1e-6)
    return both / np.sqrt(variance * model.size * float((shape**2).sum())), variance


def _noise(area: Floats) -> float:
    """Grey levels by which paper is noisy: by what each pixel's neighbours don't explain of it (J. Immerkaer, 1996),
    where there is no ink, as in most places."""
    import numpy as np

    rows = area[:-2] - 2 * area[1:-1] + area[2:]
    left = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.median(np.abs(left))) / 0.6745 / 6
