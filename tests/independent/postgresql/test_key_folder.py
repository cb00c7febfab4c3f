"""Data keys of a ledger on a server lie outside of the database: what it keeps of old rows reveals none of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.key_folder import KeyFolder, WrappedKey
from bss_mfg.ledger.postgresql import PostgresConnection
from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace.workspace import Workspace
from tests.faults.test_vault_kills import keys_of
from tests.helpers.factory import Factory, issue_lamps, make_factory
from tests.helpers.postgres import Server, programs
from tests.needs import needs

pytestmark = needs("postgresql")


def key_file(factory: Factory, batch: str = "B1") -> Path:
    (found,) = (factory.root / "keys").glob(f"{batch}.*.key")
    return found


def ready_to_retire(factory: Factory) -> None:
    for command in (
        ("manifest", "make", "B1", "--out", factory.root / "log.txt"),
        ("program", "B1", "--format", "csv", "--out", factory.root.parent / "keys.csv"),
    ):
        done = factory.cli(*command)
        assert done.code == 0, done.err


def retired(factory: Factory) -> None:
    done = factory.cli("retire", "B1", "--acknowledged", "letter")
    assert done.code == 0, done.err


def forms(secret: bytes) -> list[bytes]:
    """A secret as it is, and as a dump writes it."""
    return [secret, secret.hex().encode()]


def test_nothing_of_a_data_key_is_ever_in_the_database(server: Server, tmp_path: Path) -> None:
    """Neither pages, nor the server's log of changes, nor a dump hold the key that `retire` destroys: not wrapped, and
    not sealed to the officer. The units' sealed keys are there, and prove that the search finds what is."""
    factory = make_factory(tmp_path / "w", server.new_database("searched"))
    _, public = new_development_key("p256")
    (tmp_path / "officer.pub").write_bytes(public)
    assert factory.cli("vault", "recipient", tmp_path / "officer.pub").code == 0
    issue_lamps(factory)
    url = factory.workspace.ledger_place.url
    with factory.ledger() as ledger:
        folder = KeyFolder(factory.root / "keys", ledger.settings.ledger_id())
    ((reference,),) = factory.rows("SELECT wrapped_key FROM batch")
    keys = [folder.get("B1", bytes(reference))]
    assert factory.cli("vault", "rekey").code == 0
    ((reference,),) = factory.rows("SELECT wrapped_key FROM batch")
    keys.append(folder.get("B1", bytes(reference)))
    sealed = [bytes(one) for (one,) in factory.rows("SELECT sealed_key FROM unit")]
    ready_to_retire(factory)
    dump = [programs_folder() / "pg_dump", "--dbname", url]
    before = subprocess.run(dump, check=True, capture_output=True).stdout
    retired(factory)
    after = subprocess.run(dump, check=True, capture_output=True).stdout
    server.run("CHECKPOINT")
    held = [path.read_bytes() for path in (server.folder / "data").rglob("*") if path.is_file()]
    held += [before, after]
    for key in keys:
        assert key.recovery is not None
        for secret in (key.wrapped, key.recovery):
            assert not any(form in piece for piece in held for form in forms(secret[12:44]))
    for secret in sealed:
        assert any(secret in piece for piece in held)
        assert forms(secret)[1] in before
        assert forms(secret)[1] not in after
    assert list((factory.root / "keys").glob("*.key")) == []


def programs_folder() -> Path:
    folder = programs()
    assert folder
    return folder


def test_the_database_takes_no_data_key(issued: Factory) -> None:
    with issued.database() as database:
        for change in (
            "UPDATE batch SET wrapped_key = sha256('x') || sha256('y')",
            "UPDATE batch SET recovery_key = '\\x00'",
            "INSERT INTO own_key (name, wrapped_key) VALUES ('.x', sha256('x') || sha256('y'))",
            "INSERT INTO own_key (name, wrapped_key, recovery_key) VALUES ('.x', sha256('x'), '\\x00')",
        ):
            with pytest.raises(psycopg.errors.CheckViolation):
                database.execute(change)


def test_files_are_of_their_owner_alone(issued: Factory) -> None:
    assert key_file(issued).stat().st_mode & 0o777 == 0o600
    assert (issued.root / "keys").stat().st_mode & 0o777 == 0o700


