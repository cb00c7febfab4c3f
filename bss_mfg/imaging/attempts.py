"""Ever stronger attempts at one symbol that quick reading missed.

They make up for the picture: focus, light, noise, angle, curl. None makes up for the print: where the finder or the
quiet zone has to be mended first, the symbol is identified, and fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging import grid
from bss_mfg.imaging.ecc200 import layout
from bss_mfg.imaging.frame import Box, box_of
from bss_mfg.imaging.grid import Quad, Warp
from bss_mfg.imaging.reader import Read, read_box, read_clean, read_picture
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.sources import Grey

_SHARPER = (0.0, 0.7, 1.5, 3.0)
"""Shares of a neighbour's blur that are taken off the modules."""
_ALIKE = 0.75
"""Share of modules that have to agree before a symbol is identified: strangers agree in a half to two thirds."""
_WRONG_TURN = 0.3
"""Correlation with the fixed patterns below which a patch is no symbol."""


@dataclass(frozen=True, slots=True)
class Marks:
    """A symbol whose grid was found in the picture: `grey` is the mean of each module (rows, columns), 0 to 255."""

    warp: Warp
    grey: NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Mended:
    """What a symbol says after its fixed patterns were drawn anew (empty if its data are too damaged too), and the
    grids that it may lie on, the best first. No read: it failed as printed."""

    octets: bytes
    grids: tuple[Marks, ...]


def read_known(grey: Grey, quad: Quad, right: Matrix, second: SecondReader | None) -> tuple[Read | None, Marks | None]:
    """The symbol at a place where the sheet says that `right` should be, and its grid; the grid is found even if
    nothing can read it, None where nothing like it is there."""
    read = _enhanced(grey, box_of(quad))
    if read:
        return read, None
    bits = right.bits()
    light = grid.light_of(bits)
    warp, strength = grid.shifted(grey, light, Warp.from_quad(quad, right.columns))
    marks: Marks | None = None
    if strength > 0.15:
        warp = grid.fitted(grey, light, warp)
        marks = Marks(warp, grid.modules_of(grey, warp))
        if agreement(marks, bits) < _ALIKE:
            marks = None
    if marks:
        read = _as_seen(marks)
    if read is None and second:
        read = _by_second(grey, marks.warp.quad() if marks else quad, second)
    return read, marks


def read_blind(grey: Grey, quad: Quad, size: int, second: SecondReader | None) -> Read | Mended | None:
    """A symbol somewhere near these corners, of `size` modules, about which nothing else is known."""
    read = _enhanced(grey, box_of(quad))
    if read:
        return read
    turns = [Warp.from_quad((quad[i % 4], quad[(i + 1) % 4], quad[(i + 2) % 4], quad[(i + 3) % 4]), size)
             for i in range(4)]  # fmt: skip
    grids: list[Marks] = []
    octets = None
    for light in _finders(size):
        warp, strength = max((grid.shifted(grey, light, turn, 3) for turn in turns), key=lambda found: found[1])
        if strength <= _WRONG_TURN:
            continue
        warp = grid.fitted(grey, light, warp, grid.BLIND_STEPS)
        marks = Marks(warp, grid.modules_of(grey, warp))
        if read := _as_seen(marks):
            return read
        grids.append(marks)
        if octets := mended(marks):
            grids = [marks]
            break
    if second and (read := _by_second(grey, grids[0].warp.quad() if grids else quad, second)):
        return read
    return Mended(octets or b"", tuple(grids)) if grids else None


def refined(grey: Grey, marks: Marks, right: Matrix) -> Marks:
    """The grid fitted once more, now that all its modules are known: damage pulls it less."""
    bits = right.bits()
    light = grid.light_of(bits)
    best = marks
    for start in (marks.warp, Warp.from_quad(marks.warp.quad(), marks.warp.size)):
        warp = grid.fitted(grey, light, grid.shifted(grey, light, start, 3)[0])
        found = Marks(warp, grid.modules_of(grey, warp))
        best = max(best, found, key=lambda marks: agreement(marks, bits))
    return best


