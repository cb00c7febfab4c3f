"""Who waits for a lock of a batch at the server is next, before whoever gives it back and wants it again."""

from __future__ import annotations

import threading
import time

import pytest

from bss_mfg.errors import LedgerError
from bss_mfg.ledger.batch_lock import BatchWork
from tests.helpers.factory import Factory
from tests.helpers.postgres import opened
from tests.needs import needs

pytestmark = needs("postgresql")
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def test_who_gives_a_lock_back_and_wants_it_again_is_behind_who_waits(issued: Factory) -> None:
    turns: list[str] = []

    def wait_once() -> None:
        with issued.ledger() as ledger, ledger.locked("B1", BatchWork.KEYS, 60):
            turns.append("who waited")

    with issued.ledger() as ledger:
        with ledger.locked("B1", BatchWork.KEYS, 60):
            waiter = threading.Thread(target=wait_once)
            waiter.start()
            wait_for_a_waiter(issued)
        with ledger.locked("B1", BatchWork.KEYS, 60):
            turns.append("who had it")
    waiter.join()
    assert turns == ["who waited", "who had it"]


def wait_for_a_waiter(factory: Factory) -> None:
    """Until somebody stands in the server's queue; not for ever, where nobody does."""
    with opened(factory.workspace.ledger_place.url) as database:
        until = time.monotonic() + 10
        while database.execute(WAITING).fetchall() == [(0,)] and time.monotonic() < until:
            time.sleep(0.01)


def test_who_waited_in_vain_can_go_on(issued: Factory) -> None:
    """The wait leaves nothing of itself in the session."""
    with issued.ledger() as ledger, issued.ledger() as other:
        with ledger.locked("B1", BatchWork.KEYS):
            for wait_s in (0, 0.05):
                with pytest.raises(LedgerError, match="is releasing"), other.locked("B1", BatchWork.KEYS, wait_s):
                    pass
        with other.locked("B1", BatchWork.KEYS, 0.05), pytest.raises(LedgerError, match="is releasing"):
            ledger.locked("B1", BatchWork.KEYS, 0.05).__enter__()
        other.units.scrap("B1", ["ebK300000001"], "dropped")
        ((setting,),) = other._db.rows("SELECT current_setting('lock_timeout')")
        assert setting == "0"
