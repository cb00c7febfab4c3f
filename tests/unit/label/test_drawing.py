"""One drawing for all outputs: in the template's order, in whole dots, the SAMPLE mark on top."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.drawing_order import Drawable, drawing_order
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.findings import DesignFinding, DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import overlap
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.preview.preview import draw_preview
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.loading import LoadedTemplate, template_from_text
from bss_mfg.label.template.printer import BUILT_IN, Printer
from bss_mfg.model import Rect
from tests.helpers.pictures import Bits, pdfium_pages
from tests.helpers.random_templates import PRINTERS, template_texts, without_faults
from tests.helpers.same_dots import differing_dots, png_dots, zpl_fields

DOT = Printer("dots", 8, 8)
HEAD = 'format = 1\neach = "batch"\nmedia = {{ label_width = 30, label_height = 20, safe = 0 }}\n{}element = [\n{}\n]\n'
SAMPLE = "sample = { x = 2, y = 12, width = 26, height = 6 }\n"


def loaded(*elements: str, head: str = "") -> LoadedTemplate:
    return template_from_text(HEAD.format(head, ",\n".join(elements)), Path("drawing.toml"))


def dots(template: LoadedTemplate, language: str, stage: Any = "production", **row: Any) -> Bits:
    """The one label of a template in a language, as dots; ZPL by its fields, which only add."""
    printer = replace(DOT, language=language)
    layout = lay_out(template, printer, 0, stage)
    shown = LabelRow(
        "",
        row.get("texts", tuple("TEXT" for _ in layout.texts)),
        tuple(None for _ in layout.codes),
        row.get("shapes", tuple(True for _ in layout.shapes)),
    )
    data = render_label_file(LabelFileContent("Label", layout, (shown,), 1, "mask"))
    if language == "pdf":
        return pdf_dots(data)
    return png_dots(data) if language == "png" else zpl_fields(data, layout.page_dots)[0]


def box(x: float, y: float, width: float, height: float, **fields: object) -> str:
    more = "".join(
        f", {name} = {value if name in ('fill', 'thickness') else repr(value)}" for name, value in fields.items()
    )
    return f"{{ kind = 'box', x = {x}, y = {y}, width = {width}, height = {height}{more} }}".replace("True", "true")


BLACK = box(2, 2, 20, 10, fill=True)
WHITE = box(6, 4, 8, 4, fill=True, color="#ffffff")
GREY = box(6, 4, 8, 4, fill=True, color="#c0c0c0")
REVERSED = '{ kind = "text", x = 4, y = 5, width = 16, size = 10, color = "#ffffff", text = "{batch}" }'
LANGUAGES = ["pdf", "png", "zpl"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("panel", [WHITE, GREY])
@pytest.mark.parametrize("when", ["", ", when = 'mac'"])
def test_light_panels_cover_what_stands_before_them(language: str, panel: str, when: str) -> None:
    page = dots(loaded(BLACK, panel.replace(" }", f"{when} }}")), language)
    expected = np.zeros((160, 240), bool)
    expected[16:96, 16:176] = True
    expected[32:64, 48:112] = False
    assert np.array_equal(page, expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_panel_that_is_not_on_this_label_covers_nothing(language: str) -> None:
    page = dots(loaded(BLACK, WHITE.replace(" }", ", when = 'mac' }")), language, shapes=(False,))
    assert page[16:96, 16:176].all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_conditional_panel_never_covers_what_stands_after_it(language: str) -> None:
    conditional = BLACK.replace(" }", ", when = 'mac' }")
    assert not dots(loaded(conditional, WHITE), language)[32:64, 48:112].any()
    assert dots(loaded(WHITE, conditional), language)[16:96, 16:176].all()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("when", ["", ", when = 'mac'"])
def test_reverse_text_that_changes_is_printed(language: str, when: str) -> None:
    ground, text = (element.replace(" }", f"{when} }}") for element in (BLACK, REVERSED))
    page = dots(loaded(ground, text), language, texts=("WHITE",))
    light = ~page[16:96, 16:176]
    assert 300 < light.sum() < 3000
    assert not page[:16].any()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hiding", [
    box(0, 0, 30, 20, fill=True), box(0, 0, 30, 20, fill=True, color="#ffffff"),
    box(0, 0, 30, 20, fill=True, color="#ffffff", when="mac"),
])  # fmt: skip
def test_nothing_hides_the_sample_mark(language: str, hiding: str) -> None:
    bare, covered = (
        dots(loaded(*elements, head=SAMPLE), language, "development")
        for elements in ((box(1, 1, 2, 2),), (box(1, 1, 2, 2), hiding))
    )
    mark = (slice(96, 144), slice(16, 224))
    assert np.array_equal(bare[mark], covered[mark])
    assert bare[mark][0].all()
    assert 0.1 < (~bare[mark]).mean() < 0.6


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_and_outlines_are_whole_dots(language: str) -> None:
    """A rule of 0.07 mm is one dot wide, of 0.2 mm two, wherever it lies; so are the sides of an outline."""
    page = dots(
        loaded(
            '{ kind = "line", x = 2.03, y = 3.04, x2 = 20.09, y2 = 3.04, thickness = 0.07 }',
            '{ kind = "line", x = 25.06, y = 3.04, x2 = 25.06, y2 = 18.01, thickness = 0.2 }',
            box(3.03, 5.04, 10.01, 8.09, thickness=0.2),
        ),
        language,
    )
    expected = np.zeros((160, 240), bool)
    expected[24, 16:161] = True
    expected[24:144, 200:202] = True
    expected[40:105, 24:104] = True
    expected[42:103, 26:102] = False
    assert np.array_equal(page, expected)


def test_a_dithered_grey_has_as_many_dots_as_it_is_dark() -> None:
    """64 shades; the pattern starts at the label's corner, so two panels side by side join."""
    whole = loaded(box(2, 2, 20, 10, fill=True, color="#c0c0c0", dither="ordered"))
    halves = loaded(*(box(x, 2, 10, 10, fill=True, color="#c0c0c0", dither="ordered") for x in (2, 12)))
    page = dots(whole, "png")
    assert page[16:96, 16:176].mean() == pytest.approx(0.25, abs=0.02)
    assert np.array_equal(page, dots(halves, "png"))
    assert np.array_equal(page, dots(whole, "zpl"))
    black = dots(loaded(box(2, 2, 20, 10, fill=True, dither="ordered")), "png")
    assert black[16:96, 16:176].all()


