"""How a scanned page lies over a printed one: from the labels that were read, the places of all others follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import dist
from statistics import fmean
from typing import TYPE_CHECKING, Any

from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.imaging.geometry import PixelBox, Quad, apply_homography, box_of, homography, sides_of
from bss_mfg.model import LabelFile, Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_Points = Sequence[tuple[float, float]]

_GOOD = 0.03
"""Share of a symbol by which a corner may be off before a freer map is tried."""
_FAIR = 0.25
"""Share of a symbol beyond which a page is not this page."""

_NEAR, _EXACT = 0.15, 0.005
"""Share of a symbol by which a label may be off the page's frame and still tell how the page was seen, and by which it
is exact."""
_FEWEST = 2
_MOST_PAIRS = 60
_FEW = 4
"""Labels from which on a page may be stretched or askew: of fewer, the freer map reaches no further than they do."""

_SHEET_EDGE_MM = 6.0
"""By how much a flat page may hang over the edge of its scan: what one label tells of the far end is as uncertain."""
_SHEET_SCALE = 0.12


@dataclass(frozen=True)
class PageFrame:
    """A `page` of `label_file`, as printed; [x mm, y mm, 1] @ `matrix` (3 x 3) are homogeneous pixels."""

    label_file: LabelFile
    page: int
    matrix: NDArray[np.floating[Any]]

    @cached_property
    def quads(self) -> dict[int, Quad]:
        """Where the corners of each package's symbol on this page should lie, in pixels: top left, top right, bottom
        right, bottom left."""
        return dict(zip(self.label_file.packages_on(self.page), self._pixel_areas[0], strict=True))

    @cached_property
    def boxes(self) -> dict[int, PixelBox]:
        """The upright boxes around `quads`."""
        return dict(zip(self.label_file.packages_on(self.page), self._pixel_areas[1], strict=True))

    @property
    def _pixel_areas(self) -> tuple[tuple[Quad, ...], tuple[PixelBox, ...]]:
        return _to_pixels(tuple(self.label_file.symbol_boxes_on(self.page)), self.matrix.tobytes())

    def __reduce__(self) -> tuple[Any, ...]:
        return PageFrame, (self.label_file, self.page, self.matrix)  # what follows from these need not travel

    def millimetres(self, points: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Pixels (n, 2) to mm on the printed page."""
        return apply_homography(_inverse(self.matrix.tobytes()), points)


@lru_cache(maxsize=8)
def _inverse(matrix: bytes) -> NDArray[np.floating[Any]]:
    import numpy as np

    return np.linalg.inv(np.frombuffer(matrix).reshape(3, 3))


@lru_cache(maxsize=8)
def _to_pixels(cells: tuple[PixelBox, ...], matrix: bytes) -> tuple[tuple[Quad, ...], tuple[PixelBox, ...]]:
    """Cells in mm as quads and boxes in pixels: the same on each page of a file of ours."""
    import numpy as np

    if not cells:
        return (), ()
    x, y, width, height = np.array(cells).T
    corners = np.stack([x, y, x + width, y, x + width, y + height, x, y + height], axis=1).reshape(-1, 4, 2)
    quads = tuple(map(_quad, apply_homography(np.frombuffer(matrix).reshape(3, 3), corners).tolist()))
    return quads, tuple(map(box_of, quads))


def frame_at_dpi(label_file: LabelFile, page: int, dpi: float) -> PageFrame:
    """The frame of a page that was rasterised from our own file at `dpi`."""
    import numpy as np

    scale = dpi / MM_PER_INCH
    return PageFrame(label_file, page, np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0], [0.0, 0.0, 1.0]]))


def frame_from_reads(
    matches: Sequence[tuple[int, Quad]], label_files: Sequence[LabelFile], file: str, min_matches: int = 2
) -> PageFrame | None:
    """The printed page that most labels of a scanned page belong to, and how it lies; None if unclear. Labels of a
    label file with the scanned file's name count twice.

    `matches` are the packages that were read, with their corners. At least two have to agree: a photograph of one
    box shows no sheet.
    """
    votes: Counter[tuple[int, int]] = Counter()
    for package, _ in matches:
        for index, label_file in enumerate(label_files):
            if package in label_file.numbers:
                votes[(index, label_file.place_of(package).page)] += 2 if label_file.file == file else 1
    best: tuple[float, PageFrame] | None = None
    # Of sheets that look the same, the one that was made last.
    for (index, page), count in sorted(votes.items(), key=lambda item: (item[1], item[0]), reverse=True)[:4]:
        label_file = label_files[index]
        here = set(label_file.packages_on(page))
        points = [(_corners(label_file.place_of(package)), quad) for package, quad in matches if package in here]
        if len(points) < min_matches:
            continue
        matrix, error = _fit(points)
        if error > _GOOD and len(points) > 2 and len(agreeing := _agreeing(points)) < len(points):
            matrix, error = _fit(agreeing) if len(agreeing) > len(points) / 2 else (None, 0.0)
        if matrix is None or error > _FAIR:
            continue
        score = count - error
        if best is None or score > best[0]:
            best = (score, PageFrame(label_file, page, matrix))
    return best[1] if best else None


