"""Labels: every dot as planned, read by programs that nobody here wrote, and nothing ever overwritten."""

from __future__ import annotations

import csv
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import zxingcpp

from bss_mfg.errors import InputError, RefusedError
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.symbol_size import batch_symbol_size
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI, Printer
from bss_mfg.ledger.prints import PrintStore
from bss_mfg.symbol import data_matrix
from tests.helpers.factory import Factory
from tests.helpers.pictures import page_count, pdfium


def test_the_dot_check_can_fail(factory: Factory) -> None:
    """Negative control: without its place on the dot grid, the same symbol has wrong dots, and still decodes."""
    factory.add(oob_bytes=16)
    factory.issue(1)
    made = factory.label(template="roll-50x30", dpi=203)
    x, y = made.layout.symbol.origins[0]
    grey = pdfium(made.files[0], 203.2 * 1.013)
    assert zxingcpp.read_barcodes(grey)[0].text == factory.payloads()[0]
    matrix = data_matrix(factory.payloads()[0].encode(), made.layout.symbol.modules)
    modules = np.array([[int(m) for m in row] for row in str(matrix).splitlines()], np.uint8)
    expected = np.kron(modules, np.ones((made.layout.symbol.module_dots_y,) * 2, np.uint8)).astype(bool)
    assert ((grey[y : y + expected.shape[0], x : x + expected.shape[1]] < 128) != expected).sum() > 100


