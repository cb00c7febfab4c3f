"""A warp fitted to what is seen of a symbol.

A reader has to find a symbol before it can read it, and gives up where the finder is broken. Here the place is known
from the sheet, so the grid can be fitted to the whole pattern: through curled paper, blur, noise and dead dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging.sampling import blur, box_mean, sample_alike, sample_bilinear
from bss_mfg.imaging.warp import QUIET_MODULES, Warp, basis_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey

FIT_STEPS = ((1.5, 2), (0.8, 3), (0.4, 3))
"""From where the sheet says a symbol lies."""
COARSE_FIT_STEPS = ((2.5, 1), (1.5, 1), (1.0, 2), (0.6, 2), (0.4, 3))
"""From a rough guess of its corners, with nothing but the fixed patterns known."""
_SAMPLES_PER_MODULE = 4  # samples of the blurred pattern per module
_SOFT = 0.8  # softness in X from which one sample per module says all
_PER_MODULE = 2  # samples of a picture per module, where a pattern is looked for
_ENOUGH = 0.02  # of the softness: a step that is smaller is the last
_LEAST_SOFT_PX = 1.6  # softness in pixels that bilinear samples still follow
_CLIP = 2.0  # residuals beyond this many median deviations are damage, not misfit


def expected_light(dark: NDArray[np.bool_], known: NDArray[np.bool_] | None = None) -> Floats:
    """How light each module should be, quiet zone included: 1 light, 0 dark, a half where it is not `known`."""
    import numpy as np

    light = np.where(dark, 0.0, 1.0)
    if known is not None:
        light[~known] = 0.5
    return np.pad(light, QUIET_MODULES, constant_values=1.0)


def _blurred_pattern(light: Floats, sigma: float) -> tuple[int, Floats]:
    """How light each sample should be after a blur of `sigma` X: two by two for each module or, where it is softer than
    a module, one; how many a side."""
    return _known_blurred_pattern(light.tobytes(), len(light), sigma)


@lru_cache(maxsize=64)
def _known_blurred_pattern(data: bytes, side: int, sigma: float) -> tuple[int, Floats]:
    """The same of the bytes of such a pattern: one is looked for several times, and fixed patterns on every page."""
    import numpy as np

    light = np.frombuffer(data, np.float64).reshape(side, side)
    fine = (np.kron(light, np.ones((_SAMPLES_PER_MODULE, _SAMPLES_PER_MODULE))) * 255).astype(np.uint8)
    soft = blur(fine, sigma * _SAMPLES_PER_MODULE)
    per = 2 if sigma < _SOFT else 1
    inside = _sample_points(side, per)
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
    return basis_of(points.reshape(-1, 2), size, degree)


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
        warp = warp.of_degree(degree)
        per, target = _blurred_pattern(light, sigma)
        module_px = warp.pixels_per_module
        shrunk, soft = _softened(crop, sigma * module_px)
        down = np.asarray(np.gradient(soft, axis=0), np.float32) / np.float32(shrunk)
        across = np.asarray(np.gradient(soft, axis=1), np.float32) / np.float32(shrunk)
        basis = _sample_basis(warp.size, degree, per)
        for _ in range(rounds):
            at = (basis @ warp.terms - offset) / shrunk
            seen, slope_across, slope_down = sample_alike((soft, across, down), at)
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
            if most < max(0.02, _ENOUGH * sigma * module_px):
                break
    return warp


def _softened(crop: Grey, sigma: float) -> tuple[int, NDArray[np.float32]]:
    """A picture softened by `sigma` pixels, and how many of its pixels a side were made one: what is that soft is told
    by fewer, and costs the same at any resolution."""
    import numpy as np
    from PIL import Image

    level = max(int(sigma / _LEAST_SOFT_PX), 1)
    if level == 1:
        return 1, blur(crop, sigma).astype(np.float32)
    small = np.asarray(Image.fromarray(crop).reduce(level))
    already = (level**2 - 1) / 12  # variance of the mean over so many pixels
    return level, blur(small, (sigma**2 - already) ** 0.5 / level).astype(np.float32)


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
