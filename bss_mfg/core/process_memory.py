"""Keeping a process's memory, with keys in it, from files and from other programs of the same user."""

from __future__ import annotations

import contextlib
import sys

_PR_SET_DUMPABLE = 4
"""prctl(2)."""


def no_core_dumps() -> None:
    """A crash must not write this process's memory to a file."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hide_memory() -> None:
    """From now on other programs of this user can neither read this process's memory nor attach to it (Linux: not
    dumpable). A program that it starts is as any other."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):  # a system without it
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
