"""Indicative grades of bars: Code 128, EAN and UPC, ITF, by the formulas of ISO/IEC 15416.

What the bars are to be is known, so every element is compared with its width in modules; decodability says how near the
reference decoder of the symbology comes to a mistake. docs/formats/grades.md has every formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from bss_mfg.imaging.bar_decodability import BarKind, decodability
from bss_mfg.imaging.bar_profile import BarProfile, read_profile
from bss_mfg.imaging.grade import Standard, SymbolGrade, View, formal_grade
from bss_mfg.imaging.grade_scale import (
    BAR_MODULATION_LEVELS,
    CONTRAST_LEVELS,
    DECODABILITY_LEVELS,
    DEFECT_LEVELS,
    DIGITS,
    grade_of,
    overall_grade,
    rounded,
)
from bss_mfg.imaging.reflectance import LitPicture

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey, Quad

PROFILES = 10
"""Scan reflectance profiles of one symbol (ISO/IEC 15416, 5.2.5)."""
MIN_PIXELS_PER_MODULE = 3.0
"""Pixels per module below which bars are not graded: their edges are measured between pixels, and their widths are
sums of many."""
LEAST_EDGE_CONTRAST = 15.0
"""Least contrast of an edge, in percent."""
_SAMPLES_PER_MODULE = 16
_APERTURES = ((0.180, 0.075), (0.330, 0.125), (0.635, 0.250))
"""X in mm up to which a measuring aperture (mm) is used (ISO/IEC 15416, table 1); beyond, 0.5 mm."""
_WIDEST_APERTURE = 0.5
_APERTURE_IN_X = 0.4
"""The same in X, where X isn't known in mm."""
_SCALE_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars as they are to be: their kind, and the width of each element in modules, a bar first and last."""

    kind: BarKind
    widths: tuple[int, ...]

    @property
    def modules(self) -> int:
        """Modules from the first bar to the last."""
        return sum(self.widths)

    @classmethod
    def from_modules(cls, kind: BarKind, dark: tuple[bool, ...]) -> Bars:
        """From a row of modules, dark at both ends."""
        widths: list[int] = []
        for index, one in enumerate(dark):
            if index and one == dark[index - 1]:
                widths[-1] += 1
            else:
                widths.append(1)
        return cls(kind, tuple(widths))


def grade_bars(grey: Grey, bars: Bars, quad: Quad, view: View) -> SymbolGrade:
    """The indicative grade of bars in a picture, whose outer edges have the corners `quad`: at the left the first bar.

    `values` are those of the worst profile of each: `symbol_contrast` and `edge_contrast` in percent,
    `reflectance_ratio` (darkest by lightest), `modulation`, `defects`, `decodability`. Nothing is said of single
    modules.
    """
    import numpy as np

    corners = np.array(quad)
    pixels = float(np.hypot(*(corners[1] + corners[2] - corners[0] - corners[3]))) / 2 / bars.modules
    aperture = bar_aperture(view.x_mm, pixels)
    lines = _profile_points(bars, corners)
    picture = LitPicture.around(grey, view.light, lines.reshape(-1, 2), aperture)
    seen = picture.discs(lines.reshape(-1, 2), aperture).reshape(PROFILES, -1)
    results = [_grade_profile(line, bars) for line in seen]
    gradable = round(pixels, DIGITS) >= MIN_PIXELS_PER_MODULE * (1 - _SCALE_TOLERANCE)
    grades = {name: rounded(fmean(grades[name] for _, grades in results)) for name in results[0][1]} if gradable else {}
    overall = overall_grade([min(grades.values()) for _, grades in results]) if gradable else None
    lower_is_worse = ("symbol_contrast", "edge_contrast", "modulation", "decodability")
    values = {
        name: (min if name in lower_is_worse else max)(values[name] for values, _ in results) for name in results[0][0]
    }
    flat = View(view.light, Standard.BARS, view.x_mm)
    return SymbolGrade(
        pixels_per_module=pixels,
        aperture=aperture / pixels,
        gradable=gradable,
        values=values,
        grades=grades,
        overall=overall,
        wrong_modules=(),
        wrong_codewords=0,
        standard=Standard.BARS,
        formal="" if overall is None else formal_grade(overall, flat, aperture / pixels),
        curve=view.light.curve,
        calibrated=view.light.calibrated,
    )


def bar_aperture(x_mm: float | None, pixels: float) -> float:
    """The measuring aperture's diameter in pixels, for bars whose X is so many mm and pixels."""
    if x_mm is None:
        return max(_APERTURE_IN_X * pixels, 1.0)
    mm = next((aperture for most, aperture in _APERTURES if x_mm < most), _WIDEST_APERTURE)
    return max(mm / x_mm * pixels, 1.0)


def _profile_points(bars: Bars, corners: Floats) -> Floats:
    """The samples of all profiles (profiles, samples, 2): straight lines from side to side, with the quiet zones."""
    import numpy as np

    before, after = bars.kind.quiet_zones
    first, last = -(before - 0.5), bars.modules + after - 0.5
    along = (np.arange(round((last - first) * _SAMPLES_PER_MODULE) + 1) / _SAMPLES_PER_MODULE + first) / bars.modules
    down = (0.1 + 0.8 * (np.arange(PROFILES) + 0.5) / PROFILES)[:, None, None]
    left = corners[0] * (1 - down) + corners[3] * down
    right = corners[1] * (1 - down) + corners[2] * down
    found: Floats = left + (right - left) * along[:, None]
    return found


def _grade_profile(line: Floats, bars: Bars) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Values and grades of one profile. Where it can't be read, decode is 0 and what follows from the elements too."""
    darkest, lightest = float(line.min()), float(line.max())
    profile = read_profile(line, len(bars.widths))
    ratio = darkest / lightest if lightest > 0 else 1.0
    values = {"symbol_contrast": lightest - darkest, "reflectance_ratio": ratio}
    values |= _element_values(profile, bars) if profile else dict.fromkeys(_ELEMENT_VALUES, 0.0) | {"defects": 1.0}
    read = profile is not None and values["decodability"] > 0
    grades = {
        "decode": 4.0 if read else 0.0,
        "symbol_contrast": grade_of(values["symbol_contrast"], CONTRAST_LEVELS),
        "minimum_reflectance": 4.0 if ratio <= 0.5 else 0.0,
        "edge_contrast": 4.0 if round(values["edge_contrast"], DIGITS) >= LEAST_EDGE_CONTRAST else 0.0,
        "modulation": grade_of(values["modulation"], BAR_MODULATION_LEVELS),
        "defects": grade_of(values["defects"], DEFECT_LEVELS),
        "decodability": grade_of(values["decodability"], DECODABILITY_LEVELS),
        "quiet_zone": 4.0 if _quiet(line, bars, (lightest + darkest) / 2) else 0.0,
    }
    return values, grades


def _quiet(line: Floats, bars: Bars, threshold: float) -> bool:
    """Whether both quiet zones are light, but for the module beside the bars."""
    before, after = (round((modules - 1.5) * _SAMPLES_PER_MODULE) for modules in bars.kind.quiet_zones)
    return bool((line[:before] >= threshold).all() and (line[-after:] >= threshold).all())


_ELEMENT_VALUES = ("edge_contrast", "modulation", "defects", "decodability")


def _element_values(profile: BarProfile, bars: Bars) -> dict[str, float]:
    least = float(profile.contrasts.min())
    return {
        "edge_contrast": least,
        "modulation": least / profile.contrast,
        "defects": profile.unevenness / profile.contrast,
        "decodability": decodability(bars.kind, bars.widths, profile.widths),
    }
