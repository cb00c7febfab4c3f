"""The names that a ledger knows, looked up while somebody types: it reads only, waits for nobody, brings nothing up to
date, and would rather know nothing than take long."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.server import connect_server_to_look
from bss_mfg.ledger.sqlite import connect_to_look

PATIENCE_S = 0.5
"""How long an answer may take. A server that can't be reached takes two seconds, the least that its library waits."""
MOST = 200
"""Of more serials only how they go on is told."""
_LAST = "\U0010ffff"
"""Comes after every character of a name."""


@contextlib.contextmanager
def name_lookup(place: LedgerPlace) -> Iterator[NameLookup]:
    """The names of the ledger of a place; `BssError` where it can't be read now."""
    opened = connect_server_to_look(place, PATIENCE_S) if place.url else connect_to_look(place.file, PATIENCE_S)
    with contextlib.closing(opened) as connection:
        yield NameLookup(connection)


class NameLookup:
    """Names by what they begin with. No column that is sealed is read."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def batches(self) -> list[tuple[str, str, int, bool]]:
        """Id, product, units, and whether it is open, of all batches; the newest first."""
        rows = self._db.rows(
            "SELECT b.id, p.name, b.units, b.closed_at IS NULL AND b.retired_at IS NULL "
            "FROM batch b JOIN product p ON p.no = b.product ORDER BY b.no DESC"
        )
        return [(batch, product, units, bool(is_open)) for batch, product, units, is_open in rows]

    def serials(self, start: str, batch_id: str = "") -> list[str]:
        """The serials that begin with `start`, of a batch or of all: all of them up to `MOST`; of more, only how they
        go on, each beginning once, up to the first character in which they differ."""
        scopes = self._scopes(batch_id)
        found: list[str] = []
        for scope in scopes:
            found += self._from(scope, start, start, MOST + 1 - len(found))
            if len(found) > MOST:
                return self._beginnings(scopes, start)
        return sorted(found)

    def presses(self) -> list[str]:
        """The presses that labels waited for."""
        return [press for (press,) in self._db.rows("SELECT DISTINCT press FROM queued ORDER BY press")]

    def waiting(self) -> list[tuple[int, str, str]]:
        """Number, batch and press of what waits in queues."""
        return [
            (number, batch, press)
            for number, batch, press in self._db.rows(
                "SELECT q.no, b.id, q.press FROM queued q JOIN batch b ON b.no = q.batch "
                "WHERE q.outcome IS NULL ORDER BY q.no"
            )
        ]

    def logistic_units(self, kind: str) -> list[tuple[int, bool]]:
        """Number of all cartons or pallets, and whether it is open; the newest first."""
        return [
            (number, bool(is_open))
            for number, is_open in self._db.rows(
                "SELECT no, closed_at IS NULL FROM logistic_unit WHERE kind = ? ORDER BY no DESC", (kind,)
            )
        ]

    def flashers(self) -> list[str]:
        """The flashers that claimed units."""
        return [name for (name,) in self._db.rows("SELECT name FROM flasher ORDER BY name")]

    def _scopes(self, batch_id: str) -> list[tuple[int, int | None]]:
        """Where serials are looked for: products by their numbers, each with the number of the batch or None."""
        if batch_id:
            return [(p, no) for no, p in self._db.rows("SELECT no, product FROM batch WHERE id = ?", (batch_id,))]
        return [(number, None) for (number,) in self._db.rows("SELECT no FROM product ORDER BY no")]

    def _from(self, scope: tuple[int, int | None], start: str, first: str, most: int, order: str = "ASC") -> list[str]:
        """At most so many serials that begin with `start`, in order, from `first` on; by an index alone."""
        product, batch = scope
        of_batch = "AND batch = ?" if batch is not None else ""
        rows = self._db.rows(
            f"SELECT serial FROM unit WHERE product = ? AND serial >= ? AND serial < ? {of_batch} "  # noqa: S608 (fixed texts)
            f"ORDER BY serial {order} LIMIT ?",
            (product, first, start + _LAST, *([batch] if batch is not None else []), most),
        )
        return [serial for (serial,) in rows]

    def _beginnings(self, scopes: list[tuple[int, int | None]], start: str) -> list[str]:
        """How many serials that begin alike go on: what all have in common, and one more character."""
        ends = [
            serial
            for scope in scopes
            for order in ("ASC", "DESC")
            for serial in self._from(scope, start, start, 1, order)
        ]
        common = _common_start(ends)
        found = {common} if common in ends else set()
        for scope in scopes:
            first = common + "\x01"
            while some := self._from(scope, common, first, 1):
                found.add(some[0][: len(common) + 1])
                first = some[0][: len(common) + 1] + _LAST
        return sorted(found)


def _common_start(texts: list[str]) -> str:
    """What all texts, one at least, begin with."""
    lowest, highest = min(texts), max(texts)
    same = next((at for at, (one, other) in enumerate(zip(lowest, highest, strict=False)) if one != other), len(lowest))
    return lowest[:same]
