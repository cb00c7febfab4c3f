"""A page that sets hand scanners right: what to set, by what vendors call it, and symbols that check it.

Vendors' programming codes are not printed: they differ from model to model, and a wrong one sets something else. The
vendors' names of settings are meant to be looked for: they differ too.
"""

from __future__ import annotations

from html import escape
from io import BytesIO
from typing import Any

from bss_mfg.station.check_codes import CHECK_TEXTS
from bss_mfg.symbol import Matrix, data_matrix

_TITLE = "Setting up a hand scanner"
_COMPUTER = (
    "Keyboard layout: US English, while the scanner is used. Or set the scanner to the computer's layout.",
    "Caps lock off. Input methods (Chinese, Japanese, Korean) off, half-width characters.",
)
_SCANNER = (
    ("setting", "should be", "why"),
    ("Data Matrix", "on", "Labels carry a Data Matrix."),
    ("Keyboard layout", "that of the computer: US English", "Else : and ; and others change."),
    ("Suffix", "CR (Enter) after each read, nothing more", "It ends a read."),
    ("Prefix, code identifiers", "none: no prefix, no AIM or code ID", "AIM prefixes such as ]d1 are taken off."),
    ("Letter case", "as it is: no conversion", "Capitals and small letters differ."),
    ("Delay between characters", "0; 5 to 20 ms if characters get lost", "Slow computers drop characters."),
)
_VENDORS = (
    ("vendor", "keyboard layout", "Enter after each read", "no prefix, no code ID"),
    ("Zebra, Symbol", "Country Keyboard Types", "Scan Data Transmission Format", "Transmit Code ID Character"),
    ("Honeywell", "Keyboard Country Layout", "Add CR Suffix to All Symbologies", "Clear All Prefixes"),
    ("Datalogic", "Country Mode", "Global Suffix", "Global Prefix; AIM ID"),
    ("Newland", "Keyboard layout (country)", "Terminating Character Suffix", "Prefix; Code ID; AIM ID"),
)
_GUIDES = (
    "Look for settings with names like these in the reference guide of your scanner's model: it has the codes to scan. "
    "They are not printed here, since they differ from model to model. Begin with the guide's factory defaults."
)
_CHECK = (
    "Start bss-mfg scan BATCH (any batch) and scan both symbols. SCANNER OK: all is right. SCANNER SET WRONG names "
    "what isn't: keyboard layout, caps lock, letter case, prefix, suffix, joined reads. No answer at all: Data Matrix "
    "is off. Two answers to one symbol: Enter is sent in its middle. They aren't labels, and don't count."
)
_MODULE_MM = 0.6
_QUIET = 4
_WIDTHS_MM = (48, 62, 64)
_VENDOR_WIDTHS_MM = (28, 44, 56, 46)


def setup_sheet(version: str) -> bytes:
    """The page as an A4 PDF."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    out = BytesIO()
    margin = 18 * mm
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=margin, rightMargin=margin, topMargin=16 * mm, bottomMargin=14 * mm,
        title=_TITLE, author="", creator=f"bss-mfg {version}", invariant=1,
    )  # fmt: skip
    document.build(_story())
    return out.getvalue()


def _story() -> list[Any]:
    return [
        paragraph(_TITLE, fontName="Helvetica-Bold", fontSize=20, leading=26),
        paragraph("For bss-mfg scan: set the computer and the scanner, then scan the symbols below."),
        _head("1. The computer"),
        *(paragraph(f"\u2022 {line}") for line in _COMPUTER),
        _head("2. The scanner"),
        _table(_SCANNER, _WIDTHS_MM),
        paragraph(_GUIDES, spaceBefore=8, spaceAfter=4),
        _table(_VENDORS, _VENDOR_WIDTHS_MM),
        _head("3. Check"),
        paragraph(_CHECK, spaceAfter=6),
        _symbols(),
    ]


def paragraph(text: str, **more: Any) -> Any:
    """Words of a page; `more` as ReportLab's ParagraphStyle has it."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = {"fontName": "Helvetica", "fontSize": 9.5, "leading": 13, **more}
    return Paragraph(escape(text), ParagraphStyle("text", **style))


def _head(text: str) -> Any:
    return paragraph(text, fontName="Helvetica-Bold", fontSize=13, leading=17, spaceBefore=12, spaceAfter=4)


def _table(rows: tuple[tuple[str, ...], ...], widths_mm: tuple[float, ...]) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    line, head = HexColor("#c4cad2"), HexColor("#eceff2")
    cells = [
        [paragraph(text, fontName="Helvetica-Bold" if not row or not column else "Helvetica") for column, text in
         enumerate(texts)]
        for row, texts in enumerate(rows)
    ]  # fmt: skip
    return Table(
        cells,
        colWidths=[width * mm for width in widths_mm],
        style=[
            ("BACKGROUND", (0, 0), (-1, 0), head),
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, line),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ],
    )


def _symbols() -> Any:
    """The check symbols side by side, each over its text."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    cells = [
        [code_drawing(data_matrix(text.encode("ascii"))) for text in CHECK_TEXTS],
        [paragraph(text, fontName="Courier", fontSize=7, leading=9) for text in CHECK_TEXTS],
    ]
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 6)]
    return Table(cells, colWidths=[87 * mm] * len(CHECK_TEXTS), style=style)


def code_drawing(matrix: Matrix, module_mm: float = _MODULE_MM) -> Any:
    """A symbol with its quiet zone."""
    from reportlab.graphics.shapes import Drawing, Path
    from reportlab.lib.colors import black
    from reportlab.lib.units import mm

    module = module_mm * mm
    side = (matrix.columns + 2 * _QUIET) * module
    drawing = Drawing(side, side)
    path = Path(fillColor=black, strokeColor=None, strokeWidth=0)
    for row in range(matrix.rows):
        for column in range(matrix.columns):
            if matrix.dark(row, column):
                left, top = (column + _QUIET) * module, side - (row + _QUIET) * module
                path.moveTo(left, top)
                path.lineTo(left + module, top)
                path.lineTo(left + module, top - module)
                path.lineTo(left, top - module)
                path.closePath()
    drawing.add(path)
    return drawing
