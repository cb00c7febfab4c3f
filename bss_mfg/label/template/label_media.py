"""What a template says of its sheet or roll: dimensions in mm, by themselves or from the library."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from bss_mfg.core.json_schemas import given_or_required
from bss_mfg.core.models import FileModel
from bss_mfg.label.template import media as library
from bss_mfg.label.template.fields import Colour, Length, Size


def _use_or_dimensions(schema: dict[str, Any]) -> None:
    """The library gives what else is required, so that a checker which knows no library must not ask for it."""
    del schema["required"]
    schema.update(given_or_required("use", library.GEOMETRY, ("label_width", "label_height")))


class Media(FileModel):
    """Sheet or roll: `use` one of the library (`bss-mfg media list`), or give its dimensions in mm."""

    model_config = ConfigDict(json_schema_extra=_use_or_dimensions)

    use: str | None = Field(None, description="A medium of the library, by name or the maker's part number.")
    kind: Literal["sheet", "roll"] = Field("roll", description="roll: one label a page.")
    page: Literal["A4", "Letter"] | None = Field(None, description="Sheets only.")
    label_width: Size
    label_height: Size
    columns: Annotated[int, Field(ge=1, le=100)] = 1
    rows: Annotated[int, Field(ge=1, le=200)] = 1
    margin_left: Length = 0
    margin_top: Length = 0
    pitch_x: Size | None = Field(None, description="From one label's left edge to the next; default: no gap.")
    pitch_y: Size | None = Field(None, description="From one label's top edge to the next; default: no gap.")
    bleed: Annotated[float, Field(ge=0, le=10)] = Field(0, description="Artwork may reach so far over the edge.")
    safe: Annotated[float, Field(ge=0, le=50)] = Field(1, description="Texts and codes should keep off the edge.")
    stock: Colour = Field("#ffffff", description="Colour of the label's material: decides the symbol's contrast.")

    @model_validator(mode="before")
    @classmethod
    def _load_from_library(cls, data: Any) -> Any:
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
            if self.page or self.columns > 1 or self.rows > 1 or self.margin_left or self.margin_top:
                raise ValueError("a roll has one label per page: only label_width and label_height are given")
            return self
        if not self.page:
            raise ValueError('a sheet needs a page: "A4" or "Letter"')
        width, height = library.PAGES[self.page]
        right = self.margin_left + (self.columns - 1) * self.step_x + self.label_width
        bottom = self.margin_top + (self.rows - 1) * self.step_y + self.label_height
        if right > width + 0.35 or bottom > height + 0.35:
            raise ValueError(f"the labels reach {right:.1f} x {bottom:.1f} mm, the page has {width:g} x {height:g} mm")
        if self.step_x < self.label_width - 0.01 or self.step_y < self.label_height - 0.01:
            raise ValueError("the labels overlap: the pitch is smaller than the label")
        return self

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
        """Page width and height in mm."""
        return library.PAGES[self.page] if self.page else (self.label_width, self.label_height)
