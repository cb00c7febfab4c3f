"""Our grades against those of an independent implementation, on 200 symbols with faults.

Both are given the same picture and the same corners; each finds modules, light, codewords, elements and grades itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import zint

from bss_mfg.imaging.bar_decodability import BarKind
from bss_mfg.imaging.geometry import apply_homography, homography
from bss_mfg.imaging.grade import SymbolGrade, View, grade_symbol
from bss_mfg.imaging.grade_bars import Bars, grade_bars
from bss_mfg.symbol import Matrix, matrix_from_drawing
from tests.independent.grading import judge
from tests.independent.grading.damaged import Bits, Damage, Picture, light_of, photograph, random_damage

MATRICES, BARS = 150, 50
WITHIN = 0.1 + 1e-6
HAIR = 0.0005
"""Reflectance by which a threshold is moved: a module within it of the threshold may be called dark or light."""
SIZES = (26, 26, 26, 32, 32, 36, 40, 44, 48)
KINDS = {
    "code128": (BarKind.CODE_128, zint.Symbology.CODE128),
    "ean13": (BarKind.EAN_13, zint.Symbology.EANX),
    "upca": (BarKind.UPC_A, zint.Symbology.UPCA),
    "itf": (BarKind.ITF, zint.Symbology.ITF14),
}
NAMES = {
    "decode": "decode",
    "SC": "symbol_contrast",
    "MOD": "modulation",
    "RM": "reflectance_margin",
    "FPD": "fixed_pattern_damage",
    "AN": "axial_nonuniformity",
    "GN": "grid_nonuniformity",
    "UEC": "unused_error_correction",
}
BAR_NAMES = {
    "decode": "decode",
    "SC": "symbol_contrast",
    "Rmin": "minimum_reflectance",
    "EC": "edge_contrast",
    "MOD": "modulation",
    "defects": "defects",
    "decodability": "decodability",
    "quiet": "quiet_zone",
}


@dataclass(frozen=True)
class Case:
    """A damaged symbol; `bits` are its right modules, of bars a single row."""

    name: str
    bits: Bits
    picture: Picture
    x_mm: float | None = None


def _encoded(symbology: zint.Symbology, text: str, option: int = 0) -> Bits:
    symbol = zint.Symbol()
    symbol.symbology = symbology
    if option:
        symbol.option_2, symbol.option_3 = option, zint.DataMatrixOptions.SQUARE
    symbol.encode(text)
    packed = np.frombuffer(bytes(symbol.encoded_data), np.uint8).reshape(-1, 144)
    return np.unpackbits(packed[: symbol.rows if option else 1], axis=1, bitorder="little")[:, : symbol.width].astype(
        bool
    )


def matrix_case(number: int, damage: Damage | None = None) -> Case:
    """Data Matrix number so-and-so of the suite, or an undamaged one like it."""
    rng = random.Random(f"matrix {number}")
    side = rng.choice(SIZES)
    text = "".join(rng.choice("ABCDEFGHIJabcdefghij0123456789:;") for _ in range(judge.ECC200[side][0] * 3 // 4))
    bits = _encoded(zint.Symbology.DATAMATRIX, text, list(judge.ECC200).index(side) + 1)
    pixels = rng.choice([6.0, 8.0, 8.0, 10.0, 12.0, 14.5, 20.0]) * rng.uniform(0.97, 1.03)
    made = random_damage(rng, side, side) if damage is None else damage
    return Case(f"matrix {number} {made}", bits, photograph(bits, pixels, (2, 2), made, number))


def bar_case(number: int, damage: Damage | None = None) -> Case:
    """Bars number so-and-so of the suite."""
    rng = random.Random(f"bars {number}")
    kind = list(KINDS)[number % 4]
    digits = "".join(rng.choice("0123456789") for _ in range(13))
    text = {"code128": f"SN-{digits[: rng.randint(4, 10)]}", "ean13": digits[:12], "upca": digits[:11], "itf": digits}[
        kind
    ]
    row = _encoded(KINDS[kind][1], text)
    rows = rng.randint(14, 24)
    made = random_damage(rng, rows, row.shape[1], bars=True) if damage is None else damage
    pixels = rng.choice([5.0, 6.0, 8.0, 12.0]) * rng.uniform(0.97, 1.03)
    picture = photograph(np.repeat(row, rows, axis=0), pixels, (12, 2), made, number)
    return Case(f"{kind} {number} {made}", row, picture, rng.choice([None, 0.17, 0.25, 0.33, 0.5, 0.7]))


def our_matrix(bits: Bits) -> Matrix:
    """The modules as our code knows them."""
    return matrix_from_drawing(["".join("01"[int(bit)] for bit in row) for row in bits])


def ours_of_matrix(case: Case) -> SymbolGrade:
    """Our grade of a Data Matrix."""
    n = len(case.bits)
    taken = homography([(0, 0), (n, 0), (n, n), (0, n)], list(case.picture.corners))
    assert taken is not None
    columns, rows = np.meshgrid(np.arange(n) + 0.5, np.arange(n) + 0.5)
    centres = apply_homography(taken, np.stack([columns, rows], axis=-1))
    return grade_symbol(case.picture.grey, our_matrix(case.bits), centres)


def judged_matrix(case: Case, off: float = 0.0) -> judge.Judgement:
    """The judge's grade of the same."""
    found = judge.grade_data_matrix(light_of(case.picture.grey), np.array(case.picture.corners), case.bits, off)
    assert found is not None, case.name
    return found


