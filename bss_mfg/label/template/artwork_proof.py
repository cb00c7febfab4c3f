"""Two drawings of one artwork compared, before it is believed that it prints as it was designed."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Rows x columns x red, green, blue, on white."""

LONG_SIDE = 640
"""Pixels of the longer side that drawings are compared at."""
TOLERANCE = 40
"""Of 255, by which a pixel may differ from all of its neighbourhood in the other drawing."""
SHARE = 0.0005
"""Of all pixels, those that may differ by more: edges that two renderers smooth differently."""


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


def difference(one: Pixels, other: Pixels) -> float:
    """The share of pixels that have no like in the other drawing within one pixel, either way; sizes may differ by a
    pixel or two, for rounding."""
    if abs(one.shape[0] - other.shape[0]) > 2 or abs(one.shape[1] - other.shape[1]) > 2:
        return 1.0
    height, width = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
    one, other = one[:height, :width].astype(np.int16), other[:height, :width].astype(np.int16)
    return max(_unlike(one, other), _unlike(other, one))


def is_alike(one: Pixels, other: Pixels) -> bool:
    """Whether two drawings show the same."""
    return difference(one, other) <= SHARE


def _unlike(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    padded = np.pad(other, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows, columns = one.shape[:2]
    near = [padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    low, high = near[0].copy(), near[0].copy()
    for part in near[1:]:
        np.minimum(low, part, out=low)
        np.maximum(high, part, out=high)
    bad = ((one < low - TOLERANCE) | (one > high + TOLERANCE)).any(axis=2)
    return float(bad.mean())
