"""Texts and codes of printed labels, compared with what was to be there."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.label import expected
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.report.data_reports import csv_report
from bss_mfg.report.html_report import html_report
from bss_mfg.report.pdf_report import pdf_report
from bss_mfg.verify.finding_rows import finding_row
from bss_mfg.verify.finding_spool import FindingSpool
from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import CONTENT_SHEET, Press, ScanModel, issue_content_sheet, with_code, with_text

SCAN = ScanModel()


@pytest.fixture(scope="module")
def sheet(new_factory: Callable[[], Factory]) -> Factory:
    """Four packages on a sheet with texts, a QR Code, a Code 128 and a UPC-A."""
    return issue_content_sheet(new_factory())


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


def test_how_a_file_was_drawn_is_found_out_once_a_run(sheet: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """And anew in the next, for a template may be another one by then."""
    loaded: list[Path] = []

    def load(path: Path) -> LoadedTemplate:
        loaded.append(path)
        return load_template(path)

    monkeypatch.setattr(expected, "load_template", load)
    with sheet.ledger() as ledger:
        label_file = ledger.prints.label_files("B1")[0]
        for run in (1, 2):
            labels = WorkspaceLabels(sheet.root)
            for _ in range(3):
                drawn = labels.open(ledger).labels(label_file, [2], [1])
                assert not isinstance(drawn, str)
                assert [label.number for label in drawn.labels] == [2]
            assert len(loaded) == run


def test_labels_that_say_what_they_should_match(sheet: Factory, tmp_path: Path) -> None:
    assert found(sheet, scanned(sheet, tmp_path / "right.png")) == {}


@pytest.mark.parametrize(
    ("change", "fault", "seen"),
    [
        (lambda row: with_code(row, 0, "ebK300000099"), "wrong code", "ebK300000099"),
        (lambda row: with_code(row, 1, "ebK300000001X"), "wrong code", "ebK300000001X"),
        (lambda row: with_code(row, 1, None), "missing code", ""),
        (lambda row: with_code(row, 2, "036000291452"), "wrong code", "036000291452"),
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


@pytest.fixture(scope="module")
def wrong_scan(sheet: Factory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Package 1 without its Code 128, 2 with another's QR Code and a wrong text, 3 without its serial in letters."""

    def change(package: int, row: LabelRow) -> LabelRow:
        if package == 1:
            return with_code(row, 1, None)
        if package == 2:
            return with_text(with_code(row, 0, "ebK300000099"), "Package 2", "Package 3")
        return with_text(row, "ebK300000003", None) if package == 3 else row

    return scanned(sheet, tmp_path_factory.mktemp("wrong") / "wrong.png", change)


@pytest.fixture(scope="module")
def shown(sheet: Factory, wrong_scan: Path) -> Verification:
    options = VerifyOptions(partial=True, labels=WorkspaceLabels(sheet.root), pictures=True)
    with sheet.ledger() as ledger:
        return verify(ledger, ledger.batches.get("B1"), [wrong_scan], options)


def pixels(png: bytes | None) -> Any:
    assert png
    return np.asarray(Image.open(io.BytesIO(png)).convert("L")).astype(float)


def test_planned_and_seen_are_shown_side_by_side(shown: Verification) -> None:
    faults = {fault.fault.value: fault for item in shown.findings for fault in item.content}
    assert set(faults) == {"missing code", "wrong code", "wrong text", "missing text"}
    code, text, blank = faults["missing code"], faults["wrong text"], faults["missing text"]
    planned = Image.open(io.BytesIO(code.planned_picture or b""))
    assert [found.text for found in zxingcpp.read_barcodes(planned.convert("L"))] == ["ebK300000001"]
    assert pixels(code.seen_picture).std() < 20
    seen = Image.open(io.BytesIO(faults["wrong code"].seen_picture or b""))
    assert [found.text for found in zxingcpp.read_barcodes(seen.convert("L"))] == ["ebK300000099"]
    assert faults["wrong code"].planned_picture is None, "the drawing is of another label"
    here, there = pixels(text.planned_picture), pixels(text.seen_picture)
    assert here.shape == there.shape, "in the same scale"
    likeness = np.corrcoef(here.ravel(), there.ravel())[0, 1]
    assert 0.6 < likeness < 0.99, "alike but for one character"
    assert pixels(blank.planned_picture).min() < 60
    assert pixels(blank.seen_picture).std() < 20


