"""What is known of a query's rows, for as long as SQLite keeps the query prepared."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from bss_mfg.ledger.row_kinds import Checks, RowKinds


def test_a_query_that_is_asked_again_and_again_stays_known() -> None:
    """Python keeps it prepared, so SQLite never says again which columns it reads."""
    kinds = RowKinds()

    def note(_: int, table: str | None, column: str | None, *__: str | None) -> int:
        kinds.note(table, column)
        return sqlite3.SQLITE_OK

    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE product (name TEXT)")
        database.set_authorizer(note)

        def checks(sql: str) -> Checks:
            known = kinds.begin(sql)
            cursor = database.execute(sql)
            return kinds.learn(sql, cursor.description) if known is None else known

        for number in range(1_100):
            ((value_of, types),) = checks("SELECT 1, name FROM product")
            assert (value_of((1, "bulb")), types) == ("bulb", frozenset({str}))
            assert checks(f"SELECT {number}") == []
