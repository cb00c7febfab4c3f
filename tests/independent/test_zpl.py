"""ZPL and PNG: every dot of the page as planned, rendered by zpl-renderer-js (`make setup` installs it).

The renderer knows nothing of bss-mfg: what it paints is compared dot for dot with the PNG of the same labels, whose
symbols are compared with the plan, and it is read by zxing-cpp.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import subprocess
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.errors import InputError
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.loading import load_template, template_from_text
from bss_mfg.label.template.printer import BUILT_IN, Printer
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.symbol import data_matrix
from tests.helpers.factory import Factory
from tests.helpers.pictures import (
    TEMPLATES,
    Bits,
    Grey,
    Labels,
    expected_dots,
    floor_for_printing,
    pdfium_pages,
    planned_symbols,
    some_labels,
)
from tests.needs import needs

pytestmark = pytest.mark.xdist_group("zpl")  # all templates on all printers, drawn once

RENDERER = Path(__file__).parent / "zpl"
PRINTERS = ("zpl-203", "zpl-304")
FORMATS = {
    "data-matrix": [zxingcpp.BarcodeFormat.DataMatrix],
    "qr": [zxingcpp.BarcodeFormat.QRCode],
    "code-128": [zxingcpp.BarcodeFormat.Code128],
    "ean-upc": [zxingcpp.BarcodeFormat.EAN8, zxingcpp.BarcodeFormat.EAN13, zxingcpp.BarcodeFormat.UPCA],
}


def render(files: Mapping[str, tuple[Path, tuple[int, int]]], folder: Path) -> dict[str, list[Grey]]:
    """The pages of ZPL files, all in one run; each file comes with its page's dots in x and y."""
    folder.mkdir(parents=True, exist_ok=True)
    # A dot is a dot: at 8 dots/mm the page is only said to be so many millimetres large.
    jobs = [
        {"zpl": str(path), "width": dots[0] / 8, "height": dots[1] / 8, "dpmm": 8, "out": str(folder / f"{number:03d}")}
        for number, (path, dots) in enumerate(files.values())
    ]
    (folder / "jobs.json").write_text(json.dumps(jobs))
    done = subprocess.run(
        ["node", RENDERER / "render.cjs", folder / "jobs.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stderr[-500:]}\n`make setup` installs the renderer."
    return {
        name: [
            read(path)
            for path in sorted(folder.glob(f"{number:03d}-*.png"), key=lambda path: (len(path.name), path.name))
        ]
        for number, name in enumerate(files)
    }


def read(path: Path) -> Grey:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


@dataclass(frozen=True)
class Printed:
    """The same labels as ZPL and as PNG, and what the renderer makes of the ZPL."""

    zpl: Labels
    png: Labels
    pages: Sequence[Grey]


@pytest.fixture(scope="module", autouse=True)
def one_moment() -> Iterator[None]:
    """A traveller shows where the ledger stands when it is made; here all are made at the same moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HistoryStore, "head", lambda self: (7, "0123456789abcdef" * 4))
        yield


@pytest.fixture(scope="module")
def floor(new_factory: Callable[[], Factory]) -> Factory:
    return floor_for_printing(new_factory)


@pytest.fixture(scope="module")
def printed(floor: Factory, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Printed | InputError]:
    """All templates on all printers, through one run of the renderer; where a template is refused, the words."""
    folder = tmp_path_factory.mktemp("printed")
    made: dict[str, tuple[Labels, Labels] | InputError] = {}
    for template in (*TEMPLATES, "all-codes"):
        for name in PRINTERS:
            printer = BUILT_IN[name]
            try:
                made[f"{template} {name}"] = (
                    some_labels(floor, template, printer, folder / f"{template} {name}"),
                    some_labels(floor, template, replace(printer, language="png"), folder / f"{template} {name} png"),
                )
            except InputError as error:
                made[f"{template} {name}"] = error
    files = {
        name: (pair[0].made.files[0], pair[0].layout.page_dots)
        for name, pair in made.items()
        if not isinstance(pair, InputError)
    }
    pages = render(files, folder / "pages")
    return {name: pair if isinstance(pair, InputError) else Printed(*pair, pages[name]) for name, pair in made.items()}


def printed_or_refused(printed: Mapping[str, Printed | InputError], template: str, printer: str) -> Printed:
    found = printed[f"{template} {printer}"]
    if isinstance(found, InputError):
        assert "does not fit" in str(found), found
        pytest.skip(f"{template} is refused on {printer}: {found.what}")
    return found


@needs("zpl-renderer-js")
@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("template", [*TEMPLATES, "all-codes"])
def test_zpl_prints_every_dot_of_the_page(
    printed: dict[str, Printed | InputError], template: str, printer: str,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    """The whole page, texts and shapes too: ZPL through a foreign renderer is the PNG; the symbols are the plan's."""
    found = printed_or_refused(printed, template, printer)
    assert len(found.pages) == found.zpl.made.pages == len(found.png.made.files)
    dots = 0
    for number, page in enumerate(found.pages):
        picture = read(found.png.made.files[number])
        assert page.shape == picture.shape == found.zpl.layout.page_dots[::-1]
        assert set(np.unique(page)) <= {0, 255}
        assert int((page != picture).sum()) == 0, f"page {number + 1} differs"
        assert 0.001 < (page < 128).mean() < 0.6
        dots += page.size
    record_property("dots of pages", dots)
    compared = 0
    for item in planned_symbols(found.zpl):
        assert np.array_equal(item.there(found.pages[item.page]), item.dots), (item.kind, item.label)
        compared += item.dots.size
    record_property("dots of symbols", compared)


@needs("zpl-renderer-js")
@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("template", [*TEMPLATES, "all-codes"])
def test_zpl_is_read_as_the_ledger_has_it(
    floor: Factory, printed: dict[str, Printed | InputError], template: str, printer: str
) -> None:
    """Data Matrix symbols found on the whole page are exactly the ledger's strings; other codes say their texts."""
    found = printed_or_refused(printed, template, printer)
    planned = planned_symbols(found.zpl)
    if found.zpl.layout.symbol:
        with floor.ledger() as ledger:
            batch = "pair-1" if "pair-1" in found.zpl.made.files[0].name else "bulb-1"
            strings = [package.payload for package in ledger.packages.stream(batch)]
        each = len(found.zpl.layout.places)
        for number, page in enumerate(found.pages):
            texts = [item.text for item in zxingcpp.read_barcodes(page, formats=FORMATS["data-matrix"])]
            here = range(len(found.zpl.rows))[number * each : (number + 1) * each]
            assert sorted(texts) == sorted(strings[label] for label in here)
    for item in planned:
        if item.kind == "data-matrix":
            continue
        y, x = np.array(item.dots.shape) // 2 + (item.y, item.x)
        reach = max(item.dots.shape) // 2 + 8
        crop = found.pages[item.page][max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach]
        # Bars of two dots read better at twice the size. A UPC-A comes as an EAN-13 that begins with 0.
        seen = zxingcpp.read_barcodes(np.kron(crop, np.ones((2, 2), np.uint8)), formats=FORMATS[item.kind])
        assert {item.text, item.text.zfill(13)} & {code.text for code in seen}, (item.kind, item.text)


def roll(floor: Factory, printer: Printer, payload: str, modules: int) -> LabelFileContent:
    """One label on a roll with a payload of one's own."""
    loaded = load_template(floor.workspace.template_file("roll-50x30"))
    layout = lay_out(loaded, printer, modules, "production")
    row = LabelRow(payload, tuple("text" for _ in layout.texts), tuple(None for _ in layout.codes))
    return LabelFileContent("One label", layout, (row,), 1, "mask")


@needs("zpl-renderer-js")
def test_native_symbols_are_our_symbols(floor: Factory, tmp_path: Path) -> None:
    """^BX is used for an even number of digits only, and is then module for module what we would send as dots."""
    native = {
        "12": 10,
        "123456": 10,
        "1234567890": 12,
        "0" * 44: 22,
        "9876543210" * 6: 26,
        "31" * 87: 44,
        "42" * 30: 40,
    }
    sizes = {**native, "12345": 10, "123456 ": 12, "12345A": 12, "-123456": 14}
    jobs = {payload: roll(floor, BUILT_IN["zpl-203"], payload, size) for payload, size in sizes.items()}
    files = {}
    for number, (payload, job) in enumerate(jobs.items()):
        data = render_label_file(job)
        assert (b"^BXN," in data) == (payload in native), payload
        assert (f"^FD{payload}^FS".encode() in data) == (payload in native)
        (tmp_path / f"{number}.zpl").write_bytes(data)
        files[payload] = (tmp_path / f"{number}.zpl", job.layout.page_dots)
    for payload, (page,) in render(files, tmp_path / "pages").items():
        plan = jobs[payload].layout.symbol
        dots, quiet_x, quiet_y = expected_dots(data_matrix(payload.encode(), sizes[payload]), plan)
        x, y = plan.origins[0][0] - quiet_x, plan.origins[0][1] - quiet_y
        assert np.array_equal(page[y : y + dots.shape[0], x : x + dots.shape[1]] < 128, dots), payload
        assert zxingcpp.read_barcode(page, formats=FORMATS["data-matrix"]).text == payload


@needs("zpl-renderer-js")
def test_native_symbols_need_square_dots(floor: Factory, tmp_path: Path) -> None:
    """^BX knows one size for both directions: where dots are not square, the symbol goes out as dots."""
    job = roll(floor, Printer("zpl-300x600", 300 / 25.4, 600 / 25.4, language="zpl"), "123456", 10)
    plan = job.layout.symbol
    assert plan.module_dots_y == 2 * plan.module_dots_x
    data = render_label_file(job)
    (tmp_path / "wide.zpl").write_bytes(data)
    (page,) = render({"wide": (tmp_path / "wide.zpl", job.layout.page_dots)}, tmp_path / "pages")["wide"]
    dots, quiet_x, quiet_y = expected_dots(data_matrix(b"123456", 10), plan)
    x, y = plan.origins[0][0] - quiet_x, plan.origins[0][1] - quiet_y
    assert np.array_equal(page[y : y + dots.shape[0], x : x + dots.shape[1]] < 128, dots)


GRAPHIC = re.compile(rb"\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),(\d+),([^^]*)\^FS")


def inflated(data: bytes, stride: int) -> bytes:
    """The octets of a graphic field's data, taken strictly: hex rows, `,` fills up a row with 0, `:` repeats one."""
    if data.startswith(b":Z64:"):
        _, kind, text, crc = data.split(b":")
        assert kind == b"Z64"
        # The CRC is CCITT's over the Base64 text, from 0 (ZPL II Programming Guide, B64 and Z64 encoding).
        assert crc == b"%04X" % binascii.crc_hqx(text, 0)
        return zlib.decompress(base64.b64decode(text, validate=True))
    rows: list[str] = []
    row = ""
    for mark in data.decode("ascii"):
        if mark in ",:":
            assert mark == "," or (rows and not row), "a row is repeated that is not whole"
            row = rows[-1] if mark == ":" else row.ljust(2 * stride, "0")
        else:
            row += mark
        if len(row) == 2 * stride:
            rows.append(row)
            row = ""
    assert not row, "the last row is not whole"
    return bytes.fromhex("".join(rows))


@needs("zpl-renderer-js")
@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("template", [*TEMPLATES, "all-codes"])
def test_graphic_fields_are_whole(printed: dict[str, Printed | InputError], template: str, printer: str) -> None:
    """A field with other octets than it says makes a printer wait for more, or take the next command as dots."""
    data = printed_or_refused(printed, template, printer).zpl.made.files[0].read_bytes()
    assert data.startswith(b"^XA")
    assert data.endswith(b"^XZ\n")
    fields = GRAPHIC.findall(data)
    assert len(fields) == data.count(b"^GF") == data.count(b"^FO") == data.count(b"^FS")
    assert sum(field[-1].startswith(b":Z64:") for field in fields) >= data.count(b"^XA")
    for _, _, sent, total, stride, content in fields:
        assert int(sent) == int(total)
        assert int(total) % int(stride) == 0
        assert len(inflated(content, int(stride))) == int(total)
    # Nothing but these fields and the head: every other command would be the printer's own opinion.
    width, height = printed_or_refused(printed, template, printer).zpl.layout.page_dots
    rest = GRAPHIC.sub(b"", data).replace(b"\n", b"")
    assert rest == f"^XA^CI28^PW{width}^LL{height}^LH0,0^PON^PMN^PQ1^XZ".encode() * data.count(b"^XA")


@needs("zpl-renderer-js")
@pytest.mark.parametrize(("x", "y"), [(-4.0, -2.5), (40.0, 3.0), (-30.0, 20.0)])
def test_what_lies_off_the_page_is_cut_alike(floor: Factory, tmp_path: Path, x: float, y: float) -> None:
    """^FO can't point off the page: texts and shapes that a wild offset moves over its edge are cut as in a PNG."""
    loaded = load_template(floor.workspace.template_file("roll-50x30"))
    files, pictures = {}, {}
    for language in ("zpl", "png"):
        layout = lay_out(
            loaded, Printer("off", 8, 8, x, y, language=language), 10, "development", findings=DesignFindings(loaded)
        )
        layout = replace(layout, symbol=None)
        row = LabelRow("", tuple(f"text {number}" for number in range(len(layout.texts))), ())
        data = render_label_file(LabelFileContent("Off", layout, (row,), 1, "mask"))
        (tmp_path / f"page.{language}").write_bytes(data)
        if language == "zpl":
            assert b"-" not in GRAPHIC.sub(b"", data)
            files["page"] = (tmp_path / "page.zpl", layout.page_dots)
        else:
            pictures["page"] = read(tmp_path / "page.png")
    (page,) = render(files, tmp_path / "pages")["page"]
    assert np.array_equal(page, pictures["page"])


def one_bit(path: Path, printer: Printer) -> None:
    """A picture has black and white only, and says its resolution."""
    with Image.open(path) as picture:
        assert picture.mode == "1"
        assert picture.format == "PNG"
        dpi = picture.info["dpi"]
        wanted = (printer.dots_per_mm_x * 25.4, printer.dots_per_mm_y * 25.4)
        assert all(abs(a - b) < 0.02 for a, b in zip(dpi, wanted, strict=True))
    head = path.read_bytes()[:33]
    assert head[24:26] == b"\x01\x00", "1 bit a dot, greyscale: there is no grey"


@pytest.mark.parametrize("printer", ["png-203", "png-300", "png-600", "png-300x600"])
@pytest.mark.parametrize("template", [*TEMPLATES, "all-codes"])
def test_png_has_every_dot_and_no_grey(
    floor: Factory, tmp_path: Path, template: str, printer: str, record_property: Callable[[str, object], None]
) -> None:
    try:
        found = some_labels(floor, template, BUILT_IN[printer], tmp_path)
    except InputError as error:
        if printer == "png-600" or "does not fit" not in str(error):
            raise
        pytest.skip(f"{template} is refused on {printer}: {error.what}")
    assert len(found.made.files) == found.made.pages
    compared = 0
    planned = planned_symbols(found)
    for number, path in enumerate(found.made.files):
        one_bit(path, BUILT_IN[printer])
        page = read(path)
        assert page.shape == found.layout.page_dots[::-1]
        for item in planned:
            if item.page == number:
                assert np.array_equal(item.there(page), item.dots), (item.kind, item.label)
                compared += item.dots.size
    record_property("dots of symbols", compared)


def near(bits: Bits, reach: int = 2) -> Bits:
    """All dots that are at most so many away from a black one."""
    wide = np.pad(bits, reach)
    found = np.zeros_like(bits)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            found |= wide[down : down + bits.shape[0], right : right + bits.shape[1]]
    return found


def without_layers(path: Path, folder: Path) -> Path:
    """A PDF as a press prints it: its layers, which say where to cut, are switched off."""
    with pikepdf.open(path) as document:
        if layers := document.Root.get("/OCProperties"):
            layers.D.OFF = layers.OCGs
        document.save(folder / "printed.pdf")
    return folder / "printed.pdf"


@pytest.mark.parametrize("resolution", ["203", "300x600"])
@pytest.mark.parametrize("template", [*TEMPLATES, "all-codes"])
def test_png_is_the_pdf_within_two_dots(floor: Factory, tmp_path: Path, template: str, resolution: str) -> None:
    """Texts and shapes lie where the PDF has them; only what a glyph's edge rounds to may differ."""
    printers = (BUILT_IN[f"pdf-{resolution}"], BUILT_IN[f"png-{resolution}"])
    try:
        in_pdf, in_png = (some_labels(floor, template, printer, tmp_path / printer.language) for printer in printers)
    except InputError as error:
        assert "does not fit" in str(error), error
        pytest.skip(f"{template} is refused on {resolution} dpi: {error.what}")
    dpi = (printers[0].dots_per_mm_x * 25.4, printers[0].dots_per_mm_y * 25.4)
    # A PDF of a roll is larger by bleed and crop marks.
    edge = in_pdf.layout.grid.edge_mm
    left, top = (round(edge * per_mm) for per_mm in (printers[0].dots_per_mm_x, printers[0].dots_per_mm_y))
    for number, page in enumerate(pdfium_pages(without_layers(in_pdf.made.files[0], tmp_path), dpi)):
        dots = read(in_png.made.files[number]) < 128
        drawn = page[top : top + dots.shape[0], left : left + dots.shape[1]] < 128
        strayed = int((drawn & ~near(dots)).sum() + (dots & ~near(drawn)).sum())
        assert strayed <= 0.001 * drawn.sum(), (number, strayed)


REVERSED = """
format = 1
each = "batch"
media = { label_width = 30, label_height = 10 }
element = [
  { kind = "box", x = 1, y = 1, width = 28, height = 8, fill = true },
  { kind = "text", x = 3, y = 3, width = 24, size = 10, color = "#ffffff", text = "%s" },
]
"""


@pytest.mark.parametrize("text", ["WHITE", "{batch}"])
@pytest.mark.parametrize("language", ["pdf", pytest.param("zpl", marks=needs("zpl-renderer-js")), "png"])
def test_white_on_black_is_printed_or_refused(tmp_path: Path, language: str, text: str) -> None:
    """A text that a printer can't show is never lost without a word."""
    loaded = template_from_text(REVERSED % text, tmp_path / "reversed.toml")
    try:
        layout = lay_out(loaded, Printer("reversed", 8, 8, language=language), 0, "production")
    except InputError:
        return
    row = LabelRow("", tuple("WHITE" for _ in layout.texts), ())
    file = tmp_path / f"page.{language}"
    file.write_bytes(render_label_file(LabelFileContent("White", layout, (row,), 1, "mask")))
    if language == "pdf":
        (page,) = pdfium_pages(file, (203.2, 203.2))
    elif language == "zpl":
        (page,) = render({"page": (file, layout.page_dots)}, tmp_path / "pages")["page"]
    else:
        page = read(file)
    inside = page[10:70, 10:230] > 127
    assert 200 < inside.sum() < 5000
