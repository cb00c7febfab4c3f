"""The other codes of labels, each read at its place and compared with what was to be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Any

from bss_mfg.core.code_patterns import as_printed, symbol_kind
from bss_mfg.imaging.expected_content import MATRIX_KINDS, CodeKind, ExpectedCode
from bss_mfg.imaging.strip_places import Picture, area_place
from bss_mfg.model import Rect

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_AROUND_MM = 1.0
"""How far beyond its area a code is looked for."""
_SIDES = (1.0, 1.7, 0.6)
"""Resolutions at which a code is tried, in pixels of the picture."""
_MOST_PIXELS = 4_000_000
_QUICK_PIXELS_PER_MM = 12.0
_BAND = 0.1
"""At first a code is looked at with no more pixels than these, and of bars just such a share of their length: what says
there all that it should is right, and anything else is looked at closely."""
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
    around = Rect(x - _AROUND_MM, y - _AROUND_MM, width + 2 * _AROUND_MM, height + 2 * _AROUND_MM)
    formats = zxingcpp.BarcodeFormats(_formats(code.kind))
    if quick := _read_quickly(picture, code, around, to_pixels, formats):
        return quick
    scale = _scale(around, to_pixels)
    for at, side in enumerate(_SIDES):
        if around.width * around.height * (scale * side) ** 2 > _MOST_PIXELS:
            continue
        ink = _ink(picture, around, to_pixels, scale * side)
        if ink is None:
            return _at_the_edge(picture, code, to_pixels)
        grey = (255 - ink).astype(np.uint8)
        if at == 0 and float(grey.std()) < _BLANK_CONTRAST:
            return CodeReading(code, blank=True)
        for answer in _answers(grey, formats, thorough=at > 0):
            return CodeReading(code, *answer)
    inner = _inner(picture, code, to_pixels)
    return CodeReading(code, blank=inner is not None and inner < _BLANK_CONTRAST)


def _read_quickly(
    picture: Picture, code: ExpectedCode, around: Rect, to_pixels: Floats, formats: Any
) -> CodeReading | None:
    """A code that is right at a glance: with fewer pixels, and of bars a band across their middle."""
    import numpy as np

    area = around
    if code.kind not in MATRIX_KINDS:
        x, y, width, height = around
        if width >= height:
            area = Rect(x, y + height * (1 - _BAND) / 2, width, height * _BAND)
        else:
            area = Rect(x + width * (1 - _BAND) / 2, y, width * _BAND, height)
    scale = min(_scale(area, to_pixels), _QUICK_PIXELS_PER_MM)
    ink = _ink(picture, area, to_pixels, scale)
    if ink is None:
        return None
    for answer in _answers((255 - ink).astype(np.uint8), formats, thorough=False):
        reading = CodeReading(code, *answer)
        return reading if reading.right else None
    return None


def _scale(area: Rect, to_pixels: Floats) -> float:
    """Pixels of the picture in a mm of an area."""
    place = area_place(area, to_pixels, (1, 1))
    return max(hypot(*place.right) / area.width, hypot(*place.down) / area.height)


def _ink(picture: Picture, area: Rect, to_pixels: Floats, scale: float) -> Floats | None:
    """An area with so many pixels in a mm; None where it is not all in the picture, or too large."""
    size = (max(round(area.width * scale), 1), max(round(area.height * scale), 1))
    return None if size[0] * size[1] > _MOST_PIXELS else area_place(area, to_pixels, size).cut_out(picture)


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

    ink = _ink(picture, code.area, to_pixels, _scale(code.area, to_pixels))
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
            text = as_printed(code_text(item), symbol_kind(item.symbology_identifier))
            yield text, str(item.format), item.content_type == zxingcpp.ContentType.GS1


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
    if kind in MATRIX_KINDS:
        return [form.QRCode, form.DataMatrix]
    return [form.Code128, form.EAN13, form.EAN8, form.UPCA, form.ITF]


def says(code: ExpectedCode, text: str) -> bool:
    """Whether what was read is what a code is to say."""
    return _comparable(code.kind, text) == _comparable(code.kind, code.text)


def _comparable(kind: CodeKind, text: str) -> str:
    """A UPC-A is an EAN-13 with a zero before it: readers give either."""
    if kind is CodeKind.EAN_UPC and text.isdecimal() and len(text) in (12, 13):
        return text.zfill(13)
    return text
