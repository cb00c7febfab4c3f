"""Files that somebody else has open: Windows neither moves, nor replaces, nor deletes them.

A virus scanner, an indexer or another command that reads closes them within moments, a spreadsheet doesn't.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 2.0
"""How long a file may be open elsewhere until that is an error."""
_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION = 5, 32, 33


def when_closed(act: Callable[[], object], path: Path) -> None:
    """Do what Windows refuses while somebody has `path` open, tried again for two seconds; an `OSError` (EBUSY) where
    it still is."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            act()
        except PermissionError as error:
            if not _may_be_open(error, path):
                raise
            if time.monotonic() > ends:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path)) from error
        else:
            return
        time.sleep(0.02)


def is_open_elsewhere(path: Path) -> bool:
    """Whether somebody has a file open, which Windows alone tells: by refusing to move it, here onto itself."""
    if os.name != "nt":
        return False
    try:
        path.rename(path)
    except OSError as error:
        return getattr(error, "winerror", None) in (_SHARING_VIOLATION, _LOCK_VIOLATION)
    return False


def _may_be_open(error: PermissionError, path: Path) -> bool:
    """Whether a refusal is one that ends when somebody closes the file. Who replaces an open file is told that access
    is denied, as for one that is read-only."""
    number = getattr(error, "winerror", None)
    if number == _ACCESS_DENIED:
        return path.is_file() and os.access(path, os.W_OK)
    return number in (_SHARING_VIOLATION, _LOCK_VIOLATION)
