"""Grades of bars: ideal drawings, growing damage, and values on the edges of the standard's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bss_mfg import barcodes
from bss_mfg.imaging.bar_decodability import BarKind, decodability
from bss_mfg.imaging.bar_profile import read_profile
from bss_mfg.imaging.grade import View
from bss_mfg.imaging.grade_bars import Bars, bar_aperture, grade_bars
from bss_mfg.imaging.grade_scale import BAR_MODULATION_LEVELS, CONTRAST_LEVELS, DEFECT_LEVELS, grade_of
from bss_mfg.imaging.reflectance import LINEAR

PIXELS, HEIGHT, QUIET = 6, 60, 14
VIEW = View(LINEAR)


def bars_of(kind: BarKind, text: str) -> Bars:
    if kind is BarKind.CODE_128:
        matrix = barcodes.code_128(text)
    elif kind is BarKind.ITF:
        matrix = barcodes.itf_14(text)[1]
    else:
        matrix = barcodes.retail_code(text)
    return Bars.from_modules(kind, tuple(bool(one) for one in matrix.bits()[0]))


SYMBOLS = {
    BarKind.CODE_128: "ebK300000005",
    BarKind.EAN_13: "4006381333931",
    BarKind.UPC_A: "012345678905",
    BarKind.EAN_8: "96385074",
    BarKind.ITF: "4006381333931",
}
CODE = bars_of(BarKind.CODE_128, "ebK300000005")


def quad_of(bars: Bars, pixels: int = PIXELS) -> tuple[tuple[float, float], ...]:
    left, right = float(QUIET * pixels), float((QUIET + bars.modules) * pixels)
    return ((left, 10.0), (right, 10.0), (right, 10.0 + HEIGHT), (left, 10.0 + HEIGHT))


def drawn(bars: Bars, pixels: int = PIXELS, dark: int = 0, light: int = 255) -> np.ndarray:
    row = np.repeat(np.arange(len(bars.widths)) % 2 == 0, np.array(bars.widths) * pixels)
    line = np.where(np.pad(row, QUIET * pixels), dark, light).astype(np.uint8)
    page = np.full((HEIGHT + 20, len(line)), light, np.uint8)
    page[10:-10] = line
    return page


@pytest.mark.parametrize("kind", SYMBOLS)
@pytest.mark.parametrize("pixels", [4, 6, 10])
def test_an_ideal_drawing_is_4(kind: BarKind, pixels: int) -> None:
    bars = bars_of(kind, SYMBOLS[kind])
    found = grade_bars(drawn(bars, pixels), bars, quad_of(bars, pixels), VIEW)
    assert found.overall == 4 and set(found.grades.values()) == {4.0}
    assert found.values["symbol_contrast"] == pytest.approx(100)
    assert found.values["defects"] == 0 and found.values["decodability"] > 0.95


@pytest.mark.parametrize("degrees", [90, 180, 33])
def test_bars_at_any_angle(degrees: int) -> None:
    page = np.pad(drawn(CODE), 60, constant_values=255)
    corners = np.array(quad_of(CODE)) + 60 - np.array(page.shape[::-1]) / 2
    turned = Image.fromarray(page).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    quad = corners @ np.array([[cosine, -sine], [sine, cosine]]) + np.array(turned.size) / 2
    found = grade_bars(np.asarray(turned), CODE, tuple(map(tuple, quad.tolist())), VIEW)
    assert found.overall is not None and found.overall >= 3.9


def blurred() -> Iterator[np.ndarray]:
    for radius in np.arange(0, 7, 0.5):
        yield np.asarray(Image.fromarray(drawn(CODE)).filter(ImageFilter.GaussianBlur(float(radius))))


def pale() -> Iterator[np.ndarray]:
    for step in range(16):
        yield drawn(CODE, dark=8 * step, light=255 - 6 * step)


def grown() -> Iterator[np.ndarray]:
    """Bars that spread by more and more of a pixel at each edge."""
    large = Image.fromarray(drawn(CODE)).resize((drawn(CODE).shape[1] * 4, 80))
    for size in range(1, 27, 2):
        spread = large.filter(ImageFilter.MinFilter(size)) if size > 1 else large
        yield np.asarray(spread.resize((large.width // 4, 80), Image.Resampling.BOX))


def scratched() -> Iterator[np.ndarray]:
    """A light scratch through all bars, ever wider, along the bars' height in half of the profiles."""
    page = drawn(CODE).astype(int)
    for step in range(12):
        at = page.copy()
        at[10:60, :] = np.clip(at[10:60, :] + step * 20 * (np.arange(at.shape[1]) % 24 == 3), 0, 255)
        yield at.astype(np.uint8)


@pytest.mark.parametrize("damage", [blurred, pale, grown, scratched])
def test_no_grade_rises_as_damage_grows(damage: Callable[[], Iterator[np.ndarray]]) -> None:
    grades = [grade_bars(page, CODE, quad_of(CODE), VIEW) for page in damage()]
    overall = [found.overall for found in grades]
    assert overall[0] == 4 and overall == sorted(overall, reverse=True)  # type: ignore[type-var]
    assert overall[-1] <= 1.5  # type: ignore[operator]


def test_contrast_modulation_and_reflectance_are_those_of_the_tables() -> None:
    found = grade_bars(drawn(CODE, dark=26, light=153), CODE, quad_of(CODE), VIEW)
    assert found.values["symbol_contrast"] == pytest.approx((153 - 26) / 2.55)
    assert found.grades["symbol_contrast"] == grade_of((153 - 26) / 2.55, CONTRAST_LEVELS) == 2.7
    assert found.grades["minimum_reflectance"] == 4
    dim = grade_bars(drawn(CODE, dark=130, light=255), CODE, quad_of(CODE), VIEW)
    assert (dim.grades["minimum_reflectance"], dim.overall) == (0, 0)


