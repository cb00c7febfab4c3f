"""The chain of events: no changed byte, no event gone or moved."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import event_chain
from bss_mfg.ledger.sqlite import SqliteConnection
from tests.helpers.factory import WHO

EVENTS = 1_000


def opened(database: sqlite3.Connection) -> SqliteConnection:
    return SqliteConnection(database, Path("ledger.db"))


@pytest.fixture(scope="module")
def log() -> sqlite3.Connection:
    """A history of a thousand events."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE event (seq INTEGER, at TEXT, kind TEXT, batch TEXT, data TEXT, digest BLOB)")
    for number in range(EVENTS // 10):
        entries = [("read", {"verdict": "matched", "package": number * 10 + each}) for each in range(10)]
        event_chain.append_events(opened(connection), WHO, "B1" if number % 3 else None, entries)
    assert event_chain.verify_history(opened(connection)) == EVENTS
    return connection


def flipped(text: str, at: int, bit: int) -> str:
    return text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]


def test_every_flipped_byte_of_a_thousand_events_breaks_its_link(log: sqlite3.Connection) -> None:
    """Each byte of each column of each event, one bit of it."""
    previous, tried = event_chain.GENESIS, 0
    for seq, at, kind, batch, data, digest in log.execute("SELECT * FROM event ORDER BY seq").fetchall():
        columns = [at, kind, batch or "", data]
        assert event_chain.event_digest(previous, seq, at, kind, batch, data) == digest
        for column, text in enumerate(columns):
            for index in range(len(text)):
                changed: list[str | None] = list(columns)
                changed[column] = flipped(text, index, (seq + index) % 7)
                if batch is None:
                    changed[2] = None
                assert event_chain.event_digest(previous, seq, *changed) != digest  # type: ignore[arg-type]
                tried += 1
        assert event_chain.event_digest(previous, seq ^ 1, at, kind, batch, data) != digest
        previous = digest
    assert tried > 100_000


def test_each_changed_removed_or_swapped_event_is_found_and_named(log: sqlite3.Connection) -> None:
    pick = random.Random(5)
    for seq in pick.sample(range(1, EVENTS), 120):
        whole = log.execute("SELECT * FROM event WHERE seq = ?", (seq,)).fetchone()
        column = pick.choice(("at", "kind", "data", "digest"))
        value = whole[("seq", "at", "kind", "batch", "data", "digest").index(column)]
        at = pick.randrange(len(value))
        wrong = (
            flipped(value, at, 1) if isinstance(value, str) else value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
        )
        update = f"UPDATE event SET {column} = ? WHERE seq = ?"  # noqa: S608
        for change, undo in (
            ((update, (wrong, seq)), (update, (value, seq))),
            (("DELETE FROM event WHERE seq = ?", (seq,)), ("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", whole)),
        ):  # fmt: skip
            log.execute(*change)
            with pytest.raises(LedgerError, match=f"at event {seq}"):
                event_chain.verify_history(opened(log))
            log.execute(*undo)
        for one, two in ((seq, -1), (seq + 1, seq), (-1, seq + 1)):
            log.execute("UPDATE event SET seq = ? WHERE seq = ?", (two, one))
        with pytest.raises(LedgerError, match=f"at event {seq}"):
            event_chain.verify_history(opened(log))
        for one, two in ((seq, -1), (seq + 1, seq), (-1, seq + 1)):
            log.execute("UPDATE event SET seq = ? WHERE seq = ?", (two, one))
    assert event_chain.verify_history(opened(log)) == EVENTS
