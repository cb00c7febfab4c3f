"""The symbols of one label: their modules, and how they are drawn."""

from __future__ import annotations

from bss_mfg.label.layout.drawing_order import Drawable
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.symbol import Matrix, data_matrix


def symbols_of(layout: PageLayout, row: LabelRow) -> list[tuple[SymbolPlan, Matrix]]:
    """A label's symbols with their plans, turned as they are printed, in the order of the template."""
    return [symbol for item in layout.drawables if item.is_symbol for symbol in symbol_parts(layout, row, item)]


def symbol_parts(layout: PageLayout, row: LabelRow, item: Drawable) -> list[tuple[SymbolPlan, Matrix]]:
    """One symbol of a label, in one or more parts; nothing where it isn't on this one."""
    if item.kind == "symbol":
        plan = layout.symbol
        return [(plan, data_matrix(row.payload.encode("ascii"), plan.columns))] if plan else []
    text = row.codes[item.number]
    return layout.draw_code(layout.codes[item.number], text) if text else []
