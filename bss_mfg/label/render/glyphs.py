"""Glyphs and lines of text as printer dots, 1 bit each, cut at half coverage by HarfBuzz's rasteriser."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np

from bss_mfg.label.render.patches import Bits
from bss_mfg.label.type.font_file import Face
from bss_mfg.label.type.paragraph import Line
from bss_mfg.label.type.plain import PlainTable

PHASES = 4
"""Places of a dot that a glyph may start at, along the text and across it."""


@lru_cache(maxsize=256)
def load_glyphs(size: float, along: float, across: float) -> Glyphs:
    """The glyphs of texts of a size in points, `along` and `across` in dots per point."""
    return Glyphs(size, along, across)


def rotate_text(strip: TextStrip, degrees: int) -> Bits:
    """A line of text as dots, after its rotation."""
    return np.rot90(strip.bits, -(degrees // 90))


@dataclass(frozen=True, slots=True)
class TextStrip:
    """A line of text as one number: `height` rows of `stride` bits (whole bytes), the leftmost dot highest. The line
    starts `margin` dots from the left, its baseline is `baseline` dots from the top."""

    number: int
    stride: int
    height: int
    margin: int
    baseline: int

    @property
    def row_bytes(self) -> bytes:
        """The rows, packed."""
        return self.number.to_bytes(self.stride * self.height // 8, "big")

    @property
    def bits(self) -> Bits:
        """Rows x columns."""
        rows = np.frombuffer(self.row_bytes, np.uint8).reshape(self.height, self.stride // 8)
        return np.unpackbits(rows, axis=1).astype(bool)


@dataclass(slots=True)
class _Glyph:
    """A glyph's dots: `left` columns and `bottom` rows (upwards) from its origin; `numbers` are its rows as one number
    for each stride, its last column lowest."""

    bits: Bits
    left: int
    bottom: int
    numbers: dict[int, int] = field(default_factory=dict)

    @property
    def width(self) -> int:
        return int(self.bits.shape[1])

    @property
    def top(self) -> int:
        return self.bottom + int(self.bits.shape[0])

    def number(self, stride: int) -> int:
        found = self.numbers.get(stride)
        if found is None:
            rows = np.zeros((self.bits.shape[0], stride), bool)
            rows[:, stride - self.width :] = self.bits
            found = self.numbers[stride] = int.from_bytes(np.packbits(rows).tobytes(), "big")
        return found


class Glyphs:
    """The glyphs of texts at one size on one dot grid: `along` and `across` the text, in dots per point.

    A glyph is kept as one number per row length, so that putting it into a line is one shift and one OR.
    """

    def __init__(self, size: float, along: float, across: float) -> None:
        self._size = size
        self.along, self.across = along, across
        self._glyphs: dict[str, dict[tuple[int, int, int], _Glyph | None]] = {}
        self._numbers: dict[tuple[str, int, int], dict[tuple[str, int], tuple[int, int]]] = {}

    def line(self, line: Line, along: float = 0.0, up: float = 0.0) -> TextStrip:
        """A line of text that starts `along` dots right of a whole dot, its baseline `up` dots above one."""
        return self._plain(line, line.plain, along, up) if line.plain else self._shaped(line, along, up)

    def _plain(self, line: Line, table: PlainTable, along: float, up: float) -> TextStrip:
        """A line of plain ASCII: glyphs in a box that fits them all, so that nothing need be measured."""
        face = table.face
        left, bottom, right, top = face.ascii_bounds
        high, low = self._size * self.across, self._size * self.along
        above, below, margin = ceil(top * high) + 2, ceil(-bottom * high) + 1, ceil(-left * low) + 1
        stride = (int((line.width + right) * low) + margin + 4 + 31) // 32 * 32
        y_phase = round(up * PHASES)
        numbers = self._numbers.setdefault((face.digest, y_phase, stride), {})
        scale, start = low * PHASES / face.upem, (along + margin) * PHASES + 0.5
        strip = 0
        for character, origin in zip(line.text, table.origins(line.text), strict=True):
            if character == " ":
                continue
            x = int(start + origin * scale)
            key = (character, x & 3)
            try:
                number, spare = numbers[key]
            except KeyError:
                number, spare = numbers[key] = self._in_box((face, *key, y_phase), stride, below)
            strip |= number << (spare - (x >> 2))
        return TextStrip(strip, stride, above + below, margin, above)

    def _in_box(self, key: tuple[Face, str, int, int], stride: int, below: int) -> tuple[int, int]:
        """A glyph's rows as a number in a line with `below` rows under the baseline, and where it stands then."""
        face, character, x_phase, y_phase = key
        glyph = self._rasterise(face, face.glyph(character) or 0, x_phase, y_phase % PHASES)
        if glyph is None:
            return 0, stride
        rise = y_phase // PHASES + glyph.bottom + below
        return glyph.number(stride) << (rise * stride), stride - glyph.width - glyph.left

    def _shaped(self, line: Line, along: float, up: float) -> TextStrip:
        placed: list[tuple[_Glyph, int, int]] = []
        scale, rise = self._size * self.along * PHASES, self._size * self.across * PHASES
        along, up = along * PHASES, up * PHASES
        for start, run in line.placed():
            face = run.face
            glyphs = self._glyphs.setdefault(face.digest, {})
            for number, right, above in run.placed():
                x = round(along + (start + right) * scale)
                y = round(up + above * rise) if above else round(up)
                key = (number, x % PHASES, y % PHASES)
                try:
                    glyph = glyphs[key]
                except KeyError:
                    glyph = glyphs[key] = self._rasterise(face, *key)
                if glyph is not None:
                    placed.append((glyph, x // PHASES + glyph.left, y // PHASES + glyph.bottom))
        if not placed:
            return TextStrip(0, 8, 1, 0, 0)
        left, bottom = min([x for _, x, _ in placed]), min([y for _, _, y in placed])
        top = max([y - glyph.bottom + glyph.top for glyph, _, y in placed])
        # Few row lengths, so that glyphs' numbers are found again.
        stride = (max([x + glyph.width for glyph, x, _ in placed]) - left + 31) // 32 * 32
        strip = 0
        for glyph, x, y in placed:
            strip |= glyph.number(stride) << ((y - bottom) * stride + stride - (x - left) - glyph.width)
        return TextStrip(strip, stride, top - bottom, -left, top)

    def _rasterise(self, face: Face, number: int, x_phase: int, y_phase: int) -> _Glyph | None:
        """The dots that a glyph covers by half or more."""
        image = _draw(face, number, (self._size * self.along, x_phase), (self._size * self.across, y_phase))
        extents = image.extents
        if not extents.width or not extents.height:
            return None
        grey = np.frombuffer(image.buffer, np.uint8).reshape(extents.height, extents.stride)
        bits = grey[::-1, : extents.width] >= 128
        rows, columns = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
        if not rows.size:
            return None
        return _Glyph(
            np.array(bits[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]),
            extents.x_origin + int(columns[0]),
            extents.y_origin + extents.height - 1 - int(rows[-1]),
        )


def _draw(face: Face, number: int, x: tuple[float, int], y: tuple[float, int]) -> Any:
    """A glyph in grey; for either direction, dots per em and phase."""
    drawing = face.hb.RasterDraw()
    drawing.transform = (x[0] / face.upem, 0, 0, y[0] / face.upem, x[1] / PHASES, y[1] / PHASES)
    drawing.draw_glyph(face.hb_font, number)
    return drawing.render()
