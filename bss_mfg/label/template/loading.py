"""From a template's file to a checked template: its text, its fonts and its artwork, all by content."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from bss_mfg.core.files import read_bytes, read_text
from bss_mfg.core.named_paths import existing_path_inside
from bss_mfg.core.text import printable_name
from bss_mfg.core.toml_files import TomlDocument, parse_toml, validate
from bss_mfg.core.untrusted import LIMITS, Reader, guarded
from bss_mfg.errors import InputError, Location
from bss_mfg.label.template.artwork import Artwork, check_artwork
from bss_mfg.label.template.fonts import (
    FONTS,
    Font,
    FontFile,
    bundled_font_data,
    font_list,
    load_bundled_font,
    load_font,
)
from bss_mfg.label.template.shape_elements import Image
from bss_mfg.label.template.symbol_elements import Bars
from bss_mfg.label.template.template import Template
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.label.type.markup import BOLD, ITALIC, check_marks

MAX_ART = LIMITS[Reader.ARTWORK].size
MAX_FONT = LIMITS[Reader.FONT].size


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
        for art in self.artwork:
            whole.update(art.file.encode() + art.source)
        for name, data in self.font_files:
            whole.update(name.encode() + hashlib.sha256(data).digest())
        return whole.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LoadedTemplate) and (self.name, self.digest) == (other.name, other.digest)

    def __hash__(self) -> int:
        return hash(self.digest)

    def font(self, names: str | tuple[str, ...]) -> Font:
        """A font by its name in this template, or several of which each stands in for what those before it lack."""
        return _font(self, names)

    def locate(self, element: int, field: str | None = None) -> Location:
        """Where an element is, for messages: file, line, its number and its name."""
        item = self.definition.element[element]
        place = self.document.locate(("element", element, *([field] if field else [])))
        return replace(place, key=f"{place.key} ({item.name or item.kind})")


@lru_cache(maxsize=64)
def _font(template: LoadedTemplate, names: str | tuple[str, ...]) -> Font:
    own, data = template.definition.font_files, dict(template.font_files)
    return font_list(
        [
            load_font(name, own[name], data, own) if name in own else load_bundled_font(name)
            for name in ((names,) if isinstance(names, str) else names)
        ]
    )


def load_template(path: Path, way_out: str = "") -> LoadedTemplate:
    """Read and check a template, the artwork and the fonts that it names; `way_out` is for a template with mistakes."""
    return _load(read_text(path, "template"), path, way_out)


def template_from_text(text: str, path: Path) -> LoadedTemplate:
    """The same for a text that is being edited; artwork is read from beside `path`."""
    return _load(text, path)


@lru_cache(maxsize=8)
def _parsed(text: str, name: str, way_out: str) -> tuple[TomlDocument, Template]:
    """What a template's text says: the tasks of a verification ask for each few pages."""
    document = parse_toml(text, name)
    return document, validate(document, Template, way_out)


def _load(text: str, path: Path, way_out: str = "") -> LoadedTemplate:
    document, template = _parsed(text, str(path), way_out)
    fonts = _load_fonts(template, document, path)
    artwork = _load_artwork(template, document, path, fonts)
    known = {*FONTS, *template.fonts}
    for index, element in enumerate(template.element):
        if not isinstance(element, (TextElement, Bars)):
            continue
        names = element.fonts if isinstance(element, TextElement) else (element.font,)
        if unknown := [name for name in names if name not in known]:
            raise InputError(
                f"there is no font {unknown[0]!r}",
                where=document.locate(("element", index, "font")),
                way_out=f"Known: {', '.join(sorted(known))}. More can be named in [fonts].",
            )
    loaded = LoadedTemplate(path.stem, template, document, artwork, fonts)
    _check_styles(loaded)
    return loaded


def _check_styles(template: LoadedTemplate) -> None:
    """Runs of bold and italic have fonts."""
    for index, element in enumerate(template.definition.element):
        if not isinstance(element, TextElement) or not element.markup:
            continue
        faces = template.font(element.fonts).setting.faces
        for style in check_marks(element.text):
            if style and not faces[style]:
                what = {BOLD: "bold", ITALIC: "italic", BOLD | ITALIC: "bold italic"}[style]
                raise InputError(
                    f"the font {element.fonts[0]!r} has no {what}",
                    where=template.locate(index, "text"),
                    way_out=f"Name one in [fonts]: NAME = {{ file = ..., {what.replace(' ', '_')} = 'OTHER-NAME' }}. "
                    "Of the fonts of bss-mfg, sans has bold and italic.",
                )


def _load_artwork(
    template: Template, document: TomlDocument, path: Path, fonts: Sequence[tuple[str, bytes]]
) -> tuple[Artwork, ...]:
    """The artwork; texts in an SVG are drawn with the template's fonts and those that come with bss-mfg."""
    usable = [*((name, bundled_font_data(name)) for name in FONTS), *fonts]
    artwork: dict[str, Artwork] = {}
    for index, element in enumerate(template.element):
        if isinstance(element, Image) and element.file not in artwork:
            where = document.locate(("element", index, "file"))
            data = _read_beside(path, element.file, where, "artwork", MAX_ART)
            artwork[element.file] = check_artwork(element.file, data, where, usable)
    return tuple(artwork[name] for name in sorted(artwork))


def _load_fonts(template: Template, document: TomlDocument, path: Path) -> tuple[tuple[str, bytes], ...]:
    own = template.font_files
    data: dict[str, bytes] = {}
    for name, font in sorted(own.items()):
        where = document.locate(("fonts", name))
        if name in FONTS and name != "ocr-b":  # which came later, and may be a template's own
            raise InputError(f"{name!r} is a font of bss-mfg", where=where, way_out="Give yours another name.")
        data[name] = _read_beside(path, font.file, where, "font", MAX_FONT)
    check_fonts(own, data, document)
    return tuple(data.items())


def check_fonts(fonts: Mapping[str, FontFile], data: Mapping[str, bytes], document: TomlDocument) -> None:
    """`InputError` where one of a template's fonts, whose files' bytes are `data`, can't be used."""
    for name, font in sorted(fonts.items()):
        try:
            with guarded(lambda kind: ValueError(f"it is damaged ({kind})"), ours=(ValueError,)):
                load_font(name, font, data, fonts)
        except ValueError as error:
            # The words of a library about a byte that it could not decode are none for people.
            why = "it is damaged" if isinstance(error, UnicodeError) else str(error)
            raise InputError(
                f"the font {font.file!r} can't be used: {why}",
                where=document.locate(("fonts", name)),
                way_out="Use a TrueType or OpenType font with outlines (TTF, OTF, TTC) whose licence allows embedding.",
            ) from None


def _read_beside(path: Path, file: str, where: Location, what: str, limit: int) -> bytes:
    beside = existing_path_inside(path.parent, file, what, where)
    if not beside.is_file():
        folder = printable_name(file.rpartition("/")[0])
        put = f"Put it into the folder '{folder}' beside the template." if folder else "Put it beside the template."
        shown = printable_name(file)
        raise InputError(f"the {what} '{shown}' is not there", where=where, way_out=put + _meant(beside))
    return read_bytes(beside, what, limit)


def _meant(missing: Path) -> str:
    """A question after a file that differs in its letters' case, or in a letter."""
    try:
        names = sorted(entry.name for entry in missing.parent.iterdir() if entry.is_file())
    except OSError:
        return ""
    same = [name for name in names if name.casefold() == missing.name.casefold()]
    near = same or difflib.get_close_matches(missing.name, names, n=1, cutoff=0.8)
    return f" There is {near[0]!r}: did you mean that?" if near else ""
