"""The SAMPLE mark of development labels is looked for as all else is: it keeps samples from being taken for goods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bss_mfg.imaging.label_content import ContentFault
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import Press, ScanModel
from tests.independent.content.marks import DPI, expected_of, faults_of, only, pixels

TEMPLATES = ["sheet-a4-24", "retail-letter-10", "roll-50x30", "round-40", "die-cut-60x40"]
MODELS = [ScanModel(skew=0), ScanModel(skew=0, blur=1.2, noise=12, gain=0.8, black=50), ScanModel(skew=0, dpi=600)]
NAME = "SAMPLE mark"


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    made = new_factory()
    made.add(oob_bytes=16)
    for template in TEMPLATES:
        made.issue(10, template)
        made.label(template, template)
    return made


def _white(mark: Grey) -> Grey:
    return np.full_like(mark, 255)


def _black(mark: Grey) -> Grey:
    return np.zeros_like(mark)


def _half(mark: Grey) -> Grey:
    return np.where(np.arange(mark.shape[1]) < mark.shape[1] * 0.5, 255, mark).astype(np.uint8)


def _negative(mark: Grey) -> Grey:
    return 255 - mark


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_white, ContentFault.MISSING_PICTURE),
        (_black, ContentFault.MISSING_PICTURE),
        (_half, ContentFault.WRONG_PICTURE),
        (_negative, ContentFault.WRONG_PICTURE),
    ],
)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mark_that_is_missing_or_covered_is_found(
    factory: Factory, template: str, model: ScanModel, change: Callable[[Grey], Grey], fault: ContentFault
) -> None:
    press = Press.of(factory, template)
    expected, page = expected_of(factory, press), press.page()
    spoiled = len(expected.labels) - 1
    (mark,) = [item for item in expected.labels[spoiled].pictures if str(item.kind) == NAME]
    place = pixels(mark.area, beyond=2)
    page[place] = change(page[place].copy())
    assert faults_of(page, press, expected, model) == only(expected.labels, spoiled, (fault, NAME))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mark_that_is_there_is_right(factory: Factory, template: str, model: ScanModel) -> None:
    press = Press.of(factory, template)
    expected = expected_of(factory, press)
    assert faults_of(press.page(dpi=DPI), press, expected, model) == [[] for _ in expected.labels]


def test_labels_of_another_system_that_has_no_mark_are_found(factory: Factory) -> None:
    """All of them: nothing on the page shows how a mark looks."""
    press = Press.of(factory, "sheet-a4-24")
    expected, page = expected_of(factory, press), press.page()
    for label in expected.labels:
        (mark,) = [item for item in label.pictures if str(item.kind) == NAME]
        page[pixels(mark.area)] = 255
    assert faults_of(page, press, expected, MODELS[0]) == [[(ContentFault.MISSING_PICTURE, NAME)]] * 10
