"""Several processes on one workspace: everyone gets a turn, nobody sees a locked database, nothing is issued twice."""

from __future__ import annotations

import contextlib
import json
import os
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

import pytest

from bss_mfg.core.waiting_locks import waiting_lock
from bss_mfg.errors import BssError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.ledger import sqlite
from tests.helpers.factory import Factory

WRITERS, READERS, BATCHES, UNITS = 8, 2, 50, 10


def note_turns(turns: list[tuple[float, float]], *, on_server: bool) -> None:
    """From now on, in this process, note when each transaction asks for the ledger, and when it has it."""
    if on_server:
        from bss_mfg.ledger.postgresql import PostgresConnection

        begin = PostgresConnection._begin

        def timed_begin(connection: PostgresConnection) -> str:
            asked = time.monotonic()
            number = begin(connection)
            turns.append((asked, time.monotonic()))
            return number

        PostgresConnection._begin = timed_begin  # type: ignore[method-assign]
        return

    @contextlib.contextmanager
    def timed(path: Path) -> Iterator[None]:
        asked = time.monotonic()
        with waiting_lock(path):
            turns.append((asked, time.monotonic()))
            yield

    if sqlite.waiting_lock is waiting_lock:
        sqlite.waiting_lock = timed  # type: ignore[assignment]


def writer(factory: Factory, number: int) -> dict[str, object]:
    """Issue batches one after the other, a connection each; when each turn was asked for, and when it came."""
    turns: list[tuple[float, float]] = []
    note_turns(turns, on_server=bool(factory.workspace.ledger_place.url))
    loaded, vault = factory.workspace.product("bulb"), factory.workspace.open_vault()
    spec = factory.workspace.spec("amazon-bss-ob04")
    for batch in range(BATCHES):
        with factory.ledger() as ledger:
            create_batch(ledger, vault, BatchRequest(loaded, spec, UNITS, f"W{number}-{batch}"))
    return {"turns": turns}


def reader(factory: Factory) -> dict[str, object]:
    """Read until all is issued: a batch is seen whole, or not at all."""
    rounds, total = 0, WRITERS * BATCHES
    end = time.monotonic() + 240
    while time.monotonic() < end:
        with factory.ledger() as ledger:
            batches = [batch for batch in ledger.batches.all() if batch.id.startswith("W")]
            for batch in batches[-2:]:
                assert sum(len(package.units) for package in ledger.packages.stream(batch.id)) == UNITS
        rounds += 1
        if len(batches) == total:
            break
    return {"rounds": rounds}


def all_at_once(factory: Factory, folder: Path, readers: int = READERS) -> list[dict[str, object]]:
    """What ten processes report; a failed one reports its error."""
    factory.add(oob_bytes=16)
    factory.issue(1, "first")
    children: list[int] = []
    for number in range(WRITERS + readers):
        child = os.fork()
        if child == 0:
            said: dict[str, object] = {}
            try:
                said = writer(factory, number) if number < WRITERS else reader(factory)
            except (BssError, AssertionError) as error:
                said = {"error": f"{type(error).__name__}: {error}"}
            finally:
                (folder / f"{number}.json").write_text(json.dumps(said))
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return [json.loads((folder / f"{number}.json").read_text()) for number in range(WRITERS + readers)]


def test_eight_writers_and_two_readers(factory: Factory, tmp_path: Path) -> None:
    said = all_at_once(factory, tmp_path)
    assert [one["error"] for one in said if "error" in one] == []
    units = WRITERS * BATCHES * UNITS
    assert units == 4_000
    assert factory.rows(
        "SELECT count(*), count(DISTINCT uuid), count(DISTINCT serial), count(DISTINCT key_digest) FROM unit"
    ) == [(units + 1,) * 4]
    assert factory.rows("SELECT next_serial FROM product") == [(units + 2,)]  # no gap either
    # Counted in turns that others had meanwhile, not in seconds: a loaded machine starves nobody.
    turns = [tuple(turn) for one in said[:WRITERS] for turn in one["turns"]]  # type: ignore[attr-defined]
    assert len(turns) == WRITERS * BATCHES
    came = sorted(got for _, got in turns)
    passed_over = [bisect_left(came, got) - bisect_right(came, asked) for asked, got in turns]
    # Whoever waits is as likely as the others to be next: once in 10**9 runs someone is passed over 200 times.
    assert max(passed_over) < len(turns) / 2
    with factory.ledger() as ledger:
        ledger.check()


@pytest.mark.sqlite
def test_without_the_lock_and_the_wait_the_database_is_locked(
    factory: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: what the lock and the busy wait protect from does happen without them."""
    real = sqlite.connect

    def impatient(path: Path, *, create: bool = False) -> object:
        opened = real(path, create=create)
        opened.execute("PRAGMA busy_timeout = 0")
        return opened

    monkeypatch.setattr(sqlite, "waiting_lock", lambda path: contextlib.nullcontext())
    monkeypatch.setattr("bss_mfg.ledger.ledger.connect", impatient)
    said = all_at_once(factory, tmp_path, readers=0)
    assert any("another program holds the ledger" in str(one.get("error")) for one in said)
