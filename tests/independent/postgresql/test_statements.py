"""Each statement of the stores is one that PostgreSQL takes as well."""

from __future__ import annotations

from bss_mfg.ledger.postgresql_sql import translated
from tests.helpers.factory import Factory
from tests.helpers.postgres import opened
from tests.helpers.statements import Statement, marks_as_numbers, statements

FOUND, _ = statements()
TEMPORARY = [one.sql for one in FOUND if one.sql.startswith("CREATE TEMP")]


def test_postgresql_takes_them(empty_factory: Factory) -> None:
    url = empty_factory.workspace.ledger_place.url
    refused: list[tuple[Statement, str]] = []
    with opened(url) as database:
        for script in TEMPORARY:
            database.execute(script)
        connection = database.connection.pgconn
        for one in (one for one in FOUND if one.sql not in TEMPORARY):
            result = connection.prepare(b"", marks_as_numbers(translated(one.sql)).encode())
            if result.status != 1:
                refused.append((one, result.error_message.decode()))
    assert refused == []


def test_a_wrong_statement_would_be_seen(empty_factory: Factory) -> None:
    """The negative control."""
    with opened(empty_factory.workspace.ledger_place.url) as database:
        result = database.connection.pgconn.prepare(b"", b"SELECT sum(released > 0) FROM unit")
    assert result.status != 1
