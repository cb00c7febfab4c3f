"""Ctrl-C while SQLite asks whether a statement may be run: Python drops what comes up there."""

from __future__ import annotations

import gc
import random
import signal
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import sqlite
from tests.helpers.factory import Factory

INTERRUPTS = 150
MOST_STATEMENTS = 1_000_000
"""Many times what is run until the next interrupt, so that a lost one is told."""


@pytest.fixture
def alarm() -> Iterator[Callable[[float], None]]:
    """Ctrl-C after so many seconds."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # what comes while garbage is collected is dropped, too: Hypothesis listens there
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds) and None
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    gc.enable()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no such clock")
def test_none_is_lost_whenever_it_comes(factory: Factory, alarm: Callable[[float], None]) -> None:
    chance, number = random.Random(4), 0
    opened = sqlite.connect(factory.root / "ledger.db")
    for _ in range(INTERRUPTS):
        with pytest.raises(KeyboardInterrupt):
            alarm(chance.uniform(0.0002, 0.002))
            for _ in range(MOST_STATEMENTS):
                number += 1  # a statement that was prepared before isn't asked about again
                opened.rows(f"SELECT {number}, id FROM batch")  # noqa: S608
    opened.close()


@pytest.mark.parametrize("act", ["rows", "each", "execute", "many", "begin", "commit"])
def test_it_ends_the_act_and_nothing_is_kept(factory: Factory, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    asked = sqlite.SqliteConnection._authorize
    interrupted = {"begin": "BEGIN", "commit": "COMMIT"}.get(act, "")

    def interrupt(self: sqlite.SqliteConnection, action: int, table: str | None, *more: str | None) -> int:
        if pressed and (not interrupted or table == interrupted):
            raise KeyboardInterrupt
        return asked(self, action, table, *more)

    pressed = False
    monkeypatch.setattr(sqlite.SqliteConnection, "_authorize", interrupt)
    opened = sqlite.connect(factory.root / "ledger.db")
    before = opened.rows("SELECT count(*) FROM event")
    pressed = True
    with pytest.raises(KeyboardInterrupt):
        match act:
            case "rows":
                opened.rows("SELECT 17")
            case "each":
                list(opened.each("SELECT 18"))
            case "execute":
                opened.execute("UPDATE product SET next_serial = 1")
            case "many":
                opened.many("UPDATE product SET next_serial = ?", [(1,)])
            case _:
                with opened.transaction():
                    opened.execute("UPDATE product SET next_serial = next_serial + 1")
    pressed = False
    assert not opened.in_transaction
    assert opened.rows("SELECT count(*) FROM event") == before
    opened.close()


def test_what_was_refused_is_told_so(factory: Factory) -> None:
    factory.add()
    opened = sqlite.connect(factory.root / "ledger.db")
    with pytest.raises(LedgerError, match="not opened for keys"):
        opened.rows("SELECT sealed_key FROM unit")
    opened.close()
