"""`verify --report` and `--watch`."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageFilter

from tests.helpers.factory import Factory
from tests.helpers.scans import cell, tampered

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.xdist_group("report")


MODULE = 5  # pixels, at 300 dpi


@pytest.fixture(scope="module")
def scans(printed: Factory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tampered sheet with a white line through the left edge of label 3, and the same sheet blurred."""
    folder = tmp_path_factory.mktemp("scans")
    page = np.asarray(tampered(printed)).copy()
    rows, columns = cell(3)
    left = columns.start + int(np.argmax((page[rows, columns.start : columns.stop] < 128).mean(axis=0) > 0.5))
    page[rows, left : left + MODULE] = 255
    Image.fromarray(page).save(folder / "one.png", dpi=(300, 300))
    image = Image.fromarray(page).filter(ImageFilter.GaussianBlur(1.7))
    image.save(folder / "two <b>&amp;.png", dpi=(300, 300))
    return folder


def test_reports_by_name_and_nothing_is_overwritten(printed: Factory, scans: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"r.{kind}" for kind in ("html", "pdf", "csv", "json")]
    options = [part for name in names for part in ("--report", name)]
    assert printed.cli("verify", "A", scans / "one.png", *options).code == 1
    assert json.loads(names[3].read_text())["batch"] == "A"
    before = names[2].read_bytes()
    again = printed.cli("verify", "A", scans / "one.png", "--report", names[0], "--report", names[2])
    assert again.code == 4
    assert names[2].read_bytes() == before
    assert printed.cli("verify", "A", scans / "one.png", "--report", names[0]).code == 1
    with printed.ledger() as ledger:
        events = ledger.history.head()
    nowhere = printed.cli("verify", "A", scans / "one.png", "--report", tmp_path / "no folder" / "r.html")
    assert nowhere.code == 3
    with printed.ledger() as ledger:
        assert ledger.history.head() == events, "refused before anything was read"
    unknown = printed.cli("verify", "A", scans / "one.png", "--report", tmp_path / "r.docx")
    assert unknown.code == 3
    assert ".html" in unknown.err


def test_a_watched_folder_is_read_as_scans_arrive(printed: Factory, scans: Path, tmp_path: Path) -> None:
    """The first scan is half written for a while; the second makes the batch whole, and the command ends by itself."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    report = tmp_path / "r.html"
    process = subprocess.Popen(
        printed.command("verify", "B", "--watch", inbox, "--report", report),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    whole = pypdfium2.PdfDocument(printed.root / "batches" / "B" / "labels" / "B-labels-0001.pdf")
    image = whole[0].render(scale=300 / 72, grayscale=True).to_pil()
    buffer = io.BytesIO()
    pixels = np.asarray(image).copy()
    pixels[cell(5)] = 255
    Image.fromarray(pixels).save(buffer, "PNG", dpi=(300, 300))
    data = buffer.getvalue()
    with (inbox / "scan 1.png").open("wb") as file:
        for at in range(0, len(data), len(data) // 8 + 1):
            file.write(data[at : at + len(data) // 8 + 1])
            file.flush()
            time.sleep(0.2)
    wait_for(report.exists)
    assert "Not all labels" in report.read_text()
    image.save(inbox / "scan 2.png", dpi=(300, 300))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err  # scan 2 judges the sheet of scan 1 anew
    assert "24 matched" in out and "All labels are right" in report.read_text()
    assert "UNREADABLE FILE" not in out


def test_ctrl_c_ends_watching_with_the_verdict(printed: Factory, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    process = subprocess.Popen(
        printed.command("verify", "B", "--watch", inbox, "--partial"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    assert "Watching" in process.stderr.readline()
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "OK so far" in err


def wait_for(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 40
    while not ready():
        assert time.monotonic() < until
        time.sleep(0.1)
