"""Grey pages -> symbols that were read, and where, by zxing-cpp: quickly, or as thoroughly as it can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging.geometry import PixelBox, Quad, box_of

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey


@dataclass(frozen=True)
class Read:
    """A symbol on a page: its bytes (empty if it was found but not decoded), its box in pixels, the reader's
    symbology identifier (`]d1` for Data Matrix), its unused error correction (0 to 1, or None), its corners as the
    upright symbol has them, and `how` it was read, if not at first sight."""

    data: bytes
    box: PixelBox
    symbology: str = ""
    unused_error_correction: float | None = None
    quad: Quad | None = None
    how: str = ""

    @property
    def content(self) -> tuple[bytes, str]:
        """What it says, and in which kind of symbol."""
        return self.data, self.symbology

    @property
    def center(self) -> tuple[float, float]:
        """Centre of the box in pixels."""
        return (self.box[0] + self.box[2] / 2, self.box[1] + self.box[3] / 2)


def read_page(grey: Grey, thorough: bool = False) -> list[Read]:
    """All Data Matrix symbols of a page. Quick by default (upright, clean); `thorough` also turns, scales, inverts.
    Only then do symbols come that were found but not decoded, with empty data."""
    import zxingcpp

    found = zxingcpp.read_barcodes(
        grey,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix),
        try_rotate=thorough,
        try_downscale=thorough,
        try_invert=thorough,
        return_errors=thorough,
    )
    return [read_from_result(item) for item in found]


def read_other_codes(grey: Grey) -> list[Read]:
    """All codes of a page that are no Data Matrix."""
    import zxingcpp

    found = zxingcpp.read_barcodes(grey, try_rotate=True, try_downscale=True, try_invert=False)
    return [read_from_result(item) for item in found if item.valid and item.format != zxingcpp.BarcodeFormat.DataMatrix]


def read_box(grey: Grey, box: PixelBox, thorough: bool = False, origin: tuple[int, int] = (0, 0)) -> Read | None:
    """The symbol at a known place: the box is cut out with a margin and read, or None. The picture may be a piece of a
    page that begins at `origin` (left, top)."""
    import zxingcpp

    box_left, box_top, width, height = box
    margin = width * (0.12 if thorough else 0.03) + 2
    left, top = max(int(box_left - margin), 0), max(int(box_top - margin), 0)
    right, bottom = max(int(box_left + width + margin) + 1, 0), max(int(box_top + height + margin) + 1, 0)
    x, y = origin
    crop = grey[max(top - y, 0) : bottom - y, max(left - x, 0) : right - x]
    if crop.size == 0:
        return None
    kinds = zxingcpp.Binarizer
    for binarizer in (kinds.LocalAverage, kinds.GlobalHistogram) if thorough else (kinds.FixedThreshold,):
        found = zxingcpp.read_barcodes(
            crop,
            formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix),
            try_rotate=thorough,
            try_downscale=thorough,
            try_invert=thorough,
            binarizer=binarizer,
        )
        if found:
            return read_from_result(found[0], left, top)
    return None


def read_from_result(item: Any, left: float = 0, top: float = 0, scale: float = 1.0) -> Read:
    """A result of zxing-cpp, in pixels of the page: the picture it read was cut out at left, top and then scaled."""
    position = item.position
    a, b, c, d = position.top_left, position.top_right, position.bottom_right, position.bottom_left
    quad = (
        (left + a.x / scale, top + a.y / scale),
        (left + b.x / scale, top + b.y / scale),
        (left + c.x / scale, top + c.y / scale),
        (left + d.x / scale, top + d.y / scale),
    )
    data, extra = (bytes(item.bytes), item.extra or {}) if item.valid else (b"", {})  # bars have no extra
    return Read(data, box_of(quad), item.symbology_identifier, extra.get("UEC"), quad)


def read_crop(grey: Grey, left: float = 0, top: float = 0, scale: float = 1.0) -> Read | None:
    """The one symbol of a picture that was cut out of a page at left, top, and scaled; or None."""
    import zxingcpp

    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix))
    return next((read_from_result(item, left, top, scale) for item in found if item.valid), None)


def decode_drawing(grey: Grey) -> tuple[bytes, str, float | None] | None:
    """Bytes, symbology and unused error correction of a drawn symbol that fills a picture; or None."""
    import zxingcpp

    found = zxingcpp.read_barcodes(
        grey,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        binarizer=zxingcpp.Binarizer.FixedThreshold,
    )
    item = next((item for item in found if item.valid), None)
    if item is None:
        return None
    extra: Any = item.extra
    return bytes(item.bytes), item.symbology_identifier, extra.get("UEC")


def is_in_picture(grey: Grey, box: PixelBox) -> bool:
    """Whether a box lies in the picture, but for a pixel or two."""
    rows, columns = grey.shape
    return box[0] >= -2 and box[1] >= -2 and box[0] + box[2] <= columns + 2 and box[1] + box[3] <= rows + 2


def darkness(grey: Grey, box: PixelBox) -> float:
    """Share of dark pixels in a box: about 0.5 for a symbol, 0 for blank paper. Dark is what is nearer to black
    than to white, whatever the paper."""
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    crop = grey[top : int(box[1] + box[3]) + 1, left : int(box[0] + box[2]) + 1]
    return float((crop < 128).mean()) if crop.size else 0.0
