"""What somebody can do to a ledger who can write its database, and knows bss-mfg: triggers are dropped and put back.

Each manipulation says which part of the ledger it is of, what the check has to name, and its statements.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bss_mfg.ledger.tampering import LedgerPart
from bss_mfg.payload.product_keys import new_development_key

_FILE = Path(__file__).with_suffix(".toml")
_VALUES: Mapping[str, Any] = {
    "eve": "ee" * 32,
    "uuid": b"eve's own device",
    "key": b"eve's own key, thirty-two octets",
    "pem": new_development_key("p256")[1].decode(),
    "octets16": bytes(16),
    "octets32": bytes(32),
    "octets40": bytes(40),
    "text": "x",
    "short": b"eve",
}
_SWAP = (
    "CREATE TEMP TABLE eve AS SELECT (SELECT {column} FROM {table} WHERE {one}) AS one, "
    "(SELECT {column} FROM {table} WHERE {other}) AS two",
    "UPDATE {table} SET {column} = {between} WHERE {one}",
    "UPDATE {table} SET {column} = (SELECT one FROM eve) WHERE {other}",
    "UPDATE {table} SET {column} = (SELECT two FROM eve) WHERE {one}",
    "DROP TABLE eve",
)
"""Two rows exchange the values of a column that is unique."""


@dataclass(frozen=True, slots=True)
class Manipulation:
    """Its part, words that the error has to hold, and statements with their values. `only_file`: of what a database on
    a server doesn't hold."""

    part: LedgerPart
    names: tuple[str, ...]
    statements: tuple[tuple[str, tuple[Any, ...]], ...]
    only_file: bool


def _read() -> dict[str, Manipulation]:
    found = tomllib.loads(_FILE.read_text("utf-8"))
    return {
        name: Manipulation(
            LedgerPart(one["part"]), tuple(one["names"]), tuple(_statements(one)), one.get("only_file", False)
        )
        for name, one in found.items()
    }


def _statements(one: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for statement in one.get("sql", ()):
        yield _with_values(statement)
    swaps: Sequence[Sequence[str]] = one.get("swaps", ())
    for table, column, row, other, between in swaps:
        for statement in _SWAP:
            yield _with_values(statement.format(table=table, column=column, one=row, other=other, between=between))


def _with_values(statement: str) -> tuple[str, tuple[Any, ...]]:
    sql = re.sub(r"\{([A-Z])\}", r"(SELECT no FROM batch WHERE id = '\1')", statement)
    mark = re.compile(rf":({'|'.join(_VALUES)})\b")
    return mark.sub("?", sql), tuple(_VALUES[name] for name in mark.findall(sql))


MANIPULATIONS: Mapping[str, Manipulation] = _read()
