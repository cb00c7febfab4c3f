"""From a template's file to a checked template: its text, its fonts and its artwork, all by content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bss_mfg.core.files import read_bytes
from bss_mfg.core.named_paths import path_inside
from bss_mfg.core.toml_files import TomlDocument, load_toml, parse_toml, validate
from bss_mfg.errors import InputError, Location
from bss_mfg.label.template.artwork import Artwork, check_artwork
from bss_mfg.label.template.fonts import FONTS, Font, load_bundled_font, load_font
from bss_mfg.label.template.shape_elements import Image
from bss_mfg.label.template.symbol_elements import Bars
from bss_mfg.label.template.template import Template
from bss_mfg.label.template.text_element import TextElement

MAX_ART = 20 << 20
MAX_FONT = 60 << 20


@dataclass(frozen=True, eq=False)
class LoadedTemplate:
    """A template with its file's text, artwork and fonts. `digest` changes with any of them; equal digests are equal
    templates."""

    name: str
    definition: Template
    document: TomlDocument
    artwork: tuple[Artwork, ...]
    font_files: tuple[tuple[str, bytes], ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over text, artwork and fonts, in hex."""
        whole = hashlib.sha256(self.document.text.encode())
        for name, data in [*((art.file, art.data) for art in self.artwork), *self.font_files]:
            whole.update(name.encode() + hashlib.sha256(data).digest())
        return whole.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LoadedTemplate) and (self.name, self.digest) == (other.name, other.digest)

    def __hash__(self) -> int:
        return hash(self.digest)

    def font(self, name: str) -> Font:
        """A font by its name in this template."""
        for known, data in self.font_files:
            if known == name:
                return load_font(name, data)
        return load_bundled_font(name)

    def locate(self, element: int, field: str | None = None) -> Location:
        """Where an element is, for messages: file, line, its number and its name."""
        item = self.definition.element[element]
        place = self.document.locate(("element", element, *([field] if field else [])))
        return replace(place, key=f"{place.key} ({item.name or item.kind})")


def load_template(path: Path, way_out: str = "") -> LoadedTemplate:
    """Read and check a template, the artwork and the fonts that it names; `way_out` is for a template with mistakes."""
    return _validate_template(load_toml(path, "template"), path, way_out)


def template_from_text(text: str, path: Path) -> LoadedTemplate:
    """The same for a text that is being edited; artwork is read from beside `path`."""
    return _validate_template(parse_toml(text, str(path)), path)


def _validate_template(document: TomlDocument, path: Path, way_out: str = "") -> LoadedTemplate:
    template = validate(document, Template, way_out)
    artwork, fonts = _load_artwork(template, document, path), _load_fonts(template, document, path)
    known = {*FONTS, *template.fonts}
    for index, element in enumerate(template.element):
        if isinstance(element, (TextElement, Bars)) and element.font not in known:
            raise InputError(
                f"there is no font {element.font!r}",
                where=document.locate(("element", index, "font")),
                way_out=f"Known: {', '.join(sorted(known))}. More can be named in [fonts].",
            )
    return LoadedTemplate(path.stem, template, document, artwork, fonts)


def _load_artwork(template: Template, document: TomlDocument, path: Path) -> tuple[Artwork, ...]:
    artwork: dict[str, Artwork] = {}
    for index, element in enumerate(template.element):
        if isinstance(element, Image) and element.file not in artwork:
            where = document.locate(("element", index, "file"))
            data = _read_beside(path, element.file, where, "artwork", MAX_ART)
            artwork[element.file] = check_artwork(element.file, data, where)
    return tuple(artwork[name] for name in sorted(artwork))


def _load_fonts(template: Template, document: TomlDocument, path: Path) -> tuple[tuple[str, bytes], ...]:
    fonts: list[tuple[str, bytes]] = []
    for name, file in sorted(template.fonts.items()):
        where = document.locate(("fonts", name))
        if name in FONTS and name != "ocr-b":  # which came later, and may be a template's own
            raise InputError(f"{name!r} is a font of bss-mfg", where=where, way_out="Give yours another name.")
        fonts.append((name, _read_beside(path, file, where, "font", MAX_FONT)))
        try:
            load_font(name, fonts[-1][1])
        except ValueError as error:
            raise InputError(
                f"the font {file!r} can't be used: {error}",
                where=where,
                way_out="Use a TrueType font (TTF or TTC with glyf outlines); OpenType/CFF fonts can be converted.",
            ) from None
    return tuple(fonts)


def _read_beside(path: Path, file: str, where: Location, what: str, limit: int) -> bytes:
    beside = path_inside(path.parent, file, what, where)
    if not beside.is_file():
        raise InputError(f"the {what} {file!r} is not there", where=where, way_out="Put it beside the template.")
    return read_bytes(beside, what, limit)
