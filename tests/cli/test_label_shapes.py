"""Lines and boxes of printed labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import CONTENT_SHEET, Press, ScanModel

SHAPES = CONTENT_SHEET.replace(
    "element = [",
    """element = [
  { name = "rule", kind = "line", x = 32, y = 12.7, x2 = 58, y2 = 12.7 },
  { name = "frame", kind = "box", x = 32, y = 43.5, width = 27, height = 13.5, thickness = 0.3, radius = 1 },
""",
)
PX = 300 / 25.4
SHAPE_KINDS = ("line", "box")


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    """Four packages on a sheet with a line, and a box around the SAMPLE mark."""
    factory = new_factory()
    (factory.root / "templates" / "shapes.toml").write_text(SHAPES)
    factory.add(oob_bytes=16)
    factory.issue(4)
    factory.label(template="shapes")
    return factory


def wipe(page: np.ndarray, left: float, top: float, right: float, bottom: float) -> None:
    """White on label 1, in mm from its corner."""
    x, y, x2, y2 = (round((5 + edge) * PX) for edge in (left, top, right, bottom))
    page[y:y2, x:x2] = 255


def found(factory: Factory, to: Path, spoil: Callable[[np.ndarray], None], **model: float) -> dict[int, list[str]]:
    """By package what is wrong with the lines and boxes of its label, in words."""
    page = Press.of(factory).page()
    spoil(page)
    file = replace(ScanModel(), **model).save(page, 300, to, seed=2)
    options = VerifyOptions(partial=True, labels=WorkspaceLabels(factory.root))
    with factory.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("B1"), [file], options)
    words = {
        item.package or 0: [one.words for one in item.content if one.name in SHAPE_KINDS] for item in outcome.findings
    }
    return {package: faults for package, faults in words.items() if faults}


@pytest.mark.parametrize("model", [{}, {"gain": 0.75, "noise": 8.0}, {"skew": -1.5}, {"dpi": 200}])
def test_lines_and_boxes_that_are_there_are_no_fault(factory: Factory, tmp_path: Path, model: dict[str, float]) -> None:
    assert found(factory, tmp_path / "right.png", lambda page: None, **model) == {}


def test_a_missing_line_and_a_missing_box_are_named(factory: Factory, tmp_path: Path) -> None:
    def spoil(page: np.ndarray) -> None:
        wipe(page, 31, 12.3, 59, 13.1)
        for edges in ((31.5, 43, 59.5, 44.2), (31.5, 56.4, 59.5, 57.4), (31.5, 43, 32.6, 57.4), (58.5, 43, 59.5, 57.4)):
            wipe(page, *edges)

    assert found(factory, tmp_path / "none.png", spoil) == {
        1: ["the line 'rule' is missing", "the box 'frame' is missing"]
    }


def test_a_box_without_one_side_is_named(factory: Factory, tmp_path: Path) -> None:
    wrong = found(factory, tmp_path / "side.png", lambda page: wipe(page, 31.5, 43, 59.5, 44.2))
    assert wrong == {1: ["the box 'frame' is not as it was drawn"]}
