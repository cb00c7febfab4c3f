"""Lines that differ in their serial numbers alone are set once: each is what setting it anew would make of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.geometry import place_elements
from bss_mfg.label.layout.ink import InkRoom
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.texts import TextChecker, check_text
from bss_mfg.label.template.fonts import load_bundled_font
from bss_mfg.label.template.loading import LoadedTemplate, load_template, template_from_text
from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI
from bss_mfg.label.type.font_file import load_face
from bss_mfg.label.type.itemization import Direction, Plan, Setting
from bss_mfg.label.type.paragraph import Line, simple_line
from bss_mfg.label.type.patterns import line_pattern
from bss_mfg.label.type.plain import plain_table
from bss_mfg.label.type.scripts import CURSIVE
from bss_mfg.label.type.shaping import GlyphRun, shape

FONTS = Path(__file__).parents[4] / "templates" / "fonts"
SANS = load_bundled_font("sans").face
WORDS = ("製造番号", "מספר סידורי", "الرقم التسلسلي", "Größe", "№", "日", "رقم", "(", ") ", " ", ".", "-")
SERIALS = st.text("AVTjfi0179z-./ ()#", max_size=9)
TEXTS = st.lists(st.one_of(st.sampled_from(WORDS), SERIALS), min_size=1, max_size=5).map("".join)


@cache
def setting(direction: Direction, language: str) -> Setting:
    names = ("NotoSansJP", "NotoSansHebrew", "NotoSansArabic")
    faces = tuple([load_face((FONTS / f"{name}-part.ttf").read_bytes()) for name in names])
    return Setting(((SANS, *faces),), direction=direction, language=language)


SETTINGS = st.builds(setting, st.sampled_from(["auto", "ltr", "rtl"]), st.sampled_from(["", "ja", "ar", "tr"]))


def set_anew(text: str, how: Setting) -> list[GlyphRun]:
    """The runs of a line, each shaped by HarfBuzz where it stands, with nothing shared or remembered."""
    plan, runs = Plan(text, (0,) * len(text), how), []
    for start, end, shaping in plan.items(0, len(text)):
        around = 5 if shaping.script in CURSIVE else 0
        first = max(start - around, 0)
        context = text[first : end + around]
        runs.append(shape(plan.faces[start], context, shaping, start - first, end - first))
    return runs


@given(TEXTS, SETTINGS)
@settings(max_examples=300)
def test_a_line_by_its_pattern_has_the_glyphs_of_a_line_set_anew(text: str, how: Setting) -> None:
    if not text or not (pattern := line_pattern(text, how)):
        return
    line, anew = pattern.line(text), set_anew(text, how)
    assert [(run.face.digest, run.text, run.glyphs, run.advances, run.offsets) for run in line.runs] == [
        (run.face.digest, run.text, run.glyphs, run.advances, run.offsets) for run in anew
    ]
    assert line.width == sum([run.width for run in anew])
    if (ink := line.ink()) and pattern.stays_within(line):
        left, bottom, right, top = pattern.bounds
        assert left <= ink[0] + 1e-9 and bottom <= ink[1] + 1e-9
        assert line.width + right >= ink[2] - 1e-9 and top >= ink[3] - 1e-9


@pytest.mark.parametrize(
    ("text", "one_of_a_kind"),
    [
        ("製造番号 SN-00017", False),
        ("מספר סידורי A7", False),
        ("الرقم التسلسلي 12", True),  # digits among Arabic letters are of their run
        ("製造番号\n17A", True),
        ("製造\u00ad番号 17A", True),
        ("製造番号 \ufdd017A", True),
        ("मात्रा A", True),  # no font has it
        ("plain", True),
    ],
)
def test_what_has_a_pattern(text: str, one_of_a_kind: bool) -> None:
    assert (line_pattern(text, setting("auto", "")) is None) is one_of_a_kind


@given(st.text("AVTojpgfW1i., ", max_size=12), st.floats(0, 12))
def test_plain_lines_are_measured_right_however_quickly(text: str, room: float) -> None:
    table = plain_table(SANS)
    assert table
    assert table.is_within(text, room) is (table.width(text) <= room)
    assert table.is_within(text, table.width(text))
    line = simple_line(text, setting("auto", ""))
    assert isinstance(line, Line)
    if ink := line.ink():
        before, after = table.reach(text)
        assert before <= ink[0] + 1e-9 and line.width + after >= ink[2] - 1e-9


@cache
def crowded(align: str, y: float) -> LoadedTemplate:
    """A text that touches a symbol's quiet zone at its left end, the SAMPLE mark at its right, and both below it."""
    folder = FONTS.parent
    text = (
        'format = 1\neach = "batch"\n'
        '[fonts]\narabic = "fonts/NotoSansArabic-part.ttf"\njapanese = "fonts/NotoSansJP-part.ttf"\n'
        "[media]\nkind = 'roll'\nlabel_width = 60\nlabel_height = 40\n"
        "[sample]\nx = 45\ny = 2\nwidth = 10\nheight = 11\n"
        "[[element]]\nkind = 'qr'\nx = 2\ny = 2\nsize = 20\ntext = 'x'\n"
        f"[[element]]\nkind = 'text'\nx = 22\ny = {y}\nwidth = 23\nsize = 9\nmin_size = 6\nalign = '{align}'\n"
        "font = ['sans', 'japanese', 'arabic']\ntext = '{batch}'\n"
    )
    return template_from_text(text, folder / "crowded.toml")


@given(
    st.lists(st.sampled_from(["製造", "رقم", "j", "W", "f", "A7", " ", "-", "Äg", "\n"]), min_size=1, max_size=6),
    st.sampled_from(["left", "center", "right"]),
    st.sampled_from([3.0, 12.5]),
)
@settings(max_examples=150, deadline=None)
def test_quick_checks_find_what_slow_ones_find(words: list[str], align: str, y: float) -> None:
    template, text = crowded(align, y), "".join(words)
    layout = lay_out(template, PDF_PRINTER_BY_DPI[300], 0, "production")
    ((_, plan),) = layout.texts
    room = InkRoom.of(template, place_elements(template, 1))
    quick, slow = DesignFindings(template), DesignFindings(template)
    TextChecker(template, plan, quick, room).check(text)
    check_text(template, plan, text, slow, room)
    assert [(item.kind, item.what) for item in quick.items] == [(item.kind, item.what) for item in slow.items]


def test_a_shipped_template_has_patterns() -> None:
    """Its texts are what labels of three scripts say: each is set once for all labels."""
    template = load_template(FONTS.parent / "languages-70x40.toml")
    layout = lay_out(template, PDF_PRINTER_BY_DPI[300], 52, "production")
    shown = [(slot.text.fill({"serial": "MB26-000017", "title": "Lamp"}), plan) for slot, plan in layout.texts]
    patterns = [
        line_pattern(text, plan.style.setting(template.font(plan.style.font)))
        for text, plan in shown
        if not text.isascii()
    ]
    assert len(patterns) == 3 and all(patterns)
