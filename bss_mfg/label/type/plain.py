"""ASCII in fonts that only kern pairs of it: widths by sums, without shaping each text.

It is quicker than shaping, and the same: HarfBuzz itself leaves out of the font what ASCII can't reach; if no
substitution is left then, and of the positioning only pairs whose first glyph moves, each glyph's place is the sum of
what HarfBuzz gives for the pairs before it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from bss_mfg.label.type.font_file import Face
from bss_mfg.label.type.shaping import GlyphRun, Shaping, shape

_PAIRS, _EXTENSION = 2, 9
"""GPOS lookup types (OpenType specification, GPOS table)."""
ASCII = "".join(map(chr, range(32, 127)))
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
        self.face = face
        self.advances = _Advances(face, language)
        self.width = lru_cache(_REMEMBERED)(self._width)

    def _width(self, text: str) -> float:
        """Width of a line in em."""
        if not text:
            return 0.0
        pairs = sum(map(self.advances.__getitem__, map(str.__add__, text, text[1:])))
        return (pairs + self.advances[text[-1]]) / self.face.upem

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
