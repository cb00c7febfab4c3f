"""What is the server's own: who may connect and how that is told, writers at once, a connection that breaks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from bss_mfg.errors import BssError, InputError, LedgerError, MissingError
from bss_mfg.ledger import postgresql
from bss_mfg.ledger.batch_lock import BatchWork
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.postgresql_schema import PERMANENT
from bss_mfg.ledger.schema import VERSION
from bss_mfg.workspace.vault_files import next_file
from bss_mfg.workspace.workspace import Workspace
from tests.helpers.commands import run_cli
from tests.helpers.factory import WHO, Factory, a_read
from tests.helpers.postgres import Server, free_port
from tests.helpers.postgres import server as running_server
from tests.helpers.prints import scan_of
from tests.needs import needs

pytestmark = needs("postgresql")


def refusal(url: str, folder: Path) -> BssError:
    with pytest.raises(BssError) as refused:
        Ledger.open(LedgerPlace(folder, url), WHO)
    return refused.value


# --- making and opening -----------------------------------------------------------------------------------------------


def test_a_workspace_is_made_once_on_a_server(server: Server, tmp_path: Path) -> None:
    url = server.new_database("made_once")
    made = run_cli("init", tmp_path / "one", "--ledger", url)
    assert made.code == 0, made.err
    assert not (tmp_path / "one" / "ledger.db").exists()
    assert url in (tmp_path / "one" / "bss-mfg.toml").read_text()
    again = run_cli("init", tmp_path / "two", "--ledger", url)
    assert again.code == 4
    assert "holds a ledger already" in again.err
    assert not (tmp_path / "two" / "bss-mfg.toml").exists()
    assert run_cli("--workspace", tmp_path / "one", "ledger", "check").code == 0


def test_init_that_was_killed_before_its_settings_is_typed_again(server: Server, tmp_path: Path) -> None:
    url = server.new_database("killed_init")
    root = tmp_path / "w"
    assert run_cli("init", root, "--ledger", url).code == 0
    (root / "bss-mfg.toml").unlink()  # what a kill leaves: the key waits under the name of its own
    with Ledger.open(LedgerPlace(root, url), WHO) as ledger:
        (root / "vault.key").rename(next_file(root / "vault.key", ledger.settings.vault_id()))
    again = run_cli("init", root, "--ledger", url)
    assert again.code == 0, again.err
    assert run_cli("--workspace", root, "ledger", "check").out.startswith("1:")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://factory:geheim@db/ledger", "password does not belong"),
        ("postgresql://factory@db/ledger?password=geheim", "password does not belong"),
        ("mysql://factory@db/ledger", "postgresql://USER@HOST/DATABASE"),
        ("postgresql://factory@db", "names no database"),
    ],
)
def test_a_wrong_url_is_refused_and_no_password_is_repeated(tmp_path: Path, url: str, says: str) -> None:
    done = run_cli("init", tmp_path / "w", "--ledger", url)
    assert done.code == 3
    assert says in done.err
    assert "geheim" not in done.err + done.out
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    "wrong", ["?host=/a b", "?no_such=1", "?sslmode=perhaps", "?host=/tmp&port=many", "?connect_timeout=x", "?host=%zz"]
)
def test_a_url_that_libpq_does_not_take_is_told(tmp_path: Path, wrong: str) -> None:
    """Its parameters are libpq's: what it says of them is told, and is no defect."""
    done = run_cli("init", tmp_path / "w", "--ledger", f"postgresql://factory@localhost/ledger{wrong}")
    assert done.code in (3, 6), done.err
    assert "postgresql://" in done.err


def test_what_is_not_there_is_told(server: Server, tmp_path: Path, factory: Factory) -> None:
    gone = refusal("postgresql://factory@/x?host=/tmp/nobody-listens-here", tmp_path)
    assert (type(gone), gone.exit_code) == (MissingError, 6)
    assert "can't be reached" in gone.what
    database = refusal(server.url("no_such"), tmp_path)
    assert (type(database), "createdb" in database.way_out) == (MissingError, True)
    role = refusal(server.url("postgres", "nobody_known"), tmp_path)
    assert (type(role), "createuser" in role.way_out) == (MissingError, True)
    empty = refusal(server.new_database("empty_one"), tmp_path)
    assert (type(empty), "holds no ledger" in empty.what) == (LedgerError, True)


