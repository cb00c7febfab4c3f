"""Fonts in PDF: glyphs by their numbers (Type 0 fonts, Identity-H: ISO 32000-1, 9.7), subsets embedded when the
document is saved."""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bss_mfg.label.type.font_file import Face
from bss_mfg.label.type.line_breaks import SOFT_HYPHEN
from bss_mfg.label.type.plain import PlainTable
from bss_mfg.label.type.shaping import GlyphRun

_SYMBOLIC = 4
_CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


def embedded_font(document: Any, face: Face) -> EmbeddedFont:
    """The font of a face in a reportlab document."""
    fonts: dict[str, EmbeddedFont] | None = getattr(document, "_glyph_fonts", None)
    if fonts is None:
        fonts = document._glyph_fonts = {}
    font = fonts.get(face.digest)
    if font is None:
        font = fonts[face.digest] = EmbeddedFont(f"/G{len(fonts) + 1}", face)
        document.delayedFonts.append(font)
    return font


class PlainPieces(dict[str, str]):
    """By two characters: the first's glyph in hex, and how the pen is moved after it; by one, its glyph."""

    def __init__(self, face: Face, language: str) -> None:
        self._face, self._table = face, PlainTable(face, language)

    def __missing__(self, text: str) -> str:
        glyph = self._face.glyph(text[0]) or 0
        piece = f"{glyph:04x}"
        if len(text) == 2 and (moved := self._table.advances[text] - self._face.natural_advance(glyph)):
            piece += f">{moved * -1000 / self._face.upem:.4g}<"
        self[text] = piece
        return piece


@lru_cache(maxsize=64)
def plain_pieces(face: Face, language: str = "") -> PlainPieces:
    """The pieces of a face in a language; all documents share them."""
    return PlainPieces(face, language)


