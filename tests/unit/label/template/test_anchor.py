"""Symbols are whole dots and so smaller than their room: `anchor` says where in it they lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.template.loading import template_from_text
from bss_mfg.label.template.printer import BUILT_IN, Printer

TEMPLATE = """format = 1
[media]
label_width = 60
label_height = 40
[[element]]
kind = "data-matrix"
x = 10
y = 5
size = 30
{anchor}
"""
EDGES = {
    "": (0.5, 0.5), 'anchor = "center"': (0.5, 0.5), 'anchor = "left"': (0, 0.5), 'anchor = "right"': (1, 0.5),
    'anchor = "top"': (0.5, 0), 'anchor = "bottom"': (0.5, 1), 'anchor = "top-left"': (0, 0),
    'anchor = "top-right"': (1, 0), 'anchor = "bottom-left"': (0, 1), 'anchor = "bottom-right"': (1, 1),
}  # fmt: skip


@pytest.mark.parametrize("anchor", EDGES)
@pytest.mark.parametrize("printer", [BUILT_IN["zpl-203"], BUILT_IN["pdf-300x600"]], ids=lambda printer: printer.name)
def test_a_symbol_lies_at_its_anchor(anchor: str, printer: Printer) -> None:
    layout = lay_out(template_from_text(TEMPLATE.format(anchor=anchor), Path("a.toml")), printer, 48, "production")
    plan = layout.symbol
    assert plan is not None
    [(left, top)] = plan.origins
    for start, share, dots, density, room in (
        (left, EDGES[anchor][0], plan.module_dots_x, printer.dots_per_mm_x, 10.0),
        (top, EDGES[anchor][1], plan.module_dots_y, printer.dots_per_mm_y, 5.0),
    ):
        with_quiet_zone = (48 + 2 * 2) * dots
        assert start - 2 * dots == pytest.approx(room * density + share * (30 * density - with_quiet_zone), abs=0.51)
