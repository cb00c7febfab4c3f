"""Pictures of a font's characters at a size, drawn the same way as label files are: reportlab and pdfium.

Whoever compares a printed character with its rivals needs them drawn alike: another rasteriser's smoothing is as large
as the difference between some letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING

from bss_mfg.core.units import MM_PER_INCH, POINTS_PER_INCH, POINTS_PER_MM
from bss_mfg.imaging.expected_content import PHASES, GlyphSet
from bss_mfg.label.render.canvas import new_canvas
from bss_mfg.label.render.pdf_text import show_run
from bss_mfg.label.type.font_file import Face
from bss_mfg.label.type.plain import ASCII
from bss_mfg.label.type.shaping import GlyphRun, shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PAD = 5
"""Pixels around a glyph's ink, for what a lens blurs."""
_LARGEST_EM = 36.0
"""Pixels of an em at most: large letters are told apart at less than a scanner's resolution."""
_FINEST_STEP = MM_PER_INCH / 300
"""Millimetres of a pixel, at the resolution at which PDFs are read."""
_PER_ROW = 16


@lru_cache(maxsize=64)
def character_set(face: Face, size: float, more: str = "") -> GlyphSet:
    """The pictures of ASCII and `more` characters of a face at a size in points."""
    characters = [one for one in dict.fromkeys(ASCII + more) if face.glyph(one) is not None]
    return _glyph_set([shape(face, character) for character in characters], size, whole=False)


@lru_cache(maxsize=64)
def run_set(run: GlyphRun, size: float) -> GlyphSet:
    """The picture of a whole run of glyphs."""
    return _glyph_set([run], size, whole=True)


def _glyph_set(runs: Sequence[GlyphRun], size: float, whole: bool) -> GlyphSet:
    step = max(_FINEST_STEP, size / POINTS_PER_MM / _LARGEST_EM)
    em = size / POINTS_PER_MM / step
    boxes = [
        (right + box[0], up + box[1], right + box[2], up + box[3])
        for run in runs
        for glyph, right, up in run.placed()
        if (box := run.face.extents(glyph))
    ] or [(0.0, 0.0, 1.0, 1.0)]
    left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
    pen, baseline = max(ceil(-left * em), 0) + _PAD, max(ceil(top * em), 1) + _PAD
    tile = (pen + max(ceil(right * em), 1) + _PAD, baseline + max(ceil(-bottom * em), 0) + _PAD)
    return GlyphSet(
        tuple(run.text for run in runs),
        _draw(runs, size, step, (pen, baseline), tile),
        step,
        pen,
        baseline,
        tuple(run.width * em for run in runs),
        em,
        whole,
    )


def _draw(
    runs: Sequence[GlyphRun], size: float, step: float, pen: tuple[int, int], tile: tuple[int, int]
) -> NDArray[np.float32]:
    """Runs drawn in tiles of so many pixels, each pixel parted into `PHASES` x `PHASES`."""
    import numpy as np
    import pypdfium2

    (width, height), across = tile, min(len(runs), _PER_ROW)
    rows = -(-len(runs) // across)
    pixel = step * POINTS_PER_MM
    page = (across * width * pixel, rows * height * pixel)
    buffer = BytesIO()
    canvas = new_canvas(buffer, page, "")
    for number, run in enumerate(runs):
        row, column = divmod(number, across)
        x, y = (column * width + pen[0]) * pixel, page[1] - (row * height + pen[1]) * pixel
        canvas.addLiteral(f"BT 1 0 0 1 {x:.4f} {y:.4f} Tm {show_run(canvas, run, size)} ET")
    canvas.save()
    document = pypdfium2.PdfDocument(buffer.getvalue())
    grey = document[0].render(scale=PHASES * MM_PER_INCH / step / POINTS_PER_INCH, grayscale=True).to_numpy()
    width, height = width * PHASES, height * PHASES
    ink = (255 - grey.reshape(grey.shape[:2])[: rows * height, : across * width].astype(np.float32)) / 255
    document.close()
    tiles = np.zeros((rows * height, across * width), np.float32)
    tiles[: ink.shape[0], : ink.shape[1]] = ink
    parted = tiles.reshape(rows, height, across, width).swapaxes(1, 2).reshape(-1, height, width)
    return np.ascontiguousarray(parted[: len(runs)])
