"""What is read on a page follows from the page: not from the clock, nor from the process that reads it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bss_mfg.core.processes import ProcessExecutor
from bss_mfg.imaging import fitting
from bss_mfg.imaging.budget import ENHANCE_COST, FIT_COST, AttemptLimits
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import Page, open_source
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.verify.findings import Finding
from bss_mfg.verify.package_tracker import PackageTracker
from bss_mfg.verify.page import PageReader
from bss_mfg.verify.page_findings import ScannedPage
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.tasks import FileDescription, PageTask, describe_file, read_pages
from tests.helpers.factory import WHO, Factory
from tests.helpers.pictures import pdfium

LABELS = 24


@pytest.fixture(scope="module")
def printed(new_factory: Callable[[], Factory]) -> Factory:
    """A batch of one sheet."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(LABELS, "A")
    factory.label("A")
    return factory


@pytest.fixture(scope="module")
def quads(printed: Factory) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of each symbol in pixels at 300 dpi."""
    with printed.ledger() as ledger:
        (file,) = ledger.prints.label_files("A")
    return [tuple(round(side / 25.4 * 300) for side in box) for box in file.symbol_boxes]  # type: ignore[misc]


@pytest.fixture(scope="module")
def clean(printed: Factory) -> NDArray[np.uint8]:
    return pdfium(next((printed.root / "batches" / "A" / "labels").glob("*.pdf")), 300)


@pytest.fixture(scope="module")
def half_spoiled(
    clean: NDArray[np.uint8], quads: list[tuple[int, int, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A scan whose first four labels have lost their left edge: no reader reads them, their grids name them, and the
    others tell where they lie."""
    return save(without_left_edge(clean, quads[:4]), tmp_path_factory.mktemp("scans") / "half.png")


def without_left_edge(grey: NDArray[np.uint8], quads: list[tuple[int, int, int, int]]) -> NDArray[np.uint8]:
    grey = grey.copy()
    for left, top, width, height in quads:
        grey[top - 2 : top + height + 2, left - 2 : left + width // 48 + 1] = 255
    return grey


def save(grey: NDArray[np.uint8], path: Path) -> Path:
    Image.fromarray(grey).save(path, dpi=(300, 300))
    return path


def read(ledger_path: Path, path: Path, limits: AttemptLimits | None = None) -> ScannedPage:
    with Ledger.open(ledger_path, WHO) as ledger, SecondReader.on_demand() as second, open_source(path) as source:
        page = PageReader(ledger, ReadRequest(ledger_path, WHO, "A"), None, second, limits).read(source, 1)
    assert isinstance(page, ScannedPage)
    return page


def read_in_a_process(ledger_path: Path, path: Path, limits: AttemptLimits) -> tuple[list[Finding], str]:
    SecondReader.is_available = lambda self: False  # type: ignore[method-assign]  # in a process of its own
    page = read(ledger_path, path, limits)
    return page.findings(PackageTracker(LABELS)), page.trouble


def named(page: ScannedPage) -> set[int | None]:
    return {item.package for item in page.findings(PackageTracker(LABELS)) if item.defects}


@pytest.fixture
def without_second_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecondReader, "is_available", lambda self: False)


def test_a_clock_that_runs_fast_changes_nothing(
    printed: Factory, half_spoiled: Path, monkeypatch: pytest.MonkeyPatch, without_second_reader: None
) -> None:
    """The machine is so slow that 1,000 seconds pass whenever anybody looks at the clock."""
    usual = read(printed.root / "ledger.db", half_spoiled)
    ticks: Iterator[int] = count(0, 1000)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    slow = read(printed.root / "ledger.db", half_spoiled)
    assert named(usual) == {1, 2, 3, 4}
    assert slow.findings(PackageTracker(LABELS)) == usual.findings(PackageTracker(LABELS))
    assert slow.trouble == usual.trouble == ""


def test_a_small_budget_gives_some_places_their_attempts_and_names_the_rest(
    printed: Factory, half_spoiled: Path, without_second_reader: None
) -> None:
    """The sheet is known by its other labels; each place costs enhanced pictures and three fits."""
    ledger_path, limits = (
        printed.root / "ledger.db",
        AttemptLimits(steps=2 * (ENHANCE_COST + 3 * (1 + FIT_COST)) + 1, second_reads=0),
    )
    page = read(ledger_path, half_spoiled, limits)
    assert len(named(page)) == 2
    assert named(page) < {1, 2, 3, 4}
    assert page.trouble.startswith("gave up early on 2 places")
    found = page.findings(PackageTracker(LABELS))
    with ProcessExecutor(1) as executor:
        answer = executor.submit(read_in_a_process, ledger_path, half_spoiled, limits).result()
    assert answer == (found, page.trouble)


def test_a_page_of_noise_stays_within_its_budget(
    printed: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_second_reader: None
) -> None:
    rng = np.random.default_rng(5)
    grey = np.full((2000, 1600), 255, np.uint8)
    for row in range(12):
        for column in range(12):
            noise = np.kron(rng.integers(0, 2, (20, 20)), np.ones((4, 4))) * 255
            grey[40 + row * 160 : 120 + row * 160, 40 + column * 125 : 120 + column * 125] = noise
    path = save(grey, tmp_path / "noise.png")
    calls = {"best_shift": 0, "fit_warp": 0}

    def counting(name: str) -> Callable[..., Any]:
        real = getattr(fitting, name)

        def call(*arguments: Any, **options: Any) -> Any:
            calls[name] += 1
            return real(*arguments, **options)

        return call

    for name in calls:
        monkeypatch.setattr(fitting, name, counting(name))
    page = read(printed.root / "ledger.db", path, AttemptLimits(steps=400, second_reads=48))
    assert 0 < calls["best_shift"] + FIT_COST * calls["fit_warp"] <= 200  # half of it: no sheet was found
    assert "gave up early on" in page.trouble


def test_a_second_reader_that_is_asked_too_often_is_left_alone(
    printed: Factory, half_spoiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(SecondReader, "is_available", lambda self: True)
    monkeypatch.setattr(SecondReader, "read", lambda self, grey, warp: asked.append(warp))
    page = read(printed.root / "ledger.db", half_spoiled, AttemptLimits(steps=2_400, second_reads=2))
    assert len(asked) == 2
    assert named(page) == {1, 2, 3, 4}
    assert page.trouble.startswith("gave up early on 2 places")


def test_a_page_of_ours_with_all_labels_read_is_never_put_together(
    printed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its labels are read in crops; the whole picture of a page costs a tenth of a verification."""
    monkeypatch.setattr(Page, "grey", property(lambda page: pytest.fail("the whole page was asked for", pytrace=False)))
    with printed.ledger() as ledger:
        batch = ledger.batches.all()[0]
        path = next((printed.root / "batches" / batch.id / "labels").glob("*.pdf"))
    request = ReadRequest(printed.root / "ledger.db", WHO, batch.id)
    described = describe_file(PageTask(request, path))
    assert isinstance(described, FileDescription)
    assert described.label_file
    (page,) = read_pages(PageTask(request, path, (1,), described.label_file))
    assert isinstance(page, ScannedPage)
    assert len(page.symbols) == len(described.label_file.packages_on(1))
