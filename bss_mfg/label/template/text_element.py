"""Texts of a template: sizes in points, widths in mm."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from bss_mfg.label.template.fields import Colour, FontSize, Leading, LetterSpacing, Size, TextLines
from bss_mfg.label.template.placing import PlaceableElement
from bss_mfg.label.type.markup import check_marks

_FontNameOrNames = Annotated[
    Annotated[str, Tag("name")] | Annotated[tuple[str, ...], Field(min_length=1, max_length=8), Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, (list, tuple)) else "name"),
]

MOST_LINES = 50


class TextElement(PlaceableElement):
    """Text. `y` is the top of the capitals, if `valign` says nothing else; a line feed starts a new line."""

    kind: Literal["text"]
    width: Size
    height: Size | None = Field(None, description="With valign = middle or bottom: the height of the place in mm.")
    text: TextLines
    size: FontSize = Field(8, description="Font size in points.")
    min_size: FontSize | None = Field(None, description="Never shrink below this size.")
    fit: Literal["refuse", "shrink", "wrap"] | None = Field(
        None,
        description="What to do with a text that is too wide: refuse it (default), shrink it to min_size (default "
        "where min_size is given), or wrap it to `lines` lines.",
    )
    lines: Annotated[int, Field(ge=1, le=MOST_LINES)] = Field(
        1, description="With fit = wrap, or line feeds in the text: at most so many lines."
    )
    leading: Leading = Field(1.2, description="Line distance, in font sizes.")
    font: _FontNameOrNames = Field(
        "sans",
        description="sans, sans-bold, sans-italic, mono, or a name of [fonts]; or a list of which each stands in for "
        "characters that those before it lack.",
    )
    align: Literal["left", "center", "right", "justify"] = Field(
        "left", description="justify widens the spaces of every line but the last."
    )
    valign: Literal["capitals", "baseline", "middle", "bottom"] = Field(
        "capitals",
        description="What y is: the top of the capitals, the first baseline, the middle, or the last baseline.",
    )
    letter_spacing: LetterSpacing = Field(
        0, description="Room after each letter, in font sizes. Letters that join (Arabic) stay together."
    )
    direction: Literal["auto", "ltr", "rtl"] = Field(
        "auto", description="Of the paragraph: by its first letter, or from left to right, or from right to left."
    )
    language: Annotated[str, Field(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$")] = Field(
        "", description="BCP 47, as in 'sr' or 'zh-Hant', for fonts that draw letters differently."
    )
    markup: bool = Field(False, description="Whether **bold** and *italic* in the text are runs of these.")
    color: Colour = "#000000"

    @model_validator(mode="after")
    def _sense(self) -> TextElement:
        if self.min_size is not None and self.min_size > self.size:
            raise ValueError(f"min_size {self.min_size:g} is larger than size {self.size:g}")
        breaks = self.text.count("\n")
        if self.lines > 1 and self.fit != "wrap" and not breaks:
            raise ValueError('lines needs fit = "wrap"')
        if self.fit == "refuse" and self.min_size is not None:
            raise ValueError('min_size and fit = "refuse" contradict each other')
        if self.height is not None and self.valign not in ("middle", "bottom"):
            raise ValueError("height needs valign = 'middle' or 'bottom'")
        if self.markup:
            check_marks(self.text)
        return self

    @property
    def fonts(self) -> tuple[str, ...]:
        """The names of its fonts."""
        return (self.font,) if isinstance(self.font, str) else self.font

    @property
    def most_lines(self) -> int:
        """How many lines it may have."""
        return max(self.lines, self.text.count("\n") + 1)

    @property
    def smallest(self) -> float:
        """The smallest font size that the fit rule allows."""
        if self.min_size is not None:
            return self.min_size
        return min(self.size, 4.0) if self.fit == "shrink" else self.size