def widths_of(row: Bits) -> tuple[int, ...]:
    """Widths of bars and spaces, from the modules."""
    return tuple(int(v) for v in np.diff(np.flatnonzero(np.diff(np.pad(row[0].astype(int), 1, constant_values=0)))))


def ours_of_bars(case: Case) -> SymbolGrade:
    """Our grade of bars."""
    a, b, c, d = case.picture.corners
    bars = Bars(KINDS[case.name.split()[0]][0], widths_of(case.bits))
    return grade_bars(case.picture.grey, bars, (a, b, c, d), View(x_mm=case.x_mm))


def judged_bars(case: Case) -> judge.Judgement:
    """The judge's grade of the same."""
    corners, widths = np.array(case.picture.corners), list(widths_of(case.bits))
    return judge.grade_bars(light_of(case.picture.grey), corners, widths, case.name.split()[0], case.x_mm)


def differences(ours: SymbolGrade, judged: judge.Judgement, names: dict[str, str]) -> Iterator[str]:
    """Every grade in which the two are further apart than allowed, in words."""
    if ours.overall is None or abs(ours.overall - judged.overall) > WITHIN:
        yield f"overall {ours.overall}, judged {judged.overall}"
    for name, our_name in names.items():
        if abs(ours.grades[our_name] - judged.grades[name]) > WITHIN:
            yield f"{our_name} {ours.grades[our_name]}, judged {judged.grades[name]}"


def too_close_to_call(case: Case, ours: SymbolGrade) -> bool:
    """Whether ours lies between what the judge says with the threshold a hair lower and a hair higher."""
    judged = [judged_matrix(case, off) for off in (-HAIR, 0.0, HAIR)]
    for name, our_name in NAMES.items():
        grades = [one.grades[name] for one in judged]
        if not min(grades) - WITHIN <= ours.grades[our_name] <= max(grades) + WITHIN:
            return False
    overall = [one.overall for one in judged]
    return ours.overall is not None and min(overall) - WITHIN <= ours.overall <= max(overall) + WITHIN


@pytest.mark.parametrize("first", range(0, MATRICES, 30))
def test_matrix_grades_agree(first: int) -> None:
    close = []
    for number in range(first, first + 30):
        case = matrix_case(number)
        ours = ours_of_matrix(case)
        found = list(differences(ours, judged_matrix(case), NAMES))
        assert not found or too_close_to_call(case, ours), (case.name, found)
        close += [(case.name, found)] if found else []
    assert len(close) <= 1, close


@pytest.mark.parametrize("number", range(BARS))
def test_bar_grades_agree(number: int) -> None:
    case = bar_case(number)
    assert not list(differences(ours_of_bars(case), judged_bars(case), BAR_NAMES)), case.name


