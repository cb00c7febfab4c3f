"""Files appear in one stroke: whole or not at all, never over another, and what a kill leaves is taken away."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bss_mfg.core.files import leftover_files, remove_leftover, write_atomically
from bss_mfg.errors import LedgerError, RefusedError
from tests.helpers import strace


def half_written(path: Path, *, end: bool) -> int:
    """A child that stops, or dies, in the middle of writing a file."""

    def write() -> None:
        def pieces() -> Iterator[bytes]:
            yield b"a secret half" * 10_000
            os.kill(os.getpid(), signal.SIGKILL if end else signal.SIGSTOP)

        write_atomically(path, pieces())

    child = strace.fork(write)
    os.kill(child, signal.SIGCONT)
    os.waitpid(child, os.WUNTRACED)
    return child


def test_what_a_killed_command_left_goes_with_the_next(tmp_path: Path) -> None:
    half_written(tmp_path / "keys.csv", end=True)
    (left,) = leftover_files(tmp_path)
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    write_atomically(tmp_path / "keys.csv", [b"whole"])
    assert {path.name for path in tmp_path.iterdir()} == {"keys.csv"}
    half_written(tmp_path / "other.csv", end=True)
    assert remove_leftover(leftover_files(tmp_path)[0])
    assert leftover_files(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    child = half_written(tmp_path / "keys.csv", end=False)
    try:
        with pytest.raises(LedgerError, match="another bss-mfg command is writing"):
            write_atomically(tmp_path / "keys.csv", [b"mine"])
        assert not remove_leftover(leftover_files(tmp_path)[0])
    finally:
        os.kill(child, signal.SIGCONT)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"keys.csv"}
    with pytest.raises(RefusedError, match="already there"):
        write_atomically(tmp_path / "keys.csv", [b"mine"])


def test_two_long_names_never_share_a_temporary_file(tmp_path: Path) -> None:
    child = half_written(tmp_path / ("a" * 60 + "1"), end=False)
    try:
        write_atomically(tmp_path / ("a" * 60 + "2"), [b"mine"])
    finally:
        os.kill(child, signal.SIGCONT)
        os.waitpid(child, 0)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failure_leaves_no_trace(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the caller's own")

    with pytest.raises(RuntimeError):
        write_atomically(tmp_path / "x", pieces())
    assert list(tmp_path.iterdir()) == []
