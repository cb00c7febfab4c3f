"""Grades of a Data Matrix that come of many modules: error correction left, modulation by it, damage of the patterns.

Modules come as grades in tenths, 40 to 0. At every level of the scale the modules below it count as wrong; a symbol is
worth the best of all levels: the lower of the level, and of the grade of what is left then (ISO/IEC 15415, 7.8.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bss_mfg.imaging.ecc200 import SymbolGeometry, segments
from bss_mfg.imaging.grade_scale import AVERAGE_LEVELS, DAMAGE_LEVELS, STEPS, UEC_LEVELS, tenths

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats


def wrong_by_block(geometry: SymbolGeometry, wrong: NDArray[np.bool_]) -> NDArray[np.intp]:
    """How many codewords are wrong (codewords,) in each block."""
    import numpy as np

    return np.bincount(geometry.block[wrong], minlength=len(geometry.error))


def unused_error_correction(geometry: SymbolGeometry, wrong: NDArray[np.bool_]) -> float:
    """Unused error correction of the worst block, where these codewords are in error; 0 where it is too many."""
    import numpy as np

    return max(0.0, 1 - 2 * float((wrong_by_block(geometry, wrong) / np.array(geometry.error)).max()))


def decodes(geometry: SymbolGeometry, wrong: NDArray[np.bool_]) -> bool:
    """Whether error correction makes up for these codewords."""
    import numpy as np

    return bool((wrong_by_block(geometry, wrong) <= np.array(geometry.error) // 2).all())


def overlay_grade(geometry: SymbolGeometry, lowest: NDArray[np.intp]) -> float:
    """The grade of a symbol whose codewords' worst modules have these grades in tenths (codewords,)."""
    import numpy as np

    blocks = len(geometry.error)
    below = _below_each_level(geometry.block, lowest, blocks)
    unused = np.maximum(0.0, 1 - 2 * (below / np.array(geometry.error)[:, None]).max(axis=0))
    return int(np.minimum(np.arange(STEPS + 1), tenths(unused, UEC_LEVELS)).max()) / 10


def segment_grades(size: int, margin: NDArray[np.intp]) -> Floats:
    """The grades of L1, L2, their quiet zones, and the clock tracks with their solid lines (ISO/IEC 16022, M.1).

    `margin` are the grades in tenths of all modules and a quiet zone of one, in one line. A segment is as good as its
    worst line. Of the clock tracks' tests, transition ratio and regularity are not made: damage of their modules is.
    """
    import numpy as np

    lines = segments(size)
    below = _below_each_level(lines.line, margin[lines.module], len(lines.length))
    damage = tenths(below / lines.length[:, None], DAMAGE_LEVELS)
    best = np.minimum(np.arange(STEPS + 1), damage).max(axis=1)
    found: Floats = np.array([best[lines.segment == number].min() for number in range(5)]) / 10
    return found


def pattern_damage_grade(by_segment: Floats) -> float:
    """The grade of the fixed patterns: the least of the segments' and of what their average is worth."""
    average = int(tenths(by_segment.mean(keepdims=True), AVERAGE_LEVELS)[0]) / 10
    return min(float(by_segment.min()), average)


def _below_each_level(group: NDArray[np.intp], grades: NDArray[np.intp], groups: int) -> NDArray[np.intp]:
    """How many of each group (groups, levels) have a grade below each level, 0 to 40 tenths."""
    import numpy as np

    counts = np.bincount(group * (STEPS + 1) + grades, minlength=groups * (STEPS + 1)).reshape(groups, STEPS + 1)
    return np.asarray(np.cumsum(counts, axis=1) - counts)
