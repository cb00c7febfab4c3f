"""Artwork that is missing, turned or another is found on scans."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bss_mfg.imaging.label_content import ContentFault, check_labels
from bss_mfg.imaging.page_frame import frame_at_dpi
from bss_mfg.label.expected import WorkspaceLabels
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import Press, ScanModel

DPI = 300
Change = Callable[[Grey], Grey]


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    """A sheet of labels with a drawing of a bulb on each."""
    made = new_factory()
    made.add(oob_bytes=16)
    made.issue(10)
    made.label(template="retail-letter-10")
    return made


def _blank(logo: Grey) -> Grey:
    return np.full_like(logo, 255)


def _pale(logo: Grey) -> Grey:
    return (255 - (255 - logo.astype(float)) * 0.15).astype(np.uint8)


def _upside_down(logo: Grey) -> Grey:
    return logo[::-1]


def _half(logo: Grey) -> Grey:
    return np.where(np.arange(logo.shape[0])[:, None] < logo.shape[0] * 0.45, 255, logo).astype(np.uint8)


def _stripes(logo: Grey) -> Grey:
    return np.broadcast_to((np.arange(logo.shape[1]) // 8 % 2 * 255).astype(np.uint8), logo.shape)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_blank, ContentFault.MISSING_PICTURE),
        (_pale, ContentFault.MISSING_PICTURE),  # where all else is black
        (_upside_down, ContentFault.WRONG_PICTURE),
        (_half, ContentFault.WRONG_PICTURE),
        (_stripes, ContentFault.WRONG_PICTURE),
    ],
)
@pytest.mark.parametrize("model", [ScanModel(skew=0), ScanModel(skew=0, blur=1.2, noise=12, gain=0.8, black=50)])
def test_artwork_that_is_not_as_drawn_is_found(
    factory: Factory, tmp_path: Path, change: Change, fault: ContentFault, model: ScanModel
) -> None:
    press = Press.of(factory)
    numbers = list(press.label_file.packages_on(1))
    with factory.ledger() as ledger:
        expected = WorkspaceLabels(factory.root).open(ledger).labels(press.label_file, numbers, range(len(numbers)))
    assert not isinstance(expected, str)
    drawn = press.page()
    x, y, width, height = expected.labels[3].pictures[0].area
    scale = DPI / 25.4
    area = (
        slice(round(y * scale), round((y + height) * scale)),
        slice(round(x * scale), round((x + width) * scale)),
    )
    drawn[area] = change(drawn[area].copy())
    matrix = frame_at_dpi(press.label_file, 1, DPI).matrix
    found = check_labels(model.scan(drawn, DPI), expected, [matrix] * len(numbers))
    assert [[item.fault for item in one.faults] for one in found] == [
        [fault] if place == 3 else [] for place in range(len(numbers))
    ]
