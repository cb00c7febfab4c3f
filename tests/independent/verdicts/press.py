"""Printed sheets as a flatbed scanner, a camera and a PDF show them, made of clean pages."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Grey = NDArray[np.uint8]
MEDIA = ("flat", "fine", "photo", "pdf")
"""A scan at 300 dpi, one at 600, a photograph without a resolution, a scan inside a PDF."""
INK, PAPER, DESK = 25, 238, 105
MARGIN = 90
"""Pixels of desk around a sheet in a photograph."""


def take(page: Grey, medium: str, rng: Generator, folder: Path, name: str) -> Path:
    """A picture file of a clean page at 300 dpi."""
    if medium == "photo":
        path = folder / f"{name}.jpg"
        Image.fromarray(_photo(page, rng)).save(path, quality=85)
        return path
    dpi = 600 if medium == "fine" else 300
    scan = Image.fromarray(_scan(page, rng, dpi // 300))
    path = folder / f"{name}.{'pdf' if medium == 'pdf' else 'png'}"
    if medium == "pdf":
        scan.save(path, resolution=dpi)
    else:
        scan.save(path, dpi=(dpi, dpi), compress_level=1)
    return path


def _toned(image: Image.Image) -> Image.Image:
    return image.point([round(INK + (PAPER - INK) * value / 255) for value in range(256)])


def _noisy(image: Image.Image, sigma: float, rng: Generator) -> Grey:
    values = np.asarray(image).astype(np.float32)
    values += rng.standard_normal(values.shape, np.float32) * sigma
    return np.clip(values, 0, 255).astype(np.uint8)


def _scan(page: Grey, rng: Generator, scale: int) -> Grey:
    """Laid on the glass a little askew; the lid is white."""
    image = _toned(Image.fromarray(page))
    if scale > 1:
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)
    turned = image.rotate(float(rng.uniform(-1.2, 1.2)), Image.Resampling.BICUBIC, fillcolor=PAPER)
    return _noisy(turned.filter(ImageFilter.GaussianBlur(0.6 * scale)), 4, rng)


def _photo(page: Grey, rng: Generator) -> Grey:
    """Held in the hand: from a slant, brighter on one side, soft, on a desk, saved as JPEG."""
    wide, high = page.shape[1] + 2 * MARGIN, page.shape[0] + 2 * MARGIN
    desk = Image.new("L", (wide, high), DESK)
    desk.paste(_toned(Image.fromarray(page)), (MARGIN, MARGIN))
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], float)
    seen = corners + rng.uniform(-0.045, 0.045, (4, 2)) * (wide, high)
    rows = []
    for (u, v), (x, y) in zip(corners, seen, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    there = tuple(np.linalg.solve(np.array(rows), corners.ravel()))
    image = desk.transform((wide, high), Image.Transform.PERSPECTIVE, there, Image.Resampling.BICUBIC, fillcolor=DESK)
    x, y = np.linspace(0, 1, wide)[None, :], np.linspace(0, 1, high)[:, None]
    light = 1.03 - 0.3 * (x * rng.uniform(0, 1) + y * rng.uniform(0, 1))
    lit = Image.fromarray(np.clip(np.asarray(image) * light, 0, 255).astype(np.uint8))
    return _jpeg(_noisy(lit.filter(ImageFilter.GaussianBlur(0.9)), 4, rng))


def _jpeg(grey: Grey) -> Grey:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=80)
    return np.asarray(Image.open(buffer))
