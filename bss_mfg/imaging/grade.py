"""Indicative grades of a Data Matrix that was read: ISO/IEC 15415 of a scan, ISO/IEC 29158 of a photograph.

The right matrix is known, so wrong modules and codewords are counted, not guessed. Reflectance is linear light, of a
colour picture that of its red channel, for verifiers light with 660 nm. A flatbed or a phone is no calibrated verifier:
every grade is an indication, no certificate. docs/qa.md says what is measured how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging import grade_geometry, grade_overlays
from bss_mfg.imaging.ecc200 import SymbolGeometry, symbol_geometry
from bss_mfg.imaging.grade_geometry import SCANS
from bss_mfg.imaging.grade_scale import (
    AXIAL_LEVELS,
    CELL_CONTRAST_LEVELS,
    CONTRAST_LEVELS,
    DIGITS,
    GRID_LEVELS,
    MODULATION_LEVELS,
    UEC_LEVELS,
    grade_of,
    letter_of,
    overall_grade,
    rounded,
    tenths,
)
from bss_mfg.imaging.reflectance import SRGB, Light, LitPicture, light_plane, split_threshold
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey

APERTURE = 0.8
"""Diameter of the measuring aperture, in X."""
MIN_PIXELS_PER_MODULE = 5.0
"""Pixels per module below which nothing is graded."""
_SCALE_TOLERANCE = 0.01
"""Share by which a scanner's scale, and the measured X with it, may be off without a symbol being called too small."""
_CUT_TOLERANCE = 0.1
"""How much of an aperture on the quiet zone, in X, may lie outside the picture: it is brought inside."""
_MM_PER_MIL = 0.0254


class Standard(StrEnum):
    """By which standard's formulas a symbol was graded."""

    SCAN = "ISO/IEC 15415"
    PHOTOGRAPH = "ISO/IEC 29158"
    BARS = "ISO/IEC 15416"


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How a symbol was seen. `x_mm` is its X-dimension as it was to be printed, where that is known. `flat` are the
    module centres (rows, columns, 2) as they lie on the printed page, where the picture shows it at an angle; None
    where the picture is flat itself. Without `axial` the two axes can't be compared."""

    light: Light = SRGB
    standard: Standard = Standard.SCAN
    x_mm: float | None = None
    flat: Floats | None = None
    axial: bool = True


FLAT_SCAN = View()


@dataclass(frozen=True, slots=True)
class SymbolGrade:
    """Indicative grade of one symbol in one picture, by the formulas of a `standard`.

    `pixels_per_module` is X, the mean spacing of the centres, in pixels; `aperture` the measuring aperture's diameter
    in X. Below `MIN_PIXELS_PER_MODULE`, or where the picture cuts its quiet zone off (`quiet_zone_shown`), the symbol
    is not `gradable`: `grades` is empty and `overall` None.

    `values` are as measured, the mean of all scans, also where not gradable: `symbol_contrast` in percent; `modulation`
    and `reflectance_margin` of the worst module of all codewords; `axial_nonuniformity`; `grid_nonuniformity` in X;
    `unused_error_correction` of the worst block; `fixed_pattern_damage` the average of the five segments' grades;
    `print_growth` of the worse clock track, 0 = dark and light are equally wide, 1 and -1 = 65 and 35 percent dark. Of
    a photograph also `cell_contrast` and `mean_light` in percent, and `light_slope`, by how much the light over the
    symbol was uneven before that was made up for. `grades` are 4.0 to 0.0 of all that the standard grades, each the
    mean of all scans; `overall` is the mean of the scans' least grades.

    `wrong_modules` are the (row, column) on the wrong side of the threshold in most scans, `wrong_codewords` those with
    any. `formal` is the grade as the standard writes it, empty where not gradable: grade/aperture/light/angle, x for
    what isn't known. `curve` says how grey became light, `calibrated` that a reflectance card did.
    """

    pixels_per_module: float
    aperture: float
    gradable: bool
    values: Mapping[str, float]
    grades: Mapping[str, float]
    overall: float | None
    wrong_modules: tuple[tuple[int, int], ...]
    wrong_codewords: int
    standard: Standard = Standard.SCAN
    formal: str = ""
    curve: str = "sRGB"
    calibrated: bool = False
    light_lines: tuple[float, ...] = ()
    """Where light lines run through the symbol along the page, in mm from the page's left edge: print-head elements
    that may be dead."""
    quiet_zone_shown: bool = True
    """Whether the quiet zone of one module is in the picture: else nothing can be said of it, nor of the grade."""

    @property
    def letter(self) -> str | None:
        """The overall grade's letter, A to D or F; None where not gradable."""
        return None if self.overall is None else letter_of(self.overall)


