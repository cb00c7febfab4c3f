"""Make the bundled OCR-B from the one of Matthew Skala (Debian: fonts-ocr-b, OCRB.otf): printable ASCII as TrueType
outlines, and the capitals as high as the digits, which are what the font is for.

    python tests/make_ocr_b_font.py OCRB.otf bss_mfg/label/template/fonts/OCRB-Regular.ttf
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

_MAX_ERROR = 0.5
"""By how much a TrueType curve may differ from the original, in thousandths of the font size."""


def make(source: Path, target: Path) -> None:
    """Write the TrueType font."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(layout_features=[], notdef_outline=True, drop_tables=["GDEF", "GPOS", "GSUB", "FFTM"])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=range(32, 127))
    subsetter.subset(font)
    outlines, order = font.getGlyphSet(), font.getGlyphOrder()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, _MAX_ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
    bounds = BoundsPen(outlines)
    outlines[font.getBestCmap()[ord("0")]].draw(bounds)
    builder = FontBuilder(font["head"].unitsPerEm, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(font.getBestCmap())
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(
        {name: (font["hmtx"][name][0], getattr(builder.font["glyf"][name], "xMin", 0)) for name in order}
    )
    builder.setupHorizontalHeader(ascent=font["hhea"].ascent, descent=font["hhea"].descent)
    builder.setupNameTable(
        {"familyName": "OCR B", "styleName": "Regular", "fullName": "OCR B Regular", "psName": "OCRB-Regular"}
    )
    builder.setupOS2(sCapHeight=round(bounds.bounds[3]), sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    builder.save(target)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
