"""The parts of which a code consists: its modules, the long guard bars of a retail code, the bearer bars of a carton's.

Each part is a matrix with a plan of its own, in whole dots, so whoever draws symbols draws parts. Parts may lie on one
another: long guard bars are drawn over the others' whole height, so that no seam shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.barcodes import guard_bars
from bss_mfg.label.layout.geometry import turned_within
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.symbol_elements import EanUpc, Itf14, TextCode
from bss_mfg.model import Rect
from bss_mfg.symbol import Matrix, matrix_from_drawing

GUARD_MODULES = 5
"""How far guard bars reach below the others (GS1 General Specifications, 5.2.3.2)."""
BEARER_MODULES = 2
"""Thickness of the bearer bars of an ITF-14: at least twice a narrow bar (GS1 General Specifications, 5.3.2.4)."""
_DARK = matrix_from_drawing(["1"])


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text as modules, before rotation, with the modules that stay free before and after a row."""

    text: str
    matrix: Matrix
    quiet_zone: int
    quiet_after: int


def draw_code(
    element: TextCode, encoded: EncodedText, plan: SymbolPlan, printer: Printer
) -> list[tuple[SymbolPlan, Matrix]]:
    """A code's parts, turned as they are printed: its modules first."""
    matrix = encoded.matrix
    parts = [(plan, matrix.turned(element.rotate))]
    if isinstance(element, EanUpc) and element.has_digits_between_guards:
        bars = _Bars.of(plan, element.rotate, printer)
        longer = bars.height + bars.modules_down(GUARD_MODULES)
        guards = guard_bars(matrix, len(encoded.text))
        parts.append(bars.part(guards, Rect(0, 0, matrix.columns * bars.module, longer)))
    elif isinstance(element, Itf14) and element.bearer != "none":
        bars = _Bars.of(plan, element.rotate, printer)
        width, thick, high = (
            matrix.columns * bars.module,
            BEARER_MODULES * bars.module,
            bars.modules_down(BEARER_MODULES),
        )
        tops = (0, bars.height - high)
        if element.bearer == "bars":
            parts += [bars.part(_DARK, Rect(0, top, width, high)) for top in tops]
        else:
            quiet = encoded.quiet_zone * bars.module  # the frame's own sides are part of it
            parts += [bars.part(_DARK, Rect(-quiet, top, width + 2 * quiet, high)) for top in tops]
            sides = (-quiet, width + quiet - thick)
            parts += [bars.part(_DARK, Rect(left, 0, thick, bars.height)) for left in sides]
    return parts


@dataclass(frozen=True, slots=True)
class _Bars:
    """Bars as they are planned, before rotation, in dots: the width of a module and the bars' height."""

    plan: SymbolPlan
    rotate: int
    module: int
    height: int
    down_per_along: float

    @classmethod
    def of(cls, plan: SymbolPlan, rotate: int, printer: Printer) -> _Bars:
        density_x, density_y = printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y
        if rotate in (90, 270):
            return cls(plan, rotate, plan.module_dots_y, plan.module_dots_x, density_x / density_y)
        return cls(plan, rotate, plan.module_dots_x, plan.module_dots_y, density_y / density_x)

    def modules_down(self, modules: int) -> int:
        """So many modules along the height of the bars, in whole dots."""
        return round(modules * self.module * self.down_per_along)

    def part(self, matrix: Matrix, rect: Rect) -> tuple[SymbolPlan, Matrix]:
        """A matrix that fills a rectangle, measured in dots from the bars' top left corner before rotation."""
        plan, turned = self.plan, matrix.turned(self.rotate)
        whole = Rect(0, 0, plan.columns * plan.module_dots_x, plan.rows * plan.module_dots_y)
        left, top, width, height = map(int, turned_within(whole, self.rotate, rect))
        return (
            SymbolPlan(
                turned.columns,
                turned.rows,
                width // turned.columns,
                height // turned.rows,
                plan.quiet_zone,
                tuple((x + left, y + top) for x, y in plan.origins),
            ),
            turned,
        )
