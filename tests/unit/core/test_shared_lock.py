"""A lock that many share or one has alone, between processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.core.shared_lock import SLOTS, Patience, shared_lock, try_slots
from bss_mfg.errors import LedgerError


def in_a_child(act: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        act()
    except LedgerError:
        os._exit(5)
    os._exit(0)


@pytest.mark.parametrize(
    ("first", "second", "code"), [(False, False, 0), (False, True, 5), (True, False, 5), (True, True, 5)]
)
def test_who_may_be_there_with_whom(tmp_path: Path, first: bool, second: bool, code: int) -> None:
    path = tmp_path / "keys.lock"

    def enter() -> None:
        with shared_lock(path, "keys", alone=second, patience=Patience(limit=0.05)):
            pass

    with shared_lock(path, "keys", alone=first, patience=Patience()):
        assert in_a_child(enter) == code
    assert in_a_child(enter) == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_who_waits_long_is_told_once_and_then_refused(tmp_path: Path) -> None:
    told: list[float] = []
    patience = Patience(limit=0.4, tell=lambda: told.append(time.monotonic()), tell_after=0.1)
    path, begun = tmp_path / "keys.lock", time.monotonic()
    with (
        shared_lock(path, "the keys", alone=True, patience=Patience()),
        pytest.raises(LedgerError, match="have held the keys for 0 s") as refused,
        shared_lock(path, "the keys", alone=False, patience=patience),
    ):
        pass
    assert len(told) == 1 and told[0] - begun >= 0.1
    assert refused.value.exit_code == 5


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keys.lock"
    child = os.fork()
    if not child:
        lock = shared_lock(path, "keys", alone=True, patience=Patience())
        lock.__enter__()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    with shared_lock(path, "keys", alone=True, patience=Patience(limit=0)):
        pass


def test_locked_bytes_exclude_each_other_as_on_windows() -> None:
    """Windows locks regions of bytes, and refuses any that meets a locked one."""
    locked: list[range] = []

    def lock(first: int, count: int) -> bool:
        wanted = range(first, first + count)
        if any(set(wanted) & set(other) for other in locked):
            return False
        locked.append(wanted)
        return True

    shared = [try_slots(lock, alone=False) for _ in range(3)]
    assert shared == [(0, 1), (1, 1), (2, 1)]
    assert try_slots(lock, alone=True) is None
    locked.clear()
    assert try_slots(lock, alone=True) == (0, SLOTS)
    assert try_slots(lock, alone=True) is None
    assert try_slots(lock, alone=False) is None
