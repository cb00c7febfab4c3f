"""Packages that are in no ledger, for looking before anything is issued: the longest and the shortest that can come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bss_mfg.label.layout.checks import Issues
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker
from bss_mfg.label.layout.page_layout import Layout, lay_out
from bss_mfg.label.layout.texts import check_text
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.template import carries_payload
from bss_mfg.model import Batch, Package


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose labels are looked at: a batch that need not exist, and its packages by the name of their case. An example
    is looked at as `bars` by a template that has a Code 128 instead of a Data Matrix."""

    title: str
    batch: Batch
    modules: int
    payload: int
    cases: Mapping[str, Package]
    bars: Subject | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A subject laid out on a printer: the layout, the rows of its cases, and all that was found."""

    subject: Subject
    layout: Layout
    rows: Mapping[str, LabelRow]
    issues: Issues


def look(loaded: LoadedTemplate, printer: Printer, subject: Subject) -> Looked:
    """Lay the subject's cases out and collect everything that is wrong, instead of stopping at the first."""
    issues = Issues(loaded)
    if subject.bars and any(map(carries_payload, loaded.template.element)):
        subject = subject.bars
    batch = subject.batch
    layout = lay_out(loaded, printer, subject.modules, batch.stage, batch.units_per_package, issues)
    maker = RowMaker(layout, batch, (1, "0123456789abcdef" * 4))
    layout = maker.layout
    rows = {name: maker.row_of(package) for name, package in subject.cases.items()}
    for plan, text in layout.fixed_texts:
        check_text(loaded, plan, text, issues)
    for row in rows.values():
        wrong = {issue.element for issue in issues.found}  # the longest case speaks for the other one
        for (_, spot), said in zip(layout.texts, row.texts, strict=True):
            if said and (spot.element not in wrong or row is rows["longest"]):
                check_text(loaded, spot, said, issues)
        for code, said in zip(layout.codes, row.codes, strict=True):
            if said:
                layout.try_fit(code, said, issues)
    return Looked(subject, layout, rows, issues)
