"""Who waits for a lock on a name is next, before whoever gives it back and wants it again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from bss_mfg.core.system_locks import try_lock
from bss_mfg.core.waiting_locks import name_lock


def is_held(path: Path) -> bool:
    """Whether somebody has the lock of a file."""
    try:
        with path.open("rb") as file:
            return not try_lock(file.fileno())
    except FileNotFoundError:
        return False


def test_who_gives_a_lock_back_and_wants_it_again_is_behind_who_waits(tmp_path: Path) -> None:
    path, turns = tmp_path / "B1.keys", list[str]()

    def wait_once() -> None:
        with name_lock(path, "busy", 60):
            turns.append("who waited")

    with name_lock(path, "busy", 60):
        waiter = threading.Thread(target=wait_once)
        waiter.start()
        until = time.monotonic() + 5
        while not is_held(path.with_name("B1.keys.next")) and time.monotonic() < until:
            time.sleep(0.001)
    with name_lock(path, "busy", 60):
        turns.append("who had it")
    waiter.join()
    assert turns == ["who waited", "who had it"]
    assert list(tmp_path.iterdir()) == []
