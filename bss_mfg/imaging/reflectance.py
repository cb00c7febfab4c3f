"""Reflectance: the linear light of a picture's grey values, and what a round aperture sees of it.

Cameras and scanners write sRGB or by another curve, verifiers measure light. Here a grey value becomes light by the
curve that its picture names, and reflectance by a card that lay under the same light.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging.grade_scale import DIGITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey

_UNIT = 1e6  # whole numbers per percent: their sums are the same on every machine
_SMALL = 5.0  # pixels of radius below which an aperture is summed in half pixel rows


@dataclass(frozen=True, slots=True)
class Light:
    """What each grey value, 0 to 255, of a picture means: the light in percent of `percent[grey]`, by a `curve` in
    words. `calibrated`: the percents are reflectances, by a card."""

    percent: tuple[float, ...]
    curve: str
    calibrated: bool = False


def _srgb(value: float) -> float:
    """IEC 61966-2-1, 5.2: the linear light of a share of white."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


SRGB = Light(tuple(100 * _srgb(value / 255) for value in range(256)), "sRGB")
LINEAR = Light(tuple(100 * value / 255 for value in range(256)), "linear")


def gamma_light(gamma: float) -> Light:
    """A pure power, as a PNG's gAMA chunk gives it: `gamma` 1 is linear, 2.2 about sRGB."""
    return Light(tuple(100 * float((value / 255) ** gamma) for value in range(256)), f"gamma {gamma:.2f}")


@lru_cache(maxsize=16)
def _whole_numbers(percent: tuple[float, ...]) -> NDArray[np.int64]:
    import numpy as np

    return np.round(np.array(percent) * _UNIT).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class LitPicture:
    """A piece of a picture as light, in millionths of a percent; its first pixel is `left`, `top` of the whole."""

    values: NDArray[np.int64]
    left: int
    top: int

    @classmethod
    def around(cls, grey: Grey, light: Light, points: Floats, margin: float) -> LitPicture:
        """The piece that holds all points (n, 2) and a margin in pixels; of points outside, what of it there is."""
        import numpy as np

        rows, columns = grey.shape
        low = np.clip(points.min(axis=0) - margin - 1, 0, (columns - 2, rows - 2)).astype(int)
        high = np.clip(points.max(axis=0) + margin + 2, low + 2, (columns, rows)).astype(int)
        crop = grey[low[1] : high[1], low[0] : high[0]]
        return cls(_whole_numbers(light.percent)[crop], int(low[0]), int(low[1]))

    def discs(self, points: Floats, diameter: float) -> Floats:
        """The mean light in percent of a round aperture, of a diameter in pixels, at each x, y (n, 2) of the whole
        picture. A point outside is brought to where its aperture lies inside."""
        import numpy as np

        rows, columns = self.values.shape
        radius = min(diameter / 2, (min(rows, columns) - 0.001) / 2)
        place = points - (self.left, self.top)
        x, y = np.clip(place, radius, np.array([columns, rows]) - radius).T
        sums = np.zeros((rows, columns + 1), np.int64)  # what lies left of each column's edge
        np.cumsum(self.values, axis=1, out=sums[:, 1:])
        flat = sums.reshape(-1)

        # Each pixel row is cut in slices, so that no slice takes light from the row beside its own. A slice is as wide
        # as its part of the disc on average.
        cuts = 2 if radius < _SMALL else 1
        count = cuts * (int(np.ceil(2 * radius)) + 1)
        top = np.floor(y - radius)
        edges = np.clip((top - y + np.arange(count + 1)[:, None] / cuts) / radius, -1, 1)
        height = np.diff(edges, axis=0)
        area = np.diff(edges * np.sqrt(1 - edges**2) + np.arcsin(edges), axis=0)
        half = radius * area / np.where(height > 0, 2 * height, 1)
        row = np.clip(top + np.arange(count)[:, None] // cuts, 0, rows - 1).astype(np.intp) * (columns + 1)

        def until(edge: Floats) -> Floats:
            column = np.clip(edge.astype(np.intp), 0, columns - 1)
            share = edge - column
            at = row + column
            before = flat[at]
            return np.asarray(before + share * (flat[at + 1] - before))

        total = ((until(x + half) - until(x - half)) * height).sum(axis=0)
        found: Floats = np.round(total / (np.pi * radius * _UNIT), DIGITS)
        return found

    def points(self, points: Floats) -> Floats:
        """The light in percent at points (..., 2), between pixels in proportion."""
        import numpy as np

        rows, columns = self.values.shape
        x = np.clip(points[..., 0] - 0.5 - self.left, 0, columns - 1.001)
        y = np.clip(points[..., 1] - 0.5 - self.top, 0, rows - 1.001)
        column, row = x.astype(np.intp), y.astype(np.intp)
        right, down = x - column, y - row
        values = self.values
        above = values[row, column] * (1 - right) + values[row, column + 1] * right
        below = values[row + 1, column] * (1 - right) + values[row + 1, column + 1] * right
        found: Floats = (above * (1 - down) + below * down) / _UNIT
        return found


def light_plane(points: Floats, reflectance: Floats, paper: NDArray[np.bool_]) -> Floats | None:
    """How the light falls over a symbol, 1 on average: a plane through what its `paper` (light modules and quiet zone)
    sends back. None where that is no plane of light: too few points, or anywhere under a quarter of the mean."""
    import numpy as np

    if int(paper.sum()) < 8:
        return None
    middle = points.mean(axis=0)
    size = float(np.abs(points - middle).max()) or 1.0
    basis = np.column_stack([np.ones(len(points)), (points - middle) / size])
    terms, *_ = np.linalg.lstsq(basis[paper], reflectance[paper], rcond=None)
    plane: Floats = basis @ terms
    mean = float(plane.mean())
    if mean <= 0 or float(plane.min()) < 0.25 * mean:
        return None
    return plane / mean


def split_threshold(values: Floats) -> float:
    """The reflectance between dark and light with the least variance on both sides together (ISO/IEC 29158, annex A,
    of module values in place of a histogram); where all are alike, that value."""
    import numpy as np

    line = np.sort(values)
    count = np.arange(1, len(line))
    sums, squares = np.cumsum(line), np.cumsum(line**2)
    left = squares[:-1] / count - (sums[:-1] / count) ** 2
    rest = len(line) - count
    right = (squares[-1] - squares[:-1]) / rest - ((sums[-1] - sums[:-1]) / rest) ** 2
    both: Any = np.round(left + right, 6)
    both[line[1:] == line[:-1]] = np.inf  # no threshold between equals
    if not np.isfinite(both).any():
        return float(line[0])
    at = int(both.argmin())
    return float(line[at] + line[at + 1]) / 2


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a reflectance card says of a picture's light: reflectance = `gain` * light + `offset`, in percent. `card` is
    its name for people."""

    gain: float
    offset: float
    card: str

    def applied_to(self, light: Light) -> Light:
        """The reflectances of a picture's grey values."""
        percent = tuple(self.gain * value + self.offset for value in light.percent)
        return Light(percent, f"{light.curve}, {self.card}", calibrated=True)
