"""Pictures of single labels for the report, cut out of their page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bss_mfg.imaging import grid
from bss_mfg.imaging.geometry import PixelBox, Quad
from bss_mfg.imaging.warp import Warp

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

PICTURE_PIXELS_PER_MODULE = 6
"""Pixels per module of a failed label's picture in the report."""
PICTURE_BORDER_MODULES = 3


@dataclass(frozen=True, slots=True)
class LabelPicture:
    """The picture of one label for the report: a PNG, and if the grid was found, upright with
    `PICTURE_PIXELS_PER_MODULE` and `PICTURE_BORDER_MODULES` around."""

    png: bytes
    upright: bool


def cut_label_picture(grey: Grey, box: PixelBox, quad: Quad | None, size: int) -> LabelPicture | None:
    """The picture of a label: upright by its grid where that is known, else as it lies; None outside the page."""
    from io import BytesIO

    from PIL import Image

    if quad and size:
        picture = Image.fromarray(
            grid.rectify(grey, Warp.from_quad(quad, size), PICTURE_PIXELS_PER_MODULE, PICTURE_BORDER_MODULES)
        )
    else:
        margin = box[2] * 0.15
        rows, columns = grey.shape
        left, top = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
        right, bottom = min(int(box[0] + box[2] + margin), columns), min(int(box[1] + box[3] + margin), rows)
        if right - left < 2 or bottom - top < 2:
            return None
        picture = Image.fromarray(grey[top:bottom, left:right])
        picture.thumbnail((420, 420))
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return LabelPicture(out.getvalue(), bool(quad and size))
