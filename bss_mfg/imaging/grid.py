"""The module grid of one symbol in a picture: a smooth warp from modules to pixels, fitted to what is seen.

A reader has to find a symbol before it can read it, and gives up where the finder is broken. Here the place is known
from the sheet, so the grid can be fitted to the whole pattern: through curled paper, blur, noise and dead dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging.geometry import Quad, apply_homography, homography

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey

QUIET_MODULES = 2
"""Modules of quiet zone that take part in the fit."""
FIT_STEPS = ((1.5, 2), (0.8, 3), (0.4, 3))
"""From where the sheet says a symbol lies."""
COARSE_FIT_STEPS = ((2.5, 1), (1.5, 1), (1.0, 2), (0.6, 2), (0.4, 3))
"""From a rough guess of its corners, with nothing but the fixed patterns known."""
SHARPENING_SHARES = (0.0, 0.7, 1.5, 3.0)
"""Shares of a neighbour's blur that are taken off the modules, one after the other."""
_SAMPLES_PER_MODULE = 4  # samples of the blurred pattern per module
_SOFT = 0.8  # softness in X from which one sample per module says all
_PER_MODULE = 2  # samples of a picture per module, where a pattern is looked for
_CLIP = 2.0  # residuals beyond this many median deviations are damage, not misfit


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """A polynomial map from a symbol of `size` modules to pixels. `terms` (K, 2): for each monomial of `degree` x, y.

    In modules the symbol's top left corner is 0, 0; in pixels the picture's.
    """

    size: int
    degree: int
    terms: Floats

    @classmethod
    def from_quad(cls, quad: Quad, size: int, degree: int = 3) -> Warp:
        """The warp of a flat symbol with these corners, also seen from a slant."""
        import numpy as np

        matrix = homography(((0, 0), (size, 0), (size, size), (0, size)), quad)
        if matrix is None:
            raise ValueError("corners in one line span no symbol")
        points, basis = _fit_points(size, degree)
        terms, *_ = np.linalg.lstsq(basis, apply_homography(matrix, points), rcond=None)
        return cls(size, degree, terms)

    def map_points(self, points: Floats) -> Floats:
        """Pixels of points (..., 2) in modules."""
        return (_basis(points.reshape(-1, 2), self.size, self.degree) @ self.terms).reshape(points.shape)

    def transposed(self) -> Warp:
        """The warp of the symbol with rows and columns changed."""
        import numpy as np

        # The monomials of each degree come as x^i y^(degree - i), i falling: changed, they come the other way round.
        order = [
            first + index
            for total, first in ((total, total * (total + 1) // 2) for total in range(self.degree + 1))
            for index in range(total, -1, -1)
        ]
        return replace(self, terms=np.asarray(self.terms)[order])

    def centres(self, border: int = 0) -> Floats:
        """Pixels of all module centres (rows, columns, 2), with `border` more modules on each side."""
        side = self.size + 2 * border
        found: Floats = (_centre_basis(self.size, self.degree, border) @ self.terms).reshape(side, side, 2)
        return found

    def quad(self) -> Quad:
        """The symbol's corners in pixels."""
        import numpy as np

        side = self.size
        points = self.map_points(np.array([[0, 0], [side, 0], [side, side], [0, side]], float))
        # To a millionth of a pixel: beyond, sums differ with the number of cores.
        found = [(round(float(x), 6), round(float(y), 6)) for x, y in points]
        return (found[0], found[1], found[2], found[3])

    @property
    def pixels_per_module(self) -> float:
        """Mean X-dimension in pixels."""
        import numpy as np

        quad = np.array(self.quad())
        return float(np.hypot(*(quad - np.roll(quad, 1, axis=0)).T).mean()) / self.size

    def shifted(self, x: float, y: float) -> Warp:
        """The warp with its grid moved by modules: what was at (x, y) is now at (0, 0)."""
        import numpy as np

        along = np.linspace(0, self.size, 9)
        points = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)
        basis = _basis(points, self.size, self.degree)
        terms, *_ = np.linalg.lstsq(basis, self.map_points(points + np.array([x, y])), rcond=None)
        return replace(self, terms=terms)


@dataclass(frozen=True, slots=True)
class SampledGrid:
    """A symbol whose grid was found in the picture: `grey` is the mean of each module (rows, columns), 0 to 255."""

    warp: Warp
    grey: Floats

    @classmethod
    def sample(cls, grey: Grey, warp: Warp) -> SampledGrid:
        """The modules of a picture under a grid."""
        return cls(warp, sample_modules(grey, warp))

    def agreement(self, bits: NDArray[np.bool_]) -> float:
        """Share of modules that look as they should."""
        return max(float((dark_modules(self.grey, share) == bits).mean()) for share in SHARPENING_SHARES[:3])


def _basis(points: Floats, size: int, degree: int) -> Floats:
    """The monomials up to a degree, of points in modules brought to -1 ... 1."""
    import numpy as np

    x, y = (points * (2 / size) - 1).T
    of_x, of_y = [np.ones_like(x)], [np.ones_like(y)]
    for _ in range(degree):
        of_x.append(of_x[-1] * x)
        of_y.append(of_y[-1] * y)
    return np.stack([of_x[i] * of_y[total - i] for total in range(degree + 1) for i in range(total, -1, -1)], axis=1)


@lru_cache(maxsize=8)
def _fit_points(size: int, degree: int) -> tuple[Floats, Floats]:
    """Nine by nine points over a symbol and its quiet zone, and their basis: the same for every symbol of a size."""
    import numpy as np

    along = np.linspace(-QUIET_MODULES, size + QUIET_MODULES, 9)
    points = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)
    return points, _basis(points, size, degree)


