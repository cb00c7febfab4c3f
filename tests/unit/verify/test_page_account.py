"""Every page ends accounted for, with faults, or not understood; every place has a label of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bss_mfg.verify.package_tracker import PackageTracker
from bss_mfg.verify.page_account import PageAccount, PageAccounts, PageOutcome, PageSeen
from tests.helpers.factory import Factory
from tests.helpers.scans import cell, sheet


@pytest.fixture(scope="module")
def printed(new_factory: Callable[[], Factory]) -> Factory:
    """A batch of one sheet."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(24, "A")
    factory.label("A")
    return factory


def test_a_page_is_understood_by_its_sheet_or_by_labels_alone() -> None:
    assert PageSeen(sheet=True).understood
    assert PageSeen(ink=0.1, labels=1).understood
    assert not PageSeen(ink=0.1, labels=1, candidates=1).understood
    assert not PageSeen(ink=0.1).understood
    assert not PageSeen().understood


def test_blank_is_what_shows_nothing() -> None:
    assert PageSeen(ink=0.0001).blank
    assert not PageSeen(ink=0.0001, candidates=1).blank
    assert not PageSeen(ink=0.01).blank


def test_pages_are_counted_and_the_puzzling_ones_named() -> None:
    accounts = PageAccounts()
    for outcome in (PageOutcome.ACCOUNTED, PageOutcome.FAULTS, PageOutcome.NOT_UNDERSTOOD):
        accounts.add(PageAccount("a.png", 1, outcome, PageSeen()))
    assert accounts.counts == dict.fromkeys(set(PageOutcome) - {PageOutcome.ANSWERED}, 1)
    assert [account.outcome for account in accounts.not_understood] == [PageOutcome.NOT_UNDERSTOOD]
    accounts.answer(accounts.not_understood[0])
    assert accounts.counts[PageOutcome.ANSWERED] == 1 and not accounts.counts[PageOutcome.NOT_UNDERSTOOD]
    assert not accounts.not_understood


def test_each_copy_has_to_be_shown() -> None:
    tracker = PackageTracker(2, 2, made=bytearray([0, 2, 2]))
    for package in (1, 1, 2):
        tracker.record_read(package, "a.png", 1)
    assert list(tracker.unaccounted()) == [2]
    assert not tracker.all_read()
    tracker.mark_reported(2)
    assert not list(tracker.unaccounted())


def test_a_fault_of_a_label_that_was_read_is_no_second_label() -> None:
    tracker = PackageTracker(1, 2, made=bytearray([0, 2]))
    tracker.record_read(1, "a.png", 1)
    tracker.mark_faulty(1)
    assert list(tracker.unaccounted()) == [1]


def test_the_noise_of_a_blank_page_is_no_label(printed: Factory, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(245, 4, sheet(printed, "A").shape)
    Image.fromarray(noise.clip(0, 255).astype(np.uint8)).save(tmp_path / "back.png", dpi=(300, 300))
    outcome = printed.cli("verify", "A", tmp_path / "back.png", "--partial", "--jobs", 1, "--json")
    assert outcome.code == 1
    assert [row["verdict"] for row in outcome.json["findings"] if not row["unseen"]] == []
    assert [page["blank"] for page in outcome.json["not_understood"]] == [True]


def test_the_back_of_a_sheet_is_named_in_every_report(printed: Factory, tmp_path: Path) -> None:
    page = sheet(printed, "A")
    Image.fromarray(page).save(tmp_path / "front.png", dpi=(300, 300))
    Image.fromarray(np.full_like(page, 255)).save(tmp_path / "back.png", dpi=(300, 300))
    reports = [tmp_path / f"report.{kind}" for kind in ("html", "csv", "pdf")]
    asked = [part for report in reports for part in ("--report", report)]
    outcome = printed.cli("verify", "A", tmp_path / "front.png", tmp_path / "back.png", "--json", *asked)
    assert outcome.code == 1
    said = outcome.json
    assert said["page_counts"] == {"accounted": 1, "faults": 0, "not-understood": 1, "answered": 0}
    (named,) = said["not_understood"]
    assert (named["file"], named["page"], named["blank"]) == ("back.png", 1, True)
    assert "back.png, page 1" in reports[0].read_text("utf-8")
    (row,) = [row for row in csv.DictReader(io.StringIO(reports[1].read_text("utf-8"))) if row["file"] == "back.png"]
    assert row["verdict"] == "not-understood"
    import pypdfium2

    document = pypdfium2.PdfDocument(reports[2])
    assert "not understood" in "".join(part.get_textpage().get_text_range() for part in document)


def test_a_blank_place_is_missing_though_its_label_lies_on_another(printed: Factory, tmp_path: Path) -> None:
    page = sheet(printed, "A")
    rows, columns = cell(8)
    piece = page[cell(20)].copy()
    high, wide = min(piece.shape[0], rows.stop - rows.start), min(piece.shape[1], columns.stop - columns.start)
    page[rows.start : rows.start + high, columns.start : columns.start + wide] = piece[:high, :wide]
    page[cell(20)] = 255
    Image.fromarray(page).save(tmp_path / "scan.png", dpi=(300, 300))
    found = printed.cli("verify", "A", tmp_path / "scan.png", "--json").json["findings"]
    faults = {(row["verdict"], row["package"]) for row in found if row["verdict"] != "matched"}
    assert faults == {("mismatched", 20), ("missing", 8), ("missing", 20)}


def test_a_scaled_sheet_is_misprinted_by_name(printed: Factory, tmp_path: Path) -> None:
    page = Image.fromarray(sheet(printed, "A"))
    small = page.resize((round(page.width * 0.94), round(page.height * 0.94)), Image.Resampling.LANCZOS)
    paper = Image.new("L", page.size, 255)
    paper.paste(small, ((page.width - small.width) // 2, (page.height - small.height) // 2))
    paper.save(tmp_path / "scan.png", dpi=(300, 300))
    outcome = printed.cli("verify", "A", tmp_path / "scan.png", "--json")
    assert outcome.code == 1
    assert {(row["verdict"], tuple(row["print_faults"])) for row in outcome.json["findings"]} == {
        ("misprinted", ("scaled",))
    }
