"""What is wrong with a symbol is named by its kind: a patch is a patch, and errors all over are none."""

from __future__ import annotations

import numpy as np
import pytest

from bss_mfg.imaging.defects import DefectKind, find_defects
from bss_mfg.imaging.grid import SampledGrid
from bss_mfg.imaging.warp import Warp
from bss_mfg.symbol import Matrix, data_matrix

PIXELS, SURROUND = 6, 3


def symbol(seed: int) -> Matrix:
    return data_matrix(np.random.default_rng(seed).integers(1, 128, 195).astype(np.uint8).tobytes(), 52)


def kinds(matrix: Matrix, bits: np.ndarray) -> set[DefectKind]:
    grey = np.kron(np.pad(np.where(bits, 0, 255), SURROUND, constant_values=255), np.ones((PIXELS, PIXELS)))
    low, high = float(SURROUND * PIXELS), float((SURROUND + matrix.size) * PIXELS)
    warp = Warp.from_quad(((low, low), (high, low), (high, high), (low, high)), matrix.size)
    picture = grey.astype(np.uint8)
    return {item.kind for item in find_defects(picture, SampledGrid.sample(picture, warp), matrix).found}


PATCHES = {DefectKind.LIGHT_PATCH, DefectKind.DARK_PATCH}


@pytest.mark.parametrize("share", [0.05, 0.09, 0.13, 0.18])
@pytest.mark.parametrize("seed", range(4))
def test_errors_all_over_are_no_patch(share: float, seed: int) -> None:
    matrix = symbol(seed)
    bits = matrix.bits() ^ (np.random.default_rng(100 + seed).random((52, 52)) < share)
    found = kinds(matrix, bits)
    assert not found & PATCHES and DefectKind.SCATTERED in found


@pytest.mark.parametrize(("side", "noise"), [(9, 0.0), (14, 0.0), (14, 0.04), (20, 0.04)])
@pytest.mark.parametrize("ink", [False, True])
def test_a_patch_is_a_patch(side: int, noise: float, ink: bool) -> None:
    matrix = symbol(1)
    bits = matrix.bits() ^ (np.random.default_rng(7).random((52, 52)) < noise)
    bits[12 : 12 + side, 20 : 20 + side] = ink
    assert (DefectKind.DARK_PATCH if ink else DefectKind.LIGHT_PATCH) in kinds(matrix, bits)


def test_a_round_stain_is_a_patch() -> None:
    matrix = symbol(2)
    bits = matrix.bits().copy()
    row, column = np.mgrid[:52, :52]
    bits[(row - 30) ** 2 + (column - 22) ** 2 < 64] = True
    assert DefectKind.DARK_PATCH in kinds(matrix, bits)
