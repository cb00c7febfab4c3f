"""Printer languages: every dot of every template's labels, by readers that were written from the makers' manuals, and
programs that nobody here wrote.

The readers (`languages/readers.py`) prove themselves on the manuals' own examples and on what foreign programs write.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.errors import InputError
from bss_mfg.label.printing.formats import split_formats
from bss_mfg.label.render.languages import brother
from bss_mfg.label.render.languages.formats import PAGE_LANGUAGES
from bss_mfg.label.template.printer import BUILT_IN, Printer
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.printer_languages import Language
from tests.helpers.factory import Factory
from tests.helpers.pictures import TEMPLATES, Labels, floor_for_printing, planned_symbols, some_labels
from tests.independent.languages import readers
from tests.independent.languages.foreign import rastertogutenprint, rastertolabel, rastertoptch
from tests.independent.languages.readers import READERS, Dots, Page, unpack_bits
from tests.needs import needs

pytestmark = pytest.mark.xdist_group("languages")  # all templates in all languages, drawn once

ALL_TEMPLATES = [*TEMPLATES, "all-codes"]
FORMATS = {
    "data-matrix": zxingcpp.BarcodeFormat.DataMatrix,
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "code-128": zxingcpp.BarcodeFormat.Code128,
    "ean-upc": [zxingcpp.BarcodeFormat.EAN8, zxingcpp.BarcodeFormat.EAN13, zxingcpp.BarcodeFormat.UPCA],
}


@pytest.fixture(scope="module", autouse=True)
def one_moment() -> Iterator[None]:
    """A traveller shows where the ledger stands when it is made; here all are made at the same moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HistoryStore, "head", lambda self: (7, "0123456789abcdef" * 4))
        yield


TAPE = """
format = 1
media = {{ kind = "roll", label_width = {width}, label_height = 40 }}
sample = {{ x = 3, y = 32, width = {strip}, height = 4 }}
element = [
  {{ kind = "data-matrix", x = 3, y = 2, size = 25, quiet_zone = 1 }},
  {{ kind = "text", x = 3, y = 28, width = 30, text = "{{serial}}", size = 7, align = "center" }},
]
"""
"""A package label for tape, as far from its edges as a head can't print."""


@pytest.fixture(scope="module")
def floor(new_factory: Callable[[], Factory]) -> Factory:
    floor = floor_for_printing(new_factory)
    for width in (36, 62, 102):
        (floor.root / "templates" / f"tape-{width}.toml").write_text(
            TAPE.format(width=width, strip=width - 6), encoding="utf-8"
        )
    return floor


@dataclass(frozen=True)
class Printed:
    """The same labels in a printer's language and as pictures."""

    raw: Labels
    pictures: list[Dots]

    @property
    def data(self) -> bytes:
        (file,) = self.raw.made.files
        return file.read_bytes()


def printed(floor: Factory, template: str, printer: Printer, folder: Path) -> Printed:
    """Labels of a template, or a test that is skipped where they are refused for their size."""
    try:
        raw = some_labels(floor, template, printer, folder / printer.language)
        pictures = some_labels(floor, template, replace(printer, language="png"), folder / "png")
    except InputError as error:
        # A symbol too large for the dots, or a page too large for the printer: the words are the layout's.
        assert re.search(r"does not fit|mm wide|can't print|black dots only", str(error)), error
        pytest.skip(f"{template} is refused on {printer.name}: {error.what}")
    return Printed(raw, [black(path) for path in pictures.made.files])


def black(path: Path) -> Dots:
    with Image.open(path) as picture:
        return ~np.asarray(picture.convert("1"))


def fitted(page: Page, shape: tuple[int, int]) -> Dots:
    """A page as large as it was planned; nothing black lies beyond."""
    grown = np.zeros((max(shape[0], page.dots.shape[0]), max(shape[1], page.dots.shape[1])), bool)
    grown[: page.dots.shape[0], : page.dots.shape[1]] = page.dots
    assert not grown[shape[0] :].any()
    assert not grown[:, shape[1] :].any()
    return grown[: shape[0], : shape[1]]


