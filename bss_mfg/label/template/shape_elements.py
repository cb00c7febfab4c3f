"""Lines, boxes and artwork of a template, in mm."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bss_mfg.label.template.fields import Colour, FileName, Mm, Size
from bss_mfg.label.template.placing import DrawableElement, PlaceableElement

Dither = Annotated[
    Literal["threshold", "ordered"],
    Field(
        description="Greys and colours on printers of black dots: threshold prints what is darker than half; ordered "
        "spreads them over a pattern of dots. PDF printers get them as they are."
    ),
]


class Line(DrawableElement):
    """A straight line, from the label's top left corner."""

    kind: Literal["line"]
    x: Mm
    y: Mm
    x2: Mm
    y2: Mm
    thickness: Annotated[float, Field(gt=0, le=20)] = 0.25
    color: Colour = "#000000"


class Box(PlaceableElement):
    """A rectangle: an outline, or filled."""

    kind: Literal["box"]
    width: Size
    height: Size
    thickness: Annotated[float, Field(gt=0, le=20)] = 0.25
    fill: bool = False
    radius: Annotated[float, Field(ge=0, le=50)] = Field(0, description="Of the corners, in mm.")
    color: Colour = "#000000"
    dither: Dither = "threshold"


class Image(PlaceableElement):
    """Artwork beside the template's file (SVG, PDF, PNG, JPEG), fitted into the rectangle without distortion."""

    kind: Literal["image"]
    width: Size
    height: Size
    file: FileName
    dither: Dither = "threshold"
