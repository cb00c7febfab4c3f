"""Values of wrong types and forms in a ledger's file: `ledger check` names each by table, column and row, and no
command ends as a defect."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.ledger import sqlite_values
from bss_mfg.ledger.event_chain import GENESIS, event_digest
from bss_mfg.ledger.schema_tables import tables
from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from tests.helpers.amount import sized
from tests.helpers.factory import Factory
from tests.helpers.whole_life import live_whole
from tests.helpers.wrong_values import WrongValue, plant, wrong_values

pytestmark = pytest.mark.sqlite

ALL = list(wrong_values())
COMMANDS = (
    "batch list", "batch show D --json", "batch show D --history", "history D", "product list", "queue list",
    "queue rolls", "carton list", "pallet list", "report shift --from 2026-01-01", "report yield --from 2026-01-01",
    "trends D", "flash list", "events", "reconcile D", "doctor", "vault status", "ledger backup copy.db",
    "table D --format csv --out table.csv", "manifest D --out upload/", "scrap D dU0o00000005 --reason dropped",
    "batch create duo --units 2",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(new_factory: Callable[[], Factory]) -> Factory:
    """A ledger with something in every table."""
    return live_whole(new_factory())


def found_in(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return sqlite_values.wrong_values(database, events=True)


def test_the_ledgers_values_are_right(whole: Factory) -> None:
    assert found_in(whole.root / "ledger.db") == []


@pytest.mark.parametrize("table", [one.name for one in tables()])
def test_each_wrong_value_is_found(whole: Factory, tmp_path: Path, table: str) -> None:
    """Alone, whatever it is."""
    of_table = [one for one in ALL if one.table.name == table]
    tried = sized(full=of_table, usual=list({one.column.name: one for one in of_table}.values()))
    assert tried
    for wrong in tried:
        path = Path(shutil.copy(whole.root / "ledger.db", tmp_path / "ledger.db"))
        plant(path, wrong, "D")
        found = found_in(path)
        assert len(found) == 1, (wrong.name, found)
        assert found[0].startswith(f"{table}.{wrong.column.name} of "), (wrong.name, found)


def one_a_table() -> dict[str, WrongValue]:
    """A wrong value for each table, in a column that is not a key."""
    return {one.table.name: one for one in ALL if one.column.name not in one.table.key and one.what != "nothing"}


def test_the_check_names_all_of_them(whole: Factory, tmp_path: Path) -> None:
    factory = whole.copied(tmp_path / "w")
    planted = one_a_table().values()
    for wrong in planted:
        plant(factory.root / "ledger.db", wrong, "D")
    done = factory.cli("ledger", "check")
    assert (done.code, "ledger restore" in done.err) == (5, True), done.err
    for wrong in planted:
        if wrong.table.name != "event" or wrong.what != "a list":  # of what events say the chain tells, in its turn
            assert f"{wrong.table.name}.{wrong.column.name} of" in done.err, done.err
    with factory.ledger() as ledger, pytest.raises(TamperedError) as found:
        ledger.check()
    assert found.value.part is LedgerPart.VALUES


@pytest.mark.parametrize("table", [one.name for one in tables()])
def test_no_command_takes_a_wrong_value_for_a_defect(
    whole: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """One column of each table; each is of another kind. What a command ends with because of it, names it."""
    of_table = [one for one in ALL if one.table.name == table]
    for turn, wrong in enumerate(sized(full=of_table, usual=of_table[len(of_table) // 2 :][:1])):
        factory = whole.copied(tmp_path / f"w{turn}")
        plant(factory.root / "ledger.db", wrong, "D")
        monkeypatch.chdir(factory.root)
        for command in COMMANDS:
            done = factory.cli(*command.split())
            assert done.code != 70, (wrong.name, command, done.err)
            if done.code == 5:
                names = f"{table}.{wrong.column.name} of", "the history was changed at event"  # what the chain says
                assert any(words in done.err for words in names[: 1 + (table == "event")]), (command, done.err)


def rewrite_history(factory: Factory, seq: int, data: str) -> None:
    """An event says something else, and all digests after it are made anew."""
    with factory.database(unguarded=True) as database:
        database.execute("UPDATE event SET data = ? WHERE seq = ?", (data, seq))
        previous = GENESIS
        for number, at, kind, batch, said in database.execute(
            "SELECT seq, at, kind, batch, data FROM event ORDER BY seq"
        ).fetchall():
            previous = event_digest(previous, number, at, kind, batch, said)
            database.execute("UPDATE event SET digest = ? WHERE seq = ?", (previous, number))


@pytest.mark.parametrize("said", ['{"units":"eve"}', '{"units":[1]}', "[]", "{"])
def test_a_history_made_anew_around_a_wrong_value_is_no_defect(issued: Factory, said: str) -> None:
    ((seq,),) = issued.rows("SELECT seq FROM event WHERE kind = 'batch issued'")
    rewrite_history(issued, seq, said)
    for command in ("ledger check", "history B1", "report shift --from 2026-01-01", "batch show B1 --history"):
        done = issued.cli(*command.split())
        assert done.code in (0, 5), (command, done.err)
    assert issued.cli("ledger", "check").code == 5


def test_an_error_of_the_program_itself_stays_one(issued: Factory) -> None:
    """Of a ledger that is whole."""
    with pytest.raises(KeyError, match="none"), issued.ledger():
        raise KeyError("none")
