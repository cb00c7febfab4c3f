"""Artwork and the SAMPLE mark of labels, compared with their drawing: whether they are there, where, and like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from math import ceil, sqrt
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import Drawing, ExpectedPicture, PictureKind
from bss_mfg.imaging.glyph_lens import blurred
from bss_mfg.imaging.mark_letters import MarkLetters
from bss_mfg.imaging.strip_places import Picture, area_place
from bss_mfg.imaging.text_strips import StripModel, lay_over

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_STEP_MM = 0.12
"""A pixel at which pictures are compared: what is finer is the printer's affair."""
_LEAST_SPREAD = 12.0
"""Standard deviation of a drawing's grey below which there is too little to see."""
_MISSING = 0.25
"""Share of a drawing's spread below which nothing of it is seen, or little."""
_ALIKE = 0.8
"""Correlation below which something else is seen."""
_MOST_PIXELS = 250_000
_MARK_PIXELS = 8_000
"""The SAMPLE mark is large and coarse: with so many pixels all of it is seen."""


class PictureVerdict(Enum):
    """What was seen of a picture."""

    RIGHT = "right"
    FAINT = "faint"
    """Like its drawing, with little of its contrast."""
    MISSING = "missing"
    OTHER = "other"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture of a label, and how the label lies in the picture at hand."""

    label: int
    picture: ExpectedPicture
    to_pixels: Floats


def judge_pictures(
    picture: Picture, placed: Sequence[PlacedPicture], drawing: Drawing
) -> list[tuple[PictureVerdict, tuple[float, float]]]:
    """What is seen of artwork, with how far off it lies in mm. Those that the drawing has not, or that other
    things lie on in whatever light, are not judged."""
    found: list[tuple[PictureVerdict, tuple[float, float]]] = []
    for one in placed:
        model = _models(drawing).get(one.picture.element)
        found.append((PictureVerdict.NOT_JUDGED, (0.0, 0.0)) if model is None else _judge(picture, one, model))
    return found


def _judge(picture: Picture, one: PlacedPicture, model: _PictureModel) -> tuple[PictureVerdict, tuple[float, float]]:
    rows, columns = model.ink.shape
    place = area_place(one.picture.area, one.to_pixels, (columns, rows))
    fit = lay_over(picture, place, model, _step(one.picture))
    if fit is None or place.pixels < 0.5:
        return PictureVerdict.NOT_JUDGED, (0.0, 0.0)
    if float(fit.seen.std()) < _MISSING * model.spread * 255:
        return (PictureVerdict.FAINT if fit.alike >= _ALIKE else PictureVerdict.MISSING), (0.0, 0.0)
    right = fit.alike >= _ALIKE and (model.letters is None or model.letters.all_there(fit.seen, fit.gain))
    return (PictureVerdict.RIGHT if right else PictureVerdict.OTHER), fit.shift


class _PictureModel(StripModel):
    """A picture as a lens shows it, and of the SAMPLE mark its letters."""

    letters: MarkLetters | None = None

    @cached_property
    def spread(self) -> float:
        """Its standard deviation."""
        return float(self.ink.std())


@lru_cache(maxsize=2)
def _models(drawing: Drawing) -> dict[int, _PictureModel]:
    """By element, pictures as they are drawn; those that can't be judged are left out."""
    models = ((item.element, _model(drawing, item)) for item in drawing.label.pictures)
    return {element: model for element, model in models if model is not None}


def _model(drawing: Drawing, picture: ExpectedPicture) -> _PictureModel | None:
    """A picture's ink from 0 to 1 as it is drawn; None where it can't be judged: too little contrast, or seen otherwise
    in red light than in grey."""
    import numpy as np

    if picture.kind.is_shape:
        return None
    step = _step(picture)
    size = (ceil(picture.area.width / step), ceil(picture.area.height / step))
    if size[0] * size[1] > _MOST_PIXELS or min(size) < 8:
        return None
    place = area_place(picture.area, drawing.to_pixels, size)
    red, grey = (place.cut_out(Picture(light)) for light in (drawing.red, drawing.grey))
    if red is None or grey is None or min(float(red.std()), float(grey.std())) < _LEAST_SPREAD:
        return None
    if float(np.corrcoef(red.ravel(), grey.ravel())[0, 1]) < _ALIKE:
        return None
    model = _PictureModel(blurred(grey / 255, 1.0))
    if picture.kind is PictureKind.SAMPLE_MARK:
        model.letters = MarkLetters.of(grey / 255, model.ink)
    return model


def _step(picture: ExpectedPicture) -> float:
    """A pixel at which a picture is compared, in mm."""
    if picture.kind is not PictureKind.SAMPLE_MARK:
        return _STEP_MM
    return max(_STEP_MM, sqrt(picture.area.width * picture.area.height / _MARK_PIXELS))