def grade_symbol(
    grey: Grey, matrix: Matrix, centres: NDArray[np.floating[Any]], view: View = FLAT_SCAN, scans: int = SCANS
) -> SymbolGrade:
    """The indicative grade of one square Data Matrix in a grey picture.

    `matrix` is the right one, upright; `centres` (rows, columns, 2) are the x, y in pixels of each of its modules as
    found in the picture, whose first pixel has its centre at 0.5, 0.5. The symbol may lie turned. The quiet zone of
    one module is found by extrapolation.
    """
    import numpy as np

    size = matrix.columns
    geometry = symbol_geometry(size)
    if centres.shape != (size, size, 2):
        raise ValueError(f"{centres.shape} are not centres of {size}x{size} modules")
    pixels = sum(grade_geometry.spacing(centres)) / 2
    points = grade_geometry.with_quiet_zone(centres).reshape(-1, 2)
    picture = LitPicture.around(grey, view.light, points, (APERTURE / 2 + grade_geometry.SCAN_SHIFT) * pixels)
    dark = np.zeros((size + 2, size + 2), bool)
    dark[1:-1, 1:-1] = matrix.bits()
    at = grade_geometry.scan_points(points, pixels, scans)
    seen = picture.discs(at.reshape(-1, 2), APERTURE * pixels).reshape(len(at), -1)
    measured = [_Scan.of(points, line, dark.reshape(-1), view.standard) for line in seen]
    results = [_grade_scan(geometry, scan) for scan in measured]

    values = {name: fmean(values[name] for values, _ in results) for name in results[0][0]}
    shape = {"grid_nonuniformity": grade_geometry.grid_nonuniformity(centres if view.flat is None else view.flat)}
    if view.axial:
        shape["axial_nonuniformity"] = grade_geometry.axial_nonuniformity(centres if view.flat is None else view.flat)
    values |= shape
    values["print_growth"] = grade_geometry.print_growth(picture, centres, fmean(scan.threshold for scan in measured))
    wrong = np.mean([scan.wrong for scan in measured], axis=0) > 0.5
    shown = grade_geometry.all_inside(points, (APERTURE / 2 - _CUT_TOLERANCE) * pixels, grey.shape)
    gradable = shown and round(pixels, DIGITS) >= MIN_PIXELS_PER_MODULE * (1 - _SCALE_TOLERANCE)
    grades: dict[str, float] = {}
    overall = None
    if gradable:
        levels = {"axial_nonuniformity": AXIAL_LEVELS, "grid_nonuniformity": GRID_LEVELS}
        grades = {name: rounded(fmean(grades[name] for _, grades in results)) for name in results[0][1]}
        of_shape = {name: grade_of(value, levels[name]) for name, value in shape.items()}
        grades |= of_shape
        overall = overall_grade([min(*grades.values(), *of_shape.values()) for _, grades in results])
    return SymbolGrade(
        pixels_per_module=pixels,
        aperture=APERTURE,
        gradable=gradable,
        values=values,
        grades=grades,
        overall=overall,
        wrong_modules=tuple(
            (int(row), int(column)) for row, column in np.argwhere(wrong.reshape(size + 2, -1)[1:-1, 1:-1])
        ),
        wrong_codewords=int(wrong[_inside(geometry)].any(axis=1).sum()),
        standard=view.standard,
        formal="" if overall is None else formal_grade(overall, view, APERTURE),
        curve=view.light.curve,
        calibrated=view.light.calibrated,
        quiet_zone_shown=shown,
    )


def formal_grade(overall: float, view: View, aperture: float) -> str:
    """The grade as the standards write it: grade/aperture in thousandths of an inch/light in nm/angle in degrees. A
    flatbed lights at about 45 degrees; a photograph's light is not known, and its grade begins with DPM as ISO/IEC
    29158 asks. `aperture` is in X."""
    mils = "x" if view.x_mm is None else f"{aperture * view.x_mm / _MM_PER_MIL:02.0f}"
    if view.standard is Standard.PHOTOGRAPH:
        return f"DPM{overall:.1f}/{mils}/x/x"
    return f"{overall:.1f}/{mils}/660/45"


