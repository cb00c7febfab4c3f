"""Has each value of a ledger's file the type that the schema gives it?

SQLite's tables are STRICT, so nothing that writes in an ordinary way leaves another. Who writes the file does: a number
in a column of texts, a text that isn't UTF-8, nothing where something has to be, JSON that can't be read. Here all are
found, by table, column and row; no value is repeated, as it could be a key's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from bss_mfg.core.text import count_words, printable
from bss_mfg.ledger.schema_tables import Column, Table, tables
from bss_mfg.ledger.value_check import FORMLESS, MOST_VALUES
from bss_mfg.ledger.value_forms import FORMS, is_moment, is_record

_TYPES = {"INTEGER": "integer", "TEXT": "text", "BLOB": "blob"}
_AT_ONCE = 500
_MOMENT = "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'"


def wrong_values(database: sqlite3.Connection, *, events: bool) -> list[str]:
    """What is wrong of which value, in words; empty where nothing is. With `events` also whether what these say can be
    read, of which the chain tells better."""
    found: list[str] = []
    left = 0
    for table in tables():
        for words in _of_table(database, table, forms=events or table.name != "event"):
            if len(found) < MOST_VALUES:
                found.append(words)
            else:
                left += 1
    return [*found, f"{count_words(left, 'value')} more"] if left else found


def _of_table(database: sqlite3.Connection, table: Table, *, forms: bool) -> Iterator[str]:
    wrong: set[tuple[object, ...]] = set()
    keys, count = len(table.key) + 1, len(table.declared)
    for row in _rows(database, _query(table, forms=forms)):
        for one, kind, right in zip(table.declared, row[keys:], row[keys + count :], strict=False):
            if not right:
                wrong.add((*row[: len(table.key)], one.name))
                yield f"{table.name}.{one.name} of {_key_words(table, row)}: {_words(one, kind)}"
    texts = [one.name for one in table.declared if one.kind == "TEXT"]
    if forms and texts and not _decodes(database, table, texts):
        for name in texts:
            yield from _not_text(database, table, name, wrong)
    for (of, name), has_form in FORMS.items():
        if of == table.name:
            yield from _formless(database, table, name, has_form, wrong)


def _words(column: Column, kind: str) -> str:
    if kind == "null":
        return "nothing, where something has to be"
    if kind != _TYPES[column.kind]:
        return f"it is of type {kind}, not {_TYPES[column.kind]}"
    if is_moment(column):
        return "isn't a moment"
    if is_record(column):
        return "isn't a JSON object"
    return f"isn't among what is allowed there ({column.check})"


def _right(column: Column, *, forms: bool) -> str:
    """A condition that a value of the column is of its type and, with `forms`, as it is to be."""
    # As SQLite takes a column's type for granted, `IS NULL` is false where the schema says so: typeof looks.
    kind = f"typeof({column.name}) = '{_TYPES[column.kind]}'"
    right = f"({kind} AND ({column.check}))" if column.check else kind
    if forms and is_moment(column):
        right = f"({kind} AND {column.name} GLOB {_MOMENT} AND julianday({column.name}) IS NOT NULL)"
    if forms and is_record(column):
        right = f"({kind} AND json_valid({column.name}) AND substr({column.name}, 1, 1) = '{{')"
    return f"(typeof({column.name}) = 'null' OR {right})" if column.nullable else right


@cache
def _query(table: Table, *, forms: bool) -> str:
    """The rows of a table with a wrong value: their keys, and of each column the type and whether it is right."""
    types = [f"typeof({one.name})" for one in table.declared]
    rights = [f"coalesce({_right(one, forms=forms)}, 0)" for one in table.declared]
    columns, right = ", ".join([*_key_columns(table), *types, *rights]), " AND ".join(rights)
    return f"SELECT {columns} FROM {table.name} NOT INDEXED WHERE NOT ({right})"  # noqa: S608 (fixed texts)


def _key_columns(table: Table) -> list[str]:
    """What names a row: its key as bytes, whatever they are; the number of a batch is told by its id."""
    by_id = f"(SELECT CAST(b.id AS BLOB) FROM batch b WHERE b.no = {table.name}.batch)"  # noqa: S608 (fixed texts)
    named = [f"CAST({by_id if _is_number(table, name) else name} AS BLOB)" for name in table.key]
    return [*named, f"CAST({by_id} AS BLOB)" if _names_batch(table) else "NULL"]


def _is_number(table: Table, name: str) -> bool:
    return name == "batch" and any(one.name == name and one.kind == "INTEGER" for one in table.declared)


def _names_batch(table: Table) -> bool:
    return "batch" not in table.key and _is_number(table, "batch")


def _key_words(table: Table, row: Sequence[Any]) -> str:
    names = [f"{name} {_shown(value)}" for name, value in zip(table.key, row, strict=False)]
    batch = row[len(table.key)]
    return ", ".join([*names, f"batch {_shown(batch)}"] if batch is not None else names)


def _shown(value: bytes | None) -> str:
    return "?" if value is None else printable(value.decode("utf-8", "replace"), 80)


def _rows(database: sqlite3.Connection, query: str) -> Iterator[Any]:
    cursor = database.execute(query)
    try:
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from rows
    except sqlite3.Error:
        cursor.close()  # which would hold the ledger for as long as somebody has the error
        raise


def _decodes(database: sqlite3.Connection, table: Table, texts: Sequence[str]) -> bool:
    """Whether all texts of a table are UTF-8. Python decodes them, and says so of a row as a whole."""
    joined = " || ".join(f"coalesce({name}, '')" for name in texts)
    try:
        for _ in _rows(database, f"SELECT {joined} FROM {table.name} NOT INDEXED"):  # noqa: S608 (fixed texts)
            pass
    except sqlite3.OperationalError as error:
        if "decode to UTF-8" not in str(error):
            raise
        return False
    return True


def _values(database: sqlite3.Connection, table: Table, name: str) -> Iterator[Any]:
    """The texts of a column as bytes, each behind its key and batch."""
    columns = ", ".join([*_key_columns(table), f"CAST({name} AS BLOB)"])
    query = f"SELECT {columns} FROM {table.name} NOT INDEXED WHERE typeof({name}) = 'text'"  # noqa: S608 (fixed texts)
    return _rows(database, query)


def _not_text(database: sqlite3.Connection, table: Table, name: str, wrong: set[tuple[object, ...]]) -> Iterator[str]:
    for row in _values(database, table, name):
        place = (*row[: len(table.key)], name)
        if place not in wrong and row[-1].decode("utf-8", "replace").encode() != row[-1]:
            wrong.add(place)
            yield f"{table.name}.{name} of {_key_words(table, row)}: isn't UTF-8 text"


def _formless(
    database: sqlite3.Connection, table: Table, name: str, has_form: Any, wrong: set[tuple[object, ...]]
) -> Iterator[str]:
    for row in _values(database, table, name):
        if (*row[: len(table.key)], name) not in wrong and not has_form(row[-1]):
            yield f"{table.name}.{name} of {_key_words(table, row)}: {FORMLESS}"
