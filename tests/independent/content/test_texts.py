"""One wrong, missing or swapped character is found on scans, and right labels are let be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.imaging.label_content import check_labels
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
    press = Press.of(made, "sheet-a4-24")

    def change(package: int, row: LabelRow) -> LabelRow:
        (old,) = (text for text in row.texts if text and text.startswith("Package"))
        return with_text(row, old, old.replace(right, wrong)) if package % 2 else row

    scanned = ScanModel(blur=blur, noise=4, skew=0.7, gain=0.85, black=30).scan(press.page(1, 600, change), 600)
    numbers = list(press.label_file.packages_on(1))
    with made.ledger() as ledger:
        packages = {package.payload.encode(): package.number for package in ledger.packages.stream("sheet-a4-24")}
        drawer = WorkspaceLabels(made.root).open(ledger)
        expected = drawer.labels(press.label_file, numbers, range(len(numbers)))
    assert not isinstance(expected, str)
    reads = [(packages[read.data], read.quad) for read in read_page(scanned) if read.quad]
    frame = frame_from_reads(reads, [press.label_file], "")
    assert frame is not None
    found = check_labels(scanned, expected, [frame.matrix] * len(numbers))
    said = {number for number, content in zip(numbers, found, strict=True) if content.faults}
    assert said == {number for number in numbers if number % 2}
