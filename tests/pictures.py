"""Pages as pixels, through programs that nobody here wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]


def pdfium(path: Path, dpi: float, page: int = 1) -> Grey:
    """A page through pypdfium2."""
    document = pypdfium2.PdfDocument(path)
    grey = document[page - 1].render(scale=dpi / 72, grayscale=True).to_numpy()
    document.close()
    return np.array(grey).reshape(grey.shape[:2])


def poppler(path: Path, dpi: float, page: int, folder: Path, *options: str) -> Grey:
    """A page through pdftoppm."""
    stem = folder / f"page-{page}"
    subprocess.run(
        ["pdftoppm", "-r", f"{dpi:.6f}", "-f", str(page), "-l", str(page), "-singlefile", *options, path, stem],
        check=True,
    )
    found = next(folder.glob(f"page-{page}.p*"))
    with Image.open(found) as picture:
        grey = np.asarray(picture.convert("L"))
    found.unlink()
    return grey


def page_count(path: Path) -> int:
    """Pages of a PDF."""
    document = pypdfium2.PdfDocument(path)
    count = len(document)
    document.close()
    return count
