"""Whether artwork shows as it is: fine enough at its printed size, and dark enough for a printer of black dots."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.core.languages import phrase
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, overlap
from bss_mfg.label.layout.painted_ground import PaintedGround
from bss_mfg.label.layout.panels import black_share, covers
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image

MIN_PPI = 150
"""Pixels per inch below which a picture looks coarse in print."""
MOST_LOST = 0.25
"""Share of what artwork paints that a printer of black dots may leave white before somebody is told."""
_SURELY_DARK = 0.1
"""Share of artwork's area that is so dark that something of it is printed however coarse the dots."""


def check_tone(
    template: LoadedTemplate,
    item: PlacedElement,
    elements: Sequence[PlacedElement],
    printer: Printer,
    findings: DesignFindings,
) -> None:
    """Refuse artwork of which a printer of black dots prints nothing; warn where it leaves over `MOST_LOST` white."""
    element = item.element
    assert isinstance(element, Image)  # noqa: S101  (for the type checker)
    art = next(art for art in template.artwork if art.file == element.file)
    if printer.language == "pdf" or art.is_blank:
        return
    way_out = (
        phrase("Make it darker.")
        if element.dither == "ordered"
        else phrase('Make it darker, or set dither = "ordered" in the element.')
    )
    below = [other for other in elements[: elements.index(item)] if overlap(other.rect, item.rect)]
    if any(
        covers(other, item.rect) and isinstance(other.element, Box) and black_share(other.element) for other in below
    ):
        return  # what is left white there is what shows
    if art.tone.seen and _prints_nothing(template, item, art.tone.dark, below, printer):
        findings.error(
            DesignFindingKind.PRINTS_WHITE,
            item.index,
            phrase(
                "nothing of {file} would be printed by {printer}, which prints black dots only",
                file=art.file,
                printer=printer.name,
            ),
            way_out,
        )
    elif element.dither == "threshold" and art.tone.lost > MOST_LOST:
        findings.warning(
            DesignFindingKind.PRINTS_WHITE,
            item.index,
            phrase(
                "{share:.0%} of what {file} paints is left white by {printer}, which prints black dots only",
                share=art.tone.lost,
                file=art.file,
                printer=printer.name,
            ),
            way_out,
        )


def _prints_nothing(
    template: LoadedTemplate, item: PlacedElement, dark: float, below: Sequence[PlacedElement], printer: Printer
) -> bool:
    """Whether no dot would be otherwise without the artwork. Over what changes from label to label it is believed to
    show."""
    if dark > _SURELY_DARK or any(other.element.when or not isinstance(other.element, (Box, Image)) for other in below):
        return False
    before, after = (
        PaintedGround(template, printer, item.rect, every_dot=True).paint(part) for part in (below, [*below, item])
    )
    return not after.differs(before)


def check_picture(template: LoadedTemplate, item: PlacedElement, element: Image, findings: DesignFindings) -> None:
    """Warn of artwork that paints nothing, of an SVG that is kept as pixels, and of a picture that is coarse at its
    printed size."""
    art = next(art for art in template.artwork if art.file == element.file)
    if art.is_blank:
        findings.warning(
            DesignFindingKind.BLANK_ARTWORK,
            item.index,
            phrase("{file} paints nothing", file=art.file),
            phrase("Look at the file: it is empty, or what it draws is hidden or outside of its page."),
        )
        return
    if art.note:
        findings.warning(
            DesignFindingKind.SVG_AS_PIXELS,
            item.index,
            phrase(
                "{file} prints as pixels, because vectors would not show it as it is drawn: {element}",
                file=art.file,
                element=art.note,
            ),
            phrase("It prints as it should. Without that element it stays vector."),
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
            phrase(
                "{file} has {width:g} x {height:g} pixels, {ppi:.0f} per inch at its printed size",
                file=art.file,
                width=art.width,
                height=art.height,
                ppi=ppi,
            ),
            phrase("Use one of at least {ppi} pixels per inch, better 300, or an SVG.", ppi=MIN_PPI),
        )
