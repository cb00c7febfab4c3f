"""What stands where another text should is named by Tesseract, which nobody here wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.imaging import text_ocr
from bss_mfg.imaging.label_content import ContentFinding
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import Press, ScanModel, issue_content_sheet, with_text
from tests.needs import needs

pytestmark = needs("tesseract")


@pytest.fixture(scope="module")
def sheet(new_factory: Callable[[], Factory]) -> Factory:
    return issue_content_sheet(new_factory())


def wrong_texts(factory: Factory, folder: Path, change: Callable[[LabelRow], LabelRow]) -> list[ContentFinding]:
    """What is said of package 2, whose label was changed."""
    page = Press.of(factory).page(change=lambda package, row: change(row) if package == 2 else row)
    file = ScanModel().save(page, 300, folder / "scan.png", seed=3)
    options = VerifyOptions(partial=True, labels=WorkspaceLabels(factory.root))
    with factory.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("B1"), [file], options)
        return [fault for item in outcome.findings for fault in item.content if item.package == 2]


@pytest.mark.parametrize("said", ["Desk Lamp 7", "Garden Light", "Heizung Bad"])
def test_another_text_is_named(sheet: Factory, tmp_path: Path, said: str) -> None:
    (fault,) = wrong_texts(sheet, tmp_path, lambda row: with_text(row, "Package 2", said))
    assert fault.fault == "wrong text"
    assert fault.seen == said and fault.by_ocr
    assert fault.words == f"the text 'Package 2' is not as it was drawn: {said!r} seems to stand there"


def test_what_the_characters_say_is_not_guessed(sheet: Factory, tmp_path: Path) -> None:
    """One character of the same font: its own picture says which."""
    (fault,) = wrong_texts(sheet, tmp_path, lambda row: with_text(row, "ebK300000002", "ebK300000O02"))
    assert (fault.seen, fault.by_ocr) == ("ebK300000O02", False)


def test_without_its_data_nothing_is_named_and_the_text_is_wrong_all_the_same(
    sheet: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_ocr, "_engine", lambda: None)
    (fault,) = wrong_texts(sheet, tmp_path, lambda row: with_text(row, "Package 2", "Garden Light"))
    assert fault.fault == "wrong text" and not fault.by_ocr and fault.seen != "Garden Light"


@pytest.mark.parametrize("guess", ["|— :;", "Package 2 of the neighbour's label, and its title"])
def test_a_guess_that_makes_no_sense_is_not_told(
    sheet: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guess: str
) -> None:
    """Artwork or a neighbouring text, taken for the text's own letters."""
    monkeypatch.setattr(text_ocr.TextReader, "read", lambda *_: guess)
    (fault,) = wrong_texts(sheet, tmp_path, lambda row: with_text(row, "Package 2", "Garden Light"))
    assert fault.fault == "wrong text" and not fault.by_ocr and guess not in fault.words
