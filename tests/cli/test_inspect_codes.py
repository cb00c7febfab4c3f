"""`inspect` of pictures: what quick reading misses, and codes of devices and cartons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bss_mfg.imaging.zxing_reader import read_page
from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium

BOX = """
format = 1
each = "unit"
sample = { x = 46, y = 21, width = 13, height = 13.5 }
element = [
  { kind = "qr", x = 1, y = 1, size = 20, text = "https://id.example.com/01/{code:gtin}/21/{serial}" },
  { kind = "code-128", x = 1, y = 21, width = 44, height = 8 },
  { kind = "ean-upc", x = 22, y = 1, width = 36, height = 19 },
]
media = { label_width = 60, label_height = 35 }
"""


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    """Two packages of one unit, with labels on a roll, and labels of the units."""
    factory = new_factory()
    (factory.root / "templates" / "box.toml").write_text(BOX)
    factory.add(oob_bytes=16)
    factory.issue(2)
    return factory


@pytest.fixture(scope="module")
def package_label(factory: Factory) -> np.ndarray:
    return pdfium(factory.label(template="roll-50x30").files[0], 300)


@pytest.fixture(scope="module")
def unit_label(factory: Factory) -> np.ndarray:
    return pdfium(factory.label(template="box").files[0], 600)


def saved(page: np.ndarray, to: Path) -> Path:
    Image.fromarray(page).save(to)
    return to


def test_a_picture_that_quick_reading_misses_is_read(
    factory: Factory, package_label: np.ndarray, tmp_path: Path
) -> None:
    soft = np.asarray(Image.fromarray(package_label).filter(ImageFilter.GaussianBlur(2.2)), float)
    noise = np.random.default_rng(3).normal(0, 18, soft.shape)
    page = np.clip(soft * 0.7 + 30 + noise, 0, 255).astype(np.uint8)
    assert not [read for read in read_page(page, thorough=True) if read.data], "too easy for a test"
    done = factory.cli("inspect", saved(page, tmp_path / "soft.png"), "--json")
    assert done.code == 0, done.err
    assert [symbol["payload"] for symbol in done.json] == factory.payloads()[:1]


def test_codes_of_a_unit_are_told_by_their_unit(factory: Factory, unit_label: np.ndarray, tmp_path: Path) -> None:
    path = saved(unit_label, tmp_path / "unit.png")
    done = factory.cli("inspect", path, "--json")
    assert done.code == 0, done.err
    named = [symbol for symbol in done.json if symbol["issued"]]
    assert {symbol["payload"][:5] for symbol in named} >= {"https"}
    assert len(named) == 2
    assert all(symbol["issued"] == {"batch": "B1", "package": 1, "serials": "ebK300000001"} for symbol in named)
    (other,) = (symbol for symbol in done.json if not symbol["issued"])
    assert (other["problems"], other["payload"]) == ([], "0841667145075")
    assert "ebK300000001" in factory.cli("inspect", path).out


def test_what_is_beside_a_label_is_no_fault_and_a_lone_stranger_is(
    factory: Factory, package_label: np.ndarray, tmp_path: Path
) -> None:
    import zxingcpp

    stranger = np.asarray(zxingcpp.create_barcode("hello", zxingcpp.BarcodeFormat.QRCode).to_image(scale=6))
    page = np.full((package_label.shape[0] + stranger.shape[0] + 60, 700), 255, np.uint8)
    page[: package_label.shape[0], : package_label.shape[1]] = package_label
    page[-stranger.shape[0] - 20 : -20, 40 : 40 + stranger.shape[1]] = stranger
    done = factory.cli("inspect", saved(page, tmp_path / "both.png"), "--json")
    assert done.code == 0, done.out
    assert {symbol["payload"]: symbol["notes"] for symbol in done.json}["hello"] == [
        "another code: it follows no spec, and names no unit"
    ]
    alone = factory.cli("inspect", saved(np.pad(stranger, 40, constant_values=255), tmp_path / "alone.png"), "--json")
    assert alone.code == 1
    assert alone.json[0]["problems"]
