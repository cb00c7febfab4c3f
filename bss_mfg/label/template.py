"""Templates: what a designer writes. Millimetres from the label's top left corner, font sizes in points."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bss_mfg.errors import InputError
from bss_mfg.files import read_bytes
from bss_mfg.tomlfile import Document, load, validate

PAGES = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}
"""Page sizes in mm (ISO 216; ANSI/ASME Y14.1)."""

PLACEHOLDERS = (
    "serial", "serials", "uuid", "mac", "batch", "package", "packages", "units", "title", "pid", "upc", "ean", "code",
)  # fmt: skip
"""Names that text may hold in braces. docs/formats/template.md explains each."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Mm = Annotated[float, Field(ge=0, le=2000)]
Size = Annotated[float, Field(gt=0, le=2000)]


def _known_placeholders(text: str) -> str:
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            raise ValueError(f"{{{name}}} is no placeholder; known are {', '.join(PLACEHOLDERS)}")
    if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
        raise ValueError("a brace without its partner")
    if any(ord(character) < 32 for character in text):
        raise ValueError("control characters can't be printed")
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_known_placeholders)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Media(_Part):
    """Sheet or roll, and the grid of labels on it, in mm."""

    kind: Literal["sheet", "roll"]
    page: Literal["A4", "Letter"] | None = None
    label_width: Size
    label_height: Size
    columns: Annotated[int, Field(ge=1, le=100)] = 1
    rows: Annotated[int, Field(ge=1, le=200)] = 1
    margin_left: Mm = 0
    margin_top: Mm = 0
    pitch_x: Size | None = Field(None, description="From one label's left edge to the next; default: no gap.")
    pitch_y: Size | None = Field(None, description="From one label's top edge to the next; default: no gap.")

    @model_validator(mode="after")
    def _fits(self) -> Media:
        if self.kind == "roll":
            if self.page or self.columns > 1 or self.rows > 1 or self.margin_left or self.margin_top:
                raise ValueError("a roll has one label a page: only label_width and label_height are given")
            return self
        if not self.page:
            raise ValueError('a sheet needs a page: "A4" or "Letter"')
        width, height = PAGES[self.page]
        right = self.margin_left + (self.columns - 1) * self.step_x + self.label_width
        bottom = self.margin_top + (self.rows - 1) * self.step_y + self.label_height
        if right > width + 0.01 or bottom > height + 0.01:
            raise ValueError(f"the labels reach {right:.1f} x {bottom:.1f} mm, the page has {width:g} x {height:g} mm")
        if self.step_x < self.label_width or self.step_y < self.label_height:
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
        return PAGES[self.page] if self.page else (self.label_width, self.label_height)


class Area(_Part):
    """A rectangle on the label, in mm."""

    x: Mm
    y: Mm
    width: Size
    height: Size


class DataMatrix(_Part):
    """The package's symbol, centred in a square that includes its quiet zone."""

    kind: Literal["data-matrix"]
    x: Mm
    y: Mm
    size: Size = Field(description="Side of the square, quiet zone included, in mm.")
    x_dimension: tuple[float, float] = Field((0.25, 0.6), description="Smallest and largest module, in mm.")
    quiet_zone: Annotated[int, Field(ge=1, le=10)] = Field(2, description="Modules kept free on each side.")

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x, y, width, height in mm."""
        return (self.x, self.y, self.size, self.size)


class Qr(_Part):
    """A QR Code with text of the designer's."""

    kind: Literal["qr"]
    x: Mm
    y: Mm
    size: Size
    text: Text
    x_dimension: tuple[float, float] = (0.25, 1.0)
    quiet_zone: Annotated[int, Field(ge=4, le=10)] = 4

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x, y, width, height in mm."""
        return (self.x, self.y, self.size, self.size)


class TextElement(_Part):
    """One line of text. `y` is the top of the capitals."""

    kind: Literal["text"]
    x: Mm
    y: Mm
    width: Size
    text: Text
    size: Annotated[float, Field(ge=3, le=200)] = Field(8, description="Font size in points.")
    min_size: Annotated[float, Field(ge=3, le=200)] | None = Field(
        None, description="Shrink a text that is too wide down to this size; without it, such a text is refused."
    )
    font: Literal["sans", "sans-bold", "mono"] = "sans"
    align: Literal["left", "center", "right"] = "left"

    @property
    def dynamic(self) -> bool:
        """Whether the text differs from label to label."""
        return "{" in self.text


class Line(_Part):
    """A straight line."""

    kind: Literal["line"]
    x: Mm
    y: Mm
    x2: Mm
    y2: Mm
    thickness: Annotated[float, Field(gt=0, le=20)] = 0.25


class Box(Area):
    """A rectangle: an outline, or filled black."""

    kind: Literal["box"]
    thickness: Annotated[float, Field(gt=0, le=20)] = 0.25
    fill: bool = False


class Image(Area):
    """A picture (PNG or JPEG) beside the template's file, fitted into the rectangle without distortion."""

    kind: Literal["image"]
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$")]


Element = Annotated[DataMatrix | Qr | TextElement | Line | Box | Image, Field(discriminator="kind")]


class Template(_Part):
    """A label template."""

    format: Literal[1] = Field(description="Version of this file format.")
    title: str = ""
    media: Media
    sample: Area | None = Field(None, description="Where the SAMPLE mark of development products goes.")
    element: Annotated[tuple[Element, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_symbol(self) -> Template:
        if sum(isinstance(item, DataMatrix) for item in self.element) != 1:
            raise ValueError("a label has exactly one element of kind data-matrix")
        return self


@dataclass(frozen=True, slots=True)
class LoadedTemplate:
    """A template with its file's text and pictures. `digest` changes with any of them."""

    name: str
    template: Template
    document: Document
    images: tuple[tuple[str, bytes], ...]

    @property
    def digest(self) -> str:
        """SHA-256 over text and pictures, in hex."""
        whole = hashlib.sha256(self.document.text.encode())
        for name, data in self.images:
            whole.update(name.encode() + hashlib.sha256(data).digest())
        return whole.hexdigest()


def load_template(path: Path) -> LoadedTemplate:
    """Read and check a template and the pictures it names."""
    document = load(path, "template")
    template = validate(document, Template)
    images: dict[str, bytes] = {}
    for index, element in enumerate(template.element):
        if isinstance(element, Image):
            where = document.where(("element", index, "file"))
            if not (path.parent / element.file).is_file():
                raise InputError(
                    f"the picture {element.file!r} is not there", where=where, way_out="Put it beside the template."
                )
            images[element.file] = _checked_image(path.parent / element.file, where)
    return LoadedTemplate(path.stem, template, document, tuple(sorted(images.items())))


def _checked_image(path: Path, where: str) -> bytes:
    from io import BytesIO

    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    data = read_bytes(path, "picture", 20 << 20)
    try:
        with Pillow.open(BytesIO(data)) as picture:
            if picture.format not in ("PNG", "JPEG") or picture.width * picture.height > 50_000_000:
                raise InputError("is no PNG or JPEG of at most 50 megapixels", where=where, way_out="Convert it.")
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise InputError(
            f"the picture {path.name!r} can't be read", where=where, way_out="Save it again as PNG or JPEG."
        ) from error
    return data


def fill(text: str, values: dict[str, str]) -> str:
    """The text with its placeholders replaced."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)
