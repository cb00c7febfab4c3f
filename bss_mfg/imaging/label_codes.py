"""The other codes of labels, each read at its place and compared with what was to be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import dist
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging.expected_content import CodeKind, ExpectedCode
from bss_mfg.imaging.geometry import apply_homography

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats
    from bss_mfg.imaging.text_strips import Picture

_AROUND_MM = 1.0
"""How far beyond its area a code is looked for."""
_SIDES = (1.0, 1.7, 0.6)
"""Resolutions at which a code is tried, in pixels of the picture."""
_MOST_PIXELS = 4_000_000
_BLANK_CONTRAST = 10.0
"""Standard deviation of the grey up to which a place is blank paper."""


@dataclass(frozen=True, slots=True)
class CodeReading:
    """What was read at a code's place: None where nothing could be; `blank` where nothing is printed there; `outside`
    where the place is not all in the picture."""

    code: ExpectedCode
    text: str | None = None
    kind: str = ""
    gs1: bool = False
    """Whether it is marked as a code of GS1."""
    blank: bool = False
    outside: bool = False

    @property
    def right(self) -> bool:
        """Whether it says what it should."""
        kind = self.code.kind
        if self.text is None or self.gs1 != (kind in (CodeKind.GS1_128, CodeKind.GS1_DATA_MATRIX)):
            return False
        return _comparable(kind, self.text) == _comparable(kind, self.code.text)


def read_code(picture: Picture, code: ExpectedCode, to_pixels: Floats) -> CodeReading:
    """A code at its place: quickly first, then at other resolutions and with the reader's stronger means."""
    import numpy as np
    import zxingcpp

    x, y, width, height = code.area
    left, top = x - _AROUND_MM, y - _AROUND_MM
    wide, high = width + 2 * _AROUND_MM, height + 2 * _AROUND_MM
    corners = apply_homography(to_pixels, np.array([[left, top], [left + wide, top], [left, top + high]]))
    scale = max(dist(corners[0], corners[1]) / wide, dist(corners[0], corners[2]) / high)
    formats = zxingcpp.BarcodeFormats(_formats(code.kind))
    for at, side in enumerate(_SIDES):
        size = (max(round(wide * scale * side), 1), max(round(high * scale * side), 1))
        if size[0] * size[1] > _MOST_PIXELS:
            continue
        right, down = (corners[1] - corners[0]) / size[0], (corners[2] - corners[0]) / size[1]
        ink = picture.cut(size, corners[0], right, down)
        if ink is None:
            return _at_the_edge(picture, code, to_pixels)
        grey = (255 - ink).astype(np.uint8)
        if at == 0 and float(grey.std()) < _BLANK_CONTRAST:
            return CodeReading(code, blank=True)
        for answer in _answers(grey, formats, thorough=at > 0):
            return CodeReading(code, *answer)
    inner = _inner(picture, code, to_pixels)
    return CodeReading(code, blank=inner is not None and inner < _BLANK_CONTRAST)


def read_codes(picture: Picture, codes: Sequence[tuple[ExpectedCode, Floats]]) -> list[CodeReading]:
    """Some codes, each with how its label lies in the picture."""
    return [read_code(picture, code, to_pixels) for code, to_pixels in codes]


def _at_the_edge(picture: Picture, code: ExpectedCode, to_pixels: Floats) -> CodeReading:
    """A code so near to the picture's edge that only its own area can be cut out, or not even that."""
    import numpy as np
    import zxingcpp

    grey = _area(picture, code, to_pixels)
    if grey is None:
        return CodeReading(code, outside=True)
    for answer in _answers(np.pad(grey, 20, constant_values=255), zxingcpp.BarcodeFormats(_formats(code.kind)), True):
        return CodeReading(code, *answer)
    return CodeReading(code, blank=float(grey.std()) < _BLANK_CONTRAST)


def _area(picture: Picture, code: ExpectedCode, to_pixels: Floats) -> Any:
    import numpy as np

    x, y, width, height = code.area
    corners = apply_homography(to_pixels, np.array([[x, y], [x + width, y], [x, y + height]]))
    size = (max(round(dist(corners[0], corners[1])), 1), max(round(dist(corners[0], corners[2])), 1))
    if size[0] * size[1] > _MOST_PIXELS:
        return None
    right, down = (corners[1] - corners[0]) / size[0], (corners[2] - corners[0]) / size[1]
    ink = picture.cut(size, corners[0], right, down)
    return None if ink is None else (255 - ink).astype(np.uint8)


def _inner(picture: Picture, code: ExpectedCode, to_pixels: Floats) -> float | None:
    """The contrast of a code's own area."""
    grey = _area(picture, code, to_pixels)
    return None if grey is None else float(grey.std())


def _answers(grey: Any, formats: Any, thorough: bool) -> Iterator[tuple[str, str, bool]]:
    """What is read in a picture: text, kind, and whether it is a code of GS1."""
    import zxingcpp

    found = zxingcpp.read_barcodes(
        grey, formats=formats, try_downscale=thorough, try_invert=thorough, text_mode=zxingcpp.TextMode.HRI
    )
    for item in found:
        if item.valid:
            yield code_text(item), str(item.format), item.content_type == zxingcpp.ContentType.GS1


def code_text(item: Any) -> str:
    """Of GS1 codes identifiers in brackets and values, else just what the code holds."""
    import zxingcpp

    if item.content_type == zxingcpp.ContentType.GS1:
        return str(item.text)
    data = bytes(item.bytes)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _formats(kind: CodeKind) -> list[Any]:
    """What may stand in a code's place: its own kind, and others that are printed instead."""
    import zxingcpp

    form = zxingcpp.BarcodeFormat
    if kind in (CodeKind.QR, CodeKind.DATA_MATRIX, CodeKind.GS1_DATA_MATRIX):
        return [form.QRCode, form.DataMatrix]
    return [form.Code128, form.EAN13, form.EAN8, form.UPCA, form.ITF]


def _comparable(kind: CodeKind, text: str) -> str:
    """A UPC-A is an EAN-13 with a zero before it: readers give either."""
    if kind is CodeKind.EAN_UPC and text.isdecimal() and len(text) in (12, 13):
        return text.zfill(13)
    return text
