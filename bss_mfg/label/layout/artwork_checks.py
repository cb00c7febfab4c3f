"""Whether pictures are fine enough at the size that they are printed in."""

from __future__ import annotations

from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.shape_elements import Image

MIN_PPI = 150
"""Pixels per inch below which a picture looks coarse in print."""


def check_picture(template: LoadedTemplate, item: PlacedElement, element: Image, findings: DesignFindings) -> None:
    """Warn of artwork that paints nothing, of an SVG that is kept as pixels, and of a picture that is coarse at its
    printed size."""
    art = next(art for art in template.artwork if art.file == element.file)
    if art.is_blank:
        findings.warning(
            DesignFindingKind.BLANK_ARTWORK,
            item.index,
            f"{art.file} paints nothing",
            "Look at the file: it is empty, or what it draws is hidden or outside of its page.",
        )
        return
    if art.note:
        findings.warning(
            DesignFindingKind.SVG_AS_PIXELS,
            item.index,
            f"{art.file} prints as pixels, because vectors would not show it as it is drawn: {art.note}",
            "It prints as it should. Without that element it stays vector.",
        )
    if art.kind != "pixels" or art.note:
        return
    width, height = item.rect.width, item.rect.height
    if element.rotate in (90, 270):
        width, height = height, width
    ppi = max(art.width / width, art.height / height) * MM_PER_INCH
    if ppi < MIN_PPI:
        findings.warning(
            DesignFindingKind.COARSE_PICTURE,
            item.index,
            f"{art.file} has {art.width:g} x {art.height:g} pixels, {ppi:.0f} per inch at its printed size",
            f"Use one of at least {MIN_PPI} pixels per inch, better 300, or an SVG.",
        )