@dataclass(eq=False)
class EmbeddedFont:
    """A face in one document: `name` in its resources, its glyphs that are shown, and the text of each that has one."""

    name: str
    face: Face
    _texts: dict[int, str] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)
    _plain: set[str] = field(default_factory=set)
    _pieces: dict[str, PlainPieces] = field(default_factory=dict)
    shown: dict[tuple[int, float], tuple[GlyphRun, str]] = field(default_factory=dict)
    """Operators that were written before, by the identity of their run, which is kept, and the size."""

    def show_plain(self, text: str, language: str = "") -> str:
        """Operators that show a line of plain ASCII in a language (BCP 47)."""
        self._plain.update(text)
        pieces = self._pieces.get(language)
        if pieces is None:
            pieces = self._pieces[language] = plain_pieces(self.face, language)
        if len(text) == 1:
            return f"<{pieces[text]}> Tj"
        shown = "".join(map(pieces.__getitem__, map(str.__add__, text, text[1:]))) + pieces[text[-1]]
        return f"[<{shown}>] TJ" if ">" in shown else f"<{shown}> Tj"

    def use(self, run: GlyphRun) -> list[tuple[int, int, str]]:
        """Take a run's glyphs in, and part it where its text can't be read from the characters of its glyphs: (first
        glyph, end, the text that is read instead, or nothing).

        Readers expect what runs from right to left in the order in which it is seen, and turn it themselves; so what is
        read there is turned, and is kept to single clusters.
        """
        texts = self._texts
        try:
            if run.offsets is None and "".join([texts[glyph] for glyph in run.glyphs]) == run.text:
                return [(0, len(run.glyphs), "")]
        except KeyError:
            pass
        self._used.update(run.glyphs)
        return self._turned_parts(run) if run.right_to_left else [self._part(run)]

    def _part(self, run: GlyphRun) -> tuple[int, int, str]:
        """What runs from left to right is read as a whole, if it is not read from its glyphs."""
        characters, texts = self.face.characters, self._texts
        shown = []
        for glyph, cluster in zip(run.glyphs, run.cluster_texts(), strict=True):
            text = texts.get(glyph) or characters.get(glyph) or cluster
            shown.append(text)
            if text:
                texts[glyph] = text
        # A glyph without text is read as its number; a mark that was moved, as standing elsewhere.
        readable = run.offsets is None and all(shown) and "".join(shown) == run.text
        return 0, len(run.glyphs), "" if readable else run.text.replace(SOFT_HYPHEN, "")

    def _turned_parts(self, run: GlyphRun) -> list[tuple[int, int, str]]:
        """What runs from right to left, parted at clusters that are not read from their glyphs, and where it climbs."""
        characters, texts = self.face.characters, self._texts
        clusters = run.cluster_texts()
        parts: list[tuple[int, int, str]] = []
        start = 0
        for at, ends in enumerate(run.cluster_ends()):
            if not ends:
                continue
            seen = clusters[start][::-1]
            glyphs = run.glyphs[start : at + 1]
            for glyph in glyphs:
                if text := texts.get(glyph) or characters.get(glyph) or (seen if glyph == glyphs[-1] else ""):
                    texts[glyph] = text
            shown = [texts.get(glyph, "") for glyph in glyphs]
            readable = all(shown) and _same("".join(shown), seen)
            first = parts[-1][0] if parts else 0
            level = run.offsets is None or len({up for _, up in run.offsets[first : at + 1]}) == 1
            if readable and level and parts and not parts[-1][2]:
                parts[-1] = (first, at + 1, "")
            else:
                parts.append((start, at + 1, "" if readable else seen))
            start = at + 1
        return parts

    def addObjects(self, document: Any) -> None:  # noqa: N802  (reportlab calls it)
        """Add the font's objects to the document, which is being saved."""
        from reportlab.pdfbase import pdfdoc

        face = self.face
        for character in sorted(self._plain):
            if glyph := face.glyph(character):
                self._used.add(glyph)
                self._texts.setdefault(glyph, character)
        glyphs = sorted(self._used)
        tag = "".join(chr(ord("A") + int(digit, 16)) for digit in face.digest[:6])
        base = pdfdoc.PDFName(f"{tag}+{face.post_script_name}")
        program = self._stream(document, face.subset(frozenset(glyphs)), f"program{self.name}")
        descriptor = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("FontDescriptor"),
                "FontName": base,
                "Flags": _SYMBOLIC,
                "FontBBox": pdfdoc.PDFArray(self._box(glyphs)),
                "ItalicAngle": 0,
                "Ascent": round(face.ascent * 1000),
                "Descent": round(-face.descent * 1000),
                "CapHeight": round(face.cap_height * 1000),
                "StemV": 80,
                ("FontFile3" if face.is_cff else "FontFile2"): program,
            }
        )
        widths: list[Any] = []
        for glyph in glyphs:
            widths += [glyph, pdfdoc.PDFArray([_number(face.natural_advance(glyph) * 1000 / face.upem)])]
        descendant: dict[str, Any] = {
            "Type": pdfdoc.PDFName("Font"),
            "Subtype": pdfdoc.PDFName("CIDFontType0" if face.is_cff else "CIDFontType2"),
            "BaseFont": base,
            "CIDSystemInfo": pdfdoc.PDFDictionary(
                {
                    "Registry": pdfdoc.PDFString("Adobe"),
                    "Ordering": pdfdoc.PDFString("Identity"),
                    "Supplement": 0,
                }
            ),
            "FontDescriptor": document.Reference(descriptor, f"descriptor{self.name}"),
            "DW": 0,
            "W": pdfdoc.PDFArray(widths),
        }
        if not face.is_cff:
            descendant["CIDToGIDMap"] = pdfdoc.PDFName("Identity")
        font = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("Font"),
                "Subtype": pdfdoc.PDFName("Type0"),
                "BaseFont": base,
                "Encoding": pdfdoc.PDFName("Identity-H"),
                "DescendantFonts": pdfdoc.PDFArray(
                    [document.Reference(pdfdoc.PDFDictionary(descendant), f"descendant{self.name}")]
                ),
                "ToUnicode": self._stream(document, self._to_unicode().encode("ascii"), f"unicode{self.name}"),
            }
        )
        document.idToObject["BasicFonts"].dict[self.name[1:]] = document.Reference(font, f"font{self.name}")

    def _stream(self, document: Any, data: bytes, name: str) -> Any:
        from reportlab.pdfbase import pdfdoc

        entries: dict[str, Any] = {"Filter": pdfdoc.PDFName("FlateDecode")}
        if name.startswith("program"):
            entries |= {"Subtype": pdfdoc.PDFName("CIDFontType0C")} if self.face.is_cff else {"Length1": len(data)}
        return document.Reference(pdfdoc.PDFStream(pdfdoc.PDFDictionary(entries), zlib.compress(data, 6)), name)

    def _box(self, glyphs: list[int]) -> list[int]:
        boxes = [box for glyph in glyphs if (box := self.face.extents(glyph))] or [(0.0, 0.0, 1.0, 1.0)]
        left, bottom, right, top = zip(*boxes, strict=True)
        return [round(side * 1000) for side in (min(left), min(bottom), max(right), max(top))]

    def _to_unicode(self) -> str:
        lines = [f"<{glyph:04x}> <{text.encode('utf-16-be').hex()}>" for glyph, text in sorted(self._texts.items())]
        blocks = [lines[at : at + 100] for at in range(0, len(lines), 100)]
        return _CMAP.format(
            "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        )


def _same(shown: str, text: str) -> bool:
    """Whether glyphs show a text of one cluster; a mirrored bracket is read as the one that is seen."""
    return shown == text or (len(text) == 1 and unicodedata.mirrored(text) == 1)


def _number(value: float) -> float | int:
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded
