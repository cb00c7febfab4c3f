"""Who does not open the key store reaches no key."""

from __future__ import annotations

import pytest

from bss_mfg.errors import LedgerError
from bss_mfg.ledger.connection import SECRET_COLUMNS
from bss_mfg.ledger.keys import KeyStore, open_keys
from tests.helpers.factory import Factory


def test_no_store_of_a_ledger_has_a_key(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    own = {name for name in vars(KeyStore) if not name.startswith("_")}
    with factory.ledger() as ledger:
        assert not hasattr(ledger, "keys")
        for store in vars(ledger).values():
            assert not own & set(dir(store)), store


@pytest.mark.parametrize(("table", "column"), sorted(SECRET_COLUMNS))
def test_the_database_refuses_to_read_what_is_sealed(factory: Factory, table: str, column: str) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    with factory.ledger() as ledger:
        for query in ("SELECT {} FROM {}", "SELECT count({}) FROM {}"):
            with pytest.raises(LedgerError, match="not opened for keys"):
                ledger._db.rows(query.format(column, table))
        with pytest.raises(LedgerError, match="not opened for keys"):
            ledger._db.rows(f"SELECT * FROM {table}")  # noqa: S608
        keys = open_keys(ledger)
        units = list(keys.units("B1", factory.workspace.open_vault()))
        assert all(unit.key for unit in units)
        with pytest.raises(LedgerError, match="not opened for keys"):
            ledger._db.rows(f"SELECT {column} FROM {table}")  # noqa: S608
