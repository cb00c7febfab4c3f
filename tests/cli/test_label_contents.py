"""Texts and codes of printed labels, compared with what was to be there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.verify.finding_rows import finding_row
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import CONTENT_SHEET, Press, ScanModel, with_code, with_text

SCAN = ScanModel()


@pytest.fixture(scope="module")
def sheet(new_factory: Callable[[], Factory]) -> Factory:
    """Four packages on a sheet with texts, a QR Code, a Code 128 and a UPC-A."""
    factory = new_factory()
    (factory.root / "templates" / "sheet.toml").write_text(CONTENT_SHEET)
    factory.add(oob_bytes=16)
    factory.issue(4)
    factory.label(template="sheet")
    return factory


def scanned(
    factory: Factory, to: Path, change: Callable[[int, LabelRow], LabelRow] = lambda _, row: row, **model: Any
) -> Path:
    return replace(SCAN, **model).save(Press.of(factory).page(change=change), 300, to, seed=3)


def found(factory: Factory, file: Path) -> dict[int, list[tuple[str, str]]]:
    """By package in what its label is wrong, with what is seen there."""
    options = VerifyOptions(partial=True, labels=WorkspaceLabels(factory.root))
    with factory.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("B1"), [file], options)
        rows = [finding_row(item) for item in outcome.findings]
    assert not outcome.troubles
    assert {row["verdict"] for row in rows} <= {"matched", "content"}
    wrong = {row["package"]: [(item["fault"], item["seen"]) for item in row["content"]] for row in rows}
    return {package: faults for package, faults in wrong.items() if faults}


def test_labels_that_say_what_they_should_match(sheet: Factory, tmp_path: Path) -> None:
    assert found(sheet, scanned(sheet, tmp_path / "right.png")) == {}


@pytest.mark.parametrize(
    ("change", "fault", "seen"),
    [
        (lambda row: with_code(row, 0, "ebK300000099"), "wrong code", "ebK300000099"),
        (lambda row: with_code(row, 1, "ebK300000001X"), "wrong code", "ebK300000001X"),
        (lambda row: with_code(row, 1, None), "missing code", ""),
        (lambda row: with_text(row, "ebK300000002", "ebK300000O02"), "wrong text", "ebK300000O02"),
        (lambda row: with_text(row, "ebK300000002", "ebK300000020"), "wrong text", "ebK300000020"),
        (lambda row: with_text(row, "ebK300000002", None), "missing text", ""),
        (lambda row: with_text(row, "Package 2", "Package 3"), "wrong text", "Package 3"),
    ],
)
def test_a_label_that_says_something_else_is_found(
    sheet: Factory, tmp_path: Path, change: Callable[[LabelRow], LabelRow], fault: str, seen: str
) -> None:
    file = scanned(sheet, tmp_path / "wrong.png", lambda package, row: change(row) if package == 2 else row)
    assert found(sheet, file) == {2: [(fault, seen)]}


def test_the_command_names_what_is_wrong(sheet: Factory, tmp_path: Path) -> None:
    serial = "ebK300000002"
    file = scanned(
        sheet, tmp_path / "wrong.png", lambda number, row: with_code(row, 1, "ebK3X") if number == 2 else row
    )
    outcome = sheet.cli("verify", "B1", file, "--jobs", 1)
    assert outcome.code == 1
    assert f"CONTENT: {serial}: the Code 128 says 'ebK3X', not '{serial}'" in outcome.out


def test_a_changed_template_is_no_false_alarm(sheet: Factory, tmp_path: Path) -> None:
    factory = sheet.copied(tmp_path / "w")
    file = scanned(factory, tmp_path / "right.png")
    (factory.root / "templates" / "sheet.toml").write_text(CONTENT_SHEET.replace("size = 7", "size = 9"))
    # The text of the template as it was is in the ledger.
    assert found(factory, file) == {}
