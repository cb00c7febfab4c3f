"""Real labels spoiled in the ways of print, paper and camera: nothing wrong is accepted, and in every class at least as
many are read as the better of zxing-cpp and libdmtx reads alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import open_source
from bss_mfg.verify.findings import Finding
from bss_mfg.verify.package_tracker import PackageTracker
from bss_mfg.verify.page import PageReader
from bss_mfg.verify.page_findings import ScannedPage
from bss_mfg.verify.request import ReadRequest
from tests.faults.damage import (
    CLASSES,
    SEED,
    Damaged,
    Sheet,
    damaged,
    keep_books,
    read_with_libdmtx,
    read_with_zxing,
    real_sheet,
)
from tests.helpers.factory import WHO, Factory
from tests.needs import needs

BASELINE = Path(__file__).parent / "damage_baseline.json"
"""What libdmtx reads of each picture, by the picture's SHA-256: it takes minutes. `python -m tests.faults.damage OUT
--save` measures it anew."""
BETTER = {"noise", "black line", "photo"}
"""Classes in which more is read than by either library alone."""
IDENTIFIED = {
    ("white line", "the left edge"): "the left edge",
    ("white line", "the bottom edge"): "the bottom edge",
    ("white line", "a column"): "white line through column",
    ("white line", "a row"): "white line through row",
    ("black line", "two rows"): "black line through rows",
    ("finder", "10 modules"): "finder pattern",
    ("finder", "corner off, 8"): "bottom left",
    ("blur", "sigma 3"): "blurred",
    ("patches", "10 % white"): "a light patch",
}
"""Pictures that no reader reads, and what is said of most of their labels."""


@pytest.fixture(scope="module")
def books(new_factory: Callable[[], Factory], tmp_path_factory: pytest.TempPathFactory) -> tuple[Factory, Sheet]:
    """A batch whose ledger holds the suite's strings: they are the same in every run, as issued ones never are."""
    sheet = real_sheet(tmp_path_factory.mktemp("sheet") / "w")
    factory = new_factory()
    keep_books(factory, sheet)
    return factory, sheet


def baseline(shot: Damaged, sheet: Sheet) -> int:
    """How many labels the better library reads alone."""
    wanted = {sheet.payloads[label] for label in shot.labels}
    known = json.loads(BASELINE.read_text())
    by_dmtx = known.get(hashlib.sha256(shot.grey.tobytes()).hexdigest())
    if by_dmtx is None:  # another version of a drawing library makes other pixels
        by_dmtx = len(read_with_libdmtx(shot.grey, len(wanted)) & wanted)
    return max(len(read_with_zxing(shot.grey) & wanted), int(by_dmtx))


@needs("libdmtx")
@pytest.mark.parametrize("kind", CLASSES)
def test_as_many_are_read_as_by_the_better_library_and_none_wrongly(
    books: tuple[Factory, Sheet], tmp_path: Path, kind: str
) -> None:
    factory, sheet = books
    wish = ReadRequest(factory.root / "ledger.db", WHO, "A")
    ours = theirs = 0
    with factory.ledger() as ledger, SecondReader.on_demand() as second:
        reader = PageReader(ledger, wish, None, second)
        for number, shot in enumerate(damaged(sheet.grey, sheet.boxes, SEED, sheet.modules, (kind,))):
            path = tmp_path / f"{number}.png"
            Image.fromarray(shot.grey).save(path)
            with open_source(path) as source:
                page = reader.read(source, 1)
            assert isinstance(page, ScannedPage)
            assert all(item.read.data in sheet.payloads for item in page.symbols if item.read.data), shot.level
            found = page.findings(PackageTracker(len(sheet.payloads)))
            there = {label + 1 for label in shot.labels}
            right = {item.package for item in found if item.kind == "matched"}
            assert right <= there, f"{shot.level}: a label that is not in the picture was accepted"
            assert not [item for item in found if item.kind in ("foreign", "mismatched", "duplicate")], shot.level
            ours += len(right)
            theirs += baseline(shot, sheet)
            if (kind, shot.level) in IDENTIFIED:
                _assert_named(shot, found, there - right, IDENTIFIED[kind, shot.level])
    assert ours >= theirs
    assert ours > theirs or kind not in BETTER


def _assert_named(shot: Damaged, found: list[Finding], failed: set[int], words: str) -> None:
    named = [item for item in found if item.kind == "unreadable" and item.package in failed and words in item.detail]
    assert failed, shot.level
    assert len(named) >= 0.6 * len(failed), (shot.level, [item.detail for item in found])
