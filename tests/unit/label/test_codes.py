"""Codes on labels: each kind reads back, retail codes look as their standard has them, and sizes are judged."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.errors import InputError
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.design_check import CheckedDesign, check_design
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.sscc_checks import check_sscc
from bss_mfg.label.render.pdf import render_pdf
from bss_mfg.label.render.raster import render_png
from bss_mfg.label.template.loading import load_template, template_from_text
from bss_mfg.label.template.printer import Printer

PRINTER = Printer("trial", 12, 12)
HEAD = """format = 1
media = { kind = "roll", label_width = 160, label_height = 160 }
element = [
  { kind = "data-matrix", x = 2, y = 2, size = 30 },
"""
CODES = {"upc": "841667145075", "ean-13": "9506000134352", "ean-8": "96385074"}


def design(folder: Path, *elements: str, code: str = CODES["upc"], printer: Printer = PRINTER) -> CheckedDesign:
    path = folder / "trial.toml"
    path.write_text(HEAD + "".join(f"  {{ {element} }},\n" for element in elements) + "]\n")
    example = made_up_example()
    batch = replace(example.batch, facts={**example.batch.facts, "code": code, "fields.run": "417"}, stage="production")
    return check_design(load_template(path), printer, replace(example, batch=batch))


def content(found: CheckedDesign, symbols: str = "vector") -> LabelFileContent:
    assert not found.findings.errors, found.findings.errors
    return LabelFileContent("trial", found.layout, (found.rows["longest"],), 1, symbols)  # type: ignore[arg-type]


def dots(found: CheckedDesign) -> np.ndarray:
    """The label at printer dots, True = black."""
    return ~np.asarray(Image.open(BytesIO(render_png(content(found)))))


def reads(found: CheckedDesign) -> list[tuple[str, str, str]]:
    """What zxing-cpp reads but for the package's symbol: format, kind of content, text."""
    grey = np.pad(np.where(dots(found), np.uint8(0), np.uint8(255)), 40, constant_values=255)
    found_codes = zxingcpp.read_barcodes(grey)
    return [
        (one.symbology_identifier, one.content_type.name, one.text) for one in found_codes if "OB04" not in one.text
    ]


ON_ONE_LABEL = {
    'kind = "gs1-128", text = "(00)00614141{fields.run}{package:06}", x = 35, y = 2, width = 90, height = 30':
        ("]C1", "GS1", "(00)006141414170100008"),
    'kind = "gs1-128", x = 2, y = 34, width = 75, height = 20, x_dimension = [0.2, 0.3]':
        ("]C1", "GS1", "(01)00841667145075(21)ebK399999999"),
    'kind = "itf-14", x = 80, y = 34, width = 80, height = 25': ("]I1", "Text", "00841667145075"),
    'kind = "itf-14", indicator = 3, bearer = "frame", x = 2, y = 60, width = 80, height = 25':
        ("]I1", "Text", "30841667145076"),
    'kind = "itf-14", bearer = "none", x = 130, y = 62, width = 80, height = 25, rotate = 90, caption = "above"':
        ("]I1", "Text", "00841667145075"),
    'kind = "gs1-data-matrix", x = 90, y = 62, size = 16': ("]d2", "GS1", "(01)00841667145075(21)ebK399999999"),
    'kind = "gs1-digital-link", level = "Q", x = 2, y = 90, size = 25, '
    'text = "https://id.example.com/01/{code:gtin}/21/{serial}"':
        ("]Q1", "Text", "https://id.example.com/01/00841667145075/21/ebK399999999"),
    'kind = "data-matrix-text", x = 30, y = 90, width = 30, height = 8': ("]d1", "Text", "ebK399999999"),
    'kind = "data-matrix-text", x = 62, y = 90, width = 30, height = 8, rotate = 90': ("]d1", "Text", "ebK399999999"),
    'kind = "data-matrix-text", shape = "extended", x = 2, y = 125, width = 60, height = 20, '
    'text = "{serial} and {uuid:hex}"': ("]d7", "Text", "ebK399999999 and A1B2C3D4E5F64A7B8C9DA1B2C3D4E5F6"),
    'kind = "data-matrix-text", shape = "square", x = 75, y = 90, width = 15, height = 15':
        ("]d1", "Text", "ebK399999999"),
    'kind = "qr", level = "H", x = 95, y = 90, size = 25, text = "{serial}"': ("]Q1", "Text", "ebK399999999"),
}  # fmt: skip


def test_every_code_reads_back(tmp_path: Path) -> None:
    assert sorted(reads(design(tmp_path, *ON_ONE_LABEL))) == sorted(ON_ONE_LABEL.values())


@pytest.mark.parametrize("code", CODES)
def test_retail_codes_read_back_however_turned(tmp_path: Path, code: str) -> None:
    places = {0: (45, 5), 90: (5, 40), 180: (45, 45), 270: (100, 5)}
    elements = [
        f'kind = "ean-upc", x = {x}, y = {y}, width = 40, height = 28, rotate = {turn}'
        for turn, (x, y) in places.items()
    ]
    found = [text for *_, text in reads(design(tmp_path, *elements, code=CODES[code]))]
    assert found == 4 * [CODES[code].zfill(13) if code == "upc" else CODES[code]]


@pytest.mark.parametrize(
    ("code", "groups"),
    [("upc", ("8", "41667", "14507", "5")), ("ean-13", ("9", "506000", "134352")), ("ean-8", ("9638", "5074"))],
)
def test_each_digit_stands_under_its_own_bars(tmp_path: Path, code: str, groups: tuple[str, ...]) -> None:
    found = design(tmp_path, 'kind = "ean-upc", x = 45, y = 5, width = 40, height = 28', code=CODES[code])
    (plan,) = found.layout.codes
    bars = found.layout.draw_code(plan, CODES[code])[0][0]
    page = pypdfium2.PdfDocument(render_pdf(content(found)))[0].get_textpage()
    said = page.get_text_range()
    assert [part for part in groups if part in said] == list(groups)
    module = bars.module_dots_x / PRINTER.dots_per_mm_x / 25.4 * 72
    start = bars.origins[0][0] / PRINTER.dots_per_mm_x / 25.4 * 72
    # Where each digit's seven modules begin, by the standard; a UPC-A's first and last digit stand in the margins.
    firsts = {
        "upc": [-9.0, *range(10, 45, 7), *range(50, 85, 7), 100.0],
        "ean-13": [-11.0, *range(3, 45, 7), *range(50, 92, 7)],
        "ean-8": [*range(3, 31, 7), *range(36, 64, 7)],
    }[code]
    digits = [index for index, character in enumerate(said) if character in "0123456789"]
    assert len(digits) == len(firsts)
    for number, (index, first) in enumerate(zip(digits, firsts, strict=True)):
        left, _, right, _ = page.get_charbox(index, loose=False)
        middle = ((left + right) / 2 - start) / module
        wide = 4 if code == "upc" and number in (0, 11) else 7
        assert abs(middle - first - wide / 2) < 1.2, (number, middle, first)


def test_guard_bars_reach_five_modules_below_the_others(tmp_path: Path) -> None:
    found = design(tmp_path, 'kind = "ean-upc", x = 45, y = 5, width = 40, height = 28', code=CODES["ean-13"])
    (plan,) = found.layout.codes
    (bars, _), (guards, _) = found.layout.draw_code(plan, CODES["ean-13"])
    (x, y), across = bars.origins[0], bars.module_dots_x
    assert guards.module_dots_y == bars.module_dots_y + 5 * across
    below = dots(found)[y + bars.module_dots_y + 3 * across, x : x + 95 * across].reshape(95, across)
    long = {int(module) for module in np.flatnonzero(below.all(axis=1))}
    assert {0, 2, 46, 48, 92, 94} <= long  # all else that is black there is a digit, and none covers whole modules


@pytest.mark.parametrize("symbols", ["mask", "vector"])
def test_the_pdf_has_the_same_dots(tmp_path: Path, symbols: str) -> None:
    found = design(
        tmp_path,
        'kind = "ean-upc", x = 45, y = 5, width = 40, height = 28',
        'kind = "itf-14", x = 40, y = 50, width = 100, height = 40, bearer = "frame"',
        'kind = "ean-upc", x = 5, y = 100, width = 40, height = 28, rotate = 270',
        code=CODES["ean-13"],
    )
    page = pypdfium2.PdfDocument(render_pdf(content(found, symbols)))[0]
    picture = np.asarray(page.render(scale=PRINTER.dpi / 72, grayscale=True).to_pil()) < 128
    black = dots(found)
    for code, text in zip(found.layout.codes, found.rows["longest"].codes, strict=True):
        for plan, matrix in found.layout.draw_code(code, text or ""):
            (x, y), height = plan.origins[0], plan.rows * plan.module_dots_y
            here = (slice(y, y + height), slice(x, x + plan.columns * plan.module_dots_x))
            modules = np.kron(matrix.bits(), np.ones((plan.module_dots_y, plan.module_dots_x), bool))
            assert (black[here] >= modules).all()
            assert (picture[here] >= modules).all()


@pytest.mark.parametrize(
    ("element", "kinds"),
    [
        ('kind = "ean-upc", x = 45, y = 5, width = 40, height = 28', set()),
        ('kind = "ean-upc", x = 45, y = 5, width = 40, height = 20', {DesignFindingKind.LOW_BARS}),
        (
            'kind = "ean-upc", x = 45, y = 5, width = 20, height = 28, x_dimension = [0.16, 0.2]',
            {DesignFindingKind.CODE_SIZE},
        ),
        (
            'kind = "ean-upc", x = 35, y = 5, width = 120, height = 120, x_dimension = [0.7, 1.0]',
            {DesignFindingKind.CODE_SIZE},
        ),
        ('kind = "itf-14", x = 40, y = 5, width = 100, height = 40', set()),
        ('kind = "itf-14", x = 40, y = 5, width = 100, height = 20', {DesignFindingKind.LOW_BARS}),
        (
            'kind = "gs1-128", text = "(00)1061414{fields.run}{package:07}", x = 40, y = 5, width = 100, height = 40',
            set(),
        ),
        (
            'kind = "gs1-128", text = "(00)1061414{fields.run}{package:07}", x = 40, y = 5, width = 50, height = 40',
            {DesignFindingKind.CODE_SIZE},
        ),
    ],
)
def test_sizes_are_judged_by_the_standard(tmp_path: Path, element: str, kinds: set[DesignFindingKind]) -> None:
    found = design(tmp_path, element)
    assert not found.findings.errors
    assert {item.kind for item in found.findings.warnings} == kinds


@pytest.mark.parametrize(("each", "text", "fields", "twice"), [
    ("carton", "(00)00614141{carton:09}", None, "two batches"),
    ("carton", "(00)00614141{fields.run}{carton:06}", None, ""),
    ("carton", "(00)00614141{fields.run}{carton:06}", {"fields.run"}, ""),
    ("carton", "(00)00614141{fields.run}{carton:06}", {"fields.lot"}, "two batches"),  # the product's own field
    ("carton", "(00)00614141{fields.run}123456", None, "the same on every label"),
    ("carton", "(00)00614141123456789(400){batch}", None, "the same on every label"),
    ("carton", "(02){code:gtin}(37){count}", None, ""),
    ("package", "(00)00614141{package:09}", None, "two batches"),
    ("package", "(00)006141{batch}{package:04}", None, ""),
    ("batch", "(00)00614141{fields.run}123456", None, ""),
    ("batch", "(00)00614141123456789", None, "the same for every batch"),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["gs1-128", "gs1-data-matrix"])
def test_an_sscc_that_comes_twice_is_refused_by_preflight(
    kind: str, each: str, text: str, fields: set[str] | None, twice: str
) -> None:
    size = "size = 30" if kind == "gs1-data-matrix" else "width = 100, height = 40"
    more = "packages_per_carton = 4\n" if each == "carton" else ""
    head = HEAD.replace("format = 1\n", f"format = 1\neach = '{each}'\n{more}")
    head = head if each == "package" else head.partition("  { kind")[0]
    template = template_from_text(
        f"{head}{{ kind = '{kind}', x = 40, y = 5, {size}, text = '{text}' }}]", Path("t.toml")
    )
    findings = DesignFindings(template)
    check_sscc(template, fields, findings)
    assert [twice in item.what for item in findings.errors] == [True] * bool(twice)
    assert all("{fields.run}" in item.way_out for item in findings.errors)


@pytest.mark.parametrize(
    "element",
    [
        'kind = "itf-14", x = 40, y = 5, width = 100, height = 40, text = "12345"',
        'kind = "gs1-128", x = 40, y = 5, width = 100, height = 40, text = "(01)12345"',
        'kind = "gs1-data-matrix", x = 40, y = 5, size = 20, text = "{serial}"',
        'kind = "gs1-digital-link", x = 40, y = 5, size = 20, text = "https://example.com/{serial}"',
        'kind = "data-matrix-text", x = 40, y = 5, width = 20, height = 20, text = "{uuid} {uuid} {uuid}"',
    ],
)
def test_a_text_that_cant_be_encoded_is_found(tmp_path: Path, element: str) -> None:
    found = design(tmp_path, element)
    assert {item.kind for item in found.findings.errors} == {DesignFindingKind.NOT_ENCODABLE}


def test_only_the_packages_symbol_shows_the_payload(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"can't show \{payload\}"):
        design(tmp_path, 'kind = "data-matrix-text", x = 40, y = 5, width = 30, height = 30, text = "{payload}"')
