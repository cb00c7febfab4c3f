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

TEMPLATES = ["sheet-a4-24", "retail-letter-10", "roll-50x30", "round-40", "die-cut-60x40", "code128-100x60"]
MODELS = [ScanModel(skew=0), ScanModel(skew=0, blur=1.2, noise=12, gain=0.8, black=50), ScanModel(skew=0, dpi=600)]
PALE = [ScanModel(skew=0, blur=1.3, noise=10, gain=0.6, black=60), ScanModel(skew=0, blur=0.9, noise=8, dpi=200)]
NAME = "SAMPLE mark"
LETTER_WIDTHS = (0.667, 0.722, 0.833, 0.667, 0.611, 0.667)
"""In em, of the mark's bold letters."""


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


def _letters(mark: Grey) -> tuple[int, int, list[int]]:
    """The rows of the white letters, and the columns between which they are."""
    light = mark > 128
    light[:4] = light[-4:] = light[:, :4] = light[:, -4:] = False  # around the mark
    rows, columns = np.flatnonzero(light.any(axis=1)), np.flatnonzero(light.any(axis=0))
    edges = np.cumsum((0.0, *LETTER_WIDTHS)) / sum(LETTER_WIDTHS) * (columns[-1] + 1 - columns[0]) + columns[0]
    return int(rows[0]), int(rows[-1]), edges.round().astype(int).tolist()


def _without_letter(mark: Grey, letter: int) -> None:
    """Fill one of the white letters with the mark's black."""
    top, bottom, edges = _letters(mark)
    mark[top - 1 : bottom + 2, edges[letter] + (letter > 0) : edges[letter + 1] + 1] = 0


def _without_strip(mark: Grey, letter: int, grey: int) -> None:
    """Fill the half of a letter, and that of the next, with black or white."""
    top, bottom, edges = _letters(mark)
    left, right = ((edges[at] + edges[at + 1]) // 2 for at in (letter, letter + 1))
    mark[top - 1 : bottom + 2, left:right] = grey


@pytest.mark.parametrize("model", [MODELS[0], *PALE])
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mark_without_one_of_its_letters_is_found(factory: Factory, template: str, model: ScanModel) -> None:
    press = Press.of(factory, template)
    expected, drawn = expected_of(factory, press), press.page()
    count = len(expected.labels)
    for first in range(0, len(LETTER_WIDTHS), count):
        page, spoiled = drawn.copy(), range(first, min(first + count, len(LETTER_WIDTHS)))
        for letter in spoiled:
            (mark,) = [item for item in expected.labels[letter - first].pictures if str(item.kind) == NAME]
            _without_letter(page[pixels(mark.area, beyond=2)], letter)
        found = faults_of(page, press, expected, model)
        assert found == [[(ContentFault.WRONG_PICTURE, NAME)] if at < len(spoiled) else [] for at in range(count)]


@pytest.mark.parametrize("grey", [0, 255])
@pytest.mark.parametrize("model", [MODELS[0], *PALE])
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mark_without_a_strip_of_two_letters_is_found(
    factory: Factory, template: str, model: ScanModel, grey: int
) -> None:
    press = Press.of(factory, template)
    expected, drawn = expected_of(factory, press), press.page()
    count = len(expected.labels)
    for first in range(0, len(LETTER_WIDTHS) - 1, count):
        page, spoiled = drawn.copy(), range(first, min(first + count, len(LETTER_WIDTHS) - 1))
        for letter in spoiled:
            (mark,) = [item for item in expected.labels[letter - first].pictures if str(item.kind) == NAME]
            _without_strip(page[pixels(mark.area, beyond=2)], letter, grey)
        found = faults_of(page, press, expected, model)
        assert found == [[(ContentFault.WRONG_PICTURE, NAME)] if at < len(spoiled) else [] for at in range(count)]


@pytest.mark.parametrize("model", [*MODELS, *PALE])
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
