"""The font of Chinese texts in PDFs: the characters of the catalogue (`.ci/chinese_font.py`)."""

from __future__ import annotations

from importlib.resources import as_file, files

CHINESE_FONT = "report/fonts/DroidSansFallback-subset.ttf"
"""The file, from the package's folder."""
_NAME = "bss-chinese"


def is_chinese(character: str) -> bool:
    """Whether a character is one of those that only this font has."""
    return "\u2e80" <= character <= "\uffef"


def registered_chinese_font() -> str:
    """The font's name in the PDFs that are drawn."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    if _NAME not in pdfmetrics.getRegisteredFontNames():
        with as_file(files("bss_mfg").joinpath(CHINESE_FONT)) as file:
            pdfmetrics.registerFont(TTFont(_NAME, str(file)))
    return _NAME
