"""What the PDF of a spec is put together from: texts in the fonts that come with bss-mfg, tables, symbols, bytes."""

from __future__ import annotations

from collections.abc import Sequence, Set
from html import escape
from typing import Any

from bss_mfg.label.template.fonts import load_bundled_font
from bss_mfg.symbol import Matrix

INK, SOFT, LINE, PANE = "#16191d", "#5b6470", "#d9dee4", "#f5f7f9"
GOOD, WARN, BAD = "#18794e", "#946800", "#c62a2f"
ROW = 16
"""Bytes in a row of a dump."""
_CELL_MM, _CELL_HEIGHT_MM, _NUMBER_MM = 5.7, 4.3, 9.0


def font(name: str) -> str:
    """The name that reportlab has of a bundled font."""
    return str(load_bundled_font(name).reportlab_font.fontName)


def shown(words: str) -> str:
    """A text with the characters that the fonts lack as escapes."""
    missing = load_bundled_font("sans").missing(words)
    return "".join(f"\\u{{{ord(one):x}}}" if one in missing else one for one in words)


def markup(words: str, *, mono: bool = False, bold: bool = False, size: float = 9, **more: Any) -> Any:
    """A paragraph of reportlab's own markup."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    name = "mono" if mono else "sans-bold" if bold else "sans"
    style = {"fontName": font(name), "fontSize": size, "leading": size * 1.35, "textColor": INK, **more}
    return Paragraph(words, ParagraphStyle("text", **style))


def text(words: str, colour: str = INK, **more: Any) -> Any:
    """A paragraph of any text."""
    return markup(escape(shown(words)), textColor=colour, **more)


def head(words: str) -> Any:
    """The head of a section."""
    return text(words, bold=True, size=12.5, spaceBefore=11, spaceAfter=4, keepWithNext=1)


def space(millimetres: float) -> Any:
    """Room between two parts."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    return Spacer(1, millimetres * mm)


def table(
    rows: list[list[Any]], widths_mm: Sequence[float], *, heads: int = 0, ruled: bool = True, style: Sequence[Any] = ()
) -> Any:
    """Plain rows, with a rule below each. The first `heads` rows are soft, and repeated on every page."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    cells = [
        [text(cell, SOFT if number < heads else INK) if isinstance(cell, str) else cell for cell in row]
        for number, row in enumerate(rows)
    ]
    rules = [("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(LINE))] if ruled else []
    plain = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5 if ruled else 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5 if ruled else 0),
    ]
    widths = [width * mm for width in widths_mm]
    return Table(cells, colWidths=widths, hAlign="LEFT", repeatRows=heads, style=[*plain, *rules, *style])


def symbol(matrix: Matrix, side_mm: float) -> Any:
    """A symbol with its quiet zone, framed."""
    from reportlab.graphics.shapes import Drawing, Path, Rect
    from reportlab.lib.colors import HexColor, black
    from reportlab.lib.units import mm

    quiet, side = 2, side_mm * mm
    module = side / (matrix.size + 2 * quiet)
    drawing = Drawing(side, side)
    drawing.add(Rect(0, 0, side, side, fillColor=None, strokeColor=HexColor(LINE), strokeWidth=0.5))
    path = Path(fillColor=black, strokeColor=None, strokeWidth=0)
    starts, lengths = matrix.dark_runs()
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        row, column = divmod(start, matrix.columns + 1)
        left, top = (column + quiet) * module, side - (row + quiet) * module
        path.moveTo(left, top)
        path.lineTo(left + length * module, top)
        path.lineTo(left + length * module, top - module)
        path.lineTo(left, top - module)
        path.closePath()
    drawing.add(path)
    return drawing


def dump(data: bytes, colours: Sequence[str], starts: Set[int], shown_bytes: range) -> Any:
    """Some bytes in rows of 16, each on its colour; `starts` are those with which a piece begins."""
    from reportlab.graphics.shapes import Drawing, Rect, String
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm

    cell, high, begin = _CELL_MM * mm, _CELL_HEIGHT_MM * mm, _NUMBER_MM * mm
    rows = -(-len(shown_bytes) // ROW)
    drawing = Drawing(begin + ROW * cell, rows * high)
    for at in shown_bytes:
        row, column = divmod(at - shown_bytes.start, ROW)
        left, bottom = begin + column * cell, (rows - row - 1) * high
        gap = 0.9 if at in starts and column else 0
        colour = HexColor(colours[at])
        box = (left + gap, bottom + 0.7, cell - gap, high - 1.4)
        drawing.add(Rect(*box, fillColor=colour, strokeColor=colour, strokeWidth=0.1))
        middle = bottom + high * 0.34
        if not column:
            place = String(begin - 4, middle, f"{at}", fontName=font("mono"), fontSize=6.5, textAnchor="end")
            place.fillColor = HexColor(SOFT)
            drawing.add(place)
        digits = String(left + cell / 2, middle, f"{data[at]:02x}", fontName=font("mono"), fontSize=7)
        digits.textAnchor, digits.fillColor = "middle", HexColor(INK)
        drawing.add(digits)
    return drawing


def ticks(width_mm: float) -> Any:
    """Boxes to tick, and a line to write on."""
    from reportlab.graphics.shapes import Drawing, Line, Rect, String
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm

    ink = HexColor(SOFT)
    drawing = Drawing(width_mm * mm, 11)
    for left, words in ((0, "same"), (42, "other:")):
        drawing.add(Rect(left, 1.5, 7.5, 7.5, fillColor=None, strokeColor=ink, strokeWidth=0.7))
        drawing.add(String(left + 11, 2, words, fontName=font("sans"), fontSize=9, fillColor=HexColor(INK)))
    drawing.add(Line(82, 1, width_mm * mm - 8, 1, strokeColor=ink, strokeWidth=0.5))
    return drawing
