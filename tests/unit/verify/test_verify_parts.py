"""Verification in parts: the same whoever reads, whatever dies meanwhile; flat; and gone on with where it stopped."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from bss_mfg.core.processes import ProcessExecutor, TaskFailure
from bss_mfg.imaging.page_frame import frame_at_dpi
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.verify import verification
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.tasks import FileDescription, PageTask, describe_file, read_pages
from bss_mfg.verify.verification import verify
from tests.helpers.factory import WHO, Factory
from tests.helpers.scans import cell


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


def wholly(ledger: Ledger) -> list[dict[str, Any]]:
    return [dict(event.data) for event in ledger.history.events_of(("file verified",), "A")]


@pytest.fixture
def executors() -> Iterator[dict[str, Executor | None]]:
    found: dict[str, Executor | None] = {
        "here": None, "one": ProcessExecutor(1), "two": ProcessExecutor(2),
        "standard": ProcessPoolExecutor(2, get_context("spawn")), "a thread": ThreadPoolExecutor(1),
    }  # fmt: skip
    yield found
    for executor in found.values():
        if executor:
            executor.shutdown()


def test_findings_and_history_are_the_same_whoever_reads(
    printed: Factory, tmp_path: Path, executors: dict[str, Executor | None]
) -> None:
    folder = damaged(printed, tmp_path)
    found, history = {}, {}
    for name, executor in executors.items():
        with printed.ledger() as ledger:
            before = ledger.history.head()[0]
            outcome = verify(
                ledger, ledger.batches.get("A"), [folder], VerifyOptions(grade=True, pictures=True), executor=executor
            )
            found[name] = (list(outcome.findings), outcome.pictures, outcome.broken, outcome.counts, outcome.passed)
            history[name] = [
                (event.kind, {**event.data, "after": ""})  # how far others were when the file was opened
                for event in ledger.history.events("A") if event.seq > before
            ]  # fmt: skip
    assert found["here"][3]["matched"] == 48 + 23
    assert found["here"][3]["missing"] == 1 + 24  # of one sheet there is no scan
    assert [kind for kind, _ in history["here"]].count("picture read") == 1
    assert len(found["here"][2]) == 1
    assert [kind for kind, _ in history["here"]].count("file verified") == 2
    for name in executors:
        assert found[name] == found["here"], name
        assert history[name] == history["here"], name


def test_a_file_that_changes_while_it_is_read_is_named(printed: Factory, tmp_path: Path) -> None:
    file = Path(shutil.copy(labels(printed) / "A-labels-0001.pdf", tmp_path))
    wish = ReadRequest(printed.root / "ledger.db", WHO, "A")
    opened = describe_file(PageTask(wish, file))
    assert isinstance(opened, FileDescription)
    assert opened.label_file
    shutil.copy(labels(printed) / "A-labels-0002.pdf", file)
    (answer,) = read_pages(PageTask(wish, file, (1,), opened.label_file))
    assert isinstance(answer, TaskFailure)
    assert "changed while it was read" in answer.reason


def test_a_file_is_noted_as_verified_also_where_its_last_page_filled_the_books(
    printed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_MAX_PENDING", 23)
    with printed.ledger() as ledger:
        before = len(wholly(ledger))
        assert verify(
            ledger, ledger.batches.get("A"), [labels(printed) / "A-labels-0001.pdf"], VerifyOptions(partial=True)
        ).passed
        noted = wholly(ledger)[before:]
    assert [(event["file"], event["labels"]) for event in noted] == [("A-labels-0001.pdf", 24)]


def test_a_file_with_a_wrong_label_is_never_noted_as_verified(printed: Factory, tmp_path: Path) -> None:
    factory = printed.copied(tmp_path / "w")
    assert factory.cli("scrap", "A", "ebK300000003", "--reason", "broken").code == 0
    folder = damaged(factory, tmp_path)
    with factory.ledger() as ledger:
        before = len(wholly(ledger))
        for files in (["scan.png"], ["scan.png", "A-labels-0001.pdf"]):
            paths = [folder / file for file in files]
            assert not verify(ledger, ledger.batches.get("A"), paths, VerifyOptions(partial=True)).passed
        assert len(wholly(ledger)) == before


def test_what_follows_from_a_page_need_not_travel(printed: Factory) -> None:
    with printed.ledger() as ledger:
        (part, *_) = ledger.prints.label_files("A")
    frame = frame_at_dpi(part, 1, 300)
    bare = len(pickle.dumps(frame))
    assert len(frame.boxes) == len(frame.quads) == 24
    again = pickle.loads(pickle.dumps(frame))  # noqa: S301
    assert len(pickle.dumps(frame)) == bare
    assert (again.quads, again.boxes) == (frame.quads, frame.boxes)
    for number, (x, y, width, height) in frame.boxes.items():
        place = part.place_of(number)
        millimetres = place.x_mm, place.y_mm, place.width_mm, place.height_mm
        assert (x, y, width, height) == pytest.approx([side / 25.4 * 300 for side in millimetres])
