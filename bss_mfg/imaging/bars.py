"""Packages with a Code 128 instead of a Data Matrix: their symbols on a page. Bars are read, never graded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bss_mfg.imaging.frame import Box, Frame, known_frame
from bss_mfg.imaging.reader import Read, read_of
from bss_mfg.model import LabelFile

if TYPE_CHECKING:
    from bss_mfg.imaging.sources import Grey, Page


def bars_of(page: Page, part: LabelFile | None) -> tuple[list[Read], Frame | None]:
    """All Code 128 symbols of a page: at their places in a file of our own, else wherever they are.

    The lines that a reader finds in bars say too little of their corners to tell how any other page lies.
    """
    if not (part and page.dpi):
        return read_bars(page.grey), None
    frame = known_frame(part, page.number, page.dpi)
    return [read for box in frame.boxes.values() for read in read_bars(page.grey, box)], frame


def read_bars(grey: Grey, box: Box | None = None) -> list[Read]:
    """All Code 128 symbols of a page, or those in a box of it."""
    import numpy as np
    import zxingcpp

    left, top = (max(int(box[0]), 0), max(int(box[1]), 0)) if box else (0, 0)
    crop = np.ascontiguousarray(grey[top : int(box[1] + box[3]) + 1, left : int(box[0] + box[2]) + 1]) if box else grey
    if crop.size == 0:
        return []
    found = zxingcpp.read_barcodes(crop, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128))
    return [read_of(item, left, top) for item in found if item.valid]
