"""`verify --watch`: a second scan of a sheet that had faults judges it anew; a second sheet is still a duplicate."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.report.data_reports import csv_report, json_report
from bss_mfg.report.html_report import html_report
from bss_mfg.report.pdf_report import pdf_report
from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.page_account import PageOutcome
from bss_mfg.verify.rescans import RescanRule
from bss_mfg.verify.verification import Verifier
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.prints import scan_of
from tests.helpers.scans import cell, sheet


@pytest.fixture
def line(printed: Factory, tmp_path: Path) -> Factory:
    return printed.copied(tmp_path / "line")


@pytest.fixture
def paper(line: Factory) -> Grey:
    """A sheet of batch B as it was printed: 24 labels, all right."""
    return sheet(line, "B")


Change = Callable[[Grey], Any]


def covered(*labels: int) -> Change:
    def change(page: Grey) -> None:
        for label in labels:
            page[cell(label)] = 255

    return change


def swapped(here: int, there: int) -> Change:
    """One label's copy over another."""

    def change(page: Grey) -> None:
        (rows, columns), piece = cell(here), page[cell(there)].copy()
        page[rows.start : rows.start + piece.shape[0], columns.start : columns.start + piece.shape[1]] = piece

    return change


def nothing(_: Grey) -> None:
    """The sheet as it is."""


def without_grey(page: Grey) -> None:
    """As a scanner's setting for text saves it: its small type can't be judged."""
    page[:] = np.where(page < 128, 0, 255)


class Watch:
    """A folder that is watched: each scan comes when the one before was judged."""

    def __init__(
        self, line: Factory, folder: Path, rule: RescanRule = RescanRule.AFTER_FAULTS, strict: bool | None = None
    ) -> None:
        """With texts compared if `strict` is given."""
        self.line, self.folder = line, folder
        labels = None if strict is None else WorkspaceLabels(line.root)
        self.options = VerifyOptions(rescans=rule, pictures=True, labels=labels, strict=bool(strict))
        self._count = 0

    def shows(self, paper: Grey, *changes: Change) -> Verification:
        with self.line.ledger() as ledger:
            verifier = Verifier(ledger, ledger.batches.get("B"), self.options)
            for change in changes:
                verifier.read_files([self.scan(paper, change)])
            return verifier.outcome(final=True)

    def scan(self, paper: Grey, change: Change) -> Path:
        self._count += 1
        page = paper.copy()
        change(page)
        page[-1, -16:] = 255 - np.unpackbits(np.array([self._count], ">u2").view(np.uint8))
        file = self.folder / f"scan {self._count}.png"
        Image.fromarray(page).save(file, dpi=(300, 300))
        return file


def counts(outcome: Verification) -> dict[str, int]:
    return {kind: count for kind, count in outcome.counts.items() if count}


def answered(outcome: Verification) -> list[tuple[str, int | None, str]]:
    return [(item.kind.value, item.package, file) for item, (file, _) in outcome.findings.answered()]


def test_a_good_scan_of_a_sheet_with_faults_ends_well(line: Factory, paper: Grey, tmp_path: Path) -> None:
    outcome = Watch(line, tmp_path).shows(paper, covered(5, 9), nothing)
    assert outcome.passed and counts(outcome) == {"matched": 24}
    assert {item.file for item in outcome.findings} == {"scan 2.png"}
    assert answered(outcome) == [("missing", 5, "scan 2.png"), ("missing", 9, "scan 2.png")]
    assert (outcome.page_counts[PageOutcome.ACCOUNTED], outcome.page_counts[PageOutcome.ANSWERED]) == (1, 1)


def test_a_better_scan_answers_one_that_was_too_poor_for_a_strict_verification(
    line: Factory, paper: Grey, tmp_path: Path
) -> None:
    poor = Watch(line, tmp_path, strict=True).shows(paper, without_grey)
    assert poor.no_fault and poor.too_poor
    outcome = Watch(line, tmp_path, strict=True).shows(paper, without_grey, nothing)
    assert outcome.passed and counts(outcome) == {"matched": 24}
    assert (outcome.page_counts[PageOutcome.ACCOUNTED], outcome.page_counts[PageOutcome.ANSWERED]) == (1, 1)
    assert counts(Watch(line, tmp_path, strict=True).shows(paper, nothing, nothing))["duplicate"] == 24
    assert counts(Watch(line, tmp_path, strict=False).shows(paper, without_grey, nothing))["duplicate"] == 24


def test_the_newest_picture_judges_each_label(line: Factory, paper: Grey, tmp_path: Path) -> None:
    """Also where the newer one is the worse of both."""
    outcome = Watch(line, tmp_path).shows(paper, covered(5), covered(9))
    assert counts(outcome) == {"matched": 23, "missing": 1} and not outcome.passed
    assert [item.package for _, item in outcome.findings.faults()] == [9]
    assert answered(outcome) == [("missing", 5, "scan 2.png")]
    outcome = Watch(line, tmp_path).shows(paper, covered(5), covered(9), covered(9), nothing)
    assert outcome.passed and len(answered(outcome)) == 3
    assert {file for *_, file in answered(outcome)} == {"scan 4.png"}