def frame_in_perspective(frame: PageFrame, labels: Sequence[tuple[int, Quad]]) -> PageFrame | None:
    """A frame as a camera sees it, fitted to the exact corners of labels on the page; None where fewer than two lie as
    the frame has them.

    A frame is as stiff as finding labels allows: of few labels it may be affine, which leaves the camera's perspective
    in each of them.
    """
    import numpy as np

    quads = frame.quads
    agreeing = [
        (_corners(frame.label_file.place_of(package)), quad)
        for package, quad in labels
        if package in quads and _label_error(quads[package], quad) <= _NEAR
    ]
    for _ in range(3):
        if len(agreeing) < _FEWEST:
            return None
        here, there = ([corner for pair in agreeing for corner in pair[side]] for side in (0, 1))
        matrix = _projective(here, there)
        if matrix is None:
            return None
        found = [_label_error(_quad(apply_homography(matrix, np.array(mm)).tolist()), quad) for mm, quad in agreeing]
        limit = 3 * float(np.median(found)) + _EXACT
        agreeing = [pair for pair, error in zip(agreeing, found, strict=True) if error <= limit]
        if len(agreeing) == len(found):
            return PageFrame(frame.label_file, frame.page, matrix)
    return None


def frame_of_flat_page(
    match: tuple[int, Quad], label_files: Sequence[LabelFile], size: tuple[int, int], dpi: float
) -> PageFrame | None:
    """The printed page that a flat scan of `size` pixels shows, by the one label that was read on it: its scale is the
    scan's, and all of the sheet lies in the picture. None where that is not so: a label by itself shows no sheet."""
    import numpy as np

    package, quad = match
    for label_file in reversed(label_files):
        if package not in label_file.numbers or len(label_file.symbol_boxes) == 1:
            continue
        place = label_file.place_of(package)
        matrix = _similar(_corners(place), quad)
        if matrix is None:
            continue
        scale = float(np.hypot(*matrix[0, :2])) * MM_PER_INCH / dpi
        width, height = label_file.page_mm
        corners = apply_homography(matrix, np.array([[0, 0], [width, 0], [width, height], [0, height]], float))
        reach = _SHEET_EDGE_MM * dpi / MM_PER_INCH
        inside = bool((corners > -reach).all() and (corners < np.array(size) + reach).all())
        if abs(scale - 1) < _SHEET_SCALE and inside:
            return PageFrame(label_file, place.page, matrix)
    return None


def _label_error(expected: Quad, quad: Quad) -> float:
    """How far the corners of a label lie from where they are expected, on average: a share of its symbol."""
    return fmean(dist(one, other) for one, other in zip(expected, quad, strict=True)) / _side(quad)


def _corners(place: Place) -> Quad:
    x, y, width, height = place.x_mm, place.y_mm, place.width_mm, place.height_mm
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def _quad(points: Sequence[Sequence[float]]) -> Quad:
    (a, b), (c, d), (e, f), (g, h) = points
    return ((a, b), (c, d), (e, f), (g, h))


def _fit(labels: Sequence[tuple[Quad, Quad]]) -> tuple[NDArray[np.floating[Any]] | None, float]:
    """The map from mm to pixels, and the largest error of a label as a share of its symbol: first the stiffest."""
    import numpy as np

    best: tuple[NDArray[np.floating[Any]] | None, float] = (None, np.inf)
    for model in ((_similar,) if len(labels) < _FEW else ()) + (_affine, _projective):
        kept = list(labels)
        for _ in range(3):
            # A label pasted elsewhere must not bend the frame: fit, drop the worst, fit again.
            here = [corner for mm, _ in kept for corner in mm]
            there = [corner for _, quad in kept for corner in quad]
            matrix = model(here, there)
            if matrix is None:
                break
            off = np.hypot(*np.moveaxis(apply_homography(matrix, np.array(here)) - np.array(there), -1, 0))
            # Of the symbol as it is seen: a map that is nonsense may make it huge, and its own errors small with it.
            by_label = off.reshape(-1, 4).mean(axis=1) / [_side(quad) for _, quad in kept]
            error = float(by_label.max())
            if error < best[1]:
                best = (matrix, error)
            if error <= _GOOD:
                return best
            limit = float(np.median(by_label)) * 3 + 0.01
            fewer = [pair for pair, wrong in zip(kept, by_label, strict=True) if wrong <= limit]
            if len(fewer) == len(kept) or len(fewer) < 2 or len(fewer) < len(labels) * 0.6:
                break
            kept = fewer
    return best