def test_a_picture_is_dithered_where_its_element_says_so(tmp_path: Path) -> None:
    """A ramp from black to white: cut in the middle, or as many dots in each third as it is dark."""
    ramp = np.repeat(np.linspace(0, 255, 200).round().astype(np.uint8)[None], 100, axis=0)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    shares = {}
    for dither in ("threshold", "ordered"):
        image = f'{{ kind = "image", x = 2, y = 2, width = 25, height = 12.5, file = "ramp.png", dither = "{dither}" }}'
        template = template_from_text(HEAD.format("", image), tmp_path / "ramp.toml")
        png, zpl = dots(template, "png"), dots(template, "zpl")
        assert np.array_equal(png, zpl)
        assert not png[:16].any()
        shares[dither] = [float(png[16:116, 16 + 40 * fifth : 56 + 40 * fifth].mean()) for fifth in range(5)]
    assert shares["threshold"] == pytest.approx([1, 1, 0.5, 0, 0], abs=0.05)
    assert shares["ordered"] == pytest.approx([0.9, 0.7, 0.5, 0.3, 0.1], abs=0.05)


@pytest.mark.parametrize("language", ["zpl", "png", "pdf"])
def test_the_preview_shows_a_label_printers_dots(language: str) -> None:
    """In black and white, without grey edges, where a PDF printer's preview has them."""
    template = loaded('{ kind = "line", x = 2, y = 2, x2 = 28, y2 = 15, thickness = 0.5 }')
    preview = draw_preview(template, replace(DOT, language=language), made_up_example())
    found = re.findall(rb"base64,([A-Za-z0-9+/=]+)", preview.render("svg"))
    from base64 import b64decode

    with Image.open(BytesIO(b64decode(found[0]))) as picture:
        shades = len(np.unique(np.asarray(picture.convert("L").crop((60, 60, 600, 320)))))
    assert shades == 2 if language != "pdf" else shades > 10


# --- what preflight says -------------------------------------------------------------------------------------------


def kinds(template: LoadedTemplate, printer: str = "zpl-203", stage: Any = "production") -> set[tuple[str, int | None]]:
    findings = DesignFindings(template)
    lay_out(template, BUILT_IN[printer], 0, stage, findings=findings)
    return {(item.kind.name, item.element_index) for item in findings.items}


QR = "{ kind = 'qr', x = 2, y = 2, size = 14, text = 'A' }"
TEXT = "{ kind = 'text', x = 16, y = 10, width = 10, text = 'ABC' }"


def panel(when: str, color: str = "#000000") -> str:
    return box(14, 8, 15, 9, fill=True, color=color, when=when)