def test_the_same_labels_are_the_same_bytes(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(30)
    one, two = (factory.label(folder=tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in one.files] == [path.read_bytes() for path in two.files]


def test_the_index_says_where_each_label_lies(factory: Factory) -> None:
    factory.add(units_per_package=2)
    factory.issue(60)
    made = factory.label(start_at=5)
    rows = list(csv.DictReader(made.index.open()))
    assert len(rows) == 30
    assert (rows[0]["page"], rows[0]["row"], rows[0]["column"]) == ("1", "2", "2")
    assert (rows[20]["page"], rows[20]["row"], rows[20]["column"]) == ("2", "1", "1")
    assert rows[0]["serials"] == "ebK300000001, ebK300000002"
    grey = pdfium(made.files[0], 300)
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.DataMatrix)
    corners = sorted(
        (round(item.position.top_left.y / 11.811), round(item.position.top_left.x / 11.811)) for item in found
    )
    assert len(corners) == 20
    expected = sorted((round(float(row["y_mm"])), round(float(row["x_mm"]))) for row in rows[:20])
    assert all(abs(a - c) <= 1 and abs(b - d) <= 1 for (a, b), (c, d) in zip(corners, expected, strict=True))


def test_labels_never_silently_print_twice(factory: Factory) -> None:
    factory.add()
    factory.issue(2)
    first = factory.label(again=False)
    stamp = first.files[0].stat().st_mtime_ns
    with pytest.raises(RefusedError, match="made already"):
        factory.label(again=False)
    with pytest.raises(RefusedError, match="made before, in B1-labels-0001"):
        factory.label(again=False, template="roll-50x30")
    assert first.files[0].stat().st_mtime_ns == stamp
    factory.label(again=True)
    with factory.ledger() as ledger:
        assert [event.kind for event in ledger.history.events("B1")][-2:] == ["labels made", "labels made again"]


def test_an_interrupted_run_goes_on_where_it_stopped(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(100)

    def stop(done: int, total: int) -> None:
        if done >= 48:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        factory.label(again=False, labels_per_file=24, progress=stop)
    made = factory.label(again=False, labels_per_file=24)
    assert (len(made.files), made.unchanged) == (5, 2)


def test_a_part_lost_before_it_was_noted_is_adopted(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the file and the ledger: the same bytes are there, so they are ours; any others are not."""
    factory.add()
    factory.issue(2)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(PrintStore, "record", killed)
        factory.label(again=False)
    file = factory.root / "batches" / "B1" / "labels" / "B1-labels-0001.pdf"
    ours = file.read_bytes()
    file.write_bytes(b"%PDF-1.4 something else")
    with pytest.raises(RefusedError, match="is not the file that this command would make"):
        factory.label(again=False)
    file.write_bytes(ours)
    assert factory.label(again=False).files == (file,)
    with factory.ledger() as ledger:
        assert ledger.batches.counts("B1")["printed"] == 2


def test_a_lost_file_is_made_again_and_the_same(factory: Factory) -> None:
    factory.add()
    factory.issue(2)
    made = factory.label()
    before = made.files[0].read_bytes()
    made.files[0].unlink()
    assert factory.label().files[0].read_bytes() == before


def test_large_batches_are_cut_into_files_of_whole_pages(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(970)
    made = factory.label(start_at=3)
    assert [page_count(path) for path in made.files] == [40, 1]
    with factory.ledger() as ledger:
        parts = ledger.prints.label_files("B1")
    assert [part.numbers for part in parts] == [range(1, 959), range(959, 971)]


def streams(path: Path) -> bytes:
    """All inflated streams of a PDF."""
    found = re.findall(rb"\bstream\r?\n(.*?)endstream", path.read_bytes(), re.DOTALL)
    inflated = b""
    for stream in found:
        try:
            inflated += zlib.decompress(stream)
        except zlib.error:
            inflated += stream
    return inflated


def test_only_development_labels_carry_the_sample_mark(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    template = load_template(factory.workspace.template_file("sheet-a4-24"))
    size = batch_symbol_size_of(factory)
    assert lay_out(template, PDF_PRINTER_BY_DPI[300], size, "development").sample_mark
    assert not lay_out(template, PDF_PRINTER_BY_DPI[300], size, "production").sample_mark
    assert b"(SAMPLE) Tj" in streams(factory.label().files[0])


def batch_symbol_size_of(factory: Factory) -> int:
    with factory.ledger() as ledger:
        return batch_symbol_size(ledger.batches.get("B1"))


def test_a_template_without_a_sample_area_is_for_production_only(factory: Factory, tmp_path: Path) -> None:
    text = factory.workspace.template_file("roll-50x30").read_text()
    path = tmp_path / "bare.toml"
    path.write_text(re.sub(r"\[sample\]\n(.+\n){4}", "", text))
    template = load_template(path)
    assert not lay_out(template, PDF_PRINTER_BY_DPI[203], 48, "production").sample_mark
    with pytest.raises(InputError, match="SAMPLE mark"):
        lay_out(template, PDF_PRINTER_BY_DPI[203], 48, "development")


def test_printers_with_unequal_dots_get_square_modules(factory: Factory) -> None:
    template = load_template(factory.workspace.template_file("roll-50x30"))
    plan = lay_out(template, Printer("300x600", 300 / 25.4, 600 / 25.4), 48, "production").symbol
    assert plan.module_dots_y == 2 * plan.module_dots_x


def test_the_offset_moves_the_symbols_by_whole_dots(factory: Factory) -> None:
    template = load_template(factory.workspace.template_file("roll-50x30"))
    here = lay_out(template, Printer("p", 8, 8), 48, "production").symbol.origins[0]
    there = lay_out(template, Printer("p", 8, 8, 1.0, 0.5), 48, "production").symbol.origins[0]
    assert (there[0] - here[0], there[1] - here[1]) == (8, 4)


@pytest.mark.parametrize("symbols", ["mask", "vector"])
def test_the_inset_survives_on_media_of_ten_thousand_dots(factory: Factory, symbols: str) -> None:
    """Six significant digits would round the inset away from 10,000 dots on, and dots would spill."""
    text = factory.workspace.template_file("roll-50x30").read_text()
    text = text.replace("label_width = 50", "label_width = 600").replace("x = 1\n", "x = 550\n", 1)
    text = re.sub(r"(?<=\[sample\]\n)(.+\n){4}", "x = 60\ny = 22\nwidth = 240\nheight = 6\n", text)
    (factory.root / "templates" / "wide.toml").write_text(text)
    factory.add(oob_bytes=16)
    factory.issue(1)
    made = factory.label(template="wide", dpi=600, symbols=symbols)
    assert made.layout.symbol.origins[0][0] > 12_000
    if symbols == "mask":
        numbers = re.findall(rb"(\d{5}\.\d+) [\d.]+ cm BI", streams(made.files[0]))
        assert {number[-3:] for number in numbers} == {b".05"}
        return
    # Paths count in twentieths of a dot, from a whole dot on: 1 is the inset.
    (origin,) = re.findall(rb"q 1 0 0 1 (\d+) (\d+) cm \d+ \d+ +\d+ \d+ re", streams(made.files[0]))
    assert int(origin[0]) > 240_000
    assert {int(number) % 20 for number in origin} == {0}
    runs = re.findall(rb"(\d+) (\d+) +(\d+) (\d+) re", streams(made.files[0]))
    assert len(runs) > 300
    assert {(int(x) % 20, int(y) % 20, int(w) % 20, int(h) % 20) for x, y, w, h in runs} == {(1, 1, 18, 18)}


def test_a_batch_without_a_package_left_has_no_label(factory: Factory) -> None:
    """All of its units were scrapped: that is said, and is no defect."""
    factory.add()
    factory.issue(1)
    assert factory.cli("scrap", "B1", "ebK300000001", "--reason", "broken").code == 0
    done = factory.cli("labels", "B1")
    assert done.code == 0, done.err
    assert "Left out: 1 package, scrapped or shipped" in done.err
    assert not list((factory.root / "batches" / "B1" / "labels").glob("*.pdf"))
