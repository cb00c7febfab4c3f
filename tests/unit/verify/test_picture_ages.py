"""Labels that are made again around the moment at which a picture is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bss_mfg.ledger.events import LabelRead, PictureRead
from bss_mfg.verify.findings import FindingKind
from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.page_progress import PageProgress, PageStep
from bss_mfg.verify.verification import Verifier
from tests.helpers.factory import Factory
from tests.helpers.prints import scan_of

BATCH = "B1"


@pytest.fixture(scope="module")
def made_line(new_factory: Callable[[], Factory]) -> Factory:
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(3)
    factory.label()
    return factory


@pytest.fixture
def line(made_line: Factory, tmp_path: Path) -> Factory:
    return made_line.copied(tmp_path / "line")


def reprint(line: Factory, *packages: int) -> Path:
    done = line.cli("reprint", BATCH, *(f"ebK3{package:08d}" for package in packages), "--reason", "torn", "--json")
    assert done.code == 0, done.err
    return Path(done.json["files"][0])


def sheet_scan(line: Factory, to: Path) -> Path:
    return scan_of(line.root / f"batches/{BATCH}/labels/{BATCH}-labels-0001.pdf", to)


def proven(line: Factory) -> list[int]:
    with line.ledger() as ledger:
        return sorted(ledger.reads.verified_packages(BATCH))


def old_ones(outcome: Verification) -> list[tuple[int | None, str]]:
    return [(item.package, item.detail) for item in outcome.findings if item.kind is FindingKind.OLD_PICTURE]


def test_a_label_that_is_made_again_while_its_picture_is_read_is_not_proven(line: Factory, tmp_path: Path) -> None:
    """Between the reading of a page and the record of its reads, as another process may do it."""
    reprinted: list[Path] = []

    def make_again(now: PageProgress) -> None:
        if now.step is PageStep.READING and not reprinted:
            reprinted.append(reprint(line, 2))

    with line.ledger() as ledger:
        verifier = Verifier(ledger, ledger.batches.get(BATCH), VerifyOptions(), tell=make_again)
        verifier.read_files([sheet_scan(line, tmp_path / "scan.png")])
        before = verifier.outcome()
        assert old_ones(before) == [(2, "the label was printed again while this picture was read: scan the new label")]
        assert not before.passed and not verifier.complete
        assert before.labels_read["print"] == 2
        assert proven(line) == [1, 3]
        verifier.read_files([scan_of(reprinted[0], tmp_path / "new.png")])
        after = verifier.outcome()
        assert (after.passed, verifier.complete, old_ones(after)) == (True, True, [])
        assert after.counts["old-picture"] == 0 and len(after.findings) == 3
    assert proven(line) == [1, 2, 3]
    assert line.cli("ledger", "check").code == 0


def test_a_watched_folder_gets_an_old_picture_under_another_name(line: Factory, tmp_path: Path) -> None:
    """One verification that goes on: its own pictures grow old, too."""
    with line.ledger() as ledger:
        verifier = Verifier(ledger, ledger.batches.get(BATCH), VerifyOptions())
        scan = sheet_scan(line, tmp_path / "scan.png")
        verifier.read_files([scan])
        assert proven(line) == [1, 2, 3]
        reprint(line, 1)
        with Image.open(scan) as page:
            page.save(tmp_path / "scan.bmp")
        verifier.read_files([tmp_path / "scan.bmp"])
        assert proven(line) == [2, 3]
        records = [record for _, record in ledger.history.records(LabelRead, BATCH)]
        assert [record.package for record in records if record.verdict == "old-picture"] == [1]


def test_a_fresh_scan_of_many_files_is_written_down_once_a_page(line: Factory, tmp_path: Path) -> None:
    with line.ledger() as ledger:
        verifier = Verifier(ledger, ledger.batches.get(BATCH), VerifyOptions())
        label_file = line.root / f"batches/{BATCH}/labels/{BATCH}-labels-0001.pdf"
        verifier.read_files([label_file, sheet_scan(line, tmp_path / "scan.png")])
        pictures = [record for _, record in ledger.history.records(PictureRead, BATCH)]
        assert [(record.file, record.page) for record in pictures] == [("scan.png", 1)]  # what we drew is known
        assert verifier.outcome().passed


def test_a_label_that_is_made_again_between_two_scans_is_to_be_shown_anew(line: Factory, tmp_path: Path) -> None:
    """A torn label is printed once more while a folder is watched: its new scan is no duplicate."""
    with line.ledger() as ledger:
        verifier = Verifier(ledger, ledger.batches.get(BATCH), VerifyOptions())
        verifier.read_files([sheet_scan(line, tmp_path / "scan.png")])
        assert verifier.complete
        new = reprint(line, 3)
        verifier.read_files([scan_of(new, tmp_path / "new.png")])
        outcome = verifier.outcome()
        assert outcome.counts["duplicate"] == 0 and outcome.passed and verifier.complete
    with line.ledger() as ledger:
        verifier = Verifier(ledger, ledger.batches.get(BATCH), VerifyOptions())
        verifier.read_files([sheet_scan(line, tmp_path / "scan.png")])
        reprint(line, 3)
        with Image.open(tmp_path / "new.png") as page:  # another old one
            page.save(tmp_path / "new.tiff", dpi=(300, 300))
        verifier.read_files([tmp_path / "new.tiff"])
        assert not verifier.complete and not verifier.outcome().passed
        assert proven(line) == [1, 2]


def test_one_picture_in_two_formats_is_one_picture(line: Factory, tmp_path: Path) -> None:
    scan = sheet_scan(line, tmp_path / "scan.png")
    with Image.open(scan) as page:
        page.save(tmp_path / "scan.tiff", dpi=(300, 300))
    done = line.cli("verify", BATCH, scan, tmp_path / "scan.tiff", "--json")
    assert (done.code, done.json["counts"]["matched"], done.json["counts"]["duplicate"]) == (0, 3, 0)
    (note,) = done.json["troubles"]
    assert note["file"] == f"{tmp_path / 'scan.tiff'}, page 1" and "same picture" in note["reason"]
