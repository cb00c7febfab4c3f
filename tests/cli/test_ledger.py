"""A ledger, its vault key and its files as commands find them: private, its own, undamaged."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.helpers.factory import Factory, make_factory


def test_everything_secret_is_private(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(2)
    assert factory.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv").code == 0
    private = [factory.root / name for name in ("ledger.db", "vault.key", "dev-keys/amazon.private.pem")]
    for path in [*private, tmp_path / "keys.csv"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for folder in (factory.root, factory.root / "dev-keys", factory.root / "batches"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_foreign_vault_key_is_refused(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(1)
    other = make_factory(tmp_path / "other")
    shutil.copy(other.root / "vault.key", factory.root / "vault.key")
    refused = factory.cli("batch", "create", "bulb", "--units", 1)
    assert refused.code == 5
    assert "not the one of this ledger" in refused.err
    assert factory.cli("program", "B1", "--format", "csv", "--out", tmp_path / "x.csv").code == 5
    assert not (tmp_path / "x.csv").exists()


def test_the_vault_key_can_lie_elsewhere(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    moved = tmp_path / "safe.key"
    (factory.root / "vault.key").rename(moved)
    missing = factory.cli("batch", "create", "bulb", "--units", 1)
    assert missing.code == 6
    assert "BSS_MFG_VAULT_KEY_FILE" in missing.err
    done = factory.cli("batch", "create", "bulb", "--units", 1, env={"BSS_MFG_VAULT_KEY_FILE": str(moved)})
    assert done.code == 0


@pytest.mark.parametrize("kind", ["garbage", "newer", "other database", "zeroed pages"])
def test_a_ledger_that_is_none_is_refused(factory: Factory, kind: str) -> None:
    factory.add()
    factory.issue(50)
    path = factory.root / "ledger.db"
    if kind == "garbage":
        path.write_bytes(os.urandom(8192))
    elif kind == "other database":
        path.unlink()
        sqlite3.connect(path).execute("CREATE TABLE x (y)").connection.close()
    elif kind == "newer":
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version = 99")
        database.close()
    else:
        data = bytearray(path.read_bytes())
        data[4096:] = bytes(len(data) - 4096)
        path.write_bytes(bytes(data))
    refused = factory.cli("batch", "list")
    assert refused.code == 5, refused
    assert refused.err.startswith("Error: ")


def test_a_changed_barcode_string_is_neither_printed_nor_uploaded(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(3)
    with factory.database(unguarded=True) as database:
        database.execute("UPDATE package SET payload = replace(payload, 'PID:ebK3', 'PID:ebK4') WHERE number = 2")
    for command in (("labels", "B1"), ("manifest", "B1", "--out", factory.root / "log.txt")):
        done = factory.cli(*command)
        assert done.code == 5, done
        assert "package 2 of batch B1 was changed in the ledger" in done.err
    assert not (factory.root / "log.txt").exists()
