"""Templates: what a designer writes. Millimetres on the label, font sizes in points, quarter turns clockwise."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.label.template import media as library
from bss_mfg.label.template.expressions import compile_condition, compile_text

Mm = Annotated[float, Field(ge=-20, le=2000)]
Length = Annotated[float, Field(ge=0, le=2000)]
Size = Annotated[float, Field(gt=0, le=2000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,80}$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$", description="#rrggbb; thermal printers print it black.")]


def _text(source: str) -> str:
    compile_text(source)
    return source


def _condition(source: str) -> str:
    compile_condition(source)
    return source


Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_text)]
When = Annotated[str, AfterValidator(_condition)]


class Media(FileModel):
    """Sheet or roll: `use` one of the library (`bss-mfg media list`), or give its dimensions in mm."""

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
            raise ValueError(f"there is no medium {data['use'][:60]!r} in the library; see `bss-mfg media list`")
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


class Area(FileModel):
    """A rectangle on the label, in mm from its top left corner."""

    x: Length
    y: Length
    width: Size
    height: Size


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


class _DrawableElement(FileModel):
    """What every element has."""

    name: Name | None = Field(None, description="For `place` of other elements, and for messages.")
    when: When | None = Field(None, description="Draw only if this holds: `mac`, `not mac`, `units > 1`.")
    each_unit: EachUnit | None = Field(None, description="Repeat for each unit of a multi-pack.")


class _PlaceableElement(_DrawableElement):
    """An element with a place: its own `corner` lies `x`, `y` mm from the same corner of the label."""

    x: Mm | None = None
    y: Mm | None = None
    corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = "top-left"
    place: Beside | None = Field(None, description="Instead of x and y: next to another element.")
    rotate: Literal[0, 90, 180, 270] = Field(0, description="Quarter turns clockwise, in degrees.")

    @model_validator(mode="after")
    def _check_position(self) -> _PlaceableElement:
        given = [name for name in ("x", "y") if getattr(self, name) is not None]
        if self.place and (given or self.corner != "top-left"):
            raise ValueError("give x and y, or place, not both")
        if not self.place and len(given) < 2:
            missing = "x" if self.x is None else "y"
            raise ValueError(f"this field is missing: {missing} (or place = {{ of = ..., side = ... }})")
        return self


_ModuleWidth = Annotated[float, Field(gt=0, le=20)]
XDimension = Annotated[tuple[_ModuleWidth, _ModuleWidth], Field(description="Smallest and largest module, in mm.")]


class DataMatrix(_PlaceableElement):
    """The package's symbol, centred in a square that includes its quiet zone."""

    kind: Literal["data-matrix"]
    size: Size = Field(description="Side of the square, quiet zone included, in mm.")
    x_dimension: XDimension = (0.25, 0.6)
    quiet_zone: Annotated[int, Field(ge=1, le=10)] = Field(2, description="Modules kept free on each side.")


class Qr(_PlaceableElement):
    """A QR Code with text of the designer's, error correction M."""

    kind: Literal["qr"]
    size: Size = Field(description="Side of the square, quiet zone included, in mm.")
    text: Text
    x_dimension: XDimension = (0.25, 1.0)
    quiet_zone: Annotated[int, Field(ge=4, le=10)] = 4


class Bars(_PlaceableElement):
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


class TextElement(_PlaceableElement):
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


class Line(_DrawableElement):
    """A straight line, from the label's top left corner."""

    kind: Literal["line"]
    x: Mm
    y: Mm
    x2: Mm
    y2: Mm
    thickness: Annotated[float, Field(gt=0, le=20)] = 0.25
    color: Colour = "#000000"


class Box(_PlaceableElement):
    """A rectangle: an outline, or filled."""

    kind: Literal["box"]
    width: Size
    height: Size
    thickness: Annotated[float, Field(gt=0, le=20)] = 0.25
    fill: bool = False
    radius: Annotated[float, Field(ge=0, le=50)] = Field(0, description="Of the corners, in mm.")
    color: Colour = "#000000"


class Image(_PlaceableElement):
    """Artwork beside the template's file (SVG, PDF, PNG, JPEG), fitted into the rectangle without distortion."""

    kind: Literal["image"]
    width: Size
    height: Size
    file: FileName


def carries_payload(item: object) -> bool:
    """Whether an element is the barcode of a package that has a Code 128 instead of a Data Matrix."""
    return isinstance(item, Code128) and item.text == "{payload}"


Element = Annotated[DataMatrix | Qr | Code128 | EanUpc | TextElement | Line | Box | Image, Field(discriminator="kind")]
LabelScope = Literal["package", "unit", "carton", "batch"]


class Template(FileModel):
    """A label template."""

    format: Literal[1] = Field(description="Version of this file format.")
    title: str = Field("", description="For people.")
    each: LabelScope = Field("package", description="One label for each package, unit, carton, or one for the batch.")
    packages_per_carton: Annotated[int, Field(ge=1, le=10000)] | None = Field(
        None, description="For each = carton: how many packages go into one."
    )
    fonts: dict[Name, FileName] = Field({}, description="More fonts: a name, and a TTF file beside the template.")
    media: Media
    sample: Area | None = Field(None, description="Where the SAMPLE mark of development products goes.")
    element: Annotated[tuple[Element, ...], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _sense(self) -> Template:
        symbols = sum(isinstance(item, DataMatrix) for item in self.element)
        bars = sum(carries_payload(item) for item in self.element)
        if self.each == "package" and symbols + bars != 1:
            raise ValueError(
                "a package label has exactly one element of kind data-matrix, or instead of it one code-128 with "
                'text = "{payload}"'
            )
        if self.each != "package" and symbols:
            raise ValueError(f"a label for each {self.each} has no data-matrix: that symbol belongs to a package")
        if (self.each == "carton") != (self.packages_per_carton is not None):
            raise ValueError('packages_per_carton and each = "carton" go together')
        names = [item.name for item in self.element if item.name]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two elements are called {doubled[0]!r}")
        return self
