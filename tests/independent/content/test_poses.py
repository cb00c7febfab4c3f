"""Photographs from a slant, by a modelled camera: right texts are judged and right, one wrong character is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bss_mfg.imaging.page_frame import frame_from_reads
from bss_mfg.imaging.zxing_reader import read_page
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.verify.label_contents import ContentChecker, ReadLabel
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import Press
from tests.independent.content.text_count import Count, spoil
from tests.independent.grading.camera import INK, PAPER, Shot, photograph

SHEET, ROLL, LABELS, DPI = "sheet-a4-24", "roll-50x30", 24, 600
SHEET_POSES = [(-30, -30, 0), (30, -30, 0), (-30, 30, 20), (30, 30, -15), (0, -30, 0), (40, 0, 0), (-20, -25, 5)]
ROLL_POSES = [(30 * np.cos(at), 30 * np.sin(at), 15 * np.sin(2 * at)) for at in range(8)]
"""Degrees about the page's two axes, and in its plane."""


@pytest.fixture(scope="module")
def made(new_factory: Callable[[], Factory]) -> Factory:
    factory = new_factory()
    factory.add(oob_bytes=16)
    for template in (SHEET, ROLL):
        factory.issue(LABELS, template)
        factory.label(template, template)
    return factory


def seen(drawn: Grey, pose: tuple[float, float, float], size: tuple[int, int], file: Path) -> Grey:
    tilt_x, tilt_y, turn = pose
    paper = (INK + (PAPER - INK) * drawn / 255).astype(np.float32)
    photograph(paper, DPI / 25.4, Shot(tilt_x, tilt_y, turn, zoom=15, blur=0.6, noise=1.5), size, file)
    return np.asarray(Image.open(file))


def judged(factory: Factory, press: Press, shots: list[tuple[int, Grey]], wrong: dict[int, str]) -> tuple[Count, int]:
    """What is said of the labels in photographs (with their pages), and how many texts are not judged. `wrong` says
    what was misspelt, by package."""
    count, left = Count(), 0
    batch = press.maker.batch.id
    with factory.ledger() as ledger:
        packages = {package.payload.encode(): package.number for package in ledger.packages.stream(batch)}
        contents = ContentChecker(WorkspaceLabels(factory.root).open(ledger), ledger, batch)
        for page, grey in shots:
            reads = [(packages[read.data], read.quad) for read in read_page(grey) if read.data in packages]
            quads = [(package, quad) for package, quad in reads if quad]
            frame = frame_from_reads(quads, [press.label_file], "") if len(quads) > 1 else None
            numbers = press.label_file.packages_on(page)
            labels = [ReadLabel(package, quad, numbers.index(package) if frame else None) for package, quad in quads]
            found = contents.check(grey, frame, labels).contents
            for label, content in zip(labels, found, strict=True):
                left += content.not_judged
                said = "; ".join(fault.words for fault in content.faults)
                if label.package in wrong:
                    count.wrong, count.found = count.wrong + 1, count.found + bool(said)
                    count.missed += [] if said else [wrong[label.package]]
                else:
                    count.right, count.false = count.right + 1, count.false + bool(said)
                    count.alarms += [said] if said else []
    return count, left


def spoiler(wrong: dict[int, str]) -> Callable[[int, LabelRow], LabelRow]:
    """Misspells a text of every other label."""

    def change(package: int, row: LabelRow) -> LabelRow:
        if package % 2:
            row, wrong[package] = spoil(row, np.random.default_rng(package))
        return row

    return change


def test_a_sheet_that_is_seen_from_a_slant_is_judged(made: Factory, tmp_path: Path) -> None:
    press, wrong = Press.of(made, SHEET), {}
    height, width = round(110 * DPI / 25.4), round(140 * DPI / 25.4)
    drawn = press.page(1, DPI, spoiler(wrong))[:height, :width]
    shots = [(1, seen(drawn, pose, (2000, 1600), tmp_path / f"{at}.png")) for at, pose in enumerate(SHEET_POSES)]
    count, left = judged(made, press, shots, wrong)
    assert not count.alarms
    assert not count.missed
    assert count.found > 10
    assert count.right > 10
    assert left <= 0.02 * len(shots) * 30


def test_a_label_alone_that_is_seen_from_a_slant_is_judged(made: Factory, tmp_path: Path) -> None:
    press, wrong = Press.of(made, ROLL), {}
    pages = [press.page(page, DPI, spoiler(wrong)) for page in range(1, len(ROLL_POSES) + 1)]
    shots = [
        (page, seen(drawn, pose, (1400, 1100), tmp_path / f"{page}.png"))
        for page, (drawn, pose) in enumerate(zip(pages, ROLL_POSES, strict=True), 1)
    ]
    count, left = judged(made, press, shots, wrong)
    assert not count.alarms
    assert not count.missed
    assert count.found > 2
    assert count.right > 2
    assert left <= 0.05 * len(shots) * 6
