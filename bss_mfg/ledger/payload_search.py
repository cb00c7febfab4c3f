"""Searches for barcode strings of which only a part, or only the shape, is known. They walk a batch: for reads that
failed, not for every one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection

_FEW = 4
_MAX_PARTS = 8
_SAMPLES = 12


class PayloadSearch:
    """Finds barcode strings of a batch."""

    def __init__(self, connection: Connection, batches: BatchStore) -> None:
        self._db = connection
        self._batches = batches

    def by_shape(self, batch_id: str, length: int, same: Sequence[tuple[int, int]]) -> list[str]:
        """A few strings of this length in which the characters at each pair of places (from 0) are equal."""
        equal = " ".join("AND substr(payload, ?, 1) = substr(payload, ?, 1)" for _ in same)
        places = [place + 1 for pair in same for place in pair]
        rows = self._db.rows(
            f"SELECT payload FROM package WHERE batch = ? AND length(payload) = ? {equal} LIMIT {_FEW}",  # noqa: S608 (fixed texts)
            (self._batches.number(batch_id), length, *places),
        )
        return [payload for (payload,) in rows]

    def by_parts(self, batch_id: str, parts: Sequence[str]) -> list[str]:
        """A few strings that hold these parts, those with most of them first; two parts at least, or the only one."""
        some = parts[:_MAX_PARTS]
        if not some:
            return []
        score = " + ".join("CASE WHEN instr(payload, ?) > 0 THEN 1 ELSE 0 END" for _ in some)
        rows = self._db.rows(
            f"SELECT payload FROM (SELECT payload, {score} AS score FROM package WHERE batch = ?) AS scored "  # noqa: S608 (fixed texts)
            f"WHERE score >= ? ORDER BY score DESC LIMIT {_FEW}",
            (*some, self._batches.number(batch_id), min(2, len(some))),
        )
        return [payload for (payload,) in rows]

    def common_start(self, batch_id: str) -> str:
        """What the strings of a batch begin with, by some of its packages from the first to the last."""
        batch = self._batches.number(batch_id)
        ((last,),) = self._db.rows("SELECT max(number) FROM package WHERE batch = ?", (batch,))
        numbers = sorted({1 + (last - 1) * step // _SAMPLES for step in range(_SAMPLES + 1)})
        query = "SELECT payload FROM package WHERE batch = ? AND number = ?"
        some = [str(payload) for number in numbers for (payload,) in self._db.rows(query, (batch, number))]
        alike = (len(set(characters)) == 1 for characters in zip(*some, strict=False))
        return some[0][: sum(itertools.takewhile(bool, alike))]
