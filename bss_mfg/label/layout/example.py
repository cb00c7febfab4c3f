"""Packages that are in no ledger, for looking before anything is issued: the longest and the shortest that can come."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from bss_mfg.label.layout.checks import Issues
from bss_mfg.label.layout.layout import Layout, lay_out, symbol_size
from bss_mfg.label.layout.rows import LabelRow, RowMaker
from bss_mfg.label.layout.texts import check_text
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.template import carries_payload
from bss_mfg.model import Batch, Package, Unit
from bss_mfg.payload.build import longest_example
from bss_mfg.payload.spec import SpecFile


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


def of_product(
    name: str, facts: Mapping[str, str], spec: SpecFile, key_bits: int, units: int, oob_bytes: int,
    serials: tuple[str, str], stage: str, today: str,
) -> Subject:  # fmt: skip
    """A product's longest and shortest packages. `serials`: the shortest and the longest that its pattern makes."""
    longest = longest_example(spec.spec, facts, key_bits, units, oob_bytes)
    short, long = serials
    if spec.spec.bare:
        # Bars grow with each character: those of the product's own serials, not of the longest that may be.
        longest, size = long if spec.spec.field[0].source == "unit.serial" else longest, 0
    else:
        size = symbol_size(spec.spec, facts, key_bits, units, oob_bytes)
    batch = Batch(
        f"{name}-00000001"[:40], name, "production" if stage == "production" else "development", 10_000 * units, 10_000,
        units, today, spec.spec.name, spec.text, spec.spec.suite, "0" * 64, "", dict(facts), len(longest),
    )  # fmt: skip
    cases = {
        "longest": Package(10_000, longest, _units(units, long, 10_000)),
        "shortest": Package(1, _lighter(longest), _units(units, short, 1)),
    }
    return Subject(f"product {name}", batch, size, len(longest), cases)


def of_batch(batch: Batch, first: Package, last: Package, modules: int) -> Subject:
    """A batch's own packages: the one with the longest serials, and the first."""
    longest, shortest = sorted((last, first), key=lambda package: -len(package.serials_text))
    return Subject(
        f"batch {batch.id}", batch, modules, batch.longest_payload, {"longest": longest, "shortest": shortest}
    )


def _units(count: int, serial: str, package: int) -> tuple[Unit, ...]:
    first = (package - 1) * count + 1
    return tuple(
        Unit(first + number, serial, uuid.UUID(int=0xA1B2C3D4E5F64A7B8C9DA1B2C3D4E5F6 - number), "C47C8D6A1025")
        for number in range(count)
    )


def _lighter(payload: str) -> str:
    """A string of the same kind that packs better: the values' letters become digits."""
    head, separator, tail = payload.partition("PID:")
    return head + separator + "".join("1" if mark.isalpha() and mark not in "ABCDEFG" else mark for mark in tail)


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
