"""A long job whose reading libraries crash and hang: it finishes, and names the pages."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from bss_mfg.scan.workers import Failed, Pool, Worker
from tests.conftest import Factory

ROOT = Path(__file__).parent.parent
PAGES, CRASHES, HANGS = 500, 222, 333
SHIM = """
import importlib.util, os, sys, time
from importlib.abc import MetaPathFinder
import numpy

class Finder(MetaPathFinder):
    # Lets the real library load, then changes one of its functions.
    def __init__(self, name, change):
        self.name, self.change = name, change

    def find_spec(self, name, path, target=None):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            self.change(module)

        spec.loader.exec_module = exec_module
        return spec

def crashing(module):
    real = module.read_barcodes

    def read_barcodes(grey, *arguments, **options):
        if (numpy.asarray(grey)[:3, :3] == 201).all():
            os.abort()
        return real(grey, *arguments, **options)

    module.read_barcodes = read_barcodes

def hanging(module):
    real = module.decode

    def decode(picture, *arguments, **options):
        if picture[0].count(202) > 100:
            time.sleep(3600)
        return real(picture, *arguments, **options)

    module.decode = decode

sys.meta_path.insert(0, Finder("zxingcpp", crashing))
sys.meta_path.insert(0, Finder("pylibdmtx.pylibdmtx", hanging))
"""
"""A sitecustomize.py: a page whose paper is 201 kills zxing-cpp, one whose paper is 202 hangs libdmtx for ever."""


def crash_after(job: int) -> int:
    """A worker's function: dies on 13, hangs on 17."""
    if job == 13:
        os.abort()
    if job == 17:
        time.sleep(600)
    return job * 2


def make_fragile() -> Callable[[int], int]:
    return crash_after


def test_a_pool_names_what_crashed_and_what_hung_and_does_the_rest() -> None:
    with Pool(make_fragile, (), 1.5, 2) as pool:
        found = dict(pool.run(range(30)))
    assert [job for job, answer in found.items() if isinstance(answer, Failed)] == [13, 17]
    crashed, hung = found[13], found[17]
    assert isinstance(crashed, Failed)
    assert isinstance(hung, Failed)
    assert "crashed" in crashed.reason
    assert "no progress" in hung.reason
    assert list(found) == list(range(30))
    assert all(answer == job * 2 for job, answer in found.items() if job not in (13, 17))


def test_a_pool_left_early_leaves_no_process() -> None:
    pool: Pool[int, int] = Pool(make_fragile, (), 30, 2)
    with pool:
        running = pool.run(range(100))
        next(running)
        processes = [worker._process for worker in pool._workers if worker._process]
        running.close()  # type: ignore[attr-defined]
    assert processes
    assert not any(process.is_alive() for process in processes)


def test_a_worker_is_replaced_after_a_crash() -> None:
    worker: Worker[int, int] = Worker(make_fragile, (), 30)
    try:
        assert worker.ask(1) == 2
        assert isinstance(worker.ask(13), Failed)
        assert worker.ask(2) == 4
    finally:
        worker.close()


@pytest.mark.slow
def test_500_pages_with_a_crash_and_a_hang(new_factory: Callable[[], Factory], tmp_path: Path) -> None:
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(PAGES)
    made = factory.label(template="roll-50x30", dpi=300)
    pages = []
    for number, page in enumerate(pypdfium2.PdfDocument(made.files[0]), 1):
        grey = np.asarray(page.render(scale=200 / 72, grayscale=True).to_pil()).copy()
        if number == HANGS:
            # No standard reader reads it: the solid edges of the finder are gone. The second reader is asked last.
            left = int(np.argmax((grey < 128).mean(axis=0) > 0.5))
            bottom = int(np.flatnonzero((grey < 128).mean(axis=1) > 0.3)[-1])
            grey[:, left - 1 : left + 5] = 255
            grey[bottom - 4 : bottom + 2] = 255
        paper = {CRASHES: 201, HANGS: 202}.get(number, 255)
        pages.append(Image.fromarray(np.minimum(grey, paper).astype(np.uint8)))
    scan, shims = tmp_path / "scan.tiff", tmp_path / "shims"
    pages[0].save(scan, save_all=True, append_images=pages[1:], dpi=(200, 200), compression="tiff_lzw")
    shims.mkdir()
    (shims / "sitecustomize.py").write_text(SHIM)
    done = factory.cli("verify", "B1", scan, "--json", env={"PYTHONPATH": f"{shims}:{ROOT}"}, timeout=400)
    assert done.code == 1, done.err
    assert done.json["counts"]["matched"] == PAGES - 2
    (broken,) = done.json["broken_files"]
    assert broken["file"].endswith(f"page {CRASHES}")
    assert "crashed" in broken["reason"]
    (trouble,) = done.json["troubles"]
    assert trouble["file"].endswith(f"page {HANGS}")
    assert "stalled" in trouble["reason"]


def test_a_hang_of_a_worker_that_was_just_started_is_called_a_hang() -> None:
    """It has longer to start, ended itself meanwhile, and was called a crash."""
    with Pool(make_fragile, (), 1.5, 1) as pool:
        ((_, hung),) = pool.run([17])
    assert isinstance(hung, Failed)
    assert "no progress" in hung.reason
