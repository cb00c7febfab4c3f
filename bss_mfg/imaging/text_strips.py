"""Texts cut out of a picture, each as a straight strip, and laid over what is to be there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, cos, dist, hypot, radians, sin
from operator import itemgetter
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import PHASES, ExpectedText, GlyphSet
from bss_mfg.imaging.geometry import apply_homography
from bss_mfg.imaging.glyph_lens import cell_window, phases, slopes

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey
    from bss_mfg.model import Rect

Point = tuple[float, float]

FARTHEST_MM = 0.8
"""How far a text may lie from where its label's symbol says: beyond, it is not looked for."""
_ROUNDS = 4
_STILL = 0.35
"""Pixels of a shift that need not be made up for: characters are judged as if they could lie so far off."""
_LONGEST_STEP = 1.5
_BLUR_COLUMNS = 3
"""Pixels after the last character's cell, for what a lens blurs."""
_ALIKE = 0.6
"""Correlation with what is to be there from which on a strip need not be searched for."""


class Picture:
    """A picture that strips are cut out of, in half its resolution or less where that will do."""

    def __init__(self, grey: Grey) -> None:
        from PIL import Image

        self.grey = grey
        self._image = Image.fromarray(grey)

    def cut(self, size: tuple[int, int], corner: Point, right: Point, down: Point) -> Floats | None:
        """Ink (255 - grey) of an area of `size` (width, height): from the `corner` of its first pixel, a pixel is
        `right` and `down` long in pixels of the picture. None where it is not all in the picture."""
        import numpy as np
        from PIL import Image

        width, height = size
        (x, y), (right_x, right_y), (down_x, down_y) = corner, right, down
        wide_x, wide_y, high_x, high_y = right_x * width, right_y * width, down_x * height, down_y * height
        rows, columns = self.grey.shape
        left, right_end = x + min(wide_x, 0) + min(high_x, 0), x + max(wide_x, 0) + max(high_x, 0)
        top, bottom = y + min(wide_y, 0) + min(high_y, 0), y + max(wide_y, 0) + max(high_y, 0)
        if left < 0 or top < 0 or right_end > columns or bottom > rows:
            return None
        image, x0, y0 = self._image, 0, 0
        factor = max(int(hypot(right_x, right_y) + 0.4), 1)
        if factor > 1:  # whole pixels of the reduced picture, and one more on every side
            x0, y0 = max(int(left) // factor - 1, 0), max(int(top) // factor - 1, 0)
            x1, y1 = int(right_end) // factor + 2, int(bottom) // factor + 2
            box = (x0 * factor, y0 * factor, min(x1 * factor, columns), min(y1 * factor, rows))
            image = image.reduce(factor, box)
        part = 1 / factor
        matrix = (right_x * part, down_x * part, x * part - x0, right_y * part, down_y * part, y * part - y0)
        cut = image.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        ink: Floats = np.subtract(255, np.frombuffer(cut.tobytes(), np.uint8).reshape(height, width), dtype=np.float32)
        return ink


@dataclass(frozen=True, slots=True)
class StripPlace:
    """Where the strip of a text lies in a picture: the corner of its first pixel, and a pixel's sides. `bend_mm`: how
    far its ends lie from there, since a picture taken from a slant shows even steps as uneven ones."""

    size: tuple[int, int]
    corner: Point
    right: Point
    down: Point
    bend_mm: float = 0.0

    @property
    def pixels(self) -> float:
        """Pixels of the picture along one of the strip."""
        return hypot(*self.right)

    def moved(self, columns: float, rows: float) -> StripPlace:
        """The same, so many of its pixels further."""
        (x, y), right, down = self.corner, self.right, self.down
        corner = (x + right[0] * columns + down[0] * rows, y + right[1] * columns + down[1] * rows)
        return replace(self, corner=corner)

    def grown(self, pixels: int) -> StripPlace:
        """The same with more pixels on every side."""
        width, height = self.size
        return replace(self.moved(-pixels, -pixels), size=(width + 2 * pixels, height + 2 * pixels))

    def parted(self, parts: int) -> StripPlace:
        """The same, each pixel parted into `parts` x `parts`."""
        (width, height), (a, b), (c, d) = self.size, self.right, self.down
        finer = (width * parts, height * parts)
        return StripPlace(finer, self.corner, (a / parts, b / parts), (c / parts, d / parts))

    def cut_out(self, picture: Picture) -> Floats | None:
        """What the picture shows there."""
        return picture.cut(self.size, self.corner, self.right, self.down)


def area_place(area: Rect, to_pixels: Floats, size: tuple[int, int]) -> StripPlace:
    """Where an upright area lies, parted into so many pixels; `to_pixels` takes mm of the printed page there."""
    import numpy as np

    x, y, width, height = area
    points = np.array([[x, y], [x + width, y], [x, y + height]])
    corner, right, down = apply_homography(to_pixels, points).tolist()
    return StripPlace(
        size,
        (corner[0], corner[1]),
        ((right[0] - corner[0]) / size[0], (right[1] - corner[1]) / size[0]),
        ((down[0] - corner[0]) / size[1], (down[1] - corner[1]) / size[1]),
    )


def strip_place(text: ExpectedText, to_pixels: Floats) -> StripPlace:
    """Where a text's strip should lie; `to_pixels` takes mm of the printed page there."""
    return strip_places([(text, to_pixels)])[0]


def strip_places(texts: Sequence[tuple[ExpectedText, Floats]]) -> list[StripPlace]:
    """The same of many texts."""
    import numpy as np

    if not texts:
        return []
    # What a projective map does along a text is linear enough: from its middle, to its ends and as far up and down.
    crosses = np.array([_cross(text) for text, _ in texts])
    maps = np.stack([to_pixels for _, to_pixels in texts])
    flat = np.concatenate([crosses, np.ones((*crosses.shape[:2], 1))], axis=2) @ maps
    pixels = (flat[..., :2] / flat[..., 2:]).tolist()
    return [_strip_place(text, points) for (text, _), points in zip(texts, pixels, strict=True)]


def _half(text: ExpectedText) -> float:
    return max(text.width / 2, text.glyph_set.step)


def _cross(text: ExpectedText) -> list[Point]:
    angle, half = radians(text.turn), _half(text)
    right, down = cos(angle), sin(angle)
    x, y = text.x + right * text.width / 2, text.y + down * text.width / 2
    right, down = right * half, down * half
    return [(x, y), (x - right, y - down), (x + right, y + down), (x + down, y - right), (x - down, y + right)]


def _strip_place(text: ExpectedText, points: Sequence[Sequence[float]]) -> StripPlace:
    glyph_set, step = text.glyph_set, text.glyph_set.step
    middle, left, right, upper, lower = points
    scale = step / (2 * _half(text))
    along = ((right[0] - left[0]) * scale, (right[1] - left[1]) * scale)
    under = ((lower[0] - upper[0]) * scale, (lower[1] - upper[1]) * scale)
    rows, columns = glyph_set.pictures.shape[1] // PHASES, glyph_set.pictures.shape[2] // PHASES
    last, pen = max(text.glyphs, key=itemgetter(1))
    size = (ceil(pen / step) + min(cell_window(glyph_set, last, True)[3] + _BLUR_COLUMNS, columns), rows)
    off = dist(((left[0] + right[0]) / 2, (left[1] + right[1]) / 2), middle[:2])
    bend_mm = off * step / (hypot(*along) or 1.0)
    place = StripPlace(size, (middle[0], middle[1]), along, under, bend_mm)
    return place.moved(-text.width / 2 / step - glyph_set.pen_column, -glyph_set.baseline_row)


def compose(text: ExpectedText, sigma: float, size: tuple[int, int]) -> Floats:
    """A text's ink from 0 to 1 as a lens of so much blur shows it."""
    return compose_glyphs(text.glyph_set, text.glyphs, sigma, size)


def compose_glyphs(
    glyph_set: GlyphSet, glyphs: Sequence[tuple[int, float]], sigma: float, size: tuple[int, int]
) -> Floats:
    """The same of characters, each with its start in mm along the line."""
    import numpy as np

    pictures = phases(glyph_set, sigma)
    rows, columns = pictures.shape[2:]
    # Beside it there is room for what begins before it or ends after it.
    strip = np.zeros((size[1], size[0] + 2 * columns), np.float32)
    for index, pen in glyphs:
        column, phase = pen_pixels(glyph_set, pen)
        strip[:rows, column + columns : column + 2 * columns] += pictures[phase, index]
    return np.ascontiguousarray(strip[:, columns : columns + size[0]])


def pen_pixels(glyph_set: GlyphSet, pen: float) -> tuple[int, int]:
    """The pixel of a strip at which a character's picture begins, and its phase."""
    return divmod(round(pen / glyph_set.step * PHASES), PHASES)


class StripModel:
    """What is to be seen of a text or picture, ink from 0 to 1 (rows, columns), and what fits it to strips."""

    def __init__(self, ink: Floats) -> None:
        self.ink = ink
        self.shape = ink - float(ink.mean())
        flat = self.shape.ravel()
        self._own = float(flat @ flat) + 1e-9

    @cached_property
    def _solver(self) -> tuple[Floats, Floats]:
        """Paper, ink, and its slopes to the right and down; and the inverse of their products."""
        import numpy as np

        right, down = slopes(self.ink)
        terms = np.stack([np.ones_like(self.ink), self.shape, right, down]).reshape(4, -1)
        gram = (terms @ terms.T).astype(np.float64)
        gram[np.diag_indices(4)] += 1e-6 * np.trace(gram) + 1e-9
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

    def left(self, gain: float) -> Floats:
        """What the model does not explain if its ink is so dark."""
        left = self.model.shape * -gain
        left += self.seen
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
