"""Fonts in PDF: glyphs by their numbers (Type 0 fonts, Identity-H: ISO 32000-1, 9.7), subsets embedded when the
document is saved."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

from bss_mfg.label.type.font_file import Face
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
    fonts: dict[Face, EmbeddedFont] | None = getattr(document, "_glyph_fonts", None)
    if fonts is None:
        fonts = document._glyph_fonts = {}
    font = fonts.get(face)
    if font is None:
        font = fonts[face] = EmbeddedFont(f"/G{len(fonts) + 1}", face)
        document.delayedFonts.append(font)
    return font


@dataclass(eq=False)
class EmbeddedFont:
    """A face in one document: `name` in its resources, and the text of each glyph that is shown."""

    name: str
    face: Face
    _texts: dict[int, str] = field(default_factory=dict)

    def use(self, run: GlyphRun) -> bool:
        """Take a run's glyphs in; whether its text can be read from their characters alone."""
        characters, texts = self.face.characters, self._texts
        shown: list[str] = []
        for glyph, cluster in zip(run.glyphs, _clusters(run), strict=True):
            text = texts.get(glyph)
            if text is None:
                text = texts[glyph] = cluster or characters.get(glyph, "")
            shown.append(text)
        if run.right_to_left:
            shown.reverse()
        return "".join(shown) == run.text

    def addObjects(self, document: Any) -> None:  # noqa: N802  (reportlab calls it)
        """Add the font's objects to the document, which is being saved."""
        from reportlab.pdfbase import pdfdoc

        face, glyphs = self.face, sorted(self._texts)
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
        lines = [
            f"<{glyph:04x}> <{text.encode('utf-16-be').hex()}>" for glyph, text in sorted(self._texts.items()) if text
        ]
        blocks = [lines[at : at + 100] for at in range(0, len(lines), 100)]
        return _CMAP.format(
            "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        )


def _clusters(run: GlyphRun) -> list[str]:
    """The text of each glyph where it is one glyph for one cluster or the first of several, else nothing."""
    clusters = run.clusters
    if len(clusters) == len(run.text) and not run.right_to_left and clusters == tuple(range(len(clusters))):
        return list(run.text)
    starts = sorted(set(clusters))
    ends = dict(zip(starts, [*starts[1:], len(run.text)], strict=True))
    texts: list[str] = []
    for at, cluster in enumerate(clusters):
        first = at == 0 or clusters[at - 1] != cluster
        texts.append(run.text[cluster : ends[cluster]] if first else "")
    return texts


def _number(value: float) -> float | int:
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded
