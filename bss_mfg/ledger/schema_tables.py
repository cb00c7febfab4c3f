"""The tables of a ledger with their columns, read from the one text of the schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from bss_mfg.ledger.schema import SCHEMA

_TABLE = re.compile(r"CREATE TABLE (\w+) \(\n(.*?)\n\)", re.DOTALL)
_KEY = re.compile(r"^\s*PRIMARY KEY \(([\w, ]+)\)", re.MULTILINE)
_ADDED = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (.*?);")
_RENAMED = re.compile(r"ALTER TABLE (\w+) RENAME COLUMN (\w+) TO (\w+)")
_COLUMN = re.compile(r"(\w+) (INTEGER|TEXT|BLOB)\b(.*?)(?:CHECK \((.*)\))?,?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the schema declares it: INTEGER, TEXT or BLOB, whether it may be empty, and what its values have to
    fulfil, as SQL (no column with such a condition was ever renamed)."""

    name: str
    kind: str
    nullable: bool
    check: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its columns, and those of its primary key."""

    name: str
    declared: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(one.name for one in self.declared)


@cache
def tables() -> tuple[Table, ...]:
    """The tables of a ledger with their columns and the columns of their primary key, each after those it refers to."""
    added, renamed = _ADDED.findall(SCHEMA), _RENAMED.findall(SCHEMA)
    found: list[Table] = []
    for name, body in _TABLE.findall(SCHEMA):
        lines = [line.strip() for line in body.splitlines()]
        whole = _KEY.search(body)
        own = [line.split()[0] for line in lines if "PRIMARY KEY" in line and line.split()[0] != "PRIMARY"]
        key = tuple(one.strip() for one in whole[1].split(",")) if whole else tuple(own)
        now = {old: new for of, old, new in renamed if of == name}
        columns = [_COLUMN.fullmatch(line) for line in [*lines, *(line for of, line in added if of == name)]]
        declared = tuple(
            Column(
                now.get(column, column),
                kind,
                nullable="NOT NULL" not in more and column not in key,
                check=check,
            )
            for column, kind, more, check in (one.groups("") for one in columns if one)
        )
        found.append(Table(name, declared, key))
    return tuple(found)
