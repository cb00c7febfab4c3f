"""The contrast of a symbol on what lies under it: at a scanner's 660 nm, and for the white light of a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, is_inside
from bss_mfg.label.template.colours import parse_colour
from bss_mfg.label.template.loading import LoadedTemplate
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


def symbol_contrast(
    template: LoadedTemplate, symbol: PlacedElement, elements: Sequence[PlacedElement]
) -> SymbolContrast:
    """The least contrast of a symbol on the stock or the filled boxes under it, whichever conditions hold (ISO/IEC
    15415, 7.8.3)."""
    grounds = [template.definition.media.stock]
    for item in elements:
        if item.index >= symbol.index:
            break
        if isinstance(item.element, Box) and item.element.fill and is_inside(symbol.rect, item.rect):
            grounds = [*(grounds if item.element.when else []), item.element.color]
    ink = str(getattr(symbol.element, "color", "#000000"))
    dark = parse_colour(ink)
    seen = [
        SymbolContrast(
            parse_colour(ground).red_reflectance - max(dark.red_reflectance, PRINTED_BLACK),
            parse_colour(ground).luminance - max(dark.luminance, PRINTED_BLACK),
            ground,
            ink,
        )
        for ground in grounds
    ]
    return min(seen, key=lambda one: one.red)


def contrast(template: LoadedTemplate, symbol: PlacedElement, elements: Sequence[PlacedElement]) -> float:
    """Expected symbol contrast at 660 nm, 0 to 1; never below 0."""
    return max(symbol_contrast(template, symbol, elements).red, 0.0)


def check_contrast(
    template: LoadedTemplate, symbol: PlacedElement, elements: Sequence[PlacedElement], findings: DesignFindings
) -> None:
    """Refuse a symbol that red light can't tell from its ground; warn where its contrast can't be graded 4, or where a
    telephone would see too little of it."""
    expected = symbol_contrast(template, symbol, elements)
    where = f"on {expected.ground}" + (f" in {expected.ink}" if expected.ink != "#000000" else "")
    share = max(expected.red, 0.0)
    ink = parse_colour(expected.ink)
    if expected.red < LEAST and ink.red_reflectance > 0.3:
        way_out = "Red, orange and yellow inks are as light as paper to a scanner: print the symbol black."
    else:
        way_out = "Use a lighter stock, as red light sees it, or put a white filled box under the symbol."
    if expected.red < LEAST:
        findings.error(
            DesignFindingKind.LOW_CONTRAST,
            symbol.index,
            f"the symbol contrast would be about {share:.0%} {where} in a scanner's red light (660 nm); at least 40 % "
            "is needed",
            way_out,
        )
    elif expected.red < GRADE_4:
        findings.warning(
            DesignFindingKind.LOW_CONTRAST,
            symbol.index,
            f"the symbol contrast would be about {share:.0%} {where} in a scanner's red light (660 nm); grade 4 needs "
            "70 %",
            way_out,
        )
    elif expected.white < LEAST:
        findings.warning(
            DesignFindingKind.LOW_CONTRAST,
            symbol.index,
            f"a scanner sees the symbol {where} well, but in white light its contrast would be about "
            f"{max(expected.white, 0.0):.0%}: telephones may not read it",
            "Use a lighter stock, or put a white filled box under the symbol.",
        )