def test_a_station_without_the_folder_is_told_the_way_out(issued: Factory, tmp_path: Path) -> None:
    """It prints and scans; what needs keys names the folder, and works once the folder is where it is said to be."""
    shutil.copytree(issued.root, tmp_path / "second")
    shutil.rmtree(tmp_path / "second" / "keys")
    second = Factory(Workspace.find(str(tmp_path / "second"), tmp_path, {}))
    assert second.cli("labels", "B1", "--template", "minimal").code == 0
    before = issued.rows("SELECT count(*) FROM event")
    for command in (
        ("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv"),
        ("batch", "create", "bulb", "--units", 2, "--id", "NEXT"),
        ("vault", "rekey"),
    ):
        refused = second.cli(*command)
        assert (refused.code, "[ledger]" in refused.err) == (6, True), refused.err
    assert issued.rows("SELECT count(*) FROM event") == before
    assert not (tmp_path / "k.csv").exists()
    check = second.cli("ledger", "check", "--json")
    assert (check.code, check.json["keys_elsewhere"]) == (0, ["B1"])
    settings = second.root / "bss-mfg.toml"
    settings.write_text(settings.read_text() + f'keys = "{issued.root / "keys"}"\n')
    assert second.cli("batch", "create", "bulb", "--units", 2, "--id", "NEXT").code == 0
    done = issued.cli("program", "NEXT", "--format", "csv", "--out", tmp_path / "k.csv")
    assert done.code == 0, done.err
    assert second.cli("vault", "rekey").code == 0


def test_a_lost_file_is_a_fault_where_the_folder_is(issued: Factory, tmp_path: Path) -> None:
    """Each way out works as it is typed: the file put back, or the settings say that only some were carried here."""
    file = key_file(issued)
    kept = shutil.move(file, tmp_path)
    check = issued.cli("ledger", "check")
    assert (check.code, "no file of 1 data key: B1" in check.err) == (5, True), check.err
    assert issued.cli("vault", "status").code == 1
    settings = issued.root / "bss-mfg.toml"
    text = settings.read_text()
    settings.write_text(f"{text}carried_keys = true\n")
    carried = issued.cli("ledger", "check", "--json")
    assert (carried.code, carried.json["keys_elsewhere"]) == (0, ["B1"])
    settings.write_text(text)
    shutil.move(kept, file)
    assert issued.cli("ledger", "check").code == 0


def test_a_folder_that_is_named_and_not_mounted_is_a_fault(issued: Factory) -> None:
    settings = issued.root / "bss-mfg.toml"
    settings.write_text(f'{settings.read_text()}keys = "/mnt/not mounted"\n')
    check = issued.cli("ledger", "check")
    assert (check.code, "no file of 1 data key: B1" in check.err) == (5, True), check.err


def test_a_file_that_is_not_here_is_named_and_may_be_carried(issued: Factory, tmp_path: Path) -> None:
    ready_to_retire(issued)
    moved = shutil.move(key_file(issued), tmp_path)
    for command in (
        ("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv", "--again", "--reason", "lost"),
        ("retire", "B1", "--acknowledged", "letter"),
        ("vault", "rekey"),
    ):
        refused = issued.cli(*command)
        assert (refused.code, Path(moved).name in refused.err) == (6, True), refused.err
    assert issued.rows("SELECT count(*) FROM event WHERE kind IN ('batch retired', 'vault rekeyed')") == [(0,)]
    shutil.copy(moved, issued.root / "keys")
    retired(issued)


def test_a_damaged_file_is_not_taken_for_a_key(issued: Factory, tmp_path: Path) -> None:
    content = key_file(issued).read_bytes()
    key_file(issued).write_bytes(content.replace(b'"wrapped": "', b'"wrapped": "00'))
    for command in (("ledger", "check"), ("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv")):
        refused = issued.cli(*command)
        assert (refused.code, key_file(issued).name in refused.err) == (5, True), refused.err


def test_keys_of_another_ledger_are_left_alone(issued: Factory, tmp_path: Path) -> None:
    shutil.rmtree(issued.root / "keys")
    folder = KeyFolder(issued.root / "keys", "another")
    folder.prepare()
    folder.put("B1", WrappedKey(b"x", None))
    refused = issued.cli("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv")
    assert (refused.code, "another ledger" in refused.err) == (3, True), refused.err
    with pytest.raises(RefusedError):
        KeyFolder(issued.root / "keys", "a third").prepare()
    assert issued.cli("ledger", "check", "--json").json["key_files_unnamed"] == [key_file(issued).name]


def test_what_a_killed_issue_left_goes_with_the_next_of_its_name(issued: Factory) -> None:
    """And no file of a batch that is there is taken away by who asks for its name once more."""
    folder = KeyFolder(issued.root / "keys", (issued.root / "keys" / "ledger-id").read_text().strip())
    folder.put("NEXT", WrappedKey(b"left", None))
    assert issued.cli("ledger", "check", "--json").json["key_files_unnamed"] == [key_file(issued, "NEXT").name]
    assert issued.cli("batch", "create", "bulb", "--units", 2, "--id", "NEXT").code == 0
    assert len(list((issued.root / "keys").glob("*.key"))) == 2
    assert issued.cli("batch", "create", "bulb", "--units", 3, "--id", "NEXT").code == 4
    assert len(list((issued.root / "keys").glob("*.key"))) == 2
    assert issued.cli("ledger", "check", "--json").json["key_files_unnamed"] == []
    assert len(keys_of(issued)) == 8


