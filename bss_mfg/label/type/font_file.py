"""One face of a font file: its outlines, measures and characters, read by HarfBuzz."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

_NO_EMBEDDING, _BITMAPS_ONLY_OR_NO_SUBSET = 0x0002, 0x0300
"""Bits of OS/2 fsType (OpenType specification, OS/2 table)."""

_REQUIRED = ("head", "hhea", "hmtx", "maxp", "cmap")
"""Tables that every font has (OpenType specification, Required tables) and readers of PDFs need."""
_SUMMED = frozenset({"glyf", "loca", "CFF", "CFF2", "hmtx", "cmap", "hhea", "maxp", "fvar", "gvar"})
_UNITS_PER_EM = range(16, 16385)
"""What the specification allows (head table)."""

_FORMS = ("<compat>", "<isolated>", "<initial>", "<medial>", "<final>")
_SEEN = frozenset({"Lu", "Ll", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Po", "Sm", "Sc", "So"})
"""Categories of characters that are always seen: an empty glyph of theirs is a picture in colour, or none."""


@dataclass(frozen=True, slots=True)
class FaceChoice:
    """Which face of a font file: its number in a collection (TTC); of a variable font a named instance, and values of
    axes by their tags, which go before the instance's."""

    number: int = 0
    instance: str = ""
    axes: Mapping[str, float] = field(default_factory=dict)


@lru_cache(maxsize=64)
def load_face(data: bytes, number: int = 0, instance: str = "", axes: tuple[tuple[str, float], ...] = ()) -> Face:
    """A face of a TrueType or OpenType file; `ValueError` says why it can't be used."""
    return Face(data, FaceChoice(number, instance, dict(axes)))


