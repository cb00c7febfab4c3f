"""Indicative grades: ideal renders, growing damage, and values on the edges of the standard's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bss_mfg.barcodes import qr
from bss_mfg.imaging.ecc200 import segments, symbol_geometry
from bss_mfg.imaging.grade import Standard, SymbolGrade, View
from bss_mfg.imaging.grade import grade_symbol as grade_scan
from bss_mfg.imaging.grade_geometry import without_perspective
from bss_mfg.imaging.grade_scale import (
    AVERAGE_LEVELS,
    AXIAL_LEVELS,
    BAR_MODULATION_LEVELS,
    CELL_CONTRAST_LEVELS,
    CONTRAST_LEVELS,
    DAMAGE_LEVELS,
    DECODABILITY_LEVELS,
    DEFECT_LEVELS,
    GRID_LEVELS,
    MODULATION_LEVELS,
    UEC_LEVELS,
    Knots,
    grade_of,
    least_grade,
    letter_of,
    overall_grade,
)
from bss_mfg.imaging.reflectance import LINEAR
from bss_mfg.imaging.sampling import box_mean
from bss_mfg.symbol import DATA_CODEWORDS, SQUARE_SIZES, Matrix, data_matrix

PIXELS = 8


SURROUND = 2


PARAMETERS = {
    "decode",
    "symbol_contrast",
    "modulation",
    "reflectance_margin",
    "axial_nonuniformity",
    "grid_nonuniformity",
    "unused_error_correction",
    "fixed_pattern_damage",
}


Scan = tuple[np.ndarray, np.ndarray]


def grade_symbol(grey: np.ndarray, matrix: Matrix, at: np.ndarray, scans: int = 5) -> SymbolGrade:
    """The grade of a picture whose grey is linear light."""
    return grade_scan(grey, matrix, at, View(LINEAR), scans)


def symbol(size: int, seed: int = 1) -> Matrix:
    """A symbol of random octets, as many as surely fit."""
    number = max(1, DATA_CODEWORDS[SQUARE_SIZES.index(size)] - 3) if size > 10 else 1
    return data_matrix(np.random.default_rng(seed).integers(1, 128, number).astype(np.uint8).tobytes(), size)


def tiles(quarters: np.ndarray, pixels: int = PIXELS) -> np.ndarray:
    """A picture from the wanted mean grey of each module in quarters of a level: an aperture at the centre sees a
    quarter of it in each of the module's four corners."""
    base, extra = np.divmod(quarters, 4)
    picture = np.zeros((*quarters.shape, pixels, pixels), np.uint8)
    half = pixels // 2
    for index, (down, right) in enumerate(((0, 0), (half, half), (0, half), (half, 0))):
        value = (base + (extra > index)).astype(np.uint8)
        picture[:, :, down : down + half, right : right + half] = value[:, :, None, None]
    return picture.swapaxes(1, 2).reshape(len(quarters) * pixels, -1)


def render(bits: np.ndarray, pixels: int = PIXELS, surround: int = SURROUND) -> np.ndarray:
    grey = np.pad(np.where(bits, 0, 255).astype(np.uint8), surround, constant_values=255)
    return np.kron(grey, np.ones((pixels, pixels), np.uint8))


def centres(size: int, pixels: float = PIXELS, stretch: float = 1.0, surround: int = SURROUND) -> np.ndarray:
    along = (np.arange(size) + 0.5 + surround) * pixels
    return np.stack(np.meshgrid(along * stretch, along), axis=-1)


def stretched(grey: np.ndarray, stretch: float) -> np.ndarray:
    """The picture drawn out in x."""
    across = ((np.arange(int(grey.shape[1] * stretch)) + 0.5) / stretch).astype(int)
    return grey[:, across.clip(0, grey.shape[1] - 1)]


EXPONENTS = [1]


for _ in range(254):
    EXPONENTS.append(EXPONENTS[-1] << 1 ^ (0x12D if EXPONENTS[-1] & 0x80 else 0))


LOGARITHMS = {value: power for power, value in enumerate(EXPONENTS)}


def syndromes(codewords: list[int], errors: int) -> list[int]:
    """Values of a block's polynomial over GF(256), 0x12D, at the generator's roots 2^1 ... 2^errors."""
    found = []
    for root in range(1, errors + 1):
        value = 0
        for codeword in codewords:
            value = (EXPONENTS[(LOGARITHMS[value] + root) % 255] if value else 0) ^ codeword
        found.append(value)
    return found


