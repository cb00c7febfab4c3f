"""The calibration page: it is made for every printer that may have to be calibrated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bss_mfg.label.printing.test_page import render_test_page
from bss_mfg.label.template.printer import BUILT_IN


@pytest.mark.parametrize("scale", [(1.002, 0.998), (0.9, 1.1), (1.1, 0.9), (1.0, 1.0)])
@pytest.mark.parametrize("name", ["pdf-300", "zpl-203", "png-300x600"])
def test_a_printer_that_stretches_one_direction_has_a_page(name: str, scale: tuple[float, float]) -> None:
    """Its modules are not quite square, and still whole dots."""
    assert render_test_page(replace(BUILT_IN[name], scale_x=scale[0], scale_y=scale[1]), 100, 150)