def test_suite_has_all_grades() -> None:
    """A suite of symbols that are all perfect or all unreadable would agree with anything."""
    letters = [ours_of_matrix(matrix_case(number)).letter for number in range(0, MATRICES, 3)]
    assert all(letters.count(letter) >= 3 for letter in "ABCDF"), letters
    letters = [ours_of_bars(bar_case(number)).letter for number in range(BARS)]
    assert all(letters.count(letter) >= 2 for letter in "ABCF"), letters


def test_perfect_symbols() -> None:
    """The judge itself: nothing is wrong with an undamaged print."""
    matrix = judged_matrix(matrix_case(1, Damage()))
    assert {matrix.overall, *matrix.grades.values()} == {4.0}
    for number in range(4):
        bars = judged_bars(bar_case(number, Damage()))
        assert {bars.overall, *bars.grades.values()} == {4.0}


def test_placement_is_the_standards() -> None:
    """ISO/IEC 16022 annex O: "123456" is 142 164 186, then 114 25 5 88 102. All sizes are filled."""
    bits = _encoded(zint.Symbology.DATAMATRIX, "123456", 1)
    words = [sum(int(bits[cell]) << (7 - k) for k, cell in enumerate(word)) for word in judge.codeword_places(10)]
    assert words == [142, 164, 186, 114, 25, 5, 88, 102]
    for side, (_, _, regions) in judge.ECC200.items():
        cells = [cell for word in judge.codeword_places(side) for cell in word]
        assert len(set(cells)) == len(cells)
        assert (side - 2 * regions) ** 2 - len(cells) in (0, 4)


def test_aperture_is_a_disc() -> None:
    """The judge's aperture against counting: points of a fine grid that lie in the disc."""
    light = np.random.default_rng(5).random((30, 30))
    y, x = (np.mgrid[0:3000, 0:3000] + 0.5) / 100
    inside = (x - 13.31) ** 2 + (y - 9.87) ** 2 < 3.2**2
    counted = np.kron(light, np.ones((100, 100)))[inside].mean()
    assert judge.Light(light).seen(np.array([13.31, 9.87]), 6.4) == pytest.approx(counted, abs=2e-4)


def _light_matrix() -> Case:
    return matrix_case(1, Damage(blur=0.1))


@pytest.mark.parametrize("words", [1, 12])
def test_wrong_codewords_are_noticed(words: int) -> None:
    """Given a matrix with codewords turned over, ours differs from the judge, who has the right one."""
    case = _light_matrix()
    wrong = case.bits.copy()
    for word in judge.codeword_places(len(wrong))[:words]:
        for cell in word:
            wrong[cell] ^= True
    judged = judged_matrix(case)
    found = " ".join(differences(ours_of_matrix(replace(case, bits=wrong)), judged, NAMES))
    # One wrong codeword of so many leaves unused error correction at 4.0: it is told by its count alone.
    assert ours_of_matrix(replace(case, bits=wrong)).wrong_codewords == words
    assert words == 1 or "unused_error_correction" in found, found


@pytest.mark.parametrize("corner", range(4))
def test_wrong_corner_is_noticed(corner: int) -> None:
    """Given a corner that is off by a module, ours differs from the judge."""
    case = _light_matrix()
    judged = judged_matrix(case)
    x, y = case.picture.corners[corner]
    off = (x + 9.0, y + 9.0)
    corners = (*case.picture.corners[:corner], off, *case.picture.corners[corner + 1 :])
    moved = replace(case, picture=Picture(case.picture.grey, corners))
    assert list(differences(ours_of_matrix(moved), judged, NAMES))


@pytest.mark.parametrize("number", range(4))
def test_wrong_bars_are_noticed(number: int) -> None:
    """Given bars with two elements exchanged, ours differs from the judge, who has the right ones."""
    case = bar_case(number, Damage())
    widths = list(widths_of(case.bits))
    at = next(i for i in range(8, len(widths)) if widths[i] != widths[i + 2])
    widths[at], widths[at + 2] = widths[at + 2], widths[at]
    wrong = np.array([[index % 2 == 0 for index, width in enumerate(widths) for _ in range(width)]])
    assert list(differences(ours_of_bars(replace(case, bits=wrong)), judged_bars(case), BAR_NAMES))
