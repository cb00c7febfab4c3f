"""Programs that write printer languages and that nobody here wrote: CUPS' own label driver, Gutenprint's, and the
P-touch driver."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Dots = NDArray[np.bool_]
_FILTERS, _DRIVERS = Path("/usr/lib/cups/filter"), Path("/usr/lib/cups/driver")


def rastertolabel(dots: Dots, language: str, folder: Path) -> bytes:
    """What CUPS' driver for Zebra printers makes of a page: "epl2" or "cpcl"."""
    subprocess.run(["ppdc", "-l", "en", "-d", folder, "/usr/share/cups/drv/sample.drv"], check=True)
    ppd = folder / {"epl2": "zebraep2.ppd", "cpcl": "zebracpl.ppd"}[language]
    return _filter("rastertolabel", ppd, cups_raster(dots, 203, is_grey=False))


def rastertogutenprint(dots: Dots, folder: Path) -> bytes:
    """What Gutenprint's driver for Datamax-O'Neil printers makes of a page, in DPL."""
    model = "gutenprint.5.3://datamax_oneil_E4204B/expert"
    ppd = folder / "dpl.ppd"
    ppd.write_bytes(subprocess.run([_DRIVERS / "gutenprint.5.3", "cat", model], capture_output=True, check=True).stdout)
    return _filter("rastertogutenprint.5.3", ppd, cups_raster(dots, 203, is_grey=True))


def rastertoptch(dots: Dots) -> bytes:
    """What the P-touch driver makes of a page for a head of 128 pins, packed."""
    options = " PT TransferMode=1 BytesPerLine=16 Align=Center PixelXfer=RLE LabelPreamble "
    page = cups_raster(dots, 180, is_grey=False)
    return subprocess.run([_FILTERS / "rastertoptch", options], input=page, capture_output=True, check=True).stdout


def _filter(name: str, ppd: Path, page: bytes) -> bytes:
    environment = {**os.environ, "PPD": str(ppd)}
    command = [_FILTERS / name, "1", "user", "title", "1", ""]
    return subprocess.run(command, input=page, capture_output=True, check=True, env=environment).stdout


def cups_raster(dots: Dots, dpi: int, *, is_grey: bool) -> bytes:
    """A page as CUPS gives it to drivers (CUPS Raster Format, version 3, uncompressed, little-endian): 8 bits a dot and
    white 255, or 1 bit a dot and black 1."""
    height, width = dots.shape
    points = (round(width * 72 / dpi), round(height * 72 / dpi))
    page = [0] * 29
    page[5:7] = dpi, dpi
    page[9:11] = points  # the imaging box's right and top
    page[21] = 1  # copies
    page[24:26] = points
    bits, color_space = (8, 0) if is_grey else (1, 3)
    data = np.where(dots, 0, 255).astype(np.uint8) if is_grey else np.packbits(dots, axis=1)
    size = (width, height, 0, bits, bits, data.shape[1], 0, color_space, 0, 0, 0, 0)
    inches = (width * 72 / dpi, height * 72 / dpi)
    head = bytes(256) + struct.pack("<29I12I", *page, *size) + struct.pack("<If6f", 1, 1.0, *inches, 0, 0, *inches)
    return b"3SaR" + head.ljust(1796, b"\0") + data.tobytes()
