"""What is wrong with the print of a symbol that reads right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bss_mfg.imaging.geometry import Quad
from bss_mfg.imaging.misprints import (
    PrintFault,
    page_scale,
    place_misprints,
    printed_symbol,
    scale_misprints,
    single_misprints,
)
from bss_mfg.imaging.page_frame import PageFrame, frame_from_reads
from bss_mfg.model import LabelFile, Rect
from bss_mfg.symbol import data_matrix
from tests.helpers.scans import picture

MATRIX = data_matrix(b"a symbol of some length, so that it has modules enough", 48)
CORNERS: Quad = ((16.0, 16.0), (208.0, 16.0), (208.0, 208.0), (16.0, 208.0))
CELLS = tuple(Rect(10.0 + 50 * column, 10.0 + 40 * row, 20.0, 20.0) for row in range(3) for column in range(2))
FILE = LabelFile("A", 1, "a.pdf", "0" * 64, "", range(1, 7), 1, CELLS, (120.0, 140.0), 48, "")


def frame(scale_x: float = 300 / 25.4, scale_y: float = 300 / 25.4, slant: float = 0.0) -> PageFrame:
    return PageFrame(FILE, 1, np.array([[scale_x, 0.0, slant], [0.0, scale_y, 0.0], [40.0, 30.0, 1.0]]))


def moved(quad: Quad, right: float, down: float, share: float = 1.0) -> Quad:
    x, y = (sum(values) / 4 for values in zip(*quad, strict=True))
    a, b, c, d = ((x + (u - x) * share + right, y + (v - y) * share + down) for u, v in quad)
    return (a, b, c, d)


def test_a_right_symbol_has_no_fault() -> None:
    assert printed_symbol(picture(MATRIX), CORNERS, MATRIX).misprints == ()


def test_a_mirrored_symbol_is_named_and_its_corners_put_right() -> None:
    # As readers find it: the corner of the finder where it is seen, and the others clockwise from there.
    a, b, c, d = ((224 - x, y) for x, y in CORNERS)
    found = printed_symbol(np.fliplr(picture(MATRIX)).copy(), (c, b, a, d), MATRIX)
    assert [one.fault for one in found.misprints] == [PrintFault.MIRRORED]
    assert found.quad == (a, b, c, d)


def test_an_inverted_symbol_is_named() -> None:
    found = printed_symbol(255 - picture(MATRIX), CORNERS, MATRIX)
    assert [one.fault for one in found.misprints] == [PrintFault.INVERTED]


@pytest.mark.parametrize("share", [0.9, 0.94, 0.97, 1.03, 1.06])
def test_a_scaled_page_is_named(share: float) -> None:
    scale = page_scale(frame(share * 300 / 25.4, share * 300 / 25.4), 300)
    assert scale == pytest.approx((share, share))
    assert [one.fault for one in scale_misprints(scale)] == [PrintFault.SCALED]


def test_what_paper_does_is_no_scale() -> None:
    assert scale_misprints(page_scale(frame(0.992 * 300 / 25.4, 1.006 * 300 / 25.4), 300)) == ()


@pytest.mark.parametrize(("slant", "dpi"), [(0.0004, 300), (0.0, 72), (0.0, None)])
def test_in_a_photograph_the_scale_is_not_judged(slant: float, dpi: float | None) -> None:
    assert page_scale(frame(slant=slant), dpi) is None


@pytest.mark.parametrize("package", range(1, 7))
@pytest.mark.parametrize(("right_mm", "down_mm"), [(2.5, 0.0), (-2.0, 2.0), (0.0, -4.0)])
def test_one_that_is_shifted_is_named_and_no_other(package: int, right_mm: float, down_mm: float) -> None:
    quads = dict(frame().quads)
    quads[package] = moved(quads[package], right_mm * 300 / 25.4, down_mm * 300 / 25.4)
    fitted = frame_from_reads(list(quads.items()), [FILE], "a.png")
    assert fitted is not None
    found = place_misprints(fitted, quads, 300)
    assert {number: [one.fault for one in faults] for number, faults in found.items()} == {
        package: [PrintFault.SHIFTED]
    }


def turned(quad: Quad, degrees: float, beside: float, below: float = 0.0) -> Quad:
    """A symbol turned about a point so far right of and below its corner, as the middle of its label."""
    (x, y), angle = quad[1], np.radians(degrees)
    x, y = x + beside, y + below
    a, b, c, d = (
        (x + np.cos(angle) * (u - x) - np.sin(angle) * (v - y), y + np.sin(angle) * (u - x) + np.cos(angle) * (v - y))
        for u, v in quad
    )
    return (a, b, c, d)


@pytest.mark.parametrize(
    ("degrees", "beside", "below", "says_turn", "says_shift"),
    [(12, 150, 0, True, True), (-5, 300, 0, True, True), (12, -118, 118, True, False), (0.5, 3000, 0, False, True)],
)
def test_the_turn_of_a_label_that_lies_beside_its_place_is_said_first(
    degrees: float, beside: float, below: float, says_turn: bool, says_shift: bool
) -> None:
    quads = dict(frame().quads)
    quads[4] = turned(quads[4], degrees, beside, below)
    found = place_misprints(frame(), quads, 300)
    assert list(found) == [4]
    (fault,) = found[4]
    assert fault.fault is PrintFault.SHIFTED
    words = fault.detail
    assert (f"turned by {degrees:.0f} degrees" in words) is says_turn
    assert (" mm " in words) is says_shift
    assert words.index("turned" if says_turn else "lies") < 10


@pytest.mark.parametrize(
    ("tolerance", "shift_mm", "is_named"),
    [(None, 1.2, False), (0.5, 1.2, True), (None, 2.5, True), (4.0, 2.5, False), (4.0, 5.5, True), (0.5, 0.3, False)],
)
def test_how_far_one_may_be_shifted_the_template_says(tolerance: float | None, shift_mm: float, is_named: bool) -> None:
    file = replace(FILE, registration_tolerance=tolerance)
    quads = dict(frame().quads)
    quads[3] = moved(quads[3], shift_mm * 300 / 25.4, 0.0)
    fitted = frame_from_reads(list(quads.items()), [file], "a.png")
    assert fitted is not None
    assert set(place_misprints(fitted, quads, 300)) == ({3} if is_named else set())


def test_in_a_photograph_only_one_that_is_turned_is_named() -> None:
    quads = dict(frame().quads)
    quads[2] = moved(quads[2], 40.0, 40.0)
    quads[5] = (quads[5][2], quads[5][3], quads[5][0], quads[5][1])
    found = place_misprints(frame(), quads, None)
    assert {number: [one.fault for one in faults] for number, faults in found.items()} == {5: [PrintFault.SHIFTED]}


def test_symbols_of_a_wrong_size_are_named() -> None:
    quads = {package: moved(quad, 0, 0, 0.88) for package, quad in frame().quads.items()}
    fitted = frame_from_reads(list(quads.items()), [FILE], "a.png")
    assert fitted is not None
    assert {one.fault for faults in place_misprints(fitted, quads, 300).values() for one in faults} == {
        PrintFault.WRONG_SIZE
    }


def test_the_size_of_a_single_symbol_is_judged_in_a_flat_scan_only() -> None:
    side = 20 * 300 / 25.4 * 0.9
    quad: Quad = ((0.0, 0.0), (side, 0.0), (side, side), (0.0, side))
    assert [one.fault for one in single_misprints(quad, (20.0, 20.0), 300)] == [PrintFault.WRONG_SIZE]
    assert single_misprints(quad, (20.0, 20.0), None) == ()
    assert single_misprints(quad, (18.0, 18.0), 300) == ()


def test_swapped_labels_do_not_bend_the_sheet() -> None:
    quads = dict(frame().quads)
    quads[2], quads[5] = quads[5], quads[2]
    fitted = frame_from_reads(list(quads.items()), [FILE], "a.png")
    assert fitted is not None
    assert np.allclose(fitted.boxes[2][:2], frame().boxes[2][:2], atol=0.5)
