"""Printers, test pages, preflight and preview: what is told before the first label is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.label.template.printer import BUILT_IN
from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium


def test_printers_are_added_listed_and_used(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    assert factory.cli("printer", "add", "line2", "--like", "zpl-203", "--address", "tcp://10.0.0.9:9100").code == 0
    assert factory.cli("printer", "add", "line2", "--like", "zpl-203").code == 4
    listed = {item["name"]: item for item in factory.cli("printer", "list", "--json").json}
    assert listed["line2"]["source"] == "workspace"
    assert listed["line2"]["address"] == "tcp://10.0.0.9:9100"
    done = factory.cli("labels", "B1", "--printer", "line2", "--template", "roll-50x30", "--json")
    assert (done.code, done.json["language"]) == (0, "zpl")
    unknown = factory.cli("labels", "B1", "--printer", "line3", "--again")
    assert unknown.code == 3
    assert "line2" in unknown.err
    assert all(
        name in factory.cli("labels", "B1", "--printer", "ZPL", "--again").err for name in ("zpl-203", "zpl-300")
    )
    assert "line2" in factory.cli("labels", "B1", "--printer", "garden-hose", "--again").err


def test_a_printer_loaded_with_other_media_refuses_the_template(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    factory.cli("printer", "add", "line2", "--like", "zpl-203")
    path = factory.root / "printers" / "line2.toml"
    text = path.read_text()
    for old, new, says in (
        ("media = []", 'media = ["zebra-x"]', "is loaded with zebra-x"),
        ("media = []", "media = []\nmax_width = 40", "is 50 mm wide"),
        ("margins = [0, 0, 0, 0]", "margins = [4, 0, 0, 0]", "can't print"),
        ("offset = [0, 0]", "offset = [30, 0]", "over the edge of the media"),
    ):
        assert old in text
        path.write_text(text.replace(old, new))
        done = factory.cli("labels", "B1", "--printer", "line2", "--template", "roll-50x30")
        assert done.code == 3, new
        assert says in done.err, done.err


def test_offset_and_scale_move_and_stretch_what_is_printed(factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    factory.issue(1)
    from dataclasses import replace

    plain = factory.label(template="roll-50x30", printer=BUILT_IN["pdf-600"], folder=tmp_path / "a")
    tuned = replace(BUILT_IN["pdf-600"], offset_x_mm=1.0, offset_y_mm=-0.5, scale_x=1.02, scale_y=0.98)
    moved = factory.label(template="roll-50x30", printer=tuned, folder=tmp_path / "b")

    def black(file: Path) -> tuple[float, float, float]:
        """Left and right end of the ruled line, and its height on the page, in mm."""
        grey = pdfium(file, 600)[:, int(28.5 * 600 / 25.4) :] < 128
        row = int(np.argmax(grey[: int(8.5 * 600 / 25.4)].sum(axis=1)))
        columns = np.flatnonzero(grey[row])
        return 28.5 + columns[0] / 600 * 25.4, 28.5 + columns[-1] / 600 * 25.4, row / 600 * 25.4

    left, right, height = black(plain.files[0])
    left2, right2, height2 = black(moved.files[0])
    assert left2 == pytest.approx(left * 1.02 + 1.0, abs=0.06)
    assert right2 == pytest.approx(right * 1.02 + 1.0, abs=0.06)
    assert height2 == pytest.approx(height * 0.98 - 0.5, abs=0.06)


@pytest.mark.parametrize("name", ["pdf-203", "pdf-300x600", "zpl-300", "png-600"])
def test_the_test_page_prints_rulers_and_every_dimension(factory: Factory, tmp_path: Path, name: str) -> None:
    printer = BUILT_IN[name]
    file = tmp_path / f"page.{printer.language}"
    done = factory.cli("printer", "test-page", name, "--out", file)
    assert done.code == 0, done.err
    if printer.language == "zpl":
        assert file.read_bytes().count(b"^XA") == 1
        return
    if printer.language == "png":
        with Image.open(file) as picture:
            grey = np.asarray(picture.convert("L"))
    else:
        grey = pdfium(file, printer.dpi)
    assert grey.shape[1] == round(100 * printer.dots_per_mm_x)
    texts = {item.text for item in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.DataMatrix)}
    assert {"4 DOTS X", "4 DOTS Y", "5 DOTS X", "5 DOTS Y"} <= texts


def test_preflight_says_what_will_be_printed(factory: Factory) -> None:
    factory.add()
    done = factory.cli("preflight", "bulb", "--template", "roll-50x30", "--printer", "zpl-203", "--json")
    assert done.code == 0, done.err
    record = done.json
    assert record["prints"] is True
    assert record["symbol"]["modules"] == 52
    assert record["symbol"]["dots_per_module"] == [4, 4]
    assert record["symbol"]["module_mm"] == [0.5, 0.5]
    assert record["symbol"]["characters_to_spare"] > 0
    assert "64x64" in record["next_size"]
    assert {item["text"] for item in record["texts"]} >= {"Mesh Bulb", "Serial number"}
    text = factory.cli("preflight", "bulb", "--template", "roll-50x30", "--printer", "zpl-203")
    assert "OK: everything will print" in text.out
    # What preflight says is what comes out.
    factory.issue(1)
    made = factory.cli("labels", "B1", "--template", "roll-50x30", "--printer", "zpl-203", "--json").json
    assert (made["modules"], made["dots_per_module"]) == (52, [4, 4])


def test_preflight_fails_for_what_will_not_print(factory: Factory) -> None:
    factory.add(units_per_package=12, title="A title that is much too long for the little room this label has for it")
    done = factory.cli("preflight", "bulb", "--template", "roll-50x30", "--printer", "zpl-203", "--json")
    assert done.code == 1
    whats = " ".join(item["what"] for item in done.json["findings"])
    assert "does not fit 28 mm" in whats
    assert "needs 4 lines" in whats
    assert "FAIL" in factory.cli("preflight", "bulb", "--template", "roll-50x30", "--printer", "zpl-203").out


def test_the_next_size_has_no_fault_that_is_there_today(factory: Factory) -> None:
    factory.add()
    text = factory.workspace.template_file("roll-50x30").read_text()
    wrong = '\n[[element]]\nkind = "text"\nx = 45\ny = 3\nwidth = 20\ntext = "over the edge"\n'
    (factory.root / "templates" / "bad.toml").write_text(text + wrong)
    good, bad = (
        factory.cli("preflight", "bulb", "--template", name, "--printer", "zpl-203", "--json").json
        for name in ("roll-50x30", "bad")
    )
    assert good["prints"]
    assert not bad["prints"]
    assert good["next_size"] == bad["next_size"]


@pytest.mark.parametrize(("form", "printer", "labels"), [
    ("png", "pdf-300", 24), ("pdf", "pdf-300", 24), ("png", "zpl-300", 24),
])  # fmt: skip
def test_a_preview_of_the_whole_page(factory: Factory, tmp_path: Path, form: str, printer: str, labels: int) -> None:
    factory.add()
    file = tmp_path / f"page.{form}"
    options = ("--product", "bulb", "--printer", printer, "--page", "--out", file)
    done = factory.cli("template", "preview", "sheet-a4-24", *options)
    assert done.out == f"{file}\n"
    grey = pdfium(file, 300) if form == "pdf" else np.asarray(Image.open(file).convert("L"))
    assert len(zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.DataMatrix)) == labels
    assert factory.cli("template", "preview", "sheet-a4-24", *options).code == 4
    refused = factory.cli("template", "preview", "sheet-a4-24", *options[:-1], tmp_path / "page.svg")
    assert refused.code == 2


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
def test_a_preview_shows_both_cases(factory: Factory, tmp_path: Path, form: str) -> None:
    factory.add()
    file = tmp_path / f"look.{form}"
    done = factory.cli("template", "preview", "roll-50x30", "--product", "bulb", "--out", file)
    assert done.code == 0, done.err
    assert factory.cli("template", "preview", "roll-50x30", "--product", "bulb", "--out", file).code == 4
    if form == "svg":
        root = ElementTree.fromstring(file.read_text())  # noqa: S314  (our own file)
        assert len(root.findall("{http://www.w3.org/2000/svg}image")) == 2
        assert "Longest case" in file.read_text()
        return
    grey = pdfium(file, 300) if form == "pdf" else np.asarray(Image.open(file).convert("L"))
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.DataMatrix)
    assert len(found) == 2, "the label's symbols in the preview scan"


def test_a_preview_of_a_batch_shows_its_own_labels(factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    factory.issue(3)
    done = factory.cli("template", "preview", "sheet-a4-24", "--batch", "B1", "--out", tmp_path / "b.pdf")
    assert done.code == 0, done.err
    with factory.ledger() as ledger:
        payloads = {package.payload for package in ledger.packages.stream("B1")}
    found = {item.text for item in zxingcpp.read_barcodes(pdfium(tmp_path / "b.pdf", 300))}
    assert found & payloads


def test_a_preview_marks_findings_and_fails(factory: Factory, tmp_path: Path) -> None:
    text = factory.workspace.template_file("roll-50x30").read_text()
    (factory.root / "templates" / "bad.toml").write_text(
        text + '\n[[element]]\nkind = "text"\nx = 40\ny = 27\nwidth = 20\ntext = "over the edge <script>"\n'
    )
    done = factory.cli("template", "preview", "bad", "--out", tmp_path / "bad.svg")
    assert done.code == 1
    assert "outside the label" in done.err
    drawn = (tmp_path / "bad.svg").read_text()
    assert "will not print" in drawn
    assert "#c62828" in drawn
    assert "<script" not in drawn


def test_templates_are_listed_and_copied(factory: Factory) -> None:
    names = {item["name"] for item in factory.cli("template", "list", "--json").json}
    assert {"sheet-a4-24", "roll-50x30"} <= names
    assert factory.cli("template", "copy", "roll-50x30", "mine").code == 0
    assert factory.cli("template", "copy", "roll-50x30", "mine").code == 4
    assert (factory.root / "templates" / "mine.toml").is_file()


@pytest.mark.parametrize("what", ["template", "printer", "product", "spec"])
def test_schemas_name_every_field(factory: Factory, what: str) -> None:
    schema = json.loads(factory.cli("schema", what).out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "format" in schema["properties"]
    if what == "template":
        text = json.dumps(schema)
        for field in ("each_unit", "quiet_zone", "x_dimension", "packages_per_carton", "code-128", "ean-upc"):
            assert re.search(rf'"{field}"', text), field


def test_a_printer_is_added_with_what_is_set_at_it(factory: Factory) -> None:
    """Settings go from the command into the file and into every label file; what a language has not is refused, and no
    file is left."""
    factory.add(oob_bytes=16)
    factory.issue(2)
    wrong = factory.cli("printer", "add", "desk", "--like", "epl2-203", "--after", "tear")
    assert wrong.code == 3
    assert "epl2 knows after peel or cut, not tear" in wrong.err
    assert not (factory.root / "printers" / "desk.toml").exists()
    for like, gap in (("epl2-203", "0.04"), ("tspl-203", "0"), ("tspl-203", "0.1")):
        for tracking in ("gap", "mark"):
            found = ("--tracking", tracking, "--gap", gap)
            wrong = factory.cli("printer", "add", "desk", "--like", like, *found)
            assert wrong.code == 3, wrong.out
            assert f"gap: '{gap}': less than a dot of the printer, 0.125 mm" in wrong.err
            assert not (factory.root / "printers" / "desk.toml").exists()
    chosen = ("--darkness", "12", "--speed", "4", "--tracking", "gap", "--gap", "3", "--after", "peel", "--feed", "2")
    assert factory.cli("printer", "add", "desk", "--like", "tspl-203", *chosen).code == 0
    shown = factory.cli("printer", "show", "desk").out
    assert re.search(r"darkness: +12\b", shown)
    assert re.search(r"after: +peel\b", shown)
    done = factory.cli("labels", "B1", "--printer", "desk", "--template", "roll-50x30", "--json")
    assert (done.code, done.json["language"]) == (0, "tspl")
    data = Path(done.json["files"][0]).read_bytes()
    for command in (b"DENSITY 12", b"SPEED 4", b"GAP 3 mm,0 mm", b"SET PEEL ON", b"OFFSET 2 mm"):
        assert data.count(command + b"\r\n") == 2, command
    zpl = ("--darkness", "5", "--speed", "3", "--tracking", "mark", "--after", "cut", "--feed", "-1")
    assert factory.cli("printer", "add", "zebra", "--like", "zpl-203", *zpl).code == 0
    done = factory.cli("labels", "B1", "--printer", "zebra", "--template", "roll-50x30", "--again", "--json")
    data = Path(done.json["files"][0]).read_bytes()
    assert data.count(b"~SD05\n~TA-008\n^XA^CI28^PW") == 2
    assert data.count(b"^PR3^MNM^MMC\n") == 2


TAPE = """
format = 1
media = { kind = "roll", label_width = 62, label_height = 30 }
sample = { x = 32, y = 3, width = 27, height = 10 }
element = [{ kind = "data-matrix", x = 3, y = 2, size = 26 }]
"""


@pytest.mark.parametrize("language", ["zpl-hex", "tspl", "brother"])
def test_files_that_only_a_printer_draws_are_treated_alike(factory: Factory, language: str) -> None:
    """Their labels are made, kept, and neither read back nor missed by `verify` and `reconcile`."""
    factory.add(oob_bytes=16)
    factory.issue(2)
    name = "brother-ql" if language == "brother" else f"{language}-203"
    (factory.root / "templates" / "tape.toml").write_text(TAPE, encoding="utf-8")
    template = "tape" if language == "brother" else "roll-50x30"
    made = factory.cli("labels", "B1", "--printer", name, "--template", template, "--json")
    assert (made.code, made.json["language"]) == (0, language), made.err
    file = Path(made.json["files"][0])
    kind = file.suffix[1:].upper()
    verified = factory.cli("verify", "B1", file.parent)
    assert verified.code == 3
    assert f"{kind} files can't be read back here" in verified.err
    reconciled = factory.cli("reconcile", "B1")
    assert f"1 {kind} file not read: only a printer draws them" in reconciled.out + reconciled.err
    assert factory.cli("labels", "B1", "--printer", name, "--template", template).code == 4, "made once"


def test_a_label_for_a_head_that_can_not_print_it_is_refused_before_it_is_made(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(1)
    for printer, says in (("brother-pt-180", "takes 24 mm"), ("brother-ql", "can't print")):
        done = factory.cli("labels", "B1", "--printer", printer, "--template", "roll-50x30")
        assert done.code == 3
        assert says in done.err
