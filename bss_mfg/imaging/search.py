"""Where on a page symbols may lie that no reader found: patches as busy as a Data Matrix, about as wide as high."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from bss_mfg.imaging.geometry import PixelBox, Quad, box_of
from bss_mfg.imaging.sampling import box_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey

Place = TypeVar("Place")

_LEAST_SIDE = 40  # pixels: fewer than 2 per module of any label
_MOST = 400
_LEAST_FILL = 0.72  # share of its rectangle that a patch covers
_CELL = 6  # pixels of a cell of the map
_FINE_MODULE = 6.0  # pixels a module for which such cells are right
_MUCH_MORE = 1.5  # by how much more area coarser pixels have to show symbols than finer ones


class Patches(NamedTuple):
    """The corners of patches that may be symbols, the most promising first. Which corner is which is not known yet.
    `hidden` are finer ones that the others were taken for pieces of: where a symbol and the texts close beside it look
    like one patch, the symbol is the piece."""

    likely: list[Quad]
    hidden: list[Quad]


def find_candidates(grey: Grey, limit: int = _MOST, module_px: float | None = None) -> list[Quad]:
    """The likely patches of a picture."""
    return find_patches(grey, limit, module_px).likely


def find_patches(grey: Grey, limit: int = _MOST, module_px: float | None = None) -> Patches:
    """Patches of a picture that may be symbols.

    `module_px`: X-dimension in pixels, where something is known of it; else finer and then coarser ones are looked for.
    """
    levels = (1, 2, 4, 8) if module_px is None else (max(round(module_px / _FINE_MODULE), 1),)
    best: list[_Patch] = []
    finer: list[_Patch] = []
    for level in levels:
        found = _candidates_at(grey, level)
        if _area(found) > _MUCH_MORE * _area(best):  # what is seen of larger modules are pieces
            finer, best = finer + best, found
    likely = most_promising_first(grey, [quad for _, quad in best], box_of)[:limit]
    hidden = [quad for _, quad in _alike(finer, _usual_area(best))] if finer else []
    return Patches(likely, most_promising_first(grey, hidden, box_of))


_Patch = tuple[float, Quad]
"""An area in pixels of the page, and its corners."""


def _area(patches: Iterable[_Patch]) -> float:
    return sum(area for area, _ in patches)


def _usual_area(patches: Sequence[_Patch]) -> float:
    """That of the larger half of some."""
    return median(sorted((area for area, _ in patches), reverse=True)[: max(len(patches) // 2, 1)])


def _alike(patches: Iterable[_Patch], usual: float) -> list[_Patch]:
    """Labels of one sheet are alike: what is much smaller than most is text or artwork."""
    return [(area, quad) for area, quad in patches if area > usual / 3]


def _candidates_at(grey: Grey, level: int) -> list[_Patch]:
    """Those of a picture of which so many pixels a side are taken as one: a module may be no larger than a cell."""
    import numpy as np
    from PIL import Image

    small = np.asarray(Image.fromarray(grey).reduce(level)) if level > 1 else grey
    found = [item for cells in _connected_patches(_busy_cells(small)) if (item := _enclosing_rectangle(cells))]
    if not found:
        return []
    found.sort(key=lambda item: -item[0])
    return [(area * level**2, _scaled(quad, level)) for area, quad in _alike(found, _usual_area(found))]


def _scaled(quad: Quad, factor: int) -> Quad:
    a, b, c, d = ((x * factor, y * factor) for x, y in quad)
    return (a, b, c, d)


def most_promising_first(grey: Grey, places: Iterable[Place], box: Callable[[Place], PixelBox]) -> list[Place]:
    """Places in the order in which attempts at them are worth their work: where edges are sharp, there is most to be
    read. Of alike ones, those that come first."""
    return sorted(places, key=lambda place: -_sharpness(grey, box(place)))


def _sharpness(grey: Grey, box: PixelBox) -> float:
    """The mean step between neighbouring pixels against the spread of all, in the middle of a place: of two alike
    symbols the blurred one has the smaller steps. In hundredths, so that a hair of noise changes no order."""
    import numpy as np

    left, top = max(int(box[0] + box[2] / 4), 0), max(int(box[1] + box[3] / 4), 0)
    crop = grey[top : int(box[1] + box[3] * 3 / 4) + 1, left : int(box[0] + box[2] * 3 / 4) + 1].astype(np.float32)
    if min(crop.shape) < 4:
        return 0.0
    # Over two pixels: noise of single ones is no edge.
    soft = (crop[:-1, :-1] + crop[1:, :-1] + crop[:-1, 1:] + crop[1:, 1:]) / 4
    steps = min(float(np.abs(np.diff(soft, axis=0)).mean()), float(np.abs(np.diff(soft, axis=1)).mean()))
    return round(steps / (float(soft.std()) + 4.0), 2)


def _busy_cells(grey: Grey) -> NDArray[np.bool_]:
    """The cells of the page with as much going on as within a symbol: light and dark in turn, both ways."""
    import numpy as np

    rows, columns = (side // _CELL for side in grey.shape)
    if rows < 3 or columns < 3:
        return np.zeros((0, 0), bool)
    from PIL import Image, ImageFilter

    cut = grey[: rows * _CELL, : columns * _CELL]
    soft = np.asarray(Image.fromarray(cut).filter(ImageFilter.GaussianBlur(1.0))).astype(np.int16)
    across = np.abs(np.diff(soft, axis=1, append=soft[:, -1:]))
    down = np.abs(np.diff(soft, axis=0, append=soft[-1:]))

    def cells(values: NDArray[np.int16]) -> Floats:
        mean = values.reshape(rows, _CELL, columns, _CELL).mean(axis=(1, 3))
        return box_mean(mean, 1)

    # In the light that falls there: in a shadow the same print makes smaller steps.
    light = box_mean(cut.reshape(rows, _CELL, columns, _CELL).max(axis=(1, 3)).astype(np.float64), 4)
    both = np.minimum(cells(across), cells(down)) * 255 / np.maximum(light, 40)
    strong = float(np.quantile(both, 0.98))
    quiet = float(np.quantile(both, 0.2))
    if strong < 3:
        return np.zeros((rows, columns), bool)
    marks = both > quiet + (strong - quiet) * 0.4
    # Opened, so that text beside a symbol hangs on no longer.
    picture = Image.fromarray(marks.astype(np.uint8) * 255).filter(ImageFilter.MinFilter(3))
    return np.asarray(picture.filter(ImageFilter.MaxFilter(3))) > 0


def _connected_patches(mask: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """The connected patches of cells, as (row, column) each."""
    import numpy as np

    if not mask.any():
        return []
    label = np.zeros(mask.shape, np.int64)
    parents = [0]

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    spans: list[tuple[int, int, int, int]] = []
    before: list[tuple[int, int, int]] = []
    for row, line in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
        here: list[tuple[int, int, int]] = []
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            touching = {root(number) for left, right, number in before if left < end and right > start}
            number = min(touching) if touching else len(parents)
            if not touching:
                parents.append(number)
            for other in touching:
                parents[other] = number
            here.append((start, end, number))
            spans.append((row, start, end, number))
        before = here
    for row, start, end, number in spans:
        label[row, start:end] = root(number)
    at = np.argwhere(label > 0)
    owner = label[label > 0]
    order = np.argsort(owner, kind="stable")
    _, starts = np.unique(owner[order], return_index=True)
    return np.split(at[order], starts[1:].tolist())


def _is_long(points: Floats) -> bool:
    """Whether a patch is surely too long for a symbol, by its moments, which take a hundredth of the time."""
    import numpy as np

    low, high = np.linalg.eigvalsh(np.cov(points.T))
    return bool(high > 2.4**2 * max(float(low), 1.0))


def _enclosing_rectangle(cells: NDArray[np.intp]) -> tuple[float, Quad] | None:
    """Area and corners in pixels of the smallest rectangle around a patch, if a symbol could fill it."""
    import numpy as np

    if len(cells) < (_LEAST_SIDE / _CELL) ** 2 * _LEAST_FILL:
        return None
    points = (cells[:, ::-1] + 0.5) * _CELL
    if _is_long(points):
        return None
    best: tuple[float, int, tuple[float, float, float, float]] | None = None
    for degrees in range(0, 90, 2):
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        u, v = points @ (cos, sin), points @ (-sin, cos)
        # A hair of what hangs out is no corner.
        (left, right), (top, bottom) = np.quantile(u, (0.005, 0.995)), np.quantile(v, (0.005, 0.995))
        area = (right - left + _CELL) * (bottom - top + _CELL)
        if best is None or area < best[0] - 1e-6:
            best = (float(area), degrees, (float(left), float(top), float(right), float(bottom)))
    if best is None:
        return None
    area, degrees, (left, top, right, bottom) = best
    half = _CELL / 2
    left, top, right, bottom = left - half, top - half, right + half, bottom + half
    wide, high = right - left, bottom - top
    if min(wide, high) < _LEAST_SIDE or max(wide, high) > 1.7 * min(wide, high):
        return None
    if len(cells) * _CELL**2 < _LEAST_FILL * area:
        return None
    cos, sin = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))

    def back(u: float, v: float) -> tuple[float, float]:
        return (u * cos - v * sin, u * sin + v * cos)

    return area, (back(left, top), back(right, top), back(right, bottom), back(left, bottom))
