"""Whether artwork shows as it is: fine enough at its printed size, and dark enough for a printer of black dots."""

from __future__ import annotations

from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Image

MIN_PPI = 150
"""Pixels per inch below which a picture looks coarse in print."""


MOST_LOST = 0.25
"""Share of what artwork paints that a printer of black dots may leave white before somebody is told."""


def check_tone(
    template: LoadedTemplate, item: PlacedElement, element: Image, printer: Printer, findings: DesignFindings
) -> None:
    """Warn of artwork of which a printer of black dots leaves more than `MOST_LOST` white."""
    art = next(art for art in template.artwork if art.file == element.file)
    if printer.language == "pdf" or element.dither == "ordered" or art.tone.lost <= MOST_LOST:
        return
    share = "all" if art.tone.lost > 0.99 else f"{art.tone.lost:.0%}"
    findings.warning(
        DesignFindingKind.PRINTS_WHITE,
        item.index,
        f"{share} of what {art.file} paints is left white by {printer.name}, which prints black dots only",
        'Make it darker, or set dither = "ordered" in the element.',
    )


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