@lru_cache(maxsize=8)
def _centre_basis(size: int, degree: int, border: int) -> Floats:
    """The basis of all module centres: the same for every symbol of a size, and a third of what grading it costs."""
    import numpy as np

    along = np.arange(-border, size + border) + 0.5
    return _basis(np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2), size, degree)


def expected_light(dark: NDArray[np.bool_], known: NDArray[np.bool_] | None = None) -> Floats:
    """How light each module should be, quiet zone included: 1 light, 0 dark, a half where it is not `known`."""
    import numpy as np

    light = np.where(dark, 0.0, 1.0)
    if known is not None:
        light[~known] = 0.5
    return np.pad(light, QUIET_MODULES, constant_values=1.0)


def sample_bilinear(values: NDArray[np.float32] | Grey, points: Floats) -> Floats:
    """Bilinear samples of a picture at pixels (..., 2); the first pixel's centre is 0.5, 0.5; outside, the nearest."""
    return _sample_alike((values,), points)[0]


def _sample_alike(pictures: Sequence[NDArray[np.float32] | Grey], points: Floats) -> list[Floats]:
    """`sample_bilinear` of several pictures of one size."""
    import numpy as np

    rows, columns = pictures[0].shape
    x = np.clip(points[..., 0] - 0.5, 0, columns - 1.001)
    y = np.clip(points[..., 1] - 0.5, 0, rows - 1.001)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, down = x - left, y - top
    at = top * columns + left
    below_at = at + columns
    found: list[Floats] = []
    for values in pictures:
        flat = values.reshape(-1)
        above = flat[at] * (1 - right) + flat[at + 1] * right
        below = flat[below_at] * (1 - right) + flat[below_at + 1] * right
        found.append(above * (1 - down) + below * down)
    return found


def blur(grey: Grey, sigma: float) -> Grey:
    """A picture softened by a Gaussian of `sigma` pixels."""
    import numpy as np
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(sigma))) if sigma > 0.3 else grey


def _blurred_pattern(light: Floats, sigma: float) -> tuple[int, Floats]:
    """How light each sample should be after a blur of `sigma` X: two by two for each module or, where it is softer than
    a module, one; how many a side."""
    import numpy as np

    fine = (np.kron(light, np.ones((_SAMPLES_PER_MODULE, _SAMPLES_PER_MODULE))) * 255).astype(np.uint8)
    soft = blur(fine, sigma * _SAMPLES_PER_MODULE)
    per = 2 if sigma < _SOFT else 1
    inside = _sample_points(len(light), per)
    return per, (sample_bilinear(soft, inside * _SAMPLES_PER_MODULE) / 255).reshape(-1)


@lru_cache(maxsize=8)
def _sample_points(side: int, per: int) -> Floats:
    """Points (rows, columns, 2), so many a side in each of so many modules a side."""
    import numpy as np

    along = (np.arange(side * per) + 0.5) / per
    return np.stack(np.meshgrid(along, along), axis=-1)


@lru_cache(maxsize=16)
def _sample_basis(size: int, degree: int, per: int, border: int = QUIET_MODULES) -> Floats:
    """The basis of the samples of a pattern: the same for every symbol of a size, and a tenth of what a fit costs."""
    points = _sample_points(size + 2 * border, per) - border
    return _basis(points.reshape(-1, 2), size, degree)


