"""The scale of all grades: 4.0 to 0.0 in steps of 0.1, linear between the limits of the standards' tables.

The limits are those of ISO/IEC 15415, 15416, 16022 annex M and 29158; that a value between two limits gets a grade
between is the way of ISO/IEC 15416 since 2016. docs/qa.md has the conventions.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

Knots = tuple[tuple[float, float], ...]
"""Values with their grades, from 4 down to 0; between two the grade is between, beyond the last it is 0."""

CONTRAST_LEVELS: Knots = ((70, 4), (55, 3), (40, 2), (20, 1), (15, 0))
"""Symbol contrast in percent (ISO/IEC 15415, 7.8.3; 15416)."""
MODULATION_LEVELS: Knots = ((0.50, 4), (0.40, 3), (0.30, 2), (0.20, 1), (0.10, 0))
"""Modulation of one module, with regard to its side also for the reflectance margin (15415, 7.8.4)."""
AXIAL_LEVELS: Knots = ((0.06, 4), (0.08, 3), (0.10, 2), (0.12, 1), (0.14, 0))
"""Axial nonuniformity (15415, 7.8.6)."""
GRID_LEVELS: Knots = ((0.38, 4), (0.50, 3), (0.63, 2), (0.75, 1), (0.87, 0))
"""Grid nonuniformity, in X (15415, 7.8.7)."""
UEC_LEVELS: Knots = ((0.62, 4), (0.50, 3), (0.37, 2), (0.25, 1), (0.20, 0))
"""Unused error correction (15415, 7.8.8)."""
DAMAGE_LEVELS: Knots = ((0.0, 4), (0.09, 3), (0.13, 2), (0.17, 1), (0.21, 0))
"""Share of damaged modules in one segment of the fixed patterns (16022, M.1.2)."""
AVERAGE_LEVELS: Knots = ((4.0, 4), (3.5, 3), (3.0, 2), (2.5, 1), (2.0, 0))
"""Average of the segments' grades (16022, annex M)."""
CELL_CONTRAST_LEVELS: Knots = ((30, 4), (25, 3), (20, 2), (15, 1), (10, 0))
"""Cell contrast in percent (29158)."""
BAR_MODULATION_LEVELS: Knots = ((0.70, 4), (0.60, 3), (0.50, 2), (0.40, 1), (0.30, 0))
"""Modulation of bars: least edge contrast by symbol contrast (15416)."""
DEFECT_LEVELS: Knots = ((0.15, 4), (0.20, 3), (0.25, 2), (0.30, 1), (0.30, 0))
"""Defects of bars: largest element nonuniformity by symbol contrast (15416); beyond the last limit 0 at once."""
DECODABILITY_LEVELS: Knots = UEC_LEVELS
"""Decodability of bars (15416)."""

STEPS = 40
"""The best grade, in tenths."""
LETTERS = ((3.5, "A"), (2.5, "B"), (1.5, "C"), (0.5, "D"))
"""Least grade for each letter; below the last F."""
DIGITS = 9  # a value on a table's edge stays on it, whatever the last bits of its arithmetic


def tenths(values: NDArray[np.floating[Any]], levels: Knots) -> NDArray[np.intp]:
    """Grades in tenths, 40 to 0, of many values."""
    import numpy as np

    rising = levels[0][0] > levels[-1][0]
    limits = np.array([limit for limit, _ in levels])
    grades = np.array([grade for _, grade in levels]) * 10.0
    at = np.round(values, DIGITS)
    found = np.interp(at, limits[::-1], grades[::-1]) if rising else np.interp(at, limits, grades)
    if limits[-1] == limits[-2]:  # a step, whose limit itself still has the better grade
        found = np.where(at <= limits[-1], np.interp(at, limits[:-1], grades[:-1]), grades[-1])
    return np.floor(np.round(found, DIGITS) + 0.5).astype(np.intp)


def grade_of(value: float, levels: Knots) -> float:
    """The grade, 4.0 to 0.0, of one value."""
    import numpy as np

    return int(tenths(np.array([value]), levels)[0]) / 10


def rounded(grade: float) -> float:
    """A mean of grades on the scale again: to one decimal, a half up."""
    import math

    return math.floor(round(grade * 10, DIGITS) + 0.5) / 10


def overall_grade(grades: Sequence[float]) -> float:
    """The overall grade of several scans of one symbol: their mean, to one decimal."""
    return rounded(fmean(grades))


def letter_of(grade: float) -> str:
    """The letter, A to D or F, of an overall grade."""
    return next((letter for least, letter in LETTERS if round(grade, DIGITS) >= least), "F")


def least_grade(text: str) -> float | None:
    """The least grade that a letter or a number between 0 and 4 asks for; None where it is neither."""
    word = text.strip().upper()
    for least, letter in LETTERS:
        if word == letter:
            return least
    try:
        number = float(word.replace(",", "."))
    except ValueError:
        return None
    return number if 0 < number <= 4 else None
