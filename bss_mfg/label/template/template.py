"""Templates: what a designer writes. Millimetres on the label, font sizes in points, quarter turns clockwise."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from bss_mfg.core.models import GRADE_PATTERN, FileModel
from bss_mfg.label.template.colours import Colour, parse_colour
from bss_mfg.label.template.fields import Area, Name
from bss_mfg.label.template.fonts import FontFile, FontFileOrName
from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.shape_elements import Box, Image, Line
from bss_mfg.label.template.symbol_elements import (
    DataMatrix,
    DataMatrixText,
    Gs1DataMatrix,
    SymbolElement,
    carries_payload,
)
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import LabelScope

Element = Annotated[SymbolElement | TextElement | Line | Box | Image, Field(discriminator="kind")]


_CARTON: dict[str, JsonValue] = {
    "if": {"properties": {"each": {"const": "carton"}}, "required": ["each"]},
    "then": {"required": ["packages_per_carton"]},
    "else": {"properties": {"packages_per_carton": {"not": {}}}},
}
"""What `packages_per_carton` goes with, for the JSON Schema."""


class Template(FileModel):
    """A label template."""

    model_config = ConfigDict(json_schema_extra=_CARTON)

    format: Literal[1] = Field(description="Version of this file format.")
    title: str = Field("", description="For people.")
    each: LabelScope = Field("package", description="One label for each package, unit, carton, or one for the batch.")
    packages_per_carton: Annotated[int, Field(ge=1, le=10000)] | None = Field(
        None, description="For each = carton: how many packages go into one."
    )
    fonts: dict[Name, FontFileOrName] = Field(
        {}, description="More fonts: a name, and a font file (TTF, OTF, TTC) beside the template, or a table about one."
    )
    min_grade: Annotated[str, Field(pattern=GRADE_PATTERN)] | None = Field(
        None, description="Least print quality with which `verify` lets its labels pass: A to D, or a number up to 4."
    )
    registration_tolerance: Annotated[float, Field(ge=0.3, le=5)] | None = Field(
        None,
        description="How far `verify` lets a symbol lie from its place among the others of its sheet; 1.5 mm.",
    )
    media: Media
    sample: Area | None = Field(None, description="Where the SAMPLE mark of development products goes.")
    element: Annotated[tuple[Element, ...], Field(min_length=1, max_length=500)]

    @property
    def font_files(self) -> dict[str, FontFile]:
        """The fonts of its own, by name."""
        return {name: FontFile(file=font) if isinstance(font, str) else font for name, font in self.fonts.items()}

    @model_validator(mode="after")
    def _sense(self) -> Template:
        symbols = sum(isinstance(item, DataMatrix) for item in self.element)
        bars = sum(carries_payload(item) for item in self.element)
        if self.each == "package" and symbols + bars != 1:
            raise ValueError(
                "a package label has exactly one element of kind data-matrix, or instead of it one code-128 with "
                'text = "{payload}"'
            )
        for item in self.element:
            if isinstance(item, (Gs1DataMatrix, DataMatrixText)) and "{payload}" in item.text:
                raise ValueError(f"{item.kind} can't show {{payload}}: that is what the data-matrix is for")
        if self.each != "package" and symbols:
            raise ValueError(f"a label for each {self.each} has no data-matrix: that symbol belongs to a package")
        if (self.each == "carton") != (self.packages_per_carton is not None):
            raise ValueError('packages_per_carton and each = "carton" go together')
        names = [item.name for item in self.element if item.name]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two elements are called {doubled[0]!r}")
        inks: dict[str, Colour] = {}
        for text in (getattr(item, "color", None) for item in self.element):
            colour = parse_colour(text) if text else None
            if colour and colour.spot and inks.setdefault(colour.spot, colour) != colour:
                raise ValueError(f"the spot ink {colour.spot!r} has two different CMYK values")
        return self