def fit_warp(
    grey: Grey, light: Floats, warp: Warp, steps: Sequence[tuple[float, int]] = FIT_STEPS, rounds: int = 6
) -> Warp:
    """The warp fitted to a picture by Gauss-Newton. `light` is what the modules should be, by `expected_light`.

    `steps` go from coarse to fine: (softness in X, degree of the warp). The start may be off by the first softness or
    so. Residuals of damage are clipped, and do not pull the grid.
    """
    import numpy as np

    margin = warp.pixels_per_module * (QUIET_MODULES + 3)
    reach = np.array(warp.centres(QUIET_MODULES)).reshape(-1, 2)
    left, top = np.maximum((reach.min(axis=0) - margin).astype(int), 0)
    right, bottom = (reach.max(axis=0) + margin).astype(int) + 1
    crop = np.ascontiguousarray(grey[top:bottom, left:right])
    if min(crop.shape) < 8:
        return warp
    offset = np.array([left, top], float)
    for sigma, degree in steps:
        warp = _as_degree(warp, degree)
        per, target = _blurred_pattern(light, sigma)
        module_px = warp.pixels_per_module
        soft = blur(crop, sigma * module_px).astype(np.float32)
        down = np.asarray(np.gradient(soft, axis=0), np.float32)
        across = np.asarray(np.gradient(soft, axis=1), np.float32)
        basis = _sample_basis(warp.size, degree, per)
        for _ in range(rounds):
            at = basis @ warp.terms - offset
            seen, slope_across, slope_down = _sample_alike((soft, across, down), at)
            gain, level = _fit_gain(target, seen)
            if gain <= 1:
                return warp  # nothing like the pattern is there
            rest = gain * target + level - seen
            limit = _CLIP * float(np.median(np.abs(rest))) + 1
            weight = limit / np.maximum(np.abs(rest), limit)
            slope = np.concatenate([basis * slope_across[:, None], basis * slope_down[:, None]], axis=1)
            weighted = slope * weight[:, None]
            square = weighted.T @ slope
            ridge = 1e-4 * np.trace(square) / len(square)
            step = np.linalg.solve(square + ridge * np.eye(len(square)), weighted.T @ rest).reshape(2, -1).T
            most = float(np.abs(step).max())
            step *= min(1.0, module_px / most) if most else 1.0
            warp = replace(warp, terms=warp.terms + step)
            if most < 0.02:
                break
    return warp


def _as_degree(warp: Warp, degree: int) -> Warp:
    import numpy as np

    if warp.degree == degree:
        return warp
    along = np.linspace(0, warp.size, 9)
    points = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)
    terms, *_ = np.linalg.lstsq(_basis(points, warp.size, degree), warp.map_points(points), rcond=None)
    return Warp(warp.size, degree, terms)


def _fit_gain(light: Floats, seen: Floats) -> tuple[float, float]:
    """gain and level of seen = gain * light + level."""
    mean, middle = float(light.mean()), float(seen.mean())
    spread = float(((light - mean) ** 2).mean())
    gain = float(((light - mean) * (seen - middle)).mean()) / spread if spread else 0.0
    return gain, middle - gain * mean


def best_shift(grey: Grey, light: Floats, warp: Warp, max_shift: int = 4) -> tuple[Warp, float]:
    """The warp moved by up to `max_shift` modules each way to where the pattern fits best; how well: a correlation."""
    return Surroundings.of(grey, warp, max_shift).best_shift(light)


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """A picture under a warp and `max_shift` modules around it, in which patterns are looked for: `seen` in local
    contrast, two samples a module, and its `spectrum`. What it costs is spent once for all patterns."""

    warp: Warp
    max_shift: int
    seen: Floats
    spectrum: NDArray[np.complexfloating[Any]]

    @classmethod
    def of(cls, grey: Grey, warp: Warp, max_shift: int = 4) -> Surroundings:
        """Those of a symbol that is thought to lie under the warp."""
        import numpy as np

        border = QUIET_MODULES + max_shift
        side = (warp.size + 2 * border) * _PER_MODULE
        points = (_sample_basis(warp.size, warp.degree, _PER_MODULE, border) @ warp.terms).reshape(side, side, 2)
        seen = _sample_after_blur(grey, points, warp.pixels_per_module * 0.5)
        # Local contrast: a shadow's edge must not outweigh the modules.
        seen = seen - box_mean(seen, 5 * _PER_MODULE)
        return cls(warp, max_shift, seen, np.fft.rfft2(seen))

    def best_shift(self, light: Floats) -> tuple[Warp, float]:
        """The warp moved to where the pattern fits best, and the correlation there."""
        import numpy as np

        known = light != 0.5
        want = np.kron(np.where(known, light - light[known].mean(), 0.0), np.ones((_PER_MODULE, _PER_MODULE)))
        padded = np.zeros_like(self.seen)
        padded[: len(want), : len(want)] = want
        score = np.fft.irfft2(self.spectrum * np.conj(np.fft.rfft2(padded)), s=self.seen.shape)
        span = 2 * self.max_shift * _PER_MODULE + 1
        row, column = np.unravel_index(int(score[:span, :span].argmax()), (span, span))
        window = self.seen[row : row + len(want), column : column + len(want)][want != 0]
        strength = float(score[row, column] / (np.sqrt((want**2).sum() * (window**2).sum()) or 1.0))
        across, down = float(column) / _PER_MODULE - self.max_shift, float(row) / _PER_MODULE - self.max_shift
        return self.warp.shifted(across, down), strength