def codewords_of(matrix: Matrix) -> np.ndarray:
    return np.packbits(matrix.bits().reshape(-1)[symbol_geometry(matrix.size).modules], axis=1)[:, 0]


def test_codewords_of_the_standards_example() -> None:
    """ISO/IEC 16022, annex O: the codewords of "123456"."""
    assert codewords_of(data_matrix(b"123456")).tolist() == [142, 164, 186, 114, 25, 5, 88, 102]


@pytest.mark.parametrize("size", SQUARE_SIZES)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_block_of_each_size_is_a_codeword(size: int, seed: int) -> None:
    place, matrix = symbol_geometry(size), symbol(size, seed)
    read = codewords_of(matrix)
    assert sum(place.data) == DATA_CODEWORDS[SQUARE_SIZES.index(size)]
    assert len(read) == sum(place.data) + sum(place.error)
    for block, (data, error) in enumerate(zip(place.data, place.error, strict=True)):
        own = read[place.block == block].tolist()
        assert len(own) == data + error
        assert any(own)
        assert not any(syndromes(own, error))


@pytest.mark.parametrize("size", SQUARE_SIZES)
def test_fixed_pattern_of_each_size(size: int) -> None:
    place, bits = symbol_geometry(size), symbol(size).bits()
    assert (bits[place.fixed] == place.pattern[place.fixed]).all()
    assert place.pattern[:, 0].all() and place.pattern[-1].all()
    assert place.pattern[0].tolist() == [True, False] * (size // 2)
    assert place.pattern[:, -1].tolist() == [False, True] * (size // 2)
    assert place.fixed.sum() == place.regions**2 * 4 * (size // place.regions - 1)


@pytest.mark.parametrize("size", SQUARE_SIZES)
def test_each_module_has_one_place(size: int) -> None:
    place = symbol_geometry(size)
    assert len(np.unique(place.modules)) == place.modules.size
    for bit in range(8):
        module = place.modules[:, 7 - bit]
        assert (place.codeword.reshape(-1)[module] == np.arange(len(module))).all()
        assert (place.bit.reshape(-1)[module] == bit).all()
    left_over = np.argwhere((place.codeword < 0) & ~place.fixed)
    corner = [[size - 3, size - 3], [size - 3, size - 2], [size - 2, size - 3], [size - 2, size - 2]]
    assert left_over.tolist() == (corner if size in (12, 16, 20, 24) else [])


def test_144_has_uneven_blocks() -> None:
    place = symbol_geometry(144)
    assert place.data == (156,) * 8 + (155,) * 2
    assert np.bincount(place.block).tolist() == [218] * 8 + [217] * 2
    assert symbol_geometry(144) is place
    with pytest.raises(ValueError):
        place.block[0] = 1


@pytest.mark.parametrize("size", SQUARE_SIZES)
def test_graded_lines_hold_every_fixed_module(size: int) -> None:
    lines, place = segments(size), symbol_geometry(size)
    seen = np.zeros((size + 2, size + 2), bool)
    seen.reshape(-1)[lines.module] = True
    assert seen[1:-1, 1:-1][place.fixed].all() and not seen[1:-1, 1:-1][~place.fixed].any()
    around = np.pad(np.zeros((size, size), bool), 1, constant_values=True)
    # All of the quiet zone but the corner at the top right, which no line meets.
    assert np.argwhere(around & ~seen).tolist() == [[0, size + 1]]
    assert (np.bincount(lines.line) == lines.length).all()


def test_no_layout_for_a_size_that_is_none() -> None:
    with pytest.raises(ValueError):
        symbol_geometry(11)
    code = qr("text")
    with pytest.raises(ValueError):
        grade_symbol(render(code.bits()), code, centres(code.size))
    with pytest.raises(ValueError):
        grade_symbol(render(symbol(10).bits()), symbol(10), centres(12))


@pytest.mark.parametrize("size", [10, 24, 52, 88, 144])
@pytest.mark.parametrize("pixels", [5, 6, 7, 9, 12])
def test_an_ideal_render_is_4(size: int, pixels: int) -> None:
    found = grade_symbol(render(symbol(size).bits(), pixels), symbol(size), centres(size, pixels))
    assert found.grades == dict.fromkeys(PARAMETERS, 4.0)
    assert (found.overall, found.letter, found.gradable) == (4.0, "A", True)
    assert (found.wrong_modules, found.wrong_codewords) == ((), 0)
    assert found.values == pytest.approx(
        {
            "symbol_contrast": 100,
            "modulation": 1,
            "reflectance_margin": 1,
            "axial_nonuniformity": 0,
            "grid_nonuniformity": 0,
            "unused_error_correction": 1,
            "fixed_pattern_damage": 4,
            "print_growth": 0,
        }
    )
    assert (found.pixels_per_module, found.aperture) == (pixels, 0.8)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_symbol_grades_as_the_upright_one(turns: int) -> None:
    matrix = symbol(24)
    bits = matrix.bits().copy()
    bits[[3, 10, 23], [3, 8, 5]] ^= True
    grey, at = render(bits), centres(24)
    upright = grade_symbol(grey, matrix, at)
    height, width = grey.shape
    for _ in range(turns):  # a quarter to the left
        at = np.stack([at[..., 1], width - at[..., 0]], axis=-1)
        height, width = width, height
    found = grade_symbol(np.rot90(grey, turns), matrix, at)
    assert found.grades == upright.grades and found.wrong_modules == upright.wrong_modules
    assert found.values == pytest.approx(upright.values)


@pytest.mark.parametrize("degrees", [7, 45, 123])
def test_a_symbol_at_any_angle(degrees: int) -> None:
    matrix = symbol(32)
    grey = render(matrix.bits(), 10, 8)
    at = centres(32, 10, surround=8) - grey.shape[0] / 2
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    at = np.stack([cosine * at[..., 0] + sine * at[..., 1], cosine * at[..., 1] - sine * at[..., 0]], axis=-1)
    turned = np.asarray(Image.fromarray(grey).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255))
    found = grade_symbol(turned, matrix, at + grey.shape[0] / 2)
    assert found.overall == 4
    assert abs(found.values["print_growth"]) < 0.1


@pytest.mark.parametrize(("dark", "light", "growth"), [(6, 4, 2 / 3), (4, 6, -2 / 3), (5, 5, 0)])
def test_print_growth_is_reported_and_not_graded(dark: int, light: int, growth: float) -> None:
    picture = Image.fromarray(render(symbol(24).bits(), 10))
    kind = ImageFilter.MinFilter(3) if dark > light else ImageFilter.MaxFilter(3)
    grey = np.asarray(picture.filter(kind) if dark != light else picture)
    found = grade_symbol(grey, symbol(24), centres(24, 10))
    assert found.values["print_growth"] == pytest.approx(growth, abs=0.1)
    assert "print_growth" not in found.grades and found.overall == 4


def blurred(matrix: Matrix) -> Iterator[Scan]:
    picture = Image.fromarray(render(matrix.bits()))
    for radius in np.arange(0, 10, 0.4):
        yield np.asarray(picture.filter(ImageFilter.GaussianBlur(float(radius)))), centres(matrix.size)


def pale(matrix: Matrix) -> Iterator[Scan]:
    for step in range(36):
        grey = np.where(render(matrix.bits()) > 0, 255 - 3 * step, 4 * step)
        yield grey.astype(np.uint8), centres(matrix.size)


def broken(matrix: Matrix) -> Iterator[Scan]:
    size, bits = matrix.size, matrix.bits().copy()
    sides = [(row, 0) for row in range(size)] + [(size - 1, column) for column in range(1, size)]
    for module in np.random.default_rng(5).permutation(sides):
        yield render(bits), centres(size)
        bits[tuple(module)] = False


def drawn_out(matrix: Matrix) -> Iterator[Scan]:
    for stretch in np.arange(1, 1.2, 0.005):
        yield stretched(render(matrix.bits()), stretch), centres(matrix.size, stretch=stretch)


def noisy(matrix: Matrix) -> Iterator[Scan]:
    grey = render(matrix.bits())
    field = np.random.default_rng(6).standard_normal(grey.shape)
    for amplitude in range(0, 500, 12):
        yield np.clip(np.round(grey + amplitude * field), 0, 255).astype(np.uint8), centres(matrix.size)


def flipped(matrix: Matrix) -> Iterator[Scan]:
    random = np.random.default_rng(7)
    bits = matrix.bits().copy()
    for codeword in random.permutation(symbol_geometry(matrix.size).modules)[:60]:
        yield render(bits), centres(matrix.size)
        bits.reshape(-1)[random.choice(codeword, random.integers(1, 9), replace=False)] ^= True


def shaded(matrix: Matrix) -> Iterator[Scan]:
    grey = render(matrix.bits())
    for step in range(40):
        shade = grey.astype(float)
        shade[:, shade.shape[1] // 2 :] *= 1 - step / 40
        yield shade.astype(np.uint8), centres(matrix.size)


@pytest.mark.parametrize(
    ("damage", "hit"),
    [
        (blurred, {"modulation", "reflectance_margin", "fixed_pattern_damage"}),
        (pale, {"symbol_contrast"}),
        (broken, {"fixed_pattern_damage"}),
        (drawn_out, {"axial_nonuniformity"}),
        (noisy, {"modulation", "reflectance_margin", "unused_error_correction", "fixed_pattern_damage"}),
        (flipped, {"reflectance_margin", "unused_error_correction"}),
        (shaded, {"reflectance_margin", "unused_error_correction", "fixed_pattern_damage"}),
    ],
)
@pytest.mark.parametrize("size", [10, 24, 52])
def test_no_grade_rises_as_damage_grows(damage: Callable[[Matrix], Iterator[Scan]], hit: set[str], size: int) -> None:
    matrix = symbol(size)
    grades = [grade_symbol(grey, matrix, at) for grey, at in damage(matrix)]
    assert grades[0].overall == 4 and grades[-1].overall == 0
    # Modulation asks how far a module is from the threshold, not on which side: under a shadow that darkens half of
    # the symbol past the threshold it rises again. The reflectance margin, which minds the side, does not.
    watched = PARAMETERS - ({"modulation"} if damage is shaded else set())
    for name in watched:
        series = [found.grades[name] for found in grades]
        assert series == sorted(series, reverse=True), name
    overall = [found.overall for found in grades if found.overall is not None]
    assert overall == sorted(overall, reverse=True) and len(overall) == len(grades)
    assert all(grades[-1].grades[name] == 0 for name in hit)
    # Of five scans each is as bad as its worst parameter, and that need not be the same in all.
    assert all(found.overall <= min(found.grades.values()) for found in grades if found.overall is not None)


def test_damage_hits_nothing_else() -> None:
    """Stretch and missing L modules leave the data alone; flipped data leave the patterns alone."""
    matrix = symbol(24)
    for damage, hit in (
        (broken, {"fixed_pattern_damage"}),
        (drawn_out, {"axial_nonuniformity"}),
        (pale, {"symbol_contrast"}),
        (flipped, {"decode", "reflectance_margin", "unused_error_correction"}),
    ):
        *_, last = damage(matrix)
        found = grade_symbol(last[0], matrix, last[1])
        assert {name for name, grade in found.grades.items() if grade < 4} == hit


@pytest.mark.parametrize(
    "levels",
    [
        CONTRAST_LEVELS,
        MODULATION_LEVELS,
        AXIAL_LEVELS,
        GRID_LEVELS,
        UEC_LEVELS,
        DAMAGE_LEVELS,
        AVERAGE_LEVELS,
        CELL_CONTRAST_LEVELS,
        BAR_MODULATION_LEVELS,
        DECODABILITY_LEVELS,
    ],
)
def test_tables_at_their_edges_and_between(levels: Knots) -> None:
    assert [number for _, number in levels] == [4, 3, 2, 1, 0]
    for limit, number in levels:
        assert grade_of(limit, levels) == number
    for (limit, number), (beyond, _) in pairwise(levels):
        assert grade_of(limit + (beyond - limit) / 2, levels) == number - 0.5
        assert grade_of(limit + (beyond - limit) * 0.04, levels) == number
        assert grade_of(limit + (beyond - limit) * 0.06, levels) == pytest.approx(number - 0.1)
    assert grade_of(2 * levels[0][0] - levels[1][0], levels) == 4
    assert grade_of(2 * levels[4][0] - levels[3][0], levels) == 0


def test_published_grades_of_the_continuous_scale() -> None:
    """As ISO/IEC 15416:2016 was explained to users: contrast 39 % is 2.0, 54 % 2.9, modulation 59 % is 2.9."""
    contrasts = {70: 4.0, 69: 3.9, 55: 3.0, 54: 2.9, 39: 2.0, 38: 1.9, 20: 1.0, 19: 0.8, 15: 0.0}
    assert {percent: grade_of(percent, CONTRAST_LEVELS) for percent in contrasts} == contrasts
    modulations = {0.59: 2.9, 0.6: 3.0, 0.65: 3.5, 0.69: 3.9, 0.3: 0.0}
    assert {value: grade_of(value, BAR_MODULATION_LEVELS) for value in modulations} == modulations
    assert [grade_of(value, DEFECT_LEVELS) for value in (0.1, 0.15, 0.175, 0.3, 0.3001)] == [4.0, 4.0, 3.5, 1.0, 0.0]


@pytest.mark.parametrize(
    ("text", "least"),
    [("A", 3.5), ("b", 2.5), ("C", 1.5), ("D", 0.5), ("2", 2.0), ("3.2", 3.2), ("F", None), ("0", None), ("4.1", None)],
)
def test_least_grades_that_may_be_asked_for(text: str, least: float | None) -> None:
    assert least_grade(text) == least


def wrong_in_one_block(size: int, block: int, count: int) -> SymbolGrade:
    """One module wrong in each of so many codewords of a block."""
    matrix, place = symbol(size), symbol_geometry(size)
    bits = matrix.bits().copy()
    bits.reshape(-1)[place.modules[place.block == block][:count, 3]] ^= True
    return grade_symbol(render(bits), matrix, centres(size))


@pytest.mark.parametrize(
    ("size", "block", "errors"), [(10, 0, 5), (16, 0, 12), (24, 0, 24), (44, 0, 56), (52, 1, 42), (88, 2, 56)]
)
@pytest.mark.parametrize(("least", "grade"), UEC_LEVELS[:4])
def test_unused_error_correction_at_its_edges(size: int, block: int, errors: int, least: float, grade: int) -> None:
    """The most wrong codewords of one block that keep the grade, and one more."""
    count = max(t for t in range(errors) if 1 - 2 * t / errors >= least)
    kept, lost = wrong_in_one_block(size, block, count), wrong_in_one_block(size, block, count + 1)
    assert kept.wrong_codewords == count
    assert kept.values["unused_error_correction"] == pytest.approx(1 - 2 * count / errors)
    assert kept.grades["unused_error_correction"] >= grade
    assert lost.grades["unused_error_correction"] == grade_of(1 - 2 * (count + 1) / errors, UEC_LEVELS) < grade + 0.05
    if (errors, grade) in ((12, 3), (56, 1)):
        assert kept.values["unused_error_correction"] == pytest.approx(least)  # exactly on the edge
        assert kept.grades["unused_error_correction"] == grade


def test_too_many_wrong_codewords_leave_nothing() -> None:
    found = wrong_in_one_block(52, 0, 22)
    assert found.values["unused_error_correction"] == 0
    assert (found.grades["unused_error_correction"], found.overall, found.letter) == (0, 0, "F")


def test_the_worst_block_counts() -> None:
    """Ten wrong codewords in one block are worse than seven in each of the two."""
    matrix, place = symbol(52), symbol_geometry(52)
    bits = matrix.bits().copy()
    for block in (0, 1):
        bits.reshape(-1)[place.modules[place.block == block][:7, 0]] ^= True
    spread = grade_symbol(render(bits), matrix, centres(52))
    assert (spread.wrong_codewords, spread.grades["unused_error_correction"]) == (14, 4)
    assert wrong_in_one_block(52, 0, 10).grades["unused_error_correction"] == 3.2


@pytest.mark.parametrize(("percent", "grade"), CONTRAST_LEVELS[:4])
def test_symbol_contrast_at_its_edges(percent: float, grade: int) -> None:
    matrix = symbol(16)
    bits = np.pad(matrix.bits(), SURROUND)
    for quarters, expected in ((round(percent * 10.2), grade), (round(percent * 10.2) - 16, grade - 0.1)):
        found = grade_symbol(tiles(np.where(bits, 0, quarters)), matrix, centres(16), scans=1)
        assert found.values["symbol_contrast"] == pytest.approx(quarters / 10.2)
        assert found.grades["symbol_contrast"] == found.overall == grade_of(quarters / 10.2, CONTRAST_LEVELS)
        assert grade - 0.35 < found.overall <= expected


@pytest.mark.parametrize(("least", "grade"), MODULATION_LEVELS[:4])
def test_modulation_at_its_edges(least: float, grade: int) -> None:
    """All dark data modules so pale that black and white elsewhere leave them just this modulation."""
    matrix = symbol(16)
    quarters = np.where(np.pad(matrix.bits(), SURROUND), 0, 1020)
    data = np.pad((symbol_geometry(16).codeword >= 0) & matrix.bits(), SURROUND)
    edge = round((1 - least) / 2 * 1020)
    for grey, expected in ((edge, grade), (edge + 10, grade - 0.2)):
        found = grade_symbol(tiles(np.where(data, grey, quarters)), matrix, centres(16), scans=1)
        assert found.values["modulation"] == pytest.approx(1 - 2 * grey / 1020)
        assert found.grades["modulation"] == found.grades["reflectance_margin"] == found.overall == expected


def test_modulation_of_a_few_codewords_costs_what_error_correction_leaves() -> None:
    """Two of 24x24's codewords at modulation 0: 1 - 4/24 is unused at each level; six leave .50, grade 3; nine leave
    .25, grade 1."""
    matrix, place = symbol(24), symbol_geometry(24)
    for count, expected in ((2, 4), (6, 3), (9, 1)):
        quarters = np.where(matrix.bits(), 0, 1020)
        quarters.reshape(-1)[place.modules[:count, 0]] = 510
        found = grade_symbol(tiles(np.pad(quarters, SURROUND, constant_values=1020)), matrix, centres(24))
        assert found.values["modulation"] == pytest.approx(0, abs=1e-4)  # the moved discs see a little more of one grey
        assert found.grades["modulation"] == expected


@pytest.mark.parametrize(("most", "grade"), AXIAL_LEVELS[:4])
@pytest.mark.parametrize("direction", [1, -1])
def test_axial_nonuniformity_at_its_edges(most: float, grade: int, direction: int) -> None:
    matrix = symbol(20)
    for value, expected in ((most, grade), (most + 0.006, grade - 0.3)):
        stretch = ((2 + value) / (2 - value)) ** direction
        found = grade_symbol(stretched(render(matrix.bits()), stretch), matrix, centres(20, stretch=stretch))
        assert found.values["axial_nonuniformity"] == pytest.approx(value)
        assert found.grades["axial_nonuniformity"] == found.overall == expected


@pytest.mark.parametrize(("most", "grade"), GRID_LEVELS[:4])
def test_grid_nonuniformity_at_its_edges(most: float, grade: int) -> None:
    matrix = symbol(20)
    for value, expected in ((most, grade), (most + 0.026, grade - 0.2)):
        at = centres(20)
        at[7, 9] += value * PIXELS * np.array([0.6, -0.8])
        found = grade_symbol(render(matrix.bits()), matrix, at)
        assert found.values["grid_nonuniformity"] == pytest.approx(value)
        assert found.grades["grid_nonuniformity"] == expected


def with_flips(size: int, *modules: tuple[int, int]) -> SymbolGrade:
    """Grade with these modules the wrong way round; -1 and `size` are in the quiet zone."""
    around = np.pad(symbol(size).bits(), SURROUND)
    for row, column in modules:
        around[row + SURROUND, column + SURROUND] ^= True
    return grade_symbol(render(around, surround=0), symbol(size), centres(size))


@pytest.mark.parametrize(("missing", "grade"), [(1, 3.5), (2, 3.1), (3, 2.1), (4, 1.1), (5, 0.0)])
def test_fixed_pattern_damage_of_a_side(missing: int, grade: int) -> None:
    """Of 24 modules 4.2, 8.3, 12.5, 16.7 and 20.8 percent; the last is grade .04."""
    for lost in (
        [(row, 0) for row in range(3, 3 + missing)],
        [(23, 3 + column) for column in range(missing)],
        [(0, 3 + column) for column in range(missing)],
        [(3 + row, 23) for row in range(missing)],
    ):
        assert with_flips(24, *lost).grades["fixed_pattern_damage"] == grade


def test_fixed_pattern_damage_by_the_average_of_segments() -> None:
    """Four segments with two of 24 modules lost, two of them with the longer lines of the quiet zone."""
    lost = [(8, 0), (9, 0), (23, 8), (23, 9), (14, -1), (15, -1), (24, 15), (24, 16)]
    found = with_flips(24, *lost)
    average = (3.1 + 3.1 + 3.1 + 3.1 + 4) / 5  # 2 of 24, and 2 of 26: .077, grade 3.1
    assert found.values["fixed_pattern_damage"] == pytest.approx(average, abs=0.03)
    assert found.grades["fixed_pattern_damage"] == found.overall == grade_of(average, AVERAGE_LEVELS) < 3
    assert with_flips(24, *lost[:4]).grades["fixed_pattern_damage"] == 3.1


@pytest.mark.parametrize(
    ("modules", "grade"),
    [
        ([(15, 20)], 3.3),  # the solid line between regions of 32x32: one of 16
        ([(16, 3), (16, 5)], 2.1),  # the clock track below it
        ([(3, 15), (16, 5)], 3.3),  # two tracks, one module each
        ([(3, 16), (5, 16), (7, 16)], 0.6),
        ([(-1, 20)], 3.3),  # the quiet zone above the clock track
        ([(5, 0), (6, 0)], 2.1),  # L1, whole 6 percent, in its region 12.5
    ],
)
def test_patterns_between_regions_count(modules: list[tuple[int, int]], grade: int) -> None:
    assert with_flips(32, *modules).grades["fixed_pattern_damage"] == grade


@pytest.mark.parametrize("size", [10, 24, 52, 144])
def test_wrong_modules_are_those_flipped(size: int) -> None:
    chosen = np.random.default_rng(size).choice(size * size, size // 2, replace=False)
    modules = sorted((int(index) // size, int(index) % size) for index in chosen)
    found = with_flips(size, *modules)
    assert list(found.wrong_modules) == modules
    touched = {int(symbol_geometry(size).codeword[module]) for module in modules} - {-1}
    assert found.wrong_codewords == len(touched)


def test_below_five_pixels_nothing_is_graded() -> None:
    matrix = symbol(24)
    found = grade_symbol(render(matrix.bits(), 4), matrix, centres(24, 4))
    assert (found.gradable, dict(found.grades), found.overall, found.letter) == (False, {}, None, None)
    assert found.pixels_per_module == 4 and found.wrong_modules == ()
    assert found.values["symbol_contrast"] == pytest.approx(100)
    assert grade_symbol(render(matrix.bits(), 5), matrix, centres(24, 5)).gradable
    # A scanner's scale is off by some tenths of a percent: 5 dots that come as 4.98 pixels are 5.
    assert grade_symbol(render(matrix.bits(), 5), matrix, centres(24, 4.96)).gradable
    assert not grade_symbol(render(matrix.bits(), 5), matrix, centres(24, 4.94)).gradable


def test_an_empty_page_is_grade_0() -> None:
    matrix = symbol(24)
    found = grade_symbol(np.full((300, 300), 200, np.uint8), matrix, centres(24))
    assert (found.overall, found.values["symbol_contrast"], found.values["modulation"]) == (0, 0, 0)
    assert len(found.wrong_modules) == matrix.bits().sum()


def test_a_symbol_whose_quiet_zone_the_picture_cuts_off_is_not_graded() -> None:
    """How a picture was cut says nothing of a print: such a label got an F for its fixed patterns."""
    bits = symbol(24).bits()
    cut = grade_symbol(render(bits, surround=0), symbol(24), centres(24, surround=0))
    assert (cut.quiet_zone_shown, cut.gradable, cut.overall, dict(cut.grades)) == (False, False, None, {})
    # With a tenth of a module less than all of it nothing is lost.
    shown = grade_symbol(render(bits, 10, 1)[1:], symbol(24), centres(24, 10, surround=1) - (0, 1))
    assert (shown.quiet_zone_shown, shown.overall) == (True, 4)
    assert not grade_symbol(render(bits, 10, 1)[3:], symbol(24), centres(24, 10, surround=1) - (0, 3)).gradable


def test_letters_and_the_mean_of_scans() -> None:
    assert [letter_of(grade) for grade in (4, 3.5, 3.4, 2.5, 2.4, 1.5, 1.4, 0.5, 0.4, 0)] == list("AABBCCDDFF")
    assert overall_grade([4, 4, 3, 3, 2]) == pytest.approx(3.2)


def seen_by_a_camera(matrix: Matrix, pixels: float = 9.0, tilt: float = 0.0) -> Scan:
    """A symbol of a good print (reflectances 4 and 85 %) as an sRGB picture under a slanting light, seen at a slant of
    `tilt` degrees: picture and module centres."""
    size, surround = matrix.size, 4
    rows, columns = np.mgrid[0 : int((size + 2 * surround) * pixels), 0 : int((size + 2 * surround) * pixels)] + 0.5
    depth = np.cos(np.radians(tilt))
    far = np.sin(np.radians(tilt)) / (6 * size * pixels)

    def to_picture(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = 1 / (1 + far * y)
        return x * scale, y * depth * scale

    # Each pixel's place on the label, and what is there, in light.
    middle = (size / 2 + surround) * pixels
    u, v = columns - middle, rows - middle
    y = v / (depth - far * v)
    x = u * (1 + far * y)
    wide = np.pad(matrix.bits(), surround)
    row, column = (np.floor(way / pixels + len(wide) / 2).astype(int).clip(0, len(wide) - 1) for way in (y, x))
    light = np.where(wide[row, column], 0.04, 0.85) * (0.6 + 0.3 * columns / columns.max())
    soft = box_mean(light, 1)
    grey = np.where(soft <= 0.0031308, 12.92 * soft, 1.055 * soft ** (1 / 2.4) - 0.055) * 255
    along = (np.arange(size) + 0.5 - size / 2) * pixels
    at = to_picture(*np.meshgrid(along, along))
    return np.round(grey).astype(np.uint8), np.stack(at, axis=-1) + middle


def test_light_is_linear() -> None:
    """A grey of 188 sends back half of what white does, and no more."""
    matrix = symbol(16)
    found = grade_scan(np.where(render(matrix.bits()) > 0, 188, 0).astype(np.uint8), matrix, centres(16))
    assert found.values["symbol_contrast"] == pytest.approx(50.3, abs=0.1)
    assert (found.curve, found.grades["symbol_contrast"]) == ("sRGB", 2.7)


@pytest.mark.parametrize("tilt", [0, 15, 30, 40])
def test_a_cameras_angle_and_light_cost_nothing(tilt: int) -> None:
    matrix = symbol(24)
    grey, at = seen_by_a_camera(matrix, tilt=tilt)
    flat = centres(24)
    found = grade_scan(grey, matrix, at, View(standard=Standard.PHOTOGRAPH, flat=flat))
    assert found.overall is not None and found.overall > 3.7
    assert found.values["light_slope"] == pytest.approx(0.32, abs=0.1)
    assert found.values["cell_contrast"] == pytest.approx(95, abs=3)
    assert found.formal == f"DPM{found.overall:.1f}/x/x/x"
    # Without the page's own map the angle would be taken for a fault of the print.
    crooked = grade_scan(grey, matrix, at, View(standard=Standard.PHOTOGRAPH))
    assert (crooked.grades["axial_nonuniformity"] < 3) == (tilt >= 30)


def test_without_axes_to_compare_these_are_not_graded() -> None:
    grey, at = seen_by_a_camera(symbol(24), tilt=40)
    found = grade_scan(
        grey, symbol(24), at, View(standard=Standard.PHOTOGRAPH, flat=without_perspective(at), axial=False)
    )
    assert "axial_nonuniformity" not in found.grades and found.grades["grid_nonuniformity"] == 4


def test_the_formal_grade_names_aperture_light_and_angle() -> None:
    """0.8 of 0.5 mm are 15.7 thousandths of an inch."""
    found = grade_scan(render(symbol(24).bits()), symbol(24), centres(24), View(x_mm=0.5))
    assert found.formal == "4.0/16/660/45"
    small = grade_scan(render(symbol(24).bits(), 4), symbol(24), centres(24, 4), View(x_mm=0.5))
    assert small.formal == ""
