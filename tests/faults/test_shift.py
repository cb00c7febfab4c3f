"""A shift of twenty stations on PostgreSQL, each of which is killed, and so is the server: the books balance. And what
a station or the ledger hides is found out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.shift import Shift, lived
from tests.faults.shift_balance import balance, balance_counts
from tests.faults.shift_desks import Site
from tests.helpers.factory import Factory
from tests.needs import require

BOXES, BATCH, PER_BOX, KILL_EVERY_S = 400, 40, 2, 0.5


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shift, Factory]]:
    """A shift that was lived."""
    require(["postgresql"])
    with lived(Site(tmp_path_factory.mktemp("shift"), BOXES, BATCH, PER_BOX), KILL_EVERY_S) as of_today:
        yield of_today


def test_the_books_of_a_shift_balance(shift: tuple[Shift, Factory]) -> None:
    of_today, factory = shift
    assert len(of_today.site.names) == 20
    assert min(of_today.kills[name] for name in (*of_today.site.names, "server")) >= 1, of_today.kills
    assert of_today.account.troubles
    wrong = balance(of_today.site, of_today.account, factory)
    assert not wrong, "\n".join(wrong[:40])


@pytest.mark.parametrize("act", ["issue", "flash", "scan", "pack", "refused", "scrap", "ship", "return"])
def test_an_act_that_no_desk_knows_of_is_found(shift: tuple[Shift, Factory], act: str) -> None:
    """The control: the ledger has one more of each act."""
    of_today, factory = shift
    account = copy.deepcopy(of_today.account)
    last = next(key for key in reversed(account.done) if key[0] == act)
    del account.done[last], account.asked[last]
    for keys in account.in_order.values():
        keys[:] = [key for key in keys if key != last]
    assert balance_counts(of_today.site, account, factory)


def test_an_act_that_the_ledger_forgot_is_found(shift: tuple[Shift, Factory], tmp_path: Path) -> None:
    """And one less."""
    of_today, factory = shift
    other = factory.copied(tmp_path / "w")
    with other.database(unguarded=True) as database:
        database.execute("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event WHERE kind = 'read')")
        database.execute("UPDATE package SET carton = NULL WHERE carton = (SELECT min(carton) FROM package)")
    assert len(balance_counts(of_today.site, of_today.account, other)) >= 2
