"""Where each bit of a square ECC 200 symbol lies: its codeword, its Reed-Solomon block, and the fixed patterns.

Modules count from 0 at the top left of the upright symbol: the solid L at the left and at the bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bss_mfg.symbol import DATA_CODEWORDS, SQUARE_SIZES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ERROR_CODEWORDS = (
    5,
    7,
    10,
    12,
    14,
    18,
    20,
    24,
    28,
    36,
    42,
    48,
    56,
    68,
    84,
    112,
    144,
    192,
    224,
    272,
    336,
    408,
    496,
    620,
)
"""Error correction codewords of each of `SQUARE_SIZES`, all blocks together (ISO/IEC 16022, table 7)."""

BLOCKS = (1,) * 14 + (2, 2, 4, 4, 4, 4, 6, 6, 8, 10)
"""Reed-Solomon blocks of each of `SQUARE_SIZES`."""


@dataclass(frozen=True, slots=True, eq=False)
class SymbolGeometry:
    """The geometry of one size (ISO/IEC 16022, annex F). Arrays are shared and read-only.

    `codeword` is the index of each module's codeword in the order of placement, -1 where there is none: in the fixed
    patterns and in the two by two corner that some sizes leave over. `bit` is the module's bit of it, 7 the highest.
    `modules` is the inverse: for each codeword its eight modules as row * size + column, the highest bit first.
    `block` is the Reed-Solomon block of each codeword; within a block the order of placement is kept, data before
    error correction. `data` and `error` are the codewords of each block. `fixed` marks the solid L, the clock tracks
    and the alignment patterns between regions; `pattern` says which of those are dark.
    """

    size: int
    regions: int
    codeword: NDArray[np.int32]
    bit: NDArray[np.int8]
    modules: NDArray[np.intp]
    block: NDArray[np.intp]
    data: tuple[int, ...]
    error: tuple[int, ...]
    fixed: NDArray[np.bool_]
    pattern: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The lines whose damage is graded (ISO/IEC 16022, annex M, with corrigendum 1), as lists of modules.

    Line k has the modules `module[line == k]`, as row * (size + 2) + column of the symbol with its quiet zone of one
    module, `length[k]` of them, and belongs to segment `segment[k]`: 0 L1, 1 L2, 2 and 3 the quiet zones along them,
    4 the clock tracks and the solid lines or quiet zone beyond them. `dark` is how each module should be. In symbols
    of several regions L1 and L2 are graded whole and by region, the clock tracks by region.
    """

    module: NDArray[np.intp]
    line: NDArray[np.intp]
    dark: NDArray[np.bool_]
    length: NDArray[np.intp]
    segment: NDArray[np.intp]


_UTAH = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))


def _place_codewords(side: int) -> list[list[int]]:
    """Eight times the codeword plus the bit counted from the highest, for each module of the joined data regions.

    This is the program of ISO/IEC 16022, annex F, in its order.
    """
    where = [[-1] * side for _ in range(side)]

    def free(row: int, column: int) -> bool:
        return 0 <= row < side and 0 <= column < side and where[row][column] < 0

    def module(row: int, column: int, code: int) -> None:
        if row < 0:
            row, column = row + side, column + 4 - (side + 4) % 8
        if column < 0:
            row, column = row + 4 - (side + 4) % 8, column + side
        where[row][column] = code

    def shape(cells: tuple[tuple[int, int], ...], codeword: int) -> None:
        for bit, (row, column) in enumerate(cells):
            module(row, column, codeword * 8 + bit)

    end = side - 1
    corner_1 = ((end, 0), (end, 1), (end, 2), (0, end - 1), (0, end), (1, end), (2, end), (3, end))
    corner_2 = ((end - 2, 0), (end - 1, 0), (end, 0), (0, end - 3), (0, end - 2), (0, end - 1), (0, end), (1, end))
    codeword, row, column = 0, 4, 0
    # The corners of the third and fourth kind arise in rectangular symbols only.
    while row < side or column < side:
        if (row, column) == (side, 0):
            shape(corner_1, codeword)
            codeword += 1
        if (row, column) == (side - 2, 0) and side % 4:
            shape(corner_2, codeword)
            codeword += 1
        while row >= 0 and column < side:  # up and to the right
            if free(row, column):
                shape(tuple((row + down, column + right) for down, right in _UTAH), codeword)
                codeword += 1
            row, column = row - 2, column + 2
        row, column = row + 1, column + 3
        while row < side and column >= 0:  # down and to the left
            if free(row, column):
                shape(tuple((row + down, column + right) for down, right in _UTAH), codeword)
                codeword += 1
            row, column = row + 2, column - 2
        row, column = row + 3, column + 1
    return where


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


