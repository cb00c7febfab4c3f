"""Reports of a verification: a page in a real browser, PDF, CSV and JSON, and what the statistics in them say."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import tempfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pypdfium2
import pytest
from markupsafe import escape
from PIL import Image, ImageFilter

from bss_mfg.report import html_report as html_report_module
from bss_mfg.report.data_reports import csv_report, json_report
from bss_mfg.report.html_report import BLOCK_CHARACTERS, html_report
from bss_mfg.report.pdf_report import pdf_report
from bss_mfg.report.statistics import statistics
from bss_mfg.verify.finding_spool import Findings, FindingSpool
from bss_mfg.verify.findings import Finding, FindingKind
from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.scans import cell, tampered

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.xdist_group("report")


MODULE = 5  # pixels, at 300 dpi


HOSTILE = "<img src=x onerror=document.title='run'>\x1b[31m\u202e=1+1</script><script>document.title='run'</script>"


def kept(items: list[Finding]) -> Findings:
    """Findings as a verification keeps them."""
    heap = FindingSpool(Path(tempfile.gettempdir()))
    heap.add(items)
    return heap.snapshot(lambda package: 0, 0, lambda: ())


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


@pytest.fixture(scope="module")
def outcome(printed: Factory, scans: Path) -> Verification:
    with printed.ledger() as ledger:
        return verify(ledger, ledger.batches.get("A"), [scans], VerifyOptions(grade=True, pictures=True))


@pytest.fixture
def page(chrome: Chrome, outcome: Verification, tmp_path: Path) -> Chrome:
    """The report in the browser, with hostile text in a finding."""
    first = next(iter(outcome.findings))
    evil = Finding(FindingKind.FOREIGN, None, "x", 1, 1.0, 2.0, HOSTILE, HOSTILE)
    wide = replace(outcome, findings=kept([*outcome.findings, evil, replace(first, serials="=cmd()")]))
    (tmp_path / "report.html").write_bytes(b"".join(html_report(wide, "2026-11-24T10:00:00Z", "0")))
    chrome.get(f"file://{tmp_path}/report.html")
    return chrome


def run(chrome: Chrome, script: str, *arguments: object) -> Any:
    return chrome.execute_script(script, *arguments)


def test_the_page_shows_the_verdict_first_and_loads_nothing(page: Chrome) -> None:
    assert run(page, "return document.querySelector('.verdict').innerText") == "Not all labels are right"
    assert run(page, "return document.title") == "Verification of A"
    addresses = [
        json.loads(item["message"])["message"]["params"].get("request", {}).get("url", "")
        for item in page.get_log("performance")  # type: ignore[no-untyped-call]
    ]
    assert {address.split(":")[0] for address in addresses if address} <= {"file", "data", "chrome"}
    assert not [item for item in page.get_log("browser") if item["level"] == "SEVERE"]  # type: ignore[no-untyped-call]


def test_hostile_text_is_text(page: Chrome) -> None:
    assert run(page, "return document.title") == "Verification of A"
    assert run(page, "return document.querySelectorAll('img[src=x]').length") == 0
    search = "const box = document.getElementById('search'); box.value = arguments[0];"
    search += "box.dispatchEvent(new Event('input'));"
    run(page, search, "onerror")
    cells = run(page, "return [...document.querySelectorAll('#table tbody tr')].map(row => row.innerText)")
    assert len(cells) == 1
    assert "<img src=x onerror=document.title='run'>" in cells[0]
    assert run(page, "return document.title") == "Verification of A"


class Tags(HTMLParser):
    """The elements of a page, its scripts, and its policy."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] += data

    @property
    def injected(self) -> list[str]:
        """Elements and attributes that only hostile text can have brought."""
        pictures = [tag for tag, values in self.elements if tag == "img" and values.get("src") == "x"]
        handlers = [name for _, values in self.elements for name in values if name.startswith("on")]
        return [*pictures, *handlers, *(text for text in self.scripts if text.startswith("document.title"))]


