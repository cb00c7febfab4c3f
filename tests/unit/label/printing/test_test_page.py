"""The calibration page: it is made for every printer that may have to be calibrated."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from bss_mfg.label.printing.test_page import MIN_HEIGHT, MIN_WIDTH, render_test_page
from bss_mfg.label.template.printer import BUILT_IN


@pytest.mark.parametrize("scale", [(1.002, 0.998), (0.9, 1.1), (1.1, 0.9), (1.0, 1.0)])
@pytest.mark.parametrize("name", ["pdf-300", "zpl-203", "png-300x600"])
def test_a_printer_that_stretches_one_direction_has_a_page(name: str, scale: tuple[float, float]) -> None:
    """Its modules are not quite square, and still whole dots."""
    assert render_test_page(replace(BUILT_IN[name], scale_x=scale[0], scale_y=scale[1]), 100, 150)


@pytest.mark.parametrize("size", [(30, 20), (50, 25), (MIN_WIDTH, MIN_HEIGHT), (100, 30), (25, 100), (80, 80)])
@pytest.mark.parametrize("name", ["png-203", "png-300", "png-600"])
def test_small_media_have_a_page_with_symbols_in_both_directions(name: str, size: tuple[float, float]) -> None:
    printer = BUILT_IN[name]
    with Image.open(BytesIO(render_test_page(printer, *size))) as picture:
        assert picture.size == (round(size[0] * printer.dots_per_mm_x), round(size[1] * printer.dots_per_mm_y))
        found = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormat.DataMatrix)
    turns = {item.text: round(item.orientation / 90) % 4 for item in found}
    upright = [text for text in turns if text.endswith("X")]
    assert upright
    for text in upright:
        # The reader counts quarter turns clockwise.
        assert (turns[f"{text[:-1]}Y"] - turns[text]) % 4 == 1
