"""200 templates that nobody designed: PDF, ZPL and PNG are the same dots, every symbol is read, and what lies on what
is what preflight says.

PDF goes through pdfium and poppler, ZPL through zpl-renderer-js, symbols through zxing-cpp and libdmtx: none of them
knows of bss-mfg. ZPL and PNG agree in every dot; what a PDF may differ by is said in tests/helpers/same_dots.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bss_mfg.label.layout.findings import DesignFindingKind
from bss_mfg.label.layout.geometry import place_elements
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.template.printer import BUILT_IN, Printer
from bss_mfg.label.template.symbol_elements import Bars, DataMatrix, Qr
from bss_mfg.label.template.text_element import TextElement
from tests.helpers.pictures import Bits, ghostscript_pages, pdfium_pages, poppler_pages
from tests.helpers.random_templates import PRINTERS, UNITS, Drawn, crowded, template_texts, without_faults
from tests.helpers.same_dots import differing_dots, png_dots
from tests.independent.test_zpl import render
from tests.needs import needs

pytestmark = pytest.mark.xdist_group("one drawing")

TEMPLATES, CROWDED = 200, 50


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    """The same templates every time."""
    found: list[Drawn] = []
    enough = False

    # What Hypothesis draws hangs on its version and on what else is imported: more are drawn until there is enough.
    @settings(max_examples=3 * TEMPLATES, phases=[Phase.generate], derandomize=True, database=None, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(template_texts(), st.sampled_from(PRINTERS), st.sampled_from(["development", "development", "production"]))
    def collect(elements: list[dict[str, Any]], printer: Printer, stage: str) -> None:
        nonlocal enough
        if not enough:
            found.append(without_faults(elements, printer, stage))
            enough = len(found) >= TEMPLATES and not lacking([item.design.layout for item in found])

    collect()
    assert len(found) >= TEMPLATES
    return found


def lacking(layouts: list[PageLayout]) -> list[str]:
    """Of what there are too few templates."""
    counts = {
        "many elements": (sum(len(layout.drawables) >= 5 for layout in layouts), 100),
        "conditions": (sum(bool(layout.conditions) for layout in layouts), 40),
        "covered things": (sum(len(layout.drawing_order().layers) >= 2 for layout in layouts), 40),
        "a SAMPLE mark": (sum(layout.sample_mark for layout in layouts), 40),
        "codes": (sum(bool(layout.codes) for layout in layouts), 25),
    }
    return [name for name, (count, least) in counts.items() if count < least]


@pytest.fixture(scope="module")
def crowded_drawn() -> list[Drawn]:
    """The same for templates in which texts lie on one another; apart, since Hypothesis derives its examples from the
    function that takes them."""
    found: list[Drawn] = []

    @settings(max_examples=CROWDED, phases=[Phase.generate], derandomize=True, database=None, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(template_texts(crowded), st.sampled_from(PRINTERS))
    def collect(elements: list[dict[str, Any]], printer: Printer) -> None:
        found.append(without_faults(elements, printer, "production"))

    collect()
    assert len(found) == CROWDED
    return found


def test_there_is_something_to_draw(drawn: list[Drawn]) -> None:
    """Enough of the templates have many elements, conditions, covered things and a SAMPLE mark."""
    assert lacking([item.design.layout for item in drawn]) == []


@pytest.mark.parametrize("rasteriser", ["pdfium", pytest.param("poppler", marks=needs("pdftoppm"))])
def test_pdf_and_png_are_the_same_dots(drawn: list[Drawn], rasteriser: str) -> None:
    for item in drawn:
        assert differing_dots(item, rasteriser) == [], item.text


SHAPES = [
    {"kind": "box", "x": 1.03, "y": 1.07, "width": 69.9, "height": 49.7, "thickness": 0.2},
    {"kind": "box", "x": 24.4, "y": 5.1, "width": 30.3, "height": 20.9, "fill": True},
    {"kind": "box", "x": 30.05, "y": 9.3, "width": 9.9, "height": 7.7, "fill": True, "color": "#ffffff", "when": "mac"},
    {"kind": "box", "x": 32.3, "y": 11.1, "width": 3.3, "height": 3.1, "thickness": 0.33},
    {"kind": "line", "x": 26.6, "y": 30.3, "x2": 66.6, "y2": 30.3, "thickness": 0.07},
    {"kind": "line", "x": 26.6, "y": 33.3, "x2": 66.6, "y2": 33.3, "thickness": 0.31},
    {"kind": "line", "x": 60.1, "y": 3.3, "x2": 60.1, "y2": 45.5, "thickness": 0.14},
    {"kind": "line", "x": 42.2, "y": 8.3, "x2": 42.2, "y2": 20.2, "thickness": 0.14, "color": "#ffffff"},
]


@needs("pdftoppm", "gs")
@pytest.mark.parametrize("printer", [*PRINTERS[1:], BUILT_IN["zpl-600"]], ids=lambda printer: printer.name)
def test_shapes_are_exact_in_all_rasterisers(tmp_path: Path, printer: Printer) -> None:
    """Boxes, lines and what covers them: also where every dot is painted that a shape touches."""
    symbol = {"kind": "data-matrix", "x": 2.0, "y": 3.0, "size": 20.0, "x_dimension": [0.2, 0.6]}
    item = without_faults([*SHAPES, symbol], printer, "production")
    assert len(item.design.layout.drawables) == len(SHAPES) + 1
    path = tmp_path / "labels.pdf"
    path.write_bytes(item.file("pdf")[0])
    dpi = (printer.dots_per_mm_x * 25.4, printer.dots_per_mm_y * 25.4)
    pictures = [png_dots(data) for data in item.file("png")]
    for name, pages in {
        "pdfium": pdfium_pages(path, dpi),
        "poppler grey": poppler_pages(path, dpi, tmp_path, "-gray"),
        "poppler mono": poppler_pages(path, dpi, tmp_path, "-mono"),
        "ghostscript grey": ghostscript_pages(path, dpi, tmp_path, "pnggray"),
        "ghostscript mono": ghostscript_pages(path, dpi, tmp_path, "pngmono"),
    }.items():
        wrong = [int(((page < 128) != picture).sum()) for page, picture in zip(pages, pictures, strict=True)]
        assert wrong == [0, 0, 0], name


@needs("zpl-renderer-js")
def test_zpl_and_png_are_the_same_dots(drawn: list[Drawn], tmp_path: Path) -> None:
    files = {}
    for number, item in enumerate(drawn):
        path = tmp_path / f"{number}.zpl"
        path.write_bytes(item.file("zpl")[0])
        files[str(number)] = (path, item.design.layout.page_dots)
    for name, pages in render(files, tmp_path / "pages").items():
        item = drawn[int(name)]
        pictures = [png_dots(data) for data in item.file("png")]
        assert len(pages) == len(pictures)
        for page, picture in zip(pages, pictures, strict=True):
            assert int(((page < 128) != picture).sum()) == 0, item.text


@needs("libdmtx")
def test_every_symbol_is_read(drawn: list[Drawn]) -> None:
    from pylibdmtx.pylibdmtx import decode

    read = 0
    for item in drawn:
        for row, data in zip(item.rows, item.file("png"), strict=True):
            page = np.where(png_dots(data), 0, 255).astype(np.uint8)
            for kind, text, crop in _symbols(item, row, page):
                wanted = {"data-matrix": "DataMatrix", "qr": "QRCode", "code-128": "Code128"}[kind]
                large = np.pad(np.kron(crop, np.ones((2, 2), np.uint8)), 20, constant_values=255)
                seen = zxingcpp.read_barcodes(large, formats=zxingcpp.barcode_format_from_str(wanted))
                assert [code.text for code in seen] == [text], (kind, item.text)
                if kind == "data-matrix":
                    (code,) = decode(large, max_count=1, timeout=4000)
                    assert code.data.decode() == text, item.text
                read += 1
    assert read > 3 * TEMPLATES


def _symbols(drawn: Drawn, row: LabelRow, page: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    """Kind, text and picture of the symbols on a label."""
    layout = drawn.design.layout
    codes = iter(zip(layout.codes, row.codes, strict=True))
    for item in place_elements(layout.template, UNITS):
        element = item.element
        if not isinstance(element, (DataMatrix, Qr, Bars)):
            continue
        text: str | None = row.payload
        if not isinstance(element, DataMatrix):
            code, text = next(codes)
            assert code.placed_element.index == item.index
        if text:
            left, top, right, bottom = drawn.dots(item.rect)
            yield element.kind, text, page[top:bottom, left:right]


def test_no_overlap_is_passed_over(drawn: list[Drawn], crowded_drawn: list[Drawn]) -> None:
    """Each text is drawn alone: where two have a dot in common on a label, or a later shape has one with a text, the
    later one was named."""
    named_pairs = 0
    for item in [*drawn, *crowded_drawn]:
        layout = item.design.layout
        elements = layout.template.definition.element
        named = {
            finding.element_index for finding in item.design.findings.items if finding.kind == DesignFindingKind.OVERLAP
        }
        inks = [_alone(item, number) for number in range(len(elements))]
        for later, element in enumerate(elements):
            if isinstance(element, (DataMatrix, Qr, Bars)):
                continue
            for before in range(later):
                if isinstance(elements[before], TextElement):
                    common = max(int((one & other).sum()) for one, other in zip(inks[before], inks[later], strict=True))
                    named_pairs += bool(common)
                    assert not common or later in named, (before, later, common, item.text)
    assert named_pairs > 40


def _alone(drawn: Drawn, number: int) -> list[Bits]:
    """What one element paints on each label, whatever its colour."""
    from dataclasses import replace

    from bss_mfg.label.render.raster import LabelBitmaps

    layout = drawn.design.layout
    kept = tuple(item for item in layout.drawables if _element_of(drawn, item.kind, item.number) == number)
    bitmaps = LabelBitmaps(replace(layout, drawables=kept))
    pages = []
    for row in drawn.rows:
        page = np.zeros(layout.page_dots[::-1], bool)
        for patch in bitmaps.patches(0, row):
            painted = patch.black if patch.white is None else patch.black | patch.white
            replace(patch, black=painted, white=None).paint(page)
        pages.append(page)
    return pages


def _element_of(drawn: Drawn, kind: str, number: int) -> int | None:
    layout = drawn.design.layout
    return {
        "text": lambda: layout.texts[number][1].element_index,
        "fixed_text": lambda: layout.fixed_texts[number][0].element_index,
        "shape": lambda: layout.shapes[number].index,
        "fixed_shape": lambda: layout.fixed_shapes[number].index,
    }.get(kind, lambda: None)()
