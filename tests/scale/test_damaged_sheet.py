"""A sheet of 24 labels that no reader reads: each gets its attempts, however slow the machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bss_mfg.imaging import attempts
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.verify.findings import FindingKind
from bss_mfg.verify.package_tracker import PackageTracker
from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium
from tests.unit.verify.test_page_attempts import LABELS, named, read, save, without_left_edge


def test_24_labels_without_left_edge_are_all_named(
    new_factory: Callable[[], Factory], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SecondReader, "is_available", lambda self: False)
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(LABELS, "A")
    made = factory.label("A")
    with factory.ledger() as ledger:
        (file,) = ledger.prints.label_files("A")
    quads = [tuple(round(side / 25.4 * 300) for side in box) for box in file.symbol_boxes]
    path = save(without_left_edge(pdfium(made.files[0], 300), quads), tmp_path / "spoiled.png")
    page = read(factory.root / "ledger.db", path)
    assert named(page) == set(range(1, LABELS + 1))
    assert page.trouble == ""


def test_a_sheet_that_is_out_of_focus_costs_little_and_all_is_named(
    new_factory: Callable[[], Factory], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each label is read in enhanced pictures once, and libdmtx is not asked of what is so soft. Sharpened, one or the
    other is read all the same."""
    enhanced, asked = [], []
    real = attempts._enhanced_crops
    monkeypatch.setattr(attempts, "_enhanced_crops", lambda crop: enhanced.append(crop.shape) or real(crop))
    monkeypatch.setattr(SecondReader, "is_available", lambda self: True)
    monkeypatch.setattr(SecondReader, "read", lambda self, grey, warp, size_is_known=True: asked.append(warp.size))
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(LABELS, "A")
    made = factory.label("A")
    soft = Image.fromarray(pdfium(made.files[0], 300)).filter(ImageFilter.GaussianBlur(3.5))
    noise = np.random.default_rng(3).normal(0, 3, (soft.height, soft.width))
    grey = np.clip(25 + np.asarray(soft) * (210 / 255) + noise, 0, 255).astype(np.uint8)
    page = read(factory.root / "ledger.db", save(grey, tmp_path / "soft.png"))
    found = page.findings(PackageTracker(LABELS))
    read_right = {item.package for item in found if item.kind is FindingKind.MATCHED}
    assert {item.package for item in found} == set(range(1, LABELS + 1))
    assert named(page) == set(range(1, LABELS + 1)) - read_right
    assert len(read_right) <= LABELS / 4
    assert page.trouble == ""
    assert len(enhanced) <= LABELS + 2
    assert asked == []