class Face:
    """A face, its variations fixed. Measures are in em unless they say otherwise."""

    def __init__(self, data: bytes, choice: FaceChoice) -> None:
        import uharfbuzz as hb

        self.hb: Any = hb
        face = _open(data, choice)
        if face.has_var_data:
            try:
                face = _fix_variations(face, choice)
            except RuntimeError as error:
                raise ValueError("it is damaged: its variations can't be read") from error
        elif choice.instance or choice.axes:
            raise ValueError("it is not a variable font: instance and axes can't be chosen")
        self.hb_face: Any = face
        tables = set(face.table_tags)
        self._check_usable(tables)
        self.hb_font: Any = hb.Font(face)
        self.upem: int = face.upem
        self.hb_font.scale = (self.upem, self.upem)
        place = repr((choice.number, choice.instance, sorted(choice.axes.items())))
        self.digest = hashlib.sha256(data + place.encode()).hexdigest()
        self._hash = hash(self.digest)
        self.is_cff = "glyf" not in tables
        """Whether its outlines are CFF (cubic) rather than TrueType's."""
        self.has_apple_layout = "morx" in tables
        self.post_script_name = _post_script_name(face)
        extents = self.hb_font.get_font_extents("ltr")
        self.ascent = extents.ascender / self.upem
        self.descent = -extents.descender / self.upem
        self.cap_height = self._metric("CAP_HEIGHT", "H")
        self.x_height = self._metric("X_HEIGHT", "x")
        self._glyphs: dict[str, int | None] = {}
        self._extents: dict[int, tuple[float, float, float, float] | None] = {}
        self._natural: dict[int, int] = {}
        self._characters: dict[int, str] | None = None
        self.has_ascii = all(self.glyph(chr(code)) is not None for code in range(32, 127))
        """Whether it has every character of ASCII."""
        self.simple_scripts: dict[str, str] = {}
        """Scripts of the characters that were met and are set by themselves; of others, nothing."""
        self.memo: dict[str, Any] = {}
        """What others worked out about it once."""

    def _check_usable(self, tables: set[str]) -> None:
        for tag in _REQUIRED:
            if tag not in tables:
                raise ValueError(f"it is damaged: the table {tag} is missing")
        if "glyf" in tables and "loca" not in tables:
            raise ValueError("it is damaged: the table loca is missing")
        units = int.from_bytes(bytes(self.hb_face.reference_table("head").data)[18:20], "big")
        if units not in _UNITS_PER_EM:
            raise ValueError(f"it is damaged: it has {units} units per em")
        if not tables & {"glyf", "CFF ", "CFF2"}:
            raise ValueError("it has no outlines (a font of bitmaps or colours can't be printed)")
        if not self.hb_face.unicodes:
            raise ValueError("it has no Unicode characters")
        os2 = bytes(self.hb_face.reference_table("OS/2").data) if "OS/2" in tables else b""
        rights = int.from_bytes(os2[8:10], "big") if len(os2) >= 10 else 0
        if (rights & 0x000F) == _NO_EMBEDDING or rights & _BITMAPS_ONLY_OR_NO_SUBSET:
            raise ValueError(f"its licence forbids embedding (fsType {rights:#06x})")

    def _metric(self, name: str, sample: str) -> float:
        """A height of the OS/2 table, or measured on a letter, or that of most fonts."""
        import uharfbuzz as hb

        value = self.hb_font.get_metric_position(getattr(hb.OTMetricsTag, name))
        if not value and (glyph := self.hb_font.get_nominal_glyph(ord(sample))):
            extents = self.hb_font.get_glyph_extents(glyph)
            value = extents.y_bearing if extents else 0
        return float(value) / self.upem if value else {"H": 0.716, "x": 0.52}[sample]

    def glyph(self, character: str) -> int | None:
        """The glyph of a character, None where there is none to be seen: without outline it counts as missing."""
        try:
            return self._glyphs[character]
        except KeyError:
            found: int | None = self.hb_font.get_nominal_glyph(ord(character)) or None
            if found and self.extents(found) is None and unicodedata.category(character) in _SEEN:
                found = None
            self._glyphs[character] = found
            return found

    def natural_advance(self, glyph: int) -> int:
        """Advance of a glyph by itself, in font units."""
        advance = self._natural.get(glyph)
        if advance is None:
            advance = self._natural[glyph] = self.hb_font.get_glyph_h_advance(glyph)
        return advance

    def extents(self, glyph: int) -> tuple[float, float, float, float] | None:
        """Ink of a glyph from its origin: left, bottom, right, top; None if it has none."""
        if glyph not in self._extents:
            box = self.hb_font.get_glyph_extents(glyph)
            drawn = box is not None and box.width and box.height
            self._extents[glyph] = (
                (
                    box.x_bearing / self.upem,
                    (box.y_bearing + box.height) / self.upem,
                    (box.x_bearing + box.width) / self.upem,
                    box.y_bearing / self.upem,
                )
                if drawn
                else None
            )
        return self._extents[glyph]

    @property
    def characters(self) -> dict[int, str]:
        """The character of each glyph that has one of its own; of several the one with the lowest code.

        A glyph that has a presentation form alone (ligatures, Arabic letters in context) has none.
        """
        if self._characters is None:
            characters: dict[int, str] = {}
            for code in sorted(self.hb_face.unicodes):
                if not unicodedata.decomposition(chr(code)).startswith(_FORMS):
                    characters.setdefault(self.hb_font.get_nominal_glyph(code), chr(code))
            self._characters = characters
        return self._characters

    @cached_property
    def ascii_bounds(self) -> tuple[float, float, float, float]:
        """What the ink of a line of ASCII can't leave: left, bottom, right, top beyond its ends and baseline, in em."""
        boxes = [
            (box[0], box[1], box[2] - self.natural_advance(glyph) / self.upem, box[3])
            for code in range(33, 127)
            if (glyph := self.glyph(chr(code))) and (box := self.extents(glyph))
        ]
        left, bottom, right, top = zip((0.0, 0.0, 0.0, 0.0), *boxes, strict=True)
        return min(left), min(bottom), max(right), max(top)

    def scripts(self) -> frozenset[str]:
        """The OpenType script tags that the font has substitutions for."""
        return frozenset(self.hb_face.get_table_script_tags("GSUB"))

    def check_glyphs(self) -> None:
        """`ValueError` where a glyph is damaged so that no part of the font can be embedded."""
        try:
            self.subset(frozenset(range(self.hb_face.glyph_count)))
        except RuntimeError as error:
            raise ValueError("it is damaged: its glyphs can't be taken out of it") from error

    def subset(self, glyphs: frozenset[int]) -> bytes:
        """The font with these glyphs only, at their own numbers, without hints and layout tables."""
        return _subset(self, glyphs)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Face) and self.digest == other.digest)

    def __hash__(self) -> int:
        return self._hash


