"""What QA people have: every kind of picture is read; a bad file is refused by itself while the rest goes on."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bss_mfg.core.processes import ProcessExecutor
from bss_mfg.errors import InputError
from bss_mfg.imaging import sources
from bss_mfg.imaging.sources import open_source, pages_of
from bss_mfg.symbol import data_matrix
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.scans import picture

KINDS = {
    "png": {}, "jpg": {"quality": 80}, "jpeg": {"quality": 60}, "tif": {}, "tiff": {"compression": "group4"}, "bmp": {},
    "webp": {"quality": 80}, "heic": {"quality": 80},
}  # fmt: skip


def scan(printed: Factory) -> Image.Image:
    document = pypdfium2.PdfDocument(printed.root / "batches" / "A" / "labels" / "A-labels-0001.pdf")
    return Image.fromarray(np.asarray(document[0].render(scale=300 / 72, grayscale=True).to_pil()))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_is_read(printed: Factory, tmp_path: Path, kind: str) -> None:
    image = scan(printed)
    if kind == "heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
    if KINDS[kind].get("compression") == "group4":
        image = image.convert("1")
    image.save(tmp_path / f"scan.{kind}", dpi=(300, 300), **KINDS[kind])
    with printed.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("A"), [tmp_path], VerifyOptions())
    assert outcome.counts["matched"] == 24
    assert outcome.passed


def test_a_picture_that_lies_about_its_name_is_read_by_what_it_is(printed: Factory, tmp_path: Path) -> None:
    scan(printed).save(tmp_path / "x.png", "JPEG", quality=90, dpi=(300, 300))
    assert next(pages_of(tmp_path / "x.png")).grey.shape[0] > 3000


def test_a_photo_is_turned_by_its_orientation(tmp_path: Path) -> None:
    image = Image.new("L", (60, 40), 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "x.jpg", exif=exif)
    assert next(pages_of(tmp_path / "x.jpg")).grey.shape == (60, 40)


def test_pages_are_drawn_when_asked_for_and_files_are_closed(printed: Factory) -> None:
    path = printed.root / "batches" / "A" / "labels" / "A-labels-0001.pdf"
    with open_source(path) as source:
        assert source.pages == 1
        whole = source.page(1).grey
        cells = [(100.0, 100.0, 20.0, 20.0)]
        part = source.page(1, cells).grey
    scale = 300 / 25.4
    box = (slice(int(100 * scale), int(120 * scale)), slice(int(100 * scale), int(120 * scale)))
    assert np.abs(whole[box].astype(int) - part[box]).max() <= 2  # anti-aliasing rounds a hair differently
    assert (part[:500] == 255).all()


def test_a_page_that_is_drawn_after_others_is_as_if_drawn_first(tmp_path: Path) -> None:
    pages = [
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, size, np.uint8))
        for seed, size in enumerate([(300, 200), (300, 200), (150, 260), (300, 200)])
    ]
    pages[0].save(tmp_path / "x.pdf", save_all=True, append_images=pages[1:], resolution=150)
    areas = [(1.0, 1.0, 6.0, 6.0), (20.0, 1.0, 6.0, 6.0)]
    with open_source(tmp_path / "x.pdf") as together:
        for number in (1, 2, 3, 4, 1):
            crops = together.page(number, areas).crops
            with open_source(tmp_path / "x.pdf") as alone:
                expected = alone.page(number, areas).crops
            assert len(crops) == len(expected) == 2
            for (left, top, grey), (other_left, other_top, other) in zip(crops, expected, strict=True):
                assert (left, top) == (other_left, other_top)
                assert np.array_equal(grey, other) and grey.std() > 10


def test_folders_without_pictures_are_refused(printed: Factory, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with printed.ledger() as ledger, pytest.raises(InputError, match="no file that can be verified"):
        verify(ledger, ledger.batches.get("A"), [tmp_path])


def test_the_number_of_processes_changes_nothing(printed: Factory, tmp_path: Path) -> None:
    image = scan(printed)
    for number in range(5):
        image.rotate(number * 2, fillcolor=255).save(tmp_path / f"{number}.png", dpi=(300, 300))
    with printed.ledger() as ledger, ProcessExecutor(3) as three:
        batch, wanted = ledger.batches.get("A"), VerifyOptions(grade=True)
        here, there = (verify(ledger, batch, [tmp_path], wanted, executor=executor) for executor in (None, three))
    assert len(here.findings) > 5
    assert list(here.findings) == list(there.findings)
    assert here.counts == there.counts


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pictures_of_any_mode_become_grey(tmp_path: Path, mode: str) -> None:
    grey = np.full((40, 60), 255, np.uint8)
    grey[10:30, 10:30] = 0
    path = tmp_path / ("x.tiff" if mode in ("CMYK", "I;16") else "x.png")
    if mode == "I;16":
        Image.fromarray(grey.astype(np.uint16) * 257).save(path)
    else:
        Image.fromarray(grey).convert(mode).save(path)
    page = next(pages_of(path))
    assert page.grey.shape == (40, 60)
    assert (page.grey[20, 20] < 60) and (page.grey[5, 5] > 200)


def test_a_transparent_background_is_paper(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "x.png")
    assert next(pages_of(tmp_path / "x.png")).grey.min() == 255


def test_bombs_are_refused(tmp_path: Path) -> None:
    Image.new("1", (9000, 9000)).save(tmp_path / "x.png")
    with pytest.raises(InputError, match="more than 50 megapixels"):
        list(pages_of(tmp_path / "x.png"))


def blank_pdf(*sizes: tuple[float, float]) -> bytes:
    """A PDF with a page of each size, in points."""
    document, out = pypdfium2.PdfDocument.new(), io.BytesIO()
    for width, height in sizes:
        document.new_page(width, height)
    document.save(out)
    return out.getvalue()


KNOWN_SIZES = [
    (612.0, 792.0),
    (595.276, 841.89),
    (288.0, 432.0),
    (612, 1008),
    (141.73, 85.04),
    (0.3, 0.3),
    (5.0, 900.0),
]
"""US Letter, A4, 4 x 6 inches, US Legal, 50 x 30 mm, less than a pixel, a strip."""


@settings(max_examples=150)
@given(
    sizes=st.lists(
        st.sampled_from(KNOWN_SIZES)
        | st.tuples(st.integers(10, 1_200).map(float), st.integers(10, 1_200).map(float))
        | st.tuples(*2 * [st.integers(5, 400).map(lambda mm: mm * 72 / 25.4)])
        | st.tuples(*2 * [st.integers(40, 900).map(lambda dots: dots * 72 / 203 - 0.002)])
        | st.tuples(*2 * [st.floats(3, 1_000)]),
        min_size=1,
        max_size=6,
    ),
    dpi=st.sampled_from([72, 96, 150, 203, 300]),
    areas=st.lists(st.tuples(*2 * [st.floats(-5, 200)], *2 * [st.floats(0.5, 40)]), max_size=4),
)
def test_a_page_of_any_size_is_as_large_as_its_picture(
    sizes: list[tuple[float, float]], dpi: int, areas: list[tuple[float, float, float, float]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "PDF_DPI", dpi)
        with sources.source_from_bytes(blank_pdf(*sizes), Path("x.pdf")) as source:
            for number in range(1, len(sizes) + 1):
                whole = source.page(number)
                assert whole.grey.shape == (whole.size[1], whole.size[0])
                part = source.page(number, areas)
                assert part.size == whole.size
                assert part.grey.shape == whole.grey.shape
                for left, top, grey in part.crops:
                    assert left + grey.shape[1] <= part.size[0] and top + grey.shape[0] <= part.size[1]


def test_a_us_letter_page_is_read(printed: Factory, tmp_path: Path) -> None:
    """A page of 612 x 792 pt has 2551 pixels across for pdfium, whose product of the two is a hair above 2550."""
    path = tmp_path / "letter.pdf"
    with pikepdf.open(printed.root / "batches" / "A" / "labels" / "A-labels-0001.pdf") as pdf:
        pdf.pages[0].mediabox = [0, 841.89 - 792, 612, 841.89]
        pdf.save(path)
    with printed.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("A"), [path], VerifyOptions())
    assert outcome.counts["matched"] == 24, outcome.counts
    assert not outcome.broken


@pytest.mark.parametrize(
    ("ink", "stock", "reads"),
    [
        ("black", "white", True),
        ("black", "red", True),
        ("navy", "yellow", True),
        ("red", "white", False),
        ("orange", "white", False),
        ("black", "cyan", False),
    ],
)
@pytest.mark.parametrize("form", ["png", "pdf"])
def test_colours_are_seen_in_a_scanners_red_light(tmp_path: Path, ink: str, stock: str, reads: bool, form: str) -> None:
    symbol = picture(data_matrix(b"ABV:OB04;"), 12)  # a picture of fewer pixels would pass for a drawn symbol
    scan = Image.composite(
        Image.new("RGB", symbol.shape[::-1], stock), Image.new("RGB", symbol.shape[::-1], ink), Image.fromarray(symbol)
    )
    path = tmp_path / f"scan.{form}"
    scan.save(path, dpi=(300, 300)) if form == "png" else scan.save(path, resolution=300, quality=95)
    (page,) = pages_of(path)
    found = [read.text for read in zxingcpp.read_barcodes(page.grey)]
    assert found == (["ABV:OB04;"] if reads else [])
