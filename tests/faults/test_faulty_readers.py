"""A long job whose reading libraries crash and hang: it finishes, and names the pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image

from tests.helpers import ROOT
from tests.helpers.factory import Factory
from tests.needs import needs

PAGES, CRASHES, HANGS = 120, 44, 77
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


@needs("libdmtx")
def test_many_pages_with_a_crash_and_a_hang(new_factory: Callable[[], Factory], tmp_path: Path) -> None:
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
    done = factory.process("verify", "B1", scan, "--json", env={"PYTHONPATH": f"{shims}:{ROOT}"}, timeout=400)
    assert done.code == 1, done.err
    assert done.json["counts"]["matched"] == PAGES - 2
    (broken,) = done.json["broken_files"]
    assert broken["file"].endswith(f"page {CRASHES}")
    assert "crashed" in broken["reason"]
    (trouble,) = (one for one in done.json["troubles"] if one["file"].endswith(f"page {HANGS}"))
    assert "stalled" in trouble["reason"]
