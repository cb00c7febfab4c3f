"""Types of the fields of templates: millimetres, names, colours, texts with values."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bss_mfg.core.inches import font_share_hint, font_size_hint
from bss_mfg.core.models import FileModel
from bss_mfg.core.named_paths import is_plain_name
from bss_mfg.label.template.colours import ColourText
from bss_mfg.label.template.expressions import compile_condition, compile_text

Mm = Annotated[float, Field(ge=-20, le=2000)]
Length = Annotated[float, Field(ge=0, le=2000)]
Size = Annotated[float, Field(gt=0, le=2000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]


def _points(value: object) -> object:
    if isinstance(value, str) and (hint := font_size_hint(value)):
        raise ValueError(hint)
    return value


def _font_share(value: object) -> object:
    if isinstance(value, str) and (hint := font_share_hint(value)):
        raise ValueError(hint)
    return value


SMALLEST_FONT_SIZE = 3
"""In points."""
FontSize = Annotated[float, Field(ge=SMALLEST_FONT_SIZE, le=400), BeforeValidator(_points)]
CaptionSize = Annotated[float, Field(ge=SMALLEST_FONT_SIZE, le=72), BeforeValidator(_points)]
Leading = Annotated[float, Field(ge=0.8, le=3), BeforeValidator(_font_share)]
LetterSpacing = Annotated[float, Field(ge=-0.2, le=2), BeforeValidator(_font_share)]


def _file_name(name: str) -> str:
    joined = name.replace("\\", "/")
    is_plain = all(map(is_plain_name, joined.split("/")))
    if is_plain and joined != name:
        raise ValueError(f"folders and names are joined by /: write {joined}")
    if not is_plain:
        raise ValueError("should be the name of a file beside the template, or folders and a name joined by /")
    return name


FileName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=240,
        description="A file beside the template, or in a folder beside it: `logos/Größe (2).svg`.",
        json_schema_extra={"pattern": r"^[^/\\:]+(/[^/\\:]+)*$"},
    ),
    AfterValidator(_file_name),
]
Colour = ColourText


def _text(source: str) -> str:
    if "\n" in source:
        raise ValueError("control characters can't be printed")
    compile_text(source)
    return source


def _text_lines(source: str) -> str:
    compile_text(source)
    return source


def _condition(source: str) -> str:
    compile_condition(source)
    return source


Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_text)]
TextLines = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_text_lines)]
When = Annotated[str, AfterValidator(_condition)]


class Area(FileModel):
    """A rectangle on the label, in mm from its top left corner."""

    x: Length
    y: Length
    width: Size
    height: Size
