"""The symbols of one label: their modules, and how they are drawn."""

from __future__ import annotations

from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.symbol import Matrix, data_matrix


def symbols_of(layout: PageLayout, row: LabelRow) -> list[tuple[SymbolPlan, Matrix]]:
    """A label's symbols with their plans, turned as they are printed: the Data Matrix, then the codes."""
    symbols: list[tuple[SymbolPlan, Matrix]] = []
    if layout.symbol:
        symbols.append((layout.symbol, data_matrix(row.payload.encode("ascii"), layout.symbol.columns)))
    for text, code in zip(row.codes, layout.codes, strict=True):
        if text:
            symbols += layout.draw_code(code, text)
    return symbols
