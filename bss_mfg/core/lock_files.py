"""Files that are there to be locked, and that nobody writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.group_modes import give_file_to_group
from bss_mfg.core.system_locks import try_lock
from bss_mfg.errors import LedgerError, from_os_error


def open_lock_file(path: Path) -> int:
    """A handle of a file that is there to be locked (created 0600, a group's 0660), and that nobody writes."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        give_file_to_group(handle, path)
        return handle
    except OSError as error:
        raise from_os_error(error, "taking the lock", path) from error


@contextlib.contextmanager
def immediate_lock(path: Path, busy_message: str) -> Iterator[None]:
    """Hold a lock on a file that is there; `LedgerError` with the words `busy_message` where another process has it. It
    ends with the process, however that ends."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError as error:
        raise from_os_error(error, "taking the lock of", path) from error
    try:
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # Windows locks bytes: one that nobody reads
        if not try_lock(handle):
            raise LedgerError(busy_message, where=path, way_out="Let it finish.")
        yield
    finally:
        os.close(handle)


def remove_lock_file(path: Path) -> None:
    """Delete a file that was there to be locked. On Windows who waits for it has it open: he gets it then."""
    with contextlib.suppress(OSError):
        path.unlink()
