"""The letters of the SAMPLE mark, each for itself, by halves: one of them, or a strip out of two, is too little of a
mark to change its likeness."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_PIECES = 2 * len("SAMPLE")
"""Letters are about equally wide, and a strip that is as wide as one covers half of one."""
_FEWEST_INK = 0.3
"""Share of the usual piece's ink below which a piece is not looked at: little of a letter is in it."""
_EDGE = 2
"""Pixels at a mark's edges in which its ground may end."""
_DARK = 0.5
_GONE = 0.4
"""Share of the contrast of the clearest piece below which one is not there: those that are have 0.65 and more, however
pale or blurred all are, and what is filled has 0.2 and less."""
_CLEAR = 0.5
"""Share of the mark's own contrast that the clearest piece must have for anything to be said."""
_BESIDE = 2
"""Pixels that a piece may lie beside its place: a slanted picture is not the same everywhere."""


@dataclass(frozen=True, slots=True, eq=False)
class MarkLetters:
    """Where the pieces of a mark's letters are, and how they look, less their mean: ink from 0 to 1; and the squared
    lengths of these."""

    windows: tuple[tuple[slice, slice], ...]
    shapes: tuple[Floats, ...]
    squares: tuple[float, ...]

    @classmethod
    def of(cls, ink: Floats, seen: Floats) -> MarkLetters | None:
        """The pieces of a mark as it is drawn (`ink`), and as a lens shows it; None where there are none."""
        import numpy as np

        light = ink < _DARK
        light[:_EDGE] = light[-_EDGE:] = False
        light[:, :_EDGE] = light[:, -_EDGE:] = False
        rows, columns = np.flatnonzero(light.any(axis=1)), np.flatnonzero(light.any(axis=0))
        if not len(rows):
            return None
        high, wide = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
        if wide.stop - wide.start >= high.stop - high.start:
            windows = tuple((high, part) for part in _parts(wide))
        else:
            windows = tuple((part, wide) for part in _parts(high))
        shapes = [seen[window] - seen[window].mean() for window in windows]
        lengths = [float((shape**2).sum()) for shape in shapes]
        least = _FEWEST_INK * sum(lengths) / len(lengths)
        used = [at for at, length in enumerate(lengths) if length >= least]
        return cls(
            tuple(windows[at] for at in used), tuple(shapes[at] for at in used), tuple(lengths[at] for at in used)
        )

    def all_there(self, seen: Floats, gain: float) -> bool:
        """Whether none is missing in a mark as it was seen, of which `gain` is the contrast."""
        import numpy as np

        places = list(zip(self.windows, self.shapes, self.squares, strict=True))
        gains = [float(np.vdot(seen[window], shape)) / square / gain for window, shape, square in places]
        limit = _GONE * max(gains)
        if max(gains) < _CLEAR or min(gains) >= limit:
            return True
        return all(
            one >= limit or max(_gains(seen, *place)) / gain >= limit for one, place in zip(gains, places, strict=True)
        )


def _parts(whole: slice) -> list[slice]:
    length = whole.stop - whole.start
    edges = [whole.start + round(length * part / _PIECES) for part in range(_PIECES + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _gains(seen: Floats, window: tuple[slice, slice], shape: Floats, square: float) -> list[float]:
    """The contrast of a piece in its place, and a little beside it."""
    rows, columns = window
    beside = range(-_BESIDE, _BESIDE + 1)
    return [
        float((seen[rows.start + down : rows.stop + down, columns.start + along : columns.stop + along] * shape).sum())
        / square
        for down in beside
        for along in beside
    ]
