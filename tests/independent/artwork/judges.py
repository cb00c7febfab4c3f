"""What programs that nobody here wrote draw of an artwork, and how two drawings are compared."""

from __future__ import annotations

import os
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import pikepdf
import resvg_py
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tests.helpers import ROOT

Dots = NDArray[np.bool_]
FONTS = [str(path) for path in sorted((ROOT / "bss_mfg" / "label" / "template" / "fonts").glob("*.ttf"))]
EDGE, AREA = 100, 24
"""Of 255: by how much a pixel may lie outside of what its neighbourhood in the other drawing has, and by how much two
pixels may differ where both drawings are flat."""


def resvg(file: Path, width: int) -> Image.Image:
    """An SVG by resvg, on white. Its fonts are those that come with bss-mfg."""
    text = file.read_bytes().decode("utf-16" if file.stem == "utf-16" else "utf-8")
    png = resvg_py.svg_to_bytes(svg_string=text, width=width, dpi=96, skip_system_fonts=True, font_files=FONTS)
    return on_white(Image.open(BytesIO(bytes(png))))


def librsvg(file: Path, width: int, folder: Path) -> Image.Image:
    """An SVG by rsvg-convert (GNOME's library), on white. It knows the fonts that come with bss-mfg only."""
    settings = folder / "fonts.conf"
    settings.write_text(
        f"<fontconfig><dir>{Path(FONTS[0]).parent}</dir><cachedir>{folder}</cachedir></fontconfig>", "utf-8"
    )
    done = subprocess.run(
        ["rsvg-convert", "--width", str(width), "--keep-aspect-ratio", file],
        env={**os.environ, "FONTCONFIG_FILE": str(settings)},
        capture_output=True,
        check=True,
    )
    return on_white(Image.open(BytesIO(done.stdout)))


def poppler(pdf: bytes, width: int, folder: Path, *options: str) -> Image.Image:
    """A PDF's first page by pdftoppm, `width` pixels wide."""
    source, stem = folder / "poppler.pdf", folder / "poppler"
    source.write_bytes(pdf)
    subprocess.run(
        [
            "pdftoppm",
            "-png",
            "-singlefile",
            "-scale-to-x",
            str(width),
            "-scale-to-y",
            "-1",
            "-cropbox",
            *options,
            source,
            stem,
        ],
        check=True,
        capture_output=True,
    )
    return on_white(Image.open(folder / "poppler.png"))


def pdfium(pdf: bytes, dpi: float) -> Image.Image:
    """A PDF's first page by pdfium."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    picture: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("RGB")
    document.close()
    return picture


def cut_to_trim(file: Path) -> bytes:
    """A PDF whose page is its TrimBox, for programs that show another box; nothing else changes."""
    with pikepdf.open(file) as document:
        page = document.pages[0].obj
        if "/TrimBox" in page:
            edges = [
                sorted((float(page[box][n]), float(page[box][n + 2])))
                for n in (0, 1)
                for box in ("/TrimBox", "/MediaBox")
            ]
            (left, right), (out_l, out_r), (low, high), (out_b, out_t) = edges
            box = pikepdf.Array([max(left, out_l), max(low, out_b), min(right, out_r), min(high, out_t)])
            page.MediaBox = page.CropBox = box
        out = BytesIO()
        document.save(out)
    return out.getvalue()


def on_white(picture: Image.Image) -> Image.Image:
    """A picture without transparency."""
    drawn = picture.convert("RGBA")
    white = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(white, drawn).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that the other drawing does not have within one pixel, or has in another colour where both
    are flat."""
    width, height = min(one.width, other.width), min(one.height, other.height)
    assert max(one.width, other.width) - width <= 3 and max(one.height, other.height) - height <= 3, (one, other)
    pixels, low, high = [], [], []
    for picture in (one.crop((0, 0, width, height)), other.crop((0, 0, width, height))):
        pixels.append(np.asarray(picture).astype(int))
        low.append(np.asarray(picture.filter(ImageFilter.MinFilter(3))).astype(int))
        high.append(np.asarray(picture.filter(ImageFilter.MaxFilter(3))).astype(int))
    wrong = np.zeros((height, width), bool)
    for this, that in ((0, 1), (1, 0)):
        wrong |= ((pixels[this] < low[that] - EDGE) | (pixels[this] > high[that] + EDGE)).any(axis=2)
    flat = ((high[0] - low[0] < 24) & (high[1] - low[1] < 24)).all(axis=2)
    wrong |= flat & (np.abs(pixels[0] - pixels[1]) > AREA).any(axis=2)
    return float(wrong.mean())


def wrong_dots(dots: Dots, drawing: Image.Image) -> float:
    """The share of dots that are black where the drawing is clearly light, or white where it is clearly dark."""
    height, width = min(dots.shape[0], drawing.height), min(dots.shape[1], drawing.width)
    grey = drawing.convert("L").crop((0, 0, width, height))
    low, high = (np.asarray(grey.filter(kind(3))) for kind in (ImageFilter.MinFilter, ImageFilter.MaxFilter))
    dots = dots[:height, :width]
    return float(((dots & (low > 160)) | (~dots & (high < 96))).mean())


def inked(picture: Image.Image, box: tuple[int, int, int, int], what: Literal["outside"] = "outside") -> Dots:
    """Where a page is not white, but for the inside of a box."""
    found = np.asarray(picture.convert("L")) < 250
    found[box[1] : box[3], box[0] : box[2]] = False
    return found
