"""ASCII in fonts that only kern pairs of it: widths by sums, without shaping each text.

It is quicker than shaping, and the same: HarfBuzz itself leaves out of the font what ASCII can't reach; if no
substitution is left then, and of the positioning only pairs whose first glyph moves, each glyph's place is the sum of
what HarfBuzz gives for the pairs before it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import accumulate
from math import ceil
from typing import NamedTuple

from bss_mfg.label.type.font_file import Face
from bss_mfg.label.type.shaping import GlyphRun, Shaping, advances_of, shape

_PAIRS, _EXTENSION = 2, 9
"""GPOS lookup types (OpenType specification, GPOS table)."""
ASCII = "".join(map(chr, range(32, 127)))
_MOST_STEPS = 255
_REMEMBERED = 8192
"""Texts whose widths a table remembers: a text is measured when it is checked, and when it is drawn."""


class _Advances(dict[str, float]):
    """By two characters: from the first's origin to the second's, in font units; by one, its advance."""

    def __init__(self, face: Face, language: str) -> None:
        self._face, self._how = face, Shaping(language=language)

    def __missing__(self, text: str) -> float:
        run = shape(self._face, text, self._how)
        places = [right for _, right, _ in run.placed()]
        advance = places[1] * self._face.upem if len(text) == 2 else sum(run.advances)
        self[text] = advance
        return advance


class PlainTable:
    """The advances of a font's ASCII in a language (BCP 47), by which a font may choose other pairs."""

    def __init__(self, face: Face, language: str = "") -> None:
        self.face, self.language = face, language
        self._how = Shaping(language=language)
        self.advances = _Advances(face, language)
        self.width = lru_cache(_REMEMBERED)(self._width)
        self._sides: dict[str, tuple[float, float]] = {}

    def _width(self, text: str) -> float:
        """Width of a line in em."""
        if not text:
            return 0.0
        pairs = sum(map(self.advances.__getitem__, map(str.__add__, text, text[1:])))
        return (pairs + self.advances[text[-1]]) / self.face.upem

    def is_within(self, text: str, room: float) -> bool:
        """Whether a line is at most `room` em wide. Most are by far, and need not be measured."""
        steps, step = self._steps
        return sum(text.encode("ascii").translate(steps)) * step <= room or self.width(text) <= room

    @cached_property
    def _steps(self) -> tuple[bytes, float]:
        """How far each character of ASCII moves the pen at most, whatever follows, in steps; and a step in em."""
        every_pair = "".join([one + other for at, one in enumerate(ASCII) for other in ASCII[at:]])
        widest = dict.fromkeys(ASCII, 0)
        for character, advance in zip(every_pair, advances_of(self.face, every_pair, self._how), strict=True):
            if advance > widest[character]:
                widest[character] = advance
        step = max(widest.values()) / _MOST_STEPS
        steps = bytes([ceil(width / step - 1e-9) for width in widest.values()])
        return bytes(32) + steps + bytes(129), step / self.face.upem * (1 + 1e-9)

    def reach(self, text: str) -> tuple[float, float]:
        """How far ink may reach out before the start of a line (never above 0) and after its end (never below), in em.

        Only its ends count: what stands inside of them has the room of its neighbours.
        """
        if not text:
            return 0.0, 0.0
        upem, (left, _, right, _) = self.face.upem, self.face.ascii_bounds
        before, after = min(self._side(text[0])[0], 0.0), max(self._side(text[-1])[1], 0.0)
        if len(text) > 1:
            before = min(before, self.advances[text[:2]] / upem + left)
            after = max(after, right - self.advances[text[-1]] / upem)
        return before, after

    def _side(self, character: str) -> tuple[float, float]:
        """Where the ink of a character starts after its origin, and where it ends after its advance, in em."""
        sides = self._sides.get(character)
        if sides is None:
            box = self.face.extents(self.face.glyph(character) or 0) or (0.0, 0.0, 0.0, 0.0)
            sides = self._sides[character] = (box[0], box[2] - self.advances[character] / self.face.upem)
        return sides

    def origins(self, text: str) -> Iterator[float]:
        """Where each character starts, in font units."""
        return accumulate(map(self.advances.__getitem__, map(str.__add__, text, text[1:])), initial=0.0)

    def run(self, text: str) -> GlyphRun:
        """The same as glyphs."""
        if not text:
            return shape(self.face, text)
        glyph, advances = self.face.glyph, self.advances
        pairs = list(map(advances.__getitem__, map(str.__add__, text, text[1:])))
        glyphs = tuple([glyph(character) or 0 for character in text])
        return GlyphRun(self.face, text, glyphs, tuple(range(len(text))), (*pairs, advances[text[-1]]), None)


class PlainRun(NamedTuple):
    """Plain ASCII in a line that holds other runs too: a serial number after words of another script."""

    table: PlainTable
    text: str

    @property
    def width(self) -> float:
        """Advance of the whole, in em."""
        return self.table.width(self.text)

    @property
    def glyphs(self) -> GlyphRun:
        """The same as glyphs."""
        return self.table.run(self.text)


def plain_table(face: Face, language: str = "") -> PlainTable | None:
    """The table of a font whose ASCII is kerned in pairs and nothing else; None for others."""
    key = f"plain {language}"
    try:
        known: PlainTable | None = face.memo[key]
    except KeyError:
        known = face.memo[key] = PlainTable(face, language) if _is_plain(face) else None
    return known


def _is_plain(face: Face) -> bool:
    try:
        plain: bool = face.memo["is plain"]
    except KeyError:
        plain = face.has_ascii and not face.has_apple_layout and _only_kerns(face)
        face.memo["is plain"] = plain
    return plain


def _only_kerns(face: Face) -> bool:
    """Whether the font without what ASCII can't reach has no substitutions and positions only pairs.

    The subset keeps the glyphs that substitutions lead to; without them, it would drop the substitutions too.
    """
    hb = face.hb
    wanted = hb.SubsetInput()
    wanted.sets(hb.SubsetInputSets.UNICODE).update(map(ord, ASCII))
    subset = hb.subset(face.hb_face, wanted)
    tables = set(subset.table_tags)
    if "GSUB" in tables and _lookups(bytes(subset.reference_table("GSUB").data)):
        return False
    lookups = _lookups(bytes(subset.reference_table("GPOS").data)) if "GPOS" in tables else []
    return all(kind == _PAIRS and second_stays for kind, second_stays in lookups)


def _lookups(table: bytes) -> list[tuple[int, bool]]:
    """The lookups of a GSUB or GPOS table: (type, whether their subtables leave the second glyph of a pair alone)."""
    if len(table) < 10:
        return []
    start = struct.unpack_from(">H", table, 8)[0]
    (count,) = struct.unpack_from(">H", table, start) if start else (0,)
    found: list[tuple[int, bool]] = []
    for number in range(count):
        at = start + struct.unpack_from(">H", table, start + 2 + 2 * number)[0]
        kind, _, subtables = struct.unpack_from(">3H", table, at)
        for index in range(subtables):
            subtable = at + struct.unpack_from(">H", table, at + 6 + 2 * index)[0]
            own = kind
            if kind == _EXTENSION:
                own, offset = struct.unpack_from(">HI", table, subtable + 2)
                subtable += offset
            found.append((own, own != _PAIRS or not struct.unpack_from(">H", table, subtable + 6)[0]))
    return found
