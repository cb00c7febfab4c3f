"""The SQL of the stores: all of it is found, SQLite takes it, and what reads a key is seen. PostgreSQL is asked in
`tests/independent/postgresql`."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from bss_mfg.ledger.postgresql_sql import reads_secrets, translated
from bss_mfg.ledger.schema import SCHEMA
from bss_mfg.ledger.schema_stations import UNIT_OF_EVENT
from tests.helpers.statements import statements

FOUND, UNKNOWN = statements()
TEMPORARY = [one.sql for one in FOUND if one.sql.startswith("CREATE TEMP")]


def test_all_statements_are_found() -> None:
    assert UNKNOWN == []
    assert len(FOUND) > 150
    assert len(TEMPORARY) == 2


def test_sqlite_takes_them() -> None:
    database = sqlite3.connect(":memory:")
    for script in (SCHEMA, *TEMPORARY):
        database.executescript(script)
    for one in (one for one in FOUND if one.sql not in TEMPORARY):
        names = set(re.findall(r"(?<!:):(\w+)", re.sub("'[^']*'", "", one.sql)))
        values = dict.fromkeys(names) if names else (None,) * one.sql.count("?")
        database.execute(f"EXPLAIN {one.sql}", values)
    database.close()


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("SELECT sealed_key FROM unit", True),
        ("SELECT * FROM unit", True),
        ("SELECT u.* FROM unit u", True),
        ("SELECT count(wrapped_key) FROM batch", True),
        ("UPDATE batch SET template = wrapped_key WHERE no = ?", True),
        ("UPDATE batch SET closed_at = NULL WHERE wrapped_key = ?", True),
        ("INSERT INTO about SELECT 'x', recovery_key FROM own_key", True),
        ("UPDATE unit SET sealed_key = NULL RETURNING extra", True),
        ("SELECT count(*) FROM unit", False),
        ("SELECT * FROM event", False),
        ("SELECT units * 2 FROM batch", False),
        ("UPDATE unit SET sealed_key = NULL, extra = NULL WHERE batch = ?", False),
        ("INSERT INTO unit (batch, sealed_key, extra) VALUES (?, ?, ?)", False),
    ],
)
def test_what_reads_a_secret_is_seen(sql: str, reads: bool) -> None:
    assert reads_secrets(sql) is reads


def test_only_the_store_of_keys_reads_secrets() -> None:
    """And what compares sealed keys with the digests of them in the history: `bound_check` reads for it."""
    readers = {"keys.py", "wrapped_keys.py", "bound_check.py"}
    assert {one.place.partition(":")[0] for one in FOUND if reads_secrets(one.sql)} == readers


def test_the_unit_of_an_event_is_its_key_alone() -> None:
    """In no text that stands before it, and as JSON has it; PostgreSQL reads it with its own function."""
    assert translated(UNIT_OF_EVENT) == "CAST(json_extract(data, '$.unit') AS BIGINT)"
    database = sqlite3.connect(":memory:")
    for before in ('"unit":7,', 'unit":7', "unit", '\\"unit":7', "\\"):
        data = json.dumps({"operator": before, "unit": 12, "passed": True}, separators=(",", ":"))
        query = f"SELECT {UNIT_OF_EVENT}, json_extract(data, '$.unit') FROM (SELECT ? AS data)"  # noqa: S608 (fixed texts)
        assert database.execute(query, (data,)).fetchall() == [(12, 12)], data
    database.close()


def test_words_in_texts_stay() -> None:
    sql = (
        "SELECT '? :name 100% TEXT' FROM unit INDEXED BY unit_place WHERE a = ? AND b::text LIKE :c "
        "AND CAST(d AS TEXT) = 'BLOB'"
    )
    assert translated(sql) == (
        "SELECT '? :name 100%% TEXT' FROM unit WHERE a = %s AND b::text LIKE %(c)s AND CAST(d AS TEXT) = 'BLOB'"
    )
