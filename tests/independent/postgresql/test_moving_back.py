"""A ledger that is moved from its database back into a file: the same rows, keys and head, whatever interrupts it."""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path

import pytest

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import moving
from bss_mfg.ledger.sqlite import SqliteConnection
from bss_mfg.station.returns import ReturnsDesk, ReturnsRequest
from bss_mfg.workspace import ledger_move
from bss_mfg.workspace.workspace import Workspace
from tests.faults.test_vault_kills import keys_of
from tests.helpers import strace
from tests.helpers.factory import WHO, Factory, a_read, make_factory
from tests.helpers.postgres import Server
from tests.independent.postgresql.moves import moved, rows
from tests.needs import needs

pytestmark = needs("postgresql")
MOMENTS = 5
"""Of each kind of call, in each direction."""


@pytest.fixture
def served(filed: Factory, url: str) -> Factory:
    """A workspace whose ledger was moved into a database."""
    moved(filed, url)
    return filed


def moved_back(factory: Factory) -> None:
    done = factory.cli("ledger", "move", "--to", "ledger.db")
    assert done.code == 0, done.err
    check = factory.cli("ledger", "check")
    assert check.code == 0, check.err
    assert check.out == done.out
    assert not list((factory.root / "keys").iterdir())


def test_all_is_as_before_and_goes_on(filed_factory: Factory, served: Factory) -> None:
    before, keys = rows(served), keys_of(served)
    moved_back(served)
    assert rows(served) == before == rows(filed_factory)
    assert keys_of(served) == keys
    assert (served.root / "bss-mfg.toml").read_text() == (filed_factory.root / "bss-mfg.toml").read_text()
    assert served.cli("batch", "create", "bulb", "--units", 2, "--id", "NEXT").code == 0
    assert served.rows("SELECT max(no) FROM batch") == [(2,)]
    again = served.cli("ledger", "move", "--to", served.root / "ledger.db")
    assert (again.code, "there already" in again.err) == (0, True)


def test_imported_identities_stay_refused(served: Factory) -> None:
    moved_back(served)
    listed = served.root / "ids.csv"
    listed.write_text("serial\nOLD-2\n")
    refused = served.cli("batch", "create", "bulb", "--units", 1, "--identities", listed)
    assert (refused.code, "before bss-mfg" in refused.err) == (5, True)


def test_there_and_back_and_there_again(served: Factory, url: str) -> None:
    """What is frozen in the database is no ledger, though its head may be the same, and gives way."""
    moved_back(served)
    keys = keys_of(served)
    moved(served, url)
    assert keys_of(served) == keys
    assert served.cli("batch", "create", "bulb", "--units", 2, "--id", "NEXT").code == 0
    moved_back(served)
    assert served.rows("SELECT max(no) FROM batch") == [(2,)]


def test_other_stations_write_no_more(served: Factory, tmp_path: Path) -> None:
    shutil.copytree(served.root, tmp_path / "second")
    second = Factory(Workspace.find(str(tmp_path / "second"), tmp_path, {}))
    with second.ledger() as late:
        moved_back(served)
        with pytest.raises(LedgerError, match="was moved into a file"):
            late.reads.record("B1", [a_read(1)])
        with pytest.raises(LedgerError, match="was moved into a file"):
            ReturnsDesk(late, ReturnsRequest()).read("ebK300000001")
    refused = second.cli("scrap", "B1", "ebK300000003", "--reason", "x")
    assert (refused.code, "was moved into a file" in refused.err) == (5, True), refused.err
    looked = second.cli("batch", "list")  # what it says is of yesterday
    assert (looked.code, "was moved into a file" in looked.err, looked.out) == (5, True, ""), looked.err
    twice = second.cli("ledger", "move", "--to", "ledger.db")
    assert (twice.code, "is the ledger no more" in twice.err) == (4, True), twice.err
    assert not (second.root / "ledger.db").exists()


