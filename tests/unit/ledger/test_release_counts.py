"""The history proves how often each key was released, as far as it says so."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.errors import LedgerError
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import BatchClosed, KeysReleased, KeysReleasing, LedgerMigrated
from bss_mfg.ledger.release_counts import released_counts
from bss_mfg.model import Event
from tests.helpers.factory import Factory
from tests.unit.ledger.test_migration import old_workspace


def events(*records: EventRecord, batch: str | None = "B1") -> list[Event]:
    return [Event(seq, "", record.kind, batch, record.to_data(), "") for seq, record in enumerate(records, 1)]


def releasing(*numbers: list[int], path: str = "/k.csv") -> KeysReleasing:
    units = sum(last - first + 1 for first, last in numbers)
    return KeysReleasing(path=path, each="batch", folder="", numbers=numbers, units=units, format="csv")


def released(units: int, **more: Any) -> KeysReleased:
    return KeysReleased(format="csv", units=units, **more)


@given(st.lists(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=4), max_size=5))
def test_counts_are_those_of_the_ranges(releases: list[list[tuple[int, int]]]) -> None:
    begun = [releasing(*([first, first + more] for first, more in some)) for some in releases]
    wanted = Counter(number for one in begun for first, last in one.numbers for number in range(first, last + 1))
    found = released_counts(events(*begun)).get("B1")
    count_of = found.counter() if found else lambda number: 0
    assert {number: count for number in range(1, 80) if (count := count_of(number))} == wanted


def test_a_release_is_open_until_nothing_of_it_is_left() -> None:
    found = released_counts(events(releasing([1, 4]), released(2, intent=1, left=2), releasing([5, 5], path="/x")))
    assert found["B1"].open == {1: "/k.csv", 3: "/x"}
    done = [releasing([1, 4]), released(2, intent=1, left=2), released(2, intent=1)]
    assert released_counts(events(*done))["B1"].open == {}


def test_what_older_events_prove() -> None:
    migrated = events(LedgerMigrated(before=2, after=4), batch=None)
    old = events(released(3), released(2))
    assert (released_counts(old)["B1"].older, released_counts(old)["B1"].older_is_exact) == (5, True)
    assert released_counts([*old, *migrated])["B1"].older_is_exact is False
    later = events(LedgerMigrated(before=4, after=5), batch=None)
    assert released_counts([*old, *later])["B1"].older_is_exact is True
    assert released_counts([*migrated, *old])["B1"].older_is_exact is True
    others = events(BatchClosed(printed=1, verified=1, scrapped=0, in_hand=0))
    assert released_counts(others) == {}


@pytest.mark.parametrize("version", range(1, 5))
def test_older_ledgers_are_proven_as_far_as_they_can_be(tmp_path: Path, version: int) -> None:
    factory = old_workspace(tmp_path / "w", version)
    with factory.ledger() as ledger:
        ledger.check()
    if version == 4:
        with sqlite3.connect(factory.root / "ledger.db") as database:
            database.execute("UPDATE unit SET released = released + 1 WHERE released = 1 AND number = 1")
        with factory.ledger() as ledger, pytest.raises(LedgerError, match="before version 5"):
            ledger.check()


@pytest.mark.sqlite
def test_a_plain_copy_while_program_runs(factory: Factory, tmp_path: Path) -> None:
    """Copies at many moments, as `cp` makes them: what does not agree with its history is refused."""
    factory.add(oob_bytes=16)
    factory.issue(1500)
    copies: list[Path] = []
    ended = threading.Event()

    def copy() -> None:
        while not ended.is_set() and len(copies) < 200:
            target = tmp_path / f"{len(copies)}.db"
            shutil.copy(factory.root / "ledger.db", target)
            copies.append(target)

    copying = threading.Thread(target=copy)
    copying.start()
    done = factory.process("program", "B1", "--format", "c-header", "--out", f"{factory.root}/batches/keys/")
    ended.set()
    copying.join()
    assert done.code == 0, done.err
    for path in copies:
        checked = factory.cli("ledger", "restore", path, "--check")
        assert checked.code in (0, 5), checked.err
        assert checked.code == 5 or agrees(path)
    assert len(copies) > 3


def agrees(path: Path) -> bool:
    """Whether a copy's counts are those of its history, by other means."""
    with sqlite3.connect(path) as database:
        begun = [
            json.loads(data) for (data,) in database.execute("SELECT data FROM event WHERE kind LIKE '%releasing'")
        ]
        counts = Counter(n for one in begun for first, last in one["numbers"] for n in range(first, last + 1))
        return all(counts[number] == count for number, count in database.execute("SELECT number, released FROM unit"))
