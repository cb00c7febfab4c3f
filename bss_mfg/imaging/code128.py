"""Packages with a Code 128 instead of a Data Matrix: their symbols on a page, read; `grade_bars` grades them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bss_mfg.imaging.geometry import PixelBox
from bss_mfg.imaging.page_frame import PageFrame, frame_at_dpi
from bss_mfg.imaging.zxing_reader import Read, read_from_result
from bss_mfg.model import LabelFile

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey
from bss_mfg.imaging.sources import Page


def read_page_code128(page: Page, label_file: LabelFile | None) -> tuple[list[Read], PageFrame | None]:
    """All Code 128 symbols of a page: at their places in a file of our own, else wherever they are.

    The lines that a reader finds in bars say too little of their corners to tell how any other page lies.
    """
    if not (label_file and page.dpi):
        return read_code128(page.grey), None
    frame = frame_at_dpi(label_file, page.number, page.dpi)
    return [read for box in frame.boxes.values() for read in read_code128(page.grey, box)], frame


def read_code128(grey: Grey, box: PixelBox | None = None) -> list[Read]:
    """All Code 128 symbols of a page, or those in a box of it."""
    import numpy as np
    import zxingcpp

    left, top = (max(int(box[0]), 0), max(int(box[1]), 0)) if box else (0, 0)
    crop = np.ascontiguousarray(grey[top : int(box[1] + box[3]) + 1, left : int(box[0] + box[2]) + 1]) if box else grey
    if crop.size == 0:
        return []
    found = zxingcpp.read_barcodes(crop, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128))
    # A GS1-128 is another symbol of the label, such as its SSCC: no package's barcode is one.
    plain = [item for item in found if item.valid and item.content_type != zxingcpp.ContentType.GS1]
    return [read_from_result(item, left, top) for item in plain]
