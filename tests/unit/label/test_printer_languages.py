"""Printer languages over the same dots: whatever is black on a page is black on paper, label by label."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.errors import InputError
from bss_mfg.label.printing.formats import split_formats
from bss_mfg.label.render.by_language import SUFFIX
from bss_mfg.label.render.languages import brother
from bss_mfg.label.render.languages.formats import PAGE_LANGUAGES
from bss_mfg.label.template.print_settings import PrintSettings
from bss_mfg.label.template.printer import BUILT_IN, Printer, load_printer, printer_text
from bss_mfg.printer_languages import LANGUAGES, RAW_SUFFIXES, Language
from tests.independent.languages import readers
from tests.independent.languages.readers import Dots, Page

READERS: dict[Language, Callable[[bytes, Printer], Iterator[Page]]] = {
    "zpl-hex": lambda data, printer: readers.read_zpl_hex(data),
    "tspl": lambda data, printer: readers.read_tspl(data, printer.dots_per_mm_x),
    "epl2": lambda data, printer: readers.read_epl2(data),
    "cpcl": lambda data, printer: readers.read_cpcl(data),
    "sbpl": lambda data, printer: readers.read_sbpl(data),
    "dpl": lambda data, printer: readers.read_dpl(data),
    "escpos": lambda data, printer: readers.read_escpos(data),
}
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
    printed = list(READERS[language](data, printer))
    assert len(printed) == len(pages)
    for page, dots in zip(printed, pages, strict=True):
        assert np.array_equal(as_page(page, dots.shape), dots)
        assert bool(page.settings) == settings_sent
    formats = split_formats(data, language)
    assert b"".join(formats) == data
    assert [len(list(READERS[language](item, printer))) for item in formats] == [1] * len(pages)


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
