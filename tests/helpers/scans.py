"""Scans as a camera or a scanner gives them: one symbol, a sheet, a sheet that was tampered with."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bss_mfg.symbol import Matrix
from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium


def picture(matrix: Matrix, pixels: int = 4) -> np.ndarray:
    dark = np.array([[int(module) for module in row] for row in str(matrix).splitlines()], np.uint8)
    return np.pad(np.kron(255 * (1 - dark), np.ones((pixels, pixels), np.uint8)), 4 * pixels, constant_values=255)


PX = 300 / 25.4


def sheet(factory: Factory, batch: str) -> np.ndarray:
    return pdfium(factory.root / "batches" / batch / "labels" / f"{batch}-labels-0001.pdf", 300)


def cell(number: int) -> tuple[slice, slice]:
    """The pixels of a label (from 1) of sheet-a4-24."""
    row, column = divmod(number - 1, 3)
    x, y = int((7.25 + 66.0 * column) * PX), int((12.9 + 33.9 * row) * PX)
    return slice(y, y + int(33.8 * PX)), slice(x, x + int(63.4 * PX))


def tampered(factory: Factory) -> Image.Image:
    """Label 4 again over 8, label 6 of batch B over 11, label 14 covered."""
    page, other = sheet(factory, "A"), sheet(factory, "B")
    for source, there, here in ((page, 4, 8), (other, 6, 11)):
        rows, columns = cell(there)
        target_rows, target_columns = cell(here)
        piece = source[rows, columns]
        page[target_rows.start : target_rows.start + piece.shape[0],
             target_columns.start : target_columns.start + piece.shape[1]] = piece  # fmt: skip
    page[cell(14)] = 255
    return Image.fromarray(page)
