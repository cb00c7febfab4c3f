"""Artwork on the label's form: SVG as paths, PDF as a form of its own, pixels as they are.

PDF pages can't be drawn by reportlab: an empty form keeps their place, and `embed_pdf_artwork` fills it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.errors import InputError
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.template.artwork import Artwork, svg_drawing
from bss_mfg.label.template.shape_elements import Image


def add_artwork_forms(canvas: Any, art: Sequence[Artwork]) -> dict[str, str]:
    """An empty form for each PDF artwork: file -> the form's name."""
    names: dict[str, str] = {}
    for number, item in enumerate(item for item in art if item.kind == "pdf"):
        names[item.file] = f"art{number}"
        canvas.beginForm(f"art{number}", 0, 0, item.width, item.height)
        canvas.addLiteral(f"% bss-mfg art{number}")
        canvas.endForm()
    return names


def draw_artwork(
    canvas: Any, element: Image, item: PlacedElement, art: Artwork, artwork_forms: Mapping[str, str]
) -> None:
    """Fit the artwork into the element's box, centred, undistorted, turned."""
    x, y, width, height = (edge * POINTS_PER_MM for edge in item.rect)
    canvas.translate(x + width / 2, -(y + height / 2))
    canvas.rotate(-element.rotate)
    if element.rotate in (90, 270):
        width, height = height, width
    scale = min(width / art.width, height / art.height)
    canvas.scale(scale, scale)
    canvas.translate(-art.width / 2, -art.height / 2)
    if art.kind == "svg":
        from reportlab.graphics import renderPDF

        renderPDF.draw(svg_drawing(art.data), canvas, 0, 0)
    elif art.kind == "pdf":
        canvas.doForm(artwork_forms[art.file])
    else:
        from reportlab.lib.utils import ImageReader

        try:
            canvas.drawImage(ImageReader(BytesIO(art.data)), 0, 0, art.width, art.height, mask="auto")
        except (OSError, ValueError) as error:
            raise InputError(f"the artwork {art.file!r} can't be drawn", way_out="Save it again as PNG.") from error


def embed_pdf_artwork(data: bytes, art: Sequence[Artwork]) -> bytes:
    """Put the pages of PDF artwork into their empty forms. Without PDF artwork the bytes stay as they are."""
    pdf_artwork = [item for item in art if item.kind == "pdf"]
    if not pdf_artwork:
        return data
    import pikepdf

    with pikepdf.open(BytesIO(data)) as document:
        marks = {f"% bss-mfg art{number}".encode(): item for number, item in enumerate(pdf_artwork)}
        for thing in document.objects:
            if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == pikepdf.Name.Form:
                content = thing.read_bytes()
                item = next((marks[mark] for mark in marks if mark in content), None)
                if item is None:
                    continue
                with pikepdf.open(BytesIO(item.data)) as source:
                    page = source.pages[0]
                    left, bottom, *_ = (float(edge) for edge in page.trimbox)
                    form = document.copy_foreign(page.as_form_xobject(handle_transformations=False))
                    form.Matrix = pikepdf.Array([1, 0, 0, 1, -left, -bottom])
                thing.write(b"q /Art Do Q")
                thing.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Art=form))
        out = BytesIO()
        document.save(out, static_id=True)
        return out.getvalue()
