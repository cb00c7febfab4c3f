"""Every flipped octet of the history is found, in its rows and in the file itself."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.errors import BssError, LedgerError
from bss_mfg.ledger import event_chain
from bss_mfg.ledger.events import ManifestMade
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.sqlite import SqliteConnection
from tests.helpers.factory import WHO, Factory, a_read, opened_file

EVENTS = 1_000
Row = tuple[int, bytes, bytes, bytes | None, bytes, bytes]


@pytest.fixture(scope="module")
def written(new_factory: Callable[[], Factory]) -> Path:
    """A ledger with 1,000 events of many kinds."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(40)
    with factory.ledger() as ledger:
        for number in range(EVENTS - ledger.history.head()[0]):
            if number % 3:
                ledger.reads.record("B1", [a_read(number % 40 + 1)])
            else:
                manifest = ManifestMade(file=f"{number}.txt", format="csv", sha256="0" * 64)
                ledger.history.append(None if number % 2 else "B1", manifest)
        assert ledger.history.verify() == EVENTS
    return factory.root / "ledger.db"


@pytest.fixture
def log(written: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(written, tmp_path / "ledger.db"))


def rows_of(path: Path) -> list[Row]:
    with sqlite3.connect(path) as database:
        return list(event_chain.stored_events(SqliteConnection(database, path)))


def test_every_flipped_octet_of_every_event_is_found(log: Path) -> None:
    """The chain up to an event is whole where only the event was changed, so each is checked from its predecessor on,
    by the code that walks the whole."""
    listed = rows_of(log)
    assert len(listed) == EVENTS
    flips, bits = 0, random.Random(3)
    for at, row in enumerate(listed):
        before = listed[at - 1][5] if at else event_chain.GENESIS
        assert event_chain.verify_chain([row], before, row[0]) == row[0]
        for column in range(1, 6):
            value = row[column]
            for place in range(len(value) if isinstance(value, bytes) else 0):
                assert isinstance(value, bytes)
                changed = bytearray(value)
                changed[place] ^= 1 << bits.randrange(8)
                with pytest.raises(LedgerError, match=rf"changed at event {row[0]}\."):
                    event_chain.verify_chain([(*row[:column], bytes(changed), *row[column + 1 :])], before, row[0])  # type: ignore[list-item]
                flips += 1
    assert flips == sum(len(value) for row in listed for value in row[1:] if value)
    assert flips > 100 * EVENTS


@pytest.mark.parametrize("change", ["removed", "swapped", "numbered", "renamed", "doubled"])
def test_every_changed_order_is_found(log: Path, change: str) -> None:
    listed = rows_of(log)
    for at in range(0, EVENTS - 1, 37):
        if change == "removed":
            changed = listed[:at] + listed[at + 1 :]
        elif change == "swapped":
            changed = [*listed[:at], listed[at + 1], listed[at], *listed[at + 2 :]]
        elif change == "numbered":
            changed = [*listed[:at], (listed[at][0] + 1, *listed[at][1:]), *listed[at + 1 :]]
        elif change == "renamed":
            batch = None if listed[at][3] else b"B1"
            changed = [*listed[:at], (*listed[at][:3], batch, *listed[at][4:]), *listed[at + 1 :]]
        else:
            changed = [*listed[: at + 1], *listed[at:]]
        with pytest.raises(LedgerError, match="changed at event"):
            event_chain.verify_chain(changed, event_chain.GENESIS, 1)


def test_a_flip_anywhere_in_the_file_is_found_or_changes_no_event(log: Path, tmp_path: Path) -> None:
    whole, events, chance = log.read_bytes(), rows_of(log), random.Random(5)
    path, found = tmp_path / "flipped.db", 0
    for _ in range(1_000):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(flipped))
        try:
            with Ledger.open(path, WHO) as ledger:
                ledger.check()
        except BssError:
            found += 1
        else:
            assert rows_of(path) == events
        path.with_name("flipped.db-journal").unlink(missing_ok=True)
    assert found > 500, found


def test_an_octet_that_is_no_text_is_a_changed_event(log: Path) -> None:
    """A flipped high bit makes text that is not UTF-8: the database reads it all the same, and so must the check."""
    with opened_file(log) as database:
        database.execute("UPDATE event SET data = CAST(x'7bff7d' AS TEXT) WHERE seq = 500")
    with Ledger.open(log, WHO) as ledger, pytest.raises(LedgerError, match="changed at event 500"):
        ledger.history.verify()


@pytest.mark.parametrize("damage", ["schema", "version", "facts", "text"])
def test_damage_elsewhere_is_damage_and_no_defect(log: Path, damage: str) -> None:
    """Found by flips: a schema that is no text, a version that never was, facts that are no JSON."""
    if damage == "schema":
        data = log.read_bytes()
        assert b"CREATE TABLE product" in data
        log.write_bytes(data.replace(b"CREATE TABLE product", b"CREAT\xc5 TABLE product", 1))
    else:
        with opened_file(log) as database:
            database.execute({
                "version": "PRAGMA user_version = 0",
                "facts": "UPDATE batch SET facts = '{'",
                "text": "UPDATE package SET payload = CAST(x'ff' AS TEXT) WHERE number = 7",
            }[damage])  # fmt: skip
    with pytest.raises(LedgerError), Ledger.open(log, WHO) as ledger:
        ledger.check()
