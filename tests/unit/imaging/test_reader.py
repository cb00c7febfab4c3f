"""Readers of symbols: a reader that stalls costs one symbol."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from bss_mfg.imaging.attempts import AttemptTools, UnreadSymbol, read_unknown_symbol
from bss_mfg.imaging.budget import AttemptBudget, AttemptLimits
from bss_mfg.imaging.geometry import quad_of
from bss_mfg.imaging.sampling import blur
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.warp import Warp
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.symbol import data_matrix
from tests.helpers.scans import picture
from tests.needs import needs


@needs("libdmtx")
def test_a_stalled_second_reader_costs_one_symbol() -> None:
    """The process with the second reader is stopped and started anew; the run goes on."""
    grey = picture(data_matrix(b"ABV:OB04;"), 6)
    matrix = data_matrix(b"ABV:OB04;")
    quad = quad_of((24.0, 24.0, float(grey.shape[1] - 48), float(grey.shape[0] - 48)))
    warp = Warp.from_quad(quad, matrix.columns)
    with SecondReader(seconds=2) as reader:
        assert reader.read(grey, warp) == b"ABV:OB04;"
        os.kill(reader._worker._process.pid, signal.SIGSTOP)
        assert reader.read(grey, warp) is None
        reader._worker.seconds = 60
        assert reader.read(grey, warp) == b"ABV:OB04;"
        os.kill(reader._worker._process.pid, signal.SIGKILL)
        assert reader.read(grey, warp) is None
        assert reader.read(grey, warp) == b"ABV:OB04;"


@needs("libdmtx")
def test_the_second_reader_finds_no_smaller_symbol_where_the_size_is_known() -> None:
    """In a smear it once took a hundred modules of 2,304 for a symbol."""
    matrix = data_matrix(b"941055")
    grey = picture(matrix, 6)
    side = float(grey.shape[1] - 48)
    # Three times as many modules as there are would lie in as much of the picture.
    warp = Warp.from_quad(quad_of((24.0, 24.0, side, side)), 3 * matrix.columns + 2)
    with SecondReader() as reader:
        assert reader.read(grey, warp, size_is_known=False) == b"941055"
        assert reader.read(grey, warp) is None


def test_the_second_reader_is_not_asked_of_what_is_too_soft_for_it() -> None:
    class Asked(SecondReader):
        times = 0

        def __init__(self) -> None:
            pass

        def is_available(self) -> bool:
            return True

        def read(self, grey: object, warp: object, size_is_known: bool = True) -> None:
            Asked.times += 1

    matrix = data_matrix(b"a symbol of some length, so that it has modules enough", 48)
    module_px = 4
    sharp = picture(matrix, module_px).copy()
    edge = 4 * module_px
    sharp[edge + 60 : edge + 120, edge + 10 : edge + 180] = 0  # too much is gone for any reader
    soft = blur(np.ascontiguousarray(sharp), 0.8 * module_px)
    quad = quad_of((float(edge), float(edge), 48.0 * module_px, 48.0 * module_px))
    asked = []
    for grey in (sharp, soft):
        Asked.times = 0
        budget = AttemptBudget(AttemptLimits.for_patience())
        answer = read_unknown_symbol(grey, quad, 48, AttemptTools(budget, Asked()))
        assert answer is None or isinstance(answer, UnreadSymbol)
        asked.append(Asked.times)
    assert asked[0] > 0
    assert asked[1] == 0


@pytest.mark.parametrize("module_px", [4, 12, 16])
def test_what_is_out_of_focus_is_read_at_any_resolution(module_px: int) -> None:
    """At 1200 dpi as at 300: softened by half a module."""
    rng = np.random.default_rng(4)
    text = bytes(rng.integers(33, 123, 150).tolist())
    matrix = data_matrix(text, 48)
    soft = blur(np.pad(picture(matrix, module_px), 4 * module_px, constant_values=255), 0.5 * module_px)
    grey = np.clip(25 + soft * (210 / 255) + rng.normal(0, 4, soft.shape), 0, 255).astype(np.uint8)
    edge, side = 8.0 * module_px, 48.0 * module_px
    tools = AttemptTools(AttemptBudget(AttemptLimits.for_patience()))
    found = read_unknown_symbol(grey, quad_of((edge, edge, side, side)), 48, tools)
    assert isinstance(found, Read)
    assert found.data == text
    assert abs(found.center[0] - edge - side / 2) < module_px