def text(color: str = "#000000", when: str = "") -> str:
    return TEXT.replace(" }", f", color = '{color}'{f', when = {when!r}' if when else ''} }}")


@pytest.mark.parametrize(("elements", "found"), [
    ([BLACK, box(1, 1, 16, 16, fill=True, color="#ffffff"), QR], set()),
    ([box(1, 1, 16, 16, fill=True, color="#ffffff", when="mac"), QR], set()),
    ([BLACK, box(1, 1, 16, 16, fill=True, color="#ffffff", when="mac"), QR], {("ON_SYMBOL", 0)}),
    ([QR, box(1, 1, 16, 16, fill=True, color="#ffffff")], {("ON_SYMBOL", 1)}),
    ([BLACK, QR], {("ON_SYMBOL", 0)}),
    ([QR, box(1, 1, 16, 16, thickness=0.5)], set()),
    ([QR, box(1.6, 1.6, 14.8, 14.8, thickness=0.5)], {("ON_SYMBOL", 1)}),
    ([box(1, 1, 16, 16, fill=True, color="#f0f0f0", dither="ordered"), QR], {("ON_SYMBOL", 0)}),
    ([TEXT, TEXT], {("OVERLAP", 1)}),
    ([TEXT.replace(" }", ", when = 'mac' }"), TEXT.replace(" }", ", when = 'not mac' }")], set()),
    ([TEXT.replace(" }", ", when = 'units > 1' }"), TEXT.replace(" }", ", when = 'units > 2' }")], {("OVERLAP", 1)}),
    ([TEXT.replace(" }", ", when = 'units = 1' }"), TEXT.replace(" }", ", when = 'units = 2' }")], set()),
    ([TEXT, box(15, 9, 12, 5, fill=True, color="#ffffff")], {("OVERLAP", 1)}),
    ([box(15, 9, 5, 5), TEXT], {("OVERLAP", 1)}),
    ([box(14, 8, 15, 9), TEXT], set()),
    ([box(14, 8, 15, 9, fill=True), TEXT], {("UNSEEN_TEXT", 1)}),
    ([TEXT.replace(" }", ", color = '#ffffff' }")], {("UNSEEN_TEXT", 0)}),
    ([TEXT.replace(" }", ", color = '#e0e0e0' }"), QR], {("UNSEEN_TEXT", 0)}),
    ([box(14, 8, 15, 9, fill=True), TEXT.replace(" }", ", color = '#e0e0e0' }")], set()),
    ([panel("units > 1"), text()], {("UNSEEN_TEXT", 1)}),
    ([panel("units > 1"), text("#ffffff")], {("UNSEEN_TEXT", 1)}),
    ([panel("units > 1"), text("#ffffff", "units > 1")], set()),
    ([panel("units > 1"), text("#ffffff", "units > 2")], set()),
    ([panel("units > 1"), text("#ffffff", "units >= 1")], {("UNSEEN_TEXT", 1)}),
    ([panel("mac"), text("#000000", "not mac")], set()),
    ([panel("mac"), text("#ffffff", "not mac")], {("UNSEEN_TEXT", 1)}),
    ([panel("mac"), text("#ffffff", "units > 1")], {("UNSEEN_TEXT", 1)}),
    ([panel("mac"), panel("not mac"), text("#ffffff")], set()),
    ([panel("units = 1"), panel("units > 1"), text("#ffffff")], set()),
    ([panel("stage = production"), panel("stage = development"), text("#ffffff")], set()),
    ([panel("mac"), text("#ffffff").replace("ABC", "{mac}")], set()),
    ([panel("mac"), box(14, 8, 15, 9, fill=True, color="#ffffff"), text()], set()),
    ([box(14, 8, 15, 9, fill=True), panel("mac", "#ffffff"), text("#ffffff")], {("UNSEEN_TEXT", 2)}),
    ([box(14, 8, 15, 9, fill=True, color="#c0c0c0")], {("PRINTS_WHITE", 0)}),
    ([box(14, 8, 15, 9, fill=True, color="#c0c0c0", dither="ordered")], set()),
])  # fmt: skip
def test_overlaps_are_named(elements: list[str], found: set[tuple[str, int | None]]) -> None:
    named = {"ON_SYMBOL", "OVERLAP", "UNSEEN_TEXT", "PRINTS_WHITE"}
    assert {item for item in kinds(loaded(*elements)) if item[0] in named} - {("LOW_CONTRAST", 0)} == found


