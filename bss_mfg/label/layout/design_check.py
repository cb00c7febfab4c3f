"""A template checked on a printer before anything is issued, with the longest and the shortest package there can be."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from bss_mfg.core.inches import small_label_hint
from bss_mfg.core.languages import phrase
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.ink_overlaps import check_ink_overlaps
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker, note_unknown_fields, unknown_fields
from bss_mfg.label.layout.page_layout import PageLayout, lay_out
from bss_mfg.label.layout.row_checks import RowChecker
from bss_mfg.label.layout.sscc_checks import check_sscc
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.symbol_elements import carries_payload
from bss_mfg.ledger.history_state import HistoryState
from bss_mfg.model import Batch, Package


@dataclass(frozen=True, slots=True)
class Example:
    """Whose labels are drawn: a batch that need not exist, and its packages by the name of their case (longest,
    shortest). `bars_example` takes its place on a template that has a Code 128 instead of a Data Matrix."""

    title: str
    batch: Batch
    modules: int
    longest_payload: int
    cases: Mapping[str, Package]
    bars_example: Example | None = None
    batch_fields: frozenset[str] | None = None
    """The facts of the batch that are given at issue; None where that isn't known."""
    invents_fields: bool = False
    """Whether it has every field of the factory's own that a template asks for: there is no product that says which."""


_EXAMPLE_HISTORY = HistoryState(1_042, "0123456789abcdef" * 4, 1_040, "c2lnbmVkIGNoZWNrcG9pbnRzIG9mIGEgaGlzdG9yeSE=")
"""What an example shows of the history."""


@dataclass(frozen=True, slots=True)
class CheckedDesign:
    """An example laid out on a printer: the layout, the rows of its cases, and all findings."""

    example: Example
    layout: PageLayout
    rows: Mapping[str, LabelRow]
    findings: DesignFindings


def check_design(template: LoadedTemplate, printer: Printer, example: Example) -> CheckedDesign:
    """Lay the example's cases out and collect everything that is wrong, instead of stopping at the first."""
    findings = DesignFindings(template)
    if example.bars_example and any(map(carries_payload, template.definition.element)):
        example = example.bars_example
    batch = example.batch
    layout = lay_out(template, printer, example.modules, batch.stage, batch.units_per_package, findings)
    if not example.invents_fields:
        note_unknown_fields(layout, batch.facts, findings)
    # Whether it is a mistake or an example: the name stands for the value, so that all else can be looked at.
    invented = {name: name.rpartition(".")[2].upper() for _, name in unknown_fields(layout, batch.facts)}
    maker = RowMaker(layout, replace(batch, facts={**batch.facts, **invented}), _EXAMPLE_HISTORY)
    layout = maker.layout
    rows = {name: maker.row_of(package) for name, package in example.cases.items()}
    checker = RowChecker(layout, findings)
    checker.check_fixed_texts()
    for name, row in rows.items():
        # Where the longest case's text is wrong, the other's would only say so again.
        wrong: Set[int | None] = {finding.element_index for finding in findings.items}
        checker.check(row, skip_texts_of=frozenset() if name == "longest" else wrong)
        checker.check_other_conditions(row)
    for row in rows.values():
        check_ink_overlaps(layout, row, findings)
    check_sscc(template, example.batch_fields, findings)
    _check_small(template, findings)
    return CheckedDesign(example, layout, rows, findings)


def _check_small(template: LoadedTemplate, findings: DesignFindings) -> None:
    """Who gave inches gets a label on which nothing has room."""
    media = template.definition.media
    hint = small_label_hint(media.label_width, media.label_height)
    if hint and findings.errors:
        what = phrase("the label is only {width:g} x {height:g} mm", width=media.label_width, height=media.label_height)
        findings.warning(DesignFindingKind.TINY_LABEL, None, what, hint)
