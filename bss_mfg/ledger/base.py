"""What all of the ledger's tables share: the connection, one transaction at a time, rows in slices, the history."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from pathlib import Path
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.ledger import audit
from bss_mfg.ledger.connection import transaction, translated_errors
from bss_mfg.model import Actor


class LedgerBase:
    """An open connection. Reading methods return records; writing ones commit before they return."""

    def __init__(self, connection: sqlite3.Connection, path: Path, who: Actor) -> None:
        self._db = connection
        self._path = path
        self._who = who

    @property
    def path(self) -> Path:
        """The ledger's file."""
        return self._path

    @property
    def who(self) -> Actor:
        """Who acts through this connection."""
        return self._who

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside are one."""
        return transaction(self._db, self._path)

    def _note(self, batch: str | None, kind: str, data: Mapping[str, Any]) -> None:
        audit.append_events(self._db, self._who, batch, [(kind, data)])

    def note(self, batch: str | None, kind: str, data: Mapping[str, Any]) -> None:
        """Append one event to the history."""
        with self.transaction():
            self._note(batch, kind, data)

    def _rows(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        with translated_errors(self._path):
            return self._db.execute(query, values).fetchall()

    def _stream(self, query: str, values: Sequence[object], size: int, after: int = 0) -> Iterator[list[Any]]:
        """Rows in slices by key (the first column), so that no read lock is held while the caller works."""
        while rows := self._rows(query, (*values, after, size)):
            yield rows
            after = rows[-1][0]

    def _number(self, batch_id: str) -> int:
        rows = self._rows("SELECT no FROM batch WHERE id = ?", (batch_id,))
        if not rows:
            raise unknown_batch(batch_id)
        return int(rows[0][0])


def unknown_batch(batch_id: str) -> InputError:
    """The error for a batch id that is not in the ledger."""
    return InputError(
        f"there is no batch {batch_id[:80]!a} in this ledger",
        way_out="`bss-mfg batch list` shows the ids; upper and lower case differ.",
    )


def consecutive_ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers as (first, last) of consecutive ones."""
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        some = [number for _, number in run]
        yield some[0], some[-1]
