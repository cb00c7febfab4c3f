"""Attempts at one symbol of a page: at its place on a known sheet, or by its likeness to those of a small batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bss_mfg.imaging import fitting, grid
from bss_mfg.imaging.attempts import (
    AttemptTools,
    UnreadSymbol,
    decode_sampled,
    find_other_symbol,
    read_expected_symbol,
    refit,
)
from bss_mfg.imaging.budget import AttemptBudget
from bss_mfg.imaging.defects import Defects, find_defects
from bss_mfg.imaging.geometry import quad_of
from bss_mfg.imaging.grid import SampledGrid
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.warp import Warp
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Grey
    from bss_mfg.imaging.page_frame import PageFrame

MIN_AGREEMENT, MIN_LEAD = 0.72, 0.1
"""Share of modules that must agree with one of a batch's symbols, and by how much more than with the next best:
strangers agree in a half."""
_ASSUMED_MODULES = 52
"""Modules a side of a symbol that the second reader is asked for, where nobody knows."""


@dataclass(frozen=True, slots=True)
class PlaceResult:
    """What the attempts at a place gave: a read, or what is wrong with the symbol there, or neither. `other` is the
    package whose label lies there, if it is not the one expected."""

    read: Read | None = None
    defects: Defects | None = None
    other: int | None = None


def read_at_place(
    grey: Grey, package: int, frame: PageFrame, matrix_of: Callable[[int, int], Matrix], means: AttemptTools
) -> PlaceResult:
    """The strongest attempts at a package's place. `matrix_of(package, modules)` is the symbol of a package."""
    modules, quad = frame.label_file.modules, frame.quads[package]
    expected = matrix_of(package, modules)
    read, sampled = read_expected_symbol(grey, quad, expected, means)
    if sampled and not read:
        # With all modules known the grid lies better than by the first look: it is read once more.
        sampled = refit(grey, sampled, expected, means.budget)
        read = decode_sampled(sampled)
    if read or sampled:
        return PlaceResult(read, find_defects(grey, sampled, expected) if sampled else None)

    def others() -> Iterator[tuple[int, Matrix]]:
        for number in frame.label_file.packages_on(frame.page):
            if number != package:
                yield number, matrix_of(number, modules)

    if other := find_other_symbol(grey, quad, others(), means.budget):
        number, matrix, sampled = other
        return PlaceResult(None, find_defects(grey, sampled, matrix), number)
    return PlaceResult()


def best_likeness(symbol: UnreadSymbol, modules: NDArray[np.bool_]) -> tuple[SampledGrid, int | None]:
    """The one of the given symbols (n, rows, columns) whose modules agree best with one that is too damaged to say its
    name, by its index from 0; None where no one is well ahead."""
    import numpy as np

    best: tuple[float, SampledGrid, int | None] = (0.0, symbol.grids[0], None)
    for sampled in symbol.grids if len(modules) else ():
        for share in (0.0, 1.5):
            agree = (modules == grid.dark_modules(sampled.grey, share)).mean(axis=(1, 2))
            order = np.argsort(agree)[::-1]
            first = float(agree[order[0]])
            ahead = first - (float(agree[order[1]]) if len(order) > 1 else 0.5)
            if first > MIN_AGREEMENT and ahead > MIN_LEAD and first > best[0]:
                best = (first, sampled, int(order[0]))
    return best[1], best[2]


def identified_symbol(
    grey: Grey, sampled: SampledGrid, expected: Matrix, budget: AttemptBudget
) -> tuple[SampledGrid, Defects]:
    """The grid of a symbol that was identified without a sheet, fitted anew, and what is wrong with it."""
    sampled = refit(grey, sampled, expected, budget)
    return sampled, find_defects(grey, sampled, expected)


def read_with_second(grey: Grey, read: Read, expected: Matrix | None, second: SecondReader) -> bytes | None:
    """What the second reader says of a symbol that was read: by its corners, which may be a module off, else by its
    grid, fitted to what it should be. Where that is not known, it gets the picture of a usual label's size."""
    size = expected.columns if expected else _ASSUMED_MODULES
    for quad in dict.fromkeys(corners for corners in (read.quad, quad_of(read.box)) if corners):
        try:
            warp = Warp.from_quad(quad, size)
        except ValueError:  # corners in one line
            continue
        if data := second.read(grey, warp, size_is_known=expected is not None):
            return data
        if expected:
            fitted = fitting.fit_warp(grey, fitting.expected_light(expected.bits()), warp)
            if data := second.read(grey, fitted):
                return data
    return None
