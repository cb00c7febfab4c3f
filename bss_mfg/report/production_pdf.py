"""The sheet of a shift or of yields as a PDF."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bss_mfg.report.pdf_parts import TONES, build_pdf, head, space, table, text
from bss_mfg.report.production_sheet import ProductionSheet, SheetTable

_GREY, _INK = "#5b6470", "#16191d"
_WIDTH_MM = 174.0
_NUMBER_MM = 13.9
_MOST_WORDS_MM = 90.0
_HEAD_AND_ROWS = 90
"""Points that a table's head and first rows take: with less room it begins on the next page."""
_SMALL: dict[str, Any] = {"fontSize": 8, "leading": 10}


def production_pdf(sheet: ProductionSheet, made_at: str, version: str) -> Iterator[bytes]:
    """An A4 PDF."""
    from reportlab.platypus import CondPageBreak

    story = [
        text(sheet.title, textColor=_GREY, fontSize=11, leading=14),
        text(
            sheet.headline,
            fontName="Helvetica-Bold",
            fontSize=22,
            leading=30,
            textColor=TONES.get(sheet.tone, _INK),
        ),
        text(f"{sheet.about}. Made on {made_at} by bss-mfg {version}.", textColor=_GREY),
        space(4),
        _tiles(sheet),
    ]
    for one in sheet.tables:
        story += [CondPageBreak(_HEAD_AND_ROWS), head(one.head), _table(one)]
    yield build_pdf(sheet.title, version, story)


def _tiles(sheet: ProductionSheet) -> Any:
    numbers = [
        text(one.number, fontName="Helvetica-Bold", fontSize=13, leading=16, textColor=TONES.get(one.tone, _INK))
        for one in sheet.tiles
    ]
    captions = [text(one.words, textColor=_GREY, **_SMALL) for one in sheet.tiles]
    return table([numbers, captions], (_WIDTH_MM / len(sheet.tiles),) * len(sheet.tiles), ruled=False)


def _table(one: SheetTable) -> Any:
    """Numbers get narrow columns of one width, words share what is left."""
    from reportlab.lib.enums import TA_RIGHT

    is_number = [index >= one.texts and column[:1].islower() for index, column in enumerate(one.columns)]
    words = _WIDTH_MM - _NUMBER_MM * sum(is_number)
    each = min(words / max(is_number.count(False), 1), _MOST_WORDS_MM)
    widths = [_NUMBER_MM if number else each for number in is_number]
    rows = [list(one.columns), *(list(row) for row in one.rows)]
    if not one.rows:
        rows.append(["Nothing happened in this time.", *[""] * (len(one.columns) - 1)])
    styles = [
        {"alignment": TA_RIGHT} if number else {"leftIndent": 8 if index > 0 and is_number[index - 1] else 0}
        for index, number in enumerate(is_number)
    ]
    cells = [[text(cell, **_SMALL, **style) for cell, style in zip(row, styles, strict=True)] for row in rows]
    return table(cells, tuple(widths), heads=1)