def test_pictures_are_cut_for_faults_of_reports_alone(sheet: Factory, wrong_scan: Path, shown: Verification) -> None:
    options = VerifyOptions(partial=True, labels=WorkspaceLabels(sheet.root))
    with sheet.ledger() as ledger:
        plain = verify(ledger, ledger.batches.get("B1"), [wrong_scan], options)
    bare = [item.without_pictures() for item in shown.findings]
    assert bare == list(plain.findings)
    sizes = [len(fault.seen_picture or b"") for item in shown.findings for fault in item.content]
    assert max(sizes) < 20_000


def test_reports_compare_what_was_planned_with_what_is_seen(shown: Verification) -> None:
    page = b"".join(html_report(shown, "2026-11-28T20:00:00Z", "0")).decode()
    # Three faults with both pictures; of the other's QR Code there is no drawing.
    assert page.count('<img alt="Planned: ') == 3
    assert page.count('<img alt="Seen: ') == 4
    assert "<figcaption>Planned: <b>Package 2</b></figcaption>" in page
    assert "<figcaption>Seen: <b>nothing</b></figcaption>" in page
    rows = list(csv.DictReader(io.StringIO(b"".join(csv_report(shown)).decode())))
    of_second = next(row for row in rows if row["package"] == "2")
    assert of_second["content_fault"] == "wrong code | wrong text"
    assert of_second["content_planned"] == "ebK300000002 | Package 2"
    assert of_second["content_seen"] == "ebK300000099 | Package 3"
    assert next(row for row in rows if row["package"] == "4")["content_fault"] == ""
    document = pypdfium2.PdfDocument(b"".join(pdf_report(shown, "2026-11-28T20:00:00Z", "0")))
    words = "".join(part.get_textpage().get_text_bounded() for part in document)
    assert "Planned: Package 2" in words
    assert "Seen: Package 3" in words


def test_a_label_with_more_faults_than_a_page_holds_is_reported(shown: Verification) -> None:
    """And hostile texts are shown as text."""
    first = next(item for item in shown.findings if item.content)
    evil = replace(first.content[0], planned="<script>\u202e\x1b", seen="<img src=x>")
    longest = replace(first.content[0], planned="x" * 7000, seen="y" * 7000)
    spool = FindingSpool(Path(tempfile.gettempdir()))
    spool.add([replace(first, content=(*[evil] * 60, longest)), replace(first, content=(longest,))])
    wide = replace(shown, findings=spool.snapshot(lambda _: 0, 0, lambda: ()), pictures={})
    assert b"".join(pdf_report(wide, "2026-11-28T20:00:00Z", "0")).startswith(b"%PDF")
    page = b"".join(html_report(wide, "2026-11-28T20:00:00Z", "0")).decode()
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "<img src=x>" not in page


def told(factory: Factory, file: Path) -> tuple[list[str], str]:
    """The faults of texts, and the notes on a page."""
    options = VerifyOptions(partial=True, labels=WorkspaceLabels(factory.root))
    with factory.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("B1"), [file], options)
        faults = [fault.fault.value for item in outcome.findings for fault in item.content]
        faults = [fault for fault in faults if "text" in fault]  # small codes can't be read in such a blur
    return faults, " ".join(words for _, words in outcome.troubles)


@pytest.mark.parametrize("gone", ["texts that change", "serials"])
def test_texts_that_are_missing_on_all_labels_are_missed(sheet: Factory, tmp_path: Path, gone: str) -> None:
    """Nothing on the page shows how such texts look: the labels' own symbols say how dark ink is."""

    def change(package: int, row: LabelRow) -> LabelRow:
        row = with_text(row, f"ebK3{package:08d}", None)
        return with_text(row, f"Package {package}", None) if gone == "texts that change" else row

    faults, _ = told(sheet, scanned(sheet, tmp_path / "wrong.png", change))
    assert faults == ["missing text"] * 4 * (1 + (gone != "serials"))


@pytest.mark.parametrize("blur", [2.5, 3.5, 5.0])
def test_texts_that_are_too_blurred_to_be_seen_are_not_called_missing(
    sheet: Factory, tmp_path: Path, blur: float
) -> None:
    """A blur spreads ink, and takes none away."""
    assert "missing text" not in told(sheet, scanned(sheet, tmp_path / "blurred.png", blur=blur))[0]


def test_characters_that_could_pass_for_others_are_told(sheet: Factory, tmp_path: Path) -> None:
    """Small type on few labels does not say whether a 9 is an 8, and QA must know."""
    coarse = told(sheet, scanned(sheet, tmp_path / "coarse.png", blur=1.5, noise=9.0))
    assert coarse[0] == [] and "a wrong character could pass" in coarse[1]
    assert told(sheet, scanned(sheet, tmp_path / "fine.png", blur=0.5, noise=2.0)) == ([], "")
