"""Ledgers that are moved: what must be the same before and after."""

from __future__ import annotations

from bss_mfg.ledger.schema_tables import tables
from tests.faults.test_vault_kills import keys_of
from tests.helpers.factory import Factory


def rows(factory: Factory) -> dict[str, list[tuple[object, ...]]]:
    """All rows. Of a data key, whether it is there: on a server its file lies in the key folder."""
    shown = {"wrapped_key": "wrapped_key IS NULL", "recovery_key": "1"}
    return {
        table.name: factory.rows(
            f"SELECT {', '.join(shown.get(one, one) for one in table.columns)} FROM {table.name} "  # noqa: S608
            f"WHERE {own(table.name)} ORDER BY {', '.join(table.key)}"
        )
        for table in tables()
    }


def own(table: str) -> str:
    return "name NOT IN ('schema_version', 'home', 'moved')" if table == "about" else "1 = 1"


def moved(factory: Factory, url: str) -> None:
    done = factory.cli("ledger", "move", "--to", url)
    assert done.code == 0, done.err
    check = factory.cli("ledger", "check")
    assert check.code == 0, check.err
    assert check.out == done.out
    assert keys_of(factory)
    assert sorted(path.name.partition(".")[0] for path in (factory.root / "keys").glob("*.key")) == ["B1"]
