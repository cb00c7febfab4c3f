"""The module grid of one symbol in a picture: its modules as they are seen under a warp."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bss_mfg.imaging.sampling import box_mean, sample_bilinear
from bss_mfg.imaging.warp import QUIET_MODULES, Warp, basis_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey

SHARPENING_SHARES = (0.0, 0.7, 1.5, 3.0)
"""Shares of a neighbour's blur that are taken off the modules, one after the other."""


@dataclass(frozen=True, slots=True)
class SampledGrid:
    """A symbol whose grid was found in the picture: `grey` is the mean of each module (rows, columns), 0 to 255."""

    warp: Warp
    grey: Floats

    @classmethod
    def sample(cls, grey: Grey, warp: Warp) -> SampledGrid:
        """The modules of a picture under a grid."""
        return cls(warp, sample_modules(grey, warp))

    @property
    def sharpness(self) -> float:
        """How much neighbouring modules differ, as a share of what they would in a sharp picture: 0.5 where it is
        softened by half a module, 0.2 by a whole one."""
        import numpy as np

        inner = self.grey[1:-1, 1:-1]  # the finder is no mixture
        steps = (float((np.diff(inner, axis=axis) ** 2).mean()) for axis in (0, 1))
        return sum(steps) / 4 / (float(inner.var()) or 1.0)

    def agreement(self, bits: NDArray[np.bool_]) -> float:
        """Share of modules that look as they should."""
        return max(float((dark_modules(self.grey, share) == bits).mean()) for share in SHARPENING_SHARES[:3])


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
    basis, to_slope = _slope_of(side)
    flat = values - (basis @ (to_slope @ values.reshape(-1))).reshape(values.shape)
    near = box_mean(flat, max(side // 8, 3))
    spread = np.sqrt(np.maximum(box_mean((flat - near) ** 2, max(side // 8, 3)), 0))
    trust = np.clip(spread / (0.5 * float(np.median(spread)) or 1.0), 0.0, 1.0)
    found: NDArray[np.bool_] = flat < near * trust
    return found


@lru_cache(maxsize=8)
def _slope_of(side: int) -> tuple[Floats, Floats]:
    """A smooth slope of light over so many modules a side: its basis, and what makes its terms of their values."""
    import numpy as np

    along = np.arange(side) + 0.5
    basis = basis_of(np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2), side, 2)
    return basis, np.linalg.pinv(basis)


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
