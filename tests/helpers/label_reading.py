"""Labels read by dmtxread, which nobody here wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zxingcpp

from tests.helpers.pictures import poppler
from tests.independent.test_labels import dmtxread


def read_page(labels: Path, page: int, folder: Path) -> set[str]:
    """The strings on a page of a PDF. One symbol at a time, as dmtxread takes minutes for a page of them: zxing-cpp
    tells where to look."""
    grey = poppler(labels, 300, page, folder, "-gray")
    read: set[str] = set()
    for symbol in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.DataMatrix):
        corners = [getattr(symbol.position, name) for name in ("top_left", "top_right", "bottom_left", "bottom_right")]
        left, top = (min(getattr(corner, axis) for corner in corners) - 12 for axis in "xy")
        right, bottom = (max(getattr(corner, axis) for corner in corners) + 12 for axis in "xy")
        read |= dmtxread(np.ascontiguousarray(grey[top:bottom, left:right]), folder, 1)
    return read
