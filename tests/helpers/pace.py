"""How fast this machine is at the moment: what bounds in seconds are stretched by."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

_QUIET_START = 0.1
"""Seconds in which an interpreter that imports click starts, at most, on a machine that has nothing else to do."""
PATIENCE = 120.0
"""Seconds until one who waits for what must come gives up."""


def is_soon(seconds: float, limit: float) -> bool:
    """Whether something took no longer than `limit` seconds of a quiet machine. On a busy one, where starting a process
    takes longer by some factor, that may take longer by the same."""
    return seconds < limit or seconds < limit * _slowness()


def waits(process: int) -> bool:
    """Whether a process waits for something for a tenth of a second: for a lock, say, and not for its turn on a
    processor or for a disk."""
    for _ in range(5):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True  # not on Linux, or it is no more
        if state in ("R", "D"):
            return False
        time.sleep(0.02)
    return True


def _slowness() -> float:
    """How many times a quiet machine's time is needed now; the median of five."""
    taken = []
    for _ in range(5):
        begun = time.monotonic()
        subprocess.run([sys.executable, "-c", "import click"], check=True)
        taken.append(time.monotonic() - begun)
    return max(sorted(taken)[2] / _QUIET_START, 1.0)