@lru_cache(maxsize=len(SQUARE_SIZES))
def symbol_geometry(size: int) -> SymbolGeometry:
    """The layout of a square symbol of `size` modules a side; `ValueError` where ECC 200 has no such size."""
    import numpy as np

    number = SQUARE_SIZES.index(size)
    regions = 1 if size < 32 else 2 if size < 64 else 4 if size < 120 else 6
    region_side = size // regions
    inner = np.array([index for index in range(size) if 0 < index % region_side < region_side - 1])
    placed = np.array(_place_codewords(len(inner)), np.int32)

    along = np.arange(size) % region_side
    row, column = along[:, None], along[None, :]
    edge = (row == 0) | (row == region_side - 1) | (column == 0) | (column == region_side - 1)
    pattern = (column == 0) | (row == region_side - 1) | ((row == 0) & (column % 2 == 0))
    pattern |= (column == region_side - 1) & (row % 2 == 1)

    codeword = np.full((size, size), -1, np.int32)
    codeword[np.ix_(inner, inner)] = np.where(placed < 0, -1, placed // 8)
    bit = np.zeros((size, size), np.int8)
    bit[np.ix_(inner, inner)] = np.where(placed < 0, 0, 7 - placed % 8)

    total = DATA_CODEWORDS[number] + ERROR_CODEWORDS[number]
    at = np.nonzero(codeword >= 0)
    modules = np.zeros((total, 8), np.intp)
    modules[codeword[at], 7 - bit[at]] = at[0] * size + at[1]

    # Data and error correction go round the blocks in one unbroken turn: that is so in 144x144 too, whose data
    # leave two blocks one codeword short, in every printer and reader in use.
    blocks = BLOCKS[number]
    block = np.arange(total) % blocks
    return SymbolGeometry(
        size=size,
        regions=regions,
        codeword=_read_only(codeword),
        bit=_read_only(bit),
        modules=_read_only(modules),
        block=_read_only(block),
        data=tuple(len(range(index, DATA_CODEWORDS[number], blocks)) for index in range(blocks)),
        error=(ERROR_CODEWORDS[number] // blocks,) * blocks,
        fixed=_read_only(edge),
        pattern=_read_only(pattern & edge),
    )


@lru_cache(maxsize=len(SQUARE_SIZES))
def segments(size: int) -> Segments:
    """The lines of fixed pattern and quiet zone whose damage is graded."""
    import numpy as np

    regions = symbol_geometry(size).regions
    side, wide = size // regions, size + 2
    region_spans = [range(1 + index * side, 1 + (index + 1) * side) for index in range(regions)]
    lines: list[tuple[int, list[int]]] = []
    for span, around in ((range(1, size + 1), range(wide)), *((part, part) for part in region_spans if regions > 1)):
        lines += [
            (0, [row * wide + 1 for row in span]),
            (1, [size * wide + column for column in span]),
            (2, [row * wide for row in around]),
            (3, [(size + 1) * wide + column for column in around]),
        ]
    for along in region_spans:
        for across in region_spans:
            # The clock track at the top of each region and the line above it; at its right and the line beyond.
            lines += [(4, [row * wide + column for column in along]) for row in (across[0], across[0] - 1)]
            lines += [(4, [row * wide + column for row in along]) for column in (across[-1], across[-1] + 1)]
    dark = np.zeros((wide, wide), bool)
    dark[1:-1, 1:-1] = symbol_geometry(size).pattern
    length = np.array([len(line) for _, line in lines])
    module = np.concatenate([np.array(line) for _, line in lines])
    return Segments(
        module=_read_only(module),
        line=_read_only(np.repeat(np.arange(len(lines)), length)),
        dark=_read_only(dark.reshape(-1)[module]),
        length=_read_only(length),
        segment=_read_only(np.array([segment for segment, _ in lines])),
    )
