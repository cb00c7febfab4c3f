"""Ever stronger attempts at one symbol that quick reading missed.

They make up for the picture: focus, light, noise, angle, curl. None mends the print: a symbol whose finder pattern has
to be drawn anew first is identified, and fails. A spoilt quiet zone alone does not make it fail: once its grid is
known, a symbol is read without what lies around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging import fitting, grid
from bss_mfg.imaging.budget import ENHANCE_COST, FIT_COST, LOOK_COST, AttemptBudget
from bss_mfg.imaging.ecc200 import symbol_geometry
from bss_mfg.imaging.fitting import Surroundings
from bss_mfg.imaging.geometry import PixelBox, Quad, box_of, quad_of
from bss_mfg.imaging.grid import SampledGrid
from bss_mfg.imaging.sampling import box_mean
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.warp import QUIET_MODULES, Warp
from bss_mfg.imaging.zxing_reader import Read, decode_drawing, read_box, read_crop
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Grey

_MIN_AGREEMENT = 0.75
"""Share of modules that have to agree before a symbol is identified: strangers agree in a half to two thirds."""
_MIN_OTHER_AGREEMENT = 0.8
"""The same of a label that is not the one expected there."""
_MIN_CORRELATION, _MIN_EXPECTED_CORRELATION = 0.3, 0.15
"""Correlation with the modules that are known below which a patch is no symbol, and not the one expected there."""
_FINE_MODULE_PX = 6.0
"""Pixels a module that are enough for what enhancing a picture brings out."""
_LEAST_SHARPNESS = 0.45
"""Of a symbol that libdmtx is asked for: from 0.6 on it reads, and what is softer costs it the longest."""


@dataclass(frozen=True, slots=True)
class UnreadSymbol:
    """What a symbol says after its fixed patterns were drawn anew (empty if its data are too damaged too), and the
    grids that it may lie on, the best first. No read: it failed as printed."""

    restored: bytes
    grids: tuple[SampledGrid, ...]


@dataclass(frozen=True, slots=True)
class AttemptTools:
    """What attempts have at hand: what they may still cost, and the second reader, if it is to be asked. `enhanced`:
    the place was read in enhanced pictures before, in vain."""

    budget: AttemptBudget
    second: SecondReader | None = None
    enhanced: bool = False


def read_expected_symbol(
    grey: Grey, quad: Quad, expected: Matrix, tools: AttemptTools
) -> tuple[Read | None, SampledGrid | None]:
    """The symbol at a place where the sheet says that `expected` should be, and its grid: None where it was read at
    once, or nothing like it is there. The grid is found even if nothing can read the symbol."""
    read = None if tools.enhanced else _read_enhanced(grey, box_of(quad), expected.columns, tools.budget)
    if read:
        return read, None
    sampled = _expected_grid(grey, quad, expected) if tools.budget.take_steps(1 + FIT_COST) else None
    read = decode_sampled(sampled) if sampled else None
    warp = sampled.warp if sampled else Warp.from_quad(quad, expected.columns)
    return read or _read_by_second(grey, warp, tools), sampled


def _expected_grid(grey: Grey, quad: Quad, expected: Matrix) -> SampledGrid | None:
    bits = expected.bits()
    light = fitting.expected_light(bits)
    warp, strength = fitting.best_shift(grey, light, Warp.from_quad(quad, expected.columns))
    if strength <= _MIN_EXPECTED_CORRELATION:
        return None
    sampled = SampledGrid.sample(grey, fitting.fit_warp(grey, light, warp))
    return sampled if sampled.agreement(bits) >= _MIN_AGREEMENT else None


def read_unknown_symbol(grey: Grey, quad: Quad, size: int, tools: AttemptTools) -> Read | UnreadSymbol | None:
    """A symbol somewhere near these corners, of `size` modules, about which nothing else is known."""
    read = _read_enhanced(grey, box_of(quad), size, tools.budget)
    if read:
        return read
    grids: list[SampledGrid] = []
    restored = None
    for sampled in _grids_by_fixed_patterns(grey, quad, size, tools.budget):
        if read := decode_sampled(sampled):
            return read
        grids.append(sampled)
        if restored := decode_with_fixed_patterns(sampled):
            grids = [sampled]
            break
    # The grid first; then all that lies there, for a bar beside a symbol pulls its corners.
    upright = Warp.from_quad(quad_of(box_of(quad)), size)
    for warp in (*(found.warp for found in grids[:1]), upright):
        if read := _read_by_second(grey, warp, tools):
            return read
    return UnreadSymbol(restored or b"", tuple(grids)) if grids else None


def read_hidden_symbol(
    grey: Grey, quad: Quad, size: int, budget: AttemptBudget, looks: AttemptBudget
) -> Read | UnreadSymbol | None:
    """The same where a larger patch was searched in vain, in enhanced pictures, too: by its grid alone, if its fixed
    patterns are whole. `looks` is what it may cost to see whether they are there at all."""
    for sampled in _grids_by_fixed_patterns(grey, quad, size, budget, looks):
        if read := decode_sampled(sampled):
            return read
        return UnreadSymbol(decode_with_fixed_patterns(sampled) or b"", (sampled,))
    return None


def _grids_by_fixed_patterns(
    grey: Grey, quad: Quad, size: int, budget: AttemptBudget, looks: AttemptBudget | None = None
) -> Iterator[SampledGrid]:
    """The grids on which a symbol may lie, by what is known of its modules, whichever corner is its first. `looks`:
    only that with all fixed patterns, and what it may cost to look for it."""
    turns: list[Surroundings] = []
    for light in _fixed_pattern_variants(size)[: 1 if looks else None]:
        if not (looks or budget).take_steps(LOOK_COST):
            return
        turns = turns or [
            Surroundings.of(grey, Warp.from_quad((*quad[i:], *quad[:i]), size), 3)  # type: ignore[arg-type]
            for i in range(4)
        ]
        warp, strength = max((turn.best_shift(light) for turn in turns), key=lambda found: found[1])
        if strength <= _MIN_CORRELATION:
            continue
        if not budget.take_steps(FIT_COST):
            return
        yield SampledGrid.sample(grey, fitting.fit_warp(grey, light, warp, fitting.COARSE_FIT_STEPS))


def refit(grey: Grey, sampled: SampledGrid, expected: Matrix, budget: AttemptBudget) -> SampledGrid:
    """The grid fitted once more, now that all its modules are known: damage pulls it less."""
    bits = expected.bits()
    light = fitting.expected_light(bits)
    best = sampled
    for start in (sampled.warp, Warp.from_quad(sampled.warp.quad(), sampled.warp.size)):
        if not budget.take_steps(1 + FIT_COST):
            break
        warp = fitting.fit_warp(grey, light, fitting.best_shift(grey, light, start, 3)[0])
        best = max(best, SampledGrid.sample(grey, warp), key=lambda found: found.agreement(bits))
    return best


def find_other_symbol(
    grey: Grey, quad: Quad, candidates: Iterable[tuple[int, Matrix]], budget: AttemptBudget
) -> tuple[int, Matrix, SampledGrid] | None:
    """Which of other labels lies at a place, too damaged for any reader: its package, matrix and grid."""
    there: Surroundings | None = None
    for package, matrix in candidates:
        bits = matrix.bits()
        light = fitting.expected_light(bits)
        if not budget.take_steps(1):
            return None
        there = there or Surroundings.of(grey, Warp.from_quad(quad, matrix.columns))
        warp, strength = there.best_shift(light)
        if strength < _MIN_CORRELATION:
            continue
        if not budget.take_steps(FIT_COST):
            return None
        sampled = SampledGrid.sample(grey, fitting.fit_warp(grey, light, warp))
        if sampled.agreement(bits) > _MIN_OTHER_AGREEMENT:
            return package, matrix, sampled
    return None


@cache
def _fixed_pattern_variants(size: int) -> tuple[NDArray[np.floating[Any]], ...]:
    """What is known of any symbol's modules, as `fitting.expected_light`: all fixed patterns; then without what a dead
    print-head element takes or a bar in the quiet zone hides (the left edge, the bottom edge, both, all four)."""
    geometry = symbol_geometry(size)
    whole = fitting.expected_light(geometry.pattern, geometry.fixed)
    edge = QUIET_MODULES + 1
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


def decode_with_fixed_patterns(sampled: SampledGrid) -> bytes | None:
    """What the symbol says if its fixed patterns are drawn anew; None if its data are too damaged too."""
    import numpy as np

    geometry = symbol_geometry(sampled.warp.size)
    for share in grid.SHARPENING_SHARES:
        dark = np.where(geometry.fixed, geometry.pattern, grid.dark_modules(sampled.grey, share))
        found = decode_drawing(grid.draw_modules(dark))
        if found:
            return found[0]
    return None


def _read_enhanced(grey: Grey, box: PixelBox, size: int, budget: AttemptBudget) -> Read | None:
    """Full search at the place of a symbol of `size` modules; then the same enlarged, sharpened, and with local
    contrast: of a finer picture with fewer pixels, for that is work that shows nothing more."""
    import numpy as np
    from PIL import Image

    if not budget.take_steps(1):
        return None
    read = read_box(grey, box, thorough=True)
    if read or not budget.take_steps(ENHANCE_COST - 1):
        return read
    margin = box[2] * 0.12 + 2
    rows, columns = grey.shape
    left, top = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
    right, bottom = min(int(box[0] + box[2] + margin) + 1, columns), min(int(box[1] + box[3] + margin) + 1, rows)
    if right - left < 16 or bottom - top < 16:
        return None
    crop = np.ascontiguousarray(grey[top:bottom, left:right])
    shrunk = max(int(box[2] / size / _FINE_MODULE_PX), 1)
    if shrunk > 1:
        crop = np.asarray(Image.fromarray(crop).reduce(shrunk))
    for how, picture, scale in _enhanced_crops(crop):
        read = read_crop(picture, left, top, scale / shrunk)
        if read:
            return replace(read, how=how)
    return None


def _enhanced_crops(crop: Grey) -> Iterator[tuple[str, Grey, float]]:
    """A crop of a page, enhanced in several ways: what was done, the picture, and how much larger it is."""
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
    near = box_mean(values, reach)
    spread = np.sqrt(np.maximum(box_mean((values - near) ** 2, reach), 25.0))
    yield "after raising local contrast", np.clip(128 + 90 * (values - near) / spread, 0, 255).astype(np.uint8), 1.0


def decode_sampled(sampled: SampledGrid) -> Read | None:
    """The modules as they are in the picture, drawn clean and read. No module is mended, but the quiet zone around the
    drawing is clean whatever the picture shows there."""
    for share in grid.SHARPENING_SHARES:
        found = decode_drawing(grid.draw_modules(grid.dark_modules(sampled.grey, share)))
        if found:
            quad = sampled.warp.quad()
            return Read(found[0], box_of(quad), found[1], found[2], quad, "by its grid")
    return None


def _read_by_second(grey: Grey, warp: Warp, tools: AttemptTools) -> Read | None:
    second = tools.second
    if second is None or not second.is_available():
        return None
    if SampledGrid.sample(grey, warp).sharpness < _LEAST_SHARPNESS or not tools.budget.take_second_read():
        return None
    data, quad = second.read(grey, warp), warp.quad()
    return Read(data, box_of(quad), "]d1", None, quad, "by the second reader") if data else None
