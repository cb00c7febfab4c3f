"""Printer languages over the same dots: whatever is black on a page is black on paper, label by label."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bss_mfg.errors import InputError
from bss_mfg.label.file_plan import drawing_facts
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.label.printing.formats import split_formats
from bss_mfg.label.render.by_language import SUFFIX, render_label_file
from bss_mfg.label.render.languages import brother
from bss_mfg.label.render.languages.formats import PAGE_LANGUAGES
from bss_mfg.label.render.zpl import _symbol as zpl_symbol
from bss_mfg.label.render.zpl import packed_field
from bss_mfg.label.template.loading import template_from_text
from bss_mfg.label.template.print_settings import PrintSettings
from bss_mfg.label.template.printer import BUILT_IN, Printer, load_printer, printer_text
from bss_mfg.printer_languages import LANGUAGES, RAW_SUFFIXES, Language
from bss_mfg.symbol import data_matrix
from tests.independent.languages import readers
from tests.independent.languages.readers import READERS, Dots, Page

PRINTER = {language: next(it for it in BUILT_IN.values() if it.language == language) for language in LANGUAGES}
ALL_SET = {
    "zpl-hex": PrintSettings(17, 4, "gap", None, "peel", 1.5),
    "tspl": PrintSettings(8, 4, "gap", 3.0, "tear", 2.0),
    "epl2": PrintSettings(9, 2, "mark", 3.0, "cut"),
    "cpcl": PrintSettings(2, 3, "mark", None, "cut", 4.0),
    "sbpl": PrintSettings(3, 4, "gap", None, "cut"),
    "dpl": PrintSettings(12, 4.5, "mark", None, "cut"),
    "escpos": PrintSettings(-2, 5, "gap", None, "peel", 3.0),
}


MARKED = """
format = 1
each = "batch"
media = { label_width = 10, label_height = 20 }
element = [
  { kind = "box", x = 1, y = 1, width = 3, height = 2, fill = true },
  { kind = "line", x = 2, y = 15, x2 = 8, y2 = 15, thickness = 0.5 },
]
"""


def as_page(page: Page, shape: tuple[int, int]) -> Dots:
    """What came out, as large as what went in: nothing black lies beyond."""
    grown = np.zeros((max(shape[0], page.dots.shape[0]), max(shape[1], page.dots.shape[1])), bool)
    grown[: page.dots.shape[0], : page.dots.shape[1]] = page.dots
    assert not grown[shape[0] :].any()
    assert not grown[:, shape[1] :].any()
    return grown[: shape[0], : shape[1]]


@st.composite
def bitmaps(draw: st.DrawFn) -> Dots:
    """Pages: noise, lines, empty ones, and ones that look like commands, up to the edges."""
    height, width = draw(st.integers(1, 300)), draw(st.integers(1, 90))
    kind = draw(st.sampled_from(["noise", "empty", "full", "corner", "bytes"]))
    dots: Dots = np.zeros((height, width), bool)
    if kind == "full":
        dots[:] = True
    elif kind == "corner":
        dots[-1, -1] = True
    elif kind == "noise":
        dots = np.random.default_rng(draw(st.integers(0, 1 << 30))).random((height, width)) < draw(
            st.sampled_from([0.01, 0.5, 0.99])
        )
    elif kind == "bytes":
        text = draw(
            st.sampled_from([b"PRINT 1,1\r\n", b"\nP1\n", b"\r\nPRINT\r\n", b"\x02xDGbss0\r", b"\x1b@\x1dv0\0"])
        )
        row = np.unpackbits(np.frombuffer(text, np.uint8))[:width].astype(bool)
        dots[:, : row.size] = row if draw(st.booleans()) else ~row
    return dots


@pytest.mark.parametrize("language", READERS)
@given(pages=st.lists(bitmaps(), min_size=1, max_size=3), settings_sent=st.booleans())
def test_every_dot_is_printed(language: Language, pages: list[Dots], settings_sent: bool) -> None:
    """Also where the dots spell the language's own commands; and a file falls into its labels again."""
    printer = replace(PRINTER[language], settings=ALL_SET[language]) if settings_sent else PRINTER[language]
    renderer = PAGE_LANGUAGES[language]
    data = renderer.first_bytes(printer) + b"".join(renderer.render_page(page, printer) for page in pages)
    printed = list(READERS[language](data))
    assert len(printed) == len(pages)
    for page, dots in zip(printed, pages, strict=True):
        assert np.array_equal(as_page(page, dots.shape), dots)
        assert bool(page.settings) == settings_sent
    formats = split_formats(data, language)
    assert b"".join(formats) == data
    assert [len(list(READERS[language](item))) for item in formats] == [1] * len(pages)


