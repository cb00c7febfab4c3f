"""Labels of another kind or batch than was asked for: the verdict says what they are, and which command reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import Press, ScanModel
from tests.independent.test_unit_labels import CARTON, DEVICE

MATRIX = DEVICE.replace('"qr", x = 1, y = 1, size = 20', '"data-matrix-text", x = 1, y = 1, width = 20, height = 20')


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    """Batch A with labels of packages, units (a QR Code) and cartons, batch B with those of units (a Data Matrix)."""
    factory = new_factory()
    for name, text in (("device", DEVICE), ("matrix", MATRIX), ("carton", CARTON)):
        (factory.root / "templates" / f"{name}.toml").write_text(text)
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(12, "A")
    factory.issue(12, "B")
    for batch, template in (("A", "sheet-a4-24"), ("A", "device"), ("A", "carton"), ("B", "matrix")):
        factory.label(batch, template)
    return factory


def picture(factory: Factory, batch: str, each: str, to: Path, single: bool) -> Path:
    press = Press.of(factory, batch, each=each)
    page = press.page()
    if single:
        x, y, width, height = (side * 300 / 25.4 for side in press.label_file.symbol_boxes[0])
        page = page[: round(y + height + 250), : round(x + width + 420)]
    return replace(ScanModel(), skew=0.4).save(np.ascontiguousarray(page), 300, to, seed=3)


def said(factory: Factory, batch: str, file: Path, *options: str) -> tuple[str, list[str]]:
    outcome = factory.cli("verify", batch, file, "--partial", "--jobs", 1, *options)
    assert outcome.code == 1
    return outcome.out, [page["each"] for page in factory.cli(
        "verify", batch, file, "--partial", "--jobs", 1, "--json", *options
    ).json["not_understood"]]  # fmt: skip


@pytest.mark.parametrize("single", [True, False])
def test_a_unit_s_label_is_named_with_the_option_that_reads_it(factory: Factory, tmp_path: Path, single: bool) -> None:
    words, kinds = said(factory, "A", picture(factory, "A", "unit", tmp_path / "p.png", single))
    assert "unit ebK300000001" in words and "with --each unit" in words
    assert kinds == ["unit"]


def test_a_unit_s_label_with_a_data_matrix_is_named_too(factory: Factory, tmp_path: Path) -> None:
    """It is read as a label, a foreign one."""
    words, kinds = said(factory, "B", picture(factory, "B", "unit", tmp_path / "p.png", True))
    assert "FOREIGN: all 4 labels: a label of unit ebK300000013: verify it with --each unit" in words
    assert kinds == []


def test_a_carton_s_label_is_named(factory: Factory, tmp_path: Path) -> None:
    words, _ = said(factory, "A", picture(factory, "A", "carton", tmp_path / "p.png", False))
    assert "FOREIGN: all 3 labels: a label of carton 1: verify it with --each carton" in words


def test_a_unit_s_label_of_another_batch_is_named_with_its_batch(factory: Factory, tmp_path: Path) -> None:
    words, kinds = said(factory, "B", picture(factory, "A", "unit", tmp_path / "p.png", True))
    assert "of batch A: verify" in words and "with `verify A FILE --each unit`" in words
    assert kinds == ["unit"]


@pytest.mark.parametrize(("of", "each", "way"), [
    ("package", "unit", "no --each"), ("carton", "unit", "--each carton"), ("unit", "carton", "--each unit"),
])  # fmt: skip
def test_the_same_where_labels_of_units_or_cartons_were_asked_for(
    factory: Factory, tmp_path: Path, of: str, each: str, way: str
) -> None:
    words, kinds = said(factory, "A", picture(factory, "A", of, tmp_path / "p.png", False), "--each", each)
    assert f"with {way}" in words
    assert kinds in ([of], [])


def test_a_stranger_s_code_is_not_named(factory: Factory, tmp_path: Path) -> None:
    page = np.full((600, 900), 255, np.uint8)
    page[200:300, 200:700:9] = 0
    words, kinds = said(factory, "A", ScanModel(skew=0).save(page, 300, tmp_path / "p.png"))
    assert "--each" not in words
    assert kinds == [None]