def _sample_after_blur(grey: Grey, points: Floats, sigma: float) -> Floats:
    """Samples of a picture softened by `sigma` pixels. Only what lies around the points is softened: the values are
    those of the whole page, which takes five times as long."""
    import numpy as np

    reach = int(6 * sigma) + 8
    flat = points.reshape(-1, 2)
    rows, columns = grey.shape
    left, top = np.clip((flat.min(axis=0) - reach).astype(int), 0, (columns - 2, rows - 2))
    right, bottom = np.clip((flat.max(axis=0) + reach).astype(int), (left + 2, top + 2), (columns, rows))
    soft = blur(np.ascontiguousarray(grey[top:bottom, left:right]), sigma)
    return sample_bilinear(soft, points - (left, top))


def box_mean(values: Floats, radius: int) -> Floats:
    """The mean over a square of 2 side + 1, cut at the edges."""
    import numpy as np

    def along(array: Floats) -> Floats:
        total = np.concatenate([np.zeros((1, array.shape[1])), np.cumsum(array, axis=0)])
        low = np.maximum(np.arange(len(array)) - radius, 0)
        high = np.minimum(np.arange(len(array)) + radius + 1, len(array))
        mean: Floats = (total[high] - total[low]) / (high - low)[:, None]
        return mean

    return along(along(values).T).T


def sample_modules(grey: Grey, warp: Warp, border: int = 0, aperture: float = 0.6) -> Floats:
    """The mean grey of each module (rows, columns), over a square of `aperture` X about its centre."""
    import numpy as np

    count = max(3, round(warp.pixels_per_module * aperture))
    steps = (np.arange(count) + 0.5) / count * aperture - aperture / 2
    along = np.arange(-border, warp.size + border) + 0.5
    line = (along[:, None] + steps).reshape(-1)
    x, y = np.meshgrid(line, line)
    seen = sample_bilinear(grey, warp.map_points(np.stack([x, y], axis=-1)))
    n = len(along)
    mean: Floats = seen.reshape(n, count, n, count).mean(axis=(1, 3))
    return mean


def dark_modules(values: Floats, sharpen: float = 0.0) -> NDArray[np.bool_]:
    """Which modules are dark, by a threshold that follows the light.

    First a smooth slope of light over the symbol is taken off, then the mean nearby where there is contrast near, and
    the mean of all where there is none. `sharpen` takes that share of what blur adds from the four neighbours off.
    """
    import numpy as np

    side = len(values)
    if sharpen:
        wide = np.pad(values, 1, mode="edge")
        around = (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4
        values = values + sharpen * (values - around)
    along = np.arange(side)
    x, y = np.meshgrid(along, along)
    basis = _basis(np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5, side, 2)
    slope, *_ = np.linalg.lstsq(basis, values.reshape(-1), rcond=None)
    flat = values - (basis @ slope).reshape(values.shape)
    near = box_mean(flat, max(side // 8, 3))
    spread = np.sqrt(np.maximum(box_mean((flat - near) ** 2, max(side // 8, 3)), 0))
    trust = np.clip(spread / (0.5 * float(np.median(spread)) or 1.0), 0.0, 1.0)
    found: NDArray[np.bool_] = flat < near * trust
    return found


def draw_modules(dark: NDArray[np.bool_], pixels: int = 5, quiet: int = 3) -> Grey:
    """A clean picture of modules, for a reader."""
    import numpy as np

    wide = np.pad(dark, quiet)
    picture: Grey = np.kron(~wide, np.ones((pixels, pixels), bool)).astype(np.uint8) * 255
    return picture


def rectify(grey: Grey, warp: Warp, pixels: int, border: int = QUIET_MODULES) -> Grey:
    """The symbol resampled upright at `pixels` per module, with `border` modules around."""
    import numpy as np

    along = (np.arange((warp.size + 2 * border) * pixels) + 0.5) / pixels - border
    x, y = np.meshgrid(along, along)
    picture: Grey = np.clip(sample_bilinear(grey, warp.map_points(np.stack([x, y], axis=-1))) + 0.5, 0, 255).astype(
        np.uint8
    )
    return picture