@pytest.mark.parametrize(("name", "bytes_wide"), [("brother-ql", 90), ("brother-ql-wide", 162), ("brother-pt-180", 16)])
@given(seed=st.integers(0, 1 << 30), mm=st.sampled_from([9, 12, 18]), height=st.integers(1, 60))
def test_every_dot_is_printed_by_a_brother_head(name: str, bytes_wide: int, seed: int, mm: int, height: int) -> None:
    """In the middle of the tape; a line of the head is read from its right."""
    printer = replace(BUILT_IN[name], settings=PrintSettings(after="cut"))
    page = np.zeros((height, round(mm * printer.dots_per_mm_x)), bool)
    edge = round(1.6 * printer.dots_per_mm_x)
    inner = page[:, edge:-edge]
    inner[:] = np.random.default_rng(seed).random(inner.shape) < 0.3
    data = brother.render_page(page, printer) * 2
    printed = list(readers.read_brother(data, bytes_wide))
    assert len(printed) == 2
    for sheet in printed:
        columns = np.flatnonzero(sheet.dots.any(axis=0))
        if not page.any():
            assert not columns.size
            continue
        expected = np.flatnonzero(page.any(axis=0))
        left = int(columns[0]) - int(expected[0])
        assert np.array_equal(sheet.dots[:, left : left + page.shape[1]], page)
        assert sheet.settings["iM"] == "40"
    assert b"".join(split_formats(data, "brother")) == data
    assert len(split_formats(data, "brother")) == 2


def test_a_brother_head_loses_nothing_without_a_word() -> None:
    """What lies at the tape's edges, or on a medium that there isn't, is refused."""
    ql = BUILT_IN["brother-ql"]
    edge = np.ones((100, 732), bool)
    with pytest.raises(InputError, match="can't print to the edges of a medium 62 mm wide"):
        brother.render_page(edge, ql)
    with pytest.raises(InputError, match="wider than what brother-ql prints on"):
        brother.render_page(np.zeros((10, 1000), bool), ql)
    die_cut = replace(ql, settings=PrintSettings(tracking="gap"))
    with pytest.raises(InputError, match="knows no label of"):
        brother.render_page(np.zeros((10, 732), bool), die_cut)
    inside = np.zeros((341, 732), bool)
    inside[35:-35, 18:-18] = True
    (page,) = readers.read_brother(brother.render_page(inside, die_cut), 90)
    assert page.dots.shape == (271, 720)
    assert int(page.dots.sum()) == int(inside.sum())


@given(data=st.one_of(st.binary(max_size=400), st.lists(st.sampled_from([0, 255, 7]), max_size=400).map(bytes)))
def test_pack_bits_unpacks(data: bytes) -> None:
    assert readers.unpack_bits(brother.pack_bits(data)) == data


@pytest.mark.parametrize("language", [name for name in LANGUAGES if LANGUAGES[name].is_raw and name != "brother"])
def test_a_printer_file_sets_what_its_language_can(tmp_path: Path, language: Language) -> None:
    """Each setting comes back from the file that is written; any that the language has not is refused by name."""
    facts = LANGUAGES[language]
    settings = ALL_SET.get(language, PrintSettings(30, 14, "mark", None, "tear", -5.0))
    path = tmp_path / "line.toml"
    path.write_text(printer_text("Line", replace(PRINTER[language], settings=settings)), encoding="utf-8")
    assert load_printer(path).settings == settings
    assert load_printer(path).language_facts is facts
    path.write_text(printer_text("Line", PRINTER[language]), encoding="utf-8")
    assert load_printer(path).settings == PrintSettings()
    plain = path.read_text(encoding="utf-8")
    for name in ("darkness", "speed", "feed"):
        limits = getattr(facts, name)
        value = 1 if limits is None else limits[1] + 1
        path.write_text(f"{plain}{name} = {value}\n", encoding="utf-8")
        with pytest.raises(InputError, match=rf"can't express {name}" if limits is None else "is outside") as caught:
            load_printer(path)
        assert f"{name}" in str(caught.value.where)


