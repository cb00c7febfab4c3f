"""What a scanner sees of colours: reflectance, and the contrast of a symbol on its ground."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, is_inside
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.shape_elements import Box


def reflectance(color: str) -> float:
    """Relative luminance of an sRGB colour, 0 black to 1 white (IEC 61966-2-1): what red-light scanners see differs."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(template: LoadedTemplate, symbol: PlacedElement, elements: Sequence[PlacedElement]) -> float:
    """Expected symbol contrast of black modules on what lies under them, 0 to 1 (ISO/IEC 15415, 7.8.2)."""
    colour = template.definition.media.stock
    for item in elements:
        if item.index >= symbol.index:
            break  # drawn over the symbol, not under it
        if isinstance(item.element, Box) and item.element.fill and is_inside(symbol.rect, item.rect):
            colour = item.element.color
    return reflectance(colour) - reflectance("#202020")


def check_contrast(
    template: LoadedTemplate, symbol: PlacedElement, elements: Sequence[PlacedElement], findings: DesignFindings
) -> None:
    """Refuse a symbol on dark ground, warn where its contrast can't be graded 4."""
    expected = contrast(template, symbol, elements)
    way_out = "Use a lighter stock, or put a white filled box under the symbol."
    if expected < 0.40:
        findings.error(
            DesignFindingKind.LOW_CONTRAST,
            symbol.index,
            f"the symbol contrast would be about {expected:.0%}; at least 40 % is needed",
            way_out,
        )
    elif expected < 0.70:
        findings.warning(
            DesignFindingKind.LOW_CONTRAST,
            symbol.index,
            f"the symbol contrast would be about {expected:.0%}; grade 4 needs 70 %",
            way_out,
        )
