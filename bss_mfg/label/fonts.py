"""The fonts that come with bss-mfg: Latin, Greek, Cyrillic. Every glyph is checked before anything is drawn."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import Any

FONTS = {
    "sans": "LiberationSans-Regular.ttf",
    "sans-bold": "LiberationSans-Bold.ttf",
    "mono": "LiberationMono-Regular.ttf",
}
"""Font names of the template language and their files."""


class Font:
    """A font's measures. `width` is in points; `missing` lists the characters that it has no glyph for."""

    def __init__(self, name: str) -> None:
        from reportlab.pdfbase.ttfonts import TTFont

        data = (resources.files("bss_mfg.label") / "fonts" / FONTS[name]).read_bytes()
        # asciiReadable keeps ASCII where it is in the first subset, so plain text needs no re-coding.
        self.pdf: Any = TTFont(f"bss-{name}", BytesIO(data), asciiReadable=1)
        self._widths: dict[int, float] = self.pdf.face.charWidths
        self._glyphs: dict[int, int] = self.pdf.face.charToGlyph
        self._ascii = [self._widths.get(code, 0) for code in range(128)].__getitem__
        self.cap_height = (self.pdf.face.capHeight or 716) / 1000

    def width(self, text: str, size: float) -> float:
        """Width of `text` in points at `size` points."""
        if text.isascii():
            return float(sum(map(self._ascii, text.encode("ascii")))) * size / 1000
        widths = self._widths
        return sum([widths.get(ord(character), 0) for character in text]) * size / 1000

    def missing(self, text: str) -> str:
        """Characters without a glyph."""
        if text.isascii() and text.isprintable():
            return ""
        return "".join(character for character in dict.fromkeys(text) if ord(character) not in self._glyphs)


@lru_cache(maxsize=len(FONTS))
def font(name: str) -> Font:
    """A font by its name in the template language, registered with reportlab."""
    from reportlab.pdfbase import pdfmetrics

    loaded = Font(name)
    pdfmetrics.registerFont(loaded.pdf)
    return loaded
