"""Bytes to a matrix of modules: the package's Data Matrix ECC 200 through zint. Other symbols: `barcodes`.

A matrix knows nothing of dots, millimetres or files; whoever draws needs only the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bss_mfg.core.bits import REVERSED_BITS
from bss_mfg.errors import InputError, MissingError
from bss_mfg.installation import how_to_repair

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SQUARE_SIZES = (10, 12, 14, 16, 18, 20, 22, 24, 26, 32, 36, 40, 44, 48, 52, 64, 72, 80, 88, 96, 104, 120, 132, 144)
"""Modules on a side of the 24 square ECC 200 symbols (ISO/IEC 16022, table 7)."""

DATA_CODEWORDS = (
    3,
    5,
    8,
    12,
    18,
    22,
    30,
    36,
    44,
    62,
    86,
    114,
    144,
    174,
    204,
    280,
    368,
    456,
    576,
    696,
    816,
    1050,
    1304,
    1558,
)
"""Data codewords of each of `SQUARE_SIZES`."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix of modules without quiet zone; bars are a matrix of one row.

    `packed` holds the rows from top to bottom, each in whole bytes, the leftmost module in the highest bit, 1 = dark,
    spare bits 0.
    """

    columns: int
    rows: int
    packed: bytes

    @property
    def size(self) -> int:
        """Modules across."""
        return self.columns

    @property
    def stride(self) -> int:
        """Bytes per row."""
        return (self.columns + 7) // 8

    def dark(self, row: int, column: int) -> bool:
        """Whether the module is dark; row and column count from 0 at the top left."""
        return bool(self.packed[row * self.stride + column // 8] >> (7 - column % 8) & 1)

    def bits(self) -> NDArray[np.bool_]:
        """The modules as rows x columns, True = dark."""
        import numpy

        rows = numpy.frombuffer(self.packed, numpy.uint8).reshape(self.rows, self.stride)
        return numpy.unpackbits(rows, axis=1, count=self.columns).view(bool)

    def dark_runs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Horizontal runs of dark modules: (where each starts, row * (columns + 1) + column; how long each is)."""
        import numpy

        # A light module after each row keeps its last run from joining the next row's first.
        edges = numpy.zeros((self.rows, self.columns + 2), bool)
        edges[:, 1:-1] = self.bits()
        changes = numpy.flatnonzero(edges[:, 1:] != edges[:, :-1])  # begins and ends in turn
        return changes[::2], changes[1::2] - changes[::2]

    def turned(self, degrees: int) -> Matrix:
        """The matrix after 0, 90, 180 or 270 degrees clockwise."""
        matrix = self
        for _ in range(degrees // 90 % 4):
            lines = [
                "".join("01"[matrix.dark(row, column)] for row in reversed(range(matrix.rows)))
                for column in range(matrix.columns)
            ]
            matrix = matrix_from_drawing(lines)
        return matrix

    def __str__(self) -> str:
        """A drawing in 0 and 1, one line a row."""
        return "\n".join("".join("01"[self.dark(r, c)] for c in range(self.columns)) for r in range(self.rows))


def matrix_from_drawing(lines: list[str]) -> Matrix:
    """A matrix from its drawing in 0 and 1."""
    stride = (len(lines[0]) + 7) // 8
    packed = b"".join(int(line.ljust(stride * 8, "0"), 2).to_bytes(stride, "big") for line in lines)
    return Matrix(len(lines[0]), len(lines), packed)


def load_zint() -> Any:
    """The library that makes the symbols; `MissingError` without it."""
    try:
        import zint
    except ImportError as error:
        raise MissingError(
            "zint-bindings, which makes the symbols, can't be loaded",
            way_out=how_to_repair("zint-bindings"),
        ) from error
    return zint


def modules_of(symbol: Any, rows: int) -> Matrix:
    """What zint has encoded, its first so many rows."""
    import numpy

    # The view dangles once the Symbol is freed, so the bytes are copied here. zint packs the lowest bit first.
    width = symbol.width
    all_rows = numpy.asarray(symbol.encoded_data)
    data = all_rows[:rows, : (width + 7) // 8].tobytes()
    return Matrix(width, rows, data.translate(REVERSED_BITS))


def data_matrix(payload: bytes, size: int = 0) -> Matrix:
    """The Data Matrix ECC 200 symbol of `payload`: the smallest square one, or exactly `size` modules a side.

    A batch prints all its labels in one size, so the size comes from the plan. `InputError` where the payload does
    not fit.
    """
    zint = load_zint()
    # At a planned size quick encoding will do where it fits; minimal encoding packs best and takes three times as long.
    for quick in (True, False) if size else (False,):
        symbol = zint.Symbol()
        symbol.symbology = zint.Symbology.DATAMATRIX
        symbol.option_3 = zint.DataMatrixOptions.SQUARE
        if quick:
            symbol.input_mode = zint.InputMode.FAST
        if size:
            symbol.option_2 = SQUARE_SIZES.index(size) + 1
        try:
            symbol.encode(payload)
            break
        except RuntimeError:
            continue
    else:
        limit = f"{size}x{size}" if size else "144x144"
        raise InputError(
            f"a payload of {len(payload)} bytes does not fit a Data Matrix of {limit} modules",
            way_out="Put fewer units in a package, or shorten the spec's fields.",
        )
    return modules_of(symbol, symbol.width)
