"""The SAMPLE mark of development labels: white on black, on top of everything; nobody takes it for goods."""

from __future__ import annotations

from typing import Any

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.whole_dots import box_dots
from bss_mfg.label.render.shapes import fill_dots
from bss_mfg.model import Rect

_WORD = "SAMPLE"
_HEIGHT, _WIDTH = 0.72, 0.9
"""How much of the mark's height and width the word may take."""


def draw_sample_mark(canvas: Any, layout: PageLayout) -> None:
    """Draw the mark; in an upright area the word runs upwards. The origin is the label's top left corner."""
    area = layout.template.definition.sample
    if area is None:
        return
    face = layout.template.font("sans-bold")
    width, height = area.width * POINTS_PER_MM, area.height * POINTS_PER_MM
    canvas.setFillGray(0)
    fill_dots(canvas, box_dots(Rect(area.x, area.y, area.width, area.height), layout.printer), layout.printer)
    canvas.saveState()
    canvas.translate(area.x * POINTS_PER_MM + width / 2, -area.y * POINTS_PER_MM - height / 2)
    if height > width:
        canvas.rotate(90)
        width, height = height, width
    size = min(height * _HEIGHT / face.cap_height, width * _WIDTH / face.width(_WORD, 1))
    canvas.setFillGray(1)
    canvas.setFont(face.reportlab_font.fontName, size)
    canvas.drawCentredString(0, -face.cap_height * size / 2, _WORD)
    canvas.restoreState()
    canvas.setFillGray(0)
