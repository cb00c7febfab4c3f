"""Ledgers of every earlier version go on."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from bss_mfg.ledger.keys import open_keys
from tests.helpers import ROOT
from tests.helpers.factory import Factory, make_factory

TRIGGERS = "SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'index') AND name NOT LIKE 'sqlite_%'"


OLD = ROOT / "tests" / "unit" / "ledger" / "old_ledgers"


def old_workspace(root: Path, version: int) -> Factory:
    """A workspace with a ledger that an earlier version made."""
    factory = make_factory(root)
    (factory.root / "ledger.db").unlink()
    database = sqlite3.connect(factory.root / "ledger.db")
    database.executescript((OLD / f"v{version}.sql").read_text())
    database.close()
    shutil.copy(OLD / f"v{version}.key", factory.workspace.vault_file)
    return factory


@pytest.mark.parametrize("version", range(1, 4))
def test_a_ledger_of_every_earlier_version_goes_on(tmp_path: Path, version: int) -> None:
    factory = old_workspace(tmp_path / "w", version)
    before = sqlite3.connect(factory.root / "ledger.db").execute("SELECT seq, digest FROM event").fetchall()
    with factory.ledger() as ledger:
        assert ledger.check() == len(before) + 1
        assert [event.data["from"] for event in ledger.history.events_of(("ledger migrated",))] == [version]
        assert ledger.batches.counts("OLD") == {
            "packages": 3, "printed": 3, "verified": 3, "shipped": 0, "scrapped": 0, "replaced": 0
        }  # fmt: skip
        units = list(open_keys(ledger).units("OLD", factory.workspace.open_vault()))
        assert len(units) == 6
        assert ledger.units.scrap("OLD", [units[0].serial], "test") == [units[0].serial]
        assert [ledger.history.digest_of(seq) for seq, _ in before] == [digest.hex() for _, digest in before]
    with factory.ledger() as ledger:
        assert len(list(ledger.history.events_of(("ledger migrated",)))) == 1
        fresh = sqlite3.connect(tmp_path / "fresh.db")
    fresh.close()
    other = make_factory(tmp_path / "other")
    with sqlite3.connect(other.root / "ledger.db") as new, sqlite3.connect(factory.root / "ledger.db") as old:
        for table in (
            "batch",
            "unit",
            "package",
            "event",
            "printed",
            "product",
            "superseded",
            "imported",
            "identifier",
        ):
            assert columns(old, table) == columns(new, table), table
        later = {("unit_not_imported",)}  # old ones have it from the start, new ones from their first import on
        assert {*old.execute(TRIGGERS)} - later == {*new.execute(TRIGGERS)}


def test_a_ledger_with_one_act_of_nearly_every_kind_goes_on(tmp_path: Path) -> None:
    factory = old_workspace(tmp_path / "w", 4)
    before = factory.rows("SELECT seq, digest FROM event")
    with factory.ledger() as ledger:
        assert ledger.check() == len(before) + 1 == ledger.history.head()[0]
        assert ledger.batches.counts("OLD") == {
            "packages": 6, "printed": 5, "verified": 5, "shipped": 0, "scrapped": 1, "replaced": 1
        }  # fmt: skip
        units = list(open_keys(ledger).units("OLD", factory.workspace.open_vault()))
        assert len(units) == 12
        assert ledger.batches.closed_at("SHORT")
        assert ledger.batches.retired_at("SHORT")
        assert ledger.units.scrap("OLD", [units[0].serial], "test") == [units[0].serial]
        assert [ledger.history.digest_of(seq) for seq, _ in before] == [digest.hex() for _, digest in before]


def columns(database: sqlite3.Connection, table: str) -> set[tuple[object, ...]]:
    return {tuple(row[1:]) for row in database.execute(f"PRAGMA table_info({table})")}