@pytest.mark.parametrize(
    ("language", "lines", "says"),
    [
        ("pdf", "darkness = 3", "pdf can't express darkness"),
        ("png", 'tracking = "gap"', "png can't express tracking"),
        ("zpl", "gap = 3.0", "zpl can't express gap"),
        ("epl2", 'after = "tear"', "epl2 knows after peel or cut, not tear"),
        ("brother", 'head_pins = 720\ntracking = "mark"', "brother knows tracking gap or continuous, not mark"),
        ("brother", "head_pins = 100", "brother knows head_pins 128 or 560 or 720 or 1296, not 100"),
        ("brother", "", "brother needs head_pins"),
        ("tspl", 'tracking = "gap"', "tspl needs gap, in mm"),
        ("tspl", 'gap = 3.0\ntracking = "continuous"', "gap is for tracking"),
        ("dpl", "head_pins = 720", "dpl can't express head_pins"),
    ],
)
def test_a_setting_that_a_language_has_not_is_refused(tmp_path: Path, language: str, lines: str, says: str) -> None:
    path = tmp_path / "line.toml"
    path.write_text(f'format = 1\nlanguage = "{language}"\ndots_per_mm = [8, 8]\n{lines}\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_printer(path)
    assert says in str(caught.value)


def test_every_language_has_a_printer_and_an_ending() -> None:
    assert {printer.language for printer in BUILT_IN.values()} == set(LANGUAGES)
    assert all(name == printer.name for name, printer in BUILT_IN.items())
    assert SUFFIX.keys() == LANGUAGES.keys()
    assert set(RAW_SUFFIXES) == {".zpl", ".tspl", ".epl", ".cpcl", ".sbpl", ".dpl", ".brother", ".escpos"}


def test_what_came_later_leaves_the_digests_of_before_alone() -> None:
    """A file that was made before printers had settings is still the same file; one with other settings is another."""
    printer = BUILT_IN["zpl-203"]
    before = {
        "name", "dots_per_mm_x", "dots_per_mm_y", "offset_x_mm", "offset_y_mm", "scale_x", "scale_y", "language",
        "margins_mm", "max_width_mm",
    }  # fmt: skip
    assert drawing_facts(printer).keys() == before
    assert drawing_facts(replace(printer, ask_status=False, address="tcp://10.0.0.9:9100")) == drawing_facts(printer)
    darker = drawing_facts(replace(printer, settings=PrintSettings(darkness=20)))
    assert darker.keys() - before == {"settings"}


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_pages_are_turned_in_every_language(tmp_path: Path, degrees: Literal[0, 90, 180, 270]) -> None:
    """A printer that feeds its media another way gets the picture that PNG shows."""
    loaded = template_from_text(MARKED, tmp_path / "marked.toml")
    pictures: dict[str, Dots] = {}
    for language in ("png", "tspl", "sbpl", "epl2"):
        printer = Printer("turned", 8, 12, language=language, rotate=degrees)
        layout = lay_out(loaded, printer, 0, "production")
        row = LabelRow("", tuple("text" for _ in layout.texts), ())
        data = render_label_file(LabelFileContent("Turned", layout, (row,), 1, "mask"))
        if language == "png":
            with Image.open(BytesIO(data)) as picture:
                pictures[language] = ~np.asarray(picture.convert("1"))
        else:
            (page,) = READERS[language](data)
            pictures[language] = as_page(page, pictures["png"].shape)
            assert np.array_equal(pictures[language], pictures["png"])
    # 8 dots/mm across the head and 12 along the feed, whichever of the label's sides lies there.
    assert pictures["png"].shape == ((10 * 12, 20 * 8) if degrees in (90, 270) else (20 * 12, 10 * 8))
    assert pictures["png"].any()


def test_no_graphic_field_is_larger_than_zpl_knows() -> None:
    """Of more than 99,999 bytes a printer takes the first: a whole page, or a huge symbol, goes out in fields."""
    page = np.random.default_rng(1).random((2_500, 1_500)) < 0.01
    fields = re.findall(r"\^FO(\d+),(\d+)\^GFA,(\d+),\d+,(\d+),:Z64:([^:]+):", packed_field(3, 5, page))
    assert len(fields) == 5
    assert all(int(size) <= 99_999 for _, _, size, _, _ in fields)
    shown = np.zeros((2_505, 1_504), bool)
    for x, y, size, stride, text in fields:
        data = zlib.decompress(base64.b64decode(text))
        assert len(data) == int(size)
        dots = readers.unpack(data, int(stride))
        assert x == "3"
        shown[int(y) : int(y) + len(dots), : dots.shape[1]] |= dots
    assert np.array_equal(shown[5:, :1_500], page)


def test_a_huge_symbol_is_whole_in_fields_of_zpl() -> None:
    matrix = data_matrix(b"x" * 300, 72)
    plan = SymbolPlan(72, 72, 24, 24, 2, ((7, 9),))
    fields = re.findall(r"\^FO7,(\d+)\^GFA,(\d+),\d+,(\d+),([0-9A-F:]+)\^FS", zpl_symbol(matrix, plan, 7, 9))
    assert len(fields) > 1
    assert all(int(size) <= 99_999 for _, size, _, _ in fields)
    rows: list[str] = []
    for y, size, stride, text in fields:
        assert int(y) == 9 + len(rows)
        before = len(rows)
        for row in re.findall(rf"[0-9A-F]{{{2 * int(stride)}}}|:", text):
            rows.append(rows[-1] if row == ":" else row)
        assert (len(rows) - before) * int(stride) == int(size)
    dots = readers.unpack(bytes.fromhex("".join(rows)), int(fields[0][2]))[:, : 72 * 24]
    assert np.array_equal(dots, np.kron(matrix.bits(), np.ones((24, 24), bool)))
