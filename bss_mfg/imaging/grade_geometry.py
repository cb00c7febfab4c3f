"""Where the modules of a symbol lie: their spacing, how even the grid is, and how wide the print has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bss_mfg.imaging.geometry import apply_homography, homography

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats
    from bss_mfg.imaging.reflectance import LitPicture

SCANS = 5
"""Scans of one symbol whose grades are averaged (ISO/IEC 15415, 7.9)."""
SCAN_SHIFT = 0.05
"""How far, in X, the points of each scan are moved. A verifier is turned by 72 degrees between scans, so that its
pixels lie otherwise over the modules; of a picture there is one, and the points are moved instead, in five
directions."""
_TRACK_SAMPLES = 10  # samples per module along a clock track, for print growth
_GROWTH = 0.15  # dark share beyond a half that counts as a print growth of 1 (limits 0.35 and 0.65)


def spacing(centres: Floats) -> tuple[float, float]:
    """The mean distance of neighbours in a row and in a column of centres (rows, columns, 2)."""
    import numpy as np

    steps = len(centres) - 1
    across = float(np.hypot(*(centres[:, -1] - centres[:, 0]).mean(axis=0))) / steps
    return across, float(np.hypot(*(centres[-1] - centres[0]).mean(axis=0))) / steps


def with_quiet_zone(centres: Floats) -> Floats:
    """The centres with one more row and column all around, at the spacing of the nearest two."""
    import numpy as np

    size = len(centres)
    grid = np.empty((size + 2, size + 2, 2))
    grid[1:-1, 1:-1] = centres
    for lines in (grid[1:-1].swapaxes(0, 1), grid):
        lines[0] = 2 * lines[1] - lines[2]
        lines[-1] = 2 * lines[-2] - lines[-3]
    return grid


def all_inside(points: Floats, margin: float, shape: tuple[int, ...]) -> bool:
    """Whether all points lie in a picture of so many rows and columns, so many pixels from its edges."""
    rows, columns = shape
    return bool((points >= margin).all() and (points <= (columns - margin, rows - margin)).all())


def scan_points(points: Floats, pixels: float, scans: int) -> Floats:
    """The points (n, 2) of each scan (scans, n, 2): of one scan as they are, of more moved by `SCAN_SHIFT` of X."""
    import numpy as np

    if scans == 1:
        return points[None]
    angle = 2 * np.pi * np.arange(scans) / scans
    moved: Floats = points + SCAN_SHIFT * pixels * np.stack([np.cos(angle), np.sin(angle)], axis=1)[:, None]
    return moved


def axial_nonuniformity(centres: Floats) -> float:
    """The two axes' difference in spacing, as a share of their mean (ISO/IEC 15415, 7.8.6)."""
    across, down = spacing(centres)
    return abs(across - down) / ((across + down) / 2)


def grid_nonuniformity(centres: Floats) -> float:
    """The largest distance, in X, of a centre from the even grid that the four corners span (ISO/IEC 15415, 7.8.7)."""
    import numpy as np

    share = np.linspace(0, 1, len(centres))[:, None]
    top = centres[0, 0] * (1 - share) + centres[0, -1] * share
    bottom = centres[-1, 0] * (1 - share) + centres[-1, -1] * share
    ideal = top * (1 - share[..., None]) + bottom * share[..., None]
    return float(np.hypot(*(centres - ideal).reshape(-1, 2).T).max()) / (sum(spacing(centres)) / 2)


def without_perspective(centres: Floats) -> Floats:
    """The centres, in X, as a camera straight above would see them: without the projective map that fits them best."""
    import numpy as np

    size = len(centres)
    along = np.arange(size) + 0.5
    even = np.stack(np.meshgrid(along, along), axis=-1)
    back = homography([(float(x), float(y)) for x, y in centres.reshape(-1, 2)], list(map(tuple, even.reshape(-1, 2))))
    return even if back is None else apply_homography(back, centres)


def print_growth(picture: LitPicture, centres: Floats, threshold: float) -> float:
    """How much the dark share of the outer clock tracks is off a half, of the one that is worse, by 0.15."""
    import numpy as np

    tracks = np.stack([centres[0], centres[:, -1]])
    share = ((np.arange(_TRACK_SAMPLES) + 0.5) / _TRACK_SAMPLES)[:, None]
    at = tracks[:, :-1, None] * (1 - share) + tracks[:, 1:, None] * share
    dark = picture.points(at).reshape(2, -1) < threshold
    return float(max(dark.mean(axis=1) - 0.5, key=abs)) / _GROWTH
