"""What PDF reports are put together from: pages with a foot, texts, heads, tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import as_file, files
from io import BytesIO
from typing import Any

from bss_mfg.core.chinese_font import CHINESE_FONT
from bss_mfg.core.languages import Language
from bss_mfg.core.text import printable

TONES = {"good": "#18794e", "warn": "#946800", "bad": "#c62a2f"}


def build_pdf(
    title: str, version: str, story: Sequence[Any], face: Typeface | None = None, shown_title: str = ""
) -> bytes:
    """An A4 document with its title (`shown_title`: in its readers' language) and the page's number at the foot
    of each page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    face = face or LATIN
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
        canvas.setFont(face.regular, 8)
        canvas.setFillGray(0.4)
        if face is LATIN:
            canvas.drawString(18 * mm, 10 * mm, title)
        else:
            line = text(shown_title or title, face=face, fontSize=8, textColor="#666666")
            line.wrapOn(canvas, 150 * mm, 10 * mm)
            line.drawOn(canvas, 18 * mm, 9 * mm)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(canvas.getPageNumber()))

    document.build(list(story), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


@dataclass(frozen=True)
class Typeface:
    """The fonts of a language's pages: their names in the PDF, the characters that they show, and the font of Chinese
    ones. What is not shown is written as an escape."""

    regular: str = "Helvetica"
    bold: str = "Helvetica-Bold"
    letters: frozenset[str] | None = None
    """None: printable ASCII."""
    chinese: str = ""

    def shown(self, words: str, limit: int) -> str:
        """A text as markup of a paragraph."""
        if self.letters is None:
            return escape(printable(words, limit))
        cut = words[:limit] + ("..." if len(words) > limit else "")
        markup = escape("".join(one if one in self.letters else printable(one) for one in cut))
        return _CHINESE.sub(rf'<font name="{self.chinese}">\g<0></font>', markup) if self.chinese else markup


_CHINESE = re.compile(r"[\u2e80-\uffef]+")
LATIN = Typeface()


def typeface(language: Language) -> Typeface:
    """The fonts for a language: embedded, wherever the PDF is read."""
    if language.code == "en":
        return LATIN
    from fontTools.ttLib import TTFont as FontFile
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    names = {"bss-regular": _LIBERATION.format("Regular"), "bss-bold": _LIBERATION.format("Bold")}
    if language.code == "zh_CN":
        names["bss-chinese"] = CHINESE_FONT
    letters: set[int] = set()
    for name, path in names.items():
        with as_file(files("bss_mfg").joinpath(path)) as file:
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(name, str(file)))
            if name != "bss-bold":
                letters |= FontFile(file, lazy=True).getBestCmap().keys()
    return Typeface(
        "bss-regular", "bss-bold", frozenset(map(chr, letters)), "bss-chinese" if "bss-chinese" in names else ""
    )


_LIBERATION = "label/template/fonts/LiberationSans-{}.ttf"


def _style(name: str, **more: Any) -> Any:
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle(name, **{"fontName": "Helvetica", "fontSize": 9, "leading": 12, **more})


def text(words: str, limit: int = 2000, face: Typeface = LATIN, **more: Any) -> Any:
    """A paragraph of a text from anywhere, of at most `limit` characters."""
    from reportlab.platypus import Paragraph

    more.setdefault("fontName", face.regular)
    if face.chinese:
        more["wordWrap"] = "CJK"
    return Paragraph(face.shown(words, limit), _style("text", **more))


def head(words: str, face: Typeface = LATIN) -> Any:
    """The head of a section."""
    return text(words, face=face, fontName=face.bold, fontSize=12, leading=16, spaceBefore=12, spaceAfter=4)


def space(millimetres: float) -> Any:
    """Room between two parts."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    return Spacer(1, millimetres * mm)


def table(
    rows: list[list[Any]], widths: tuple[float, ...], ruled: bool = True, heads: int = 0, face: Typeface = LATIN
) -> Any:
    """Plain rows, with a rule below each; `widths` in mm. The first `heads` rows are repeated on every page."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm
    from reportlab.platypus import Table, TableStyle

    cells = [[text(cell, face=face) if isinstance(cell, str) else cell for cell in row] for row in rows]
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