@dataclass(frozen=True, slots=True)
class _Scan:
    """A symbol's modules with a quiet zone of one module, in one line, as one scan sees them: whether each is on the
    wrong side of the threshold, its modulation, and its reflectance margin; `extra` are a photograph's values."""

    contrast: float
    threshold: float
    wrong: NDArray[np.bool_]
    modulation: Floats
    margin: Floats
    extra: Mapping[str, float]

    @classmethod
    def of(cls, points: Floats, reflectance: Floats, dark: NDArray[np.bool_], standard: Standard) -> _Scan:
        """From the reflectance of all modules, and which should be dark."""
        if standard is Standard.PHOTOGRAPH:
            return cls._photographed(points, reflectance, dark)
        darkest, lightest = float(reflectance.min()), float(reflectance.max())
        threshold = (lightest + darkest) / 2
        half = (lightest - darkest) / 2
        return cls._made(reflectance, dark, (lightest - darkest, threshold), (half, half), {})

    @classmethod
    def _photographed(cls, points: Floats, reflectance: Floats, dark: NDArray[np.bool_]) -> _Scan:
        """By ISO/IEC 29158: with regard to the mean light and the mean dark of the symbol itself."""
        plane = light_plane(points, reflectance, ~dark)
        slope = 0.0
        if plane is not None:
            reflectance, slope = reflectance / plane, float(plane.max() - plane.min())
        threshold = split_threshold(reflectance)
        light, black = reflectance[reflectance >= threshold], reflectance[reflectance < threshold]
        mean_light = float(light.mean())
        mean_dark = float(black.mean()) if len(black) else mean_light
        contrast = 100 * (mean_light - mean_dark) / mean_light if mean_light > 0 else 0.0
        extra = {"cell_contrast": contrast, "mean_light": mean_light, "light_slope": slope}
        span = float(reflectance.max() - reflectance.min())
        sides = (mean_light - threshold, threshold - mean_dark)
        return cls._made(reflectance, dark, (span, threshold), sides, extra)

    @classmethod
    def _made(
        cls,
        reflectance: Floats,
        dark: NDArray[np.bool_],
        levels: tuple[float, float],
        sides: tuple[float, float],
        extra: Mapping[str, float],
    ) -> _Scan:
        """From symbol contrast and threshold, and how far light and dark should be from the threshold."""
        import numpy as np

        contrast, threshold = levels
        is_dark = reflectance < threshold
        far = np.where(is_dark, sides[1], sides[0])
        distance = np.abs(reflectance - threshold)
        modulation = np.divide(distance, far, out=np.zeros_like(distance), where=far > 0)
        modulation = np.round(np.minimum(modulation, 1.0), DIGITS)
        wrong = is_dark != dark
        return cls(contrast, threshold, wrong, modulation, np.where(wrong, 0.0, modulation), extra)


def _inside(geometry: SymbolGeometry) -> NDArray[np.intp]:
    """Each codeword's modules in the line of all modules with a quiet zone."""
    import numpy as np

    row, column = np.divmod(geometry.modules, geometry.size)
    return np.asarray((row + 1) * (geometry.size + 2) + column + 1)


def _grade_scan(geometry: SymbolGeometry, scan: _Scan) -> tuple[dict[str, float], dict[str, float]]:
    """Values and grades of one scan, but for the shape, which all scans share."""
    import numpy as np

    inside = _inside(geometry)
    wrong = np.asarray(scan.wrong[inside].any(axis=1))
    modulation, margin = tenths(scan.modulation, MODULATION_LEVELS), tenths(scan.margin, MODULATION_LEVELS)
    by_segment = grade_overlays.segment_grades(geometry.size, margin)
    unused = grade_overlays.unused_error_correction(geometry, wrong)
    values = {
        "symbol_contrast": scan.contrast,
        "modulation": float(scan.modulation[inside].min()),
        "reflectance_margin": float(scan.margin[inside].min()),
        "unused_error_correction": unused,
        "fixed_pattern_damage": float(by_segment.mean()),
        **scan.extra,
    }
    contrast = (
        {"cell_contrast": grade_of(scan.extra["cell_contrast"], CELL_CONTRAST_LEVELS)}
        if "cell_contrast" in scan.extra
        else {"symbol_contrast": grade_of(scan.contrast, CONTRAST_LEVELS)}
    )
    grades = {
        "decode": 4.0 if grade_overlays.decodes(geometry, wrong) else 0.0,
        **contrast,
        "modulation": grade_overlays.overlay_grade(geometry, modulation[inside].min(axis=1)),
        "reflectance_margin": grade_overlays.overlay_grade(geometry, margin[inside].min(axis=1)),
        "unused_error_correction": grade_of(unused, UEC_LEVELS),
        "fixed_pattern_damage": grade_overlays.pattern_damage_grade(by_segment),
    }
    return values, grades
