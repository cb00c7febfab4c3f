"""A label's drawing and its print in one verification: two subjects, and no label twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium
from tests.helpers.prints import scan_of
from tests.helpers.scans import cell


def drawing(factory: Factory, number: int = 1) -> Path:
    return factory.root / f"batches/B1/labels/B1-labels-{number:04d}.pdf"


@pytest.fixture
def made(factory: Factory) -> Factory:
    factory.add(oob_bytes=16)
    factory.issue(6)
    factory.label()
    return factory


@pytest.mark.parametrize("drawing_first", [True, False])
def test_a_label_file_and_its_scan_are_no_duplicates(made: Factory, tmp_path: Path, drawing_first: bool) -> None:
    scan = scan_of(drawing(made), tmp_path / "scan.png")
    done = made.cli("verify", "B1", *((drawing(made), scan) if drawing_first else (scan, drawing(made))), "--json")
    assert (done.code, done.json["counts"]["duplicate"]) == (0, 0)
    assert done.json["labels_read"] == {"file": 6, "print": 6}
    said = made.cli("verify", "B1", drawing(made), scan)
    assert "Read right: 6 labels in label files, 6 in prints" in said.out
    assert "label files, not prints" not in said.err


def test_a_print_shown_twice_is_a_duplicate_beside_the_drawing_too(made: Factory, tmp_path: Path) -> None:
    page = np.array(pdfium(drawing(made), 300))
    rows, columns = cell(2)
    below = slice(rows.start + 6 * (rows.stop - rows.start), rows.stop + 6 * (rows.stop - rows.start))
    page[below, columns] = page[rows, columns]
    Image.fromarray(page).save(tmp_path / "twice.png", dpi=(300, 300))
    done = made.cli("verify", "B1", drawing(made), tmp_path / "twice.png", "--json")
    assert (done.code, done.json["counts"]["duplicate"]) == (1, 1)
    (row,) = [row for row in done.json["findings"] if row["verdict"] == "duplicate"]
    assert (row["package"], row["of"]) == (2, "print")
    assert "page 1 of twice.png" in row["detail"]


def test_a_drawing_is_no_excuse_for_a_print_that_nobody_showed(factory: Factory, tmp_path: Path) -> None:
    """Two files were read, one sheet of the two was scanned: the other is missing, and the verdict says why."""
    factory.add(oob_bytes=16)
    factory.issue(30)
    factory.label(labels_per_file=24)
    scan = scan_of(drawing(factory, 2), tmp_path / "scan.png")
    files = [drawing(factory, 1), drawing(factory, 2)]
    assert factory.cli("verify", "B1", *files).code == 0
    done = factory.cli("verify", "B1", *files, scan, "--json")
    assert (done.code, done.json["counts"]["missing"], done.json["labels_read"]) == (1, 24, {"file": 30, "print": 6})
    missing = [row for row in done.json["findings"] if row["verdict"] == "missing"]
    assert {row["detail"] for row in missing} == {"its label file was read, its print was in none of the pictures"}
    assert factory.cli("verify", "B1", *files, scan, "--partial").code == 0
    resumed = factory.cli("verify", "B1", *files, scan, "--resume", "--json")
    assert (resumed.code, resumed.json["resumed"], resumed.json["counts"]["missing"]) == (1, 2, 24)


def test_copies_are_counted_of_each_subject(factory: Factory, tmp_path: Path) -> None:
    """Two of each were made: both drawings and one print are not two prints."""
    factory.add(oob_bytes=16)
    factory.issue(6)
    factory.label(copies=2)
    files = sorted((factory.root / "batches/B1/labels").glob("*.pdf"))
    scans = [scan_of(file, tmp_path / f"{file.stem}.png") for file in files]
    done = factory.cli("verify", "B1", *files, scans[0], "--json")
    assert (done.code, done.json["counts"]["missing"], done.json["counts"]["duplicate"]) == (1, 6, 0)
    assert done.json["findings"][-1]["detail"] == "the pictures showed only 1 of its labels; more were made"
    assert factory.cli("verify", "B1", *files, *scans).code == 0
