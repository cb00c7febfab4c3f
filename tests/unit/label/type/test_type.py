"""Setting type: kerning, line breaks, directions, styles, fonts of files, and where the ink of texts may be."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bss_mfg.errors import InputError
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.row_checks import RowChecker
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.render.raster import render_png
from bss_mfg.label.template.expressions import compile_text
from bss_mfg.label.template.fonts import FONTS, Font, load_bundled_font
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI
from bss_mfg.label.type.font_file import FaceChoice, load_face
from bss_mfg.label.type.itemization import Setting
from bss_mfg.label.type.line_breaks import break_opportunities
from bss_mfg.label.type.markup import BOLD, ITALIC, styles_of, switches
from bss_mfg.label.type.paragraph import Line, prepare, simple_line
from bss_mfg.label.type.plain import ASCII, plain_table
from bss_mfg.label.type.shaping import Shaping, shape

SANS = load_bundled_font("sans")


def made(folder: Path, element: str, head: str = "", size: tuple[int, int] = (60, 40)) -> LoadedTemplate:
    (folder / "t.toml").write_text(
        f'format = 1\neach = "batch"\n{head}\n[media]\nlabel_width = {size[0]}\nlabel_height = {size[1]}\nsafe = 0.5\n'
        f'[[element]]\nkind = "text"\n{element}\n',
        "utf-8",
    )
    return load_template(folder / "t.toml")


def planned(template: LoadedTemplate) -> tuple[TextPlan, str, Font]:
    plan, text = lay_out(template, PDF_PRINTER_BY_DPI[300], 0, "production").fixed_texts[0]
    return plan, text, template.font(plan.style.font)


def dots(template: LoadedTemplate) -> np.ndarray:
    layout = lay_out(template, PDF_PRINTER_BY_DPI[300], 0, "production")
    png = render_png(LabelFileContent("t", layout, (LabelRow("", (), ()),), 1, "mask"))
    return np.array(Image.open(BytesIO(png)).convert("L")) < 128


# --- shaping -------------------------------------------------------------------------------------------------------


def test_pairs_are_kerned() -> None:
    assert load_bundled_font("sans-bold").width("AVATAR To WAVE Typ.", 1) == pytest.approx(10.70, abs=0.005)


@pytest.mark.parametrize("name", FONTS)
@given(text=st.text(ASCII, min_size=1, max_size=30))
def test_sums_of_pairs_are_what_harfbuzz_says(name: str, text: str) -> None:
    face = load_bundled_font(name).face
    table = plain_table(face)
    assert table is not None
    run = shape(face, text)
    assert table.width(text) == pytest.approx(run.width, abs=1e-9)
    assert [round(origin) for origin in table.origins(text)] == [round(x * face.upem) for _, x, _ in run.placed()]
    assert [face.glyph(character) for character in text] == list(run.glyphs)


@pytest.mark.parametrize("language", ["", "ja", "he", "tr"])
@given(text=st.text(ASCII, min_size=1, max_size=30))
def test_sums_of_pairs_are_the_same_glyphs_in_each_language(language: str, text: str) -> None:
    face = load_bundled_font("sans").face
    table = plain_table(face, language)
    assert table is not None
    run, shaped = table.run(text), shape(face, text, Shaping(language=language))
    assert (run.glyphs, run.clusters, run.offsets) == (shaped.glyphs, shaped.clusters, shaped.offsets)
    assert run.advances == pytest.approx(shaped.advances, abs=0.01)


def test_composed_and_decomposed_letters_are_the_same() -> None:
    composed, decomposed = (prepare(text, SANS.setting)[0].line() for text in ("Café Å", "Cafe\u0301 A\u030a"))
    assert composed.text == decomposed.text
    assert composed.runs[0].glyphs == decomposed.runs[0].glyphs


def test_words_of_the_other_direction_keep_their_order() -> None:
    line = prepare("abc \u05d0\u05d1 12", SANS.setting)[0].line()
    assert [run.text for run in line.runs] == ["abc ", "12", "\u05d0\u05d1 "]
    assert prepare("\u05d0 a", SANS.setting)[0].right_to_left
    assert not prepare("a \u05d0", SANS.setting)[0].right_to_left


def test_letter_spacing_goes_between_letters_and_undoes_ligatures() -> None:
    spaced = prepare("abc", Setting(SANS.setting.faces, letter_spacing=0.5))[0].line()
    assert spaced.width == pytest.approx(SANS.width("abc", 1) + 1.0, abs=0.01)


# --- lines ---------------------------------------------------------------------------------------------------------


def pieces(text: str) -> list[str]:
    starts = (0, *break_opportunities(text))
    return [text[start:end] for start, end in pairwise(starts)]


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("one two", ["one ", "two"]),
        ("3.5 mm, 1,234.5", ["3.5 ", "mm, ", "1,234.5"]),
        ("10\u00a0V x", ["10\u00a0V ", "x"]),
        ("SN-A1,B2;C3/D4", ["SN-", "A1,", "B2;", "C3/", "D4"]),
        ("2026-11-28", ["2026-11-28"]),
        ("schiff\u00adfahrt", ["schiff\u00ad", "fahrt"]),
        ("日本、「語」ッ", ["日", "本、", "「語」ッ"]),  # kinsoku: no line starts with 、 」 or a small kana
        ("(see !", ["(see !"]),
    ],
)
def test_lines_break_where_they_may(text: str, broken: list[str]) -> None:
    assert pieces(text) == broken


@given(st.from_regex(r"[ab09]{1,3}([-,;/.: ][ab09]{1,3}){0,5}", fullmatch=True))
def test_the_short_way_of_ascii_breaks_as_uniseg_does(text: str) -> None:
    """A letter of another script sends the same text to uniseg."""
    long_way = [at for at in break_opportunities(text + " ß") if at < len(text)]
    short_way = [at for at in break_opportunities(text) if at < len(text)]
    assert short_way == long_way


def test_a_soft_hyphen_shows_at_the_end_of_a_line_alone() -> None:
    paragraph = prepare("Donau\u00addampf\u00adschiff", SANS.setting)[0]
    assert [line.text for line in paragraph.wrapped(6.5)] == ["Donaudampf-", "schiff"]
    assert paragraph.line().width == pytest.approx(SANS.width("Donaudampfschiff", 1), abs=0.05)


def test_justified_lines_are_as_wide_as_their_place_but_the_last(tmp_path: Path) -> None:
    element = 'x = 5\ny = 5\nwidth = 30\nfit = "wrap"\nlines = 9\nalign = "justify"\ntext = "' + "many words " * 6 + '"'
    plan, text, font = planned(made(tmp_path, element))
    size, lines = plan.fit(text, font)
    assert len(lines) > 2
    assert all(line.width * size == pytest.approx(plan.room) for line in lines[:-1])
    assert lines[-1].width * size < plan.room - 1


def test_a_line_feed_starts_a_line_and_braces_are_printed(tmp_path: Path) -> None:
    plan, text, font = planned(made(tmp_path, 'x = 5\ny = 5\nwidth = 50\ntext = "one\\n{{two}}"'))
    _, lines = plan.fit(text, font)
    assert [line.text for line in lines] == ["one", "{two}"]
    assert compile_text("{{{serial}}}").fill({"serial": "A"}) == "{A}"
    with pytest.raises(ValueError, match="partner"):
        compile_text("a } b")


# --- styles --------------------------------------------------------------------------------------------------------


def test_runs_of_bold_are_marked_and_values_are_not() -> None:
    assert styles_of(switches(r"a **b** *c* \*")) == (
        "a b c *",
        [0, 0, BOLD, 0, ITALIC, 0, 0],
    )
    row = compile_text("**SN** {serial}").with_switches().fill({"serial": "1**2"})
    text, styles = styles_of(row)
    assert text == "SN 1**2"
    assert styles == [BOLD, BOLD, 0, 0, 0, 0, 0]


def test_bold_is_set_in_the_bold_font(tmp_path: Path) -> None:
    plan, text, font = planned(made(tmp_path, 'x = 5\ny = 5\nwidth = 50\nmarkup = true\ntext = "a **b** *c*"'))
    _, (line,) = plan.fit(text, font)
    assert [run.face.post_script_name for run in line.runs] == [
        "LiberationSans", "LiberationSans-Bold", "LiberationSans", "LiberationSans-Italic",
    ]  # fmt: skip
    with pytest.raises(InputError, match="mono' has no bold"):
        made(tmp_path, 'x = 5\ny = 5\nwidth = 50\nmarkup = true\nfont = "mono"\ntext = "a **b**"')


# --- where texts stand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("valign", "top", "bottom"),
    [("capitals", 20.0, None), ("baseline", None, 20.0), ("middle", None, None), ("bottom", None, 20.0)],
)
def test_y_is_what_valign_says(valign: str, top: float | None, bottom: float | None, tmp_path: Path) -> None:
    inked = dots(made(tmp_path, f'x = 5\ny = 20\nwidth = 50\nsize = 24\nvalign = "{valign}"\ntext = "HH"'))
    rows = (np.flatnonzero(inked.any(axis=1)) + 0.5) * 25.4 / 300
    if top is not None:
        assert rows[0] == pytest.approx(top, abs=0.1)
    elif bottom is not None:
        assert rows[-1] == pytest.approx(bottom, abs=0.1)
    else:
        assert (rows[0] + rows[-1]) / 2 == pytest.approx(20, abs=0.1)


def test_a_shrunk_text_stays_on_its_baseline(tmp_path: Path) -> None:
    place = 'x = 5\ny = 20\nwidth = 20\nsize = 12\nmin_size = 4\nvalign = "baseline"\ntext = "{}"'
    ends = [np.flatnonzero(dots(made(tmp_path, place.format(text))).any(axis=1))[-1] for text in ("HHH", "H" * 12)]
    assert abs(ends[0] - ends[1]) <= 1


@pytest.mark.parametrize("letters", [6, 12, 20])
def test_a_shrunk_text_begins_at_its_corner_and_fills_its_width(tmp_path: Path, letters: int) -> None:
    place = 'x = 5\ny = 20\nwidth = 20\nsize = 12\nmin_size = 3\ntext = "{}"'
    inked = dots(made(tmp_path, place.format("H" * letters)))
    columns = (np.flatnonzero(inked.any(axis=0)) + 0.5) * 25.4 / 300
    rows = (np.flatnonzero(inked.any(axis=1)) + 0.5) * 25.4 / 300
    assert rows[0] == pytest.approx(20, abs=0.1)
    assert columns[0] == pytest.approx(5.2, abs=0.3)
    assert (columns[-1] < 25.1) and (letters == 6 or columns[-1] == pytest.approx(24.7, abs=0.5))


def test_descenders_that_leave_the_label_are_refused(tmp_path: Path) -> None:
    element = 'x = 5\ny = 7.9\nwidth = 50\nsize = 8\ntext = "{}"'
    lay_out(made(tmp_path, element.format("HOE"), size=(60, 10)), PDF_PRINTER_BY_DPI[300], 0, "production")
    with pytest.raises(InputError, match="ascenders and descenders"):
        lay_out(made(tmp_path, element.format("jpg"), size=(60, 10)), PDF_PRINTER_BY_DPI[300], 0, "production")


def test_a_value_whose_ink_reaches_a_symbol_is_refused(tmp_path: Path) -> None:
    code = '[[element]]\nkind = "qr"\nx = 5\ny = 10\nsize = 20\ntext = "x"'
    template = made(tmp_path, f'x = 5\ny = 7.6\nwidth = 50\nsize = 9\ntext = "{{batch}}"\n{code}')
    layout = lay_out(template, PDF_PRINTER_BY_DPI[300], 0, "production")
    for text, kinds in (
        ("HOE", []),
        ("jpg", [DesignFindingKind.ON_SYMBOL]),
        ("j\u00fcg", [DesignFindingKind.ON_SYMBOL]),
    ):
        findings = DesignFindings(template)
        RowChecker(layout, findings).check(LabelRow("", (text,), (None,)))
        assert [item.kind for item in findings.items if item.severity == "error"] == kinds


@given(st.text("AVTojpg.,Wf ", min_size=1, max_size=12))
def test_the_quick_bounds_hold_the_ink(text: str) -> None:
    line = simple_line(text, SANS.setting)
    assert isinstance(line, Line)
    if ink := line.ink():
        quick, least = line.bounds(), SANS.ascii_bounds
        assert quick[0] <= ink[0] and quick[1] <= ink[1] and quick[2] >= ink[2] and quick[3] >= ink[3]
        assert least[0] <= ink[0] and least[1] <= ink[1] and least[3] >= ink[3] and line.width + least[2] >= ink[2]


# --- font files ----------------------------------------------------------------------------------------------------


def variable_font() -> bytes:
    """A font with one letter, A: a bar from 100 to 300 units wide along the axis wght."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib.tables.TupleVariation import TupleVariation

    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 700))
    pen.lineTo((100, 700))
    pen.lineTo((100, 0))
    pen.closePath()
    bar = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "A"])
    builder.setupCharacterMap({65: "A"})
    builder.setupGlyf({".notdef": bar, "A": bar})
    builder.setupHorizontalMetrics({".notdef": (400, 0), "A": (400, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Bar", "styleName": "Regular"})
    builder.setupOS2(sCapHeight=700)
    builder.setupPost()
    builder.setupFvar([("wght", 100, 100, 900, "Weight")], [{"stylename": "Bold", "location": {"wght": 900}}])
    wider = [(0, 0), (0, 0), (200, 0), (200, 0), (0, 0), (0, 0), (0, 0), (0, 0)]
    builder.setupGvar({"A": [TupleVariation({"wght": (0, 1, 1)}, wider)]})
    out = BytesIO()
    builder.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("font", "width"),
    [
        ('"bar.ttf"', 0.1),
        ('{ file = "bar.ttf", instance = "Bold" }', 0.3),
        ('{ file = "bar.ttf", axes = { wght = 500 } }', 0.2),
    ],
)
def test_a_variable_font_is_set_at_its_place(font: str, width: float, tmp_path: Path) -> None:
    (tmp_path / "bar.ttf").write_bytes(variable_font())
    template = made(tmp_path, 'x = 5\ny = 5\nwidth = 50\nsize = 72\nfont = "bar"\ntext = "A"', f"[fonts]\nbar = {font}")
    assert dots(template).any(axis=0).sum() == pytest.approx(width * 300, abs=1)


@pytest.mark.parametrize(
    ("font", "says"),
    [
        ('{ file = "bar.ttf", instance = "Heavy" }', "no instance 'Heavy'; known: Bold"),
        ('{ file = "bar.ttf", axes = { slnt = 5 } }', "no axis 'slnt'; known: wght"),
        ('{ file = "bar.ttf", axes = { wght = 950 } }', "goes from 100 to 900"),
        ('{ file = "bar.ttf", number = 3 }', "number 3"),
        ('{ file = "bar.ttf", bold = "other" }', "no font 'other' for its bold"),
    ],
)
def test_a_face_that_is_not_there_is_named(font: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "bar.ttf").write_bytes(variable_font())
    with pytest.raises(InputError, match=says):
        made(tmp_path, 'x = 5\ny = 5\nwidth = 50\nfont = "bar"\ntext = "A"', f"[fonts]\nbar = {font}")


@pytest.mark.parametrize("junk", [b"", b"\0\1\0\0" + b"\xff" * 60, b"OTTO" + bytes(30), b"ttcf" + bytes(200)])
def test_junk_is_no_font(junk: bytes) -> None:
    with pytest.raises(ValueError, match=r"font|glyph|outlines"):
        load_face(junk)


def test_fonts_stand_in_for_what_those_before_them_lack(tmp_path: Path) -> None:
    (tmp_path / "bar.ttf").write_bytes(variable_font())
    template = made(
        tmp_path, 'x = 5\ny = 5\nwidth = 50\nfont = ["bar", "sans"]\ntext = "AB"', '[fonts]\nbar = "bar.ttf"'
    )
    plan, text, font = planned(template)
    _, (line,) = plan.fit(text, font)
    assert [(run.face.post_script_name, run.text) for run in line.runs] == [("Font", "A"), ("LiberationSans", "B")]


def test_a_missing_glyph_and_its_character_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="U\\+0905"):
        lay_out(made(tmp_path, 'x = 5\ny = 5\nwidth = 50\ntext = "अ"'), PDF_PRINTER_BY_DPI[300], 0, "production")


def test_faces_are_told_apart_by_all_that_chooses_them() -> None:
    data = variable_font()
    faces = {load_face(data), load_face(data, 0, "Bold"), load_face(data, 0, "", (("wght", 500.0),))}
    assert len(faces) == 3
    assert FaceChoice() == FaceChoice(0, "", {})
