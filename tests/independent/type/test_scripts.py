"""Lines in many scripts on our labels, dot for dot what HarfBuzz's and Pango's own programs draw."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pytest

from bss_mfg.errors import InputError
from tests.independent.type.drawn import NOTO, Label, by_harfbuzz, by_pango, share_wrong
from tests.needs import needs

TOLERANCE, PDF_TOLERANCE = 0.04, 0.06
"""Dots that may differ, as a share of the black ones: those whose edge runs through the middle. pdfium puts glyphs on
whole pixels."""


@dataclass(frozen=True)
class Line:
    """A text and the file of its font; `shaped` says whether it would be wrong unshaped."""

    text: str
    font: str
    shaped: bool = True

    @property
    def path(self) -> Path:
        """Where the font is."""
        noto = NOTO / self.font
        return noto if noto.exists() else next(Path("/usr/share/fonts").rglob(self.font))


LINES = {
    "Latin": Line("AVATAR To WAVE Typ. office", "NotoSans-Regular.ttf"),
    "Latin CFF": Line("AVATAR office Typ. fi", "NimbusSans-Regular.otf"),
    "Greek": Line("ΑΥΤΟ Τόνος ΆΛΤΑ", "NotoSans-Regular.ttf"),
    "Cyrillic": Line("ГАЗ УДАР Тула", "NotoSans-Regular.ttf"),
    "Hebrew": Line("שָׁלוֹם עולם", "NotoSansHebrew-Regular.ttf"),
    "Arabic": Line("السلام عليكم", "NotoNaskhArabic-Regular.ttf"),
    "Urdu": Line("اردو نستعلیق", "NotoNastaliqUrdu-Regular.ttf"),
    "Devanagari": Line("क्षत्रिय हिन्दी प्रकार", "NotoSansDevanagari-Regular.ttf"),
    "Bengali": Line("বাংলা ক্ষমা শ্রী", "NotoSansBengali-Regular.ttf"),
    "Tamil": Line("தமிழ் கொள்கை", "NotoSansTamil-Regular.ttf"),
    "Telugu": Line("తెలుగు క్ష", "NotoSansTelugu-Regular.ttf"),
    "Sinhala": Line("ශ්‍රී ලංකා", "NotoSansSinhala-Regular.ttf"),
    "Thai": Line("ผู้ที่นี่ น้ำ", "NotoSansThai-Regular.ttf"),
    "Khmer": Line("ភាសាខ្មែរ", "NotoSansKhmer-Regular.ttf"),
    "Myanmar": Line("မြန်မာဘာသာ", "NotoSansMyanmar-Regular.ttf"),
    "Georgian": Line("ქართული", "NotoSansGeorgian-Regular.ttf"),
    "Armenian": Line("Հայերեն եւ", "NotoSansArmenian-Regular.ttf"),
    "Ethiopic": Line("አማርኛ", "NotoSansEthiopic-Regular.ttf"),
    "Japanese": Line("日本語「テスト」が", "VL-PGothic-Regular.ttf", shaped=False),
}


@needs("hb-view", "fonts")
@pytest.mark.parametrize("script", LINES)
def test_a_line_has_the_dots_that_harfbuzz_draws(script: str, tmp_path: Path) -> None:
    line = LINES[script]
    label = Label.of(tmp_path, line.text, line.path)
    dots = label.dots()
    assert share_wrong(dots, by_harfbuzz(line.text, line.path)) < TOLERANCE
    assert (dots != label.pdf_dots()).sum() / dots.sum() < PDF_TOLERANCE
    if line.shaped:  # the control: glyphs set one after the other, as they were before
        assert share_wrong(dots, by_harfbuzz(line.text, line.path, "--shapers=fallback")) > 1.5 * TOLERANCE


@needs("pango-view", "fonts")
@pytest.mark.parametrize(
    "text",
    ["abc שלום (12) def", "שלום abc (12) דף, 3.5 ק", "السلام (abc) ١٢٣ 45", "السلام عليكم x", "1 שלום 2"],
)
def test_a_line_in_two_directions_has_the_dots_that_pango_draws(text: str, tmp_path: Path) -> None:
    font = next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"))
    dots = Label.of(tmp_path, text, font).dots()
    assert share_wrong(dots, by_pango(text, "DejaVu Sans", tmp_path)) < TOLERANCE
    assert share_wrong(dots, by_pango(text[::-1], "DejaVu Sans", tmp_path)) > 10 * TOLERANCE


EXTRACTED = [*LINES.items(), ("beyond the BMP", Line("𐌲𐌿𐍄 a", "NotoSansGothic-Regular.ttf"))]
UNREADABLE = {
    "Urdu",  # its letters climb, which readers take for lines
    "Hebrew",  # poppler takes the narrow step before a point for a space
}


@needs("pdftoppm", "fonts")
@pytest.mark.parametrize("line", [line for script, line in EXTRACTED if script not in UNREADABLE],
                         ids=[script for script, _ in EXTRACTED if script not in UNREADABLE])  # fmt: skip
def test_text_is_read_from_the_pdf_by_poppler_and_pdfium(line: Line, tmp_path: Path) -> None:
    sans = NOTO / "NotoSans-Regular.ttf"
    fonts = [line.path] if line.path == sans else [line.path, sans]
    pdf = tmp_path / "line.pdf"
    pdf.write_bytes(Label.of(tmp_path, line.text, *fonts).pdf())
    by_poppler = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, check=True).stdout.decode()
    assert by_poppler.translate({0x202B: None, 0x202C: None}).strip() == line.text
    document = pypdfium2.PdfDocument(pdf)
    try:
        assert document[0].get_textpage().get_text_range().strip() == line.text
    finally:
        document.close()


@needs("fonts")
def test_a_font_without_the_rules_of_a_script_is_refused(tmp_path: Path) -> None:
    """Letters of Devanagari without the substitutions that join and order them."""
    import uharfbuzz as hb

    face = hb.Face((NOTO / "NotoSansDevanagari-Regular.ttf").read_bytes())
    wanted = hb.SubsetInput()
    wanted.keep_everything()
    wanted.sets(hb.SubsetInputSets.DROP_TABLE_TAG).add(int.from_bytes(b"GSUB", "big"))
    bare = tmp_path / "bare" / "Bare.ttf"
    bare.parent.mkdir()
    bare.write_bytes(hb.subset(face, wanted).blob.data)
    with pytest.raises(InputError, match="letters of Devanagari, but not the rules"):
        Label.of(tmp_path, "हिन्दी", bare)
    with pytest.raises(InputError, match="no letter that can carry it"):
        Label.of(tmp_path, "\u093f", NOTO / "NotoSansDevanagari-Regular.ttf")
    with pytest.raises(InputError, match="top to bottom"):
        Label.of(tmp_path, "ᠮᠣᠩᠭᠣᠯ", NOTO / "NotoSansMongolian-Regular.ttf")


@needs("unicode-data")
def test_directions_pass_all_cases_of_unicode() -> None:
    """BidiCharacterTest.txt: base direction, levels' parity and visual order."""
    from bss_mfg.label.type.bidi import runs_right_to_left, visual_order

    count = 0
    for line in Path("/usr/share/unicode/BidiCharacterTest.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        codes, direction, base, level_texts, order = line.split(";")
        text = "".join(chr(int(code, 16)) for code in codes.split())
        levels = level_texts.split()
        if direction == "2":
            assert runs_right_to_left(text) is (base == "1"), line
        seen = [(at, backwards) for at, backwards in visual_order(text, base == "1") if levels[at] != "x"]
        assert [at for at, _ in seen] == list(map(int, order.split())), line
        assert all(int(levels[at]) % 2 == backwards for at, backwards in seen), line
        count += 1
    assert count > 90_000
