"""Pictures softened, averaged and sampled between their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey


def sample_bilinear(values: NDArray[np.float32] | Grey, points: Floats) -> Floats:
    """Bilinear samples of a picture at pixels (..., 2); the first pixel's centre is 0.5, 0.5; outside, the nearest."""
    return sample_alike((values,), points)[0]


def sample_alike(pictures: Sequence[NDArray[np.float32] | Grey], points: Floats) -> list[Floats]:
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
