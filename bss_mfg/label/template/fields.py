"""Types of the fields of templates: millimetres, names, colours, texts with values."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from bss_mfg.core.models import FileModel
from bss_mfg.label.template.colours import ColourText
from bss_mfg.label.template.expressions import compile_condition, compile_text

Mm = Annotated[float, Field(ge=-20, le=2000)]
Length = Annotated[float, Field(ge=0, le=2000)]
Size = Annotated[float, Field(gt=0, le=2000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,80}$")]
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
