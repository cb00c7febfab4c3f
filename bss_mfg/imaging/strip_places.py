"""Where texts lie in a picture, each as a straight strip of even steps, and what the picture shows there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, cos, dist, hypot, radians, sin
from operator import itemgetter
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import PHASES, ExpectedText
from bss_mfg.imaging.geometry import apply_homography
from bss_mfg.imaging.glyph_lens import Room, cell_window

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey
    from bss_mfg.model import Rect

Point = tuple[float, float]

_BLUR_COLUMNS = 3
"""Pixels after the last character's cell, for what a lens blurs."""
_EVEN_MM, _HIGH = 0.01, 0.2
"""How far a slant may move a text's ends from where even steps have them for its strip to be cut out as if the steps
were even, which is quicker; and the share of that up and down, of as many mm, that a text's height makes of it."""


class Picture:
    """A picture that strips are cut out of, in half its resolution or less where that will do."""

    def __init__(self, grey: Grey) -> None:
        from PIL import Image

        self.grey = grey
        self._image = Image.fromarray(grey)

    def cut(self, size: tuple[int, int], corner: Point, right: Point, down: Point) -> Floats | None:
        """Ink (255 - grey) of an area of `size` (width, height): from the `corner` of its first pixel, a pixel is
        `right` and `down` long in pixels of the picture. None where it is not all in the picture."""
        return self.cut_place(StripPlace(size, corner, right, down))

    def cut_place(self, place: StripPlace) -> Floats | None:
        """The same of a place, which may be bent."""
        import numpy as np
        from PIL import Image

        width, height = place.size
        left, right_end, top, bottom = place.bounds()
        rows, columns = self.grey.shape
        if left < 0 or top < 0 or right_end > columns or bottom > rows:
            return None
        image, x0, y0 = self._image, 0, 0
        factor = max(int(place.pixels + 0.4), 1)
        if factor > 1:  # whole pixels of the reduced picture, and one more on every side
            x0, y0 = max(int(left) // factor - 1, 0), max(int(top) // factor - 1, 0)
            x1, y1 = int(right_end) // factor + 2, int(bottom) // factor + 2
            box = (x0 * factor, y0 * factor, min(x1 * factor, columns), min(y1 * factor, rows))
            image = image.reduce(factor, box)
        (x, y), (right_x, right_y), (down_x, down_y) = place.corner, place.right, place.down
        along, under = place.bend
        part = 1 / factor
        matrix = (
            *(right_x * part - x0 * along, down_x * part - x0 * under, x * part - x0),
            *(right_y * part - y0 * along, down_y * part - y0 * under, y * part - y0),
        )
        bilinear = Image.Resampling.BILINEAR
        if along or under:
            cut = image.transform(place.size, Image.Transform.PERSPECTIVE, (*matrix, along, under), bilinear)
        else:
            cut = image.transform(place.size, Image.Transform.AFFINE, matrix, bilinear)
        ink: Floats = np.subtract(255, np.frombuffer(cut.tobytes(), np.uint8).reshape(height, width), dtype=np.float32)
        return ink


@dataclass(frozen=True, slots=True)
class StripPlace:
    """Where the strip of a text lies in a picture: the corner of its first pixel, and a pixel's sides. A picture taken
    from a slant shows even steps as uneven ones: `bend` is by how much nearer each pixel to the right, and down, is.
    (column, row) is seen at (`corner` + column * `right` + row * `down`) / (1 + column * bend[0] + row * bend[1])."""

    size: tuple[int, int]
    corner: Point
    right: Point
    down: Point
    bend: Point = (0.0, 0.0)

    def point(self, column: float, row: float) -> Point:
        """Where a point of the strip lies in the picture."""
        (x, y), right, down, bend = self.corner, self.right, self.down, self.bend
        far = 1 + bend[0] * column + bend[1] * row
        return (x + right[0] * column + down[0] * row) / far, (y + right[1] * column + down[1] * row) / far

    def bounds(self) -> tuple[float, float, float, float]:
        """Of its corners in the picture: the leftmost and rightmost x, and the uppermost and lowest y."""
        width, height = self.size
        if self.bend[0] or self.bend[1]:
            corners = [self.point(*at) for at in ((0, 0), (width, 0), (0, height), (width, height))]
            xs, ys = zip(*corners, strict=True)
            return min(xs), max(xs), min(ys), max(ys)
        (x, y), (right_x, right_y), (down_x, down_y) = self.corner, self.right, self.down
        wide_x, wide_y, high_x, high_y = right_x * width, right_y * width, down_x * height, down_y * height
        left, top = x + min(wide_x, 0) + min(high_x, 0), y + min(wide_y, 0) + min(high_y, 0)
        return left, x + max(wide_x, 0) + max(high_x, 0), top, y + max(wide_y, 0) + max(high_y, 0)

    @property
    def pixels(self) -> float:
        """Pixels of the picture along one of the strip, in its middle."""
        along, under = self.bend
        if not along and not under:
            return hypot(*self.right)
        column, row = self.size[0] / 2, self.size[1] / 2
        x, y = self.point(column, row)
        far = 1 + along * column + under * row
        return hypot(self.right[0] - along * x, self.right[1] - along * y) / far

    def moved(self, columns: float, rows: float) -> StripPlace:
        """The same, so many of its pixels further."""
        corner, right, down, bend = self.point(columns, rows), self.right, self.down, self.bend
        if bend[0] or bend[1]:
            far = 1 + bend[0] * columns + bend[1] * rows
            right, down, bend = ((x / far, y / far) for x, y in (right, down, bend))
        return StripPlace(self.size, corner, right, down, bend)

    def grown(self, pixels: int) -> StripPlace:
        """The same with more pixels on every side."""
        width, height = self.size
        return replace(self.moved(-pixels, -pixels), size=(width + 2 * pixels, height + 2 * pixels))

    def parted(self, parts: int) -> StripPlace:
        """The same, each pixel parted into `parts` x `parts`."""
        right, down, bend = ((x / parts, y / parts) for x, y in (self.right, self.down, self.bend))
        return StripPlace((self.size[0] * parts, self.size[1] * parts), self.corner, right, down, bend)

    def cut_out(self, picture: Picture) -> Floats | None:
        """What the picture shows there."""
        return picture.cut_place(self)


def pixels_per_mm(area: Rect, to_pixels: Floats) -> float:
    """How finely a picture shows an area of the printed page, along its upper edge."""
    import numpy as np

    ends = apply_homography(to_pixels, np.array([(area.x, area.y), (area.right, area.y)]))
    return float(np.hypot(*(ends[1] - ends[0]))) / area.width


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
    # From a text's middle, to its ends and as far up and down: as even steps, if they are even enough.
    crosses = np.array([_cross(text) for text, _ in texts])
    maps = np.stack([to_pixels for _, to_pixels in texts])
    flat = np.concatenate([crosses, np.ones((*crosses.shape[:2], 1))], axis=2) @ maps
    pixels = (flat[..., :2] / flat[..., 2:]).tolist()
    return [_strip_place(text, points, to_pixels) for (text, to_pixels), points in zip(texts, pixels, strict=True)]


def _half(text: ExpectedText) -> float:
    return max(text.width / 2, text.glyph_set.step)


def _cross(text: ExpectedText) -> list[Point]:
    angle, half = radians(text.turn), _half(text)
    right, down = cos(angle), sin(angle)
    x, y = text.x + right * text.width / 2, text.y + down * text.width / 2
    right, down = right * half, down * half
    return [(x, y), (x - right, y - down), (x + right, y + down), (x + down, y - right), (x - down, y + right)]


def _strip_place(text: ExpectedText, points: Sequence[Sequence[float]], to_pixels: Floats) -> StripPlace:
    glyph_set, step = text.glyph_set, text.glyph_set.step
    middle, left, right, upper, lower = points
    half = _half(text)
    along = ((right[0] - left[0]) / 2, (right[1] - left[1]) / 2)
    under = ((lower[0] - upper[0]) / 2, (lower[1] - upper[1]) / 2)
    rows, columns = glyph_set.pictures.shape[1] // PHASES, glyph_set.pictures.shape[2] // PHASES
    last, pen = max(text.glyphs, key=itemgetter(1))
    size = (ceil(pen / step) + min(cell_window(glyph_set, last, Room.PAPER)[3] + _BLUR_COLUMNS, columns), rows)
    uneven = (_uneven_mm(middle, left, right, half), _uneven_mm(middle, upper, lower, half) * _HIGH)
    if max(uneven) > _EVEN_MM:
        place = _bent_place(text, size, to_pixels)
    else:
        scale = step / half
        place = StripPlace(
            size,
            (middle[0], middle[1]),
            (along[0] * scale, along[1] * scale),
            (under[0] * scale, under[1] * scale),
        ).moved(-text.width / 2 / step, 0)
    return place.moved(-glyph_set.pen_column, -glyph_set.baseline_row)


def _uneven_mm(middle: Sequence[float], one: Sequence[float], other: Sequence[float], half: float) -> float:
    """How far from the middle of two points, each `half` mm off, their own middle is seen."""
    off = dist(((one[0] + other[0]) / 2, (one[1] + other[1]) / 2), middle[:2])
    return off * 2 * half / (dist(one, other) or 1.0)


def _bent_place(text: ExpectedText, size: tuple[int, int], to_pixels: Floats) -> StripPlace:
    """Where a text's pen starts, with a pixel's sides as a slanted picture shows them."""
    import numpy as np

    angle, step = radians(text.turn), text.glyph_set.step
    right, down = cos(angle) * step, sin(angle) * step
    strip_to_mm = np.array([[right, down, 0.0], [-down, right, 0.0], [text.x, text.y, 1.0]])
    matrix = strip_to_mm @ to_pixels
    (a, b, along), (c, d, under), (x, y, _) = (matrix / matrix[2, 2]).tolist()
    return StripPlace(size, (x, y), (a, b), (c, d), (along, under))
