"""Packages that are in no ledger, for looking before anything is issued: the longest and the shortest that can come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bss_mfg.label.layout.checks import DesignFindings
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker
from bss_mfg.label.layout.page_layout import PageLayout, lay_out
from bss_mfg.label.layout.texts import check_text
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.template import carries_payload
from bss_mfg.model import Batch, Package


@dataclass(frozen=True, slots=True)
class Example:
    """Whose labels are looked at: a batch that need not exist, and its packages by the name of their case. An example
    is looked at as `bars` by a template that has a Code 128 instead of a Data Matrix."""

    title: str
    batch: Batch
    modules: int
    longest_payload: int
    cases: Mapping[str, Package]
    bars_example: Example | None = None


@dataclass(frozen=True, slots=True)
class CheckedDesign:
    """A subject laid out on a printer: the layout, the rows of its cases, and all that was found."""

    example: Example
    layout: PageLayout
    rows: Mapping[str, LabelRow]
    findings: DesignFindings


def check_design(loaded: LoadedTemplate, printer: Printer, example: Example) -> CheckedDesign:
    """Lay the subject's cases out and collect everything that is wrong, instead of stopping at the first."""
    findings = DesignFindings(loaded)
    if example.bars_example and any(map(carries_payload, loaded.definition.element)):
        example = example.bars_example
    batch = example.batch
    layout = lay_out(loaded, printer, example.modules, batch.stage, batch.units_per_package, findings)
    maker = RowMaker(layout, batch, (1, "0123456789abcdef" * 4))
    layout = maker.layout
    rows = {name: maker.row_of(package) for name, package in example.cases.items()}
    for plan, text in layout.fixed_texts:
        check_text(loaded, plan, text, findings)
    for row in rows.values():
        wrong = {issue.element_index for issue in findings.items}  # the longest case speaks for the other one
        for (_, text_plan), text_shown in zip(layout.texts, row.texts, strict=True):
            if text_shown and (text_plan.element_index not in wrong or row is rows["longest"]):
                check_text(loaded, text_plan, text_shown, findings)
        for code, text_shown in zip(layout.codes, row.codes, strict=True):
            if text_shown:
                layout.check_code(code, text_shown, findings)
    return CheckedDesign(example, layout, rows, findings)
