"""Whether a template's labels are the same dots in every language, by rasterisers that nobody here wrote.

Boxes, level and upright lines and symbols agree dot for dot. Where a glyph, a round corner or a slanted line has its
edge, rasterisers round apart: there a dot of one must have a dot of its colour at most two dots away in the other, but
for one in a hundred. Dithered panels are grey in a PDF, and are left out there.
"""

from __future__ import annotations

import base64
import re
import tempfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from bss_mfg.label.layout.geometry import PlacedElement, place_elements
from bss_mfg.label.template.shape_elements import Box, Line
from bss_mfg.label.template.symbol_elements import Bars
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import Rect
from tests.helpers.pictures import Bits, pdfium_pages, poppler_pages
from tests.helpers.random_templates import UNITS, Drawn

GRAPHIC = re.compile(rb"\^FO(\d+),(\d+)\^GFA,\d+,(\d+),(\d+),([^^]*)\^FS")
REACH = 2
STRAYED = 0.01
"""Of the dots at such edges. With a reach of one dot it was 0.006 on the worst of them, in poppler."""


def png_dots(data: bytes) -> Bits:
    """The dots of a PNG."""
    with Image.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("L")) < 128


def zpl_fields(data: bytes, page_dots: tuple[int, int]) -> list[Bits]:
    """The pages of ZPL that has graphic fields only."""
    pages: list[Bits] = []
    for page in data.split(b"^XA")[1:]:
        dots = np.zeros(page_dots[::-1], bool)
        for x, y, total, stride, content in GRAPHIC.findall(page):
            rows = _rows(content, int(stride))
            bits = np.unpackbits(np.frombuffer(rows, np.uint8).reshape(-1, int(stride)), axis=1).astype(bool)
            assert bits.size == int(total) * 8
            there = dots[int(y) :, int(x) :][: bits.shape[0], : bits.shape[1]]
            there |= bits[: there.shape[0], : there.shape[1]]
        pages.append(dots)
    return pages


def _rows(content: bytes, stride: int) -> bytes:
    if content.startswith(b":Z64:"):
        return zlib.decompress(base64.b64decode(content.split(b":")[2]))
    rows: list[bytes] = []
    while content:
        if content.startswith(b":"):
            rows.append(rows[-1])
            content = content[1:]
        else:
            rows.append(content[: 2 * stride])
            content = content[2 * stride :]
    return bytes.fromhex(b"".join(rows).decode())


def near(bits: Bits) -> Bits:
    """All dots that are at most `REACH` away from one that is set."""
    wide = np.pad(bits, REACH, mode="edge")
    found = np.zeros_like(bits)
    for down in range(2 * REACH + 1):
        for right in range(2 * REACH + 1):
            found |= wide[down : down + bits.shape[0], right : right + bits.shape[1]]
    return found


def differing_dots(drawn: Drawn, rasteriser: str, in_png: Drawn | None = None) -> list[str]:
    """What differs between the PDF through a rasteriser and the PNG (of another template, as a control), in words."""
    layout = drawn.design.layout
    soft, left_out = _soft_dots(drawn)
    found: list[str] = []
    pictures = [png_dots(data) for data in (in_png or drawn).file("png")]
    for number, (page, picture) in enumerate(zip(_pdf_pages(drawn, rasteriser), pictures, strict=True)):
        assert page.shape == picture.shape == layout.page_dots[::-1]
        differs = (page != picture) & ~left_out
        if hard := int((differs & ~soft).sum()):
            at = np.argwhere(differs & ~soft)[0]
            found.append(f"label {number}: {hard} dots differ, first at {at[::-1]}")
        strayed = ((page & ~near(picture)) | (picture & ~near(page)) | (~page & near_all(picture)) | (
            ~picture & near_all(page))) & ~left_out  # fmt: skip
        edges = int((near(picture) & near(~picture) & soft).sum())
        if strayed.sum() > STRAYED * edges + 2:
            found.append(f"label {number}: {int(strayed.sum())} of {edges} dots at edges strayed")
    return found


def near_all(bits: Bits) -> Bits:
    """Dots around which all are set."""
    return ~near(~bits)


def _pdf_pages(drawn: Drawn, rasteriser: str) -> Iterator[Bits]:
    printer = drawn.design.layout.printer
    dpi = (printer.dots_per_mm_x * 25.4, printer.dots_per_mm_y * 25.4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.pdf"
        path.write_bytes(drawn.file("pdf")[0])
        pages = pdfium_pages(path, dpi) if rasteriser == "pdfium" else poppler_pages(path, dpi, Path(folder), "-gray")
        yield from (page < 128 for page in pages)


def _soft_dots(drawn: Drawn) -> tuple[Bits, Bits]:
    """Where glyphs, round corners and slanted lines are; and where panels are dithered."""
    layout = drawn.design.layout
    soft, left_out = np.zeros(layout.page_dots[::-1], bool), np.zeros(layout.page_dots[::-1], bool)
    if layout.sample_mark and (area := layout.template.definition.sample):
        _mark(soft, Rect(area.x + 0.5, area.y + 0.5, area.width - 1, area.height - 1), drawn, 0)
    for item in place_elements(layout.template, UNITS):
        element = item.element
        if isinstance(element, Box) and element.dither == "ordered":
            _mark(left_out, item.rect, drawn, 1)
        if isinstance(element, Box) and element.radius:
            _corners(soft, item, element.radius, drawn)
        elif isinstance(element, TextElement):
            _mark(
                soft,
                item.rect,
                drawn,
                round(element.size / 72 * 25.4 * 0.4 * drawn.design.layout.printer.dots_per_mm_y) + 3,
            )
        elif isinstance(element, Bars) and element.caption != "none":
            _mark(soft, item.rect, drawn, 8)
        elif isinstance(element, Line) and element.x != element.x2 and element.y != element.y2:
            _mark(soft, item.rect, drawn, 2)
    return soft, left_out


def _corners(soft: Bits, item: PlacedElement, radius: float, drawn: Drawn) -> None:
    x, y, width, height = item.rect
    side_x, side_y = min(radius, width / 2), min(radius, height / 2)
    for left in (x, x + width - side_x):
        for top in (y, y + height - side_y):
            _mark(soft, Rect(left, top, side_x, side_y), drawn, 1)


def _mark(mask: Bits, rect: Rect, drawn: Drawn, margin: int) -> None:
    left, top, right, bottom = drawn.dots(rect)
    mask[max(top - margin, 0) : bottom + margin, max(left - margin, 0) : right + margin] = True
