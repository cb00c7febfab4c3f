"""The ledger: private, append-only, tamper-evident, and honest about damage."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bss_mfg.errors import InputError, LedgerError, MissingError
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.network_drives import refuse_network
from bss_mfg.ledger.sqlite import WAL_SAFE, journal
from bss_mfg.ledger.units import LookupColumn
from bss_mfg.ledger.vault import MemoryKey, Vault
from bss_mfg.model import Identifier, Secret
from bss_mfg.workspace import vault_key_storage
from bss_mfg.workspace.vault_key_lines import Keeping
from tests.helpers.factory import Factory, a_read


@pytest.mark.sqlite
def test_settings_are_those_that_lost_nothing(factory: Factory) -> None:
    mode, level = journal()
    assert (mode, level) == (("WAL", "FULL") if sqlite3.sqlite_version_info >= WAL_SAFE else ("DELETE", "EXTRA"))
    with factory.ledger() as ledger:
        values = {
            name: ledger._db.rows(f"PRAGMA {name}")[0][0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert values == {
        "journal_mode": mode.lower(), "synchronous": 3 if level == "EXTRA" else 2, "foreign_keys": 1,
        "secure_delete": 1,
    }  # fmt: skip


def test_history_can_only_grow(factory: Factory) -> None:
    factory.add()
    factory.issue(2)
    with factory.database() as database:
        for statement in (
            "UPDATE event SET data = '{}'",
            "DELETE FROM event",
            "UPDATE package SET payload = 'x'",
            "UPDATE unit SET serial = 'x'",
            "DELETE FROM unit",
        ):
            with pytest.raises(Exception, match=r"append-only|made once|issued for ever"):
                database.execute(statement)


@pytest.mark.parametrize("change", ["data", "at", "kind", "batch", "removed", "swapped"])
def test_a_changed_history_is_found(factory: Factory, change: str) -> None:
    factory.add()
    factory.issue(2)
    factory.issue(2, "B2")
    with factory.database(unguarded=True) as database:
        if change == "removed":
            database.execute("DELETE FROM event WHERE seq = 3")
        elif change == "swapped":
            rows = database.execute(
                "SELECT at, kind, batch, data FROM event WHERE seq IN (3, 4) ORDER BY seq"
            ).fetchall()
            for seq, row in zip((4, 3), rows, strict=True):
                database.execute("UPDATE event SET at=?, kind=?, batch=?, data=? WHERE seq=?", (*row, seq))
        else:
            database.execute(f"UPDATE event SET {change} = {change} || 'x' WHERE seq = 3")  # noqa: S608
    with factory.ledger() as ledger, pytest.raises(LedgerError, match="changed at event 3"):
        ledger.check()


def test_an_untouched_history_passes(factory: Factory) -> None:
    factory.add()
    factory.issue(2)
    with factory.ledger() as ledger:
        assert ledger.check() == ledger.history.head()[0] == 3


def test_a_vault_key_file_shows_damage(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    vault_key_storage.save_vault_key(Vault.generate(), path, Keeping("file"), vault_key_storage.refuse_to_ask)
    text = path.read_text()
    for position in range(0, len(text) - 1, 7):
        path.write_text(text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :])
        with pytest.raises(InputError, match="not a vault key file, or it is damaged"):
            vault_key_storage.load_vault_key(path)
    path.unlink()
    with pytest.raises(MissingError):
        vault_key_storage.load_vault_key(path)


def test_a_sealed_key_opens_only_for_its_unit() -> None:
    vault = Vault(MemoryKey(Secret(os.urandom(32))))
    data_key, wrapped = vault.new_data_key("B1")
    sealed = data_key.seal(7, b"u" * 16, Secret(b"k" * 16))
    assert vault.unwrap("B1", wrapped).open(sealed) == Secret(b"k" * 16)
    for changed in ({"number": 8}, {"uuid": b"v" * 16}, {"digest": bytes(32)}, {"seal": 1}):
        with pytest.raises(LedgerError, match="was changed"):
            data_key.open(replace(sealed, **changed))
    with pytest.raises(LedgerError, match="can't be unwrapped"):
        vault.unwrap("B2", wrapped)


def test_secrets_show_nothing() -> None:
    secret = Secret(b"top-secret")
    assert "top" not in f"{secret!r} {secret} {secret:>30}"
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)


def test_a_network_file_system_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mounts = f"/dev/x / ext4 rw 0 0\nserver:/share {tmp_path} nfs4 rw 0 0\n"
    real = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda self, *a, **k: mounts if str(self) == "/proc/mounts" else real(self, *a, **k)
    )
    with pytest.raises(InputError, match="network file system"):
        refuse_network(tmp_path / "ledger.db")
    refuse_network(Path("/var/ledger.db"))


@pytest.mark.sqlite
def test_no_lookup_walks_the_ledger(factory: Factory) -> None:
    """A unit is found by an index, in a ledger of any size: what takes a millisecond must not take a second later."""
    factory.add(oob_bytes=16)
    factory.issue(2)
    with factory.ledger() as ledger:
        package = next(ledger.packages.stream("B1"))
        (unit,) = package.units
        plans: list[str] = []
        real = ledger._db.rows

        def explained(query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
            plans.extend(f"{row[3]}: {query}" for row in real(f"EXPLAIN QUERY PLAN {query}", values))
            return real(query, values)

        ledger._db.rows = explained  # type: ignore[method-assign, assignment]
        assert ledger.units.find_by_serial(unit.serial)
        assert ledger.packages.find_by_payload(package.payload)
        assert ledger.units.find_by_uuid(unit.uuid)
        assert ledger.identities.issued_serials([unit.serial])
        assert ledger.identities.serials_between(unit.serial, unit.serial + "~")
        assert not ledger.identities.serials_between(unit.serial + "0", unit.serial + "~")
        assert not ledger.identities.identifiers.holders([Identifier("mac", b"C47C8D6A1025")])
        assert ledger.identities.issued_uuids([unit.uuid])
        assert not ledger.identities.issued_key_digests([b"k" * 32])
        asked: list[tuple[LookupColumn, Any]] = [
            ("serial", unit.serial), ("uuid", unit.uuid.bytes), ("key_digest", b"k" * 32), ("number", 1)
        ]  # fmt: skip
        for by, value in asked:
            assert bool(ledger.units.find("B1", by, [value, value])) == (by != "key_digest")
            assert bool(open_keys(ledger).digests("B1", by, [value], None, scrapped=True)) == (by != "key_digest")
        assert ledger.units.states("B1", [unit.serial])
        assert ledger.units.positions("B1", [unit.serial])
        assert ledger.reads.times_verified("B1", 1) == 0
        assert ledger.units.serials_ever_in("B1", 1)
        assert next(ledger.packages.stream("B1", 2, 1))
        assert not ledger.packages.is_scrapped("B1", 1)
    walks = [
        plan for plan in plans if plan.startswith("SCAN") and not plan.startswith(("SCAN product", "SCAN CONSTANT"))
    ]
    assert walks == []


def test_labels_read_right_are_counted_each_time(factory: Factory) -> None:
    factory.add()
    factory.issue(9)
    with factory.ledger() as ledger:
        ledger.reads.record("B1", [a_read(package) for package in (1, 2, 3, 3, 2, 9)])
        counted = [ledger.reads.times_verified("B1", number) for number in range(1, 10)]
    assert counted == [1, 2, 2, 0, 0, 0, 0, 0, 1]


def test_what_is_read_in_a_moment_is_of_one(issued: Factory) -> None:
    """What another writes meanwhile comes before it or after it."""

    def note() -> None:
        with issued.ledger() as other:
            other.reads.record("B1", [a_read(1)])

    with issued.ledger() as ledger:
        other = Thread(target=note)
        with ledger.moment():
            before = ledger.history.head()
            other.start()
            other.join(0.3)  # where a reader keeps writers waiting it does not end
            with ledger.moment():
                assert ledger.history.head() == before
            assert ledger.history.head() == before
        other.join()
        assert ledger.history.head() > before