@pytest.mark.parametrize(("area", "way_out"), [
    ("x = 2, y = 12, width = 26, height = 1.9", "26 x 2 mm"),
    ("x = 2, y = 12, width = 20, height = 2", "20 x 2.4 mm"),
    ("x = 2, y = 2, width = 1, height = 16", "3 x 16 mm"),
    ("x = 2, y = 12, width = 20, height = 2.4", ""),
    ("x = 2, y = 1, width = 2.7, height = 18", ""),
])  # fmt: skip
def test_a_small_sample_mark_is_refused_with_the_size_that_would_do(area: str, way_out: str) -> None:
    template = loaded(box(25, 1, 2, 2), head=f"sample = {{ {area} }}\n")
    findings = DesignFindings(template)
    lay_out(template, DOT, 0, "development", findings=findings)
    small = [item for item in findings.items if item.kind == DesignFindingKind.SAMPLE_TOO_SMALL]
    assert bool(small) == bool(way_out)
    assert not small or small[0].way_out == f"{way_out} would do."
    assert ("SAMPLE_TOO_SMALL", None) not in kinds(template)


SHAPES = ["shape = 'rectangle'", "shape = 'oval'", "corner = 4", "shape = 'round'"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.sampled_from(SHAPES), st.integers(15, 80), st.integers(12, 60), st.integers(0, 60), st.integers(0, 60),
    st.floats(0.5, 8), st.floats(0.5, 8),
)  # fmt: skip
def test_an_advised_sample_mark_is_accepted_when_it_is_typed(
    shape: str, width: int, height: int, x: int, y: int, wide: float, high: float
) -> None:
    height = width if "round" in shape else height
    area = (min(x, width - 1), min(y, height - 1), round(wide, 1), round(high, 1))
    qr = "{ kind = 'qr', x = 5, y = 5, size = 6, text = 'A' }"

    def checked(x: float, y: float, width_: float, height_: float) -> list[DesignFinding]:
        media = f"kind = 'roll', label_width = {width}, label_height = {height}, safe = 0, {shape}"
        head = HEAD.format(f"sample = {{ x = {x}, y = {y}, width = {width_}, height = {height_} }}\n", qr)
        template = template_from_text(
            head.replace("label_width = 30, label_height = 20, safe = 0", media), Path("sample.toml")
        )
        findings = DesignFindings(template)
        lay_out(template, DOT, 0, "development", findings=findings)
        about = (DesignFindingKind.SAMPLE_TOO_SMALL, DesignFindingKind.OUTSIDE_LABEL, DesignFindingKind.ON_SYMBOL)
        return [item for item in findings.errors if item.kind in about and "SAMPLE" in item.what]

    small = [item for item in checked(*area) if item.kind == DesignFindingKind.SAMPLE_TOO_SMALL]
    if not small or small[0].way_out.startswith("No free place"):
        return
    numbers = [float(number) for number in re.findall(r"[\d.]*\d", small[0].way_out)]
    at = numbers[2:] or area[:2]
    assert checked(*at, *numbers[:2]) == []


def test_the_share_of_a_sample_mark_is_of_the_labels_shape() -> None:
    """A round label of 40 mm has 1257 mm², its square 1600: 8 % are 100.5 mm² and 128."""
    media = "label_width = 40, label_height = 40, safe = 0"
    text = HEAD.format("sample = { x = 10, y = 20, width = 20, height = 5.1 }\n", box(18, 5, 2, 2))
    text = text.replace("label_width = 30, label_height = 20, safe = 0", f"kind = 'roll', {media}, shape = 'round'")
    found = kinds(template_from_text(text, Path("round.toml")), stage="development")
    assert ("SAMPLE_TOO_SMALL", None) not in found
    found = kinds(template_from_text(text.replace("5.1", "4.9"), Path("round.toml")), stage="development")
    assert ("SAMPLE_TOO_SMALL", None) in found


# --- layers --------------------------------------------------------------------------------------------------------

RECTS = st.tuples(*(st.integers(0, 6),) * 2, *(st.integers(1, 4),) * 2).map(lambda edges: Rect(*map(float, edges)))


@given(
    st.lists(st.tuples(st.sampled_from(["symbol", "text", "shape", "fixed_text", "fixed_shape"]), RECTS), max_size=12)
)
def test_layers_look_like_drawing_one_after_the_other(parts: list[tuple[Any, Rect]]) -> None:
    drawables = [Drawable(kind, number, extent) for number, (kind, extent) in enumerate(parts)]
    order = drawing_order(drawables)
    drawn = [item for layer in order.layers for item in (*layer.fixed, *layer.changing)] + list(order.symbols)
    assert sorted(item.number for item in drawn) == list(range(len(parts)))
    for at, item in enumerate(drawn):
        for later in drawn[at + 1 :]:
            assert not overlap(item.extent, later.extent) or item.number < later.number


