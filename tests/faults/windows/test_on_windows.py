"""bss-mfg on a disk of Windows: files that are open elsewhere, names that can't be, code pages, CR LF, spawning.

The stories are in `told_files.py` (what writes) and `told_line.py` (real commands), each told in one process that
lives on Windows (`there.py`, `disk.py`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.windows.started import environment, run_on_windows, tell
from tests.faults.windows.story_names import stories

FILES, LINE = "tests.faults.windows.told_files", "tests.faults.windows.told_line"


@pytest.fixture(scope="module")
def files_told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return tell(FILES, tmp_path_factory.mktemp("windows"))


@pytest.fixture(scope="module")
def line_told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return tell(LINE, tmp_path_factory.mktemp("windows"))


@pytest.mark.xdist_group("windows-files")
@pytest.mark.parametrize("story", stories(FILES))
def test_files_on_windows(files_told: dict[str, str], story: str) -> None:
    assert not files_told[story], files_told[story]


@pytest.mark.xdist_group("windows-line")
@pytest.mark.parametrize("story", stories(LINE))
def test_a_line_on_windows(line_told: dict[str, str], story: str) -> None:
    assert not line_told[story], line_told[story]


def test_the_command_itself_starts_there(tmp_path: Path) -> None:
    done = run_on_windows(tmp_path, "init", "factory")
    assert done.returncode == 0 and b"factory\\vault.key" in done.stderr
    assert (tmp_path / "disk" / "factory" / "ledger.db").is_file()


def test_ctrl_break_ends_a_command_as_ctrl_c_does(tmp_path: Path) -> None:
    """Windows kills a process that says nothing about it: with a file half-written."""
    assert run_on_windows(tmp_path, "init", "factory").returncode == 0
    (tmp_path / "disk" / "orders").mkdir()
    watching = subprocess.Popen(
        [sys.executable, "-m", "bss_mfg", "--workspace", "factory", "watch-orders", "orders"],
        cwd=tmp_path / "disk", env=environment(tmp_path), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        ends = time.monotonic() + 120
        while not (tmp_path / "disk" / "orders" / "done").is_dir() and watching.poll() is None:
            assert time.monotonic() < ends
            time.sleep(0.05)
        os.kill(watching.pid, signal.SIGUSR1)  # what `there` calls SIGBREAK
        _, said = watching.communicate(timeout=120)
    finally:
        watching.kill()
    assert watching.returncode == 130, said
