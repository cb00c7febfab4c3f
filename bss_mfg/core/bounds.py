"""Bounds of a process that works on files of others: memory, and processor time for each task. Beyond them the system
ends it, and whoever gave the task hears of that."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a process may use: `memory` in bytes beyond what it has at its begin, and `seconds` of processor time for
    each task. 0: any. Windows has no such bounds for a process: there only the wait for an answer ends."""

    memory: int = 0
    seconds: int = 0


NO_BOUNDS = Bounds()
WORKER_MEMORY = 4 << 30
"""Bytes that a process for the tasks of a run may have: pages of 50 megapixels need a third of it."""


def hold_memory(bounds: Bounds) -> None:
    """Have the system refuse this process more memory than its bounds."""
    if sys.platform == "win32" or not bounds.memory:
        return
    import resource

    limit = _in_use() + bounds.memory
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def begin_task(bounds: Bounds) -> None:
    """Have the system end this process (SIGXCPU) where it works longer than its bounds from now on."""
    if sys.platform == "win32" or not bounds.seconds:
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + bounds.seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def is_out_of_time(exit_code: int | None) -> bool:
    """Whether the system ended a process because it had worked too long."""
    if sys.platform == "win32" or exit_code is None:
        return False
    import signal

    return exit_code == -signal.SIGXCPU


def _in_use() -> int:
    """Bytes of address space that this process has; 0 where the system doesn't say."""
    if sys.platform == "win32":
        return 0
    import resource

    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0
