"""Fonts: those that come with bss-mfg (Latin, Greek, Cyrillic), and font files that a template names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib import resources
from io import BytesIO
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from bss_mfg.core.models import FileModel
from bss_mfg.label.template.fields import FileName, Name
from bss_mfg.label.type.font_file import Face, check_sums, load_face
from bss_mfg.label.type.itemization import Setting
from bss_mfg.label.type.markup import BOLD, ITALIC, without_switches
from bss_mfg.label.type.paragraph import prepare, simple_line

FONTS = {
    "sans": "LiberationSans-Regular.ttf",
    "sans-bold": "LiberationSans-Bold.ttf",
    "sans-italic": "LiberationSans-Italic.ttf",
    "mono": "LiberationMono-Regular.ttf",
    "ocr-b": "OCRB-Regular.ttf",
}
"""Bundled fonts by their names in the template language."""
_STYLES = {"sans": {BOLD: "sans-bold", ITALIC: "sans-italic"}}
"""The bundled fonts that runs of bold and italic are set in."""


class FontFile(FileModel):
    """A font file of a template, and which face of it."""

    file: FileName = Field(description="A TTF, OTF or TTC file beside the template.")
    number: Annotated[int, Field(ge=0, le=99)] = Field(0, description="Of a collection (TTC): which font, from 0.")
    instance: Annotated[str, Field(max_length=60)] = Field(
        "", description="Of a variable font: a named instance, as in 'Bold'."
    )
    axes: dict[Annotated[str, Field(pattern=r"^[ -~]{4}$")], float] = Field(
        {}, description="Of a variable font: places on its axes, as in { wght = 650 }."
    )
    bold: Name | None = Field(None, description="The font of [fonts] that its runs of bold are set in.")
    italic: Name | None = Field(None, description="The same for italic.")
    bold_italic: Name | None = Field(None, description="The same for both.")

    @property
    def styles(self) -> dict[int, str]:
        """The fonts of its styles, by name."""
        named = {BOLD: self.bold, ITALIC: self.italic, BOLD | ITALIC: self.bold_italic}
        return {style: name for style, name in named.items() if name}


FontFileOrName = Annotated[
    Annotated[FileName, Tag("name")] | Annotated[FontFile, Tag("table")],
    Discriminator(lambda value: "table" if isinstance(value, (dict, FontFile)) else "name"),
]
"""A font file by its name alone, or a table about one."""


class Font:
    """Fonts that a text is set in, in the order in which they are tried, and those of its bold and italic.

    Measures are the first font's, in em. `width` is in points; `missing` lists the characters that no font has a glyph
    for.
    """

    def __init__(self, name: str, faces: tuple[tuple[Face, ...], ...], data: bytes = b"") -> None:
        self.name, self._data = name, data
        self.setting = Setting(faces)
        first = faces[0][0]
        self.cap_height, self.x_height = first.cap_height, first.x_height
        self.ascent, self.descent = first.ascent, first.descent

    @property
    def face(self) -> Face:
        """The first font."""
        return self.setting.faces[0][0]

    @cached_property
    def ascii_bounds(self) -> tuple[float, float, float, float]:
        """What the ink of a line of ASCII can't leave: left, bottom, right, top beyond its ends and baseline, in em."""
        boxes = {face.ascii_bounds for stack in self.setting.faces for face in stack}
        left, bottom, right, top = zip(*boxes, strict=True)
        return min(left), min(bottom), max(right), max(top)

    def width(self, text: str, size: float) -> float:
        """Width of a line of text in points at `size` points."""
        line = simple_line(text, self.setting)
        return (line.width if line else sum(part.line().width for part in prepare(text, self.setting))) * size

    def missing(self, text: str) -> str:
        """Characters without a glyph."""
        return "".join(dict.fromkeys("".join(part.missing for part in prepare(without_switches(text), self.setting))))

    @cached_property
    def reportlab_font(self) -> Any:
        """The first font for drawings that reportlab sets by itself, in single ASCII lines; registered there."""
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont

        # asciiReadable keeps ASCII where it is in the first subset, so plain text needs no re-coding.
        font = TTFont(f"bss-{self.name}-{self.face.digest[:8]}", BytesIO(self._data), asciiReadable=1)
        pdfmetrics.registerFont(font)
        return font


@lru_cache(maxsize=len(FONTS))
def load_bundled_font(name: str) -> Font:
    """A bundled font."""
    data = bundled_font_data(name)
    faces = [(load_face(data),), (), (), ()]
    for style, other in _STYLES.get(name, {}).items():
        faces[style] = (load_face(bundled_font_data(other)),)
    return Font(name, tuple(faces), data)


@lru_cache(maxsize=len(FONTS))
def bundled_font_data(name: str) -> bytes:
    """The file of a bundled font."""
    return (resources.files("bss_mfg.label.template") / "fonts" / FONTS[name]).read_bytes()


def load_font(name: str, choice: FontFile, data: Mapping[str, bytes], fonts: Mapping[str, FontFile]) -> Font:
    """A font of a template, with its bold and italic, from the template's `fonts` and their files' `data`;
    `ValueError` says why it can't be used."""
    faces: list[tuple[Face, ...]] = [(_face(choice, data[name]),), (), (), ()]
    for style, other in choice.styles.items():
        if other in FONTS:
            faces[style] = (load_bundled_font(other).face,)
        elif other in fonts:
            faces[style] = (_face(fonts[other], data[other]),)
        else:
            raise ValueError(f"there is no font {other!r} for its bold or italic")
    return Font(name, tuple(faces), data[name])


def _face(choice: FontFile, data: bytes) -> Face:
    face = load_face(data, choice.number, choice.instance, tuple(sorted(choice.axes.items())))
    check_sums(data, choice.number)
    face.check_glyphs()
    return face


def font_list(fonts: list[Font]) -> Font:
    """Fonts of which each stands in for characters that those before it lack."""
    if len(fonts) == 1:
        return fonts[0]
    stacks = []
    for style in range(4):
        faces = tuple([stack[0] for font in fonts if (stack := font.setting.stack(style))])
        has_style = any(len(font.setting.faces) > style and font.setting.faces[style] for font in fonts)
        stacks.append(faces if has_style or style == 0 else ())
    return Font(", ".join(font.name for font in fonts), tuple(stacks))
