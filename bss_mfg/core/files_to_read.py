"""A file that somebody named, opened to be read: never a pipe, a device or a socket that has no end."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from bss_mfg.core.busy_files import is_open_elsewhere
from bss_mfg.errors import InputError, from_os_error

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_HANDED_OVER = re.compile(r"/dev/(?:fd/[0-9]+|stdin)|/proc/self/fd/[0-9]+")
"""Pipes that a shell has opened for us: `<(...)` and `|`. Whoever made them writes to their end."""


def open_to_read(path: Path, what: str, *, pipes: bool = False) -> BinaryIO:
    """A file, open to be read; `InputError` where it is a pipe, a device or a socket: who opens one may wait for ever,
    and some have no end. With `pipes`, one that the shell has opened for us is read."""
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to never comes back.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if kind := _special_kind(path):
            raise _special_error(path, what, kind) from error
        if os.path.isdir(path):  # noqa: PTH112  Windows calls it a lack of rights; Path.is_dir raises for long names
            error = IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        elif isinstance(error, PermissionError) and is_open_elsewhere(path):
            error = OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
        raise from_os_error(error, f"reading the {what}", path) from error
    mode = os.fstat(handle).st_mode
    kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "")
    if sys.platform != "win32" and pipes and stat.S_ISFIFO(mode) and _HANDED_OVER.fullmatch(str(path)):
        os.set_blocking(handle, True)
    elif kind or stat.S_ISDIR(mode):
        os.close(handle)
        folder = IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise _special_error(path, what, kind) if kind else from_os_error(folder, f"reading the {what}", path)
    return os.fdopen(handle, "rb")


def _special_kind(path: Path) -> str:
    """What a path is, where it is no file: a socket can't even be opened."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "")


def _special_error(path: Path, what: str, kind: str) -> InputError:
    return InputError(
        f"is {kind}, and no file: the {what} is not read from it",
        where=path,
        way_out="Save what comes from it to a file first, and name that.",
    )
