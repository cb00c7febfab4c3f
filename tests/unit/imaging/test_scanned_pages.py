"""A page of a PDF is a scan if all that is to be seen on it are pictures that cover it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from bss_mfg.imaging.scanned_pages import is_scan

WIDTH, HEIGHT = 595, 842


def picture(columns: int, rows: int) -> ImageReader:
    return ImageReader(Image.effect_noise((columns, rows), 40))


def whole(canvas: Canvas) -> None:
    canvas.drawImage(picture(1240, 1754), 0, 0, WIDTH, HEIGHT)


def with_margin(canvas: Canvas) -> None:
    canvas.drawImage(picture(1240, 1754), 20, 20, WIDTH - 40, HEIGHT - 40)


def strips(canvas: Canvas) -> None:
    for number in range(20):
        canvas.drawImage(picture(1240, 88), 0, number * HEIGHT / 20, WIDTH, HEIGHT / 20)


def recognized(canvas: Canvas) -> None:
    whole(canvas)
    text = canvas.beginText(50, 50)
    text.setTextRenderMode(3)
    text.textLine("what a scanner's program read")
    canvas.drawText(text)


def in_a_form(canvas: Canvas) -> None:
    canvas.beginForm("page")
    whole(canvas)
    canvas.endForm()
    canvas.doForm("page")


def turned(canvas: Canvas) -> None:
    canvas.setPageRotation(90)
    whole(canvas)


def lettered(canvas: Canvas) -> None:
    whole(canvas)
    canvas.drawString(50, 50, "drawn over it")


def lined(canvas: Canvas) -> None:
    whole(canvas)
    canvas.line(0, 0, 100, 100)


def artwork_and_symbol(canvas: Canvas) -> None:
    """A label that is all artwork, and the symbol as we draw it: a pixel a module."""
    whole(canvas)
    canvas.drawImage(picture(144, 144), 100, 100, 200, 200)


def symbol_alone(canvas: Canvas) -> None:
    canvas.drawImage(picture(144, 144), 5, 5, WIDTH - 10, HEIGHT - 10)


def logo(canvas: Canvas) -> None:
    canvas.drawImage(picture(600, 600), 100, 100, 100, 100)


def blank(canvas: Canvas) -> None:
    canvas.setTitle("nothing")


@pytest.mark.parametrize("draw", [whole, with_margin, strips, recognized, in_a_form, turned])
def test_a_scan_is_told(draw: Callable[[Canvas], None]) -> None:
    assert scanned(draw)


@pytest.mark.parametrize("draw", [lettered, lined, artwork_and_symbol, symbol_alone, logo, blank])
def test_a_drawing_is_none(draw: Callable[[Canvas], None]) -> None:
    assert not scanned(draw)


def scanned(draw: Callable[[Canvas], None]) -> bool:
    out = BytesIO()
    canvas = Canvas(out, (WIDTH, HEIGHT))
    draw(canvas)
    canvas.showPage()
    canvas.save()
    document = pypdfium2.PdfDocument(out.getvalue())
    try:
        return is_scan(document[0])
    finally:
        document.close()
