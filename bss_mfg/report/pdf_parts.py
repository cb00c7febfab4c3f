"""What PDF reports are put together from: pages with a foot, texts, heads, tables."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Any

from bss_mfg.core.text import printable

TONES = {"good": "#18794e", "warn": "#946800", "bad": "#c62a2f"}


def build_pdf(title: str, version: str, story: Sequence[Any]) -> bytes:
    """An A4 document with its title and the page's number at the foot of each page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=title,
        author="",
        creator=f"bss-mfg {version}",
        invariant=1,
    )

    def foot(canvas: Any, _: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillGray(0.4)
        canvas.drawString(18 * mm, 10 * mm, title)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(canvas.getPageNumber()))

    document.build(list(story), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _style(name: str, **more: Any) -> Any:
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle(name, **{"fontName": "Helvetica", "fontSize": 9, "leading": 12, **more})


def text(words: str, limit: int = 2000, **more: Any) -> Any:
    """A paragraph of a text from anywhere, of at most `limit` characters."""
    from reportlab.platypus import Paragraph

    return Paragraph(escape(printable(words, limit)), _style("text", **more))


def head(words: str) -> Any:
    """The head of a section."""
    return text(words, fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=12, spaceAfter=4)


def space(millimetres: float) -> Any:
    """Room between two parts."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    return Spacer(1, millimetres * mm)


def table(rows: list[list[Any]], widths: tuple[float, ...], ruled: bool = True, heads: int = 0) -> Any:
    """Plain rows, with a rule below each; `widths` in mm. The first `heads` rows are repeated on every page."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm
    from reportlab.platypus import Table, TableStyle

    cells = [[text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    made = Table(cells, colWidths=[width * mm for width in widths], hAlign="LEFT", repeatRows=heads)
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                *([("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#d9dee4"))] if ruled else []),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return made
