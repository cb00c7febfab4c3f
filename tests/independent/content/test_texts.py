"""One wrong, missing or swapped character is found on scans, and right labels are let be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.imaging.label_content import LabelContent, check_labels
from bss_mfg.imaging.page_frame import frame_from_reads
from bss_mfg.imaging.zxing_reader import read_page
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import Press, ScanModel, with_text
from tests.independent.content.text_count import TEMPLATES, count, open_factory


@pytest.fixture(scope="module")
def made(new_factory: Callable[[], Factory]) -> Factory:
    """A sheet of labels."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(24, "sheet-a4-24")
    factory.label("sheet-a4-24", "sheet-a4-24")
    return factory


@pytest.mark.parametrize("template", TEMPLATES)
def test_wrong_characters_are_found_and_right_ones_are_not(tmp_path: Path, template: str) -> None:
    found = count(open_factory(tmp_path / "w", 24), template, 150, seed=7)
    assert not found.missed
    assert not found.alarms
    assert found.found > 50
    assert found.right > 50


@pytest.mark.parametrize("blur", [0.8, 1.0, 1.1])
@pytest.mark.parametrize(("right", "wrong"), [("Package", "Rackage"), ("in pack", "tn pack"), ("pack", "paok")])
def test_a_character_of_another_width_is_found(made: Factory, right: str, wrong: str, blur: float) -> None:
    """It moves what follows: neither it nor the others lie where they would in a right text."""
    model = ScanModel(blur=blur, noise=4, skew=0.7, gain=0.85, black=30)
    assert labels_with_faults(made, right, wrong, model) == set(range(1, 25, 2))


@pytest.mark.parametrize(("right", "wrong"), [(" of ", " o  "), ("in", " n"), ("24, ", "24 ,")])
def test_a_character_that_is_not_there_is_found_where_others_are_hardly_told_apart(
    made: Factory, right: str, wrong: str
) -> None:
    """A blur and noise let characters lean to others, so these must differ more; blank paper is still like none."""
    model = ScanModel(blur=1.1, noise=11, skew=-0.1, gain=0.8, black=39)
    assert labels_with_faults(made, right, wrong, model) == set(range(1, 25, 2))


@pytest.mark.parametrize("blur", [1.05, 1.1, 1.16, 1.2])
def test_characters_are_told_apart_in_a_blur_between_those_that_are_tried(made: Factory, blur: float) -> None:
    """Swapped ones passed where a page's blur was taken for less than it is, by a tenth of a pixel: all characters
    leaned to others then."""
    model = ScanModel(blur=blur, noise=12, skew=-0.1, gain=0.8, black=39)
    seen = compared(made, "kag", "kga", model)
    assert {number for number, content in seen.items() if content.faults} == set(range(1, 25, 2))
    assert not any(content.doubtful for content in seen.values())


def labels_with_faults(made: Factory, right: str, wrong: str, model: ScanModel) -> set[int]:
    """The labels of a sheet on which something is wrong, of which every other one's package line was changed."""
    return {number for number, content in compared(made, right, wrong, model).items() if content.faults}


def compared(made: Factory, right: str, wrong: str, model: ScanModel) -> dict[int, LabelContent]:
    """What is found on the labels of such a sheet."""
    press = Press.of(made, "sheet-a4-24")

    def changed(package: int, row: LabelRow) -> LabelRow:
        (old,) = (text for text in row.texts if text and text.startswith("Package"))
        return with_text(row, old, old.replace(right, wrong)) if package % 2 else row

    scanned = model.scan(press.page(1, 600, changed), 600)
    numbers = list(press.label_file.packages_on(1))
    with made.ledger() as ledger:
        packages = {package.payload.encode(): package.number for package in ledger.packages.stream("sheet-a4-24")}
        drawer = WorkspaceLabels(made.root).open(ledger)
        expected = drawer.labels(press.label_file, numbers, range(len(numbers)))
    assert not isinstance(expected, str)
    reads = [(packages[read.data], read.quad) for read in read_page(scanned) if read.quad]
    frame = frame_from_reads(reads, [press.label_file], "")
    assert frame is not None
    return dict(zip(numbers, check_labels(scanned, expected, [frame.matrix] * len(numbers)), strict=True))
