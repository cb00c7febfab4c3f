"""Artwork on the label's form: PDF pages (and SVG, which became one) as forms of their own, pixels as they are.

PDF pages can't be drawn by reportlab: an empty form keeps their place, and `embed_pdf_artwork` fills it afterwards.
Nothing paints outside of its element's rectangle, but into the label's bleed where the element ends at the edge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.geometry import EDGE_MM, PlacedElement, fitted
from bss_mfg.label.template.artwork import Artwork
from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.shape_elements import Image
from bss_mfg.model import Rect

_MARK = re.compile(rb"^% bss-mfg artwork (\d+) of \d+$", re.MULTILINE)
"""What an empty form holds: a comment that is a line of its own, so that 1 is not found in 10."""


def add_artwork_forms(canvas: Any, art: Sequence[Artwork]) -> dict[str, str]:
    """An empty form for each PDF artwork: file -> the form's name."""
    names: dict[str, str] = {}
    pages = [item for item in art if item.kind == "pdf"]
    for number, item in enumerate(pages):
        names[item.file] = f"art{number}"
        box = item.bleed or Rect(0, 0, item.width, item.height)
        canvas.beginForm(f"art{number}", box.x, box.y, box.right, box.bottom)
        canvas.addLiteral(f"% bss-mfg artwork {number} of {len(pages)}")
        canvas.endForm()
    return names


def paintable(rect: Rect, media: Media) -> Rect:
    """What artwork that fills this rectangle (mm) may paint: more on the sides where it reaches the label's edge, if
    there is a bleed."""
    bleed = media.bleed
    left = bleed if rect.x <= EDGE_MM else 0.0
    top = bleed if rect.y <= EDGE_MM else 0.0
    right = bleed if rect.right >= media.label_width - EDGE_MM else 0.0
    bottom = bleed if rect.bottom >= media.label_height - EDGE_MM else 0.0
    x, y = max(rect.x - left, min(-bleed, rect.x)), max(rect.y - top, min(-bleed, rect.y))
    far_x = min(rect.right + right, max(media.label_width + bleed, rect.right))
    far_y = min(rect.bottom + bottom, max(media.label_height + bleed, rect.bottom))
    return Rect(x, y, far_x - x, far_y - y)


def draw_artwork(
    canvas: Any, item: PlacedElement, place: Rect, art: Artwork, artwork_forms: Mapping[str, str], media: Media
) -> None:
    """Fit the artwork into `place`, the element's box on the printer's dots, centred, undistorted, turned."""
    element = item.element
    assert isinstance(element, Image)  # noqa: S101  (for the type checker)
    planned, drawn = (fitted(rect, art.width, art.height, element.rotate) for rect in (item.rect, place))
    may_paint = paintable(planned, media)
    _clip(canvas, drawn if may_paint == planned else may_paint)
    scale = drawn.width / (art.height if element.rotate in (90, 270) else art.width)
    canvas.translate((drawn.x + drawn.width / 2) * POINTS_PER_MM, -(drawn.y + drawn.height / 2) * POINTS_PER_MM)
    canvas.rotate(-element.rotate)
    canvas.scale(scale * POINTS_PER_MM, scale * POINTS_PER_MM)
    canvas.translate(-art.width / 2, -art.height / 2)
    if art.kind == "pdf":
        canvas.doForm(artwork_forms[art.file])
    else:
        from reportlab.lib.utils import ImageReader

        canvas.drawImage(ImageReader(BytesIO(art.data)), 0, 0, art.width, art.height, mask="auto")


def _clip(canvas: Any, rect: Rect) -> None:
    x, y, width, height = (edge * POINTS_PER_MM for edge in rect)
    path = canvas.beginPath()
    path.rect(x, -(y + height), width, height)
    canvas.clipPath(path, stroke=0, fill=0)


def embed_pdf_artwork(data: bytes, art: Sequence[Artwork]) -> bytes:
    """Put the pages of PDF artwork into their empty forms. Without PDF artwork the bytes stay as they are."""
    pages = [item for item in art if item.kind == "pdf"]
    if not pages:
        return data
    import pikepdf

    with pikepdf.open(BytesIO(data)) as document:
        for thing in document.objects:
            if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == pikepdf.Name.Form:
                mark = _MARK.search(_start(thing))
                if mark is None:
                    continue
                with pikepdf.open(BytesIO(pages[int(mark[1])].data)) as source:
                    page = source.pages[0].as_form_xobject(handle_transformations=False)
                    form = document.copy_foreign(page)
                    form.BBox = thing.BBox
                thing.write(b"/Art Do")
                thing.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Art=form))
        out = BytesIO()
        document.save(out, static_id=True, min_version="1.7")
        return out.getvalue()


def _start(form: Any) -> bytes:
    """A form's content, if it is so short that it may be a mark."""
    return bytes(form.read_bytes()) if int(form.Length) < 200 else b""
