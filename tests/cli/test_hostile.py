"""Barcodes are hostile text: whatever octets they hold, they reach terminal, report, CSV and PDF as harmless text."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from PIL import Image

from bss_mfg.imaging.zxing_reader import read_page
from bss_mfg.symbol import data_matrix
from tests.helpers.factory import Factory
from tests.helpers.scans import picture

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

TEXTS: dict[str, bytes] = {
    "every octet": b"ABV:OB04;" + bytes(range(256)),
    "every octet of no family": bytes(range(256)),
    "ANSI": b"\x1b[2J\x1b]0;title\x07\x1b[31mred\x1b[0m\x9b31m",
    "HTML": b"<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">&lt;b&gt;",
    "HTML in a field": b"ABV:OB04;UPC:841667145075;PID:</td></script><script>document.title='run'</script>;",
    "formula": b"=cmd|' /C calc'!A0",
    "formula with a tab": b"\t=HYPERLINK(\"http://x\")",
    "right to left": "ABV:OB04;\u202e\u2066PID:ebK3;\u2069\u200f".encode(),
    "newlines": b"OK: all labels are right\r\nWRONG\n",
    "not UTF-8": b"ABV:OB04;PID:\xff\xfe\xf0\x28\x8c;",
}  # fmt: skip


@pytest.fixture(scope="module")
def line(new_factory: Callable[[], Factory]) -> Factory:
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(3, "A")
    return factory


def plain(text: str) -> bool:
    """Whether a terminal takes a text as text: printable ASCII and line ends."""
    return all(" " <= character <= "~" or character == "\n" for character in text)


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_symbol_is_read_and_shown_as_text(line: Factory, tmp_path: Path, name: str, chrome: Chrome) -> None:
    grey = picture(data_matrix(TEXTS[name]), 5)
    assert [read.data for read in read_page(grey)] == [TEXTS[name]]
    Image.fromarray(grey).save(tmp_path / "x.png", dpi=(300, 300))
    reports = [tmp_path / f"r.{kind}" for kind in ("html", "csv", "json", "pdf")]
    options = [part for report in reports for part in ("--report", report)]
    done = line.cli("verify", "A", tmp_path / "x.png", "--partial", *options)
    assert done.code == 1, done.err
    assert plain(done.out), done.out
    assert plain(done.err), done.err
    assert line.cli("verify", "A", tmp_path / "x.png", "--json").out.isascii()

    chrome.get(f"file://{reports[0]}")
    assert chrome.title == "Verification of A"
    assert chrome.execute_script("return document.querySelectorAll('script').length") == 2
    with reports[1].open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            assert not [value for value in row if value[:1] in set("=+@\t\r")]
    assert json.loads(reports[2].read_text())["counts"]["matched"] == 0
    for page in pypdfium2.PdfDocument(reports[3]):
        text = page.get_textpage().get_text_bounded().replace("\r\n", "")
        assert not [character for character in text if not character.isprintable()]

    looked = line.cli("inspect", tmp_path / "x.png")
    assert plain(looked.out)
    assert plain(looked.err)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("mode", ["--plain", "--json"])
def test_a_hostile_read_is_shown_as_text_at_the_station(line: Factory, name: str, mode: str) -> None:
    done = line.cli("scan", "A", mode, stdin=TEXTS[name].replace(b"\x04", b"") + b"\n")
    shown = (done.out + done.err).replace("\a", "")  # the station's own bell
    assert shown.isascii()
    assert plain(shown), shown
    assert "MISS" not in shown or done.code == 1
    assert done.code in (0, 1), done.err
