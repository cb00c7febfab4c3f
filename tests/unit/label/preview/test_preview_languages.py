"""The preview in every language: what is found, the words of the picture and of the page's state."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from pathlib import Path

import pikepdf
import pytest

from bss_mfg.core.languages import CODES, Language, language
from bss_mfg.errors import InputError, Location
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.findings import shown_location
from bss_mfg.label.preview.preview import draw_preview
from bss_mfg.label.preview.scene_text import text_width, wrapped
from bss_mfg.label.preview.watching import ExampleSource, TemplateWatcher
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import BUILT_IN, Printer
from tests.helpers.languages import BRACKETS, OTHERS, unmarked

FAULTY = """\
format = 1
title = "Faulty"

[media]
kind = "sheet"
page = "A4"
label_width = 70
label_height = 40
columns = 2
rows = 3
margin_left = 20
margin_top = 20
pitch_x = 72
pitch_y = 42
bleed = 2
safe = 2

[sample]
x = 30
y = 2
width = 6
height = 3

[[element]]
kind = "box"
x = -2
y = -2
width = 78
height = 44
fill = true
color = "#d0d0d0"

[[element]]
kind = "data-matrix"
x = 2
y = 2
size = 12
x_dimension = [0.25, 0.5]
quiet_zone = 2

[[element]]
kind = "text"
x = 10
y = 8
width = 25
text = "{title} and more than there is room for"
size = 9

[[element]]
kind = "text"
x = 12
y = 9
width = 30
text = "Serial {serial}"
color = "#cccccc"
size = 5

[[element]]
kind = "text"
x = 60
y = 38
width = 20
text = "Outside {fields.lot}"
size = 8

[[element]]
kind = "text"
x = 20
y = 20
width = 9
lines = 2
fit = "wrap"
min_size = 6
text = "So many words in so little room that they can't be set"
size = 6

[[element]]
kind = "text"
x = 20
y = 30
width = 30
text = "\\u0e01"
size = 6

[[element]]
kind = "itf-14"
x = 40
y = 22
width = 28
height = 6
text = "{upc}1"

[[element]]
kind = "gs1-128"
x = 36
y = 2
width = 32
height = 8
text = "(00)00950600013435{package}"
"""
DATA = (
    "Faulty", "sample", "text", "data-matrix", "gs1-128", "itf-14", "box",
)  # fmt: skip


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "faulty.toml"
    path.write_text(FAULTY, "utf-8")
    return path


def printers() -> list[Printer]:
    return [BUILT_IN["pdf-300"], BUILT_IN["zpl-203"]]


def without_values(text: str) -> str:
    """Without the names of files, and fields and kinds of theirs, which a line may break."""
    return re.sub(r"data-\s+matrix|\S*\.toml|element\[\d+\](?:\.\w+)?", " ", text)


def state(path: Path, printer: Printer, speak: Language) -> dict[str, object]:
    watcher = TemplateWatcher(path, printer, ExampleSource.fixed(made_up_example()), speak)
    watcher.refresh()
    said: dict[str, object] = json.loads(watcher.page_state.state_json)
    return said


@pytest.mark.parametrize("printer", printers(), ids=lambda one: one.name)
def test_nothing_that_is_found_is_unmarked(faulty: Path, printer: Printer) -> None:
    said = state(faulty, printer, BRACKETS)
    assert isinstance(said["findings"], list)
    assert len(said["findings"]) > 8
    for finding in said["findings"]:
        for name in ("what", "way_out", "where"):
            assert not unmarked(without_values(finding[name]), DATA), finding
    for name in ("printer", "media", "symbol", "subject"):
        assert not unmarked(str(said[name]), DATA), said[name]


@pytest.mark.parametrize("printer", printers(), ids=lambda one: one.name)
def test_nothing_in_the_picture_is_unmarked(faulty: Path, printer: Printer) -> None:
    preview = draw_preview(load_template(faulty), printer, made_up_example(), BRACKETS)
    texts = re.findall(r"(?s)<text[^>]*>(.*?)</text>", preview.render("svg").decode())
    text = without_values(unescape(" ".join(texts)))
    assert not unmarked(text, DATA), text


@pytest.mark.parametrize("code", CODES)
def test_no_text_of_the_picture_lies_on_another_or_outside(faulty: Path, code: str) -> None:
    scene = draw_preview(load_template(faulty), BUILT_IN["pdf-300"], made_up_example(), language(code)).scene
    lines: dict[float, list[tuple[float, float]]] = {}
    for item in scene.items:
        if hasattr(item, "bold"):
            width = text_width(item.text, item.size, bold=item.bold)
            left = item.x - {"left": 0.0, "center": 0.5, "right": 1.0}[item.align] * width
            assert 0 <= left <= left + width <= scene.width, item
            lines.setdefault(item.y, []).append((left, left + width))
    for spans in lines.values():
        for (_, end), (start, _) in zip(sorted(spans), sorted(spans)[1:], strict=False):
            assert end <= start


@pytest.mark.parametrize("code", OTHERS)
def test_a_picture_as_pdf_brings_its_letters(faulty: Path, code: str) -> None:
    preview = draw_preview(load_template(faulty), BUILT_IN["pdf-300"], made_up_example(), language(code))
    with pikepdf.open(io.BytesIO(preview.render("pdf"))) as pdf:
        names = {str(font.BaseFont) for font in pdf.pages[0].Resources.Font.values()}
    assert any("Droid" in name for name in names) is (code == "zh_CN"), names
    assert not any(name.startswith("/Helvetica") and "Liberation" not in name for name in names - {"/Helvetica"})


@pytest.mark.parametrize("code", OTHERS)
def test_findings_stay_english_where_they_are_stored(faulty: Path, code: str) -> None:
    template = load_template(faulty)
    found = draw_preview(template, BUILT_IN["pdf-300"], made_up_example(), language(code)).design.findings
    english = draw_preview(template, BUILT_IN["pdf-300"], made_up_example()).design.findings
    assert [str(one) for one in found.items] == [str(one) for one in english.items]
    assert all(one.shown(language(code)) != str(one) for one in found.items)
    said = []
    for findings in (found, english):
        with pytest.raises(InputError) as refused:
            findings.refuse()
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_what_goes_into_the_file_has_a_point(faulty: Path) -> None:
    """A German reader may copy what is advised: TOML knows no decimal comma."""
    found = draw_preview(load_template(faulty), BUILT_IN["pdf-300"], made_up_example()).design.findings
    advised = [language("de")(one.way_out) for one in found.items]
    assert any(re.search(r"\d\.\d", text) for text in advised), advised
    assert not any(re.search(r"\d,\d", text) for text in advised), advised


def test_a_place_is_said_in_the_language() -> None:
    place = Location("a.toml", line=3, key="element[2].size")
    assert shown_location(place, language("en")) == str(place)
    assert shown_location(place, language("de")) == "a.toml, Zeile 3, element[2].size"


def test_chinese_lines_break_between_characters_and_latin_ones_between_words() -> None:
    text = "文字" * 30 + " with words between them，" + "标签" * 20
    lines = wrapped(text, 40)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(sum(2 if one > "\u2e80" else 1 for one in line) <= 42 for line in lines), lines
    assert not any(line.startswith("，") for line in lines)
    assert wrapped("one two", 40) == ["one two"]
