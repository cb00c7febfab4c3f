"""Two drawings of one artwork compared, before it is believed that it prints as it was designed."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Rows x columns x red, green, blue, on white."""

LONG_SIDE = 640
"""Pixels of the longer side that drawings are compared at."""
EDGE_TOLERANCE, AREA_TOLERANCE = 90, 16
"""Of 255, by which a pixel may differ from all of its neighbourhood in the other drawing, and by which it may where
both drawings are flat: renderers smooth edges differently, but areas have one colour."""
FLAT = 24
"""Of 255, the range of a pixel's neighbourhood that counts as flat."""
SHARE = 0.0005
"""Of all pixels, those that may differ by more."""


def pdf_pixels(pdf: bytes, long_side: int = LONG_SIDE) -> Pixels:
    """The first page of a PDF by pdfium, on white."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        bitmap = page.render(
            scale=long_side / max(page.get_size()), fill_color=(255, 255, 255, 255), rev_byteorder=True
        )
        pixels = bitmap.to_numpy()
        if pixels.ndim == 2:
            pixels = pixels[:, :, None].repeat(3, axis=2)
        return np.array(pixels[:, :, :3])
    finally:
        document.close()


def png_pixels(png: bytes) -> Pixels:
    """A PNG on white."""
    from PIL import Image

    with Image.open(BytesIO(png)) as picture:
        drawn = picture.convert("RGBA")
        white = Image.new("RGBA", drawn.size, "white")
        return np.array(Image.alpha_composite(white, drawn).convert("RGB"))


def is_blank_page(pdf: bytes) -> bool:
    """Whether the first page of a PDF paints nothing, not even white."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        bitmap = page.render(
            scale=LONG_SIDE / max(page.get_size()),
            fill_color=(255, 255, 255, 0),
            force_bitmap_format=pypdfium2.raw.FPDFBitmap_BGRA,
        )
        return not bitmap.to_numpy()[:, :, 3].any()
    finally:
        document.close()


def is_blank_picture(picture: bytes) -> bool:
    """Whether every pixel of a PNG or JPEG is transparent."""
    from PIL import Image

    with Image.open(BytesIO(picture)) as opened:
        return opened.has_transparency_data and opened.convert("RGBA").getchannel("A").getextrema() == (0, 0)


def is_alike(one: Pixels, other: Pixels) -> bool:
    """Whether two drawings show the same."""
    return difference(one, other) <= SHARE


def difference(one: Pixels, other: Pixels) -> float:
    """The share of pixels that have no like in the other drawing within one pixel, or lie in an area of another colour;
    sizes may differ by a pixel or two, for rounding."""
    if abs(one.shape[0] - other.shape[0]) > 2 or abs(one.shape[1] - other.shape[1]) > 2:
        return 1.0
    height, width = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
    first, second = one[:height, :width].astype(np.int16), other[:height, :width].astype(np.int16)
    if np.array_equal(first, second):
        return 0.0
    (low_1, high_1), (low_2, high_2) = _ranges(first), _ranges(second)
    unlike = (first < low_2 - EDGE_TOLERANCE) | (first > high_2 + EDGE_TOLERANCE)
    unlike |= (second < low_1 - EDGE_TOLERANCE) | (second > high_1 + EDGE_TOLERANCE)
    flat = ((high_1 - low_1 < FLAT) & (high_2 - low_2 < FLAT)).all(axis=2, keepdims=True)
    unlike |= flat & (np.abs(first - second) > AREA_TOLERANCE)
    return float(unlike.any(axis=2).mean())


def _ranges(pixels: NDArray[np.int16]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """The least and the greatest value in each pixel's neighbourhood of 3 x 3."""
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows, columns = pixels.shape[:2]
    low, high = pixels.copy(), pixels.copy()
    for y in range(3):
        for x in range(3):
            np.minimum(low, padded[y : y + rows, x : x + columns], out=low)
            np.maximum(high, padded[y : y + rows, x : x + columns], out=high)
    return low, high
