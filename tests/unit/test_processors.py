"""Test processes share the processors: threads of numpy would wait for each other there, for a third of the time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

TASKS = Path("/proc/self/task")


@pytest.mark.skipif(not TASKS.exists(), reason="asks Linux for the threads of a process")
def test_numpy_makes_no_threads_of_its_own() -> None:
    counted = f"import tests.conftest, numpy, os; print(len(os.listdir({str(TASKS)!r})))"
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", counted], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr
