"""Patches that may be symbols are found whatever the resolution of the picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bss_mfg.imaging.geometry import box_of, overlap_share
from bss_mfg.imaging.search import find_candidates

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
    boxes = [box_of(quad) for quad in found]
    assert max(min(overlap_share(one, box), overlap_share(box, one)) for one in boxes) > 0.8
