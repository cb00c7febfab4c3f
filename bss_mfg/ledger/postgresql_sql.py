"""The stores' SQL as PostgreSQL takes it: one text for both databases, and the few words that differ replaced here.

What SQLite has and PostgreSQL lacks is made there as functions of the ledger's schema (`postgresql_schema`); what has
no counterpart at all is not used by the stores.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bss_mfg.ledger.connection import SECRET_COLUMNS

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*') | (?P<cast>::) | :(?P<name>[A-Za-z_]\w*) | (?P<mark>\?) | (?P<percent>%)
    | (?P<hint>\s+INDEXED\ BY\ \w+) | (?P<rowid>(?<=\))\s*(?:STRICT,\s*WITHOUT\ ROWID|STRICT|WITHOUT\ ROWID)\b)
    | \bCAST\((?P<bytes>\w+)\ AS\ BLOB\)
    | \bCAST\(substr\(data,\ instr\(data,\ '"(?P<number>\w+)":'\)\ \+\ \d+\)
    | (?P<temp>\btemp\.(?=\w)) | (?P<blob>\bBLOB\b) | (?P<collated>(?<!AS\ )\bTEXT\b)""",
    re.VERBOSE,
)


@lru_cache(maxsize=4_096)
def translated(sql: str) -> str:
    """A statement with the placeholders of psycopg."""
    return _TOKEN.sub(_replacement, sql)


def _replacement(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "mark":
            return "%s"
        case "name":
            return f"%({found['name']})s"
        case "percent":
            return "%%"
        case "text":
            return found[0].replace("%", "%%")
        case "hint" | "rowid":
            return ""
        case "bytes":
            return f"convert_to({found['bytes']}, 'UTF8')"  # a cast would read backslashes as escapes
        case "number":  # whose cast would refuse what stands behind the number
            return f"CAST(json_extract(data, '$.{found['number']}')"
        case "temp":
            return "pg_temp."
        case "blob":
            return "BYTEA"
        case "collated":
            return 'TEXT COLLATE "C"'  # ordered by bytes, as in SQLite
    return found[0]


@dataclass(frozen=True, slots=True)
class PlainInsert:
    """An INSERT of values alone, which may be done by COPY: `values` are the constants by place, None for a mark."""

    table: str
    columns: tuple[str, ...]
    values: tuple[int | None, ...]


_INSERT = re.compile(r"\s*INSERT INTO (\w+)\s*(?:\(([\w\s,]+)\))?\s*VALUES \(([?\d\s,]+)\)\s*")


@lru_cache(maxsize=256)
def plain_insert(sql: str) -> PlainInsert | None:
    """What a plain INSERT says; None where the statement is anything else."""
    if (found := _INSERT.fullmatch(sql)) is None:
        return None
    table, columns, values = found.groups()
    return PlainInsert(
        table,
        tuple(name.strip() for name in (columns or "").split(",") if name.strip()),
        tuple(None if value.strip() == "?" else int(value) for value in values.split(",")),
    )


_SECRET = re.compile(rf"\b(?:{'|'.join(sorted({column for _, column in SECRET_COLUMNS}))})\b")
_ALL_COLUMNS = re.compile(r"(?:\bSELECT|,|\.|\bRETURNING)\s*\*")
_WRITTEN = re.compile(r"\s*INSERT INTO \w+\s*\([^)]*\)|(?<=\bSET )(.*?)(?=\bWHERE\b|$)", re.DOTALL)
_TARGET = re.compile(r"(?:^|(?<=,))\s*\w+ = ")


@lru_cache(maxsize=4_096)
def reads_secrets(sql: str) -> bool:
    """Whether a statement reads what is sealed; that it may write it is nothing. SQLite asks for each column when it
    prepares a statement; PostgreSQL can't be asked, so its text is."""
    read = _WRITTEN.sub(lambda found: _TARGET.sub("", found[1]) if found[1] else "", sql)
    if _SECRET.search(read):
        return True
    tables = {table for table, _ in SECRET_COLUMNS}
    return bool(_ALL_COLUMNS.search(read)) and any(re.search(rf"\b{table}\b", read) for table in tables)
