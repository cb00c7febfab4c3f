"""Two ledgers side by side: how far they are one history, and what both have issued."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.event_chain import chain_head
from bss_mfg.ledger.event_kind import EventKind

_VALUES = {"serial": "lower(u.serial)", "mac": "u.mac", "uuid": "u.uuid"}
"""What must not be issued twice, as the query for it has it."""


@dataclass(frozen=True, slots=True)
class Twice:
    """What both ledgers issued: `name` is serial, mac, uuid or batch; the batches where each did."""

    name: str
    value: str
    here: str
    there: str


@dataclass(frozen=True, slots=True)
class OwnWay:
    """What one ledger alone has: events since the histories parted, and batches that were issued in them."""

    events: int
    batches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LedgerComparison:
    """`common_events` of both histories are the same, until `common_until` (UTC; empty where there are none). `twice`
    are the first that both issued, of `issued_twice`."""

    same_ledger: bool
    common_events: int
    common_until: str
    here: OwnWay
    there: OwnWay
    issued_twice: int
    twice: tuple[Twice, ...]


def compare(here: Database, there: Database, most: int) -> LedgerComparison:
    """Compare two ledgers whole; at most `most` of what both issued is named. Neither is changed."""
    common = _common_events(here, there)
    until = here.rows("SELECT at FROM event WHERE seq = ?", (common,))
    one, other = _own_way(here, common), _own_way(there, common)
    found = list[Twice]()
    number = 0
    for twice in _both(here, there, one, other):
        number += 1
        if number <= most:
            found.append(twice)
    same = _ledger_id(here) == _ledger_id(there)
    return LedgerComparison(same, common, until[0][0] if until else "", one, other, number, tuple(found))


def _ledger_id(database: Database) -> Any:
    return database.rows("SELECT value FROM about WHERE name = 'ledger_id'")


def _common_events(here: Database, there: Database) -> int:
    """How many of the first events are the same: each one's digest tells of all before it, so it is searched by
    halves."""
    low, high = 0, min(chain_head(here)[0], chain_head(there)[0])
    while low < high:
        middle = (low + high + 1) // 2
        of = "SELECT digest FROM event WHERE seq = ?"
        if here.rows(of, (middle,)) == there.rows(of, (middle,)):
            low = middle
        else:
            high = middle - 1
    return low


def _own_way(database: Database, common: int) -> OwnWay:
    issued = database.rows(
        "SELECT batch FROM event WHERE seq > ? AND kind = ? ORDER BY seq", (common, str(EventKind.BATCH_ISSUED))
    )
    return OwnWay(chain_head(database)[0] - common, tuple(batch for (batch,) in issued))


def _both(here: Database, there: Database, one: OwnWay, other: OwnWay) -> Iterator[Twice]:
    if not one.events or not other.events:
        return  # one is the other as it was before
    for batch in one.batches:
        if batch in other.batches:
            yield Twice("batch", batch, batch, batch)
    for name, column in _VALUES.items():
        for value, mine, theirs in _in_both(here, there, column):
            told = name != "serial" and mine.serial.lower() == theirs.serial.lower()
            if mine.identity != theirs.identity and not told:
                shown = {"serial": mine.serial, "uuid": str(uuid.UUID(bytes=mine.uuid)).upper()}.get(name, value)
                yield Twice(name, shown, mine.batch, theirs.batch)


class _Issued(NamedTuple):
    serial: str
    batch: str
    uuid: bytes
    key_digest: bytes

    @property
    def identity(self) -> tuple[bytes, bytes]:
        return self.uuid, self.key_digest


def _in_both(here: Database, there: Database, column: str) -> Iterator[tuple[Any, _Issued, _Issued]]:
    """The units of both that have the same value, in its order."""
    query = (
        f"SELECT {column}, u.serial, b.id, u.uuid, u.key_digest FROM unit u JOIN batch b ON b.no = u.batch "  # noqa: S608 (fixed texts)
        f"WHERE {column} IS NOT NULL ORDER BY 1"
    )
    mine, theirs = here.each(query), there.each(query)
    left, right = next(mine, None), next(theirs, None)
    while left is not None and right is not None:
        if left[0] == right[0]:
            yield left[0], _Issued(*left[1:]), _Issued(*right[1:])
            left, right = next(mine, None), next(theirs, None)
        elif left[0] < right[0]:
            left = next(mine, None)
        else:
            right = next(theirs, None)
