"""Pages of labels on which something was painted over, and what is found of each label."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.imaging.expected_content import ExpectedLabel, ExpectedLabels
from bss_mfg.imaging.label_content import ContentFault, check_labels
from bss_mfg.imaging.page_frame import frame_at_dpi
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.model import Rect
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import Press, ScanModel

DPI = 300
Fault = tuple[ContentFault, str]
"""What is wrong, and the name of what it is wrong with."""


def expected_of(factory: Factory, press: Press) -> ExpectedLabels:
    """What is to be on the first page that a press prints."""
    numbers = list(press.label_file.packages_on(1))
    with factory.ledger() as ledger:
        drawer = WorkspaceLabels(factory.root).open(ledger)
        expected = drawer.labels(press.label_file, numbers, range(len(numbers)))
    assert not isinstance(expected, str), expected
    return expected


def pixels(area: Rect, beyond: int = 0) -> tuple[slice, slice]:
    """An area of the printed page in a drawing of it, with so many pixels around it."""
    scale = DPI / 25.4
    return (
        slice(max(round(area.y * scale) - beyond, 0), round(area.bottom * scale) + beyond),
        slice(max(round(area.x * scale) - beyond, 0), round(area.right * scale) + beyond),
    )


def faults_of(page: Grey, press: Press, expected: ExpectedLabels, model: ScanModel) -> list[list[Fault]]:
    """Of each label of a page what is wrong, with its name, as a scanner sees it that doesn't lay it askew."""
    matrix = frame_at_dpi(press.label_file, 1, model.dpi).matrix
    found = check_labels(model.scan(page, DPI), expected, [matrix] * len(expected.labels))
    return [[(item.fault, item.name) for item in one.faults] for one in found]


def only(labels: Sequence[ExpectedLabel], at: int, fault: Fault) -> list[list[Fault]]:
    """One fault of one label, and none of any other."""
    return [[fault] if place == at else [] for place in range(len(labels))]
