"""Does a page of a PDF show a scanned sheet, or did a program draw it?"""

from __future__ import annotations

from typing import Any

_COVERED = 0.8
"""How much of a page scanned pictures cover at least."""
_LARGEST_SYMBOL = 144
"""Modules a side of the largest Data Matrix: a picture of no more pixels may be a drawn symbol."""
_DEPTH = 3
"""How deep pictures are looked for in forms: some scanners write one around each page."""


def is_scan(page: Any) -> bool:
    """Whether all that is to be seen on a page (of pypdfium2) are pictures that cover it: one, or strips or layers of
    one, as scanners write them. Text that a scanner's program recognized lies there unseen."""
    import pypdfium2.raw as raw

    width, height = page.get_size()
    covered = 0.0
    for item in page.get_objects(max_depth=_DEPTH):
        if item.type == raw.FPDF_PAGEOBJ_TEXT:
            if raw.FPDFTextObj_GetTextRenderMode(item.raw) != raw.FPDF_TEXTRENDERMODE_INVISIBLE:
                return False
        elif item.type == raw.FPDF_PAGEOBJ_IMAGE and max(item.get_px_size()) > _LARGEST_SYMBOL:
            left, bottom, right, top = item.get_bounds()
            covered += max(right - left, 0.0) * max(top - bottom, 0.0)
        elif item.type != raw.FPDF_PAGEOBJ_FORM:
            return False
    return bool(covered >= _COVERED * width * height)
