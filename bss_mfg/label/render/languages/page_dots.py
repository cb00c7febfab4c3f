"""A page as a printer's language takes it: dots in bytes, first dot in the highest bit, cut into bands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Dots = NDArray[np.bool_]
"""Rows of dots, True where it is black."""


@dataclass(frozen=True, slots=True)
class Band:
    """A part of a page: its place in dots, its width in bytes and height in dots, and its dots, 1 for black."""

    x: int
    y: int
    width_bytes: int
    height: int
    data: bytes

    @property
    def inverted(self) -> bytes:
        """The dots with 0 for black; what fills up the last byte of a row is white."""
        return (~np.frombuffer(self.data, np.uint8)).tobytes()


def bands_of(dots: Dots, max_bytes: int = 16_384, max_width_bytes: int = 8_192, step: int = 1) -> Iterator[Band]:
    """What of a page is not white, in bands from top to bottom, each of at most `max_bytes` bytes (but of `step` rows
    at least) and `max_width_bytes` bytes across. Heights are whole multiples of `step`; no band without a black dot."""
    packed = np.packbits(dots, axis=1)
    columns = np.flatnonzero(packed.any(axis=0))
    if not columns.size:
        return
    for left in range(int(columns[0]), int(columns[-1]) + 1, max_width_bytes):
        part = packed[:, left : min(left + max_width_bytes, int(columns[-1]) + 1)]
        width = part.shape[1]
        rows = np.flatnonzero(part.any(axis=1))
        height = max(max_bytes // width // step, 1) * step
        while rows.size:
            top = int(rows[0])
            band = part[top : top + height]
            filled = rows[rows < top + height]
            band = band[: -(-(int(filled[-1]) - top + 1) // step) * step]
            if len(band) % step:  # at the page's end
                band = np.pad(band, ((0, step - len(band) % step), (0, 0)))
            yield Band(left * 8, top, width, len(band), np.ascontiguousarray(band).tobytes())
            rows = rows[filled.size :]
