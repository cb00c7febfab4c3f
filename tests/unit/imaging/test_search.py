"""Patches that may be symbols are found whatever the resolution of the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bss_mfg.imaging.geometry import PixelBox, Quad, box_of, overlap_share
from bss_mfg.imaging.search import find_candidates, find_patches

MODULES = 48


def picture(module_px: int, seed: int = 1) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """A symbol without finder on paper, as a scanner sees it, and its box."""
    rng = np.random.default_rng(seed)
    side = MODULES * module_px
    page = np.full((side * 2, side * 3), 238, np.float32)
    dark = np.kron(rng.random((MODULES, MODULES)) < 0.5, np.ones((module_px, module_px), bool))
    left, top = side, side // 2
    page[top : top + side, left : left + side][dark] = 25
    soft = Image.fromarray(page.astype(np.uint8)).filter(ImageFilter.GaussianBlur(module_px * 0.1))
    grey = np.clip(np.asarray(soft) + rng.normal(0, 4, page.shape), 0, 255).astype(np.uint8)
    return grey, (left, top, side, side)


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("module_px", [3, 4, 6, 9, 12, 18, 24, 36])
def test_a_symbol_without_finder_is_found_at_any_resolution(module_px: int, is_known: bool) -> None:
    grey, box = picture(module_px)
    found = find_candidates(grey, module_px=module_px if is_known else None)
    assert found, "nothing was found"
    assert best_overlap(found, box) > 0.8


@pytest.mark.parametrize(("seed", "gap", "line_px", "type_px", "width"), [(1, 12, 60, 28, 200), (3, 20, 40, 24, 120)])
def test_a_worn_symbol_is_found_though_its_label_is_busy(
    seed: int, gap: int, line_px: int, type_px: int, width: int
) -> None:
    """Coarse pixels show a symbol and the lines of type beside it as one patch, which is larger."""
    rng = np.random.default_rng(seed)
    page, corner = picture(6)
    left, top, side, _ = (round(length) for length in corner)
    label = page[top - 40 : top + side + 40, left - 40 : left + side + gap + width + 40].copy()
    label[165:251, 165:251] = 238  # the middle of the symbol
    for row in range(40, 40 + side - type_px, line_px):
        ink = np.kron(rng.random((type_px // 4, width // 4)) < 0.45, np.ones((4, 4), bool))
        label[row : row + type_px, 40 + side + gap : 40 + side + gap + width] = np.where(ink, 25, 238)
    box = (40, 40, side, side)
    found = find_patches(label)
    assert best_overlap(found.likely, box) < 0.8, "the label shows nothing that hides it"
    assert best_overlap(found.hidden, box) > 0.8
    known = find_patches(label, module_px=6)
    assert best_overlap(known.likely, box) > 0.8 and not known.hidden, "with a resolution nothing hides it"


def best_overlap(quads: Sequence[Quad], box: PixelBox) -> float:
    return max((min(overlap_share(box_of(one), box), overlap_share(box, box_of(one))) for one in quads), default=0.0)
