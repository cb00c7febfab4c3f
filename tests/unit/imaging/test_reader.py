"""Readers of symbols: a reader that stalls costs one symbol."""

from __future__ import annotations

from tests.needs import needs


@needs("libdmtx")
def test_a_stalled_second_reader_costs_one_symbol() -> None:
    """The process with the second reader is stopped and started anew; the run goes on."""
    import os
    import signal

    from bss_mfg.imaging.geometry import quad_of
    from bss_mfg.imaging.second_reader import SecondReader
    from bss_mfg.imaging.warp import Warp
    from bss_mfg.symbol import data_matrix
    from tests.helpers.scans import picture

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