def check_sums(data: bytes, number: int = 0) -> None:
    """`ValueError` where the tables of a font file that decide its drawing are cut off or not as their sums say
    (OpenType specification, Calculating checksums): a damaged font draws otherwise in each program."""
    import numpy as np

    start = int.from_bytes(data[12 + 4 * number : 16 + 4 * number], "big") if data[:4] == b"ttcf" else 0
    for at in range(start + 12, start + 12 + 16 * int.from_bytes(data[start + 4 : start + 6], "big"), 16):
        tag = data[at : at + 4].decode("latin-1").strip()
        told, offset, length = (int.from_bytes(data[at + 4 * n : at + 4 * n + 4], "big") for n in (1, 2, 3))
        if offset + length > len(data):
            raise ValueError(f"it is cut off: the table {tag} is not all there")
        if tag in _SUMMED:
            padded = data[offset : offset + length] + bytes(-length % 4)
            if int(np.frombuffer(padded, ">u4").sum(dtype=np.uint64)) & 0xFFFFFFFF != told:
                raise ValueError(f"it is damaged: the table {tag} is not as its check sum says")


def _open(data: bytes, choice: FaceChoice) -> Any:
    import uharfbuzz as hb

    blob = hb.Blob(data)
    count = hb.Face(blob).count if data[:4] in (b"ttcf", b"\0\1\0\0", b"OTTO", b"true") else 0
    if not count:
        raise ValueError("it is not a TrueType or OpenType font")
    if choice.number >= count:
        raise ValueError(f"it has {count} faces, number {choice.number} (from 0) is not there")
    face = hb.Face(blob, choice.number)
    if not face.glyph_count or not face.upem or "head" not in face.table_tags:
        raise ValueError("it is broken: there is no glyph in it")
    return face


def _fix_variations(face: Any, choice: FaceChoice) -> Any:
    """A variable font at the chosen place of its axes."""
    import uharfbuzz as hb

    axes = {axis.tag: axis for axis in face.axis_infos}
    place: dict[str, float] = {}
    if choice.instance:
        instances = {face.get_name(item.subfamily_name_id) or "": item for item in face.named_instances}
        if choice.instance not in instances:
            known = ", ".join(filter(None, instances)) or "none"
            raise ValueError(f"it has no instance {choice.instance!r}; known: {known}")
        place = dict(zip(axes, instances[choice.instance].design_coords, strict=True))
    for tag, value in choice.axes.items():
        if tag not in axes:
            raise ValueError(f"it has no axis {tag!r}; known: {', '.join(axes)}")
        low, high = axes[tag].min_value, axes[tag].max_value
        if not low <= value <= high:
            raise ValueError(f"its axis {tag!r} goes from {low:g} to {high:g}, not to {value:g}")
        place[tag] = value
    subset = hb.SubsetInput()
    subset.keep_everything()
    subset.flags = subset.flags | hb.SubsetFlags.DOWNGRADE_CFF2
    subset.pin_all_axes_to_default(face)
    for tag, value in place.items():
        subset.pin_axis_location(face, tag, value)
    return hb.subset(face, subset)


def _post_script_name(face: Any) -> str:
    import uharfbuzz as hb

    name = face.get_name(hb.OTNameIdPredefined.POSTSCRIPT_NAME) or "Font"
    return "".join(mark for mark in name if mark.isascii() and (mark.isalnum() or mark in "-_")) or "Font"


@lru_cache(maxsize=64)
def _subset(face: Face, glyphs: frozenset[int]) -> bytes:
    import uharfbuzz as hb

    wanted = hb.SubsetInput()
    wanted.sets(hb.SubsetInputSets.GLYPH_INDEX).update(glyphs)
    wanted.sets(hb.SubsetInputSets.DROP_TABLE_TAG).update(
        hb_tag(tag) for tag in ("GSUB", "GPOS", "GDEF", "kern", "name", "post", "cmap", "OS/2", "DSIG", "BASE", "STAT")
    )
    wanted.flags = (
        hb.SubsetFlags.NO_HINTING
        | hb.SubsetFlags.RETAIN_GIDS
        | hb.SubsetFlags.NO_LAYOUT_CLOSURE
        | hb.SubsetFlags.CFF_IDENTITY_CHARSET
        | hb.SubsetFlags.NOTDEF_OUTLINE
    )
    subset = hb.subset(face.hb_face, wanted)
    if face.is_cff:
        return bytes(subset.reference_table("CFF ").data)
    return bytes(subset.blob.data)


def hb_tag(tag: str) -> int:
    """A table's tag as a number."""
    return int.from_bytes(tag.encode("ascii"), "big")
