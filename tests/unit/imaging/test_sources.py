"""What QA people have: every kind of picture is read; a bad file is refused by itself while the rest goes on."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from bss_mfg.core.processes import ProcessExecutor
from bss_mfg.errors import InputError
from bss_mfg.imaging.sources import open_source, pages_of
from bss_mfg.verify.verification import VerifyOptions, verify
from tests.helpers.factory import Factory

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
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.register_heif_opener()
    if KINDS[kind].get("compression") == "group4":
        image = image.convert("1")
    image.save(tmp_path / f"scan.{kind}", dpi=(300, 300), **KINDS[kind])
    with printed.ledger() as ledger:
        outcome = verify(ledger, ledger.batch("A"), [tmp_path], VerifyOptions())
    assert outcome.counts["matched"] == 24
    assert outcome.passed


def bomb() -> bytes:
    """A PNG of some kilobytes that says and holds 20,000 x 20,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
        + chunk(b"IEND", b"")
    )


def wide_pdf() -> bytes:
    document = pypdfium2.PdfDocument.new()
    document.new_page(14_000, 14_000)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty.png": (lambda png: b"", "empty"),
    "bomb.png": (lambda png: bomb(), "megapixels"),
    "cut off.png": (lambda png: png[: len(png) // 2], "damaged or cut-off"),
    "head only.tiff": (lambda png: b"II*\x00\xff\xff\xff\x7f", "neither a PDF nor a picture"),
    "text.jpg": (lambda png: b"this is no picture at all", "neither a PDF nor a picture"),
    "lies.pdf": (lambda png: b"%PDF-1.7\n" + bytes(500), "not a readable PDF"),
    "wide.pdf": (lambda png: wide_pdf(), "megapixels"),
    "not heic.heic": (lambda png: b"\x00\x00\x00\x18ftypheic" + bytes(50), "picture"),
}


def test_bad_files_are_named_one_by_one_and_the_good_one_is_read(printed: Factory, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    scan(printed).save(buffer, "PNG", dpi=(300, 300))
    (tmp_path / "good.png").write_bytes(buffer.getvalue())
    for name, (make, _) in BAD.items():
        (tmp_path / name).write_bytes(make(buffer.getvalue()))
    (tmp_path / "notes.txt").write_text("not looked at")
    done = printed.cli("verify", "A", tmp_path, "--json")
    assert done.code == 1
    assert done.json["counts"]["matched"] == 24
    reasons = {Path(item["file"].split(", page")[0]).name: item["reason"] for item in done.json["broken_files"]}
    assert set(reasons) == set(BAD)
    for name, (_, words) in BAD.items():
        assert words in reasons[name], (name, reasons[name])


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


def test_folders_without_pictures_are_refused(printed: Factory, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with printed.ledger() as ledger, pytest.raises(InputError, match="no file that can be verified"):
        verify(ledger, ledger.batch("A"), [tmp_path])


def test_the_number_of_processes_changes_nothing(printed: Factory, tmp_path: Path) -> None:
    image = scan(printed)
    for number in range(5):
        image.rotate(number * 2, fillcolor=255).save(tmp_path / f"{number}.png", dpi=(300, 300))
    with printed.ledger() as ledger, ProcessExecutor(3) as three:
        batch, wanted = ledger.batch("A"), VerifyOptions(grade=True)
        here, there = (verify(ledger, batch, [tmp_path], wanted, executor=executor) for executor in (None, three))
    assert len(here.findings) > 5
    assert list(here.findings) == list(there.findings)
    assert here.counts == there.counts
