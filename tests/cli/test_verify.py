"""Verification: what was printed is compared with the ledger, and every fault is named by serial and place."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bss_mfg.core.text import printable
from bss_mfg.errors import InputError
from bss_mfg.imaging.grade import unused_error_correction_grade
from bss_mfg.imaging.sources import pages_of
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.verify.diagnosis import diagnose
from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium

PX = 300 / 25.4


def sheet(factory: Factory, batch: str) -> np.ndarray:
    return pdfium(factory.root / "batches" / batch / "labels" / f"{batch}-labels-0001.pdf", 300)


def cell(number: int) -> tuple[slice, slice]:
    """The pixels of a label (from 1) of sheet-a4-24."""
    row, column = divmod(number - 1, 3)
    x, y = int((7.25 + 66.0 * column) * PX), int((12.9 + 33.9 * row) * PX)
    return slice(y, y + int(33.8 * PX)), slice(x, x + int(63.4 * PX))


def tampered(factory: Factory) -> Image.Image:
    """Label 4 again over 8, label 6 of batch B over 11, label 14 covered."""
    page, other = sheet(factory, "A"), sheet(factory, "B")
    for source, there, here in ((page, 4, 8), (other, 6, 11)):
        rows, columns = cell(there)
        target_rows, target_columns = cell(here)
        piece = source[rows, columns]
        page[target_rows.start : target_rows.start + piece.shape[0],
             target_columns.start : target_columns.start + piece.shape[1]] = piece  # fmt: skip
    page[cell(14)] = 255
    return Image.fromarray(page)


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
        "matched": 21, "missing": 3, "duplicate": 1, "foreign": 1, "unreadable": 0, "mismatched": 0
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
        reads = [event for event in ledger.events("B1") if event.kind == "read"]
        assert ledger.counts("B1") == {
            "packages": 3, "printed": 3, "verified": 3, "shipped": 0, "scrapped": 0, "replaced": 0
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


def test_both_readers_agree(printed: Factory) -> None:
    outcome = printed.cli("verify", "A", printed.root / "batches" / "A" / "labels", "--second-reader", "--json")
    assert outcome.code == 0, outcome.err
    assert {row["detail"] for row in outcome.json["findings"]} == {"both readers agree"}


def test_a_stalled_second_reader_costs_one_symbol() -> None:
    """The process with the second reader is stopped and started anew; the run goes on."""
    import os
    import signal

    from bss_mfg.imaging.second_reader import SecondReader
    from bss_mfg.symbol import data_matrix
    from tests.unit.test_symbol import picture

    grey = picture(data_matrix(b"ABV:OB04;"), 6)
    box = (24.0, 24.0, float(grey.shape[1] - 48), float(grey.shape[0] - 48))
    with SecondReader(seconds=2) as reader:
        assert reader.read(grey, box) == b"ABV:OB04;"
        os.kill(reader._worker._process.pid, signal.SIGSTOP)
        assert reader.read(grey, box) is None
        reader._worker.seconds = 60
        assert reader.read(grey, box) == b"ABV:OB04;"
        os.kill(reader._worker._process.pid, signal.SIGKILL)
        assert reader.read(grey, box) is None
        assert reader.read(grey, box) == b"ABV:OB04;"


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
        "matched": 24, "missing": 0, "duplicate": 0, "foreign": 24, "unreadable": 0, "mismatched": 0
    }  # fmt: skip


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


DIAGNOSES: dict[str, tuple[Callable[[str], str], str, str]] = {
    "AIM prefix and end of line": (lambda text: "]d1" + text + "\r\n", "match", ""),
    "caps lock": (lambda text: text.swapcase(), "mismatched", "caps lock"),
    "GS1": (lambda text: "]d2" + text, "mismatched", "GS1"),
    "cut off": (lambda text: text[:-20], "mismatched", "cut off"),
    "field doubled": (lambda text: text + "PID:ebK3;", "mismatched", "stands 2 times"),
    "field missing": (lambda text: text.replace("PID:ebK3;", ""), "mismatched", "PID is missing"),
    "one letter": (lambda text: text.replace("PID:ebK3", "PID:ebk3"), "mismatched", "but it differs"),
    "cut inside a UUID": (lambda text: text[:60], "mismatched", "cut off"),
    "another family": (lambda text: "https://example.com", "foreign", "no barcode of this family"),
    "two end-of-lines inside": (lambda text: text[:9] + "\n" + text[9:], "mismatched", ""),
    "a space behind": (lambda text: text + " ", "mismatched", ""),
}


@pytest.mark.parametrize("name", DIAGNOSES)
def test_texts_are_diagnosed(printed: Factory, name: str) -> None:
    change, kind, said = DIAGNOSES[name]
    with printed.ledger() as ledger:
        text = next(ledger.packages("A")).payload
        found = diagnose(change(text).encode(), "A", ledger, [packaged_spec("amazon-bss-ob04").spec])
    assert found.kind == kind, found
    assert said in found.detail


def test_hostile_text_is_shown_as_text() -> None:
    shown = printable("".join(map(chr, range(256))) + "\x1b[31m\u202e<script>", 1000)
    assert all(" " <= character <= "~" for character in shown)
    assert "\\x1b[31m\\u{202e}" in shown


def test_hostile_symbols_do_no_harm(printed: Factory, tmp_path: Path) -> None:
    from bss_mfg.symbol import data_matrix
    from tests.unit.test_symbol import picture

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


@pytest.mark.parametrize(
    ("share", "grade"),
    [(1.0, 4), (0.62, 4), (0.6199, 3), (0.5, 3), (0.4999, 2), (0.37, 2), (0.25, 1), (0.2499, 0), (0, 0)],
)
def test_error_correction_grades_at_the_tables_edges(share: float, grade: int) -> None:
    assert unused_error_correction_grade(share) == grade


def test_json_is_one_document(printed: Factory) -> None:
    outcome = printed.cli("verify", "A", printed.root / "batches" / "A" / "labels", "--json")
    assert set(json.loads(outcome.out)) == {
        "batch", "right", "partial", "resumed", "resumed_labels", "counts", "files", "pages", "broken_files",
        "troubles", "sample", "statistics", "findings",
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
