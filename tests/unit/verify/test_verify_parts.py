"""Verification in parts: the same whoever reads, whatever dies meanwhile; flat; and gone on with where it stopped."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from bss_mfg.core.processes import ProcessExecutor, TaskFailure
from bss_mfg.imaging.page_frame import frame_at_dpi
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import LabelFile
from bss_mfg.verify import verification
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause
from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.page_findings import PageSymbol, ScannedPage
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.tasks import FileDescription, PageTask, describe_file, read_pages
from bss_mfg.verify.verification import Verifier, verify
from tests.cli.test_verify import cell
from tests.helpers.factory import WHO, Factory

FILES, PER_FILE = 40, 48


@pytest.fixture(scope="module")
def printed(new_factory: Callable[[], Factory]) -> Factory:
    """A batch of two sheets, one file each."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(48, "A")
    factory.label("A", labels_per_file=24)
    return factory


@pytest.fixture(scope="module")
def many(new_factory: Callable[[], Factory]) -> Factory:
    """A batch in many files."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(FILES * PER_FILE, "A")
    factory.label("A", labels_per_file=PER_FILE)
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
    return [dict(event.data) for event in ledger.events_of(("file verified",), "A")]


def known(factory: Factory) -> int:
    with Ledger.open(factory.root / "ledger.db", WHO) as ledger:
        return len(wholly(ledger))


# --- whoever reads, whatever dies ------------------------------------------------------------------------------------


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
            before = ledger.head()[0]
            outcome = verify(
                ledger, ledger.batch("A"), [folder], VerifyOptions(grade=True, pictures=True), executor=executor
            )
            found[name] = (list(outcome.findings), outcome.pictures, outcome.broken, outcome.counts, outcome.passed)
            history[name] = [(event.kind, event.data) for event in ledger.events("A") if event.seq > before]
    assert found["here"][3]["matched"] == 48
    assert found["here"][3]["duplicate"] > 10
    assert len(found["here"][2]) == 1
    assert [kind for kind, _ in history["here"]].count("file verified") == 2
    for name in executors:
        assert found[name] == found["here"], name
        assert history[name] == history["here"], name


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_workers_cost_nothing(many: Factory) -> None:
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if len(killed) < 3 and done >= PER_FILE * 5 * len(killed) and (pids := two.pids):
            os.kill(pids[0], signal.SIGKILL)
            killed.append(pids[0])

    with many.ledger() as ledger, ProcessExecutor(2) as two:
        outcome = verify(ledger, ledger.batch("A"), [labels(many)], progress=kill, executor=two)
    assert len(set(killed)) == 3
    assert outcome.broken == ()
    assert outcome.passed
    assert outcome.counts["matched"] == FILES * PER_FILE


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_pool_that_is_broken_for_good_fails_what_is_left_by_name(many: Factory) -> None:
    def kill(done: int, total: int) -> None:
        for process in list((pool._processes or {}).values()):
            process.kill()

    with many.ledger() as ledger, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        outcome = verify(ledger, ledger.batch("A"), [labels(many)], progress=kill, executor=pool)
    assert not outcome.passed
    assert 0 < outcome.counts["matched"] < FILES * PER_FILE
    assert outcome.broken


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


# --- gone on with where it stopped -----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_what_was_ended_is_gone_on_with(many: Factory, by: signal.Signals) -> None:
    before = known(many)
    command = many.command("verify", "A", labels(many), "--jobs", 2)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 120
    while known(many) < before + 3 and running.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    begun = time.monotonic()
    running.send_signal(by)
    running.communicate(timeout=60)
    assert time.monotonic() - begun < 3  # a second on a quiet machine
    assert running.returncode == (130 if by == signal.SIGINT else -by)
    kept = known(many) - before
    assert 3 <= kept < FILES
    with many.ledger() as ledger:
        assert ledger.check()
    done = many.cli("verify", "A", labels(many), "--resume", "--json")
    assert done.code == 0, done.err
    assert done.json["resumed"] >= kept
    assert done.json["resumed_labels"] + done.json["counts"]["matched"] == FILES * PER_FILE


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


def test_resuming_drops_no_check(printed: Factory, tmp_path: Path) -> None:
    """Scans are read; a file that only one reader read is read for the other; what was scrapped since is named."""
    folder = damaged(printed, tmp_path)
    with printed.ledger() as ledger:
        batch = ledger.batch("A")

        def resumed(**wanted: bool) -> Verification:
            return verify(ledger, batch, [folder], VerifyOptions(partial=True, resume=True, **wanted))

        resumed()
        found = resumed()
        assert (found.resumed, found.resumed_labels) == (2, 48)
        assert found.counts["duplicate"] > 10  # of labels in files that were not read again
        assert next(item for item in found.findings if item.kind == "duplicate").detail.startswith(
            "was already read on"
        )
        assert not found.passed
        assert resumed(second_reader=True).resumed == 0
        assert resumed(second_reader=True).resumed == 2
        assert resumed(grade=True).resumed == 0
        ledger.ship("A", [next(ledger.packages("A", 3, 1)).units[0].serial], "")
        assert resumed().resumed == 2
        package = next(ledger.packages("A", 30, 1))
        ledger.scrap("A", [package.units[0].serial], "dropped")
        found = resumed()
        assert (found.resumed, found.resumed_labels) == (1, 24)
        assert {item.package for item in found.findings if item.kind == "mismatched"} == {30}
    assert printed.cli("verify", "A", folder, "--resume", "--grade").code == 2
    assert printed.cli("verify", "A", folder, "--resume", "--sample").code == 2


def test_a_file_is_noted_as_verified_also_where_its_last_page_filled_the_books(
    printed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_MAX_PENDING", 23)
    with printed.ledger() as ledger:
        before = len(wholly(ledger))
        assert verify(
            ledger, ledger.batch("A"), [labels(printed) / "A-labels-0001.pdf"], VerifyOptions(partial=True)
        ).passed
        noted = wholly(ledger)[before:]
    assert [(event["file"], event["labels"]) for event in noted] == [("A-labels-0001.pdf", 24)]


def test_a_file_with_a_wrong_label_is_never_noted_as_verified(printed: Factory, tmp_path: Path) -> None:
    folder = damaged(printed, tmp_path)
    with printed.ledger() as ledger:
        before = len(wholly(ledger))
        verify(ledger, ledger.batch("A"), [folder / "scan.png"], VerifyOptions(partial=True))
        # The scan showed the first file's labels: there they are duplicates.
        verify(
            ledger, ledger.batch("A"), [folder / "scan.png", folder / "A-labels-0001.pdf"], VerifyOptions(partial=True)
        )
        assert len(wholly(ledger)) == before


# --- memory ----------------------------------------------------------------------------------------------------------


class Answering(Executor):
    """Answers for all pages of files that are not there: every label is right."""

    def __init__(self, batch: str, per_page: int, pages: int) -> None:
        self.batch, self.per_page, self.pages = batch, per_page, pages

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        (look,) = args
        future.set_result(
            self._opened(look) if fn is describe_file else [self._page(look, page) for page in look.pages]
        )
        return future

    def _opened(self, look: PageTask) -> FileDescription:
        number, count = int(look.path.stem), self.per_page * self.pages
        cells = tuple((float(at), 1.0, 20.0, 20.0) for at in range(self.per_page))
        numbers = range(number * count + 1, (number + 1) * count + 1)
        part = LabelFile(self.batch, number, look.path.name, f"{number:064}", "", numbers, 1, cells, (210, 297), 64, "")
        return FileDescription(part.sha256, part.pages, part)

    def _page(self, look: PageTask, page: int) -> ScannedPage:
        assert look.label_file
        numbers = look.label_file.packages_on(page)
        box = (0.0, 0.0, 20.0, 20.0)
        seen = [
            PageSymbol(
                Read(b"x" * 190, box),
                Diagnosis(DiagnosisCause.ISSUED, "", self.batch, number),
                in_place_of=number,
                corner=(1.0, 2.0),
            )
            for number in numbers
        ]
        serials = {number: f"M0{number:08}" for number in numbers}
        return ScannedPage(look.path.name, page, 300, seen, None, {}, serials)


@pytest.mark.slow
def test_memory_grows_by_a_few_octets_a_label(factory: Factory) -> None:
    factory.add()
    factory.issue(1, "A")

    def held(files: int) -> int:
        """What a verification of so many files of 960 labels holds at its end."""
        with factory.ledger() as ledger:
            batch = replace(ledger.batch("A"), packages=files * 960)
            tracemalloc.start()
            try:
                verifier = Verifier(ledger, batch, executor=Answering("A", 24, 40))
                verifier.read_files([Path(f"{number}.pdf") for number in range(files)])
                outcome = verifier.outcome()
                assert outcome.passed
                assert sum(1 for _ in outcome.findings) == files * 960
                gc.collect()
                return tracemalloc.get_traced_memory()[0]
            finally:
                tracemalloc.stop()

    held(2)
    few, more = held(6), held(26)
    assert (more - few) / (20 * 960) < 20


def test_what_follows_from_a_page_need_not_travel(printed: Factory) -> None:
    with printed.ledger() as ledger:
        (part, *_) = ledger.printed_parts("A")
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
