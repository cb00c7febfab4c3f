"""What a program sees of Python on Windows: `os.name`, `sys.platform`, `msvcrt`, and nothing that is POSIX's alone.

Only the modules of `bss_mfg` see it: they are loaded with an `import` of their own. Libraries go on with this
computer's system, below which the disk (`disk.py`) behaves like one of Windows.
"""

from __future__ import annotations

import builtins
import ctypes
import importlib.machinery
import io
import os
import signal
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

from tests.faults.windows import disk

POSIX_ONLY = frozenset({"fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "posix", "crypt", "spwd", "syslog"})
"""Modules that Python has not on Windows (docs.python.org/3/py-modindex.html, "Availability: Unix")."""
SIGNALS = frozenset({"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"})
"""All that `signal.signal` takes there, with SIGBREAK (docs.python.org/3/library/signal.html)."""
BREAK = signal.SIGUSR1
"""What Ctrl-Break is here: it ends a process that says nothing about it, as there."""


class _Sys(ModuleType):
    """`sys`, of another platform; what is set is set of the real one."""

    platform = "win32"

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(sys, name, value)


class _Signal(ModuleType):
    """`signal` with Windows' few."""

    SIGBREAK = BREAK

    def __getattr__(self, name: str) -> Any:
        if name.startswith("SIG") and name.isupper() and name not in SIGNALS and not name.startswith("SIG_"):
            raise AttributeError(f"module 'signal' has no attribute {name!r} on Windows")
        if name in {"alarm", "setitimer", "pthread_kill", "pthread_sigmask", "sigwait", "pause", "siginterrupt"}:
            raise AttributeError(f"module 'signal' has no attribute {name!r} on Windows")
        return getattr(signal, name)

    def signal(self, number: int, handler: Any) -> Any:
        if number != BREAK and signal.Signals(number).name not in SIGNALS:
            raise ValueError("invalid signal value")
        return signal.signal(number, handler)


class _Io(ModuleType):
    """`io`, whose text ends its lines with CR LF unless it is told how."""

    def __getattr__(self, name: str) -> Any:
        return getattr(io, name)

    @staticmethod
    def TextIOWrapper(  # noqa: N802
        buffer: Any, encoding: Any = None, errors: Any = None, newline: Any = None, **more: Any
    ) -> Any:
        if newline is None and buffer.writable():
            newline = "\r\n"
        return io.TextIOWrapper(buffer, encoding or disk.code_page, errors, newline, **more)


def _locking(handle: int, mode: int, count: int) -> None:
    disk.lock_bytes(handle, count, **({} if mode else {"kind": 2}))  # F_UNLCK


class _Drives:
    """kernel32, of which the ledger asks what kind of drive it is on."""

    @staticmethod
    def GetDriveTypeW(anchor: str) -> int:  # noqa: N802
        return 4 if anchor.startswith("\\\\") else 3  # DRIVE_REMOTE, DRIVE_FIXED

    @staticmethod
    def GetVolumeInformationW(anchor: str, *given: Any) -> int:  # noqa: N802
        given[-2].value = disk.volumes.get(anchor, "NTFS")
        return 1


class _Ctypes(ModuleType):
    """`ctypes` with its way into Windows."""

    windll = SimpleNamespace(kernel32=_Drives)

    def __getattr__(self, name: str) -> Any:
        return getattr(ctypes, name)


class _Key:
    def __enter__(self) -> _Key:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def _module(name: str, **content: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(content)
    return made


INSTEAD = {
    "os": disk.windows_os,
    "os.path": disk.windows_os.path,
    "sys": _Sys("sys"),
    "signal": _Signal("signal"),
    "io": _Io("io"),
    "ctypes": _Ctypes("ctypes"),
    "msvcrt": _module("msvcrt", locking=_locking, LK_UNLCK=0, LK_LOCK=1, LK_NBLCK=2, kbhit=lambda: False),
    "winreg": _module(
        "winreg", HKEY_LOCAL_MACHINE=0, OpenKey=lambda *_: _Key(), QueryValueEx=lambda *_: ("0f0f-machine", 1)
    ),
}


def _import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    if level == 0:
        if name.partition(".")[0] in POSIX_ONLY:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name in INSTEAD:
            return disk.windows_os if name == "os.path" and not fromlist else INSTEAD[name]
    return builtins.__import__(name, globals, locals, fromlist, level)


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module that imports by `_import`."""

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": _import}
        super().exec_module(module)


class _Finder:
    """Finds the modules of `bss_mfg`, and of the stories that are told on Windows."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name.partition(".")[0] != "bss_mfg" and not name.startswith("tests.faults.windows.told_"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin and spec.origin.endswith(".py"):
            spec.loader = _Loader(name, spec.origin)
        return spec


def install(root: str, processes: str, code_page: str) -> None:
    """From here on `bss_mfg` lives on Windows, and its files below `root`."""
    assert not [name for name in sys.modules if name.partition(".")[0] == "bss_mfg"], "bss_mfg is loaded already"
    disk.code_page = code_page
    sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]
    disk.mount(root, processes)
    os.environ["USERPROFILE"] = disk.to_windows(root)
    os.environ["APPDATA"] = disk.to_windows(root) + "\\AppData"
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=code_page, errors="strict" if stream is not sys.stderr else "backslashreplace")