def assert_reads_as_the_ledger_has_it(floor: Factory, found: Labels, pages: list[Dots]) -> int:
    """Data Matrix symbols found on a whole page are exactly the ledger's strings; other codes say their texts. Returns
    how many symbols were read."""
    greys = [np.where(np.pad(page, 10), 0, 255).astype(np.uint8) for page in pages]
    seen = 0
    if found.layout.symbol:
        batch = "pair-1" if "pair-1" in found.made.files[0].name else "bulb-1"
        with floor.ledger() as ledger:
            strings = [package.payload for package in ledger.packages.stream(batch)]
        each = len(found.layout.places)
        for number, grey in enumerate(greys):
            texts = [item.text for item in zxingcpp.read_barcodes(grey, formats=FORMATS["data-matrix"])]
            here = range(len(found.rows))[number * each : (number + 1) * each]
            assert sorted(texts) == sorted(strings[label] for label in here)
            seen += len(texts)
    for item in planned_symbols(found):
        if item.kind == "data-matrix":
            continue
        y, x = np.array(item.dots.shape) // 2 + (item.y + 10, item.x + 10)
        reach = max(item.dots.shape) // 2 + 8
        crop = greys[item.page][max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach]
        # Bars of two dots read better at twice the size. A UPC-A comes as an EAN-13 that begins with 0.
        codes = zxingcpp.read_barcodes(np.kron(crop, np.ones((2, 2), np.uint8)), formats=FORMATS[item.kind])
        assert {item.text, item.text.zfill(13)} & {code.text for code in codes}, (item.kind, item.text)
        seen += 1
    return seen


