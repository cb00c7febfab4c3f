"""How much contrast a label's own symbol has, by which texts that can't be made out are judged."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bss_mfg.imaging.blank_texts import symbol_gain
from bss_mfg.imaging.expected_content import ExpectedLabel
from bss_mfg.imaging.strip_places import Picture
from bss_mfg.model import Rect
from bss_mfg.symbol import data_matrix
from tests.helpers.scans import picture

FINE = 12
"""Pixels of a module as it is drawn, before it is scanned."""


@pytest.mark.parametrize("modules", [24, 48])
@pytest.mark.parametrize("module_px", [2.6, 3.9, 6.2, 7.0, 7.9, 14.6])
@pytest.mark.parametrize("off", [0.0, 0.4])
@pytest.mark.parametrize("levels", [100, 220])
def test_the_contrast_of_a_symbol_is_told_however_its_modules_lie(
    modules: int, module_px: float, off: float, levels: int
) -> None:
    text = b"a symbol of some length, so that it has modules enough"[: modules + 6]
    drawn = Image.fromarray(picture(data_matrix(text, modules), FINE))
    wide, scale = round(drawn.width / FINE * module_px), FINE / module_px
    seen = drawn.filter(ImageFilter.BoxBlur(scale / 2)).transform(
        (wide, wide), Image.Transform.AFFINE, (scale, 0, -off * scale, 0, scale, -off * scale),
        Image.Resampling.BILINEAR, fillcolor=255,
    ).filter(ImageFilter.GaussianBlur(0.5))  # fmt: skip
    grey = np.round(255 - (255 - np.asarray(seen, float)) * levels / 255).astype(np.uint8)
    side = modules * module_px
    label = ExpectedLabel(1, Rect(0, 0, 10 + side, 10 + side), Rect(0, 0, side, side))
    corner = 4 * module_px + off
    to_pixels = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [corner, corner, 1.0]])
    assert symbol_gain(Picture(grey), label, to_pixels) == pytest.approx(levels, rel=0.2)