def test_a_second_picture_of_a_sheet_that_was_right_is_a_second_sheet(
    line: Factory, paper: Grey, tmp_path: Path
) -> None:
    outcome = Watch(line, tmp_path).shows(paper, nothing, nothing)
    assert counts(outcome) == {"matched": 24, "duplicate": 24} and not answered(outcome)
    outcome = Watch(line, tmp_path).shows(paper, covered(5), nothing, nothing)
    assert counts(outcome) == {"matched": 24, "duplicate": 24}


def test_a_sheet_without_a_fault_that_paper_keeps_is_another_sheet(line: Factory, paper: Grey, tmp_path: Path) -> None:
    """No scan puts another label in a place: whoever shows the right sheet then has printed it twice."""
    outcome = Watch(line, tmp_path).shows(paper, swapped(8, 4), nothing)
    assert counts(outcome)["duplicate"] == 24
    assert not outcome.passed and not answered(outcome)


def test_the_same_fault_elsewhere_shows_that_it_is_the_same_sheet(line: Factory, paper: Grey, tmp_path: Path) -> None:
    def both(page: Grey) -> None:
        swapped(8, 4)(page)
        covered(14)(page)

    outcome = Watch(line, tmp_path).shows(paper, both, swapped(8, 4))
    assert counts(outcome) == {"matched": 23, "duplicate": 1, "missing": 1}, "label 4 twice, label 8 nowhere"
    assert ("missing", 14, "scan 2.png") in answered(outcome)


def test_a_single_label_that_could_not_be_read_is_judged_by_its_next_picture(
    line: Factory, paper: Grey, tmp_path: Path
) -> None:
    """Without a sheet around it, its symbol alone says which it is. Whether a worn one still does hangs on its modules,
    and labels are drawn anew each time: most do; one that doesn't stays a fault."""
    with line.ledger() as ledger:
        label_file = next(file for file in ledger.prints.label_files("B") if file.each == "package")

    class Single(Watch):
        def __init__(self, package: int) -> None:
            super().__init__(line, tmp_path)
            self.package = package

        def scan(self, paper: Grey, change: Change) -> Path:
            file = super().scan(paper, change)
            page = np.pad(np.asarray(Image.open(file))[cell(self.package)], 100, constant_values=255)
            page[-1, : self._count] = 0
            Image.fromarray(page).save(file)  # without a resolution, as of a camera
            return file

        def worn(self, page: Grey) -> None:
            x, y, width, height = (int(side * 300 / 25.4) for side in label_file.symbol_boxes[self.package - 1])
            page[y + int(0.3 * height) : y + int(0.7 * height), x + int(0.3 * width) : x + int(0.7 * width)] = 255

    for package in range(1, 7):
        single = Single(package)
        outcome = single.shows(paper, single.worn, nothing)
        assert outcome.unseen == 23
        if answered(outcome):
            assert counts(outcome) == {"matched": 1, "missing": 23}
            assert answered(outcome) == [("unreadable", package, "scan 2.png")]
            assert [item.serials for item, _ in outcome.findings.answered()] == [f"ebK3{24 + package:08}"]
            break
        assert counts(outcome) == {"matched": 1, "missing": 23, "unreadable": 1}
    else:
        raise AssertionError("no worn symbol says which it is")
    outcome = Single(5).shows(paper, nothing, nothing)
    assert counts(outcome)["duplicate"] == 1, "two labels that read right are two labels"


def test_two_pages_of_one_file_are_two_sheets(line: Factory, paper: Grey, tmp_path: Path) -> None:
    bad = paper.copy()
    covered(5)(bad)
    pages = [Image.fromarray(page) for page in (bad, paper)]
    pages[0].save(tmp_path / "scan.pdf", save_all=True, append_images=pages[1:], resolution=300)
    with line.ledger() as ledger:
        options = VerifyOptions(rescans=RescanRule.AFTER_FAULTS)
        verifier = Verifier(ledger, ledger.batches.get("B"), options)
        verifier.read_files([tmp_path / "scan.pdf"])
        assert counts(verifier.outcome())["duplicate"] == 23


def test_a_picture_of_a_part_of_the_sheet_does_not_judge_it(line: Factory, paper: Grey, tmp_path: Path) -> None:
    """What it does not show is not right because of it."""
    half = paper[: cell(13)[0].start]
    with line.ledger() as ledger:
        watch = Watch(line, tmp_path)
        verifier = Verifier(ledger, ledger.batches.get("B"), VerifyOptions(rescans=RescanRule.AFTER_FAULTS))
        verifier.read_files([watch.scan(paper, covered(5, 20))])
        verifier.read_files([watch.scan(half, nothing)])
        outcome = verifier.outcome()
    assert counts(outcome)["missing"] == 2 and counts(outcome)["duplicate"] == 11


def test_whoever_says_that_no_sheet_was_printed_twice_may_scan_any_again(
    line: Factory, paper: Grey, tmp_path: Path
) -> None:
    for changes in ((nothing, nothing), (swapped(8, 4), nothing), (covered(5), nothing, nothing)):
        outcome = Watch(line, tmp_path, RescanRule.ALWAYS).shows(paper, *changes)
        assert outcome.passed and counts(outcome) == {"matched": 24}


