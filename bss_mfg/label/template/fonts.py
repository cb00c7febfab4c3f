"""Fonts: those that come with bss-mfg (Latin, Greek, Cyrillic), and TrueType files that a template names."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import Any

FONTS = {
    "sans": "LiberationSans-Regular.ttf",
    "sans-bold": "LiberationSans-Bold.ttf",
    "mono": "LiberationMono-Regular.ttf",
    "ocr-b": "OCRB-Regular.ttf",
}
"""Bundled fonts by their names in the template language."""


class Font:
    """A font's measures. `width` is in points; `missing` lists the characters that it has no glyph for."""

    def __init__(self, name: str, data: bytes) -> None:
        from reportlab.pdfbase.ttfonts import TTFError, TTFont

        try:
            # asciiReadable keeps ASCII where it is in the first subset, so plain text needs no re-coding.
            self.reportlab_font: Any = TTFont(name, BytesIO(data), asciiReadable=1)
        except (TTFError, KeyError, IndexError, AssertionError, OverflowError) as error:
            raise ValueError(str(error).split("\n")[0][:120] or "it is broken") from None
        self._widths: dict[int, float] = self.reportlab_font.face.charWidths
        self._glyphs: dict[int, int] = self.reportlab_font.face.charToGlyph
        self._ascii = [self._widths.get(code, 0) for code in range(128)].__getitem__
        self.cap_height = (self.reportlab_font.face.capHeight or 716) / 1000
        self.descent = abs(self.reportlab_font.face.descent or 212) / 1000
        self.ascent = (self.reportlab_font.face.ascent or 905) / 1000

    def width(self, text: str, size: float) -> float:
        """Width of `text` in points at `size` points."""
        if text.isascii():
            return float(sum(map(self._ascii, text.encode("ascii")))) * size / 1000
        widths = self._widths
        return sum([widths.get(ord(character), 0) for character in text]) * size / 1000

    def missing(self, text: str) -> str:
        """Characters without a glyph."""
        if text.isascii() and text.isprintable():
            return "" if 65 in self._glyphs else text[:1]
        return "".join(character for character in dict.fromkeys(text) if ord(character) not in self._glyphs)


@lru_cache(maxsize=len(FONTS))
def load_bundled_font(name: str) -> Font:
    """A bundled font."""
    return load_font(name, (resources.files("bss_mfg.label.template") / "fonts" / FONTS[name]).read_bytes())


def load_font(name: str, data: bytes) -> Font:
    """A font from its file's bytes, registered with reportlab; `ValueError` says why it can't be used."""
    return _parse_font(f"bss-{name}-{hashlib.sha256(data).hexdigest()[:8]}", data)


@lru_cache(maxsize=16)
def _parse_font(name: str, data: bytes) -> Font:
    from reportlab.pdfbase import pdfmetrics

    font = Font(name, data)
    pdfmetrics.registerFont(font.reportlab_font)
    return font
