"""The digits of an EAN or UPC: each under its own bars, between the long guard bars (GS1 General Specifications,
5.2.5; ISO/IEC 15420, 4.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.codes import LIGHT_MARGINS, CodePlan, VariableSlot
from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, turned_within
from bss_mfg.label.layout.page_grid import PageGrid
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.template.expressions import CompiledText, Values
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.symbol_elements import EanUpc
from bss_mfg.model import Rect

GAP_MODULES = 1.0
"""Between the bars and the digits below them; the standard asks for half a module."""
DIGIT_MODULES = 7
"""Bars of a digit take so many modules, and so does the digit below them."""
_SMALL_DIGIT_MODULES = 4
"""Width of the first and the last digit of a UPC-A, which stand in its light margins."""
_FONT_STEPS = 20
"""Font sizes are whole twentieths of a point, as everywhere."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits that stand together: from one to another of the code, and from one module to another of the symbol."""

    first: int
    end: int
    left: int
    right: int


_GROUPS = {
    8: (_Group(0, 4, 3, 31), _Group(4, 8, 36, 64)),
    12: (
        _Group(0, 1, -9, -9 + _SMALL_DIGIT_MODULES),
        _Group(1, 6, 10, 45),
        _Group(6, 11, 50, 85),
        _Group(11, 12, 100, 100 + _SMALL_DIGIT_MODULES),
    ),
    13: (_Group(0, 1, -11, -4), _Group(1, 7, 3, 45), _Group(7, 13, 50, 92)),
}
_EXAMPLES = {8: "00000000", 12: "000000000000", 13: "0000000000000"}


@dataclass(frozen=True, slots=True)
class DigitGroup(CompiledText):
    """Some digits of a code; nothing of a code of another length."""

    length: int
    first: int
    end: int

    def fill(self, values: Values) -> str:
        """The digits of one label."""
        text = CompiledText.fill(self, values)
        return text[self.first : self.end] if len(text) == self.length else ""


def modules_below(template: LoadedTemplate, element: EanUpc) -> float:
    """What bars leave to the digits below them, in modules."""
    return GAP_MODULES + _digit_height(template, element)


def _digit_height(template: LoadedTemplate, element: EanUpc) -> float:
    """Height of a digit in modules, where it is as wide as its bars."""
    font = template.font(element.font)
    return font.cap_height * DIGIT_MODULES / font.width("0", 1)


def retail_digits(
    template: LoadedTemplate, item: PlacedElement, slot: VariableSlot, code: CodePlan, grid: PageGrid
) -> list[tuple[VariableSlot, TextPlan]]:
    """The digits of an element, for codes of every length: which one a label has is known with its text."""
    element = item.element
    assert isinstance(element, EanUpc)  # noqa: S101  (for the type checker)
    texts: list[tuple[VariableSlot, TextPlan]] = []
    turned = element.rotate in (90, 270)
    printer = grid.printer
    density = printer.scaled_dots_per_mm_y if turned else printer.scaled_dots_per_mm_x
    width_per_point = template.font(element.font).width("0", 1)
    for length, groups in _GROUPS.items():
        # Whether it fits is found with the label's own code.
        plan = code.fit(code.encode(_EXAMPLES[length]), grid, DesignFindings(template))
        module = (plan.module_dots_y if turned else plan.module_dots_x) / density
        before, after = (max(margin, element.quiet_zone) for margin in LIGHT_MARGINS[length])
        columns = plan.rows if turned else plan.columns
        left = (element.width - (before + columns + after) * module) / 2 + before * module
        for group in groups:
            each = (group.right - group.left) / (group.end - group.first)
            size = int(each * module * POINTS_PER_MM / width_per_point * _FONT_STEPS) / _FONT_STEPS
            height = template.font(element.font).cap_height * size / POINTS_PER_MM
            place = Rect(
                left + group.left * module, element.height - height, (group.right - group.left) * module, height
            )
            digits = replace(item, rect=turned_within(item.rect, element.rotate, place))
            text = DigitGroup(slot.text.source, slot.text.tokens, length, group.first, group.end)
            texts.append((replace(slot, text=text), TextPlan.digits(template, digits, element, size, place.width)))
    return texts
