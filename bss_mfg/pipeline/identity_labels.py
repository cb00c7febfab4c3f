"""The labels that the units of an identities file will have, checked before any of them is issued."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from bss_mfg.errors import InputError
from bss_mfg.label.layout.design_check import Example, check_design
from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.label_rows import RowMaker
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.row_checks import RowChecker
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.model import Identity, Package, Unit

_DIGIT, _CAPITAL, _SMALL = re.compile("[0-9]"), re.compile("[A-Z]"), re.compile("[a-z]")


def refuse_unprintable_labels(
    layout: PageLayout, example: Example, identities: Iterable[Identity], *, bare: bool
) -> tuple[Package, Package]:
    """Refuse the first label that would not print, with its serials; else the first and the last package. `bare`: the
    packages' barcode holds the serial alone.

    What is not known before issue stands in with its example: keys, and the UUIDs that the file doesn't bring.
    """
    findings = DesignFindings(layout.template)
    maker = RowMaker(layout, example.batch)
    checker = RowChecker(maker.layout, findings)
    seen: set[tuple[str, ...]] = set()
    ends: list[Package] = []
    for package in _packages(example, identities, bare):
        ends = [ends[0] if ends else package, package]
        row = maker.row_of(package)
        # Codes take their time: those of the same make are as large as each other.
        make = tuple(_make(text) for text in row.codes if text)
        checker.check(replace(row, codes=tuple(None for _ in row.codes)) if make in seen else row)
        seen.add(make)
        _refuse(findings, package)
    return ends[0], ends[-1]


def refuse_unfit_traveller(
    template: LoadedTemplate, printer: Printer, example: Example, ends: tuple[Package, Package]
) -> None:
    """Refuse a batch page that can't show the first or the last package."""
    cases = {"longest": ends[1], "shortest": ends[0]}
    _refuse(check_design(template, printer, replace(example, cases=cases)).findings, ends[1])


def _refuse(findings: DesignFindings, package: Package) -> None:
    try:
        findings.refuse()
    except InputError as error:
        raise InputError(
            error.what,
            where=error.location,
            problems=[f"on the label of {package.serials_text[:200]}", *error.problems],
            way_out=f"{error.way_out} Nothing was issued.",
        ) from None


def _packages(example: Example, identities: Iterable[Identity], bare: bool) -> Iterator[Package]:
    """The packages that will be issued, as far as they are known."""
    longest, size = example.cases["longest"], example.batch.units_per_package
    stand_in = longest.units[0]
    rest = iter(identities)
    number = 0
    while some := tuple(islice(rest, size)):
        units = tuple(
            Unit(number * size + at, one.serial, one.uuid or stand_in.uuid, one.mac) for at, one in enumerate(some, 1)
        )
        number += 1
        yield Package(number, units[0].serial if bare else longest.payload, units)


def _make(text: str) -> str:
    """A text with one digit, capital and small letter for all."""
    return _SMALL.sub("a", _CAPITAL.sub("A", _DIGIT.sub("0", text)))