@pytest.mark.parametrize("language", READERS)
@pytest.mark.parametrize("template", ALL_TEMPLATES)
def test_labels_are_printed_dot_for_dot_and_read(
    floor: Factory, tmp_path: Path, template: str, language: Language,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    """All of a page, in every language; each label of the file is a whole job, so what is cut off is counted truly."""
    found = printed(floor, template, replace(BUILT_IN["png-203"], language=language), tmp_path)
    pages = list(READERS[language](found.data))
    assert len(pages) == found.raw.made.pages == len(found.pictures)
    dots = [fitted(page, picture.shape) for page, picture in zip(pages, found.pictures, strict=True)]
    for page, picture in zip(dots, found.pictures, strict=True):
        assert np.array_equal(page, picture)
        assert 0.001 < page.mean() < 0.6
    record_property("symbols read", assert_reads_as_the_ledger_has_it(floor, found.raw, dots))
    formats = split_formats(found.data, language)
    assert b"".join(formats) == found.data
    assert [len(list(READERS[language](item))) for item in formats] == [1] * len(pages)


BROTHER_TAPE = {"brother-ql": "tape-62", "brother-ql-wide": "tape-102", "brother-pt-360": "tape-36"}


@pytest.mark.parametrize("name", BROTHER_TAPE)
@pytest.mark.parametrize("template", [*ALL_TEMPLATES, *BROTHER_TAPE.values()])
def test_brother_labels_are_printed_dot_for_dot_and_read(
    floor: Factory, tmp_path: Path, template: str, name: str
) -> None:
    """On the head's pins, in the middle of the medium; QL jobs by brother_ql's own analyser, too."""
    printer = BUILT_IN[name]
    try:
        found = printed(floor, template, printer, tmp_path)
    except pytest.skip.Exception:
        assert template != BROTHER_TAPE[name]
        raise
    sheets = list(readers.read_brother(found.data, printer.head_pins // 8))
    if name.startswith("brother-ql"):
        theirs = brother_ql_pages(found.data, tmp_path)
        assert len(theirs) == len(sheets)
        assert all(np.array_equal(one, other.dots) for one, other in zip(theirs, sheets, strict=True))
    pages = []
    for sheet, picture in zip(sheets, found.pictures, strict=True):
        assert int(sheet.dots.sum()) == int(picture.sum()), "not one dot is lost"
        left = int(np.flatnonzero(sheet.dots.any(axis=0))[0]) - int(np.flatnonzero(picture.any(axis=0))[0])
        page = sheet.dots[:, max(left, 0) :]
        page = np.pad(page, ((0, 0), (max(-left, 0), picture.shape[1])))[:, : picture.shape[1]]
        assert np.array_equal(page, picture)
        pages.append(page)
    assert assert_reads_as_the_ledger_has_it(floor, found.raw, pages)


def brother_ql_pages(data: bytes, folder: Path) -> list[Dots]:
    """What brother_ql makes of a QL's jobs: it writes a picture a page into the folder that it runs in."""
    from brother_ql.reader import BrotherQLReader

    out = folder / "brother_ql"
    out.mkdir()
    with chdir(out):
        BrotherQLReader(io.BytesIO(data)).analyse()
    return [black(path) for path in sorted(out.glob("*.png"))]


# --- the readers themselves -----------------------------------------------------------------------------------------


def picture(*rows: str) -> Dots:
    return np.array([[dot == "#" for dot in row] for row in rows])


def test_the_tspl_reader_draws_the_manuals_arrow() -> None:
    """TSPL/TSPL2 Programming Manual, BITMAP, example: the shape is drawn in zeros."""
    data = bytes.fromhex("000000000000 07FF 03FF 11FF 18FF 1C7F 1E3F 1F1F 1F8F 1FC7 1FE3 1FE7 1FFF 1FFF")
    job = b"SIZE 101.6 mm,50.8 mm\r\nGAP 0 mm,0 mm\r\nCLS\r\nBITMAP 200,200,2,16,0," + data + b"\r\nPRINT 1,1\r\n"
    (page,) = readers.read_tspl(job, 8.0)
    assert page.dots.shape == (406, 813)
    arrow = picture(
        "################",
        "################",
        "################",
        "#####...........",
        "######..........",
        "###.###.........",
        "###..###........",
        "###...###.......",
        "###....###......",
        "###.....###.....",
        "###......###....",
        "###.......###...",
        "###........###..",
        "###........##...",
        "###.............",
        "###.............",
    )
    assert np.array_equal(page.dots[200:216, 200:216], arrow)
    assert int(page.dots.sum()) == int(arrow.sum())


def test_the_cpcl_reader_draws_the_manuals_pattern() -> None:
    """Mobile Printing Systems CPCL Programming Manual, section 7, "Graphics command example": fields of 4 x 4 dots."""
    job = (
        b"! 0 200 200 210 1\r\nEG 2 16 90 45 F0F0F0F0F0F0F0F00F0F0F0F0F0F0F0F\r\n"
        b"F0F0F0F0F0F0F0F00F0F0F0F0F0F0F0F\r\nFORM\r\nPRINT\r\n"
    )
    (page,) = readers.read_cpcl(job)
    fields = np.kron(np.indices((4, 4)).sum(axis=0) % 2 == 0, np.ones((4, 4), bool))
    assert np.array_equal(page.dots[45:61, 90:106], fields)
    assert int(page.dots.sum()) == 128


def test_the_sbpl_reader_draws_the_manuals_disk() -> None:
    """SATO SBPL Programming Reference, PN 9001096, 2-37 "Graphics, Custom": a floppy disk of 6 x 6 blocks. The printed
    listing has 42 of its 48 rows; it has line ends for the eye, which the manual forbids inside of graphics."""
    listing = """
        FFFFFFFFFFFFFFFFFFFFFFFFC00000000003 C00000000003C000FFFFFFF3C00080000013 C00080000013C0009FFFFF13C00080000013
        C00080000013C0009FFFFF13C00080000013 C00080000013C000FFFFFFF3C00000000003 C00000000003C00000000003C00000000003
        C00000000003C00000000003C00003C00003 C00007E00003C0000FF00003C0000FF00003 C0000FF00003C0000FF00003C00007E00003
        C00003C00003C00003C00003C00003C00003 C00003C00003C00003C00003C00003C00003 C00003C00003C00003C00003C00003C00003
        C00003C00003C00001800003C00000000003 C00000000003FFFFFFFFFFFFFFFFFFFFFFFF
    """
    digits = "".join(listing.split()).ljust(48 * 12, "0").encode()
    (page,) = readers.read_sbpl(b"\x1bA\x1bH0100\x1bV0100\x1bGH006006" + digits + b"\x1bQ1\x1bZ")
    disk = page.dots[99:, 99:]
    assert disk.shape == (48, 48)
    assert disk[[0, 1, 40, 41]].all(), "the upper and the lower edge"
    assert disk[:42, [0, 1, 46, 47]].all(), "the sides"
    shutter = picture(
        "############################",
        "#..........................#",
        "#..........................#",
        "#..#####################...#",
        "#..........................#",
        "#..........................#",
        "#..#####################...#",
        "#..........................#",
        "#..........................#",
        "############################",
    )
    assert np.array_equal(disk[4:14, 16:44], shutter)
    hub = picture("..####..", ".######.", "########", "########", "########", "########", ".######.", "..####..")
    assert np.array_equal(disk[20:28, 20:28], hub)


def test_pack_bits_are_the_manuals() -> None:
    """Raster Command Reference QL-810W, "M Select compression mode": the example of one line."""
    plain = bytes(20) + bytes.fromhex("22 22 23 BA BF A2 22 2B")
    assert unpack_bits(bytes.fromhex("ED 00 FF 22 05 23 BA BF A2 22 2B")) == plain
    assert unpack_bits(brother.pack_bits(plain)) == plain


def noise(height: int, width: int) -> Dots:
    return np.random.default_rng(1).random((height, width)) < 0.4


def test_the_escpos_reader_reads_python_escpos() -> None:
    """Raster images of python-escpos, a library for receipt printers."""
    from escpos.printer import Dummy

    dots = noise(300, 384)
    printer = Dummy()
    printer.hw("INIT")
    printer.image(Image.fromarray(~dots).convert("L"), impl="bitImageRaster", fragment_height=128, center=False)
    (page,) = readers.read_escpos(printer.output)
    assert np.array_equal(page.dots, dots)


def test_the_brother_reader_reads_brother_ql() -> None:
    """Jobs of brother_ql for continuous tape, packed and plain."""
    from brother_ql.conversion import convert
    from brother_ql.raster import BrotherQLRaster

    dots = noise(200, 696)
    for model, packs in (("QL-800", False), ("QL-710W", True)):
        raster = BrotherQLRaster(model)
        convert(raster, [Image.fromarray(~dots).convert("RGB")], "62", compress=packs, threshold=50)
        (page,) = readers.read_brother(raster.data, 90)
        # 62 mm: 12 pins at the head's right print nothing.
        assert np.array_equal(page.dots[:, 12:-12], dots)
        ours = np.pad(dots, ((0, 0), (18, 18)))
        (mine,) = readers.read_brother(brother.render_page(ours, BUILT_IN["brother-ql"]), 90)
        assert np.array_equal(mine.dots, page.dots), "the same pins print"


@needs("rastertolabel")
@pytest.mark.parametrize("language", ["epl2", "cpcl"])
def test_the_zebra_readers_read_cups(tmp_path: Path, language: Language) -> None:
    """Pages of CUPS' driver for Zebra printers, row by row; and our own bytes print the same."""
    dots = noise(120, 403)
    (page,) = READERS[language](rastertolabel(dots, language, tmp_path))
    assert np.array_equal(fitted(page, dots.shape), dots)
    (ours,) = READERS[language](PAGE_LANGUAGES[language].render_page(dots, BUILT_IN[f"{language}-203"]))
    assert np.array_equal(fitted(ours, dots.shape), dots)


@needs("gutenprint")
def test_the_dpl_reader_reads_gutenprint(tmp_path: Path) -> None:
    """A page of Gutenprint's driver for Datamax-O'Neil printers: it, too, sends a PCX picture, upper row first."""
    dots = np.zeros((812, 812), bool)
    dots[:120, :403] = noise(120, 403)
    (page,) = readers.read_dpl(rastertogutenprint(dots, tmp_path))
    assert np.array_equal(fitted(page, dots.shape), dots)
    (ours,) = readers.read_dpl(PAGE_LANGUAGES["dpl"].render_page(dots, BUILT_IN["dpl-203"]))
    assert np.array_equal(fitted(ours, dots.shape), dots)


@needs("rastertoptch")
def test_the_brother_reader_reads_the_p_touch_driver() -> None:
    """Tape of a head of 128 pins, packed, with an empty line; the same pins print by our bytes."""
    dots = noise(60, 128)
    dots[20:25] = False
    (page,) = readers.read_brother(rastertoptch(dots), 16)
    assert np.array_equal(page.dots, dots)
    tape_24_mm = np.pad(dots, ((0, 0), (21, 21)))
    (ours,) = readers.read_brother(brother.render_page(tape_24_mm, BUILT_IN["brother-pt-180"]), 16)
    assert np.array_equal(ours.dots, dots)
