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
from bss_mfg.imaging.ecc200 import symbol_geometry
from bss_mfg.imaging.grid import Quad, Warp
from bss_mfg.imaging.page_frame import PixelBox, box_of
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.zxing_reader import Read, decode_drawn, read_box, read_crop
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.sources import Grey

_SHARPENING_SHARES = (0.0, 0.7, 1.5, 3.0)
"""Shares of a neighbour's blur that are taken off the modules."""
_MIN_AGREEMENT = 0.75
"""Share of modules that have to agree before a symbol is identified: strangers agree in a half to two thirds."""
_MIN_CORRELATION = 0.3
"""Correlation with the fixed patterns below which a patch is no symbol."""


@dataclass(frozen=True, slots=True)
class SampledGrid:
    """A symbol whose grid was found in the picture: `grey` is the mean of each module (rows, columns), 0 to 255."""

    warp: Warp
    grey: NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class UnreadSymbol:
    """What a symbol says after its fixed patterns were drawn anew (empty if its data are too damaged too), and the
    grids that it may lie on, the best first. No read: it failed as printed."""

    restored: bytes
    grids: tuple[SampledGrid, ...]


def read_expected_symbol(
    grey: Grey, quad: Quad, expected: Matrix, second: SecondReader | None
) -> tuple[Read | None, SampledGrid | None]:
    """The symbol at a place where the sheet says that `right` should be, and its grid; the grid is found even if
    nothing can read it, None where nothing like it is there."""
    read = _read_enhanced(grey, box_of(quad))
    if read:
        return read, None
    bits = expected.bits()
    light = grid.expected_light(bits)
    warp, strength = grid.best_shift(grey, light, Warp.from_quad(quad, expected.columns))
    sampled: SampledGrid | None = None
    if strength > 0.15:
        warp = grid.fit_warp(grey, light, warp)
        sampled = SampledGrid(warp, grid.sample_modules(grey, warp))
        if agreement(sampled, bits) < _MIN_AGREEMENT:
            sampled = None
    if sampled:
        read = _decode_sampled(sampled)
    if read is None and second:
        read = _read_by_second(grey, sampled.warp.quad() if sampled else quad, second)
    return read, sampled


def read_unknown_symbol(grey: Grey, quad: Quad, size: int, second: SecondReader | None) -> Read | UnreadSymbol | None:
    """A symbol somewhere near these corners, of `size` modules, about which nothing else is known."""
    read = _read_enhanced(grey, box_of(quad))
    if read:
        return read
    turns = [
        Warp.from_quad((quad[i % 4], quad[(i + 1) % 4], quad[(i + 2) % 4], quad[(i + 3) % 4]), size) for i in range(4)
    ]
    grids: list[SampledGrid] = []
    restored = None
    for light in _fixed_pattern_variants(size):
        warp, strength = max((grid.best_shift(grey, light, turn, 3) for turn in turns), key=lambda found: found[1])
        if strength <= _MIN_CORRELATION:
            continue
        warp = grid.fit_warp(grey, light, warp, grid.COARSE_FIT_STEPS)
        sampled = SampledGrid(warp, grid.sample_modules(grey, warp))
        if read := _decode_sampled(sampled):
            return read
        grids.append(sampled)
        if restored := decode_restored(sampled):
            grids = [sampled]
            break
    if second and (read := _read_by_second(grey, grids[0].warp.quad() if grids else quad, second)):
        return read
    return UnreadSymbol(restored or b"", tuple(grids)) if grids else None


def refit(grey: Grey, sampled: SampledGrid, expected: Matrix) -> SampledGrid:
    """The grid fitted once more, now that all its modules are known: damage pulls it less."""
    bits = expected.bits()
    light = grid.expected_light(bits)
    best = sampled
    for start in (sampled.warp, Warp.from_quad(sampled.warp.quad(), sampled.warp.size)):
        warp = grid.fit_warp(grey, light, grid.best_shift(grey, light, start, 3)[0])
        found = SampledGrid(warp, grid.sample_modules(grey, warp))
        best = max(best, found, key=lambda marks: agreement(marks, bits))
    return best


@cache
def _fixed_pattern_variants(size: int) -> tuple[NDArray[np.floating[Any]], ...]:
    """What is known of any symbol's modules, as `grid.light_of`: all fixed patterns; then without what a dead
    print-head element takes or a bar in the quiet zone hides (the left edge, the bottom edge, both, all four)."""
    geometry = symbol_geometry(size)
    whole = grid.expected_light(geometry.pattern, geometry.fixed)
    edge = grid.QUIET_MODULES + 1
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


def agreement(sampled: SampledGrid, bits: NDArray[np.bool_]) -> float:
    """Share of modules that look as they should."""
    return max(float((grid.dark_modules(sampled.grey, share) == bits).mean()) for share in _SHARPENING_SHARES[:3])


def decode_restored(sampled: SampledGrid) -> bytes | None:
    """What the symbol says if its fixed patterns are drawn anew; None if its data are too damaged too."""
    import numpy as np

    geometry = symbol_geometry(sampled.warp.size)
    for share in _SHARPENING_SHARES:
        dark = np.where(geometry.fixed, geometry.pattern, grid.dark_modules(sampled.grey, share))
        found = decode_drawn(grid.draw_modules(dark))
        if found:
            return found[0]
    return None


def _read_enhanced(grey: Grey, box: PixelBox) -> Read | None:
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
    for how, picture, scale in _enhanced_crops(grey[top:bottom, left:right]):
        read = read_crop(picture, left, top, scale)
        if read:
            return replace(read, how=how)
    return None


def _enhanced_crops(crop: Grey) -> Iterator[tuple[str, Grey, float]]:
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


def _decode_sampled(sampled: SampledGrid) -> Read | None:
    """The modules as they are in the picture, drawn clean and read: nothing is mended."""
    for share in _SHARPENING_SHARES:
        found = decode_drawn(grid.draw_modules(grid.dark_modules(sampled.grey, share)))
        if found:
            quad = sampled.warp.quad()
            return Read(found[0], box_of(quad), found[1], found[2], quad, "by its grid")
    return None


def _read_by_second(grey: Grey, quad: Quad, second: SecondReader) -> Read | None:
    if not second.is_available():
        return None
    box = box_of(quad)
    data = second.read(grey, box)
    return Read(data, box, "]d1", None, quad, "by the second reader") if data else None
