"""Labels with other symbols beside the package's own: a GS1 Data Matrix, a serial, a QR Code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image

from bss_mfg.barcodes import data_matrix_of_text
from tests.helpers.factory import Factory

TEMPLATE = """format = 1
media = { kind = "roll", label_width = 100, label_height = 50 }
sample = { x = 40, y = 40, width = 56, height = 8 }
element = [
  { kind = "data-matrix", x = 2, y = 2, size = 30 },
  { kind = "gs1-data-matrix", x = 40, y = 25, size = 12, text = "(01){code}(21){serial}" },
  { kind = "data-matrix-text", x = 54, y = 25, width = 24, height = 8 },
  { kind = "gs1-digital-link", x = 80, y = 22, size = 16, text = "https://x.example/01/{code:gtin}/21/{serial}" },
]
"""


def test_other_symbols_of_our_labels_are_not_foreign(factory: Factory, tmp_path: Path) -> None:
    """A GS1 symbol and a serial beside the package's symbol belong to the label, a code of somebody
    else's is listed apart, and a label that is not as it was issued is named."""
    factory.add(oob_bytes=16)
    (factory.root / "templates").mkdir(exist_ok=True)
    (factory.root / "templates" / "own.toml").write_text(TEMPLATE, "utf-8")
    factory.issue(2)
    assert factory.cli("labels", "B1", "--template", "own").code == 0
    file = factory.root / "batches/B1/labels/B1-labels-0001.pdf"
    assert factory.cli("verify", "B1", file).code == 0
    pages = [page.render(scale=300 / 72, grayscale=True).to_pil() for page in pypdfium2.PdfDocument(file)]
    turned = pages[1].rotate(180)
    for number, page in enumerate((pages[0], turned)):
        page.save(tmp_path / f"{number}.png", dpi=(300, 300))
    done = factory.cli("verify", "B1", tmp_path / "0.png", tmp_path / "1.png", "--json")
    assert done.code == 0, done.err
    assert done.json["counts"]["matched"] == 2
    assert sum(done.json["counts"].values()) == 2
    paste_symbol(pages[0], "HELLO", (40, 430), 8)
    pages[0].save(tmp_path / "0.png", dpi=(300, 300))
    done = factory.cli("verify", "B1", tmp_path / "0.png", tmp_path / "1.png", "--json")
    assert done.code == 0, done.err
    assert [code["text"] for code in done.json["other_codes"]] == ["HELLO"]
    other = factory.payloads()[0]
    digit = "0" if other[30] != "0" else "1"
    paste_symbol(pages[0], other[:30] + digit + other[31:], (700, 20), 3)
    pages[0].save(tmp_path / "0.png", dpi=(300, 300))
    done = factory.cli("verify", "B1", tmp_path / "0.png", tmp_path / "1.png", "--json")
    assert done.code == 1
    assert done.json["counts"]["mismatched"] == 1


def paste_symbol(page: Image.Image, text: str, at: tuple[int, int], module_px: int) -> None:
    """Put a Data Matrix onto a page."""
    dark = np.kron(data_matrix_of_text(text, "square").bits(), np.ones((module_px, module_px), bool))
    page.paste(Image.fromarray(np.pad(~dark, 3 * module_px, constant_values=True).astype(np.uint8) * 255), at)
