"""Of which types the rows of a query may be, by what the schema says of the columns that it reads.

SQLite says which columns a statement reads when it is prepared, and how its results are called. A result called as a
column that was read is of that column's types; one that is computed may be of any. This is a tripwire: whether a value
is wrong is then looked at in the tables (`value_check`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from types import NoneType
from typing import Any

from bss_mfg.ledger.schema_tables import tables

_MOST_STATEMENTS = 500
"""More than Python keeps prepared: of those SQLite doesn't say again which columns they read."""
_TYPES: dict[str, type] = {"INTEGER": int, "TEXT": str, "BLOB": bytes}

Checks = Sequence[tuple[Callable[[Any], Any], frozenset[type]]]
"""What gives a row's value, and its types."""


class RowKinds:
    """What is known of the statements of a connection."""

    def __init__(self) -> None:
        self._known: dict[str, Checks] = {}
        self._read: set[tuple[str | None, str | None]] = set()

    def note(self, table: str | None, column: str | None) -> None:
        """A column that the statement reads which is prepared now."""
        self._read.add((table, column))

    def begin(self, sql: str) -> Checks | None:
        """What was learned of a statement; None of a new one, which is to be prepared then."""
        known = self._known.pop(sql, None)
        if known is None:
            self._read.clear()
        else:
            self._known[sql] = known  # the newest now
        return known

    def learn(self, sql: str, description: Sequence[Sequence[Any]] | None) -> Checks:
        """What a statement gives that was just prepared, as its cursor calls it."""
        if len(self._known) >= _MOST_STATEMENTS:  # lists of marks are of any length
            del self._known[next(iter(self._known))]  # the oldest
        empty = frozenset({NoneType} if "LEFT JOIN" in sql else ())
        found = []
        for place, (name, *_) in enumerate(description or ()):
            types = [_allowed()[one] for one in self._read if one[1] == name and one in _allowed()]
            if types:
                found.append((itemgetter(place), empty.union(*types)))
        self._known[sql] = found
        return found

    def let_pass(self, sql: str) -> None:
        """A statement whose results are called as columns and aren't of their types."""
        self._known[sql] = ()


@cache
def _allowed() -> dict[tuple[str | None, str | None], frozenset[type]]:
    return {
        (table.name, one.name): frozenset({_TYPES[one.kind], NoneType} if one.nullable else {_TYPES[one.kind]})
        for table in tables()
        for one in table.declared
    }
