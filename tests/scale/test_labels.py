"""Labels of ten thousand units: memory does not grow with the batch."""

from __future__ import annotations

import subprocess
import sys

from tests.helpers import ROOT


def test_memory_does_not_grow_with_the_batch() -> None:
    """A bounded version of benchmarks/memory.py: five times the labels, hardly more memory."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", "--small", "2000", "--large", "10000"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("MiB at 10,000") == 3
