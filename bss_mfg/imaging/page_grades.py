"""Grades of the symbols of a page: its light, and whether it was scanned flat or photographed at an angle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bss_mfg.barcodes import code_128
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.imaging import fitting
from bss_mfg.imaging.bar_corners import find_bar_corners
from bss_mfg.imaging.bar_decodability import BarKind
from bss_mfg.imaging.geometry import Quad
from bss_mfg.imaging.grade import Standard, SymbolGrade, View, grade_symbol
from bss_mfg.imaging.grade_bars import Bars, grade_bars
from bss_mfg.imaging.grade_geometry import spacing, without_perspective
from bss_mfg.imaging.light_lines import light_lines, lines_across
from bss_mfg.imaging.page_frame import PageFrame, frame_in_perspective
from bss_mfg.imaging.reflectance import Calibration, Light
from bss_mfg.imaging.warp import Warp
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats
    from bss_mfg.imaging.sources import Page

_FIT_STEPS = ((0.8, 1), (0.4, 2))
"""A symbol that was read lies where the reader says, but for a hair."""
_SAME_SCALE = 0.10
"""Share by which a scan's pixels may be off what its own dpi says."""
_SAME_DEPTH = 0.02
"""Share by which areas may be larger in one corner of a page than in another before it was seen at an angle."""


@dataclass(frozen=True, slots=True)
class PageGrader:
    """Grades what was read on a page. `frame` is how it lies over a printed one, where that is known; `x_mm` the
    symbols' X-dimension as they were to be printed; `calibration` a reflectance card seen under the same light.

    First all grids, then all grades: how a page was seen is told by the grids of all its labels.
    """

    page: Page
    frame: PageFrame | None
    x_mm: float | None
    calibration: Calibration | None = None
    seen: PageFrame | None = None
    """The frame as the labels' grids tell it, which is how a camera saw the page; None where too few do."""

    def grid(self, quad: Quad, expected: Matrix) -> Warp:
        """The grid of a symbol by its corners in pixels, as a reader gave them."""
        warp = Warp.from_quad(quad, expected.columns)
        return fitting.fit_warp(self.page.grey, fitting.expected_light(expected.bits()), warp, _FIT_STEPS, rounds=4)

    def with_grids(self, grids: Sequence[tuple[int, Warp]]) -> PageGrader:
        """The same, with the grids of packages that were read on the page."""
        labels = [(package, warp.quad()) for package, warp in grids]
        return replace(self, seen=frame_in_perspective(self.frame, labels) if self.frame else None)

    def grade(self, warp: Warp, expected: Matrix) -> SymbolGrade:
        """The grade of a symbol by its grid."""
        centres = warp.centres()
        found = grade_symbol(self.page.grey, expected, centres, self._view(centres))
        return replace(found, light_lines=self._light_lines(warp, expected)) if self.frame else found

    def _light_lines(self, warp: Warp, expected: Matrix) -> tuple[float, ...]:
        """In mm from the left edge of the printed page; of a symbol that lies sideways on it the rows are looked at."""
        import numpy as np

        if self.frame is None:
            return ()
        side = warp.size
        corners = self.frame.millimetres(warp.map_points(np.array([[0.0, 0], [side, 0], [0, side]])))
        across = corners[1] - corners[0]
        bits = expected.bits()
        if abs(across[0]) < abs(across[1]):  # turned by a quarter: its rows lie along the page
            warp, bits = warp.transposed(), bits.T
        found = light_lines(self.page.grey, warp, bits)
        return tuple(round(float(x), 2) for x in self.frame.millimetres(lines_across(warp, found))[:, 0])

    def grade_code_128(self, quad: Quad, text: str, width_mm: float | None) -> SymbolGrade:
        """The grade of a Code 128 of a text, by the corners that a reader gave; `width_mm` is that of its bars."""
        bars = Bars.from_modules(BarKind.CODE_128, tuple(bool(dark) for dark in code_128(text).bits()[0]))
        corners = find_bar_corners(self.page.grey, quad, bars.modules)
        return grade_bars(self.page.grey, bars, corners, View(self._light(), x_mm=width_mm and width_mm / bars.modules))

    def _light(self) -> Light:
        return self.calibration.applied_to(self.page.light) if self.calibration else self.page.light

    def _view(self, centres: Floats) -> View:
        light = self._light()
        if not self.page.scanned or self._is_flat(sum(spacing(centres)) / 2):
            return View(light, x_mm=self.x_mm)
        if self.seen:
            flat = self.seen.millimetres(centres.reshape(-1, 2)).reshape(centres.shape)
            return View(light, Standard.PHOTOGRAPH, self.x_mm, flat)
        return View(light, Standard.PHOTOGRAPH, self.x_mm, without_perspective(centres), axial=False)

    def _is_flat(self, pixels: float) -> bool:
        """Whether the page was scanned, and no camera saw it: it is as large as its dpi says, which every scanner
        writes, and equally large everywhere."""
        dpi = self.page.dpi
        if not dpi:
            return False
        if self.frame is None:
            return bool(self.x_mm and abs(pixels * MM_PER_INCH / (dpi * self.x_mm) - 1) <= _SAME_SCALE)
        largest, smallest, areas = _scales(self.frame)
        level = max(areas) <= min(areas) * (1 + _SAME_DEPTH)
        return level and abs((largest * smallest) ** 0.5 * MM_PER_INCH / dpi - 1) <= _SAME_SCALE


def _scales(frame: PageFrame) -> tuple[float, float, list[float]]:
    """Pixels per mm in the page's middle, the most and the least of all directions; and square pixels per square mm in
    its corners."""
    import numpy as np

    width, height = frame.label_file.page_mm
    areas: list[float] = []
    largest = smallest = 1.0
    for x, y in ((0, 0), (width, 0), (0, height), (width, height), (width / 2, height / 2)):
        a, b, depth = (np.array([x, y, 1.0]) @ frame.matrix).tolist()
        slope = np.array([[a, b]]) * frame.matrix[:2, 2:]
        jacobian = (frame.matrix[:2, :2] * depth - slope) / depth**2
        most, least = np.linalg.svd(jacobian, compute_uv=False).tolist()
        areas.append(most * least)
        largest, smallest = most, least
    return largest, smallest, areas
