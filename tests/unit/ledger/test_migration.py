"""Ledgers of every earlier version go on."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bss_mfg.errors import from_os_error
from bss_mfg.ledger import migration, proofs
from bss_mfg.ledger import sqlite as sqlite_door
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.tampering import TamperedError
from bss_mfg.model import Identifier
from bss_mfg.workspace.workspace import Workspace
from tests.helpers import ROOT
from tests.helpers.commands import Outcome, advised
from tests.helpers.factory import Factory, make_factory

TRIGGERS = "SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'index') AND name NOT LIKE 'sqlite_%'"


OLD = ROOT / "tests" / "unit" / "ledger" / "old_ledgers"


def old_workspace(root: Path, version: int | str) -> Factory:
    """A workspace with a ledger that an earlier version made, by its number or the name of its file."""
    factory = make_factory(root)
    (factory.root / "ledger.db").unlink()
    database = sqlite3.connect(factory.root / "ledger.db")
    database.executescript((OLD / f"v{version}.sql").read_text())
    database.close()
    shutil.copy(OLD / f"v{version}.key", factory.workspace.vault_file)
    return factory


@pytest.mark.parametrize("version", [1, 2, 3, 5, 6, 7])
def test_a_ledger_of_every_earlier_version_goes_on(tmp_path: Path, version: int) -> None:
    factory = old_workspace(tmp_path / "w", version)
    before = sqlite3.connect(factory.root / "ledger.db").execute("SELECT seq, digest FROM event").fetchall()
    with factory.ledger() as ledger:
        assert ledger.check() == len(before) + 1
        assert [event.data["from"] for event in ledger.history.events_of(("ledger migrated",))] == [version]
        assert ("OLD" in ledger.unbound_batches()) is (version < 7)  # rows are bound since then
        assert ledger.batches.counts("OLD") == {
            "packages": 3, "printed": 3, "file_verified": 3, "print_verified": 0, "shipped": 0, "scrapped": 0,
            "scrapped_packages": 0, "replaced": 0, "packed": 0, "packed_not_shipped": 0,
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
            "packages": 6, "printed": 5, "file_verified": 5, "print_verified": 0, "shipped": 0, "scrapped": 1,
            "scrapped_packages": 0, "replaced": 1, "packed": 0, "packed_not_shipped": 0,
        }  # fmt: skip
        units = list(open_keys(ledger).units("OLD", factory.workspace.open_vault()))
        assert len(units) == 12
        assert ledger.batches.closed_at("SHORT")
        assert ledger.batches.retired_at("SHORT")
        assert ledger.units.scrap("OLD", [units[0].serial], "test") == [units[0].serial]
        assert [ledger.history.digest_of(seq) for seq, _ in before] == [digest.hex() for _, digest in before]


@pytest.mark.parametrize("name", ["v4", "v4_scans", "v5", "v6", "v7"])
def test_fresh_and_migrated_ledgers_are_alike(tmp_path: Path, name: str) -> None:
    factory, other = old_workspace(tmp_path / "w", name[1:]), make_factory(tmp_path / "other")
    with factory.ledger():
        pass
    with sqlite3.connect(other.root / "ledger.db") as new, sqlite3.connect(factory.root / "ledger.db") as old:
        tables = [table for (table,) in new.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        assert {table: columns(old, table) for table in tables} == {table: columns(new, table) for table in tables}
        assert {*old.execute(TRIGGERS)} - {("unit_not_imported",)} == {*new.execute(TRIGGERS)}


def test_what_an_older_ledger_read_is_told_apart(tmp_path: Path) -> None:
    """Its own file read back, and printed labels read at a station or in a picture; the latter of the newest print only
    (make_scans.py says what became of each package)."""
    factory = old_workspace(tmp_path / "w", "4_scans")
    with factory.ledger() as ledger:
        ledger.check()
        facts = [
            tuple(ledger.reads.times_verified("SCANS", number, of) for of in ("file", "print"))
            for number in range(1, 9)
        ]
        assert facts == [(1, 1), (1, 2), (1, 2), (1, 0), (1, 0), (1, 0), (0, 1), (1, 0)]
        assert [ledger.reads.times_verified("DOTS", 1, of) for of in ("file", "print")] == [1, 0]
        counts = ledger.batches.counts("SCANS")
        assert (counts["file_verified"], counts["print_verified"], counts["shipped"]) == (7, 4, 1)
        states = ledger.units.states("SCANS", [f"ebK3{number:08d}" for number in range(1, 10)])
        assert list(states.values()) == [
            "verified", "verified", "shipped", "printed", "printed", "printed", "scrapped", "printed", "verified"
        ]  # fmt: skip
    assert factory.rows("SELECT revision, file_verified, print_verified FROM superseded") == [(1, 1, 0)]
    done = factory.cli("ship", "SCANS", "--verified", "--for", "pallet 2")
    assert "3 packages shipped" in done.err


def columns(database: sqlite3.Connection, table: str) -> set[tuple[object, ...]]:
    return {tuple(row[1:]) for row in database.execute(f"PRAGMA table_info({table})")}


def test_macs_of_older_ledgers_are_not_issued_again_and_those_that_came_twice_are_named(tmp_path: Path) -> None:
    factory = old_workspace(tmp_path / "w", 4)
    with sqlite3.connect(factory.root / "ledger.db") as database:
        serials = [serial for (serial,) in database.execute("SELECT serial FROM unit ORDER BY batch, number LIMIT 3")]
        macs = ("C47C8D6A1025", "C47C8D6A1025", "C47C8D6A1027")
        database.executemany("UPDATE unit SET mac = ? WHERE serial = ?", zip(macs, serials, strict=True))
    done = factory.cli("ledger", "check", "--json")
    assert done.code == 0, done.err
    assert [(one["name"], one["value"]) for one in done.json["issued_twice"]] == [("mac", "C47C8D6A1025")]
    assert all(serial in done.err for serial in serials[:2])
    with factory.ledger() as ledger:
        wanted = [Identifier("mac", mac.encode()) for mac in macs]
        holders = ledger.identities.identifiers.holders(wanted)
    assert {value.decode(): where.rpartition(" ")[2] for (_, value), where in holders.items()} == {
        macs[0]: serials[0], macs[2]: serials[2]
    }  # fmt: skip


def test_what_older_batches_brought_is_noted_with_the_first_key_for_it(tmp_path: Path) -> None:
    """As of a ledger before version 5: install codes lie there, and no digest of them."""
    factory = make_factory(tmp_path / "w")
    factory.add("sensor", spec="amazon-zss-ob02")
    head, codes = (
        "serial,mac,install_code",
        ("83FED3407A939723A5C639B26916D505C3B5", "00FED3407A939723A5C639B26916D505F70B"),
    )

    def create(batch: str, serial: str, mac: str, code: str) -> Outcome:
        (tmp_path / "ids.csv").write_text(f"{head}\n{serial},{mac},{code}\n")
        return factory.cli(
            "batch", "create", "sensor", "--units", 1, "--id", batch, "--identities", tmp_path / "ids.csv"
        )

    assert create("Z1", "A1", "BE91A2B05327F4D0", codes[0]).code == 0
    with sqlite3.connect(factory.root / "ledger.db") as database:
        (trigger,) = database.execute("SELECT sql FROM sqlite_schema WHERE name = 'identifier_no_delete'").fetchone()
        database.execute("DROP TRIGGER identifier_no_delete")
        database.execute("DELETE FROM identifier WHERE name = 'install_code'")
        database.execute("DELETE FROM own_key")
        database.execute(trigger)
    refused = create("Z2", "A2", "BE91A2B05327F4D1", codes[0])
    assert (refused.code, "its install_code was issued in batch Z1 to A1" in refused.err) == (5, True), refused.err
    assert create("Z2", "A2", "BE91A2B05327F4D1", codes[1]).code == 0


def test_names_of_control_logs_of_older_ledgers_are_not_given_again(tmp_path: Path) -> None:
    factory = old_workspace(tmp_path / "w", 4)
    names = [file for (file,) in factory.rows("SELECT file FROM manifest")]
    with factory.ledger() as ledger:
        assert names and all(ledger.control_logs.batch_of_name(name) for name in names)
        assert not ledger.control_logs.take_name("OLD", names[0], str(tmp_path))


def test_proofs_of_a_ledger_of_version_7_are_found_by_the_index(tmp_path: Path) -> None:
    """It calls no function of JSON any more, and the schema is trusted no more. Unit 2 failed after it had passed."""
    factory = old_workspace(tmp_path / "w", 7)
    with factory.ledger() as ledger:
        assert ledger._db.rows("PRAGMA trusted_schema") == [(0,)]
        assert ledger.device_checks.proven("OLD") == {1}
        assert [ledger.device_checks.is_proven("OLD", number) for number in (1, 2, 3)] == [True, False, False]
        (plan,) = ledger._db.rows(f"EXPLAIN QUERY PLAN {proofs._LAST}", ("OLD", 2))
        assert plan[3] == "SEARCH event USING INDEX event_device (batch=? AND <expr>=?)"
        ledger.check()


EVE = "CREATE TRIGGER eve AFTER INSERT ON event BEGIN UPDATE unit SET scrapped = 1; END"


@pytest.mark.parametrize("version", [1, 4, 6, 7])
def test_a_foreign_schema_of_an_earlier_version_is_refused_and_nothing_changes(tmp_path: Path, version: int) -> None:
    """Its triggers would act on what brings it up to date."""
    factory = old_workspace(tmp_path / "w", version)
    with contextlib.closing(sqlite3.connect(factory.root / "ledger.db")) as database:
        database.execute(EVE)
        before = [*database.iterdump()]
    for _ in range(2):
        refused = factory.cli("history", "OLD")
        assert (refused.code, "trigger eve is foreign" in refused.err) == (5, True), refused.err
    with contextlib.closing(sqlite3.connect(factory.root / "ledger.db")) as database:
        assert [*database.iterdump()] == before
        assert database.execute("PRAGMA user_version").fetchall() == [(version,)]


def test_a_version_7_is_compared_before_anything_of_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where SQLite can't read its schema without trust."""
    factory = old_workspace(tmp_path / "w", 7)
    with contextlib.closing(sqlite3.connect(factory.root / "ledger.db")) as database:
        database.executescript(
            "DROP INDEX event_device; CREATE INDEX event_device ON event (batch, json_extract(data, '$.eve'), seq)"
        )
    monkeypatch.setattr(migration, "MIGRATIONS", {})
    with pytest.raises(TamperedError) as found:
        factory.ledger()
    assert found.value.problems == ("index event_device was changed",)


