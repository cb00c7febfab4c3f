"""Artwork: SVG and PDF stay vectors, PNG and JPEG stay pixels. Checked when the template is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from bss_mfg.errors import InputError, Location

MAX_PIXELS = 50_000_000
"""Of a picture, width times height."""


@dataclass(frozen=True, slots=True)
class Artwork:
    """An artwork file. `width`, `height` in its own units: only their ratio counts."""

    file: str
    kind: Literal["svg", "pdf", "pixels"]
    data: bytes
    width: float
    height: float


def check_artwork(file: str, data: bytes, where: Location) -> Artwork:
    """The artwork, if it can be drawn; `InputError` says why not."""
    suffix = file.rpartition(".")[2].lower()
    try:
        if suffix == "svg":
            drawing = svg_drawing(data)
            return Artwork(file, "svg", data, float(drawing.width), float(drawing.height))
        if suffix == "pdf":
            return Artwork(file, "pdf", data, *_pdf_size(data))
        if suffix in ("png", "jpg", "jpeg"):
            return Artwork(file, "pixels", data, *_pixels_size(data))
    except ValueError as error:
        raise InputError(
            f"the artwork {file!r} can't be drawn: {error}",
            where=where,
            way_out="Save it again: SVG (plain, texts as paths), one-page PDF, PNG or JPEG of at most 50 megapixels.",
        ) from None
    raise InputError(
        f"the artwork {file!r} is not an SVG, PDF, PNG or JPEG", where=where, way_out="Convert it to one of these."
    )


def svg_drawing(data: bytes) -> Any:
    """An SVG as a reportlab drawing. External files, scripts and entities are refused: artwork needs no other
    file."""
    lowered = data.lower()
    for bad, what in (
        (b"<!entity", "it declares entities"),
        (b"<script", "it holds a script"),
        (b"<foreignobject", "it holds foreign objects"),
    ):
        if bad in lowered:
            raise ValueError(what)
    import logging
    import re

    if re.search(rb"""(?:href|src)\s*=\s*["'](?!#|data:)""", lowered):
        raise ValueError("it refers to other files")
    from svglib.svglib import svg2rlg

    logging.getLogger("svglib").setLevel(logging.CRITICAL)
    try:
        drawing = svg2rlg(BytesIO(data))
    except Exception as error:  # noqa: BLE001  (the library raises what its parsers raise)
        raise ValueError(str(error)[:120] or type(error).__name__) from None
    if drawing is None or not drawing.width or not drawing.height:
        raise ValueError("it isn't an SVG with a size")
    return drawing


def _pdf_size(data: bytes) -> tuple[float, float]:
    import pikepdf

    try:
        with pikepdf.open(BytesIO(data)) as document:
            if len(document.pages) != 1:
                raise ValueError(f"it has {len(document.pages)} pages instead of one")
            left, bottom, right, top = (float(edge) for edge in document.pages[0].trimbox)
            return right - left, top - bottom
    except pikepdf.PasswordError:
        raise ValueError("it is protected with a password") from None
    except pikepdf.PdfError as error:
        raise ValueError(f"it is not a readable PDF ({str(error)[:80]})") from None


def _pixels_size(data: bytes) -> tuple[float, float]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data)) as picture:
            if picture.format not in ("PNG", "JPEG"):
                raise ValueError(f"it is a {picture.format}, no PNG or JPEG")
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError(f"it has {picture.width * picture.height // 1_000_000} megapixels")
            picture.load()
            return float(picture.width), float(picture.height)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError("it can't be read") from None
