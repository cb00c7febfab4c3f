"""Labels with bleed, crop marks, several across and turned printers: printed and read back."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.design_check import check_design
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.loading import template_from_text
from bss_mfg.label.template.printer import BUILT_IN
from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium
from tests.helpers.press import TEMPLATE, prepared
from tests.independent.test_zpl import render
from tests.needs import needs


@pytest.mark.parametrize("rotate", [0, 90, 270])
def test_labels_are_read_back_where_they_lie(factory: Factory, tmp_path: Path, rotate: int) -> None:
    prepared(factory, rotate)
    made = factory.cli("labels", "B1", "--template", "across", "--printer", "press", "--json")
    assert made.code == 0, made.err
    file = Path(made.json["files"][0])
    read = factory.cli("verify", "B1", file, "--json")
    assert (read.code, read.json["counts"]["matched"]) == (0, 5), read.err
    for page in (1, 2, 3):
        Image.fromarray(pdfium(file, 300, page)).save(tmp_path / f"page-{page}.png", dpi=(300, 300))
    scanned = factory.cli("verify", "B1", *sorted(tmp_path.glob("page-*.png")), "--of", "print", "--json")
    assert (scanned.code, scanned.json["counts"]["matched"]) == (0, 5), scanned.err
    places = list(csv.DictReader(Path(made.json["index"]).read_text("utf-8").splitlines()))
    cells = [(int(row["page"]), int(row["row"]), int(row["column"])) for row in places]
    assert cells[:2] == {0: [(1, 1, 1), (1, 1, 2)], 90: [(1, 1, 1), (1, 2, 1)], 270: [(1, 2, 1), (1, 1, 1)]}[rotate]
    for row, payload in zip(places, factory.payloads(), strict=True):
        page = pdfium(file, 300, int(row["page"]))
        x, y = (round(float(row[name]) / 25.4 * 300) for name in ("x_mm", "y_mm"))
        crop = page[max(y - 20, 0) : y + 260, max(x - 20, 0) : x + 260]
        assert [found.text for found in zxingcpp.read_barcodes(crop)] == [payload]


@needs("zpl-renderer-js")
@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_turned_zpl_printer_prints_the_upright_dots_turned(tmp_path: Path, rotate: int) -> None:
    loaded = template_from_text(TEMPLATE, tmp_path / "across.toml")
    dots = {}
    for name, printer in {
        "upright": replace(BUILT_IN["zpl-203"], language="png"),
        "turned": replace(BUILT_IN["zpl-203"], rotate=rotate),
    }.items():
        design = check_design(loaded, printer, made_up_example())
        rows = (*design.rows.values(), *design.rows.values())[: 2 if name == "upright" else 3]
        path = tmp_path / name
        path.write_bytes(render_label_file(LabelFileContent("", design.layout, rows, 1, "mask")))
        dots[name] = design.layout.page_dots if rotate == 180 else design.layout.page_dots[::-1]
    pages = render({"turned": (tmp_path / "turned", dots["turned"])}, tmp_path / "rendered")["turned"]
    assert len(pages) == 2
    upright = np.asarray(Image.open(tmp_path / "upright").convert("L")) < 128
    assert ((pages[0] < 128) == np.rot90(upright, -(rotate // 90))).all()