def test_a_spot_and_a_void_are_defects() -> None:
    """A grey spot in the quiet zone that does not reach the threshold: 20 % of the contrast is grade 3."""
    page = drawn(CODE)
    page[10:-10, 40:54] = 204
    found = grade_bars(page, CODE, quad_of(CODE), VIEW)
    assert found.values["defects"] == pytest.approx(0.2, abs=0.001)
    assert found.grades["defects"] == grade_of(found.values["defects"], DEFECT_LEVELS) == 3
    assert {name for name, grade in found.grades.items() if grade < 4} == {"defects"}


def test_one_pale_bar_costs_modulation() -> None:
    page = drawn(CODE)
    start = QUIET * PIXELS + 3 * PIXELS  # the start character's second bar, of one module
    page[10:-10, start : start + PIXELS] = 255 * 0.45
    found = grade_bars(page, CODE, quad_of(CODE), VIEW)
    assert found.values["modulation"] == pytest.approx(1 - 0.45, abs=0.01)
    assert found.grades["modulation"] == grade_of(found.values["modulation"], BAR_MODULATION_LEVELS)


def test_ink_in_the_quiet_zone_and_a_missing_bar_are_0() -> None:
    page = drawn(CODE)
    page[10:-10, 44:50] = 0
    inked = grade_bars(page, CODE, quad_of(CODE), VIEW)
    assert (inked.grades["quiet_zone"], inked.overall) == (0, 0)
    page = drawn(CODE)
    page[10:-10, QUIET * PIXELS : (QUIET + 2) * PIXELS] = 255
    cut = grade_bars(page, CODE, quad_of(CODE), VIEW)
    assert (cut.grades["decode"], cut.overall) == (0, 0)


def test_profiles_are_averaged() -> None:
    """Three of ten profiles cross a bar that is not there: seven 4s and three 0s."""
    page = drawn(CODE)
    page[10 : 10 + int(HEIGHT * 0.33), QUIET * PIXELS : (QUIET + 2) * PIXELS] = 255
    assert grade_bars(page, CODE, quad_of(CODE), VIEW).overall == pytest.approx(2.8)


def test_decodability_at_computed_places() -> None:
    """In the first character of Code 128 one edge moved by a quarter of a module leaves half; bars that are wider by
    0.7 of a module in sum leave 60 %."""
    widths = np.array(CODE.widths, float)
    assert decodability(BarKind.CODE_128, CODE.widths, widths) == 1
    moved = widths.copy()
    moved[0] += 0.25
    moved[1] -= 0.25
    assert decodability(BarKind.CODE_128, CODE.widths, moved) == pytest.approx(0.5)
    wide = widths.copy()
    wide[0:6:2] += 0.7 / 3
    wide[1:6:2] -= 0.7 / 3
    assert decodability(BarKind.CODE_128, CODE.widths, wide) == pytest.approx(0.6)
    moved[0] += 0.3
    moved[1] -= 0.3
    assert decodability(BarKind.CODE_128, CODE.widths, moved) == 0


@pytest.mark.parametrize("kind", [BarKind.EAN_13, BarKind.UPC_A, BarKind.EAN_8])
def test_decodability_of_digits_that_only_their_bars_tell_apart(kind: BarKind) -> None:
    bars = bars_of(kind, SYMBOLS[kind])
    widths = np.array(bars.widths, float)
    assert decodability(kind, bars.widths, widths) == 1
    grown = widths + np.where(np.arange(len(widths)) % 2 == 0, 0.2, -0.2)
    # Two bars that each are 0.2 wider: of one module's room 0.6 is left.
    assert decodability(kind, bars.widths, grown) == pytest.approx(0.6, abs=0.02)


def test_decodability_of_itf() -> None:
    bars = bars_of(BarKind.ITF, SYMBOLS[BarKind.ITF])
    widths = np.array(bars.widths, float)
    even = decodability(BarKind.ITF, bars.widths, widths)
    assert even > 0.95
    uneven = widths.copy()
    uneven[6] += 0.4
    assert decodability(BarKind.ITF, bars.widths, uneven) < even - 0.3


def test_apertures_by_x() -> None:
    assert bar_aperture(0.25, 10) == pytest.approx(5)
    assert bar_aperture(0.33, 10) == pytest.approx(0.25 / 0.33 * 10)
    assert bar_aperture(0.15, 10) == pytest.approx(5)
    assert bar_aperture(0.66, 10) == pytest.approx(0.5 / 0.66 * 10)
    assert bar_aperture(0.25, 1) == 1 and bar_aperture(None, 10) == 4


def test_too_coarse_bars_are_not_graded() -> None:
    found = grade_bars(drawn(CODE, 2), CODE, quad_of(CODE, 2), VIEW)
    assert (found.gradable, found.overall, found.formal) == (False, None, "")


def test_a_profile_that_begins_dark_is_none() -> None:
    assert read_profile(np.array([0.0, 0, 100, 100, 0, 100]), 1) is None
    assert read_profile(np.full(9, 50.0), 1) is None
    found = read_profile(np.array([100.0, 100, 0, 0, 100, 100]), 1)
    assert found is not None and found.edges.tolist() == [1.5, 3.5]


def test_the_formal_grade_of_bars() -> None:
    """X of 0.25 mm is measured with 0.125 mm: 5 thousandths of an inch."""
    found = grade_bars(drawn(CODE), CODE, quad_of(CODE), View(LINEAR, x_mm=0.25))
    assert found.formal == "4.0/05/660/45"
