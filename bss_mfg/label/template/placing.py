"""What every element of a template has: a name, a condition, repetition, a place, quarter turns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from bss_mfg.core.json_schemas import given_or_required
from bss_mfg.core.models import FileModel
from bss_mfg.label.template.fields import Mm, Name, When


class Beside(FileModel):
    """A place next to another element that comes earlier in the file."""

    of: Name
    side: Literal["below", "above", "right", "left"]
    gap: Annotated[float, Field(ge=0, le=500)] = Field(1, description="Distance in mm.")
    align: Literal["start", "center", "end"] = Field("start", description="Along the shared side.")


class EachUnit(FileModel):
    """Draw the element once for each unit of the package, stepping by `dx` and `dy` mm."""

    dx: Mm = 0
    dy: Mm = 0
    columns: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="Units in a row: dx from one to the next, dy from row to row. Without it both step each time."
    )


class DrawableElement(FileModel):
    """What every element has."""

    name: Name | None = Field(None, description="For `place` of other elements, and for messages.")
    when: When | None = Field(None, description="Draw only if this holds: `mac`, `not mac`, `units > 1`.")
    each_unit: EachUnit | None = Field(None, description="Repeat for each unit of a multi-pack.")


class PlaceableElement(DrawableElement):
    """An element with a place: its own `corner` lies `x`, `y` mm from the same corner of the label."""

    model_config = ConfigDict(json_schema_extra=given_or_required("place", ("x", "y", "corner"), ("x", "y")))

    x: Mm | None = None
    y: Mm | None = None
    corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = "top-left"
    place: Beside | None = Field(None, description="Instead of x and y: next to another element.")
    rotate: Literal[0, 90, 180, 270] = Field(0, description="Quarter turns clockwise, in degrees.")

    @model_validator(mode="after")
    def _check_position(self) -> PlaceableElement:
        given = [name for name in ("x", "y") if getattr(self, name) is not None]
        if self.place and (given or self.corner != "top-left"):
            raise ValueError("give x and y, or place, not both")
        if not self.place and len(given) < 2:
            missing = "x" if self.x is None else "y"
            raise ValueError(f"this field is missing: {missing} (or place = {{ of = ..., side = ... }})")
        return self
