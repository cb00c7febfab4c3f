"""A ledger that is moved from its file into a database: the same rows and head, whatever interrupts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger import moving
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.postgresql import PostgresConnection
from bss_mfg.ledger.schema_tables import tables
from bss_mfg.workspace import ledger_move
from tests.helpers.factory import WHO, Factory, a_read, make_factory
from tests.independent.postgresql.moves import moved, rows
from tests.needs import needs

pytestmark = needs("postgresql")


def test_all_is_as_before_and_goes_on(filed: Factory, url: str) -> None:
    before = rows(filed)
    assert {name for name, found in before.items() if not found} == {"own_key"}
    moved(filed, url)
    assert filed.workspace.ledger_place.url == url
    assert rows(filed) == before
    assert not filed.workspace.ledger_file.exists()
    assert (filed.root / "ledger.db.moved").exists()
    assert filed.cli("batch", "create", "bulb", "--units", 2, "--id", "NEXT").code == 0
    assert filed.rows("SELECT max(no) FROM batch") == [(2,)]
    listed = filed.root / "ids.csv"
    listed.write_text("serial\nOLD-2\n")
    refused = filed.cli("batch", "create", "bulb", "--units", 1, "--identities", listed)
    assert (refused.code, "before bss-mfg" in refused.err) == (5, True)
    again = filed.cli("ledger", "move", "--to", url)
    assert (again.code, "there already" in again.err) == (0, True)


def test_the_tables_are_those_of_the_database(filed: Factory) -> None:
    found = filed.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    assert {name for (name,) in found} == {table.name for table in tables()}
    for table in tables():
        columns = filed.rows(f"SELECT name FROM pragma_table_info('{table.name}')")  # noqa: S608
        assert {name for (name,) in columns} == set(table.columns)


class Killed(BaseException):
    """Nothing catches it, and nothing is tidied up that a kill would leave."""


STEPS = ["created", "half copied", "compared", "frozen", "settings", "aside"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_anywhere_it_goes_on(filed: Factory, url: str, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    before = rows(filed)
    with monkeypatch.context() as patched:
        stop_at(step, patched)
        with pytest.raises(Killed):
            ledger_move.move_to_server(filed.workspace, url, WHO)
    moved(filed, url)
    assert rows(filed) == before


def stop_at(step: str, patched: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise Killed

    real_many, real_commit, calls = PostgresConnection.many, PostgresConnection._commit, iter(range(1_000))

    def some(self: PostgresConnection, sql: str, values: object) -> None:
        if next(calls) == 4:
            raise Killed
        real_many(self, sql, values)  # type: ignore[arg-type]

    def commit_and_stop(self: PostgresConnection, number: str) -> None:
        real_commit(self, number)
        raise Killed

    match step:
        case "created":
            patched.setattr(moving, "_copy", stop)
        case "half copied":
            patched.setattr(PostgresConnection, "many", some)
        case "compared":
            patched.setattr(PostgresConnection, "_commit", commit_and_stop)
        case "frozen":
            patched.setattr(ledger_move, "write_atomically", stop)
        case "settings":
            patched.setattr(ledger_move, "move_aside", stop)
        case "aside":
            real: Callable[..., Path] = ledger_move.move_aside
            patched.setattr(ledger_move, "move_aside", lambda *given: (real(*given), stop()))


def test_a_copy_that_was_left_behind_is_made_anew(filed: Factory, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed once the database had all, and before the file was frozen: someone works on with the file."""
    with monkeypatch.context() as patched:
        stop_at("compared", patched)
        with pytest.raises(Killed):
            ledger_move.move_to_server(filed.workspace, url, WHO)
    with filed.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1)])
    before = rows(filed)
    moved(filed, url)
    assert rows(filed) == before


def test_who_had_the_file_open_writes_no_more(filed: Factory, url: str) -> None:
    with filed.ledger() as late:
        moved(filed, url)
        with pytest.raises(LedgerError, match="was moved into a database"):
            late.reads.record("B1", [a_read(1)])


def test_a_database_that_went_its_own_way_is_left_alone(filed: Factory, url: str, tmp_path: Path) -> None:
    other = filed.copied(tmp_path / "other")
    moved(other, url)
    with other.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1)])
    before = rows(other)
    refused = filed.cli("ledger", "move", "--to", url)
    assert (refused.code, "went its own way" in refused.err) == (4, True)
    stranger = make_factory(tmp_path / "stranger")
    foreign = stranger.cli("ledger", "move", "--to", url)
    assert (foreign.code, "another ledger" in foreign.err) == (4, True)
    assert rows(other) == before
    with filed.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1)])  # the file is still the ledger


def test_a_row_that_came_out_otherwise_stops_it(filed: Factory, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = PostgresConnection.many

    def altered(self: PostgresConnection, sql: str, values: list[tuple[object, ...]]) -> None:
        real(self, sql, [(*row[:-1], b"x" * 32) for row in values] if "INTO event" in sql else values)

    monkeypatch.setattr(PostgresConnection, "many", altered)
    with pytest.raises(LedgerError, match="table event came out otherwise"):
        ledger_move.move_to_server(filed.workspace, url, WHO)
    monkeypatch.undo()
    moved(filed, url)


def test_settings_that_say_otherwise_are_not_touched(filed: Factory, url: str, tmp_path: Path) -> None:
    settings = filed.root / "bss-mfg.toml"
    text = settings.read_text()
    settings.write_text(text + '\n[ledger]\nurl = ""\n')
    assert filed.cli("ledger", "move", "--to", url).code == 3
    settings.write_text(text)
    moved(filed, url)
    with pytest.raises(RefusedError, match="another database already"):
        ledger_move.move_to_server(filed.workspace, "postgresql://factory@/other", WHO)
    with Ledger.open(filed.workspace.ledger_place, WHO) as ledger:
        assert ledger.batches.get("B1")
