"""A picture that was read before a label was made again can't show the new label, whatever the picture is called."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.prints import scan_of, spoiled_scan

SERIALS = [f"ebK3{number:08d}" for number in range(1, 7)]


@pytest.fixture(scope="module")
def made_line(new_factory: Callable[[], Factory]) -> Factory:
    """A batch of six, printed and scanned: the scan lies in the workspace."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    assert factory.cli("run", "bulb", "--units", 6, "--id", "B1").code == 0
    scan_of(labels(factory) / "B1-labels-0001.pdf", factory.root / "scan.png")
    done = factory.cli("verify", "B1", factory.root / "scan.png")
    assert done.code == 0, done.err
    return factory


@pytest.fixture
def line(made_line: Factory, tmp_path: Path) -> Factory:
    return made_line.copied(tmp_path / "line")


def labels(line: Factory) -> Path:
    return line.root / "batches/B1/labels"


def proven(line: Factory) -> list[int]:
    """The packages whose printed label counts as read right."""
    with line.ledger() as ledger:
        return sorted(ledger.reads.verified_packages("B1"))


def reprint(line: Factory, *packages: int) -> Path:
    """Labels that are printed once more: their file."""
    serials = [SERIALS[package - 1] for package in packages]
    done = line.cli("reprint", "B1", *serials, "--reason", "torn", "--json")
    assert done.code == 0, done.err
    return Path(done.json["files"][0])


def told(done: Any, verdict: str) -> list[int]:
    return [row["package"] for row in done.json["findings"] if row["verdict"] == verdict]


def as_it_is(scan: Path, folder: Path) -> Path:
    return scan


def renamed(scan: Path, folder: Path) -> Path:
    return Path(shutil.copy(scan, folder / "newest.png"))


def saved_as_tiff(scan: Path, folder: Path) -> Path:
    with Image.open(scan) as page:
        page.save(folder / "newest.tiff", dpi=(300, 300))
    return folder / "newest.tiff"


def in_a_folder(scan: Path, folder: Path) -> Path:
    (folder / "scans").mkdir()
    shutil.copy(scan, folder / "scans")
    return folder / "scans"


@pytest.mark.parametrize("shown", [as_it_is, renamed, saved_as_tiff, in_a_folder])
@pytest.mark.parametrize("options", [(), ("--resume",), ("--partial",)], ids=["", "resume", "partial"])
def test_a_picture_from_before_a_reprint_does_not_prove_the_new_label(
    line: Factory, tmp_path: Path, shown: Callable[[Path, Path], Path], options: tuple[str, ...]
) -> None:
    reprint(line, 2, 5)
    done = line.cli("verify", "B1", shown(line.root / "scan.png", tmp_path), *options, "--json")
    assert (done.code, told(done, "old-picture"), done.json["counts"]["matched"]) == (1, [2, 5], 4)
    assert done.json["counts"]["missing"] == 0
    assert proven(line) == [1, 3, 4, 6]
    said = next(row for row in done.json["findings"] if row["verdict"] == "old-picture")
    assert said["detail"].startswith("this picture was read on 20")
    assert said["detail"].endswith("before the label was printed again: scan the new label")
    assert said["picture_read_at"].endswith("Z")
    refused = line.cli("ship", "B1", SERIALS[1], "--for", "pallet 1")
    assert refused.code == 4


def test_the_terminal_and_all_reports_name_it(line: Factory, tmp_path: Path) -> None:
    reprint(line, 3)
    reports = [tmp_path / f"report.{kind}" for kind in ("html", "csv", "json", "pdf")]
    done = line.cli("verify", "B1", line.root / "scan.png", *(f"--report={report}" for report in reports))
    assert done.code == 1
    assert f"OLD-PICTURE: {SERIALS[2]}: this picture was read on 20" in done.out
    assert "1 old-picture" in done.out
    assert all("old-picture" in report.read_text() for report in reports[:3])
    assert reports[3].stat().st_size > 1000


def test_a_new_scan_proves_it_and_the_old_one_beside_is_no_fault(line: Factory, tmp_path: Path) -> None:
    """In any order: a folder of scans may be verified again when a label was made again."""
    new = scan_of(reprint(line, 2), tmp_path / "new.png")
    for files in ((line.root / "scan.png", new), (new, line.root / "scan.png")):
        done = line.cli("verify", "B1", *files, "--json")
        assert (done.code, done.json["counts"]["matched"]) == (0, 6), done.json["findings"]
        assert proven(line) == [1, 2, 3, 4, 5, 6]


def test_the_new_scan_grows_old_in_its_turn(line: Factory, tmp_path: Path) -> None:
    first = scan_of(reprint(line, 2), tmp_path / "first.png")
    assert line.cli("verify", "B1", first, "--partial").code == 0
    assert proven(line) == [1, 2, 3, 4, 5, 6]
    reprint(line, 2)
    assert told(line.cli("verify", "B1", first, "--partial", "--json"), "old-picture") == [2]
    assert proven(line) == [1, 3, 4, 5, 6]