def test_a_destruction_that_was_cut_off_is_told_and_ended(
    issued: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed once the file is destroyed and before the ledger knows: the keys are gone, and the command says so."""
    ready_to_retire(issued)
    real: Callable[..., int] = KeyFolder.destroy

    class Killed(BaseException):
        pass

    def destroy_and_stop(self: KeyFolder, name: str) -> int:
        real(self, name)
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(KeyFolder, "destroy", destroy_and_stop)
        issued.cli("retire", "B1", "--acknowledged", "letter")
    again = ("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv", "--again", "--reason", "lost")
    refused = issued.cli(*again)
    assert (refused.code, " retire B1" in refused.err) == (6, True), refused.err
    mark = issued.root / "keys" / "B1.retiring"
    mark.unlink()  # the control: without it, the file could as well lie at another station
    assert issued.cli("retire", "B1", "--acknowledged", "letter").code == 6
    mark.touch()
    retired(issued)
    assert sorted(path.name for path in (issued.root / "keys").iterdir()) == ["ledger-id"]


def test_a_file_that_a_backup_brought_back_is_told_and_destroyed(issued: Factory, tmp_path: Path) -> None:
    ready_to_retire(issued)
    kept = shutil.copy(key_file(issued), tmp_path)
    retired(issued)
    shutil.copy(kept, issued.root / "keys")
    check = issued.cli("ledger", "check", "--json")
    assert (check.code, check.json["key_files_unnamed"]) == (0, [Path(kept).name])
    retired(issued)
    assert list((issued.root / "keys").glob("*.key")) == []


def test_who_reads_a_key_while_it_is_wrapped_anew_gets_the_new_one(issued: Factory) -> None:
    """The file that a command was about to read is gone, because another changed the officer just then."""
    _, public = new_development_key("p256")
    (issued.root / "officer.pub").write_bytes(public)
    real = KeyFolder.get
    changed: list[int] = []

    def get_late(self: KeyFolder, name: str, reference: bytes) -> WrappedKey:
        if not changed:
            changed.append(1)
            changed.append(issued.cli("vault", "recipient", issued.root / "officer.pub").code)
        return real(self, name, reference)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(KeyFolder, "get", get_late)
        from bss_mfg.ledger.keys import open_keys

        vault = issued.workspace.open_vault()
        with issued.ledger() as ledger:
            assert open_keys(ledger).data_key("B1", vault).batch == "B1"
    assert changed == [1, 0]


def test_the_file_that_a_ledger_was_moved_from_stops_a_retirement(issued: Factory, tmp_path: Path) -> None:
    ready_to_retire(issued)
    (issued.root / "ledger.db.moved").write_bytes(b"as it was")
    refused = issued.cli("retire", "B1", "--acknowledged", "letter")
    assert (refused.code, "ledger.db.moved" in refused.err) == (4, True)
    (issued.root / "ledger.db.moved").rename(tmp_path / "archived")
    retired(issued)


@pytest.mark.parametrize("killed", [False, True])
def test_keys_that_a_database_holds_are_carried_out(
    issued: Factory, monkeypatch: pytest.MonkeyPatch, *, killed: bool
) -> None:
    """A ledger that was made before there was a key folder."""
    keys = keys_of(issued)
    content = json.loads(key_file(issued).read_bytes())
    shutil.rmtree(issued.root / "keys")
    with issued.database() as database:
        for table in ("batch", "own_key"):
            for column in ("wrapped_key", "recovery_key"):
                database.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_check")
        database.execute("UPDATE batch SET wrapped_key = ?", (bytes.fromhex(content["wrapped"]),))
    if killed:
        with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
            patched.setattr(PostgresConnection, "_commit", lambda *_: 1 // 0)
            issued.ledger()
    assert keys_of(issued) == keys
    assert issued.rows("SELECT length(wrapped_key) FROM batch") == [(32,)]
    with issued.database() as database, pytest.raises(psycopg.errors.CheckViolation):
        database.execute("UPDATE batch SET wrapped_key = ?", (bytes.fromhex(content["wrapped"]),))
    check = issued.cli("ledger", "check", "--json")
    assert (check.code, check.json["key_files_unnamed"]) == (0, [])