def test_what_nothing_covers_is_one_layer() -> None:
    order = drawing_order(
        [Drawable("symbol", 0, Rect(0, 0, 5, 5)), Drawable("text", 0, Rect(6, 0, 5, 5)),
         Drawable("fixed_text", 0, Rect(12, 0, 5, 5)), Drawable("sample", 0, Rect(0, 6, 9, 2))]
    )  # fmt: skip
    assert len(order.layers) == len(order.symbols) == 1


@settings(
    max_examples=8,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(template_texts(), st.sampled_from(PRINTERS), st.sampled_from(["development", "production"]))
def test_random_templates_are_the_same_dots_in_pdf_and_png(
    elements: list[dict[str, Any]], printer: Printer, stage: str
) -> None:
    drawn = without_faults(elements, printer, stage)
    assert differing_dots(drawn, "pdfium") == []


def test_the_comparison_of_dots_can_fail() -> None:
    """Negative control: the same elements in another order, a dot to the right, or with a line of 2 dots for 1."""
    symbol = {"kind": "data-matrix", "x": 2.0, "y": 2.0, "size": 20.0}
    black = {"kind": "box", "x": 30, "y": 10, "width": 20, "height": 10, "fill": True}
    white = {"kind": "box", "x": 34, "y": 12, "width": 8, "height": 4, "fill": True, "color": "#ffffff"}
    text = {"kind": "text", "x": 30, "y": 30, "width": 30, "size": 12, "text": "{serial}"}
    drawn = without_faults([symbol, black, white, text], BUILT_IN["zpl-203"], "production")
    assert differing_dots(drawn, "pdfium") == []
    others = ([symbol, white, black, text], [symbol, {**black, "x": 30.125}, white, text],
              [symbol, black, white, {**text, "x": 30.5}])  # fmt: skip
    for elements in others:
        other = without_faults(elements, BUILT_IN["zpl-203"], "production")
        assert differing_dots(drawn, "pdfium", other)


def test_what_covers_a_symbol_is_shown_where_it_happens() -> None:
    """Preflight refuses it, and its picture has it: in the PDF as in dots."""
    symbol = "{ kind = 'qr', x = 2, y = 2, size = 14, text = 'COVERED' }"
    template = loaded(symbol, box(5, 5, 4, 4, fill=True, color="#ffffff"), box(6, 6, 2, 2, fill=True))
    pages = []
    for language in ("pdf", "png"):
        layout = lay_out(template, replace(DOT, language=language), 0, "production", findings=DesignFindings(template))
        data = render_label_file(LabelFileContent("Label", layout, (LabelRow("", (), ("COVERED",)),), 1, "mask"))
        pages.append(png_dots(data) if language == "png" else pdf_dots(data))
    assert np.array_equal(*pages)
    assert not pages[0][40:48, 40:72].any()
    assert pages[0][48:64, 48:64].all()


@pytest.mark.parametrize("order", [0, 1])
def test_all_labels_of_a_sheet_have_the_same_dots(order: int) -> None:
    """Pitches are no whole numbers of dots; lines and panels are the same on each label, in PDF as in dots."""
    shapes = [BLACK, WHITE, box(1.03, 1.07, 27.9, 17.9, thickness=0.2)][:: -1 if order else 1]
    head = loaded(*shapes).document.text.replace(
        "label_width", 'kind = "sheet", page = "A4", columns = 3, rows = 4, margin_left = 7.21, margin_top = 15.13, '
        "pitch_x = 66.04, pitch_y = 38.1, label_width"
    )  # fmt: skip
    template = template_from_text(head, Path("sheet.toml"))
    pages = []
    for printer in ("pdf-300", "png-300"):
        layout = lay_out(template, BUILT_IN[printer], 0, "production")
        data = render_label_file(LabelFileContent("Sheet", layout, (LabelRow("", (), ()),) * 12, 1, "mask"))
        pages.append(png_dots(data) if printer == "png-300" else pdf_dots(data, 300))
    assert np.array_equal(*pages)
    density = 300 / 25.4
    corners = [(round(y * density), round(x * density)) for x, y in layout.places]
    labels = [pages[0][y : y + 236, x : x + 354] for y, x in corners]
    assert all(np.array_equal(labels[0], label) for label in labels)
    assert labels[0].any()


def pdf_dots(data: bytes, dpi: float = 203.2) -> Bits:
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        (page,) = pdfium_pages(Path(file.name), (dpi, dpi))
    return page < 128
