"""The JSON Schema of templates, as editors use it: all templates that come with bss-mfg are right, and a mistake is
named with its element and its field."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bss_mfg.core import resources
from bss_mfg.core.json_schemas import editor_schema
from bss_mfg.label.template.printer import PrinterFile
from bss_mfg.label.template.template import Template
from bss_mfg.payload.spec import Spec
from bss_mfg.workspace.product import Product

HEAD = """
format = 1
[media]
label_width = 60
label_height = 30
[[element]]
kind = "data-matrix"
x = 1
y = 1
size = 20
"""
TEXT = '[[element]]\nkind = "text"\nx = 1\ny = 1\nwidth = 20\ntext = "a"\n'
BARS = '[[element]]\nkind = "code-128"\nx = 1\ny = 1\nwidth = 20\nheight = 8\n'
BOX = '[[element]]\nkind = "box"\nx = 1\ny = 1\nwidth = 20\nheight = 8\n'
SHEET = 'format = 1\n[media]\nkind = "sheet"\n' + HEAD.partition("[media]\n")[2]
MISTAKES = {
    # text of the template: where the mistake is named, and a word of what is said
    HEAD + TEXT.replace("width = 20", 'width = "2in"'): ("$.element[1].width", "2in"),
    HEAD + TEXT.replace("width = 20", "width = 0"): ("$.element[1].width", "0"),
    HEAD + TEXT.replace("width = 20\n", ""): ("$.element[1]", "'width'"),
    HEAD + TEXT.replace('kind = "text"', 'kind = "txt"'): ("$.element[1].kind", "'txt'"),
    HEAD + TEXT.replace('kind = "text"\n', ""): ("$.element[1]", "'kind'"),
    HEAD + TEXT.replace("y = 1\n", ""): ("$.element[1]", "'y'"),
    HEAD + TEXT + "colour = 'red'": ("$.element[1]", "'colour'"),
    HEAD + TEXT + "align = 'middle'": ("$.element[1].align", "'middle'"),
    HEAD + TEXT + "size = 900": ("$.element[1].size", "900"),
    HEAD + TEXT + "size = true": ("$.element[1].size", "True"),
    HEAD + TEXT + "rotate = 45": ("$.element[1].rotate", "45"),
    HEAD + TEXT + "fit = 'squeeze'": ("$.element[1].fit", "'squeeze'"),
    HEAD + TEXT + "name = 'A B'": ("$.element[1].name", "'A B'"),
    HEAD + TEXT + "each_unit = { dz = 3 }": ("$.element[1].each_unit", "'dz'"),
    HEAD + TEXT.replace("y = 1\n", "") + "place = { of = 'a', side = 'right' }": ("$.element[1].x", "1"),
    HEAD + TEXT.replace("x = 1\ny = 1\n", "place = { of = 'a', side = 'under' }\n"): (
        "$.element[1].place.side",
        "'under'",
    ),
    HEAD + BARS + "x_dimension = [0.3]": ("$.element[1].x_dimension", "[0.3]"),
    HEAD + BARS + "quiet_zone = 2": ("$.element[1].quiet_zone", "2"),
    HEAD + BARS + "caption = 'left'": ("$.element[1].caption", "'left'"),
    HEAD + BOX + "fill = 'yes'": ("$.element[1].fill", "'yes'"),
    HEAD + BOX + BOX + "thickness = -1": ("$.element[2].thickness", "-1"),
    HEAD + BOX.replace("height = 8", "height = '8'"): ("$.element[1].height", "'8'"),
    HEAD + '[[element]]\nkind = "line"\nx = 1\ny = 1\nx2 = 9\n': ("$.element[1]", "'y2'"),
    HEAD.replace("size = 20", ""): ("$.element[0]", "'size'"),
    HEAD.replace("label_width = 60\n", ""): ("$.media", "'label_width'"),
    HEAD.replace("label_height = 30", 'use = "avery-l7159"'): ("$.media.label_width", "60"),
    HEAD.replace("[media]", "[sample]\nx = 1\ny = 1\nwidth = 9\n[media]"): ("$.sample", "'height'"),
    HEAD.replace("format = 1", "format = 1\neach = 'box'"): ("$.each", "'box'"),
    HEAD.replace("format = 1", "format = 1\neach = 'carton'"): ("$", "'packages_per_carton'"),
    HEAD.replace("format = 1\n", ""): ("$", "'format'"),
}


def schema() -> dict[str, Any]:
    return editor_schema(Template)


def mistakes(text: str) -> list[tuple[str, str]]:
    found = Draft202012Validator(schema()).iter_errors(tomllib.loads(text))
    return [(error.json_path, error.message) for error in found]


@pytest.mark.parametrize("path", sorted(resources.folder("templates").glob("*.toml")), ids=lambda path: path.stem)
def test_every_template_that_comes_along_is_right(path: Any) -> None:
    assert mistakes(path.read_text("utf-8")) == []


def test_what_the_mistakes_are_planted_in_is_right() -> None:
    for good in (HEAD, HEAD + TEXT, HEAD + BARS, HEAD + BOX + BOX):
        assert mistakes(good) == []


@pytest.mark.parametrize("text", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_named_with_its_element_and_field(text: str) -> None:
    where, word = MISTAKES[text]
    [(named, said)] = mistakes(text)  # and nothing else is blamed
    assert named == where
    assert word in said


def test_an_editor_finds_the_fields_of_all_kinds() -> None:
    elements = schema()["properties"]["element"]["items"]
    kinds = {choice["$ref"].rpartition("/")[2] for choice in elements["anyOf"] if choice}
    assert {"TextElement", "DataMatrix", "Box", "Image"} <= kinds
    assert len(kinds) == len(elements["properties"]["kind"]["enum"])


@pytest.mark.parametrize("model", [Template, PrinterFile, Product, Spec])
def test_no_field_of_a_file_may_be_null(model: Any) -> None:
    document = editor_schema(model)
    Draft202012Validator.check_schema(document)
    assert '"type": "null"' not in json.dumps(document)
