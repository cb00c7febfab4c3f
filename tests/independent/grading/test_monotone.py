"""The worse a print, the worse its grade: no grade rises by more than 0.1 as damage grows, scanned or photographed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from bss_mfg.imaging.geometry import apply_homography, homography
from bss_mfg.imaging.grade import Standard, SymbolGrade, View, grade_symbol
from tests.independent.grading.damaged import Bits, Damage, photograph
from tests.independent.grading.test_judge import matrix_case, our_matrix

NOISE = 0.1 + 1e-6
STEPS = 12
PIXELS = 9.3


def growth(side: int) -> Iterator[Damage]:
    """Ink that runs, up to half a module on every side."""
    yield from (Damage(growth=dots) for dots in range(5))


def dead_dots(side: int) -> Iterator[Damage]:
    """A print head's elements fail one after the other, each half a module wide."""
    dead = random.Random(1).sample(range(side * 2), STEPS)
    lines = [(column / 2, -1.0, (column + 1) / 2, side + 1.0) for column in dead]
    yield from (Damage(voids=tuple(lines[:count])) for count in range(STEPS))


def low_contrast(side: int) -> Iterator[Damage]:
    """Ink that fades."""
    yield from (Damage(dark=0.04 + 0.8 * step / STEPS) for step in range(STEPS))


def noise_modules(side: int) -> Iterator[Damage]:
    """Modules that were printed the wrong way round."""
    cells = [(row, column) for row in range(side) for column in range(side)]
    random.Random(2).shuffle(cells)
    yield from (Damage(flipped=tuple(cells[: 4 * step])) for step in range(STEPS))


def stretched(side: int) -> Iterator[Damage]:
    """Paper that slips: the print is too long one way."""
    yield from (Damage(stretch=0.18 * step / STEPS) for step in range(STEPS))


def soiled_quiet_zone(side: int) -> Iterator[Damage]:
    """Spots of ink on the quiet zone at the left and below."""
    rng = random.Random(3)
    spots = [(-0.5, rng.uniform(0, side), 0.5, True) for _ in range(STEPS)]
    spots += [(rng.uniform(0, side), side + 0.5, 0.5, True) for _ in range(STEPS)]
    yield from (Damage(spots=tuple(spots[: 2 * step])) for step in range(STEPS))


def grade(bits: Bits, damage: Damage, standard: Standard) -> SymbolGrade:
    picture = photograph(bits, PIXELS, (2, 2), damage, 1)
    side = len(bits)
    taken = homography([(0, 0), (side, 0), (side, side), (0, side)], list(picture.corners))
    assert taken is not None
    columns, rows = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)
    centres = apply_homography(taken, np.stack([columns, rows], axis=-1))
    return grade_symbol(picture.grey, our_matrix(bits), centres, View(standard=standard))


@pytest.mark.parametrize("standard", [Standard.SCAN, Standard.PHOTOGRAPH])
@pytest.mark.parametrize(
    ("series", "hit"),
    [
        (growth, "reflectance_margin"),
        (dead_dots, "fixed_pattern_damage"),
        (low_contrast, "contrast"),
        (noise_modules, "unused_error_correction"),
        (stretched, "axial_nonuniformity"),
        (soiled_quiet_zone, "fixed_pattern_damage"),
    ],
)
@pytest.mark.parametrize("number", [1, 5])
def test_no_grade_rises_as_damage_grows(number, series, hit, standard) -> None:  # type: ignore[no-untyped-def]
    bits = matrix_case(number, Damage()).bits
    found = [grade(bits, damage, standard) for damage in series(len(bits))]
    assert found[0].overall == 4.0
    for name in found[0].grades:
        # Modulation asks how far a module is from the threshold, not on which side: it rises once modules are wrong.
        right = [one for one in found if name != "modulation" or not one.wrong_modules]
        rises = [
            (a.grades[name], b.grades[name]) for a, b in pairwise(right) if b.grades[name] > a.grades[name] + NOISE
        ]
        assert not rises, name
    overall = [one.overall for one in found if one.overall is not None]
    assert len(overall) == len(found)
    assert not [(a, b) for a, b in pairwise(overall) if b > a + NOISE]
    assert min(value for name, value in found[-1].grades.items() if hit in name) < 2.5