def test_a_newer_ledger_is_left_alone(factory: Factory) -> None:
    with factory.database() as database:
        database.execute("UPDATE about SET value = ? WHERE name = 'schema_version'", (str(VERSION + 1),))
    done = factory.cli("batch", "list")
    assert done.code == 5
    assert f"newer bss-mfg (schema {VERSION + 1}" in done.err


def test_passwords_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a network address: the server asks for a password there, and offers no TLS."""
    port = free_port()
    with running_server(("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"), port) as server:
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        server.run("SELECT pg_reload_conf()", "CREATE ROLE worker LOGIN PASSWORD 'right'")
        url = f"postgresql://worker@127.0.0.1:{port}/postgres"
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
        plain = refusal(url, tmp_path)
        assert (type(plain), "TLS" in plain.what) == (InputError, True)
        url += "?sslmode=disable"
        unasked = refusal(url, tmp_path)
        assert (type(unasked), "asks for a password" in unasked.what) == (MissingError, True)
        for password, kind in (("wrong", "does not take the password"), ("right", "holds no ledger")):
            (tmp_path / "pgpass").write_text(f"127.0.0.1:{port}:*:worker:{password}\n")
            (tmp_path / "pgpass").chmod(0o600)
            refused = refusal(url, tmp_path)
            assert kind in refused.what
            assert password not in str(refused).replace("right one", "")


# --- what the database itself holds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["event", "unit", "superseded", "imported", "identifier"])
def test_what_is_for_ever_is_not_emptied(issued: Factory, table: str) -> None:
    with issued.database() as database, pytest.raises(psycopg.Error) as refused:
        database.execute(f"TRUNCATE {table} CASCADE")
    assert refused.value.sqlstate == PERMANENT


def test_a_guard_that_was_taken_away_is_missed(issued: Factory) -> None:
    with issued.database() as database:
        database.execute("ALTER TABLE event DISABLE TRIGGER event_no_update")
    done = issued.cli("ledger", "check")
    assert done.code == 5
    assert "event_no_update" in done.err


@pytest.mark.parametrize("table", ["package", "batch"])
def test_a_row_whose_owner_is_gone_is_missed(issued: Factory, table: str) -> None:
    with issued.database(unguarded=True) as database:
        database.execute(f"DELETE FROM {table}")  # noqa: S608
    with issued.ledger() as ledger, pytest.raises(LedgerError, match="damaged"):
        ledger._db.check_integrity()


def test_files_neither_come_from_a_server_nor_replace_it(issued: Factory, tmp_path: Path) -> None:
    backup = issued.cli("ledger", "backup", tmp_path / "copy.db")
    assert (backup.code, "pg_dump" in backup.err) == (4, True)
    assert not (tmp_path / "copy.db").exists()
    restore = issued.cli("ledger", "restore", tmp_path / "copy.db", "--skip-serials", 1, "--reason", "x")
    assert (restore.code, "pg_restore" in restore.err) == (4, True)


def test_who_may_read_keys_walks_them_too(issued: Factory) -> None:
    with issued.ledger() as ledger:
        secrets = ledger._db.with_secrets()
        assert len(list(secrets.each("SELECT sealed_key FROM unit"))) == 6
        with ledger.transaction():
            assert len(list(secrets.each("SELECT sealed_key FROM unit"))) == 6


def test_bytes_that_no_text_may_hold_are_refused(issued: Factory) -> None:
    with issued.ledger() as ledger:
        for wrong in ("a\0b", "a\udc80b"):
            with pytest.raises(InputError):
                ledger.units.find_by_serial(wrong)
        assert ledger.batches.get("B1")


def test_a_read_of_a_file_whose_name_is_no_text_counts(issued: Factory) -> None:
    with issued.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1), a_read(2, "already")])
        odd = {**vars(a_read(3)), "file": '\udc80\0","file":"scanner', "of": "file"}
        ledger.reads.record("B1", [type(a_read(3))(**odd)])
        counts, newest = ledger.reads.counts_by_scanner("B1", 10)
    assert counts == {"matched": 1, "already": 1}
    assert [read["package"] for read in newest] == [2, 1]


# --- at once ----------------------------------------------------------------------------------------------------------


def test_stations_issue_at_once_without_a_gap(factory: Factory) -> None:
    """Five processes with twelve units each: every serial once and in a row, one chain."""
    factory.add(oob_bytes=16)
    factory.issue(1, "FIRST")
    stations = [
        subprocess.Popen(
            factory.command("batch", "create", "bulb", "--units", 12, "--id", f"S{number}"),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for number in range(5)
    ]  # fmt: skip
    for station in stations:
        _, err = station.communicate(timeout=120)
        assert station.returncode == 0, err
    serials = sorted(serial for (serial,) in factory.rows("SELECT serial FROM unit"))
    assert [int(serial[-6:]) for serial in serials] == list(range(1, 62))
    with factory.ledger() as ledger:
        ledger.check()


def test_a_writer_waits_for_another_and_gives_up(issued: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "_WAIT_FOR_LEDGER_S", 1)
    with issued.ledger() as one, issued.ledger() as two:
        with one.transaction():
            assert two.batches.get("B1")  # readers don't wait
            with pytest.raises(LedgerError) as busy, two.transaction():
                pass
        assert busy.value.exit_code == 5
        assert not two._db.in_transaction
        two.reads.record("B1", [a_read(1)])
        assert one.reads.times_verified("B1", 1) == 1


def test_one_command_at_a_time_works_on_a_batch(issued: Factory) -> None:
    with issued.ledger() as one, issued.ledger() as two:
        with one.locked("B1", BatchWork.KEYS):
            with pytest.raises(LedgerError, match="is releasing"), two.locked("B1", BatchWork.KEYS):
                pass
            with two.locked("B1", BatchWork.SENDING):
                pass
        with two.locked("B1", BatchWork.KEYS):
            pass


def test_all_is_done_or_nothing(issued: Factory) -> None:
    with issued.ledger() as ledger:
        before = ledger.history.head()
        with pytest.raises(ZeroDivisionError), ledger.transaction():
            ledger.reads.record("B1", [a_read(1)])
            raise ZeroDivisionError
        assert ledger.history.head() == before
        assert ledger.reads.times_verified("B1", 1) == 0


def test_a_walk_of_the_history_sees_one_moment(issued: Factory) -> None:
    with issued.ledger() as ledger, issued.ledger() as other:
        walk = ledger._db.each("SELECT seq FROM event ORDER BY seq")
        first = next(walk)
        other.reads.record("B1", [a_read(1)])
        with ledger.transaction():
            ledger.reads.record("B1", [a_read(2)])
        assert [first, *walk] == [(number,) for number in range(1, other.history.head()[0] - 1)]


# --- several stations -------------------------------------------------------------------------------------------------


def test_a_copied_folder_is_a_second_station(issued: Factory, tmp_path: Path) -> None:
    """Two folders with one ledger and one key folder: what one issues and prints, the other scans and ships; serials go
    on."""
    shutil.copytree(issued.root, tmp_path / "second", ignore=shutil.ignore_patterns("keys"))
    second = Factory(Workspace.find(str(tmp_path / "second"), tmp_path, {}))
    settings = second.root / "bss-mfg.toml"
    settings.write_text(f'{settings.read_text()}keys = "{issued.root / "keys"}"\n')
    assert issued.cli("batch", "create", "bulb", "--units", 2, "--id", "HERE").code == 0
    there = second.cli("batch", "create", "bulb", "--units", 2, "--id", "THERE")
    assert there.code == 0, there.err
    serials = [serial for (serial,) in issued.rows("SELECT serial FROM unit ORDER BY batch, number")]
    assert [int(serial[-6:]) for serial in serials] == list(range(1, 11))
    made = issued.cli("labels", "HERE", "--template", "minimal")
    assert made.code == 0, made.err
    scanned = second.cli("scan", "HERE", stdin="".join(f"{text}\n" for text in issued.payloads("HERE")))
    assert scanned.code == 0, scanned.err
    shipped = second.cli("ship", "HERE", "--verified", "--for", "pallet 1")
    assert shipped.code == 0, shipped.err
    assert issued.rows("SELECT sum(shipped) FROM package") == [(2,)]
    assert issued.cli("ledger", "check").code == second.cli("ledger", "check").code == 0


def test_what_was_read_before_is_known_at_each_station(issued: Factory, tmp_path: Path) -> None:
    """A label that another station read, and a picture that shows what was printed before a reprint."""
    shutil.copytree(issued.root, tmp_path / "second")
    second = Factory(Workspace.find(str(tmp_path / "second"), tmp_path, {}))
    assert issued.cli("batch", "create", "bulb", "--units", 2, "--id", "HERE").code == 0
    assert issued.cli("labels", "HERE").code == 0
    scan = scan_of(issued.root / "batches/HERE/labels/HERE-labels-0001.pdf", tmp_path / "scan.png")
    seen = second.cli("verify", "HERE", scan)
    assert seen.code == 0, seen.err
    again = issued.cli("scan", "HERE", "--plain", stdin=issued.payloads("HERE")[0] + "\n")
    assert (again.code, "scan.png" in again.out) == (1, True), again.out + again.err
    serial = issued.rows("SELECT serial FROM unit ORDER BY batch DESC, number LIMIT 1")[0][0]
    assert issued.cli("reprint", "HERE", serial, "--reason", "torn").code == 0
    old = second.cli("verify", "HERE", scan, "--json")
    assert (old.code, old.json["counts"]["old-picture"]) == (1, 1), old.err
    first = second.cli("scan", "HERE", "--plain", stdin=issued.payloads("HERE")[0] + "\n")
    assert first.code == 0, first.out + first.err


def test_a_station_with_the_old_vault_key_changes_nothing(issued: Factory, tmp_path: Path) -> None:
    shutil.copytree(issued.root, tmp_path / "second")
    second = Factory(Workspace.find(str(tmp_path / "second"), tmp_path, {}))
    assert issued.cli("vault", "rekey").code == 0
    before = issued.rows("SELECT count(*) FROM event")
    refused = second.cli("batch", "create", "bulb", "--units", 2, "--id", "THERE")
    assert (refused.code, "is not the one of this ledger" in refused.err) == (5, True)
    assert issued.rows("SELECT count(*) FROM event") == before
    shutil.copy(issued.root / "vault.key", second.root / "vault.key")
    assert second.cli("batch", "create", "bulb", "--units", 2, "--id", "THERE").code == 0


@pytest.mark.parametrize(("version", "later"), [(6, ("flashed_failed", "event_device")), (7, ())])
@pytest.mark.parametrize("command", [("batch", "list"), ("ledger", "grant", "--show")], ids=" ".join)
def test_a_ledger_of_a_version_before_is_brought_up_to_date(
    factory: Factory, command: tuple[str, ...], version: int, later: tuple[str, ...]
) -> None:
    """Its indexes are those of a new one."""
    found = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'bss_mfg' ORDER BY indexname"
    new = factory.rows(found)
    with factory.database() as database:
        for name in later:
            database.execute(f"DROP INDEX {name}")
        database.execute(f"UPDATE about SET value = '{version}' WHERE name = 'schema_version'")  # noqa: S608 (a number)
    assert factory.cli(*command).code == 0
    assert factory.rows(found) == new
    assert factory.rows("SELECT value FROM about WHERE name = 'schema_version'") == [(str(VERSION),)]
