"""Indicative grades of a symbol that was read (ISO/IEC 15415, with ISO/IEC 16022 annex M for the fixed patterns).

The right matrix is known, so wrong modules and codewords are counted, not guessed. A flatbed or a phone has no
calibrated light and optics: reflectance is the grey level, of a colour picture that of its red channel, for verifiers
light with 660 nm (ISO/IEC 15415, 7.2); and every grade is an indication, no certificate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging.ecc200 import SymbolGeometry, segments, symbol_geometry
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Levels = tuple[tuple[float, int], ...]
"""Limits of a value for the grades 4, 3, 2 and 1; beyond the last the grade is 0."""

CONTRAST_LEVELS: Levels = ((70, 4), (55, 3), (40, 2), (20, 1))
"""Least symbol contrast in percent (ISO/IEC 15415, 7.8.3)."""
MODULATION_LEVELS: Levels = ((0.50, 4), (0.40, 3), (0.30, 2), (0.20, 1))
"""Least modulation of one module, with regard to its side also for the reflectance margin (7.8.4)."""
AXIAL_LEVELS: Levels = ((0.06, 4), (0.08, 3), (0.10, 2), (0.12, 1))
"""Most axial nonuniformity (7.8.6)."""
GRID_LEVELS: Levels = ((0.38, 4), (0.50, 3), (0.63, 2), (0.75, 1))
"""Most grid nonuniformity, in X (7.8.7)."""
UEC_LEVELS: Levels = ((0.62, 4), (0.50, 3), (0.37, 2), (0.25, 1))
"""Least unused error correction (7.8.8)."""
DAMAGE_LEVELS: Levels = ((0.0, 4), (0.09, 3), (0.13, 2), (0.17, 1))
"""Most share of damaged modules in one segment of the fixed patterns (ISO/IEC 16022, M.1.2)."""
AVERAGE_LEVELS: Levels = ((4.0, 4), (3.5, 3), (3.0, 2), (2.5, 1))
"""Least average of the segments' grades (ISO/IEC 16022, annex M)."""
LETTERS = ((3.5, "A"), (2.5, "B"), (1.5, "C"), (0.5, "D"))
"""Least grade for each letter; below the last F."""

APERTURE = 0.8
"""Diameter of the measuring aperture, in X."""
MIN_PIXELS_PER_MODULE = 5.0
"""Pixels per module below which nothing is graded."""
_SCALE_TOLERANCE = 0.01
"""Share by which a scanner's scale, and the measured X with it, may be off without a symbol being called too small."""

_DIGITS = 9  # a value on a table's edge stays on it, whatever the last bits of its arithmetic
_STRIPS = 8  # an aperture is summed in strips of equal height
_TRACK_SAMPLES = 10  # samples per module along a clock track, for print growth
_GROWTH = 0.15  # dark share beyond a half that counts as a print growth of 1 (limits 0.35 and 0.65)


def _at_least(value: float, levels: Levels) -> int:
    return next((grade for least, grade in levels if round(value, _DIGITS) >= least), 0)


def _at_most(value: float, levels: Levels) -> int:
    return next((grade for most, grade in levels if round(value, _DIGITS) <= most), 0)


def symbol_contrast_grade(value: float) -> int:
    """Grade 4 to 0 of a symbol contrast in percent."""
    return _at_least(value, CONTRAST_LEVELS)


def modulation_grade(value: float) -> int:
    """Grade 4 to 0 of one module's modulation, 0 to 1."""
    return _at_least(value, MODULATION_LEVELS)


def axial_nonuniformity_grade(value: float) -> int:
    """Grade 4 to 0 of the two axes' difference in spacing, as a share of their mean."""
    return _at_most(value, AXIAL_LEVELS)


def grid_nonuniformity_grade(value: float) -> int:
    """Grade 4 to 0 of the largest distance from the ideal grid, in X."""
    return _at_most(value, GRID_LEVELS)


def unused_error_correction_grade(share: float) -> int:
    """Grade 4 to 0 for a share of unused error correction between 0 and 1."""
    return _at_least(share, UEC_LEVELS)


def damage_grade(share: float) -> int:
    """Grade 4 to 0 of a segment with this share of its modules damaged."""
    return _at_most(share, DAMAGE_LEVELS)


