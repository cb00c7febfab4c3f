"""Printed labels: a label file as a printer and a scanner make pictures of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image

from bss_mfg.model import LabelFile
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey, pdfium

DPI = 300
_SCANS = count(1)


def scan_of(file: Path, to: Path, page: int = 1) -> Path:
    """A page of a PDF as a flatbed scanner saves it: no two scans are alike, for there is dust on the glass."""
    pixels = np.array(pdfium(file, DPI, page))
    pixels[-1, -16:] = 255 - np.unpackbits(np.array([next(_SCANS)], ">u2").view(np.uint8))
    Image.fromarray(pixels).save(to, dpi=(DPI, DPI))
    return to


def scans_of(file: Path, folder: Path) -> list[Path]:
    """All pages of a PDF, scanned into a folder."""
    folder.mkdir(exist_ok=True)
    document = pypdfium2.PdfDocument(file)
    pages = len(document)
    document.close()
    return [scan_of(file, folder / f"scan-{page}.png", page) for page in range(1, pages + 1)]


def spoil(page: Grey, label_file: LabelFile, package: int) -> None:
    """A label's symbol without its finder, as a worn edge of the print head leaves it: no reader reads it, and its grid
    still tells whose it is."""
    place = label_file.place_of(package)
    left, top, width, height = (
        int(value * DPI / 25.4) for value in (place.x_mm, place.y_mm, place.width_mm, place.height_mm)
    )
    module = int(1.2 * width / label_file.modules)
    page[top : top + height + 2, left : left + module] = 255
    page[top + height + 1 - module : top + height + 3, left : left + width + 1] = 255


def spoiled_scan(factory: Factory, batch: str, packages: Iterable[int], to: Path) -> Path:
    """A scan of the sheet with a package's newest label, some of its labels spoiled."""
    wanted = list(packages)
    with factory.ledger() as ledger:
        label_file = [
            part for part in ledger.prints.label_files(batch)
            if part.each == "package" and wanted[0] in part.numbers
        ][-1]  # fmt: skip
    number = label_file.place_of(wanted[0]).page
    page = np.array(pdfium(factory.root / "batches" / batch / "labels" / label_file.file, DPI, number))
    for package in wanted:
        spoil(page, label_file, package)
    Image.fromarray(page).save(to, dpi=(DPI, DPI))
    return to
