"""Decodability of bars: how much of their reference decoder's tolerance is left (ISO/IEC 15416, 5.4.9)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats


class BarKind(StrEnum):
    """Symbologies whose bars are graded."""

    CODE_128 = "Code 128"
    EAN_13 = "EAN-13"
    UPC_A = "UPC-A"
    EAN_8 = "EAN-8"
    ITF = "ITF"

    @property
    def quiet_zones(self) -> tuple[float, float]:
        """Modules that are to be light before the bars and after them (ISO/IEC 15417, 15420, 16390)."""
        return {"EAN-13": (11.0, 7.0), "UPC-A": (9.0, 9.0), "EAN-8": (7.0, 7.0)}.get(self.value, (10.0, 10.0))


_BAR_SUM_TOLERANCE = 1.75
"""Modules by which the bars of a Code 128 character may be off together."""


def decodability(kind: BarKind, expected: Sequence[int], widths: Floats) -> float:
    """The decodability, 0 to 1, of the worst character; 0 where a character would be read as another."""
    if kind is BarKind.CODE_128:
        # The stop character's last bar is not part of it.
        parts = [_similar_edges(expected[at : at + 6], widths[at : at + 6]) for at in range(0, len(expected) - 1, 6)]
    elif kind is BarKind.ITF:
        parts = [_two_widths(expected[at : at + 10], widths[at : at + 10]) for at in range(4, len(expected) - 3, 10)]
    else:
        digits = 4 if kind is BarKind.EAN_8 else 6
        starts = [3 + 4 * index for index in range(digits)] + [
            3 + 4 * digits + 5 + 4 * index for index in range(digits)
        ]
        parts = [
            _retail_digit(expected[at : at + 4], widths[at : at + 4], bars_first=index >= digits)
            for index, at in enumerate(starts)
        ]
    return min(max(min(parts, default=0.0), 0.0), 1.0)


def _similar_edges(expected: Sequence[int], widths: Floats) -> float:
    """Of a Code 128 character: its four distances between similar edges, and the sum of its bars (ISO/IEC 15417)."""
    module = float(widths.sum()) / 11
    edges = min(_edge_share(expected, widths, at, module) for at in range(4))
    bars = abs(float(widths[::2].sum()) / module - sum(expected[::2]))
    return min(edges, (_BAR_SUM_TOLERANCE - bars) / _BAR_SUM_TOLERANCE)


def _edge_share(expected: Sequence[int], widths: Floats, at: int, module: float) -> float:
    """What is left of half a module, for two neighbours' width together."""
    off = abs(float(widths[at] + widths[at + 1]) / module - (expected[at] + expected[at + 1]))
    return (0.5 - off) / 0.5


def _retail_digit(expected: Sequence[int], widths: Floats, bars_first: bool) -> float:
    """Of a digit of an EAN or UPC (ISO/IEC 15420): two distances between similar edges, and the bars of those digits
    that these do not tell apart."""
    module = float(widths.sum()) / 7
    first = 0 if bars_first else 1
    found = min(_edge_share(expected, widths, at, module) for at in range(2))
    if tuple(expected) in _AMBIGUOUS_DIGITS:
        # 1 and 2 have 3 modules of bars in set A and 4 in the others, 7 and 8 have 5 and 2.
        dark, seen = sum(expected[first::2]), float(widths[first::2].sum()) / module
        limit = 4 if dark in (3, 5) else 3
        found = min(found, seen - limit if dark > limit else limit - seen)
    return found


_AMBIGUOUS_DIGITS = frozenset(
    digit for widths in ((2, 2, 2, 1), (2, 1, 2, 2), (1, 3, 1, 2), (1, 2, 1, 3)) for digit in (widths, widths[::-1])
)
"""Widths of the digits 1, 2, 7 and 8, of all sets."""


def _two_widths(expected: Sequence[int], widths: Floats) -> float:
    """Of a pair of ITF digits: how far each element is from the threshold between narrow and wide (ISO/IEC 16390)."""
    import numpy as np

    wide = np.array(expected) > 1
    if not wide.any() or wide.all():
        return 0.0
    limit = 7 * float(widths.sum()) / 64
    half = (float(widths[wide].mean()) - float(widths[~wide].mean())) / 2
    if half <= 0:
        return 0.0
    room = np.where(wide, widths - limit, limit - widths)
    return float(room.min()) / half
