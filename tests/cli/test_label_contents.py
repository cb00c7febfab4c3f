"""Texts and codes of printed labels, compared with what was to be there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.label.layout.label_rows import LabelRow
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


def found(factory: Factory, file: Path) -> tuple[int, dict[int, list[dict[str, Any]]]]:
    """The exit code, and by package in what its label is wrong."""
    outcome = factory.cli("verify", "B1", file, "--json", "--jobs", 1)
    labels = json.loads(outcome.stdout)["labels"]
    assert all(label["verdict"] in ("matched", "content") for label in labels)
    return outcome.code, {label["package"]: label["content"] for label in labels if label["content"]}


def test_labels_that_say_what_they_should_match(sheet: Factory, tmp_path: Path) -> None:
    assert found(sheet, scanned(sheet, tmp_path / "right.png")) == (0, {})


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
    code, wrong = found(sheet, file)
    assert code == 1
    assert wrong.keys() == {2}
    assert [(item["fault"], item["seen"]) for item in wrong[2]] == [(fault, seen)]


def test_a_changed_template_is_no_false_alarm(sheet: Factory, tmp_path: Path) -> None:
    factory = sheet.copied(tmp_path / "w")
    file = scanned(factory, tmp_path / "right.png")
    (factory.root / "templates" / "sheet.toml").write_text(CONTENT_SHEET.replace("size = 7", "size = 9"))
    # The text of the template as it was is in the ledger.
    assert found(factory, file) == (0, {})
