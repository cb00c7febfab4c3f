"""Verification: what was printed is compared with the ledger, and every fault is named by serial and place."""

from __future__ import annotations

import csv
import io
import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.scans import cell, sheet, tampered
from tests.needs import needs

TURNS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "straight": lambda image: image,
    "askew": lambda image: image.rotate(1.5, fillcolor=255, resample=Image.Resampling.BICUBIC),
    "upside down": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "sideways": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "at 200 dpi": lambda image: image.resize((image.width * 2 // 3, image.height * 2 // 3)),
}


@pytest.mark.parametrize("turn", TURNS)
def test_covered_doubled_and_foreign_are_named(printed: Factory, tmp_path: Path, turn: str) -> None:
    TURNS[turn](tampered(printed)).save(tmp_path / "scan.png", dpi=(300, 300))
    outcome = printed.cli("verify", "A", tmp_path / "scan.png", "--json", "--report", tmp_path / "report.html")
    assert outcome.code == 1, outcome.err
    document = outcome.json
    assert document["counts"] == {
        "matched": 21, "missing": 3, "duplicate": 1, "foreign": 1, "unreadable": 0, "mismatched": 0, "misprinted": 0,
        "content": 0, "below-grade": 0, "old-picture": 0,
    }  # fmt: skip
    named = {(row["verdict"], row["serials"]): row for row in document["findings"] if row["verdict"] != "matched"}
    assert set(named) == {
        ("duplicate", "ebK300000004"), ("missing", "ebK300000008"), ("foreign", "ebK300000030"),
        ("missing", "ebK300000011"), ("missing", "ebK300000014"),
    }  # fmt: skip
    index = list(csv.DictReader((printed.root / "batches/A/labels/A-labels.csv").open()))
    for key, cell_number in {
        ("duplicate", "ebK300000004"): 8,
        ("foreign", "ebK300000030"): 11,
        ("missing", "ebK300000014"): 14,
    }.items():
        x, y = float(index[cell_number - 1]["x_mm"]), float(index[cell_number - 1]["y_mm"])
        assert abs(named[key]["x_mm"] - x) < 1, named[key]
        assert abs(named[key]["y_mm"] - y) < 1, named[key]
        assert (named[key]["file"], named[key]["page"]) == ("scan.png", 1)
    assert "blank or covered" in named["missing", "ebK300000014"]["detail"]
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 5
    for serial in ("ebK300000004", "ebK300000008", "ebK300000011", "ebK300000014", "ebK300000030"):
        assert serial in page


def test_our_own_pdf_is_right(printed: Factory) -> None:
    folder = printed.root / "batches" / "A" / "labels"
    outcome = printed.cli("verify", "A", folder, "--json")
    assert (outcome.code, outcome.json["counts"]["matched"]) == (0, 24)
    assert all(row["unused_error_correction"] == 1 for row in outcome.json["findings"])


def test_every_read_is_in_the_history(new_factory: Callable[[], Factory]) -> None:
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(3)
    made = factory.label()
    for _ in range(2):
        assert factory.cli("verify", "B1", made.files[0]).code == 0
    with factory.ledger() as ledger:
        reads = [event for event in ledger.history.events("B1") if event.kind == "read"]
        assert ledger.batches.counts("B1") == {
            "packages": 3, "printed": 3, "file_verified": 3, "print_verified": 0, "shipped": 0, "scrapped": 0,
            "scrapped_packages": 0, "replaced": 0, "packed": 0, "packed_not_shipped": 0,
        }  # fmt: skip
        ledger.check()
    assert [event.data["package"] for event in reads] == [1, 2, 3, 1, 2, 3]
    assert {event.data["verdict"] for event in reads} == {"matched"}


def test_a_changed_pdf_is_read_whole(printed: Factory, tmp_path: Path) -> None:
    """A file under our name that is not ours byte for byte is not trusted to be blank outside the known places."""
    page = np.full((3508, 2480 + 900), 255, np.uint8)
    page[:, :2480] = sheet(printed, "A")
    rows, columns = cell(2)
    page[rows, 2500 : 2500 + columns.stop - columns.start] = sheet(printed, "B")[rows, columns]
    Image.fromarray(page).save(tmp_path / "A-labels-0001.pdf", resolution=300)
    outcome = printed.cli("verify", "A", tmp_path / "A-labels-0001.pdf", "--json")
    assert outcome.json["counts"]["matched"] == 24
    assert outcome.json["counts"]["foreign"] == 1


def test_part_of_a_batch_is_right_only_when_asked(printed: Factory, tmp_path: Path) -> None:
    page = sheet(printed, "A")
    Image.fromarray(page[: page.shape[0] // 2]).save(tmp_path / "half.png", dpi=(300, 300))
    strict = printed.cli("verify", "A", tmp_path / "half.png", "--json")
    partial = printed.cli("verify", "A", tmp_path / "half.png", "--partial", "--json")
    assert (strict.code, partial.code) == (1, 0)
    assert strict.json["counts"]["missing"] >= 9
    assert partial.json["right"] is True


def test_an_unreadable_label_is_named(printed: Factory, tmp_path: Path) -> None:
    page = sheet(printed, "A")
    rows, columns = cell(5)
    noise = np.random.default_rng(1).integers(0, 2, (rows.stop - rows.start, columns.stop - columns.start))
    page[rows, columns] = (noise * 255).astype(np.uint8)
    Image.fromarray(page).save(tmp_path / "scan.png", dpi=(300, 300))
    outcome = printed.cli("verify", "A", tmp_path / "scan.png", "--json")
    wrong = [row for row in outcome.json["findings"] if row["verdict"] != "matched"]
    assert [(row["verdict"], row["serials"]) for row in wrong] == [("unreadable", "ebK300000005")]


def test_swapped_labels_are_no_match(printed: Factory, tmp_path: Path) -> None:
    page = sheet(printed, "A")
    one, two = cell(9), cell(16)
    height = min(one[0].stop - one[0].start, two[0].stop - two[0].start)
    width = min(one[1].stop - one[1].start, two[1].stop - two[1].start)
    a = page[one[0].start : one[0].start + height, one[1].start : one[1].start + width].copy()
    b = page[two[0].start : two[0].start + height, two[1].start : two[1].start + width].copy()
    page[one[0].start : one[0].start + height, one[1].start : one[1].start + width] = b
    page[two[0].start : two[0].start + height, two[1].start : two[1].start + width] = a
    Image.fromarray(page).save(tmp_path / "scan.png", dpi=(300, 300))
    outcome = printed.cli("verify", "A", tmp_path / "scan.png", "--json")
    wrong = {row["serials"]: row["detail"] for row in outcome.json["findings"] if row["verdict"] != "matched"}
    assert set(wrong) == {"ebK300000009", "ebK300000016"}
    assert "in the place of ebK300000016" in wrong["ebK300000009"]


@needs("libdmtx")
def test_both_readers_agree(printed: Factory) -> None:
    outcome = printed.cli("verify", "A", printed.root / "batches" / "A" / "labels", "--second-reader", "--json")
    assert outcome.code == 0, outcome.err
    assert {row["detail"] for row in outcome.json["findings"]} == {"both readers agree"}


def test_one_bad_file_does_not_stop_the_others(printed: Factory, tmp_path: Path) -> None:
    shutil.copy(printed.root / "batches" / "A" / "labels" / "A-labels-0001.pdf", tmp_path / "b.pdf")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    outcome = printed.cli("verify", "A", tmp_path, "--json")
    assert outcome.code == 1
    assert outcome.json["counts"]["matched"] == 24
    assert [Path(item["file"]).name for item in outcome.json["broken_files"]] == ["a.png"]


def test_many_page_tiffs_are_read(printed: Factory, tmp_path: Path) -> None:
    pages = [Image.fromarray(sheet(printed, name)) for name in ("A", "B")]
    pages[0].save(
        tmp_path / "scan.tiff", save_all=True, append_images=pages[1:], dpi=(300, 300), compression="tiff_lzw"
    )
    outcome = printed.cli("verify", "A", tmp_path / "scan.tiff", "--json")
    assert outcome.json["pages"] == 2
    assert outcome.json["counts"] == {
        "matched": 24, "missing": 0, "duplicate": 0, "foreign": 24, "unreadable": 0, "mismatched": 0, "misprinted": 0,
        "content": 0, "below-grade": 0, "old-picture": 0,
    }  # fmt: skip


def test_hostile_symbols_do_no_harm(printed: Factory, tmp_path: Path) -> None:
    from bss_mfg.symbol import data_matrix
    from tests.helpers.scans import picture

    text = b"ABV:OB04;<script>alert(1)</script>:\x1b]0;x\x07=1+1;"
    Image.fromarray(picture(data_matrix(text), 5)).save(tmp_path / "x.png", dpi=(300, 300))
    outcome = printed.cli("verify", "A", tmp_path / "x.png", "--report", tmp_path / "r.html")
    assert outcome.code == 1
    assert "\x1b" not in outcome.out + outcome.err
    page = (tmp_path / "r.html").read_text()
    assert "<script>alert" not in page
    inspected = printed.cli("inspect", tmp_path / "x.png")
    assert inspected.code == 1
    assert "\x1b" not in inspected.out


def test_report_needs_nothing_from_outside(printed: Factory, tmp_path: Path) -> None:
    printed.cli("verify", "A", printed.root / "batches" / "A" / "labels", "--report", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert "All labels are right" in page


def test_json_is_one_document(printed: Factory) -> None:
    outcome = printed.cli("verify", "A", printed.root / "batches" / "A" / "labels", "--json")
    assert set(json.loads(outcome.out)) == {
        "checkpoint",
        "batch", "right", "partial", "wrong_batch", "resumed", "resumed_labels", "counts", "files", "pages",
        "page_counts", "not_understood", "other_codes", "broken_files", "troubles", "sample", "statistics", "findings",
            "labels_read", "answered", "not_judged",
    }  # fmt: skip


def test_a_blank_picture_proves_nothing(new_factory: Callable[[], Factory], tmp_path: Path) -> None:
    """A sheet that was scanned face down passed with --partial."""
    from PIL import Image

    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(3)
    factory.label()
    Image.new("L", (1240, 1754), 255).save(tmp_path / "blank.png")
    done = factory.cli("verify", "B1", tmp_path / "blank.png", "--partial")
    assert done.code == 1
    assert "no label was found" in done.err


def scan(printed: Factory) -> Image.Image:
    document = pypdfium2.PdfDocument(printed.root / "batches" / "A" / "labels" / "A-labels-0001.pdf")
    return Image.fromarray(np.asarray(document[0].render(scale=300 / 72, grayscale=True).to_pil()))


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


def test_the_traveller_beside_the_labels_is_not_searched_for_any(factory: Factory, tmp_path: Path) -> None:
    """It cost more than all the labels: nothing in it is read, so every stronger attempt was made at it."""
    factory.add(oob_bytes=16)
    assert factory.cli("run", "bulb", "--units", 4, "--id", "B1").code == 0
    folder = factory.root / "batches" / "B1" / "labels"
    (traveller,) = folder.glob("*-batch-labels-*.pdf")
    done = factory.cli("verify", "B1", folder, "--json")
    assert done.code == 0, done.err
    assert (done.json["files"], done.json["pages"]) == (1, 1)
    assert [Path(one["file"]).name for one in done.json["troubles"]] == [traveller.name]
    alone = factory.cli("verify", "B1", traveller)
    assert alone.code == 3 and traveller.name in alone.err


def test_a_part_of_a_batch_is_told_in_a_line_and_not_in_one_for_each_label(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(48)
    factory.label(labels_per_file=24)
    first, _ = sorted((factory.root / "batches" / "B1" / "labels").glob("*.pdf"))
    done = factory.cli("verify", "B1", first)
    assert done.code == 1
    assert [line for line in done.out.splitlines() if line.startswith("MISSING")] == [
        "MISSING: 24 labels of the batch in none of these files"
    ]
    assert "--partial" in done.err
    assert len([row for row in factory.cli("verify", "B1", first, "--json").json["findings"] if row["unseen"]]) == 24
    partial = factory.cli("verify", "B1", first, "--partial")
    assert partial.code == 0 and "MISSING" not in partial.out and "--partial" not in partial.err


def test_labels_of_another_batch_are_told_once(printed: Factory) -> None:
    """480 lines said one thing: the wrong folder was named."""
    folder = printed.root / "batches" / "B" / "labels"
    done = printed.cli("verify", "A", folder)
    assert done.code == 1
    assert "all 24 belong to B" in done.out
    assert len(done.out.splitlines()) <= 3, done.out
    assert ["verify", "B"] in [words[:2] for words in advised(done)]
    document = printed.cli("verify", "A", folder, "--json").json
    assert document["wrong_batch"] == "B"
    assert document["counts"]["foreign"] == 24
    assert printed.cli("verify", "A", printed.root / "batches" / "A" / "labels", "--json").json["wrong_batch"] is None
    both = printed.cli("verify", "A", folder, printed.root / "batches" / "A" / "labels")
    assert both.code == 1
    [foreign] = [line for line in both.out.splitlines() if line.startswith("FOREIGN")]
    assert "all 24 labels" in foreign and "batch B" in foreign


def test_a_folder_of_zpl_asks_for_scans_and_for_nothing_to_be_made_again(factory: Factory, tmp_path: Path) -> None:
    """The files lie where they should: `labels --again` would print every label twice."""
    factory.add(oob_bytes=16)
    factory.issue(2)
    factory.issue(2, "B1-2")
    arguments = ("--printer", "zpl-203", "--template", "roll-50x30")
    assert factory.cli("labels", "B1", *arguments).code == 0
    own = factory.cli("verify", "B1", factory.root / "batches/B1/labels")
    assert own.code == 3
    assert ["scan", "B1"] in advised(own)
    assert factory.cli("labels", "B1-2").code == 0
    other = factory.cli("verify", "B1-2", factory.root / "batches/B1/labels")
    assert other.code == 3
    for refused in (own, other):
        assert "should be there" not in refused.err
        assert "--again" not in refused.err
    assert factory.cli("labels", "B1", "--template", "traveller-a4", "--printer", "pdf-300").code == 0
    beside = factory.cli("verify", "B1", factory.root / "batches/B1/labels")  # as `run` leaves them
    assert ["scan", "B1"] in advised(beside)
    (tmp_path / "empty").mkdir()
    lost = factory.cli("verify", "B1-2", tmp_path / "empty")
    assert "B1-2-labels-0001.pdf should be there" in lost.err


def test_a_folder_with_reprints_has_no_duplicates(factory: Factory, tmp_path: Path) -> None:
    """The label files of a batch with labels that were printed once more; a copy is one all the same."""
    factory.add()
    factory.issue(3)
    assert factory.cli("labels", "B1").code == 0
    folder = factory.root / "batches/B1/labels"
    for serial in ("ebK300000001", "ebK300000001", "ebK300000002"):
        assert factory.cli("reprint", "B1", serial, "--reason", "torn").code == 0
        done = factory.cli("verify", "B1", folder)
        assert done.code == 0, done.out
    scan = tmp_path / "scans"
    scan.mkdir()
    with pypdfium2.PdfDocument(folder / "B1-labels-0001.pdf") as document:
        picture = document[0].render(scale=300 / 72).to_pil()
    for name in ("one.png", "two.png"):
        picture.save(scan / name, dpi=(300, 300), comment=name)
        picture.putpixel((0, 0), (250, 250, 250))
    copied = factory.cli("verify", "B1", scan)
    assert copied.code == 1
    assert "DUPLICATE" in copied.out