@pytest.mark.parametrize("moment", ["run_script", "set_schema_version"])
def test_a_killed_migration_is_done_anew(tmp_path: Path, moment: str) -> None:
    factory = old_workspace(tmp_path / "w", 7)
    killed = (
        "import os, sys\nfrom pathlib import Path\nfrom bss_mfg.ledger import sqlite\n"
        "from bss_mfg.ledger.ledger import Ledger\nfrom bss_mfg.model import Actor\n"
        f"real = sqlite.SqliteConnection.{moment}\n"
        "def die(*arguments):\n    real(*arguments)\n    os._exit(9)\n"
        f"sqlite.SqliteConnection.{moment} = die\nLedger.open(Path(sys.argv[1]), Actor('', '', ''))\n"
    )
    path = factory.root / "ledger.db"
    done = subprocess.run([sys.executable, "-c", killed, str(path)], cwd=ROOT, timeout=300, check=False)
    assert done.returncode == 9
    with factory.ledger() as ledger:
        assert [event.data["from"] for event in ledger.history.events_of(("ledger migrated",))] == [7]
        ledger.check()


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_who_may_not_write_is_told_that_the_ledger_is_of_an_earlier_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A ledger of version 7 on a read-only disk could be read by the program before."""
    factory = old_workspace(tmp_path / "w", 7)

    def refuse(path: Path) -> None:
        raise from_os_error(OSError(number, ""), "taking the lock", path)

    monkeypatch.setattr(sqlite_door, "waiting_lock", refuse)
    refused = factory.cli("history", "OLD")
    assert refused.code == 3
    assert "earlier version" in refused.err
    shutil.copytree(factory.root, tmp_path / "copy")
    monkeypatch.undo()
    (way,) = advised(refused)
    assert Factory(Workspace.find(str(tmp_path / "copy"), tmp_path, {})).cli(*way).code == 0
