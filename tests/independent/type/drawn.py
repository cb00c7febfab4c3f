"""Lines of text as dots: on our labels, and by programs that nobody here wrote, drawn eight times as large and reduced,
so that how they round places does not count."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout, lay_out
from bss_mfg.label.render.pdf import render_pdf
from bss_mfg.label.render.raster import render_png
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI

Bits = NDArray[np.bool_]
Grey = NDArray[np.float64]
NOTO = Path("/usr/share/fonts/truetype/noto")
DPI, POINTS = 300, 12
PIXELS = POINTS * DPI // 72
FINE = 8
"""How many times larger the others draw."""


@dataclass(frozen=True)
class Label:
    """A label with one line of text, drawn for a 300-dpi printer: 12 points are 50 dots."""

    layout: PageLayout

    @classmethod
    def of(cls, folder: Path, text: str, *fonts: Path, **fields: str) -> Label:
        """Lay out a line 120 mm wide."""
        names = [f"own-{number}" for number, _ in enumerate(fonts)]
        for font in fonts:
            (folder / font.name).write_bytes(font.read_bytes())
        more = "".join(f"{name} = {value}\n" for name, value in fields.items())
        (folder / "line.toml").write_text(
            'format = 1\neach = "batch"\n[fonts]\n'
            + "".join(f'{name} = "{font.name}"\n' for name, font in zip(names, fonts, strict=True))
            + "[media]\nlabel_width = 130\nlabel_height = 40\n"
            + f'[[element]]\nkind = "text"\nx = 5.08\ny = 25.4\nwidth = 120\nsize = {POINTS}\nvalign = "baseline"\n'
            + f"font = {names}\ntext = '''{text}'''\n{more}",
            "utf-8",
        )
        return cls(lay_out(load_template(folder / "line.toml"), PDF_PRINTER_BY_DPI[DPI], 0, "production"))

    @property
    def content(self) -> LabelFileContent:
        return LabelFileContent("line", self.layout, (LabelRow("", (), ()),), 1, "mask")

    def dots(self) -> Bits:
        """The dots of the raster."""
        return np.array(Image.open(BytesIO(render_png(self.content))).convert("L")) < 128

    def pdf(self) -> bytes:
        """The page as PDF."""
        return render_pdf(self.content)

    def pdf_dots(self) -> Bits:
        """The PDF by pdfium, cut at half coverage."""
        document = pypdfium2.PdfDocument(self.pdf())
        try:
            return np.array(document[0].render(scale=DPI / 72, grayscale=True).to_pil().convert("L")) < 128
        finally:
            document.close()


def by_harfbuzz(text: str, font: Path, *options: str) -> Grey:
    """A line by hb-view: coverage of fine pixels, 0 to 1."""
    command = ["hb-view", f"--font-size={PIXELS * FINE}", "--margin=256", "-O", "png", *options, str(font), text]
    return _coverage(subprocess.run(command, capture_output=True, check=True).stdout)


def by_pango(text: str, family: str, folder: Path, *options: str) -> Grey:
    """A line by pango-view: coverage of fine pixels."""
    out = folder / "pango.png"
    subprocess.run(
        ["pango-view", "-q", f"--font={family} {POINTS}", f"--dpi={DPI * FINE}", "--hinting=none", "--margin=256",
         *options, "-o", str(out), f"--text={text}"],
        check=True,
    )  # fmt: skip
    return _coverage(out.read_bytes())


def _coverage(png: bytes) -> Grey:
    return 1 - np.array(Image.open(BytesIO(png)).convert("L")) / 255


def share_wrong(dots: Bits, fine: Grey) -> float:
    """How many dots differ, as a share of the black ones, at the best place of one over the other."""
    ours = _trimmed(dots)
    inked = _trimmed(fine > 0.5, fine)
    height, width = ours.shape[0] + 4, ours.shape[1] + 4
    framed = np.zeros((height, width), bool)
    framed[2 : 2 + ours.shape[0], 2 : 2 + ours.shape[1]] = ours

    def wrong(down: int, right: int) -> float:
        page = np.zeros((height * FINE, width * FINE), np.float32)
        part = inked[: page.shape[0] - down, : page.shape[1] - right]
        page[down : down + part.shape[0], right : right + part.shape[1]] = part
        coarse = page.reshape(height, FINE, width, FINE).mean(axis=(1, 3)) >= 0.5
        lost = (inked.sum() - part.sum()) / FINE**2
        return float(((coarse != framed).sum() + lost) / ours.sum())

    places = {(down, right): wrong(down, right) for down in range(12, 25, 3) for right in range(12, 25, 3)}
    down, right = min(places, key=lambda place: places[place])
    near = [(down + dy, right + dx) for dy in (-2, -1, 0, 1, 2) for dx in (-2, -1, 0, 1, 2)]
    return min(wrong(*place) for place in near)


def _trimmed(inked: Bits, picture: Grey | Bits | None = None) -> Grey | Bits:
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    shown = inked if picture is None else picture
    return shown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