def average_grade(average: float) -> int:
    """Grade 4 to 0 of the average of the segments' grades."""
    return _at_least(average, AVERAGE_LEVELS)


def overall_grade(grades: Sequence[float]) -> float:
    """The overall grade of several scans of one symbol: their mean (ISO/IEC 15415 asks for five, turned by 72°)."""
    return fmean(grades)


def letter_of(grade: float) -> str:
    """The letter, A to D or F, of an overall grade."""
    return next((letter for least, letter in LETTERS if round(grade, _DIGITS) >= least), "F")


@dataclass(frozen=True, slots=True)
class SymbolGrade:
    """Indicative grade of one symbol in one picture.

    `pixels_per_module` is X, the mean spacing of the centres, in pixels; `aperture` the measuring aperture's diameter
    in X. Below `MIN_PIXELS_PER_MODULE` the symbol is not `gradable`: `grades` is empty and `overall` None.

    `values` are as measured, also where not gradable: `symbol_contrast` in percent; `modulation` and
    `reflectance_margin` of the worst module of all codewords; `axial_nonuniformity`; `grid_nonuniformity` in X;
    `unused_error_correction` of the worst block; `fixed_pattern_damage` the average of the five segments' grades;
    `print_growth` of the worse clock track, 0 = dark and light are equally wide, 1 and -1 = 65 and 35 percent dark.
    `grades` are 4 to 0 for all of them but print growth, and `overall` the least.

    `wrong_modules` are the (row, column) on the wrong side of the global threshold, `wrong_codewords` those with any.
    """

    pixels_per_module: float
    aperture: float
    gradable: bool
    values: Mapping[str, float]
    grades: Mapping[str, float]
    overall: float | None
    wrong_modules: tuple[tuple[int, int], ...]
    wrong_codewords: int

    @property
    def letter(self) -> str | None:
        """The overall grade's letter, A to D or F; None where not gradable."""
        return None if self.overall is None else letter_of(self.overall)


def grade_symbol(grey: NDArray[np.uint8], matrix: Matrix, centres: NDArray[np.floating[Any]]) -> SymbolGrade:
    """The indicative grade of one square Data Matrix in a grey picture.

    `matrix` is the right one, upright; `centres` (rows, columns, 2) are the x, y in pixels of each of its modules as
    found in the picture, whose first pixel has its centre at 0.5, 0.5. The symbol may lie turned. The quiet zone of
    one module is found by extrapolation; what of it is outside the picture counts like the nearest part inside.
    """
    size = matrix.columns
    geometry = symbol_geometry(size)
    if centres.shape != (size, size, 2):
        raise ValueError(f"{centres.shape} are not centres of {size}x{size} modules")
    spacing = _spacing(centres)
    pixels = sum(spacing) / 2
    seen = _measure_reflectance(grey, matrix, centres, APERTURE * pixels)
    words = _codewords(geometry, seen)
    by_segment = _segment_grades(size, seen.margin)
    values = {
        "symbol_contrast": seen.contrast,
        **{name: float(low.min()) for name, low in words.lowest.items()},
        "axial_nonuniformity": abs(spacing[0] - spacing[1]) / pixels,
        "grid_nonuniformity": _grid_deviation(centres) / pixels,
        "unused_error_correction": _unused_error_correction(geometry, words.wrong),
        "fixed_pattern_damage": fmean(by_segment),
        "print_growth": _print_growth(grey, centres, seen.threshold),
    }
    gradable = round(pixels, _DIGITS) >= MIN_PIXELS_PER_MODULE * (1 - _SCALE_TOLERANCE)
    grades = _grades_of(values, geometry, words, by_segment) if gradable else {}
    return SymbolGrade(
        pixels_per_module=pixels,
        aperture=APERTURE,
        gradable=gradable,
        values=values,
        grades=grades,
        overall=float(min(grades.values())) if gradable else None,
        wrong_modules=seen.wrong_modules(size),
        wrong_codewords=int(words.wrong.sum()),
    )


@dataclass(frozen=True, slots=True)
class _Reflectance:
    """A symbol's modules with a quiet zone of one module, in one line: whether each is on the wrong side of the
    threshold, its modulation, and its reflectance margin."""

    contrast: float
    threshold: float
    wrong: NDArray[np.bool_]
    modulation: NDArray[np.float64]
    margin: NDArray[np.float64]

    def wrong_modules(self, size: int) -> tuple[tuple[int, int], ...]:
        import numpy as np

        inside = self.wrong.reshape(size + 2, -1)[1:-1, 1:-1]
        return tuple((int(row), int(column)) for row, column in np.argwhere(inside))


