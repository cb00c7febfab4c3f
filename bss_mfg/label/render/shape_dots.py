"""Lines, boxes, artwork and the SAMPLE mark as printer dots.

A shape is drawn by pdfium at one point a dot, once on white and once on black ground: a dot that is dark on white is
painted black, one that is light on black is painted white, any other leaves what lies under it. Greys are cut at half,
or spread over dots by an ordered dither (Bayer, 1973) whose matrix starts at the label's top left corner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.black_or_white import THRESHOLD
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.render.artwork_forms import add_artwork_forms, embed_pdf_artwork
from bss_mfg.label.render.canvas import new_canvas
from bss_mfg.label.render.patches import Patch, trimmed
from bss_mfg.label.render.sample_mark import draw_sample_mark
from bss_mfg.label.render.shapes import draw_shapes
from bss_mfg.label.template.shape_elements import Box, Image

_Greys = NDArray[np.uint8]


def shape_patches(layout: PageLayout, shapes: Sequence[PlacedElement]) -> Iterator[Patch]:
    """The dots of shapes from the label's top left corner, in their order; runs of them share a patch."""
    for dithered, run in groupby(shapes, _is_dithered):
        if patch := _patch(layout, tuple(run), dithered):
            yield patch


def sample_patch(layout: PageLayout) -> Patch | None:
    """The dots of the SAMPLE mark."""
    return _patch(layout, None, False)


def _is_dithered(item: PlacedElement) -> bool:
    return isinstance(item.element, (Box, Image)) and item.element.dither == "ordered"


def _patch(layout: PageLayout, shapes: Sequence[PlacedElement] | None, dithered: bool) -> Patch | None:
    """Some shapes, or the SAMPLE mark, on a picture of the label with its bleed."""
    media, printer = layout.template.definition.media, layout.printer
    x_scale, y_scale = printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y
    edge_x, edge_y = int(media.bleed * x_scale + 1), int(media.bleed * y_scale + 1)
    width, height = (
        int(media.label_width * x_scale + 1) + 2 * edge_x,
        int(media.label_height * y_scale + 1) + 2 * edge_y,
    )
    buffer = BytesIO()
    canvas: Any = new_canvas(buffer, (width, height), "shapes")
    artwork_forms = add_artwork_forms(canvas, layout.template.artwork)
    canvas.translate(edge_x, height - edge_y)
    canvas.scale(x_scale / POINTS_PER_MM, y_scale / POINTS_PER_MM)
    if shapes is None:
        draw_sample_mark(canvas, layout)
    else:
        draw_shapes(canvas, layout.template, shapes, artwork_forms, printer)
    canvas.showPage()
    canvas.save()
    on_white, on_black = _greys(embed_pdf_artwork(buffer.getvalue(), layout.template.artwork))
    limit = _thresholds(height, width, edge_x, edge_y) if dithered else np.full((1, 1), THRESHOLD, np.uint8)
    return trimmed(-edge_x, -edge_y, on_white < limit, on_black >= limit)


def _greys(pdf: bytes) -> tuple[_Greys, _Greys]:
    """A one-page PDF at one dot a point, on white and on black ground."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        pictures = [
            page.render(scale=1, grayscale=True, fill_color=(ground, ground, ground, 255)).to_numpy()
            for ground in (255, 0)
        ]
        on_white, on_black = (np.array(picture.reshape(picture.shape[:2])) for picture in pictures)
        return on_white, on_black
    finally:
        document.close()


def _thresholds(height: int, width: int, edge_x: int, edge_y: int) -> _Greys:
    """For each dot the grey from which on it stays white: 64 levels, evenly spread."""
    order = np.zeros((1, 1), int)
    for _ in range(3):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    rows, columns = np.arange(height) - edge_y, np.arange(width) - edge_x
    return (order[rows[:, None] % 8, columns[None, :] % 8] * 4 + 2).astype(np.uint8)
