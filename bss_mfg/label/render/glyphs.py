"""Glyphs and lines of text as printer dots, 1 bit each, cut at half coverage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from bss_mfg.label.render.canvas import new_canvas
from bss_mfg.label.template.fonts import Font

Bits = NDArray[np.bool_]
"""Rows x columns of dots, True = black."""


@lru_cache(maxsize=256)
def load_glyphs(face: Font, size: float, along: float, across: float) -> Glyphs:
    """The glyphs of a font at a size in points, `along` and `across` in dots per point."""
    return Glyphs(face, size, along, across)


def rotate_text(strip: TextStrip, degrees: int) -> Bits:
    """A line of text as dots, after its rotation."""
    return np.rot90(strip.bits, -(degrees // 90))


@dataclass(frozen=True, slots=True)
class TextStrip:
    """A line of text as one number: `height` rows of `stride` bits (whole bytes), the leftmost dot highest."""

    number: int
    stride: int
    height: int

    @property
    def row_bytes(self) -> bytes:
        """The rows, packed."""
        return self.number.to_bytes(self.stride * self.height // 8, "big")

    @property
    def bits(self) -> Bits:
        """Rows x columns."""
        rows = np.frombuffer(self.row_bytes, np.uint8).reshape(self.height, self.stride // 8)
        return np.unpackbits(rows, axis=1).astype(bool)


class Glyphs:
    """The glyphs of a font at one size on one dot grid: `along` and `across` the text, in dots per point.

    A glyph is kept as one number per row length, so that putting it into a line is one shift and one OR.
    """

    def __init__(self, face: Font, size: float, along: float, across: float) -> None:
        self._face, self._size = face, size
        self.along, self.across = along, across
        self.margin = 2 + int(0.3 * size * along)
        self.baseline = 2 + int((max(face.ascent, 1.0) + 0.1) * size * across)
        self._height = self.baseline + 2 + int((max(face.descent, 0.25) + 0.1) * size * across)
        self._bitmaps: dict[str, tuple[Bits, float]] = {}
        self._numbers: dict[tuple[str, int], tuple[int, int]] = {}

    def line(self, text: str) -> TextStrip:
        """A line of text. It starts `margin` dots in, and its baseline lies `baseline` dots down."""
        if missing := [character for character in dict.fromkeys(text) if character not in self._bitmaps]:
            self._load(missing)
        bitmaps, numbers = self._bitmaps, self._numbers
        width = sum([bitmaps[character][1] for character in text])
        # Few row lengths, so that glyphs' numbers are found again; two dots more, for what rounding moves the last one.
        stride = (int(width) + 2 * self.margin + 4 + 31) // 32 * 32
        line, pen = 0, 0.0
        for character in text:
            key = (character, stride)
            number, spare = numbers.get(key) or self._number(character, stride)
            line |= number << (spare - round(pen))
            pen += bitmaps[character][1]
        return TextStrip(line, stride, self._height)

    def _number(self, character: str, stride: int) -> tuple[int, int]:
        """(the glyph's rows as a number with `stride` bits a row, how far it may be shifted left)."""
        bits = self._bitmaps[character][0]
        spare = stride - bits.shape[1]
        rows = np.zeros((self._height, stride), bool)
        rows[:, spare:] = bits
        shifted = (int.from_bytes(np.packbits(rows).tobytes(), "big"), spare)
        self._numbers[(character, stride)] = shifted
        return shifted

    def _load(self, characters: list[str]) -> None:
        """Rasterise glyphs side by side, one point a dot."""
        advances = [self._face.width(character, self._size) * self.along for character in characters]
        widths = [int(advance) + 2 * self.margin + 2 for advance in advances]
        buffer = BytesIO()
        canvas = new_canvas(buffer, (sum(widths), self._height), "glyphs")
        x = 0
        for character, width in zip(characters, widths, strict=True):
            canvas.saveState()
            path = canvas.beginPath()
            path.rect(x, 0, width, self._height)
            canvas.clipPath(path, stroke=0, fill=0)
            canvas.translate(x + self.margin, self._height - self.baseline)
            canvas.scale(self.along, self.across)
            canvas.setFont(self._face.reportlab_font.fontName, self._size)
            canvas.drawString(0, 0, character)
            canvas.restoreState()
            x += width
        canvas.showPage()
        canvas.save()
        bits = rasterise_page(buffer.getvalue())
        x = 0
        for character, width, advance in zip(characters, widths, advances, strict=True):
            self._bitmaps[character] = (np.array(bits[:, x : x + width]), advance)
            x += width


def rasterise_page(pdf: bytes) -> Bits:
    """A one-page PDF at one dot a point; a dot is black that is covered by half or more."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        grey = document[0].render(scale=1, grayscale=True).to_numpy()
        return np.array(grey.reshape(grey.shape[:2]) < 128)
    finally:
        document.close()
