"""Values of wrong types in a ledger's file, as somebody leaves them who can write it: tables are STRICT, so their
schema is changed for the moment of writing, and put back."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.ledger.schema_tables import Column, Table, tables
from bss_mfg.ledger.value_forms import FORMS, is_moment, is_record

_OF_KIND: Mapping[str, Mapping[str, str]] = {
    "INTEGER": {"text": "'eve'", "bytes": "x'ff'", "fraction": "1.5", "nothing": "NULL"},
    "TEXT": {"number": "7", "bytes": "x'ff'", "no UTF-8": "CAST(x'65ff' AS TEXT)", "nothing": "NULL"},
    "BLOB": {"text": "'eve'", "number": "7", "nothing": "NULL"},
}
_MOMENT = {"no moment": "'eve'"}
_JSON = {"no JSON": "'{'", "a null": "'null'", "a list": "'[7]'", "an object": """'{"eve": [1e99]}'"""}


@dataclass(frozen=True, slots=True)
class WrongValue:
    """A value, as SQL, that is wrong in a column of a table."""

    table: Table
    column: Column
    what: str
    value: str

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}: {self.what}"


def wrong_values() -> Iterator[WrongValue]:
    """Each wrong type and form for each column of each table. The number of a row that SQLite itself counts can't be
    anything else."""
    for table in tables():
        for column in table.declared:
            if table.key == (column.name,) and column.kind == "INTEGER":
                continue
            of_kind = dict(_OF_KIND[column.kind])
            if column.nullable or column.name in table.key:
                del of_kind["nothing"]
            if is_moment(column):
                of_kind |= _MOMENT
            if (table.name, column.name) in FORMS or is_record(column):
                of_kind |= _JSON
            if is_record(column):
                del of_kind["an object"]
            for what, value in of_kind.items():
                yield WrongValue(table, column, what, value)


def plant(path: Path, wrong: WrongValue, batch: str) -> None:
    """Write it into a row, one of the batch where there is such. Triggers and schema are as before then."""
    table, column = wrong.table, wrong.column
    with _loosened(path, table, column) as database:
        of_batch = {"event": f"batch = '{batch}'", "batch": f"id = '{batch}'"}.get(table.name, "1")
        if table.name not in ("event", "batch") and "batch" in table.columns:
            of_batch = f"batch = (SELECT no FROM batch WHERE id = '{batch}')"  # noqa: S608
        key = ", ".join(table.key)
        row = f"SELECT {key} FROM {table.name} ORDER BY {of_batch} DESC, {key} LIMIT 1"  # noqa: S608
        written = f"UPDATE {table.name} SET {column.name} = {wrong.value} WHERE ({key}) = ({row})"  # noqa: S608
        assert database.execute(written).rowcount == 1, wrong.name


@contextlib.contextmanager
def _loosened(path: Path, table: Table, column: Column) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        found = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND (type = 'trigger' OR name = ?)"
        kept = database.execute(found, (table.name,)).fetchall()
        for kind, name, _ in kept:
            if kind == "trigger":
                database.execute(f"DROP TRIGGER {name}")
        (text,) = (sql for _, name, sql in kept if name == table.name)
        loose = re.sub(rf"\b{column.name} {column.kind}\b( NOT NULL)?", column.name, text)
        assert loose != text
        _set_schema(database, table.name, loose.replace("STRICT, ", "").replace("STRICT", ""))
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        yield database
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        _set_schema(database, table.name, text)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        for kind, _, made in kept:
            if kind == "trigger":
                database.execute(made)


def _set_schema(database: sqlite3.Connection, name: str, text: str) -> None:
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (text, name))
