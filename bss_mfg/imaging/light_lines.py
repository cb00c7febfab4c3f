"""Light lines through the dark modules of a symbol: where a print-head element prints nothing any more.

An element is a dot wide, and a module has several: such a line costs no module at first, and is seen before it costs a
read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bss_mfg.imaging.sampling import sample_bilinear

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey
    from bss_mfg.imaging.warp import Warp

_PER_MODULE = 8
"""Places in a module that are looked at."""
_LEAST_ROWS = 6
"""Dark modules, at least, that a line has to cross."""
_LIGHT = 0.3
"""Share of the way from dark to light beyond which a place is lighter than ink; a dot that is missing between two of a
blurred picture is not white."""
_ROWS = 0.8
"""Share of those modules that have to be so light."""


def light_lines(grey: Grey, warp: Warp, dark: NDArray[np.bool_]) -> list[float]:
    """Where light lines cross the symbol from top to bottom, in modules from its left edge. `dark` are its right
    modules. A line along a column that is light anyway is not seen."""
    import numpy as np

    size = warp.size
    along = (np.arange(size * _PER_MODULE) + 0.5) / _PER_MODULE
    down = np.arange(size) + 0.5
    seen = sample_bilinear(grey, warp.map_points(np.stack(np.meshgrid(along, down), axis=-1)))
    # Ink on both sides, so that no edge of a module is taken for a line.
    wide = np.pad(dark, ((0, 0), (1, 1)))
    column = along.astype(int)
    near = np.where(along - column < 0.5, column, column + 2)  # in `wide`
    solid = wide[:, column + 1] & wide[:, near]
    if not solid.any() or solid.all():
        return []
    black = float(np.median(seen[solid]))
    white = float(np.median(seen[~dark[:, column]]))
    if white - black < 40:
        return []
    bright = (seen > black + _LIGHT * (white - black)) & solid
    rows = solid.sum(axis=0)
    share = bright.sum(axis=0) / np.maximum(rows, 1)
    hit = (rows >= _LEAST_ROWS) & (share >= _ROWS)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hit, [False]]).astype(np.int8)))
    return [float(along[start:end].mean()) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def lines_across(warp: Warp, lines: list[float]) -> Floats:
    """The pixels (n, 2) of the middles of such lines."""
    import numpy as np

    return warp.map_points(np.array([[x, warp.size / 2] for x in lines], float).reshape(-1, 2))
