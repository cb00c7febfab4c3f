"""Several processes on one workspace: everyone gets a turn, nobody sees a locked database, nothing is issued twice."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import time
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


def writer(factory: Factory, number: int) -> dict[str, object]:
    """Issue batches one after the other, a connection each; how long each turn was waited for and taken."""
    waits: list[float] = []
    turns: list[float] = []

    @contextlib.contextmanager
    def timed(path: Path) -> Iterator[None]:
        start = time.monotonic()
        with waiting_lock(path):
            got = time.monotonic()
            waits.append(got - start)
            yield
            turns.append(time.monotonic() - got)

    if sqlite.waiting_lock is waiting_lock:
        sqlite.waiting_lock = timed  # type: ignore[assignment]
    loaded, vault = factory.workspace.product("bulb"), factory.workspace.open_vault()
    spec = factory.workspace.spec("amazon-bss-ob04")
    for batch in range(BATCHES):
        with factory.ledger() as ledger:
            create_batch(ledger, vault, BatchRequest(loaded, spec, UNITS, f"W{number}-{batch}"))
    return {"waits": waits, "turns": turns}


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
    turns = [turn for one in said[:WRITERS] for turn in one["turns"]]  # type: ignore[attr-defined]
    longest = max(wait for one in said[:WRITERS] for wait in one["waits"])  # type: ignore[attr-defined]
    # ten seconds; on a disk that takes long for one commit, as many turns. A writer that starves waits a minute
    assert longest < max(10, 100 * statistics.median(turns)), longest
    with factory.ledger() as ledger:
        ledger.check()


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
