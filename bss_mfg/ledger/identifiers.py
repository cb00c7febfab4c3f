"""The store of identifiers: MACs and what specs bring (install codes, PINs ...), each issued once in its scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bss_mfg.ledger.connection import Connection
from bss_mfg.model import Identifier

_WORKSPACE = 0
"""The scope of what is unique in a workspace; else it is the number of a batch."""
_AT_ONCE = 500
_INSERT = "INSERT INTO identifier (name, value, scope, batch, unit, imported) VALUES (?, ?, ?, ?, ?, ?)"


class IdentifierStore:
    """Which values were issued, and to which device."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def holders(self, wanted: Sequence[Identifier], batch: str | None = None) -> dict[tuple[str, bytes], str]:
        """Those of the identifiers that are taken, by name and value, with where and to whom they were issued, in
        words; for units of `batch`, if that is there already."""
        found: dict[tuple[str, bytes], str] = {}
        for name in dict.fromkeys(one.name for one in wanted):
            everywhere = [one.value for one in wanted if one.name == name and not one.batch_only]
            here = [one.value for one in wanted if one.name == name and one.batch_only]
            for value, where in self._holders(name, everywhere):
                found[name, value] = where
            for value, where in self._holders(name, here, batch) if batch else ():
                found[name, value] = where
        return found

    def claim(self, batch: int, claims: Iterable[tuple[int, Identifier]]) -> None:
        """Write down the identifiers of units (by number) of a batch, inside the caller's transaction; the database
        refuses those that are taken."""
        self._db.many(_INSERT, _rows(batch, claims))

    def claim_free(self, batch: int, claims: Iterable[tuple[int, Identifier]]) -> None:
        """As `claim`, of units that were issued before this was kept: what is taken is left to who had it first."""
        self._db.many(f"{_INSERT} ON CONFLICT DO NOTHING", _rows(batch, claims))

    def claim_imported(self, number: int, identifiers: Iterable[Identifier]) -> None:
        """Write down the identifiers of an identity that was issued before, by its number."""
        rows = [(one.name, one.value, _WORKSPACE, None, None, number) for one in identifiers]
        self._db.many(_INSERT, rows)

    def of_imported(self, number: int) -> list[Identifier]:
        """The identifiers of an identity that was issued before."""
        rows = self._db.rows("SELECT name, value FROM identifier WHERE imported = ?", (number,))
        return [Identifier(name, value) for name, value in rows]

    def _holders(self, name: str, values: Sequence[bytes], batch: str | None = None) -> Iterator[tuple[bytes, str]]:
        for at in range(0, len(values), _AT_ONCE):
            some = values[at : at + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            rows = self._db.rows(
                "SELECT i.value, b.id, u.serial, o.serial FROM identifier i "  # noqa: S608 (fixed texts)
                "LEFT JOIN batch b ON b.no = i.batch LEFT JOIN unit u ON u.batch = i.batch AND u.number = i.unit "
                f"LEFT JOIN imported o ON o.no = i.imported WHERE i.name = ? AND i.value IN ({marks})",
                (name, *some),
            )
            for value, batch_id, serial, imported in rows:
                if batch is None or batch_id == batch:
                    yield value, f"in batch {batch_id} to {serial}" if serial else f"before bss-mfg to {imported}"


def _rows(batch: int, claims: Iterable[tuple[int, Identifier]]) -> Iterator[tuple[object, ...]]:
    for unit, one in claims:
        yield one.name, one.value, batch if one.batch_only else _WORKSPACE, batch, unit, None
