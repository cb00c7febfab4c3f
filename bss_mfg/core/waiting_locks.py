"""Locks that one process has, and for which others wait a while."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import is_still
from bss_mfg.core.lock_files import open_lock_file, remove_lock_file
from bss_mfg.core.system_locks import try_lock, unlock
from bss_mfg.errors import BssError, LedgerError


@contextlib.contextmanager
def waiting_lock(path: Path, wait_s: float = 60.0) -> Iterator[None]:
    """Hold an exclusive lock on the file `path` (created 0600, a group's 0660), waiting for at most `wait_s` seconds.

    SQLite's own busy wait backs off ever longer and can starve a process; this lock stands in front of every write,
    and everyone asks for it at the same short interval.
    """
    handle = open_lock_file(path)
    try:
        deadline = time.monotonic() + wait_s
        while not try_lock(handle):
            if time.monotonic() > deadline:
                raise LedgerError(
                    f"another bss-mfg command has held the ledger for {wait_s:.0f} s",
                    where=path,
                    way_out="Let it finish, then run this command again.",
                )
            time.sleep(0.01)
        try:
            yield
        finally:
            unlock(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def name_lock(path: Path, busy_message: str, wait_s: float) -> Iterator[None]:
    """Hold a lock on a name that no other file has, waiting for at most `wait_s` seconds; `LedgerError` with the words
    `busy_message` where another process still has it. The file is gone afterwards.

    Whoever wants it holds `PATH.next` until it has it: who gives it back and wants it again comes after who waits.
    """
    deadline = time.monotonic() + wait_s
    turn = path.with_name(f"{path.name}.next")
    handle = _take(turn, busy_message, deadline)
    try:
        held = _take(path, busy_message, deadline)
    finally:
        _give_back(turn, handle)
    try:
        yield
    finally:
        _give_back(path, held)


def _take(path: Path, busy_message: str, deadline: float) -> int:
    """The locked file of a name."""
    while True:
        try:
            handle = open_lock_file(path)
        except BssError:
            # Another is just deleting it (Windows), or has made it and not given it to the group yet.
            if not path.exists() or time.monotonic() > deadline + 1:
                raise
            time.sleep(0.02)
            continue
        if try_lock(handle):
            if os.name == "nt" or is_still(handle, path):
                return handle
        elif time.monotonic() > deadline:
            os.close(handle)
            raise LedgerError(busy_message, way_out="Let it finish, then run this command again.")
        else:
            time.sleep(0.02)
        os.close(handle)


def _give_back(path: Path, handle: int) -> None:
    if os.name != "nt":
        remove_lock_file(path)
    os.close(handle)
    if os.name == "nt":
        remove_lock_file(path)