def test_what_was_moved_is_not_moved_to_another_place(served: Factory, server: Server) -> None:
    """The file of before, put back beside a ledger that went on without it."""
    (served.root / "ledger.db.moved").rename(served.root / "ledger.db")
    (served.root / "bss-mfg.toml").write_text("format = 1\n")
    other = server.new_database("another_place")
    refused = served.cli("ledger", "move", "--to", other)
    assert (refused.code, "is the ledger no more" in refused.err) == (4, True), refused.err
    server.drop_database("another_place")


def test_it_takes_all_keys(served: Factory, tmp_path: Path) -> None:
    (file,) = (served.root / "keys").glob("*.key")
    kept = shutil.move(file, tmp_path)
    before = rows(served)
    refused = served.cli("ledger", "move", "--to", "ledger.db")
    assert (refused.code, "is not in the key folder" in refused.err) == (6, True), refused.err
    assert not (served.root / "ledger.db").exists()
    with served.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1)])  # the database is still the ledger
    shutil.move(kept, file)
    assert rows(served) != before
    moved_back(served)


def test_another_file_is_no_ledger_of_this_workspace(served: Factory, tmp_path: Path) -> None:
    refused = served.cli("ledger", "move", "--to", tmp_path / "ledger.db")
    assert (refused.code, "--to ledger.db" in refused.err) == (3, True), refused.err


def test_a_file_that_is_another_ledger_is_left_alone(served: Factory, tmp_path: Path) -> None:
    stranger = make_factory(tmp_path / "stranger")
    shutil.copy(stranger.root / "ledger.db", served.root)
    before = (served.root / "ledger.db").read_bytes()
    refused = served.cli("ledger", "move", "--to", "ledger.db")
    assert (refused.code, "another ledger" in refused.err) == (4, True), refused.err
    assert (served.root / "ledger.db").read_bytes() == before
    with served.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1)])


def test_a_file_of_before_is_made_anew(served: Factory) -> None:
    """What a kill before the last step of the way there leaves."""
    (served.root / "ledger.db.moved").rename(served.root / "ledger.db")
    before = rows(served)
    moved_back(served)
    assert rows(served) == before


@pytest.mark.parametrize(
    "settings",
    [
        '\n[ledger]\nurl = "{url}" # here\n\n# what follows\n[print]\nprinter = "pdf-600"\n',
        '\n[print]\nprinter = "pdf-600"\n[ledger]\n# ours\nurl = "{url}"\nkeys = "keys"\n# what follows\n',
    ],
)
def test_other_settings_stay(served: Factory, url: str, settings: str) -> None:
    (served.root / "bss-mfg.toml").write_text("format = 1\n" + settings.format(url=url))
    moved_back(served)
    left = (served.root / "bss-mfg.toml").read_text()
    assert "# what follows\n" in left
    assert "pdf-600" in left
    assert "ledger" not in left
    assert "ours" not in left


def test_settings_that_can_not_be_taken_out_stop_it_before_it_begins(served: Factory, url: str) -> None:
    (served.root / "bss-mfg.toml").write_text(f'format = 1\nledger = {{ url = "{url}" }}\n')
    refused = served.cli("ledger", "move", "--to", "ledger.db")
    assert (refused.code, "[ledger]" in refused.err) == (3, True), refused.err
    assert not (served.root / "ledger.db").exists()


