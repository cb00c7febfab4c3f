"""What `verify` says while it works: on a terminal what it does to which page, in a pipe nothing."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from bss_mfg.cli.verify_display import page_words
from bss_mfg.verify.page_progress import PageProgress, PageStep
from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory
from tests.helpers.scans import cell, sheet


@pytest.fixture(scope="module")
def scans(printed: Factory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sheet of two labels, one of which is smudged, as a picture of two frames."""
    page = sheet(printed, "A")
    page[cell(7)[0].start :] = 255
    rows, columns = cell(5)
    page[rows, columns.start + 40 : columns.start + 130] = 90
    picture = Image.fromarray(page).crop((0, 0, page.shape[1], cell(10)[0].start))
    file = tmp_path_factory.mktemp("scans") / "scan.tif"
    picture.save(file, save_all=True, append_images=[picture.rotate(180)], dpi=(300, 300))
    return file


def on_a_terminal(command: list[str]) -> tuple[str, str]:
    """What a command writes on stdout, and to a terminal of 100 columns as stderr."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env={**real_environment(), "TERM": "xterm"}
    )
    os.close(theirs)
    told = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the other side has gone
            break
        if not more:
            break
        told += more
    os.close(ours)
    out, _ = running.communicate(timeout=120)
    return out.decode(), told.decode()


def test_a_terminal_is_told_what_is_done_to_which_page(printed: Factory, scans: Path) -> None:
    out, told = on_a_terminal(printed.command("verify", "A", scans, "--partial", "--grade", "--jobs", "1"))
    told = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", told)
    drawn = [line.rstrip() for line in re.split(r"[\r\n]+", told)]
    for page in (1, 2):
        for words in ("reading", "strong attempts at ", "grading", "comparing texts"):
            assert any(f"page {page} of 2: {words}" in line for line in drawn), (page, words, drawn)
    assert all(len(line) <= 80 for line in told.split("\r") if "page " in line)
    assert "page 1 of 2" not in out
    # The line is left before anything else is said.
    [last] = [line.split("\r")[-1] for line in told.split("\r\n") if "24/24" in line]
    assert re.search(r"24/24( +[\d,]+/(s|min))?$", last.rstrip())


def test_a_pipe_is_told_nothing_of_it(printed: Factory, scans: Path) -> None:
    outcome = printed.process("verify", "A", scans, "--partial", "--grade")
    assert "reading" not in outcome.err and "\r" not in outcome.err + outcome.out


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (PageProgress("a.pdf", 3, 12, PageStep.READING), "page 3 of 12: reading"),
        (PageProgress("a.pdf", 3, 12, PageStep.ATTEMPTS, 5), "page 3 of 12: strong attempts at 5 places"),
        (PageProgress("a.pdf", 3, 1200, PageStep.ATTEMPTS, 1), "page 3 of 1,200: strong attempts at 1 place"),
        (PageProgress("a.png", 1, 1, PageStep.CONTENT), "a.png: comparing texts"),
        (PageProgress("a\x1b.png", 1, 1, PageStep.GRADING), "a\\x1b.png: grading"),
        (PageProgress(f"{'a' * 40}-0001.png", 1, 1, PageStep.READING), "aaaaaaaaaa...aa-0001.png: reading"),
    ],
)
def test_words_of_a_page(progress: PageProgress, words: str) -> None:
    assert page_words(progress) == words


def test_every_step_has_words() -> None:
    words = {page_words(PageProgress("a.png", 1, 1, step)) for step in PageStep}
    assert len(words) == len(PageStep)