@dataclass(frozen=True, slots=True)
class _Codewords:
    """Which codewords have a wrong module, and the lowest modulation and reflectance margin in each."""

    wrong: NDArray[np.bool_]
    lowest: Mapping[str, NDArray[np.float64]]


def _spacing(centres: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """The mean distance in pixels of neighbours in a row and in a column."""
    import numpy as np

    steps = len(centres) - 1
    across = float(np.hypot(*(centres[:, -1] - centres[:, 0]).mean(axis=0))) / steps
    return across, float(np.hypot(*(centres[-1] - centres[0]).mean(axis=0))) / steps


def _measure_reflectance(
    grey: NDArray[np.uint8], matrix: Matrix, centres: NDArray[np.floating[Any]], aperture: float
) -> _Reflectance:
    import numpy as np

    size = matrix.columns
    reflectance = _reflectance(grey, _with_quiet_zone(centres).reshape(-1, 2), aperture)
    darkest, lightest = float(reflectance.min()), float(reflectance.max())
    contrast, threshold = lightest - darkest, (lightest + darkest) / 2
    dark = np.zeros((size + 2, size + 2), bool)
    dark[1:-1, 1:-1] = matrix.bits()
    wrong = (reflectance < threshold) != dark.reshape(-1)
    modulation = np.abs(reflectance - threshold) * (2 / contrast) if contrast else np.zeros_like(reflectance)
    modulation = np.round(modulation, _DIGITS)
    return _Reflectance(contrast, threshold, wrong, modulation, np.where(wrong, 0.0, modulation))


def _codewords(geometry: SymbolGeometry, seen: _Reflectance) -> _Codewords:
    import numpy as np

    row, column = np.divmod(geometry.modules, geometry.size)
    inside = (row + 1) * (geometry.size + 2) + column + 1
    return _Codewords(
        seen.wrong[inside].any(axis=1),
        {"modulation": seen.modulation[inside].min(axis=1), "reflectance_margin": seen.margin[inside].min(axis=1)},
    )


def _grades_of(
    values: Mapping[str, float], geometry: SymbolGeometry, words: _Codewords, by_segment: Sequence[int]
) -> dict[str, float]:
    return {
        "symbol_contrast": symbol_contrast_grade(values["symbol_contrast"]),
        **{name: _overlay_grade(geometry, low) for name, low in words.lowest.items()},
        "axial_nonuniformity": axial_nonuniformity_grade(values["axial_nonuniformity"]),
        "grid_nonuniformity": grid_nonuniformity_grade(values["grid_nonuniformity"]),
        "unused_error_correction": unused_error_correction_grade(values["unused_error_correction"]),
        "fixed_pattern_damage": min(*by_segment, average_grade(values["fixed_pattern_damage"])),
    }


def _with_quiet_zone(centres: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The centres with one more row and column all around, at the spacing of the nearest two."""
    import numpy as np

    size = len(centres)
    grid = np.empty((size + 2, size + 2, 2))
    grid[1:-1, 1:-1] = centres
    for lines in (grid[1:-1].swapaxes(0, 1), grid):
        lines[0] = 2 * lines[1] - lines[2]
        lines[-1] = 2 * lines[-2] - lines[-3]
    return grid


def _reflectance(grey: NDArray[np.uint8], points: NDArray[np.floating[Any]], diameter: float) -> NDArray[np.float64]:
    """The mean grey of a round aperture at each x, y, in percent of white."""
    import numpy as np

    radius = diameter / 2
    x, y = np.clip(points, radius, np.array(grey.shape[::-1]) - radius).T
    left, top = int(x.min() - radius), int(y.min() - radius)
    crop = grey[top : int(y.max() + radius) + 1, left : int(x.max() + radius) + 1]
    rows, columns = crop.shape
    sums = np.zeros((rows, columns + 1), np.int32)  # what lies left of each column's edge
    np.cumsum(crop, axis=1, out=sums[:, 1:])
    flat = sums.reshape(-1)

    offset = ((np.arange(_STRIPS) + 0.5) / _STRIPS * 2 - 1)[:, None] * radius
    half = np.sqrt(radius**2 - offset**2)
    row = np.minimum((y - top + offset).astype(np.intp), rows - 1) * (columns + 1)

    def until(edge: NDArray[np.float64]) -> NDArray[np.float64]:
        column = np.minimum(edge.astype(np.intp), columns - 1)
        share = edge - column
        at = row + column
        before = flat[at]
        return np.asarray(before + share * (flat[at + 1] - before))

    total = (until(x - left + half) - until(x - left - half)).sum(axis=0)
    result: NDArray[np.float64] = np.round(total / (2 * half.sum() * 2.55), _DIGITS)
    return result


def _unused_error_correction(geometry: SymbolGeometry, wrong: NDArray[np.bool_]) -> float:
    """Unused error correction of the worst block, where these codewords are in error; 0 where it is too many."""
    import numpy as np

    errors = np.bincount(geometry.block[wrong], minlength=len(geometry.error))
    return max(0.0, 1 - 2 * float((errors / geometry.error).max()))


def _overlay_grade(geometry: SymbolGeometry, lowest: NDArray[np.float64]) -> int:
    """The best of all levels: the lower of the level and the grade of the error correction left if every codeword
    below the level were in error. `lowest` is each codeword's worst module."""
    return max(
        min(grade, unused_error_correction_grade(_unused_error_correction(geometry, lowest < least)))
        for least, grade in MODULATION_LEVELS
    )


def _segment_grades(size: int, margin: NDArray[np.float64]) -> list[int]:
    """The grades of L1, L2, their quiet zones, and the clock tracks with their solid lines (ISO/IEC 16022, M.1).

    The overlay as for codewords, with the share of damaged modules of each line; a segment is as good as its worst
    line. Of the clock tracks' tests, transition ratio and regularity are not made: the damage of their modules is.
    """
    import numpy as np

    lines = segments(size)
    found = margin[lines.module]
    limits = [limit for limit, _ in DAMAGE_LEVELS]
    best = np.zeros(len(lines.length), np.intp)
    for limit, level in MODULATION_LEVELS:
        damaged = np.bincount(lines.line[found < limit], minlength=len(best)) / lines.length
        # As `damage_grade` for all lines at once.
        grades = len(limits) - np.searchsorted(limits, np.round(damaged, _DIGITS))
        best = np.maximum(best, np.minimum(grades, level))
    return [int(best[lines.segment == number].min()) for number in range(5)]


def _grid_deviation(centres: NDArray[np.floating[Any]]) -> float:
    """The largest distance in pixels of a centre from the even grid that the four corners span."""
    import numpy as np

    share = np.linspace(0, 1, len(centres))[:, None]
    top = centres[0, 0] * (1 - share) + centres[0, -1] * share
    bottom = centres[-1, 0] * (1 - share) + centres[-1, -1] * share
    ideal = top * (1 - share[..., None]) + bottom * share[..., None]
    return float(np.hypot(*(centres - ideal).reshape(-1, 2).T).max())


def _print_growth(grey: NDArray[np.uint8], centres: NDArray[np.floating[Any]], threshold: float) -> float:
    """How much the dark share of the outer clock tracks is off a half, of the one that is worse, by 0.15."""
    import numpy as np

    tracks = np.stack([centres[0], centres[:, -1]])
    share = ((np.arange(_TRACK_SAMPLES) + 0.5) / _TRACK_SAMPLES)[:, None]
    at = tracks[:, :-1, None] * (1 - share) + tracks[:, 1:, None] * share - 0.5
    x, y = at[..., 0].reshape(2, -1), at[..., 1].reshape(2, -1)
    column = np.maximum(np.minimum(x.astype(np.intp), grey.shape[1] - 2), 0)
    row = np.maximum(np.minimum(y.astype(np.intp), grey.shape[0] - 2), 0)
    right, down = x - column, y - row
    above = grey[row, column] * (1 - right) + grey[row, column + 1] * right
    below = grey[row + 1, column] * (1 - right) + grey[row + 1, column + 1] * right
    dark = (above * (1 - down) + below * down) / 2.55 < threshold
    return float(max(dark.mean(axis=1) - 0.5, key=abs)) / _GROWTH