def hostile_page(outcome: Verification) -> str:
    """The page of a verification in which every text from outside is hostile."""
    finding = next(item for item in outcome.findings if item.kind == "missing")
    texts = replace(finding, serials=HOSTILE, detail=HOSTILE)
    foreign = Finding(FindingKind.FOREIGN, None, HOSTILE, 1, 1.0, 2.0, HOSTILE, HOSTILE)
    wide = replace(
        outcome,
        batch=replace(outcome.batch, facts={**outcome.batch.facts, "title": HOSTILE}),
        findings=kept([texts, *outcome.findings, foreign]),
        broken=((HOSTILE, HOSTILE),),
        troubles=((HOSTILE, HOSTILE),),
        label_files=tuple(replace(file, file=HOSTILE) for file in outcome.label_files),
    )
    return b"".join(html_report(wide, HOSTILE, HOSTILE)).decode()


def test_no_text_from_outside_becomes_markup(outcome: Verification) -> None:
    text = hostile_page(outcome)
    tags = Tags(text)
    assert tags.injected == []
    assert text.count(str(escape(HOSTILE))) > 8
    *_, data, script = tags.scripts
    assert len(json.loads(data)) == len(outcome.findings) + 2
    (policy,) = [values["content"] for _, values in tags.elements if values.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert policy.endswith(f"script-src 'sha256-{digest}'"), "the browser runs only the page's own script"


def test_without_autoescape_hostile_text_would_be_markup(
    outcome: Verification, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    environment = html_report_module.environment()
    environment.autoescape = False
    monkeypatch.setattr(html_report_module, "environment", lambda: environment)
    assert Tags(hostile_page(outcome)).injected


def test_the_page_comes_in_blocks_whatever_its_size(outcome: Verification) -> None:
    row = next(iter(outcome.findings))
    blocks = html_report(replace(outcome, findings=kept([row] * 20_000), pictures={}), "now", "0")
    sizes = [len(block) for block in blocks]
    assert sum(sizes) > 20 * BLOCK_CHARACTERS
    assert max(sizes) < 4 * BLOCK_CHARACTERS


def test_a_file_name_with_surrogates_is_shown(outcome: Verification) -> None:
    text = b"".join(html_report(replace(outcome, broken=(("scan\udcff.png", "why"),)), "now", "0")).decode()
    assert "scan\\udcff.png" in text


def test_the_table_is_searched_filtered_and_sorted(page: Chrome) -> None:
    def column(index: int) -> list[str]:
        script = "return [...document.querySelectorAll('#table tbody tr')].map(r => r.cells[arguments[0]].innerText)"
        found: list[str] = run(page, script, index)
        return found

    total = len(column(0))
    assert total > 40
    head = "document.querySelectorAll('#table th button')[1].click()"
    run(page, head)
    up = [int(value) for value in column(1) if value]
    run(page, head)
    assert up == sorted(up)
    assert [int(value) for value in column(1) if value] == up[::-1]
    run(
        page,
        "const v = document.getElementById('verdict'); v.value = 'duplicate'; v.dispatchEvent(new Event('change'))",
    )
    assert set(column(2)) == {"duplicate"}
    assert len(column(0)) < total


def test_the_map_has_a_cell_for_each_label_and_says_more_than_colour(page: Chrome, outcome: Verification) -> None:
    script = "return [...document.querySelectorAll('.maps .cell')].map(c => [c.classList[1], c.textContent])"
    cells = run(page, script)
    assert len(cells) == 24
    kinds = [kind for kind, _ in cells]
    assert kinds.count("missing") == 3
    assert all(text for kind, text in cells if kind != "matched")
    assert "unreadable" in kinds


def test_wrong_modules_are_framed_on_the_picture(page: Chrome, outcome: Verification) -> None:
    line = next(item for item in outcome.findings if item.kind == "unreadable" and item.package == 3)
    assert line.defects
    assert "white line through column 1 (the left edge)" in line.detail
    assert {column for _, column, _ in line.defects.wrong_modules} == {0}
    assert all(dark for _, _, dark in line.defects.wrong_modules)
    drawn = run(page, "return document.querySelector('.symbol .wrong').getAttribute('d')")
    assert drawn.count("M") == len(line.defects.wrong_modules)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_pictures_of_the_page_are_drawn_in_light_and_dark(page: Chrome, tmp_path: Path, mode: str) -> None:
    scheme = {"features": [{"name": "prefers-color-scheme", "value": mode}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    assert page.save_screenshot(str(tmp_path / "shot.png"))
    grey = np.asarray(Image.open(tmp_path / "shot.png").convert("L"))
    assert (np.median(grey) > 200) == (mode == "light")
    wide = run(page, "return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert wide, "the page must not scroll sideways"


def test_statistics_tell_a_blurred_page_and_a_place(outcome: Verification) -> None:
    facts = statistics(outcome)
    assert facts.graded > 40
    # What no reader could read is worth 0.
    unreadable = outcome.counts["unreadable"]
    assert facts.unreadable == unreadable > 0
    assert sum(facts.letters.values()) == facts.graded + unreadable
    sharp, soft = facts.over_time
    assert sharp.grade is not None
    assert soft.grade is not None
    assert sharp.grade > soft.grade + 0.5
    worst = outcome.findings.pick(facts.worst)
    grades = [worst[index].grade for index in facts.worst]
    overall = [grade.overall for grade in grades if grade and grade.overall is not None]
    assert overall == sorted(overall)
    assert overall[0] == min(item.grade.overall for item in outcome.findings if item.grade and item.grade.gradable)  # type: ignore[type-var]
    assert len(facts.positions) == 24
    assert facts.positions[13].wrong > 0  # label 14 is covered
    assert facts.positions[13].grade is None
    assert facts.positions[0].grade is not None


def test_a_tired_column_shows_by_place(outcome: Verification) -> None:
    """The second column of the sheet printed badly on every page: its places have the lowest grades."""
    worse = tuple(
        replace(item, grade=replace(item.grade, overall=1.0)) if item.grade and (item.package or 0) % 3 == 2 else item
        for item in outcome.findings
    )
    spots = statistics(replace(outcome, findings=worse)).positions
    tired = [spot.grade for index, spot in enumerate(spots) if index % 3 == 1 and spot.grade is not None]
    others = [spot.grade for index, spot in enumerate(spots) if index % 3 != 1 and spot.grade is not None]
    assert max(tired) < median(others)


def test_csv_starts_no_formula_and_json_holds_all(outcome: Verification) -> None:
    evil = tuple(
        Finding(FindingKind.FOREIGN, None, "x", 1, None, None, sign + "1+1", sign + "cmd|' /C calc'!A0")
        for sign in "=+-@\t\r"
    )
    wide = replace(outcome, findings=kept([*outcome.findings, *evil]))
    text = b"".join(csv_report(wide)).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 1 + len(wide.findings)
    assert len(set(rows[0])) == len(rows[0])
    for row in rows:
        assert not [value for value in row if value[:1] in set("=+@\t\r")]
        assert not [value for value in row if value.startswith("-") and not value[1:].replace(".", "").isdigit()]
    assert len(json.loads(b"".join(json_report(wide)))["findings"]) == len(wide.findings)
    assert json.loads(b"".join(json_report(wide)))["statistics"]["letters"]["A"] >= 0


def test_the_pdf_says_the_same_and_shows_hostile_text_as_text(outcome: Verification) -> None:
    evil = Finding(FindingKind.FOREIGN, None, "x", 1, None, None, HOSTILE, HOSTILE)
    data = b"".join(pdf_report(replace(outcome, findings=kept([evil, *outcome.findings])), "2026-11-24T10:00:00Z", "0"))
    pdf = pypdfium2.PdfDocument(data)
    text = "".join(page.get_textpage().get_text_bounded() for page in pdf)
    assert "Not all labels are right" in text
    assert "white line" in text
    assert "<img src=x" in text.replace("\r\n", "")
    assert "\x1b" not in text
    assert b"/JavaScript" not in data
