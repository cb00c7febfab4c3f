"""Clean pictures of single labels at resolutions that are not the printer's: no text of theirs is called wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest

from tests.helpers.factory import Factory

LABELS = 24


@pytest.fixture(scope="module")
def made(new_factory: Callable[[], Factory]) -> tuple[Factory, Path]:
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(LABELS)
    return factory, factory.label(template="roll-50x30", dpi=300).files[0]


@pytest.mark.parametrize("dpi", [200, 240, 260, 350, 400])
def test_right_labels_are_right_at_any_resolution(made: tuple[Factory, Path], tmp_path: Path, dpi: int) -> None:
    factory, file = made
    pages = [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in pypdfium2.PdfDocument(file)]
    scan = tmp_path / "scan.tiff"
    pages[0].save(scan, save_all=True, append_images=pages[1:], dpi=(dpi, dpi), compression="tiff_lzw")
    done = factory.cli("verify", "B1", scan, "--json")
    assert (done.code, done.json["counts"]["matched"]) == (0, LABELS), done.out[:2000]
