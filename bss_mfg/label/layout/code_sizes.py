"""Whether bars are as large as their standard wants them where they are scanned: GS1 General Specifications, 5.2, 5.3,
5.4 and the symbol specification tables of 5.12."""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.symbol_fit import SymbolPlan, SymbolRoom
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.symbol_elements import EanUpc, Gs1128, Itf14, TextCode

_HAIR = 1e-6
_NOMINAL_RETAIL_MM = 0.33
_RETAIL_HEIGHTS = {8: 18.23, 12: 22.85, 13: 22.85}
"""Height of the bars at the nominal module, in mm, by digits (GS1 General Specifications, 5.2.3.2)."""
_ON_DEMAND_MM = 0.249
"""The smallest module that printers of whole dots may print instead of 0.264 mm (5.12.3, note to table 1)."""


@dataclass(frozen=True, slots=True)
class CodeSize:
    """What a standard wants: a module between two widths and a height, in mm, and where that counts."""

    smallest: float
    largest: float
    height: float
    where: Phrase


def standard_size(element: TextCode, text: str, module_mm: float) -> CodeSize | None:
    """What the standard of a code wants, or None where it leaves it open."""
    if isinstance(element, EanUpc) and len(text) in _RETAIL_HEIGHTS:
        height = _RETAIL_HEIGHTS[len(text)] * module_mm / _NOMINAL_RETAIL_MM
        return CodeSize(_ON_DEMAND_MM, 0.66, height, phrase("at a till"))
    if isinstance(element, Itf14):
        return CodeSize(0.495, 1.016, 31.75, phrase("on a conveyor (12.7 mm is enough for hand scanners)"))
    if isinstance(element, Gs1128):
        if text.startswith("(00)"):
            return CodeSize(0.495, 0.94, 31.75, phrase("on a pallet"))
        return CodeSize(0.17, 1.016, 12.7, phrase("by hand"))
    return None


def check_code_size(
    element: TextCode,
    text: str,
    room: SymbolRoom,
    plan: SymbolPlan,
    printer: Printer,
    findings: DesignFindings,
) -> None:
    """Warn of bars that are smaller, larger or lower than their standard wants."""
    if not room.is_linear:
        return
    densities = (printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y)
    dots = (plan.module_dots_x, plan.module_dots_y)
    if room.is_turned:
        densities, dots = densities[::-1], dots[::-1]
    module, height = dots[0] / densities[0], dots[1] / densities[1]
    wanted = standard_size(element, text, module)
    if wanted is None:
        return
    if not wanted.smallest - _HAIR <= module <= wanted.largest + _HAIR:
        size = phrase("{module:.3f} mm", module=module)
        if isinstance(element, EanUpc):
            share = module / _NOMINAL_RETAIL_MM
            size = phrase("{module:.3f} mm ({share:.0%} of the nominal size)", module=module, share=share)
        findings.warning(
            DesignFindingKind.CODE_SIZE,
            room.element_index,
            phrase(
                "the {kind} has a module of {size}; its standard wants {smallest:g} to {largest:g} mm {where}",
                kind=element.kind,
                size=size,
                smallest=wanted.smallest,
                largest=wanted.largest,
                where=wanted.where,
            ),
            phrase("Make it wider, and set x_dimension to that range.")
            if module < wanted.smallest
            else phrase("Make it narrower, and set x_dimension to that range."),
        )
    if height < wanted.height - 1 / densities[1]:
        findings.warning(
            DesignFindingKind.LOW_BARS,
            room.element_index,
            phrase(
                "the bars of the {kind} are {height:.1f} mm high; its standard wants {wanted:.1f} mm {where}",
                kind=element.kind,
                height=height,
                wanted=wanted.height,
                where=wanted.where,
            ),
            phrase("Make the element {more} mm higher, or the code narrower.", more=f"{wanted.height - height:.1f}"),
        )
