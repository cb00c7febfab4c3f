"""A page of codes that say what the operator of a packing table has no keyboard to type."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from bss_mfg.station.packing_answers import CONTROLS, Control
from bss_mfg.station.setup_sheet import code_drawing, paragraph
from bss_mfg.symbol import data_matrix

_TITLE = "What to say at a packing table"
_LEAD = "For bss-mfg pack: scan a code instead of typing. Other reasons can be typed: close carton REASON."
_MEANINGS = {
    "remove": "Take the box that is scanned next out of its carton, or the carton off its pallet. Twice: nothing.",
    "label": "Send the labels that the printer has not got.",
    "close carton": "Close the carton although it is not full.",
    "close pallet": "Close the pallet although it is not full.",
}


def control_sheet(version: str) -> bytes:
    """The page as an A4 PDF."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate, Table

    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=14 * mm,
        title=_TITLE, author="", creator=f"bss-mfg {version}", invariant=1,
    )  # fmt: skip
    cells = [_cell(control) for control in CONTROLS]
    rows = [cells[at : at + 2] for at in range(0, len(cells), 2)]
    grid = Table(
        rows, colWidths=[87 * mm] * 2, rowHeights=[54 * mm] * len(rows), style=[("VALIGN", (0, 0), (-1, -1), "TOP")]
    )
    head = paragraph(_TITLE, fontName="Helvetica-Bold", fontSize=20, leading=26)
    document.build([head, paragraph(_LEAD, spaceAfter=10), grid])
    return out.getvalue()


def _cell(control: Control) -> list[Any]:
    return [
        code_drawing(data_matrix(control.text.encode("ascii")), 1.0),
        paragraph(control.text, fontName="Helvetica-Bold", fontSize=11, leading=15),
        paragraph(_MEANINGS[control.act], fontSize=8.5, leading=11),
    ]
