"""`verify --resume`: what was right is not read again, and no check is dropped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory, a_read
from tests.helpers.scans import cell
from tests.needs import needs


@pytest.fixture(scope="module")
def printed(new_factory: Callable[[], Factory]) -> Factory:
    """A batch of two sheets, one file each."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(48, "A")
    factory.label("A", labels_per_file=24)
    return factory


def labels(factory: Factory) -> Path:
    return factory.root / "batches" / "A" / "labels"


def damaged(factory: Factory, folder: Path) -> Path:
    """A folder with the label files, the first sheet scanned with a label covered, and no picture."""
    for file in labels(factory).glob("*.pdf"):
        shutil.copy(file, folder)
    document = pypdfium2.PdfDocument(labels(factory) / "A-labels-0001.pdf")
    grey = np.asarray(document[0].render(scale=300 / 72, grayscale=True).to_pil()).copy()
    grey[cell(2)] = 255
    Image.fromarray(grey).save(folder / "scan.png", dpi=(300, 300))
    (folder / "torn.png").write_bytes(b"\x89PNG no more")
    return folder


def test_resumed_files_are_right_without_being_read(new_factory: Callable[[], Factory]) -> None:
    factory = new_factory()
    factory.add()
    factory.issue(72, "A")
    files = factory.label("A", labels_per_file=24).files
    some = factory.cli("verify", "A", *files[:2], "--partial", "--resume", "--json")
    assert (some.code, some.json["resumed"], some.json["counts"]["matched"]) == (0, 0, 48)
    done = factory.cli("verify", "A", *files, "--resume", "--json")
    assert done.code == 0, done.err
    assert (done.json["resumed"], done.json["resumed_labels"], done.json["pages"]) == (2, 48, 1)
    assert done.json["counts"]["matched"] == len(done.json["findings"]) == 24
    report = factory.root / "r.html"
    told = factory.cli("verify", "A", *files, "--resume", "--report", report)
    assert told.code == 0, told.err
    assert "3 files with 72 labels read and found right before, not read again" in told.out
    assert "3 files with 72 labels were read and found right before" in report.read_text()
    # Without being asked for, all is read.
    again = factory.cli("verify", "A", *files, "--json")
    assert (again.json["resumed"], again.json["counts"]["matched"]) == (0, 72)


@needs("libdmtx")
def test_resuming_drops_no_check(printed: Factory, tmp_path: Path) -> None:
    """Scans are read; a file that only one reader read is read for the other; what was scrapped since is named."""
    folder = damaged(printed, tmp_path)
    with printed.ledger() as ledger:
        batch = ledger.batches.get("A")

        def resumed(**wanted: bool) -> Verification:
            return verify(ledger, batch, [folder], VerifyOptions(partial=True, resume=True, **wanted))

        resumed()
        found = resumed()
        assert (found.resumed, found.resumed_labels) == (2, 48)
        assert (found.counts["matched"], found.counts["missing"]) == (23, 1 + 24)  # the scan, and what nobody scanned
        assert not found.passed
        with pikepdf.open(labels(printed) / "A-labels-0002.pdf") as document:
            document.save(tmp_path / "again.pdf", linearize=True)
        options = VerifyOptions(partial=True, resume=True)
        doubled = verify(ledger, batch, [*folder.glob("A-*.pdf"), tmp_path / "again.pdf"], options)
        assert (doubled.resumed, doubled.counts["duplicate"]) == (2, 24)  # of labels in a file that was not read again
        assert next(iter(doubled.findings)).detail.startswith("was already read on")
        (tmp_path / "again.pdf").unlink()
        assert resumed(second_reader=True).resumed == 0
        assert resumed(second_reader=True).resumed == 2
        assert resumed(grade=True).resumed == 0
        ledger.reads.record("A", [a_read(3)])
        ledger.packages.ship("A", [next(ledger.packages.stream("A", 3, 1)).units[0].serial], "")
        assert resumed().resumed == 2
        package = next(ledger.packages.stream("A", 30, 1))
        ledger.units.scrap("A", [package.units[0].serial], "dropped")
        found = resumed()
        assert (found.resumed, found.resumed_labels) == (1, 24)
        assert {item.package for item in found.findings if item.kind == "mismatched"} == {30}
    assert printed.cli("verify", "A", folder, "--resume", "--grade").code == 2
    assert printed.cli("verify", "A", folder, "--resume", "--sample").code == 2
