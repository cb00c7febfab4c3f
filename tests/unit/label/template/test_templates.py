"""The template language: where things go, what they say, and thirty ways to write it wrong, named with their lines."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bss_mfg.errors import InputError
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.design_check import check_design
from bss_mfg.label.layout.geometry import place_elements
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.template.expressions import compile_condition, compile_text
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI

HEAD = """format = 1
title = "Trial"

[media]
kind = "roll"
label_width = 100
label_height = 60

[sample]
x = 40
y = 50
width = 58
height = 8.4

[[element]]
name = "symbol"
kind = "data-matrix"
x = 2
y = 2
size = 30
"""
ELEMENT_LINE = HEAD.count("\n") + 2


def loaded(folder: Path, more: str = "", head: str = HEAD) -> LoadedTemplate:
    path = folder / "trial.toml"
    path.write_text(f"{head}\n{more}", "utf-8")
    return load_template(path)


def text(**fields: object) -> str:
    settings = {"kind": "text", "x": 40, "y": 5, "width": 50, "text": "Hello", **fields}
    lines = [
        f"{name} = {value}" if isinstance(value, (int, float)) or str(value).startswith("{ ") else f'{name} = "{value}"'
        for name, value in settings.items()
        if value is not None
    ]
    return "\n".join(["[[element]]", *lines, ""])


# --- thirty broken templates ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Broken:
    """`more` follows HEAD; the error names `line` (None: any), says `says` and offers `way_out`."""

    kind: str
    more: str
    says: str
    way_out: str
    line: int | None = ELEMENT_LINE
    head: str = HEAD


def swapped(old: str, new: str) -> str:
    assert old in HEAD, old
    return HEAD.replace(old, new, 1)


BOX = '[[element]]\nkind = "box"\nx = 40\ny = 10\nwidth = 10\nheight = 10\n'
BARS = '[[element]]\nkind = "code-128"\nx = 40\ny = 30\nwidth = 50\nheight = 12\n'
BROKEN = [
    Broken("no TOML", "kind = = 3", "not valid TOML", "double quotes"),
    Broken("unknown field", text(colour="#000000"), "did you mean 'color'", "Correct the file", ELEMENT_LINE + 6),
    Broken("unknown kind", '[[element]]\nkind = "txt"\n', "there is no kind 'txt'; known are data-matrix",
           "Correct the file", ELEMENT_LINE + 1),
    Broken("endless number", "x = " + "9" * 5000, "thousands of digits", "plain values", None),
    Broken("nested brackets", "x = " + "[" * 3000, "nested", "plain values", None),
    Broken("no number", "", "'nan': should be less", "Correct the file", 21,
           HEAD.replace("size = 30", "size = 30\nx_dimension = [nan, 1]")),
    Broken("no place", text(x=None), "this field is missing: x", "Correct the file"),
    Broken("two places", text(place='{ of = "symbol", side = "right" }'), "not both", "Correct the file"),
    Broken("beside nobody", text(x=None, y=None, place='{ of = "nobody", side = "right" }'),
           "no element named 'nobody'", "put it first", ELEMENT_LINE + 4),
    Broken("name twice", text(name="symbol"), "two elements are called 'symbol'", "Correct the file", None),
    Broken("off the label", text(x=60), "reaches to 110.0", "Move it"),
    Broken("over the left edge", text(x=-3), "reaches from -3.0, 5.0", "Move it"),
    Broken("on the symbol", text(x=20), "lies on the data-matrix symbol", "Move one of them"),
    Broken("turned by 45", text(rotate=45), "45", "Correct the file", ELEMENT_LINE + 6),
    Broken("unknown placeholder", text(text="{serail}"), "{serail} is not a placeholder", "Correct the file",
           ELEMENT_LINE + 5),
    Broken("brace without partner", text(text="{serial"), "brace without its partner", "Correct", ELEMENT_LINE + 5),
    Broken("number format", text(text="{package:x}"), "a number's format", "Correct the file", ELEMENT_LINE + 5),
    Broken("date format", text(text="{date:%c}"), "a date's format", "Correct the file", ELEMENT_LINE + 5),
    Broken("condition", text(when="units >> 1"), "can't be compared", "Correct the file", ELEMENT_LINE + 6),
    Broken("condition on a text", text(when="title > 3"), "title is not a number", "Correct", ELEMENT_LINE + 6),
    Broken("too wide", text(text="Hello " * 20), "mm wide at 8 points", 'fit = "wrap" and lines = 3', ELEMENT_LINE + 5),
    Broken("too many lines", text(text="Hello " * 20, fit="wrap", lines=2, width=20), "lines at 8 points", "Allow more",
           ELEMENT_LINE + 5),
    Broken("lines without wrap", text(lines=3), 'lines needs fit = "wrap"', "Correct the file"),
    Broken("min_size above size", text(size=6, min_size=7), "larger than size", "Correct the file"),
    Broken("no glyph", text(text="Lamp \u6f22"), "U+6F22", "[fonts]", ELEMENT_LINE + 5),
    Broken("unknown font", text(font="helvetica"), "no font 'helvetica'", "Known: mono, ocr-b, sans, sans-bold",
           ELEMENT_LINE + 6),
    Broken("font file missing", text(), "the font 'x.ttf' is not there", "beside the template", 3,
           swapped('title = "Trial"\n', 'title = "Trial"\n[fonts]\nlogo = "x.ttf"\n').replace("[media]", "[media]")),
    Broken("artwork missing", BOX.replace('"box"', '"image"\nfile = "no.svg"'), "'no.svg' is not there",
           "beside the template", ELEMENT_LINE + 2),
    Broken("artwork of a kind", BOX.replace('"box"', '"image"\nfile = "trial.toml"'), "not an SVG, PDF, PNG or JPEG",
           "Convert it", ELEMENT_LINE + 2),
    Broken("bars too long", BARS + 'text = "{uuid}{uuid}"\n', "modules with a quiet zone of 10 does not fit",
           "shorten the text", ELEMENT_LINE + 6),
    Broken("bars without height", BARS.replace("height = 12", "height = 2"), "no height is left", "caption smaller"),
    Broken("colour", text(color="reddish"), "not a colour", "Correct the file", ELEMENT_LINE + 6),
    Broken("empty x-dimension range", "", "is empty", "[smallest, largest]", 20,
           swapped("size = 30\n", "size = 30\nx_dimension = [0.5, 0.3]\n")),
    Broken("symbol too small", "", "does not fit 10 mm", "A square of", 15, swapped("size = 30", "size = 10")),
    Broken("dark stock", "", "symbol contrast would be about", "lighter stock", 15,
           swapped("label_height = 60", 'label_height = 60\nstock = "#553311"')),
    Broken("sample on the symbol", "", "the SAMPLE mark lies on the data-matrix", "Move one", 9,
           swapped("x = 40\ny = 50", "x = 10\ny = 20")),
    Broken("two symbols", '[[element]]\nkind = "data-matrix"\nx = 40\ny = 2\nsize = 30\n', "exactly one", "Correct",
           None),
    Broken("medium unknown", "", "no medium 'avery-0000'", "Correct the file", 4,
           swapped('kind = "roll"\nlabel_width = 100\nlabel_height = 60', 'use = "avery-0000"')),
    Broken("medium and size", "", "leave it out", "Correct the file", 4,
           swapped('kind = "roll"\n', 'use = "avery-l7159"\n')),
    Broken("carton without count", "", "go together", "Correct the file", None,
           swapped('title = "Trial"\n', 'title = "Trial"\neach = "carton"\n')
           .replace('kind = "data-matrix"', 'kind = "qr"\ntext = "x"')),
    Broken("qr too long", '[[element]]\nkind = "qr"\nx = 40\ny = 5\nsize = 12\ntext = "' + "{payload}" * 3 + '"\n',
           "does not fit 12 mm", "A square of"),
]  # fmt: skip


@pytest.mark.parametrize("case", BROKEN, ids=[case.kind for case in BROKEN])
def test_broken_templates_are_refused_with_line_and_way_out(tmp_path: Path, case: Broken) -> None:
    with pytest.raises(InputError) as caught:
        found = check_design(loaded(tmp_path, case.more, case.head), PDF_PRINTER_BY_DPI[300], made_up_example())
        found.findings.refuse()
    said = str(caught.value)
    assert case.says in said, said
    assert case.way_out in said, said
    assert "trial.toml" in said
    if case.line is not None:
        named = re.search(r"line (\d+)", said)
        assert named, said
        assert abs(int(named[1]) - case.line) <= 1, said


def test_thirty_kinds_and_no_two_alike() -> None:
    assert len({case.kind for case in BROKEN}) == len(BROKEN) >= 30


# --- where things go -----------------------------------------------------------------------------------------------


def rect(folder: Path, units: int = 1, **fields: object) -> tuple[float, ...]:
    placed = place_elements(loaded(folder, text(**fields)), units)
    return tuple(round(edge, 3) for edge in placed[1].rect)


@pytest.mark.parametrize(
    ("corner", "left", "top"),
    [("top-left", 3, 4), ("top-right", 77, 4), ("bottom-left", 3, 50), ("bottom-right", 77, 50)],
)
def test_each_corner_counts_from_itself(tmp_path: Path, corner: str, left: float, top: float) -> None:
    box = f'[[element]]\nkind = "box"\ncorner = "{corner}"\nx = 3\ny = 4\nwidth = 20\nheight = 6\n'
    assert place_elements(loaded(tmp_path, box), 1)[1].rect == (left, top, 20, 6)


@pytest.mark.parametrize(
    ("side", "align", "x", "y"),
    [
        ("right", "start", 34, 2), ("right", "end", 34, 26), ("right", "center", 34, 14),
        ("below", "start", 2, 34), ("below", "center", 12, 34), ("below", "end", 22, 34),
    ],
)  # fmt: skip
def test_elements_stand_beside_others(tmp_path: Path, side: str, align: str, x: float, y: float) -> None:
    box = (
        f'[[element]]\nkind = "box"\nplace = {{ of = "symbol", side = "{side}", gap = 2, align = "{align}" }}\n'
        "width = 10\nheight = 6\n"
    )
    assert place_elements(loaded(tmp_path, box), 1)[1].rect == (x, y, 10, 6)


def test_a_quarter_turn_swaps_width_and_height(tmp_path: Path) -> None:
    x, y, width, height = rect(tmp_path)
    assert rect(tmp_path, rotate=90) == (x, y, height, width)
    assert rect(tmp_path, rotate=180) == (x, y, width, height)


def test_repeated_elements_step_through_the_units(tmp_path: Path) -> None:
    template = loaded(tmp_path, text(width=20, each_unit="{ dx = 24, dy = 5, columns = 2 }", text="{unit} {serial}"))
    placed = place_elements(template, 5)[1:]
    assert [(item.unit, *item.rect[:2]) for item in placed] == [
        (0, 40, 5), (1, 64, 5), (2, 40, 10), (3, 64, 10), (4, 40, 15)
    ]  # fmt: skip


def test_a_part_number_stands_for_its_medium(tmp_path: Path) -> None:
    head = swapped('kind = "roll"\nlabel_width = 100\nlabel_height = 60', 'use = "L7165"')
    media = loaded(tmp_path, head=head).definition.media
    assert (media.page, media.columns, media.rows) == ("A4", 2, 4)


def test_every_medium_of_the_library_is_a_medium(tmp_path: Path) -> None:
    from bss_mfg.label.template.label_media import Media
    from bss_mfg.label.template.media import media_library

    found = media_library()
    assert len(found) >= 25
    for name in found:
        assert Media.model_validate({"use": name}).label_width > 0, name
    parts = [part for item in found.values() for part in item["parts"]]
    assert len(parts) == len(set(parts))


# --- what they say -------------------------------------------------------------------------------------------------


VALUES = {
    "package": 7, "packages": 1200, "units": 2, "serial": "A1", "uuid": uuid.UUID(int=0xAB), "mac": "C47C8D6A1025",
    "code": "841667145075", "title": "", "stage": "development",
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{package:04}/{packages:,}", "0007/1,200"),
        ("SN {serial}", "SN A1"),
        ("{uuid:hex}", "000000000000000000000000000000AB"),
        ("{mac:colons}", "C4:7C:8D:6A:10:25"),
        ("{code:groups}", "8 41667 14507 5"),
    ],
)
def test_placeholders_are_formatted(source: str, shown: str) -> None:
    assert compile_text(source).fill(VALUES) == shown


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("mac", True), ("not mac", False), ("title", False), ("units > 1", True), ("units = 1", False),
        ("units <= 2", True), ("stage = development", True), ("stage != 'development'", False),
    ],
)  # fmt: skip
def test_conditions_hold(source: str, holds: bool) -> None:
    assert compile_condition(source).holds(VALUES) is holds


@given(st.text(max_size=40))
def test_any_text_compiles_or_says_why(source: str) -> None:
    try:
        compiled = compile_text(source)
    except ValueError as error:
        assert str(error)
    else:
        assert compiled.names or compiled.fill({}) == source


def test_long_texts_wrap_into_their_lines(tmp_path: Path) -> None:
    template = loaded(tmp_path, text(text="one two three four five six", width=20, fit="wrap", lines=3))
    plan, said = lay_out(template, PDF_PRINTER_BY_DPI[300], 48, "development").fixed_texts[0]
    size, lines = plan.fit(said, template.font("sans"))
    assert size == 8
    assert [line.text for line in lines] == ["one two three", "four five six"]


def test_text_shrinks_to_its_smallest_size_and_no_further(tmp_path: Path) -> None:
    template = loaded(tmp_path, text(text="W" * 20, width=30, min_size=3))
    plan, said = lay_out(template, PDF_PRINTER_BY_DPI[300], 48, "development").fixed_texts[0]
    size, (line,) = plan.fit(said, template.font("sans"))
    assert 3 <= size < 8
    assert line.width * size <= plan.room + 0.01


# --- artwork and fonts ---------------------------------------------------------------------------------------------

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="#000"/>{}</svg>'
)
ART = '[[element]]\nkind = "image"\nx = 40\ny = 20\nwidth = 20\nheight = 10\nfile = "{}"\n'


def test_svg_and_pdf_artwork_stay_vectors(tmp_path: Path) -> None:
    from io import BytesIO

    import pikepdf
    from reportlab.pdfgen.canvas import Canvas

    from bss_mfg.label.layout.file_content import LabelFileContent
    from bss_mfg.label.layout.label_rows import LabelRow
    from bss_mfg.label.render.pdf import render_pdf

    (tmp_path / "a.svg").write_text(SVG.format(""))
    canvas = Canvas(str(tmp_path / "b.pdf"), pagesize=(40, 20))
    canvas.rect(0, 0, 40, 20, fill=1)
    canvas.save()
    for file in ("a.svg", "b.pdf"):
        template = loaded(tmp_path, ART.format(file))
        layout = lay_out(template, PDF_PRINTER_BY_DPI[300], 48, "development")
        row = LabelRow("A" * 60, (), (), ())
        data = render_pdf(LabelFileContent("x", layout, (row,), 1, "mask"))
        assert data == render_pdf(LabelFileContent("x", layout, (row,), 1, "mask"))
        with pikepdf.open(BytesIO(data)) as document:
            images = [item for item in document.objects if isinstance(item, pikepdf.Stream)
                      and item.get("/Subtype") == pikepdf.Name.Image]  # fmt: skip
            assert not images
        from tests.helpers.pictures import pdfium

        (tmp_path / "x.pdf").write_bytes(data)
        grey = pdfium(tmp_path / "x.pdf", 300)
        scale = 300 / 25.4
        inner = grey[int(21 * scale) : int(29 * scale), int(41 * scale) : int(59 * scale)]
        assert inner.max() < 60, file  # the artwork fills its rectangle, black


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ("<script>alert(1)</script>", "a script"),
        ('<image href="http://example.com/x.png"/>', "other files"),
        ('<image href="file:///etc/passwd"/>', "other files"),
        ("<foreignObject/>", "foreign objects"),
    ],
)
def test_artwork_that_reaches_out_is_refused(tmp_path: Path, inside: str, says: str) -> None:
    (tmp_path / "a.svg").write_text(SVG.format(inside))
    with pytest.raises(InputError, match=says):
        loaded(tmp_path, ART.format("a.svg"))


def test_what_is_no_svg_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text("hello")
    with pytest.raises(InputError, match="can't be drawn"):
        loaded(tmp_path, ART.format("a.svg"))


def test_entities_in_artwork_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text('<!DOCTYPE svg [<!ENTITY x "y">]>' + SVG.format("&x;"))
    with pytest.raises(InputError, match="entities"):
        loaded(tmp_path, ART.format("a.svg"))


def test_pictures_are_checked_by_what_they_are(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.bmp")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.bmp").read_bytes())
    with pytest.raises(InputError, match="it is a BMP"):
        loaded(tmp_path, ART.format("a.png"))


def test_a_font_beside_the_template_is_used_and_its_glyphs_checked(tmp_path: Path) -> None:
    import bss_mfg.label.template.fonts as fonts

    source = Path(fonts.__file__).parent / "fonts" / "LiberationSans-Bold.ttf"
    (tmp_path / "house.ttf").write_bytes(source.read_bytes())
    head = swapped('title = "Trial"\n', 'title = "Trial"\n[fonts]\nhouse = "house.ttf"\n')
    template = loaded(tmp_path, text(font="house", text="\u03a9 fine"), head)
    assert lay_out(template, PDF_PRINTER_BY_DPI[300], 48, "development").fixed_texts
    with pytest.raises(InputError, match=re.escape("U+6F22")):
        lay_out(loaded(tmp_path, text(font="house", text="\u6f22"), head), PDF_PRINTER_BY_DPI[300], 48, "development")
    (tmp_path / "house.ttf").write_bytes(b"no font at all")
    with pytest.raises(InputError, match=re.escape("the font 'house.ttf' can't be used")):
        loaded(tmp_path, text(font="house"), head)
