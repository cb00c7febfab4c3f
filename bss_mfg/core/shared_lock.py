"""A lock between processes that many may share, or one may have alone. It ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.lock_files import open_lock_file
from bss_mfg.errors import LedgerError


def _nothing() -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a lock is waited for, in seconds, and who is told that it is: `tell` is called once, after `tell_after`
    seconds."""

    limit: float = 600
    tell: Callable[[], None] = _nothing
    tell_after: float = 0.5


PATIENCE = Patience()
"""Ten minutes, in silence."""


@contextlib.contextmanager
def shared_lock(path: Path, what: str, *, alone: bool, patience: Patience) -> Iterator[None]:
    """Hold the lock on the file `path` (created 0600, never written): shared with others, or `alone`.

    A process that holds it must not ask for it alone: it would wait for itself. `LedgerError` where others held it all
    the time that was waited; `what` says, for people, what it is that they work with.
    """
    handle = open_lock_file(path)
    try:
        begun, told = time.monotonic(), False
        while (give_back := _try(handle, alone=alone)) is None:
            waited = time.monotonic() - begun
            if waited > patience.limit:
                raise LedgerError(
                    f"other bss-mfg commands have held {what} for {patience.limit:.0f} s",
                    where=path,
                    way_out="Let them finish, then run this command again; nothing was changed.",
                )
            if not told and waited >= patience.tell_after:
                patience.tell()
                told = True
            time.sleep(0.01)
        try:
            yield
        finally:
            give_back()
    finally:
        os.close(handle)


SLOTS = 64
"""How many can share a lock on Windows, which locks bytes: each holds one of so many, who is alone holds all."""


def try_slots(lock: Callable[[int, int], bool], *, alone: bool) -> tuple[int, int] | None:
    """The bytes (first, how many) that `lock` could lock, by the rule above; None where it could not."""
    wanted = [(0, SLOTS)] if alone else [(slot, 1) for slot in range(SLOTS)]
    return next((region for region in wanted if lock(*region)), None)


if sys.platform == "win32":
    import msvcrt

    def _try(handle: int, *, alone: bool) -> Callable[[], None] | None:
        def lock(first: int, count: int) -> bool:
            os.lseek(handle, first, os.SEEK_SET)
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, count)
            except OSError:
                return False
            return True

        region = try_slots(lock, alone=alone)
        if region is None:
            return None
        first, count = region

        def give_back() -> None:
            os.lseek(handle, first, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, count)

        return give_back

else:
    import fcntl

    def _try(handle: int, *, alone: bool) -> Callable[[], None] | None:
        """Take the lock; what gives it back, or None where others have it."""
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return lambda: fcntl.flock(handle, fcntl.LOCK_UN)