@cache
def _finders(size: int) -> tuple[NDArray[np.floating[Any]], ...]:
    """What is known of any symbol's modules, as `grid.light_of`: all fixed patterns; then without what a dead
    print-head element takes or a bar in the quiet zone hides (the left edge, the bottom edge, both, all four)."""
    place = layout(size)
    whole = grid.light_of(place.pattern, place.fixed)
    edge = grid.QUIET + 1
    variants = []
    for sides in ("", "left", "bottom", "left bottom", "left bottom right top"):
        light = whole.copy()
        for side in sides.split():
            lines = light if side in ("top", "bottom") else light.T
            lines[:edge] = 0.5 if side in ("top", "left") else lines[:edge]
            lines[-edge:] = 0.5 if side in ("bottom", "right") else lines[-edge:]
        light.flags.writeable = False
        variants.append(light)
    return tuple(variants)


def agreement(marks: Marks, bits: NDArray[np.bool_]) -> float:
    """Share of modules that look as they should."""
    return max(float((grid.split(marks.grey, share) == bits).mean()) for share in _SHARPER[:3])


def mended(marks: Marks) -> bytes | None:
    """What the symbol says if its fixed patterns are drawn anew; None if its data are too damaged too."""
    import numpy as np

    place = layout(marks.warp.size)
    for share in _SHARPER:
        dark = np.where(place.fixed, place.pattern, grid.split(marks.grey, share))
        found = read_clean(grid.drawn(dark))
        if found:
            return found[0]
    return None


def _enhanced(grey: Grey, box: Box) -> Read | None:
    """Full search at the place; then the same enlarged, sharpened, and with local contrast."""
    read = read_box(grey, box, thorough=True)
    if read:
        return read
    margin = box[2] * 0.12 + 2
    rows, columns = grey.shape
    left, top = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
    right, bottom = min(int(box[0] + box[2] + margin) + 1, columns), min(int(box[1] + box[3] + margin) + 1, rows)
    if right - left < 16 or bottom - top < 16:
        return None
    for how, picture, scale in _variants(grey[top:bottom, left:right]):
        read = read_picture(picture, left, top, scale)
        if read:
            return replace(read, how=how)
    return None


def _variants(crop: Grey) -> Iterator[tuple[str, Grey, float]]:
    """A piece of a page in other lights: what was done, the picture, and how much larger it is."""
    import numpy as np
    from PIL import Image, ImageFilter

    image = Image.fromarray(np.ascontiguousarray(crop))
    scale = 2.0 if max(crop.shape) < 1200 else 1.0
    large = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    yield "after enlarging it", np.asarray(large), scale
    for radius in (3, 6):
        yield "after sharpening", np.asarray(large.filter(ImageFilter.UnsharpMask(radius, 300, 0))), scale
    yield "after removing noise", np.asarray(image.filter(ImageFilter.MedianFilter(3))), 1.0
    values = crop.astype(np.float64)
    reach = max(min(crop.shape) // 12, 4)
    near = grid.box_mean(values, reach)
    spread = np.sqrt(np.maximum(grid.box_mean((values - near) ** 2, reach), 25.0))
    yield "after raising local contrast", np.clip(128 + 90 * (values - near) / spread, 0, 255).astype(np.uint8), 1.0


def _as_seen(marks: Marks) -> Read | None:
    """The modules as they are in the picture, drawn clean and read: nothing is mended."""
    for share in _SHARPER:
        found = read_clean(grid.drawn(grid.split(marks.grey, share)))
        if found:
            quad = marks.warp.quad()
            return Read(found[0], box_of(quad), found[1], found[2], quad, "by its grid")
    return None


def _by_second(grey: Grey, quad: Quad, second: SecondReader) -> Read | None:
    if not second.usable():
        return None
    box = box_of(quad)
    octets = second.read(grey, box)
    return Read(octets, box, "]d1", None, quad, "by the second reader") if octets else None