def test_a_row_that_came_out_otherwise_stops_it(served: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    real = SqliteConnection.many

    def altered(self: SqliteConnection, sql: str, values: list[tuple[object, ...]]) -> None:
        real(self, sql, [(*row[:-1], b"x" * 32) for row in values] if "INTO event" in sql else values)

    monkeypatch.setattr(SqliteConnection, "many", altered)
    with pytest.raises(LedgerError, match="table event came out otherwise"):
        ledger_move.move_to_file(served.workspace, Path("ledger.db"), WHO)
    monkeypatch.undo()
    assert not (served.root / "ledger.db").exists()
    moved_back(served)


def test_keys_are_not_retired_beside_a_file_that_has_them(served: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed once the file was in place, before the database was frozen."""
    (served.root / "ledger.db.moved").unlink()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(moving, "_note_moved", stop)
        ledger_move.move_to_file(served.workspace, Path("ledger.db"), WHO)
    assert (served.root / "ledger.db").exists()
    retire = ("retire", "B1", "--acknowledged", "letter", "--unflashed", "a test", "--delete-exports")
    refused = served.cli(*retire)
    assert (refused.code, "ledger.db: is not the ledger" in refused.err) == (4, True), refused.err
    with served.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1)])  # what the file has not
    before = rows(served)
    moved_back(served)
    assert rows(served) == before
    assert served.cli(*retire).code == 0


def test_between_the_databases_end_and_the_settings_the_way_out_goes_on(
    served: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed once the database was frozen, before the settings name the file: nobody answers, and the message's command
    ends it."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(ledger_move, "write_atomically", stop)
        ledger_move.move_to_file(served.workspace, Path("ledger.db"), WHO)
    asked = served.cli("batch", "list")
    assert (asked.code, "was moved into a file" in asked.err) == (5, True), asked.err
    (command,) = re.findall(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(ledger move [^`]+)`", asked.err)
    assert served.cli(*command.split()).code == 0
    assert Factory(Workspace.find(str(served.root), served.root, {})).cli("batch", "list").code == 0


# --- killed -----------------------------------------------------------------------------------------------------------


@needs("strace")
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_killed_anywhere_it_goes_on(filed_factory: Factory, server: Server, memory: Path, back: bool) -> None:
    """At calls that change a file or speak with the server: nothing is lost, and the same command ends it."""
    copies = iter(range(10_000))

    def fresh() -> tuple[Factory, str]:
        number = next(copies)
        one = filed_factory.copied(memory / f"w{number}")
        name = f"kill_{back}_{number}"
        target = server.new_database(name)
        if back:
            assert one.cli("ledger", "move", "--to", target).code == 0
        return one, target

    def command(target: str) -> tuple[str, ...]:
        return ("ledger", "move", "--to", "ledger.db" if back else target)

    def dropped(one: Factory, target: str) -> None:
        shutil.rmtree(one.root)
        server.drop_database(target.partition("?")[0].rpartition("/")[2])

    one, target = fresh()
    expected, keys = rows(one), keys_of(one)
    strace.warm_up(one.root, command(target))
    dropped(one, target)
    one, target = fresh()
    points = [point for point in strace.calls(one.root, command(target)) if point[0] in strace.CHANGING]
    dropped(one, target)
    one, target = fresh()
    said = strace.count(one.root, command(target), "sendto")
    dropped(one, target)
    assert min(len(points), said) > 20
    chosen = [points[at] for at in spread(len(points))] + [("sendto", at + 1) for at in spread(said)]
    for point in chosen:
        one, target = fresh()
        ran = strace.run(one.root, command(target), strace=strace.fault(*point, "signal=KILL"))
        assert ran.code in (-9, 0), (point, ran)
        # Between freezing the old ledger and naming the new one nobody answers, and the way out is what goes on.
        asked = one.cli("batch", "list")
        assert asked.code == 0 or (asked.code == 5 and " ledger move --to " in asked.err), (point, asked.err)
        again = strace.run(one.root, command(target))
        assert again.code == 0, (point, again)
        one = Factory(Workspace.find(str(one.root), one.root, {}))
        assert bool(one.workspace.ledger_place.url) != back, point
        assert rows(one) == expected, point
        assert keys_of(one) == keys, point
        assert one.cli("ledger", "check").code == 0, point
        assert not list(one.root.glob(".ledger*")), point
        dropped(one, target)


def spread(count: int) -> list[int]:
    """Numbers below `count`, some of each part, others by another seed."""
    chance = secrets.SystemRandom()
    return sorted({int((at + chance.random()) * count / MOMENTS) for at in range(MOMENTS)})