def test_labels_made_again_and_replaced_and_returned_ones_need_a_new_scan(line: Factory) -> None:
    assert line.cli("scrap", "B1", SERIALS[0], "--reason", "broken").code == 0
    assert line.cli("replace", "B1", SERIALS[0], "--reason", "broken").code == 0
    assert line.cli("ship", "B1", SERIALS[3], "--for", "pallet 1").code == 0
    assert line.cli("ship", "B1", SERIALS[3], "--returned").code == 0
    done = line.cli("verify", "B1", line.root / "scan.png", "--json")
    assert (done.code, told(done, "old-picture")) == (1, [1, 4])
    details = {row["package"]: row["detail"] for row in done.json["findings"]}
    assert "before a unit of it was replaced" in details[1]
    assert "before it came back" in details[4]
    (labels(line) / "B1-labels-0001.pdf").unlink()
    assert line.cli("labels", "B1", "--again").code == 0
    done = line.cli("verify", "B1", line.root / "scan.png", "--json")
    assert told(done, "old-picture") == [1, 2, 3, 4, 5, 6]
    assert proven(line) == []


def test_an_old_fault_says_nothing_of_the_new_label(line: Factory, tmp_path: Path) -> None:
    """It was unreadable, it was made again and scanned: shown once more, the old picture takes nothing back."""
    bad = spoiled_scan(line, "B1", [4], tmp_path / "bad.png")
    assert line.cli("verify", "B1", bad).code == 1
    assert proven(line) == [1, 2, 3, 5, 6]
    new = scan_of(reprint(line, 4), tmp_path / "new.png")
    assert line.cli("verify", "B1", new, "--partial").code == 0
    assert line.cli("verify", "B1", bad).code == 1
    assert proven(line) == [1, 2, 3, 4, 5, 6]
    assert line.cli("verify", "B1", bad, new).code == 0


def test_a_page_of_a_scanned_pdf_is_known_in_another_file(line: Factory, tmp_path: Path) -> None:
    with Image.open(line.root / "scan.png") as page:
        blue = Image.fromarray(np.full_like(np.asarray(page), 200))
        page.save(tmp_path / "two.pdf", resolution=300, save_all=True, append_images=[blue])
        assert line.cli("verify", "B1", tmp_path / "two.pdf").code == 1  # its second page shows nothing
        reprint(line, 6)
        page.save(tmp_path / "one.pdf", resolution=300)
    done = line.cli("verify", "B1", tmp_path / "one.pdf", "--json")
    assert told(done, "old-picture") == [6]
    assert proven(line) == [1, 2, 3, 4, 5]


def test_a_picture_in_which_nothing_was_read_ages_too(line: Factory, tmp_path: Path) -> None:
    """Another batch's name was typed first: the picture was there before the label all the same."""
    line.issue(2, "B2")
    new = scan_of(labels(line) / "B1-labels-0001.pdf", tmp_path / "new.png")
    assert line.cli("verify", "B2", new).code == 1
    reprint(line, 1)
    assert told(line.cli("verify", "B1", new, "--json"), "old-picture") == [1]


def test_a_drawing_that_is_called_a_print_later_ages_too(line: Factory, tmp_path: Path) -> None:
    import pikepdf

    with pikepdf.open(labels(line) / "B1-labels-0001.pdf") as document:
        document.save(tmp_path / "press.pdf", linearize=True)
    assert line.cli("verify", "B1", tmp_path / "press.pdf").code == 0
    reprint(line, 1)
    done = line.cli("verify", "B1", tmp_path / "press.pdf", "--of", "print", "--json")
    assert told(done, "old-picture") == [1]
    assert line.cli("verify", "B1", tmp_path / "press.pdf").code == 0  # a drawing proves no print: it may be read again


def test_a_sample_is_not_decided_by_an_old_picture(line: Factory) -> None:
    assert line.cli("sample", "B1", "--plan", "aql-1.0").code == 0
    reprint(line, *range(1, 7))
    done = line.cli("verify", "B1", line.root / "scan.png", "--sample", "--json")
    assert done.json["sample"]["verdict"] == "incomplete"
    assert done.json["sample"]["wrong"] == []


def test_the_history_keeps_the_picture(line: Factory) -> None:
    pictures = [event for event in line.cli("history", "B1", "--json").json if event["kind"] == "picture read"]
    assert [event["file"] for event in pictures] == ["scan.png"]
    assert "picture read" not in line.cli("history", SERIALS[0]).out
    assert line.cli("ledger", "check").code == 0


def test_a_picture_saved_before_a_label_was_made_gets_a_note(line: Factory, tmp_path: Path) -> None:
    """It was never read before: only its file's time tells, which proves nothing."""
    reprint(line, 2, 3)
    new = scan_of(labels(line) / "B1-labels-0001.pdf", tmp_path / "new.png")
    assert "NOTE" not in line.cli("verify", "B1", new).out
    old = scan_of(labels(line) / "B1-labels-0001.pdf", tmp_path / "old.png")
    os.utime(old, (1_700_000_000, 1_700_000_000))
    done = line.cli("verify", "B1", old)
    assert done.code == 0
    assert "NOTE: " in done.out and "was saved before 6 of its labels were made" in done.out
