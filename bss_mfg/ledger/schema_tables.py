"""The tables of a ledger with their columns, read from the one text of the schema."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bss_mfg.ledger.schema import SCHEMA


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its columns, and those of its primary key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def tables() -> list[Table]:
    """The tables of a ledger with their columns and the columns of their primary key, each after those it refers to."""
    found: list[Table] = []
    for name, body in re.findall(r"CREATE TABLE (\w+) \(\n(.*?)\n\)", SCHEMA, re.DOTALL):
        lines = [line.strip() for line in body.splitlines()]
        columns = [line.split()[0] for line in lines if re.match(r"[a-z]", line)]
        added = re.findall(rf"ALTER TABLE {name} ADD COLUMN (\w+)", SCHEMA)
        renamed = dict(re.findall(rf"ALTER TABLE {name} RENAME COLUMN (\w+) TO (\w+)", SCHEMA))
        whole = re.search(r"^\s*PRIMARY KEY \(([\w, ]+)\)", body, re.MULTILINE)
        own = [line.split()[0] for line in lines if "PRIMARY KEY" in line and line.split()[0] != "PRIMARY"]
        key = [one.strip() for one in whole[1].split(",")] if whole else own
        found.append(Table(name, tuple(renamed.get(one, one) for one in [*columns, *added]), tuple(key)))
    return found
