"""The schema of a ledger in PostgreSQL, made of the one in `schema`: the same tables, columns, indexes and triggers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bss_mfg.ledger.postgresql_sql import translated
from bss_mfg.ledger.schema import NOT_IMPORTED, SCHEMA

NAME = "bss_mfg"
"""The schema of the database that a ledger lies in: one ledger a database."""
PERMANENT = "BSS01"
"""The SQLSTATE with which triggers refuse to change what is permanent."""

BULK = ("package", "unit", "identifier")
"""Tables that get thousands of rows at once. No foreign key of theirs is checked row by row, which would take longer
than storing them; `MISPLACED` finds what would break one."""

FUNCTIONS = r"""
CREATE FUNCTION hex(value bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT upper(encode(value, 'hex')) $$;

CREATE FUNCTION instr(value text, part text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT strpos(value, part) $$;

CREATE FUNCTION json_extract(data text, path text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT trim(BOTH '"' FROM substring(data FROM '[{,]"' || substr(path, 3) || '":("[^"\\]*"|-?[0-9]+)')) $$;

CREATE FUNCTION json_each(list text) RETURNS TABLE (value bigint) LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT CAST(json_array_elements_text(CAST(list AS json)) AS bigint) $$;
"""
"""What the stores' SQL calls and PostgreSQL lacks. `json_extract` finds a plain text or a number in an event's data. It
does not cast to JSON, which fails where a file's name is not UTF-8: within a text every quotation mark has a backslash
before it, so a name in quotation marks after a comma is a key."""

_OUTSIDE = {"wrapped_key": "length(wrapped_key) = 32", "recovery_key": "recovery_key IS NULL"}
"""What the database holds of a data key, by column: the name of its file in the key folder, and nothing else."""
KEYS_OUTSIDE = "own_key_recovery_key_check"
"""The constraint that is there where data keys lie in the key folder."""

MISPLACED = (
    "SELECT 1 FROM package k LEFT JOIN batch b ON b.no = k.batch WHERE b.no IS NULL LIMIT 1",
    "SELECT 1 FROM unit u LEFT JOIN package k ON k.batch = u.batch AND k.number = u.package "
    "LEFT JOIN product p ON p.no = u.product WHERE k.number IS NULL OR p.no IS NULL LIMIT 1",
    "SELECT 1 FROM identifier i LEFT JOIN unit u ON u.batch = i.batch AND u.number = i.unit "
    "LEFT JOIN imported o ON o.no = i.imported WHERE u.number IS NULL AND o.no IS NULL LIMIT 1",
)
"""Queries that find a row of `BULK` whose owner is not there."""

_TRIGGER = re.compile(
    r"CREATE TRIGGER (?P<once>IF NOT EXISTS )?(?P<name>\w+) (?P<moment>BEFORE \w+(?: OF [\w, ]+?)?) ON (?P<table>\w+)"
    r"\s+(?:WHEN (?P<when>.+?)\s+)?BEGIN SELECT RAISE\(ABORT, '(?P<says>[^']+)'\); END;",
    re.DOTALL,
)
_TABLE = re.compile(r"CREATE TABLE (\w+) \(\n(.*?)\n\)", re.DOTALL)
_NUMBER = re.compile(r"\bINTEGER\b")


def script(text: str) -> str:
    """A script of the schema, or of a migration, as PostgreSQL takes it."""
    numbered = "\n".join(_numbered(table) for table, body in _TABLE.findall(text) if "no INTEGER PRIMARY KEY" in body)
    text = _TABLE.sub(_table_of_server, text)
    text = _TRIGGER.sub(_refusal, text)
    text = translated(text).replace("%%", "%")
    return _NUMBER.sub("BIGINT", text) + numbered


def schema_script() -> str:
    """The whole schema, for an empty database."""
    return f"{FUNCTIONS}{script(SCHEMA)}"


def keys_outside_script() -> str:
    """What refuses data keys in the database, for a ledger that was made without it."""
    checks = ", ".join(f"ADD CHECK ({check})" for check in _OUTSIDE.values())
    return f"ALTER TABLE batch {checks}; ALTER TABLE own_key {checks};"


def guard_imports_script() -> str:
    """What refuses units whose identity was imported, made once."""
    return script(NOT_IMPORTED)


def trigger_names() -> Iterator[str]:
    """The names of all triggers that guard a ledger, the one of imports apart."""
    for found in _TRIGGER.finditer(SCHEMA):
        yield found["name"]
        if found["moment"] == "BEFORE DELETE":
            yield f"{found['table']}_no_truncate"
    for table, body in _TABLE.findall(SCHEMA):
        if "no INTEGER PRIMARY KEY" in body:
            yield f"{table}_number"


def _table_of_server(found: re.Match[str]) -> str:
    """A table with no foreign keys that are checked row by row, and with no room for a data key: what is destroyed must
    not lie in a database. A key's file is named by its SHA-256."""
    table, body = found.groups()
    for column, check in _OUTSIDE.items():
        body = body.replace(f"{column} BLOB", f"{column} BLOB CHECK ({check})")
    if table in BULK:
        body = re.sub(r" REFERENCES \w+ \([\w, ]+\)(?=,?$)", "", body, flags=re.MULTILINE)
        body = re.sub(r",?\n\s*FOREIGN KEY \([\w, ]+\)(?: REFERENCES \w+ \([\w, ]+\))?(?=,|\n|$)", "", body)
    return f"CREATE TABLE {table} (\n{body}\n)"


def _numbered(table: str) -> str:
    """Numbers without a gap, as SQLite gives them: who writes has the ledger alone. A sequence would leave one where a
    transaction is rolled back."""
    next_number = f"SELECT coalesce(max(no), 0) + 1 INTO NEW.no FROM {table}"  # noqa: S608 (fixed texts)
    body = f"IF NEW.no IS NULL THEN {next_number}; END IF;\n    RETURN NEW;"
    return _trigger_script(_Trigger(f"{table}_number", "BEFORE INSERT", table, body))


def _refusal(found: re.Match[str]) -> str:
    """A trigger of the schema that refuses something. What may not be deleted can't be truncated either."""
    name, moment, table, when = found["name"], found["moment"], found["table"], found["when"]
    says = f"RAISE EXCEPTION '{found['says']}' USING ERRCODE = '{PERMANENT}';"
    row = "OLD" if "DELETE" in moment else "NEW"
    body = f"IF {when} THEN {says} END IF;\n    RETURN {row};" if when else says
    made = _trigger_script(_Trigger(name, moment, table, body), replace=bool(found["once"]))
    if moment != "BEFORE DELETE":
        return made
    return f"""{made}
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {name}();"""


@dataclass(frozen=True, slots=True)
class _Trigger:
    name: str
    moment: str
    table: str
    body: str


def _trigger_script(trigger: _Trigger, *, replace: bool = False) -> str:
    create = "CREATE OR REPLACE" if replace else "CREATE"
    drop = f"DROP TRIGGER IF EXISTS {trigger.name} ON {trigger.table};\n" if replace else ""  # 13 replaces none
    # With a path of its own, so that no session's temporary table stands in for one of ours.
    path = f" SET search_path = {NAME}, pg_temp" if " FROM " in trigger.body else ""
    return f"""
{create} FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql{path} AS $$ BEGIN
    {trigger.body}
END $$;
{drop}CREATE TRIGGER {trigger.name} {trigger.moment} ON {trigger.table}
FOR EACH ROW EXECUTE FUNCTION {trigger.name}();"""
