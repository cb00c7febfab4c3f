"""Every module of bss-mfg is loaded where what is POSIX's alone is missing."""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import sys
from pathlib import Path

import pytest

from tests.faults.windows import there

POSIX_ONLY = [
    (os, "fork getuid geteuid getegid chown fchmod fchown setsid getpgid killpg mkfifo uname O_NOFOLLOW O_NONBLOCK "
         "O_CLOEXEC O_DIRECTORY sched_getaffinity set_blocking statvfs pread sysconf openpty"),
    (signal, "SIGKILL SIGHUP SIGPIPE SIGALRM SIGUSR1 SIGCHLD SIGWINCH SIGTSTP alarm setitimer pthread_sigmask"),
]  # fmt: skip


def on_windows_what_is_of_posix_alone_is_missing(folder: Path) -> None:
    """The control of the next: a module that takes one of them when it is loaded fails."""
    assert sys.platform == "win32"
    for name in there.POSIX_ONLY:
        with pytest.raises(ImportError):
            __import__(name)
    for module, names in POSIX_ONLY:
        for name in names.split():
            assert not hasattr(module, name), name
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert signal.SIGBREAK and os.O_BINARY == 0  # type: ignore[attr-defined]


def on_windows_every_module_is_loaded(folder: Path) -> None:
    import bss_mfg

    names = [found.name for found in pkgutil.walk_packages(bss_mfg.__path__, "bss_mfg.")]
    assert len(names) > 700
    for name in names:
        if name not in ("bss_mfg.__main__", "bss_mfg.core.dask_executor", "bss_mfg.core.dask_worker"):  # dask: an extra
            importlib.import_module(name)
