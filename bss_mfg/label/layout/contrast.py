"""The contrast of a symbol on what lies under it: at a scanner's 660 nm, and for the white light of a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.layout.panels import black_share, covers, name_of
from bss_mfg.label.template.colours import parse_colour
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box

PRINTED_BLACK = 0.0144
"""What printed black reflects: less than that no print has."""
LEAST, GRADE_4 = 0.40, 0.70
"""Symbol contrast below which a symbol is refused, and from which on it is graded 4 (ISO/IEC 15415, 7.8.3)."""


def reflectance(color: str) -> float:
    """How light a colour is for the eye and for printers of black dots: 0 black to 1 white."""
    return parse_colour(color).luminance


@dataclass(frozen=True, slots=True)
class SymbolContrast:
    """Expected symbol contrast, 0 to 1: seen in red light (660 nm) by scanners, in white light by telephones."""

    red: float
    white: float
    ground: str
    """The colour under the symbol, as the template has it."""
    ink: str
    panel: PlacedElement | None = None
    """The filled box under it; None where it lies on the stock."""


def symbol_contrast(
    template: LoadedTemplate, symbol: PlacedElement, elements: Sequence[PlacedElement], printer: Printer
) -> SymbolContrast:
    """The least contrast of a symbol on the stock or the filled boxes under it, whichever conditions hold (ISO/IEC
    15415, 7.8.3), as the printer prints both."""
    panels: list[PlacedElement | None] = [None]
    for item in elements:
        if item.index >= symbol.index:
            break
        if covers(item, symbol.rect):
            panels = [*(panels if item.element.when else []), item]
    stock = template.definition.media.stock
    ink = str(getattr(symbol.element, "color", "#000000")) if printer.language == "pdf" else "#000000"
    dark = parse_colour(ink)
    seen = []
    for panel in panels:
        red, white = _reflectances(stock, panel, printer)
        ground = panel.element.color if panel and isinstance(panel.element, Box) else stock
        seen.append(
            SymbolContrast(
                red - max(dark.red_reflectance, PRINTED_BLACK),
                white - max(dark.luminance, PRINTED_BLACK),
                ground,
                ink,
                panel,
            )
        )
    return min(seen, key=lambda one: one.red)


def _reflectances(stock: str, panel: PlacedElement | None, printer: Printer) -> tuple[float, float]:
    """What the ground under a symbol reflects in red and in white light. A printer of black dots leaves its stock as it
    is, or prints black on it, wholly or on a share of the dots."""
    paper = parse_colour(stock)
    if panel is None or not isinstance(panel.element, Box):
        return paper.red_reflectance, paper.luminance
    if printer.language == "pdf":
        ground = parse_colour(panel.element.color)
        return ground.red_reflectance, ground.luminance
    black = black_share(panel.element)
    return (
        (1 - black) * paper.red_reflectance + black * PRINTED_BLACK,
        (1 - black) * paper.luminance + black * PRINTED_BLACK,
    )


def contrast(
    template: LoadedTemplate, symbol: PlacedElement, elements: Sequence[PlacedElement], printer: Printer
) -> float:
    """Expected symbol contrast at 660 nm, 0 to 1; never below 0."""
    return max(symbol_contrast(template, symbol, elements, printer).red, 0.0)


def check_contrast(
    template: LoadedTemplate,
    symbol: PlacedElement,
    elements: Sequence[PlacedElement],
    printer: Printer,
    findings: DesignFindings,
) -> None:
    """Refuse a symbol that red light can't tell from its ground; warn where its contrast can't be graded 4, or where a
    telephone would see too little of it."""
    expected = symbol_contrast(template, symbol, elements, printer)
    where = _ground_words(expected, printer)
    share = max(expected.red, 0.0)
    ink = parse_colour(expected.ink)
    if expected.red < LEAST and ink.red_reflectance > 0.3:
        way_out = phrase("Red, orange and yellow inks are as light as paper to a scanner: print the symbol black.")
    else:
        way_out = _lighter_ground(expected, printer, in_red=True)
    if expected.red < LEAST:
        findings.error(
            DesignFindingKind.LOW_CONTRAST,
            symbol.index,
            phrase(
                "the symbol contrast would be about {share:.0%} {where} in a scanner's red light (660 nm); at least "
                "40 % is needed",
                share=share,
                where=where,
            ),
            way_out,
        )
    elif expected.red < GRADE_4:
        findings.warning(
            DesignFindingKind.LOW_CONTRAST,
            symbol.index,
            phrase(
                "the symbol contrast would be about {share:.0%} {where} in a scanner's red light (660 nm); grade 4 "
                "needs 70 %",
                share=share,
                where=where,
            ),
            way_out,
        )
    elif expected.white < LEAST:
        findings.warning(
            DesignFindingKind.LOW_CONTRAST,
            symbol.index,
            phrase(
                "a scanner sees the symbol {where} well, but in white light its contrast would be about {share:.0%}: "
                "telephones may not read it",
                where=where,
                share=max(expected.white, 0.0),
            ),
            _lighter_ground(expected, printer),
        )


def _ground_words(expected: SymbolContrast, printer: Printer) -> Phrase:
    ground = expected.ground
    if expected.panel is None:
        where = phrase("on {ground}", ground=ground)
    else:
        name = name_of(expected.panel)
        dithered = isinstance(expected.panel.element, Box) and expected.panel.element.dither == "ordered"
        where = (
            phrase("on the box {name} ({ground} as a pattern of black dots)", name=name, ground=ground)
            if dithered and printer.language != "pdf"
            else phrase("on the box {name} ({ground})", name=name, ground=ground)
        )
    return phrase("{where} in {ink}", where=where, ink=expected.ink) if expected.ink != "#000000" else where


def _lighter_ground(expected: SymbolContrast, printer: Printer, *, in_red: bool = False) -> Phrase:
    """What to do about a dark ground."""
    if expected.panel is None:
        if in_red:
            return phrase("Use a lighter stock, as red light sees it, or put a white filled box under the symbol.")
        return phrase("Use a lighter stock or put a white filled box under the symbol.")
    name, when = name_of(expected.panel), expected.panel.element.when
    if printer.language != "pdf":
        way_out = phrase("Make the box {name} white: a printer of black dots has no greys.", name=name)
    elif in_red:
        way_out = phrase("Make the box {name} lighter, as red light sees it, or white.", name=name)
    else:
        way_out = phrase("Make the box {name} lighter or white.", name=name)
    return phrase("{advice} It is drawn where {condition}.", advice=way_out, condition=when) if when else way_out