def test_without_watching_two_scans_of_a_sheet_are_two_sheets(line: Factory, paper: Grey, tmp_path: Path) -> None:
    outcome = Watch(line, tmp_path, RescanRule.NEVER).shows(paper, covered(5), nothing)
    assert counts(outcome) == {"matched": 24, "missing": 1, "duplicate": 23}
    done = line.cli("verify", "B", tmp_path / "scan 1.png", "--rescans")
    assert done.code == 2 and "--watch" in done.err


def test_a_label_that_is_printed_anew_meanwhile_answers_its_fault(line: Factory, paper: Grey, tmp_path: Path) -> None:
    with line.ledger() as ledger:
        watch = Watch(line, tmp_path)
        verifier = Verifier(ledger, ledger.batches.get("B"), VerifyOptions(rescans=RescanRule.AFTER_FAULTS))
        verifier.read_files([watch.scan(paper, covered(5))])
        (wrong,) = (item.serials for _, item in verifier.outcome().findings.faults())
        made = line.cli("reprint", "B", wrong, "--reason", "torn", "--json").json["files"][0]
        verifier.read_files([scan_of(Path(made), tmp_path / "reprint.png")])
        outcome = verifier.outcome()
        assert outcome.passed and counts(outcome) == {"matched": 24}
        assert answered(outcome) == [("missing", 5, "reprint.png")]


def test_all_reports_keep_what_was_answered_apart(line: Factory, paper: Grey, tmp_path: Path) -> None:
    outcome = Watch(line, tmp_path).shows(paper, covered(5), nothing)
    document = b"".join(json_report(outcome)).decode()
    assert '"answered_by": {\n        "file": "scan 2.png",\n        "page": 1' in document
    rows = [line for line in b"".join(csv_report(outcome)).decode().splitlines() if line.startswith('"answered"')]
    assert len(rows) == 1 and "blank or covered" in rows[0] and "scan 2.png" in rows[0]
    assert "Answered by a later picture" in b"".join(html_report(outcome, "now", "1")).decode()
    assert io.BytesIO(b"".join(pdf_report(outcome, "now", "1"))).getbuffer().nbytes > 1000


def watching(line: Factory, inbox: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        line.command("verify", "B", "--watch", inbox, "--jobs", 1, *options),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr
    assert any(words in line for line in process.stderr), f"never said {words!r}"


def test_a_session_that_is_killed_and_started_again_ends_well(line: Factory, paper: Grey, tmp_path: Path) -> None:
    """What was scanned later stands for what was scanned before, whatever the files are called."""
    inbox, watch = tmp_path / "inbox", Watch(line, tmp_path)
    inbox.mkdir()
    first = watching(line, inbox)
    watch.scan(paper, covered(5)).rename(inbox / "b.png")
    until(first, "not right")
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    watch.scan(paper, nothing).rename(inbox / "a.png")
    later = time.time() + 5
    os.utime(inbox / "a.png", (later, later))
    out, err = watching(line, inbox).communicate(timeout=120)
    assert "24 matched" in out and "OK: all labels are right" in err, out + err
    assert "ANSWERED: " in out


def test_a_session_goes_on_while_a_label_is_wrong(line: Factory, paper: Grey, tmp_path: Path) -> None:
    """Though each was read, there is something to scan again."""
    inbox, watch = tmp_path / "inbox", Watch(line, tmp_path)
    inbox.mkdir()
    process = watching(line, inbox, "--json")
    scans: Sequence[Change] = (nothing, nothing)
    for number, change in enumerate(scans, 1):
        watch.scan(paper, change).rename(inbox / f"{number}.png")
        if number == 1:
            out, err = process.communicate(timeout=120)  # all right: it ends
            assert process.returncode == 0, err
            process = watching(line, inbox)
    until(process, "Scan again what is not right")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1 and "24 duplicate" in out


def test_a_strict_session_goes_on_until_a_picture_is_good_enough(line: Factory, paper: Grey, tmp_path: Path) -> None:
    inbox, watch = tmp_path / "inbox", Watch(line, tmp_path)
    inbox.mkdir()
    process = watching(line, inbox, "--strict")
    watch.scan(paper, without_grey).rename(inbox / "1.png")
    until(process, "Scan again in grey")
    watch.scan(paper, nothing).rename(inbox / "2.png")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0 and "24 matched" in out, out + err


def test_a_file_that_was_not_whole_when_it_was_read_is_no_fault_once_it_is(
    line: Factory, paper: Grey, tmp_path: Path
) -> None:
    inbox, watch = tmp_path / "inbox", Watch(line, tmp_path)
    inbox.mkdir()
    whole = watch.scan(paper, nothing).read_bytes()
    (inbox / "scan.png").write_bytes(whole[:3000])
    process = watching(line, inbox)
    until(process, "UNREADABLE FILE")
    (inbox / "scan.png").write_bytes(whole)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0 and "UNREADABLE FILE" not in out, out + err
