"""Codes of a template: Data Matrix, QR Code, bars. Sides and modules in mm."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bss_mfg.label.template.fields import CaptionSize, Size, Text
from bss_mfg.label.template.placing import PlaceableElement

_ModuleWidth = Annotated[float, Field(gt=0, le=20)]
XDimension = Annotated[tuple[_ModuleWidth, _ModuleWidth], Field(description="Smallest and largest module, in mm.")]
QrLevel = Literal["L", "M", "Q", "H"]
Anchor = Literal["center", "top-left", "top", "top-right", "left", "right", "bottom-left", "bottom", "bottom-right"]


class MatrixSymbol(PlaceableElement):
    """What symbols of modules have in common: they may be smaller than their room, since modules are whole dots."""

    anchor: Anchor = Field(
        "center", description="Where in its room the symbol lies with its quiet zone, if it is smaller than the room."
    )


class DataMatrix(MatrixSymbol):
    """The package's symbol, in a square that includes its quiet zone."""

    kind: Literal["data-matrix"]
    size: Size = Field(description="Side of the square, quiet zone included, in mm.")
    x_dimension: XDimension = (0.25, 0.6)
    quiet_zone: Annotated[int, Field(ge=1, le=10)] = Field(2, description="Modules kept free on each side.")


class _QrCode(MatrixSymbol):
    """What QR Codes have in common."""

    size: Size = Field(description="Side of the square, quiet zone included, in mm.")
    text: Text
    level: QrLevel = Field("M", description="Error correction at least: L 7 %, M 15 %, Q 25 %, H 30 % of the symbol.")
    x_dimension: XDimension = (0.25, 1.0)
    quiet_zone: Annotated[int, Field(ge=4, le=10)] = 4


class Qr(_QrCode):
    """A QR Code with text of the designer's: ISO/IEC 18004."""

    kind: Literal["qr"]


class Gs1DigitalLink(_QrCode):
    """A QR Code with a GS1 Digital Link: a web address with the product's GTIN in it, which is checked."""

    kind: Literal["gs1-digital-link"]


class Gs1DataMatrix(MatrixSymbol):
    """A square GS1 Data Matrix of an element string such as `(01){code}(21){serial}`; not the package's symbol."""

    kind: Literal["gs1-data-matrix"]
    size: Size = Field(description="Side of the square, quiet zone included, in mm.")
    text: Text = "(01){code}(21){serial}"
    x_dimension: XDimension = (0.25, 1.0)
    quiet_zone: Annotated[int, Field(ge=1, le=10)] = Field(2, description="Modules kept free on each side.")


class DataMatrixText(MatrixSymbol):
    """A Data Matrix with a short text of the designer's. It is not the package's symbol."""

    kind: Literal["data-matrix-text"]
    width: Size = Field(description="Quiet zone included, in mm.")
    height: Size = Field(description="Quiet zone included, in mm.")
    text: Text = "{serial}"
    shape: Literal["square", "rectangle", "extended"] = Field(
        "rectangle",
        description="The smallest square or rectangle of ISO/IEC 16022; `extended` also takes the long ones of "
        "ISO/IEC 21471 (DMRE), which not every reader knows.",
    )
    x_dimension: XDimension = (0.25, 0.6)
    quiet_zone: Annotated[int, Field(ge=1, le=10)] = Field(2, description="Modules kept free on each side.")


class Bars(PlaceableElement):
    """A linear code with its plain text. The width includes the quiet zones, the height the plain text."""

    width: Size
    height: Size
    x_dimension: XDimension = (0.19, 0.5)
    quiet_zone: Annotated[int, Field(ge=7, le=30)] = Field(10, description="Modules kept free at either end.")
    caption: Literal["below", "above", "none"] = Field("below", description="Where the plain text goes.")
    prefix: Annotated[str, Field(max_length=40)] = Field("", description="Before the plain text, as in 'SN '.")
    font: str = "mono"
    caption_size: CaptionSize = Field(6, description="Font size of the plain text.")


class Code128(Bars):
    """A Code 128 with a text of the designer's: ISO/IEC 15417."""

    kind: Literal["code-128"]
    text: Text = "{serial}"


class EanUpc(Bars):
    """The product's UPC-A, EAN-13 or EAN-8, drawn as ISO/IEC 15420 and the GS1 General Specifications draw it: long
    guard bars, and each digit under its own bars. With `caption` above or a `prefix` it is plain bars with a text."""

    kind: Literal["ean-upc"]
    text: Text = "{code}"
    quiet_zone: Annotated[int, Field(ge=7, le=30)] = Field(
        7, description="Modules kept free at either end, at least; an EAN-13 takes 11 and 7, a UPC-A 9 and 9."
    )
    x_dimension: XDimension = (0.25, 0.66)
    font: str = Field("ocr-b", description="Of the digits, which are as large as the symbol asks.")

    @property
    def has_digits_between_guards(self) -> bool:
        """Whether it is drawn as its standard draws it."""
        return self.caption == "below" and not self.prefix


class Itf14(Bars):
    """A carton's GTIN-14 in interleaved 2 of 5: ISO/IEC 16390, GS1 General Specifications 5.3."""

    kind: Literal["itf-14"]
    text: Text = "{code}"
    indicator: Annotated[int, Field(ge=0, le=8)] = Field(
        0, description="First digit of the carton's GTIN-14: 1 to 8 by the factory's choice, 0 for the product's GTIN."
    )
    bearer: Literal["frame", "bars", "none"] = Field(
        "bars", description="Bearer bars: above and below the bars, a frame, or none."
    )
    x_dimension: XDimension = (0.495, 1.016)
    font: str = Field("ocr-b", description="Of the plain text.")


class Gs1128(Bars):
    """A GS1-128 of an element string such as `(00)…` for a pallet's SSCC, whose check digit is worked out."""

    kind: Literal["gs1-128"]
    text: Text = "(01){code}(21){serial}"
    x_dimension: XDimension = (0.25, 0.94)


TextCode = Qr | Gs1DigitalLink | Gs1DataMatrix | DataMatrixText | Code128 | EanUpc | Itf14 | Gs1128
"""Codes with a text of the designer's."""
LinearCode = Code128 | EanUpc | Itf14 | Gs1128
SymbolElement = DataMatrix | TextCode


def carries_payload(item: object) -> bool:
    """Whether an element is the barcode of a package that has a Code 128 instead of a Data Matrix."""
    return isinstance(item, Code128) and item.text == "{payload}"
