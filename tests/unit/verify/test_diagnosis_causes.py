"""A diagnosis has a cause; its words are for people alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause, DiagnosisKind, diagnose, known_specs
from bss_mfg.verify.scanned import ScannerMarks, WedgeLine
from bss_mfg.verify.scanned import strip_scanner_marks as strip
from tests.helpers.factory import Factory
from tests.helpers.windows_keyboards import type_on


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    """Two batches; of the first one unit is scrapped, and one is replaced."""
    found = new_factory()
    found.add(oob_bytes=16)
    for batch in ("A", "B"):
        found.issue(3, batch)
    return found


def payload(factory: Factory, batch: str, number: int) -> str:
    with factory.ledger() as ledger:
        return ledger.packages.get(batch, number).payload


def cause(factory: Factory, text: str) -> tuple[DiagnosisCause, DiagnosisKind]:
    with factory.ledger() as ledger:
        found = diagnose(WedgeLine(text), "A", ledger, known_specs(ledger))
    return found.cause, found.kind


@pytest.mark.parametrize(
    ("change", "wanted", "kind"),
    [
        (lambda text: text, DiagnosisCause.ISSUED, "match"),
        (lambda text: f"]d2{text}", DiagnosisCause.GS1_SYMBOL, "mismatched"),
        (lambda text: f"{text}\x1d", DiagnosisCause.GS1_SEPARATORS, "mismatched"),
        (str.swapcase, DiagnosisCause.CAPS_LOCK, "mismatched"),
        (lambda text: type_on(text, "de"), DiagnosisCause.KEYBOARD_LAYOUT, "mismatched"),
        (lambda text: text[:60], DiagnosisCause.CUT_OFF, "mismatched"),
        (lambda text: text.replace(";", ";x", 1), DiagnosisCause.UNIT_OF_BATCH, "mismatched"),
        (lambda text: "4006381333931", DiagnosisCause.OTHER_FAMILY, "foreign"),
    ],
)
def test_each_cause_is_told_apart(
    factory: Factory, change: Callable[[str], str], wanted: DiagnosisCause, kind: str
) -> None:
    assert cause(factory, change(payload(factory, "A", 1))) == (wanted, kind)


def test_another_batchs_label_is_foreign(factory: Factory) -> None:
    text = payload(factory, "B", 1)
    assert cause(factory, text) == (DiagnosisCause.OTHER_BATCH, "foreign")
    assert cause(factory, text.replace(";", ";x", 1)) == (DiagnosisCause.UNIT_OF_OTHER_BATCH, "foreign")


def test_a_replaced_units_old_label_is_superseded_and_a_scrapped_ones_is_not(factory: Factory) -> None:
    with factory.ledger() as ledger:
        serials = [ledger.packages.get("A", number).units[0].serial for number in (2, 3)]
    old, scrapped = payload(factory, "A", 2), payload(factory, "A", 3)
    done = factory.cli("scrap", "A", *serials, "--reason", "dropped")
    assert done.code == 0, done.err
    done = factory.cli("replace", "A", serials[0], "--reason", "dead")
    assert done.code == 0, done.err
    assert cause(factory, scrapped) == (DiagnosisCause.SCRAPPED_UNIT, "scrapped")
    assert cause(factory, old) == (DiagnosisCause.SUPERSEDED, "scrapped")


def test_a_kind_follows_from_its_cause() -> None:
    assert {Diagnosis(one).kind for one in DiagnosisCause} == set(DiagnosisKind)
    assert [one for one in DiagnosisCause if Diagnosis(one).matches] == [DiagnosisCause.ISSUED]


@pytest.mark.parametrize(
    ("text", "marks", "words"),
    [
        ("abc", ScannerMarks(), ""),
        ("]d1abc", ScannerMarks("]d1"), "AIM prefix ]d1"),
        ("abc\r\n", ScannerMarks("", True), "end-of-line"),
        ("]C0abc\t", ScannerMarks("]C0", True), "AIM prefix ]C0, end-of-line"),
    ],
)
def test_what_a_scanner_adds_is_a_record(text: str, marks: ScannerMarks, words: str) -> None:
    assert strip(text) == ("abc", marks)
    assert marks.description == words
    assert bool(marks) is bool(words)
    assert marks.is_code128 is text.startswith("]C")
