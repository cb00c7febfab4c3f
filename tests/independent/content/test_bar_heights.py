"""Bars of which little is printed still read; a scanner's line on a packing line misses them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bss_mfg.imaging.expected_content import CodeKind, ExpectedCode
from bss_mfg.imaging.label_content import ContentFault
from bss_mfg.model import Rect
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import CONTENT_SHEET, Press, ScanModel
from tests.independent.content.marks import Fault, expected_of, faults_of, only, pixels

TEMPLATES = {
    "level": CONTENT_SHEET,
    "turned": CONTENT_SHEET.replace("y = 33, width = 56, height = 8", "y = 62, width = 56, height = 6")
    .replace("x = 2, y = 42, width = 30, height = 14", "rotate = 90, x = 4, y = 31, width = 30, height = 12")
    .replace("label_height = 58", "label_height = 70")
    .replace("width = 24, height = 12", "width = 24, height = 15")
    .replace("page = [130, 130]", "page = [130, 150]"),
}
MODELS = [ScanModel(skew=0), ScanModel(skew=0, blur=1.2, noise=12, gain=0.8, black=50), ScanModel(skew=0, dpi=600)]
BARS = {CodeKind.CODE_128, CodeKind.EAN_UPC}


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    made = new_factory()
    made.add(oob_bytes=16)
    for name, text in TEMPLATES.items():
        (made.root / "templates" / f"{name}.toml").write_text(text)
        made.issue(4, name)
        made.label(name, name)
    return made


def _without(code: ExpectedCode, left: float, from_: float, across: float = 1.0) -> list[Rect]:
    """What is to be blank for so much of its height to be left, from a share of it on; over a share of its length."""
    x, y, width, height = code.area
    if width >= height:
        top, bottom, wide = height * from_, height * (1 - from_ - left), width * across
        return [Rect(x, y - 1, wide, top + 1), Rect(x, y + height - bottom, wide, bottom + 1)]
    first, last, high = width * from_, width * (1 - from_ - left), height * across
    return [Rect(x - 1, y, first + 1, high), Rect(x + width - last, y, last + 1, high)]


def _printed(page: Grey, code: ExpectedCode, left: float, from_: float, across: float = 1.0) -> None:
    for area in _without(code, left, from_, across):
        if min(area.width, area.height) > 0:
            page[pixels(area)] = 255


def _without_texts(found: list[list[Fault]]) -> list[list[Fault]]:
    """The digits below the bars were painted over with them."""
    return [[one for one in label if one[1] != "text"] for label in found]


@pytest.mark.parametrize("from_", [0.15, 0.3])
@pytest.mark.parametrize("left", [0.12, 0.4, 0.65])
@pytest.mark.parametrize("kind", sorted(BARS))
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_bars_that_are_too_low_are_found(
    factory: Factory, template: str, model: ScanModel, kind: CodeKind, left: float, from_: float
) -> None:
    press = Press.of(factory, template)
    expected, page = expected_of(factory, press), press.page()
    (code,) = [code for code in expected.labels[1].codes if code.kind is kind]
    _printed(page, code, left, from_)
    found = _without_texts(faults_of(page, press, expected, model))
    assert found == only(expected.labels, 1, (ContentFault.LOW_CODE, str(kind)))


def test_bars_that_are_low_on_one_side_are_found(factory: Factory) -> None:
    press = Press.of(factory, "level")
    expected, page = expected_of(factory, press), press.page()
    (code,) = [code for code in expected.labels[2].codes if code.kind is CodeKind.CODE_128]
    _printed(page, code, 0.5, 0.0, across=0.5)
    found = faults_of(page, press, expected, MODELS[0])
    assert found == only(expected.labels, 2, (ContentFault.LOW_CODE, str(CodeKind.CODE_128)))


@pytest.mark.parametrize("left", [1.0, 0.9])
@pytest.mark.parametrize("shift", [(0, 0), (5, -6), (-6, 5)])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_bars_that_are_high_enough_are_right(
    factory: Factory, template: str, model: ScanModel, shift: tuple[int, int], left: float
) -> None:
    """Printed half a millimetre beside their place, too."""
    press = Press.of(factory, template)
    expected, page = expected_of(factory, press), press.page()
    for label in expected.labels:
        for code in label.codes:
            if code.kind in BARS and left < 1:
                _printed(page, code, left, 0.0)
    found = faults_of(np.roll(page, shift, (0, 1)), press, expected, model)
    assert [[one for one in label if one[0] is ContentFault.LOW_CODE] for label in found] == [[]] * 4
