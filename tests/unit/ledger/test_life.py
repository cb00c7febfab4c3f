"""A unit's life in the ledger: what may follow what, all or nothing."""

from __future__ import annotations

import pytest

from bss_mfg.errors import InputError
from bss_mfg.ledger.unit_state import TRANSITIONS
from tests.helpers.factory import Factory


def test_scrapped_is_for_ever_in_the_table_of_moves() -> None:
    assert set(TRANSITIONS["scrapped"].values()) == {"scrapped"}
    assert "print" not in TRANSITIONS["shipped"]
    assert all(state in TRANSITIONS for moves in TRANSITIONS.values() for state in moves.values())


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Four packages of two, printed."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(8)
    factory.label(template="multipack-100x70")
    return factory


def test_all_are_scrapped_or_none(line: Factory) -> None:
    with line.ledger() as ledger:
        with pytest.raises(InputError, match="not in this batch"):
            ledger.units.scrap("B1", ["ebK300000001", "stranger"], "test")
        assert ledger.packages.scrapped("B1") == set()
        assert ledger.batches.counts("B1")["scrapped"] == 0