def stiffest_map(points: _Points, target_points: _Points, tolerance: float) -> NDArray[np.floating[Any]] | None:
    """From `points` to `target_points`: moved, turned and scaled alone where their mean error is within `tolerance` (in
    units of the points), else affine, else projective. What is stiff tells more of what lies beyond the points."""
    import numpy as np

    here, there = np.array(points), np.array(target_points)
    for model in (_similar, _affine) if len(points) > 2 else (_similar,):
        matrix = model(points, target_points)
        if matrix is None:
            continue
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
        if float(np.hypot(*(apply_homography(matrix, here) - there).T).mean()) <= tolerance * scale:
            return matrix
    return _projective(points, target_points) if len(points) > 3 else matrix


def _agreeing(labels: Sequence[tuple[Quad, Quad]]) -> list[tuple[Quad, Quad]]:
    """The most labels that lie as one sheet: those that were swapped or pasted elsewhere agree with no others."""
    import numpy as np

    best: list[tuple[Quad, Quad]] = []
    # Pairs that are near each other in the list and far, the same whoever asks.
    pairs = [(i, i + step) for step in (1, 2, 3, 5, 8) for i in range(len(labels) - step)][:_MOST_PAIRS]
    for first, second in pairs:
        chosen = [labels[first], labels[second]]
        for model in (_affine, _projective, _projective):
            here = [corner for mm, _ in chosen for corner in mm]
            there = [corner for _, quad in chosen for corner in quad]
            matrix = model(here, there)
            if matrix is None:
                break
            every = np.array([mm for mm, _ in labels])
            off = np.hypot(*np.moveaxis(apply_homography(matrix, every) - np.array([q for _, q in labels]), -1, 0))
            by_label = off.mean(axis=1) / [_side(quad) for _, quad in labels]
            # The first map, of two labels, is rough at the far end.
            limit = _FAIR * (4 if model is _affine else 1)
            nearer = [pair for pair, wrong in zip(labels, by_label, strict=True) if wrong < limit]
            if len(nearer) < 2:
                break
            chosen = nearer
        else:
            best = max(best, chosen, key=len)
    return best


def _side(quad: Quad) -> float:
    """The mean side of a symbol in pixels."""
    return sum(sides_of(quad)) / 4 or 1e-9


def _similar(points: _Points, target_points: _Points) -> NDArray[np.floating[Any]] | None:
    """Moved, turned and scaled alone, mirrored where that fits better: two labels tell it to the page's end."""
    import numpy as np

    source, target = np.array(points), np.array(target_points)
    best: tuple[float, NDArray[np.floating[Any]]] | None = None
    for side in (1.0, -1.0):
        x, y = source[:, 0] * side, source[:, 1]
        zero, one = np.zeros_like(x), np.ones_like(x)
        rows = np.concatenate([np.stack([x, -y, one, zero], axis=1), np.stack([y, x, zero, one], axis=1)])
        (cos, sin, right, down), *_ = np.linalg.lstsq(rows, target.T.ravel(), rcond=None)
        matrix = np.array([[cos * side, sin * side, 0.0], [-sin, cos, 0.0], [right, down, 1.0]])
        off = float(np.abs(apply_homography(matrix, source) - target).max())
        if best is None or off < best[0]:
            best = (off, matrix)
    return best[1] if best else None


def _affine(points: _Points, target_points: _Points) -> NDArray[np.floating[Any]] | None:
    import numpy as np

    source = np.column_stack([np.array(points), np.ones(len(points))])
    found, *_ = np.linalg.lstsq(source, np.array(target_points), rcond=None)
    return np.column_stack([found, [0.0, 0.0, 1.0]])


def _projective(points: _Points, target_points: _Points) -> NDArray[np.floating[Any]] | None:
    return homography(points, target_points)
