"""A copy of a ledger for tasks elsewhere: whole but for what is sealed, and it issues nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.connection import SECRET_COLUMNS
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.reading_copy import reading_copy
from bss_mfg.ledger.schema_tables import tables
from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from tests.helpers.factory import WHO, Factory


@pytest.mark.sqlite
def test_it_has_all_but_what_is_sealed(printed: Factory, tmp_path: Path) -> None:
    copy = tmp_path / "ledger.db"
    copy.write_bytes(reading_copy(printed.root / "ledger.db"))
    with sqlite3.connect(copy) as made, sqlite3.connect(printed.root / "ledger.db") as own:
        for table in tables():
            for column in table.columns:
                query = f"SELECT {column} FROM {table.name}"  # noqa: S608
                if (table.name, column) in SECRET_COLUMNS or table.name == "own_key":
                    assert {value for (value,) in made.execute(query)} <= {None}
                    for (value,) in own.execute(query):
                        assert value is None or value not in copy.read_bytes()
                elif table.name != "about":
                    assert made.execute(query).fetchall() == own.execute(query).fetchall(), (table.name, column)
    with Ledger.open(copy, WHO) as ledger, printed.ledger() as own_ledger:
        assert ledger.history.head() == own_ledger.history.head()
        own_ledger.check()
        with pytest.raises(TamperedError, match="sealed key is missing") as found:
            ledger.check()
        assert found.value.part is LedgerPart.SEALED_KEYS
        assert ledger.history.verify() == own_ledger.history.verify()


@pytest.mark.sqlite
def test_of_one_batch_it_has_what_is_drawn(printed: Factory, tmp_path: Path) -> None:
    batches = [batch for (batch,) in printed.rows("SELECT id FROM batch ORDER BY no")]
    copy = tmp_path / "ledger.db"
    copy.write_bytes(reading_copy(printed.root / "ledger.db", batches[0]))
    with Ledger.open(copy, WHO) as ledger, printed.ledger() as own:
        assert list(ledger.packages.stream(batches[0])) == list(own.packages.stream(batches[0]))
        assert [list(ledger.packages.stream(batch)) for batch in batches[1:]] == [[] for _ in batches[1:]]


@pytest.mark.sqlite
def test_it_issues_nothing(printed: Factory, tmp_path: Path) -> None:
    there = printed.copied(tmp_path / "w")
    (there.root / "ledger.db").write_bytes(reading_copy(printed.root / "ledger.db"))
    with pytest.raises(RefusedError):
        there.issue(1, "LATER")
