"""The verification report in every language: nothing unmarked, glyphs in the PDF's own fonts, nothing too wide."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont

import bss_mfg
from bss_mfg.core.chinese_font import CHINESE_FONT
from bss_mfg.core.languages import Language, language
from bss_mfg.report.html_report import html_report
from bss_mfg.report.pdf_parts import typeface
from bss_mfg.report.pdf_report import pdf_report
from bss_mfg.verify.outcome import Verification
from tests.helpers.languages import BRACKETS, LATIN_BRACKETS, OTHERS, all_languages, catalogue_tool, unmarked
from tests.unit.report.test_report import outcome as outcome
from tests.unit.report.test_report import scans as scans

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.xdist_group("report")
MADE = "2026-11-24T10:00:00Z"
DATA = (
    "bss-mfg",
    "Bulb",
    "one.png",
    "two <b>&amp;amp;.png",
    "two <b>&amp;.png",
    "ISO/IEC",
    "UTC",
    "mm",
    "nm",
    "ebK3",
    "ECC",
)


def html(found: Verification, speak: Language) -> str:
    return b"".join(html_report(found, MADE, "0", speak)).decode()


def visible(page: str) -> str:
    """What people read of a page: text, titles, what a reader aloud says, the rows of the table."""
    rows = "".join(re.findall(r'(?s)<script type="application/json" id="rows">(.*?)</script>', page))
    rows = rows.encode().decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")
    bare = re.sub(r"(?s)<(script|style).*?</\1>", " ", page)
    named = " ".join(re.findall(r'(?:title|alt|aria-label|placeholder)="([^"]*)"', bare))
    return unescape(f"{re.sub(r'<[^>]*>', ' ', bare)} {named}") + rows


def data(found: Verification) -> list[str]:
    """Names, serials and file names."""
    serials = {part for item in found.findings for part in item.serials.split(", ") if part}
    facts = found.batch.facts
    return [*DATA, *serials, facts["pid"], facts.get("title", ""), found.batch.product]


def without_codes(text: str) -> str:
    """Without serials, grades, curves of light and letters of marks."""
    return re.sub(r"\bnull\b|ebK\w+|\b[A-F] ?\d\.\d\S*|\bsRGB\b|\blinear\b|two\s.*?\.png|\bB?2x\b|\bAB\d\w*", " ", text)


def test_no_text_of_the_page_is_unmarked(outcome: Verification) -> None:
    found = unmarked(without_codes(visible(html(outcome, BRACKETS))), data(outcome))
    assert not found, found


def test_no_text_of_the_pdf_is_unmarked(outcome: Verification) -> None:
    document = pypdfium2.PdfDocument(b"".join(pdf_report(outcome, MADE, "0", LATIN_BRACKETS)))
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    text = re.sub(r"\s+", " ", text).replace("«", "⟦").replace("»", "⟧")
    found = unmarked(without_codes(text), data(outcome))
    assert not found, found


@pytest.mark.parametrize("code", OTHERS)
def test_the_pdf_brings_its_glyphs(outcome: Verification, code: str) -> None:
    data = b"".join(pdf_report(outcome, MADE, "0", language(code)))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        fonts = [font for page in pdf.pages for font in page.Resources.Font.values()]
        for font in fonts:
            described = font.DescendantFonts[0] if "/DescendantFonts" in font else font
            if "/FontDescriptor" in described:
                assert any(key in described.FontDescriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
            else:
                assert str(font.BaseFont) in ("/Helvetica", "/Helvetica-Bold"), "marks of the map, and bullets"
    document = pypdfium2.PdfDocument(data)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert language(code)("Not all labels are right") in re.sub(r"\s+", " ", text)
    assert "\\u" not in text, "a letter that the fonts don't have"


@pytest.mark.parametrize("code", OTHERS)
def test_the_fonts_have_all_letters_of_the_catalogue(code: str) -> None:
    face, speak = typeface(language(code)), language(code)
    assert face.letters
    for message in catalogue_tool().template():
        if message.id:
            for one in [message.id] if isinstance(message.id, str) else message.id:
                missing = set(speak.translation(one)) - face.letters
                assert not missing, (one, missing, "cut the font anew: .ci/chinese_font.py")


def test_the_chinese_font_is_a_font() -> None:
    path = Path(bss_mfg.__file__).parent / CHINESE_FONT
    assert "glyf" in TTFont(path)
    assert path.stat().st_size < 200_000


def test_the_page_holds_on_a_phone(outcome: Verification, chrome: Chrome, tmp_path: Path) -> None:
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        for speak in all_languages():
            (tmp_path / f"{speak.code}.html").write_text(html(outcome, speak), "utf-8")
            chrome.get(f"file://{tmp_path}/{speak.code}.html")
            assert chrome.execute_script("return document.documentElement.lang") == speak.page_code
            wide = chrome.execute_script(
                "return [...document.querySelectorAll('h1,h2,h3,.verdict,.tile,.pane,.soft,.card p')]"
                ".filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth).map(one => one.innerText)"
            )
            assert not wide, (speak.code, wide)
            assert chrome.execute_script("return document.querySelector('.verdict').innerText") == speak(
                "Not all labels are right"
            )
    finally:
        chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
