"""Makes docs/pictures/sheet.png: a sheet, as the demo makes it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pypdfium2
from pictures_made import opened
from PIL import ImageOps
from terminal import Terminal

PICTURES = {"sheet.png": ("mesh-bulb-0001", 100)}
"""Picture -> (batch, dots per inch)."""

if __name__ == "__main__" and (gallery := opened(sys.argv[1:], PICTURES)):
    with tempfile.TemporaryDirectory() as place:
        Terminal(Path(place)).quiet("bss-mfg demo --out demo")
        for name, (batch, dpi) in PICTURES.items():
            labels = Path(place) / "demo" / "batches" / batch / "labels"
            document = pypdfium2.PdfDocument(labels / f"{batch}-labels-0001.pdf")
            page = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
            document.close()
            if gallery.wants(name):
                gallery.image(name, ImageOps.expand(page, 1, 170), colours=16)
    gallery.close()
