"""Texts of a template: sizes in points, widths in mm."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bss_mfg.label.template.fields import Colour, Size, Text
from bss_mfg.label.template.placing import PlaceableElement


class TextElement(PlaceableElement):
    """Text. `y` is the top of the capitals."""

    kind: Literal["text"]
    width: Size
    text: Text
    size: Annotated[float, Field(ge=3, le=400)] = Field(8, description="Font size in points.")
    min_size: Annotated[float, Field(ge=3, le=400)] | None = Field(None, description="Never shrink below this size.")
    fit: Literal["refuse", "shrink", "wrap"] | None = Field(
        None,
        description="What to do with a text that is too wide: refuse it (default), shrink it to min_size (default "
        "where min_size is given), or wrap it to `lines` lines.",
    )
    lines: Annotated[int, Field(ge=1, le=50)] = Field(1, description="With fit = wrap: at most so many lines.")
    leading: Annotated[float, Field(ge=0.8, le=3)] = Field(1.2, description="Line distance, in font sizes.")
    font: str = Field("sans", description="sans, sans-bold, mono, or a name of [fonts].")
    align: Literal["left", "center", "right"] = "left"
    color: Colour = "#000000"

    @model_validator(mode="after")
    def _sense(self) -> TextElement:
        if self.min_size is not None and self.min_size > self.size:
            raise ValueError(f"min_size {self.min_size:g} is larger than size {self.size:g}")
        if self.lines > 1 and self.fit != "wrap":
            raise ValueError('lines needs fit = "wrap"')
        if self.fit == "refuse" and self.min_size is not None:
            raise ValueError('min_size and fit = "refuse" contradict each other')
        return self

    @property
    def smallest(self) -> float:
        """The smallest font size that the fit rule allows."""
        if self.min_size is not None:
            return self.min_size
        return min(self.size, 4.0) if self.fit == "shrink" else self.size
