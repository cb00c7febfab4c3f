"""A thousand keys of a retired batch: no byte is left in any file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bss_mfg.ledger.keys import open_keys
from tests.helpers.factory import Factory
from tests.helpers.programmed import program


def octets_of(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


@pytest.mark.parametrize("protected", [True, False])
def test_no_octet_of_a_retired_batch_is_left(
    factory: Factory, protected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,000 keys, as sealed in the ledger, and their data key: none is found in any file, once retired. Without
    secure_delete and the clearing of freed pages they are."""
    import bss_mfg.ledger.ledger as opening
    from bss_mfg.ledger import sqlite

    factory.add(oob_bytes=16)
    factory.issue(1_000)
    with sqlite3.connect(factory.root / "ledger.db") as db:
        sealed = [row[0] for row in db.execute("SELECT sealed_key FROM unit")]
        wrapped = db.execute("SELECT wrapped_key FROM batch").fetchone()[0]
    plain = [bytes.fromhex(row["oob_key"]) for row in program(factory)]
    factory.cli("manifest", "B1", "--format", "control-log", "--out", factory.root / "log.json")
    held = octets_of(factory.root)
    assert sum(one in held for one in sealed) == 1_000
    assert wrapped in held
    if not protected:
        real = sqlite.connect

        def careless(path: Path, *, create: bool = False) -> sqlite.SqliteConnection:
            opened = real(path, create=create)
            opened.execute("PRAGMA secure_delete = OFF")
            return opened

        monkeypatch.setattr(opening, "connect", careless)
    with factory.ledger() as ledger:
        assert open_keys(ledger).retire("B1", "test")
    held = octets_of(factory.root)
    found = sum(one in held or one[:16] in held or one[-16:] in held for one in [*sealed, wrapped])
    assert (found == 0) is protected, found
    assert not any(key in held or key.hex().encode() in held.lower() for key in plain)
