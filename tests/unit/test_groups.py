"""Tests that run in several processes: one group in one of them, and the same names in all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

GROUPED = """
import os, pathlib, pytest
pytestmark = pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(8))
def test_where(number):
    pathlib.Path(f"ran-{os.environ['PYTEST_XDIST_WORKER']}").touch()
"""


def test_a_group_runs_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(GROUPED, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert len(list(tmp_path.glob("ran-*"))) == 1


NAMED = """
import time, pytest
FILE = b"a file that says when it was made, as PDF does: %d" % time.monotonic_ns()
@pytest.mark.parametrize("data", [FILE, FILE + FILE, b"short"])
def test_file(data):
    pass
"""


def test_no_test_is_named_after_the_bytes_of_a_file(tmp_path: Path) -> None:
    """They may differ from one process to the next, and then xdist runs none."""
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_make_parametrize_id\n", "utf-8")
    (tmp_path / "test_named.py").write_text(NAMED, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "."]
    paths = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths}
    )
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout
