"""Labels as programs see them that nobody here wrote: poppler, dmtxread, zxing-cpp."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI
from bss_mfg.symbol import data_matrix
from tests.helpers.factory import Factory
from tests.helpers.pictures import page_count, pdfium, poppler
from tests.needs import needs

TEMPLATES = ("sheet-a4-24", "roll-50x30")


@needs("pdftoppm")
@pytest.mark.parametrize("symbols", ["mask", "vector"])
@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_dot_is_as_planned(factory: Factory, tmp_path: Path, template: str, dpi: int, symbols: str) -> None:
    """Rasterised at the printer's resolution, each module is exactly its block of dots: no decoder would tell."""
    factory.add(oob_bytes=16)
    factory.issue(5)
    made = factory.label(template=template, dpi=dpi, symbols=symbols)
    plan, printer = made.layout.symbol, PDF_PRINTER_BY_DPI[dpi]
    assert plan.module_dots_x == plan.module_dots_y >= 2
    strings, per_page, wrong = factory.payloads(), len(made.layout.places), {}
    for page in range(1, made.pages + 1):
        rasters = {
            "pdfium": pdfium(made.files[0], printer.dpi, page),
            "poppler grey": poppler(made.files[0], printer.dpi, page, tmp_path, "-gray"),
            "poppler mono": poppler(made.files[0], printer.dpi, page, tmp_path, "-mono"),
        }
        for index, text in enumerate(strings[(page - 1) * per_page : page * per_page]):
            matrix = data_matrix(text.encode(), plan.modules)
            modules = np.array([[int(m) for m in row] for row in str(matrix).splitlines()], np.uint8)
            expected = np.kron(modules, np.ones((plan.module_dots_y, plan.module_dots_x), np.uint8)).astype(bool)
            x, y = plan.origins[index]
            quiet = plan.quiet_zone * plan.module_dots_x
            for name, grey in rasters.items():
                assert grey.shape == made.layout.page_dots[::-1], name
                around = (
                    grey[y - quiet : y + expected.shape[0] + quiet, x - quiet : x + expected.shape[1] + quiet] < 128
                )
                wrong[name, page, index] = int((around != np.pad(expected, quiet)).sum())
    assert set(wrong.values()) == {0}, {key: count for key, count in wrong.items() if count}


def dmtxread(grey: np.ndarray, folder: Path, count: int) -> set[str]:
    """Symbols of a picture through Debian's dmtxread."""
    picture = folder / "page.png"
    Image.fromarray(grey).save(picture)
    done = subprocess.run(
        ["dmtxread", "-n", "-N", str(count), "-m", "60000", picture], capture_output=True, text=True, check=False
    )
    return set(done.stdout.split())


@needs("pdftoppm", "dmtxread")
@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("sample", ["mesh-bulb", "mesh-plug-2pack"])
def test_demo_labels_are_read_by_others(
    demo_factory: Factory, tmp_path: Path, sample: str, template: str, dpi: int
) -> None:
    """pdftoppm + dmtxread, and zxing-cpp: exactly the ledger's strings for every label of the demo."""
    batch = f"{sample}-0001"
    made = demo_factory.label(batch, template=template, dpi=dpi, folder=tmp_path / "labels")
    strings, per_page = demo_factory.payloads(batch), len(made.layout.places)
    by_zxing: list[str] = []
    by_dmtx: list[str] = []
    boxes = made.layout.symbol_boxes()
    for page in range(1, page_count(made.files[0]) + 1):
        grey = poppler(made.files[0], PDF_PRINTER_BY_DPI[dpi].dpi, page, tmp_path, "-gray")
        # All formats at once would now and then see a film edge code of four digits in the modules.
        by_zxing += [item.text for item in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.DataMatrix)]
        for x, y, width, height in boxes[: len(strings) - (page - 1) * per_page]:
            # One label at a time: dmtxread on a whole page takes minutes, and reads the same.
            scale, margin = PDF_PRINTER_BY_DPI[dpi].dots_per_mm_x, 1.0
            crop = grey[
                int((y - margin) * scale) : int((y + height + margin) * scale),
                int((x - margin) * scale) : int((x + width + margin) * scale),
            ]
            by_dmtx += dmtxread(np.ascontiguousarray(crop), tmp_path, 1)
    assert sorted(by_zxing) == sorted(strings)
    assert sorted(by_dmtx) == sorted(strings)


@needs("pdftoppm")
def test_metadata_tells_nothing_of_the_machine(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    done = subprocess.run(["pdfinfo", factory.label().files[0]], capture_output=True, text=True, check=True).stdout
    assert "Labels of batch B1, part 1 of 1" in done
    for told in ("root", str(factory.root), "2026", "2027"):
        assert told not in done
    text = factory.label().files[0].read_bytes()
    assert b"/PrintScaling /None" in text


@pytest.mark.parametrize(
    "title",
    [
        "\u0391\u03b2\u03b3 \u039b\u03ac\u03bc\u03c0\u03b1",
        "\u041b\u0430\u043c\u043f\u0430 (1) \\ 50%",
        "Gl\u00fchbirne",
    ],
)
@needs("pdftoppm")
def test_titles_print_in_the_bundled_alphabets(factory: Factory, title: str) -> None:
    factory.add(title=title)
    factory.issue(1)
    made = factory.label(template="roll-50x30")
    text = subprocess.run(["pdftotext", made.files[0], "-"], capture_output=True, text=True, check=True).stdout
    assert title in " ".join(text.split())  # a title may stand in two lines
