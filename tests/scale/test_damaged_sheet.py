"""A sheet of 24 labels that no reader reads: each gets its attempts, however slow the machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.imaging.second_reader import SecondReader
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
