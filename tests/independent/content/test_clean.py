"""Clean pictures of labels at resolutions that are not the printer's, whose characters are set on whole pixels: no text
of theirs is called wrong, and one that is wrong still is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from bss_mfg.imaging.label_content import LabelContent
from bss_mfg.imaging.zxing_reader import read_page
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.verify.label_contents import ContentChecker, ReadLabel
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import Press
from tests.independent.content.text_count import spoil

LABELS, TEMPLATE = 24, "roll-50x30"


@pytest.fixture(scope="module")
def made(new_factory: Callable[[], Factory]) -> tuple[Factory, Path]:
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(LABELS, TEMPLATE)  # the batch's name is on its labels
    return factory, factory.label(TEMPLATE, TEMPLATE, dpi=300).files[0]


@contextmanager
def checker(factory: Factory) -> Iterator[Callable[[Grey], dict[int, LabelContent]]]:
    """What is found of the labels of a picture, by package, each laid over by its own symbol."""
    with factory.ledger() as ledger:
        packages = {package.payload.encode(): package.number for package in ledger.packages.stream(TEMPLATE)}
        contents = ContentChecker(WorkspaceLabels(factory.root).open(ledger), ledger, TEMPLATE)

        def check(grey: Grey) -> dict[int, LabelContent]:
            reads = [(packages[read.data], read.quad) for read in read_page(grey) if read.data in packages]
            labels = [ReadLabel(package, quad) for package, quad in reads if quad]
            found = contents.check(grey, None, labels).contents
            return {label.package: content for label, content in zip(labels, found, strict=True)}

        yield check


def drawn(page: pypdfium2.PdfPage, dpi: int, right: float, down: float) -> Grey:
    """A page that begins so many pixels further right and down."""
    width, height = page.get_size()
    page.set_mediabox(-right * 72 / dpi, 0, width, height + down * 72 / dpi)
    grey = page.render(scale=dpi / 72, grayscale=True).to_numpy()
    return np.ascontiguousarray(grey.reshape(grey.shape[:2]))


@pytest.mark.parametrize("dpi", [200, 240, 350])
def test_right_labels_are_right_at_any_resolution(made: tuple[Factory, Path], tmp_path: Path, dpi: int) -> None:
    factory, file = made
    pages = [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in pypdfium2.PdfDocument(file)]
    scan = tmp_path / "scan.tiff"
    pages[0].save(scan, save_all=True, append_images=pages[1:], dpi=(dpi, dpi), compression="tiff_lzw")
    done = factory.cli("verify", TEMPLATE, scan, "--json")
    assert (done.code, done.json["counts"]["matched"]) == (0, LABELS), done.out[:2000]


@pytest.mark.parametrize(("right", "down"), [(0, 0), (0.25, 0.5), (0.6, 0.3)])
@pytest.mark.parametrize("dpis", [range(150, 240, 15), range(225, 301, 15), range(313, 601, 37)])
def test_right_labels_are_right_wherever_their_pixels_lie(
    made: tuple[Factory, Path], dpis: range, right: float, down: float
) -> None:
    factory, file = made
    with checker(factory) as check:
        for dpi in dpis:
            for page in list(pypdfium2.PdfDocument(file))[dpi % 3 :: 3]:
                found = check(drawn(page, dpi, right, down))
                assert len(found) == 1
                said = {package: content.faults for package, content in found.items() if content.faults}
                assert not said, (dpi, said)


def test_wrong_labels_are_wrong_at_resolutions_at_which_characters_are_set_on_whole_pixels(
    made: tuple[Factory, Path],
) -> None:
    factory, press = made[0], Press.of(made[0], TEMPLATE)
    shown = found = 0
    with checker(factory) as check:
        for dpi in (210, 225, 240, 270, 285):
            for page in range(1, LABELS + 1):
                random = np.random.default_rng([dpi, page])
                ((_, content),) = check(
                    press.page(page, dpi, lambda _, row, random=random: spoil(row, random, kinds=4)[0])
                ).items()
                shown, found = shown + 1, found + bool(content.faults)
    assert found >= 0.95 * shown, (found, shown)
