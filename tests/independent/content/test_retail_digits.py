"""The digits of an EAN or UPC stand between its bars: the bars' blur is no fault of theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium

LABEL = """
format = 1
sample = {{ x = 62, y = 4, width = 27, height = 18 }}
element = [
  {{ kind = "data-matrix", x = 2, y = 2, size = 20 }},
  {{ kind = "text", x = 26, y = 4, width = 34, text = "{{serial}}", font = "mono", size = 8 }},
  {{ kind = "ean-upc", x = 4, y = 25, width = 70, height = 30, x_dimension = [0.15, {widest}] }},
]
[media]
kind = "roll"
label_width = 90
label_height = 60
"""
CODES = {"ean": "4006381333931", "ean-8": "96385074", "upc": "841667145075"}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("dots", [2, 3, 4, 5])
def test_those_of_a_lone_label_are_right(
    new_factory: Callable[[], Factory], tmp_path: Path, code: str, dots: int
) -> None:
    """There is no other label to tell what is usual; bars of 2 to 5 dots at 300 dpi."""
    factory = new_factory()
    (factory.root / "templates" / "own.toml").write_text(LABEL.format(widest=round((dots + 0.1) * 25.4 / 300, 3)))
    factory.add(oob_bytes=16, **{code.partition("-")[0]: CODES[code]})
    factory.issue(1)
    made = factory.label("B1", "own")
    for dpi, blur in ((300, 0.0), (300, 0.7), (600, 0.0), (600, 1.4)):
        grey = np.pad(pdfium(made.files[0], dpi), 60, constant_values=255)
        Image.fromarray(grey).filter(ImageFilter.GaussianBlur(blur)).save(tmp_path / "scan.png", dpi=(dpi, dpi))
        done = factory.cli("verify", "B1", tmp_path / "scan.png", "--json")
        assert [item["verdict"] for item in done.json["findings"]] == ["matched"], (dpi, blur, done.json["findings"])
