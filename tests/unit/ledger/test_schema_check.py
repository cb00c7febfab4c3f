"""A ledger whose schema somebody changed is not written to, and the check names what is foreign, changed or missing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bss_mfg.ledger.schema_check import AS_MADE, QUERY, _digest, differences
from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from tests.helpers.factory import WHO, Factory

OLD = Path(__file__).parent / "old_ledgers"
CHANGES = {
    "trigger event_no_update is missing": "DROP TRIGGER event_no_update",
    "trigger eve is foreign": "CREATE TRIGGER eve AFTER INSERT ON batch BEGIN UPDATE unit SET released = 0; END",
    "view eve is foreign": "CREATE VIEW eve AS SELECT * FROM unit",
    "table eve is foreign": "CREATE TABLE eve (x)",
    "table eve_config is foreign": "CREATE VIRTUAL TABLE eve USING fts5(x)",
    "index logistic_unit_open is missing": "DROP INDEX logistic_unit_open",
    "index event_batch was changed": "DROP INDEX event_batch; CREATE INDEX event_batch ON event (seq)",
    "trigger unit_no_delete was changed": (
        "DROP TRIGGER unit_no_delete; CREATE TRIGGER unit_no_delete BEFORE DELETE ON unit BEGIN SELECT 1; END"
    ),
    "table unit was changed": "ALTER TABLE unit ADD COLUMN eve TEXT",
    "view flash_file was changed": "DROP TABLE flash_file; CREATE VIEW flash_file AS SELECT '' AS sha256",
    "table package was changed": (
        "PRAGMA writable_schema = ON; "
        "UPDATE sqlite_schema SET sql = replace(sql, 'digest BLOB NOT NULL UNIQUE', 'digest BLOB NOT NULL') "
        "WHERE name = 'package'; DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_package_2'"
    ),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("words", CHANGES)
def test_nothing_is_written_into_a_schema_that_is_not_ours(issued: Factory, words: str) -> None:
    with sqlite3.connect(issued.root / "ledger.db") as database:
        database.executescript(CHANGES[words])
    with pytest.raises(TamperedError) as found:
        issued.ledger()
    assert found.value.part is LedgerPart.SCHEMA
    assert words in found.value.problems
    looked_at = issued.workspace.open_ledger(WHO, to_look=True)
    with looked_at, pytest.raises(TamperedError) as refused_write, looked_at.transaction():
        pass
    assert refused_write.value.problems == found.value.problems
    refused = issued.cli("batch", "create", "bulb", "--units", 1)
    assert (refused.code, words in refused.err, "ledger restore" in refused.err) == (5, True, True), refused.err
    assert issued.rows("SELECT count(*) FROM batch") == [(1,)]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "command",
    [
        "labels B1",
        "verify B1 B1.pdf",
        "manifest B1 --out m/",
        "program B1 --format csv --out k.csv",
        "batch list",
        "ledger check",
    ],
)
def test_nothing_is_drawn_judged_or_released_from_a_view(issued: Factory, tmp_path: Path, command: str) -> None:
    """Views could give any rows. The history is shown, with a note, and `doctor` tells what is wrong."""
    words = "view package was changed"
    with sqlite3.connect(issued.root / "ledger.db") as database:
        database.executescript("ALTER TABLE package RENAME TO p; CREATE VIEW package AS SELECT * FROM p")
    refused = issued.cli(*command.split(), cwd=tmp_path)
    assert (refused.code, words in refused.err, "ledger restore" in refused.err) == (5, True, True), refused.err
    assert not (tmp_path / "m").exists()
    told = issued.cli("history", "B1")
    assert (told.code, words in told.err, "batch issued" in told.out) == (0, True, True), told.err
    seen = issued.cli("doctor")
    assert (seen.code, "schema is not that of a ledger" in seen.out) == (6, True), seen.out


@pytest.mark.sqlite
@pytest.mark.parametrize("imported", [False, True])
def test_most_ledgers_need_no_comparison(factory: Factory, tmp_path: Path, imported: bool) -> None:
    """The schema of a new ledger is known by its digest."""
    factory.add()
    if imported:
        brought = tmp_path / "before.csv"
        brought.write_text("serial\nOLD-1\n")
        assert factory.cli("import-issued", "bulb", brought).code == 0
    assert _digest(factory.rows(QUERY)) in AS_MADE


@pytest.mark.sqlite
def test_what_others_leave_is_no_difference(issued: Factory) -> None:
    with sqlite3.connect(issued.root / "ledger.db") as database:
        database.execute("ANALYZE")
        assert differences(database.execute(QUERY)) == []
    assert issued.cli("ledger", "check").code == 0


@pytest.mark.sqlite
def test_cells_are_checked(issued: Factory) -> None:
    with issued.ledger() as ledger:
        assert ledger._db.rows("PRAGMA cell_size_check") == [(1,)]
