"""Codes of a template: Data Matrix, QR Code, bars. Sides and modules in mm."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bss_mfg.label.template.fields import Size, Text
from bss_mfg.label.template.placing import PlaceableElement

_ModuleWidth = Annotated[float, Field(gt=0, le=20)]
XDimension = Annotated[tuple[_ModuleWidth, _ModuleWidth], Field(description="Smallest and largest module, in mm.")]


class DataMatrix(PlaceableElement):
    """The package's symbol, centred in a square that includes its quiet zone."""

    kind: Literal["data-matrix"]
    size: Size = Field(description="Side of the square, quiet zone included, in mm.")
    x_dimension: XDimension = (0.25, 0.6)
    quiet_zone: Annotated[int, Field(ge=1, le=10)] = Field(2, description="Modules kept free on each side.")


class Qr(PlaceableElement):
    """A QR Code with text of the designer's, error correction M."""

    kind: Literal["qr"]
    size: Size = Field(description="Side of the square, quiet zone included, in mm.")
    text: Text
    x_dimension: XDimension = (0.25, 1.0)
    quiet_zone: Annotated[int, Field(ge=4, le=10)] = 4


class Bars(PlaceableElement):
    """A linear code with its plain text. The width includes the quiet zones, the height the plain text."""

    width: Size
    height: Size
    x_dimension: XDimension = (0.19, 0.5)
    quiet_zone: Annotated[int, Field(ge=7, le=30)] = Field(10, description="Modules kept free at either end.")
    caption: Literal["below", "above", "none"] = Field("below", description="Where the plain text goes.")
    prefix: Annotated[str, Field(max_length=40)] = Field("", description="Before the plain text, as in 'SN '.")
    font: str = "mono"
    caption_size: Annotated[float, Field(ge=3, le=72)] = Field(6, description="Font size of the plain text.")


class Code128(Bars):
    """A Code 128 with a text of the designer's: ISO/IEC 15417."""

    kind: Literal["code-128"]
    text: Text = "{serial}"


class EanUpc(Bars):
    """The product's UPC-A, EAN-13 or EAN-8: ISO/IEC 15420."""

    kind: Literal["ean-upc"]
    text: Text = "{code}"
    quiet_zone: Annotated[int, Field(ge=7, le=30)] = Field(11, description="EAN-13 wants 11 on the left, UPC-A 9.")
    x_dimension: XDimension = (0.25, 0.66)


def carries_payload(item: object) -> bool:
    """Whether an element is the barcode of a package that has a Code 128 instead of a Data Matrix."""
    return isinstance(item, Code128) and item.text == "{payload}"
