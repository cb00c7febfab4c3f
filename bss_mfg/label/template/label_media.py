"""What a template says of its sheet or roll: dimensions in mm, by themselves or from the library."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from bss_mfg.core.json_schemas import given_or_required
from bss_mfg.core.models import FileModel
from bss_mfg.label.template import media as library
from bss_mfg.label.template.fields import Colour, Length, Size

PageName = Literal["A3", "A4", "A5", "A6", "SRA3", "SRA4", "Letter", "Legal", "Tabloid"]
LabelShape = Literal["rectangle", "rounded", "round", "oval"]
CROP_MARK_MM, CROP_MARK_GAP_MM = 4.0, 2.0
"""Length of a crop mark, and its least distance from the label's edge."""


def _use_or_dimensions(schema: dict[str, Any]) -> None:
    """The library gives what else is required, so that a checker which knows no library must not ask for it."""
    del schema["required"]
    schema.update(given_or_required("use", library.GEOMETRY, ("label_width", "label_height")))


class Media(FileModel):
    """Sheet or roll: `use` one of the library (`bss-mfg media list`), or give its dimensions in mm."""

    model_config = ConfigDict(json_schema_extra=_use_or_dimensions)

    use: str | None = Field(None, description="A medium of the library, by name or the maker's part number.")
    kind: Literal["sheet", "roll"] = Field("roll", description="roll: a page is one row of labels.")
    page: PageName | tuple[Size, Size] | None = Field(
        None,
        description="Of a sheet: its name, or [width, height]. Of a roll: [width, height] of a row with its liner, "
        "where that is more than its labels.",
    )
    label_width: Size
    label_height: Size
    columns: Annotated[int, Field(ge=1, le=100)] = 1
    rows: Annotated[int, Field(ge=1, le=200)] = 1
    margin_left: Length = 0
    margin_top: Length = 0
    pitch_x: Size | None = Field(None, description="From one label's left edge to the next; default: no gap.")
    pitch_y: Size | None = Field(None, description="From one label's top edge to the next; default: no gap.")
    shape: LabelShape | None = Field(
        None, description="How it is die-cut; default: rectangle, or rounded where corner is given."
    )
    corner: Annotated[float, Field(ge=0, le=200)] = Field(0, description="Radius of rounded corners.")
    bleed: Annotated[float, Field(ge=0, le=10)] = Field(
        0, description="Artwork may reach so far over the edge. In a PDF for rolls the page is larger by it."
    )
    crop_marks: bool = Field(
        False, description="Rolls in PDF: mark where the label is cut, outside of its bleed; its die line, too."
    )
    safe: Annotated[float, Field(ge=0, le=50)] = Field(1, description="Texts and codes should keep off the edge.")
    stock: Colour = Field("#ffffff", description="Colour of the label's material: decides the symbol's contrast.")

    @model_validator(mode="before")
    @classmethod
    def _load_from_library(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("page"), list):
            data = {**data, "page": tuple(data["page"])}  # lists of files are tuples here
        if not isinstance(data, dict) or not isinstance(data.get("use"), str):
            return data
        medium = library.find_medium(data["use"])
        if medium is None:
            hint = library.same_size_hint(data["use"]) or "see `bss-mfg media list`"
            raise ValueError(f"there is no medium {data['use'][:60]!r} in the library; {hint}")
        if doubled := sorted(set(data) & set(library.GEOMETRY)):
            raise ValueError(f"the library gives {', '.join(doubled)} of {data['use']}; leave it out, or leave out use")
        return {**data, **{name: medium[name] for name in library.GEOMETRY if name in medium}}

    @model_validator(mode="after")
    def _fits(self) -> Media:
        if self.kind == "roll":
            if isinstance(self.page, str) or self.rows > 1:
                raise ValueError("a roll has one row of labels a page: no rows, and page only as [width, height] in mm")
            if self.margin_top and not self.page:
                raise ValueError("a roll with margin_top needs the page of a row: page = [width, height] in mm")
        elif not self.page:
            raise ValueError('a sheet needs a page: "A4", "Letter" or another name, or [width, height] in mm')
        elif self.crop_marks:
            raise ValueError("crop_marks are for rolls: a sheet's labels are cut already")
        width, height = self.size
        right = self.margin_left + (self.columns - 1) * self.step_x + self.label_width
        bottom = self.margin_top + (self.rows - 1) * self.step_y + self.label_height
        if right > width + 0.35 or bottom > height + 0.35:
            raise ValueError(f"the labels reach {right:.1f} x {bottom:.1f} mm, the page has {width:g} x {height:g} mm")
        if self.step_x < self.label_width - 0.01 or self.step_y < self.label_height - 0.01:
            raise ValueError("the labels overlap: the pitch is smaller than the label")
        return self

    @model_validator(mode="after")
    def _has_a_shape(self) -> Media:
        if self.corner and self.shape not in (None, "rounded"):
            raise ValueError(f"a label of shape {self.shape} has no corner radius: leave out corner")
        if self.shape == "rounded" and not self.corner:
            raise ValueError("a rounded label needs the radius of its corners: corner = 2")
        if self.shape == "round" and abs(self.label_width - self.label_height) > 0.01:
            raise ValueError('a round label is as wide as it is high; else its shape is "oval"')
        if self.corner > min(self.label_width, self.label_height) / 2 + 0.01:
            raise ValueError(f"a corner of {self.corner:g} mm is more than half of the label")
        return self

    @property
    def cut(self) -> LabelShape:
        """How the label is die-cut."""
        return self.shape or ("rounded" if self.corner else "rectangle")

    @property
    def edge_mm(self) -> float:
        """How far a PDF's page of a roll reaches over its labels on every side: bleed and crop marks."""
        if self.kind == "sheet":
            return 0.0
        marks = max(self.bleed, CROP_MARK_GAP_MM) + CROP_MARK_MM
        return marks if self.crop_marks else self.bleed

    @property
    def step_x(self) -> float:
        """Horizontal pitch in mm."""
        return self.pitch_x or self.label_width

    @property
    def step_y(self) -> float:
        """Vertical pitch in mm."""
        return self.pitch_y or self.label_height

    @property
    def size(self) -> tuple[float, float]:
        """Page width and height in mm, without bleed and crop marks."""
        if self.page:
            return library.PAGES[self.page] if isinstance(self.page, str) else self.page
        return self.margin_left + (self.columns - 1) * self.step_x + self.label_width, self.label_height
