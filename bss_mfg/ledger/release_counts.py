"""How often each unit's key was released, proven by the history.

From version 5 on an event names the units of a release by number, so the count of each unit is proven. Before, an
event had only how many they were: of a batch with such releases, what those left is proven as a sum. Not even that can
be proven of a batch that was released before version 4: the ledger counted nothing then, and all its units that were
not scrapped became "released once" when it was brought up to date. There only less than the history says is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import KeysReleased, KeysReleasing, LedgerMigrated, read_record
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from bss_mfg.model import Event

_WAY_OUT = "This is a torn copy, or something other than bss-mfg changed it. Keep it as evidence and use a good backup."


@dataclass(slots=True)
class ReleasedCounts:
    """What the history says of a batch's units: `steps` are changes of the count from a unit's number on; `older`, how
    many keys the releases without numbers had; `older_is_exact`, whether the ledger counted those when they were
    made; `open`, path by number of the event, the releases that were not completed."""

    steps: dict[int, int] = field(default_factory=dict)
    older: int = 0
    older_is_exact: bool = True
    open: dict[int, str] = field(default_factory=dict)

    def counter(self) -> Callable[[int], int]:
        """How often a unit was released by events with numbers; to be asked in ascending order of units' numbers."""
        steps, count = sorted(self.steps.items(), reverse=True), 0

        def count_of(number: int) -> int:
            nonlocal count
            while steps and steps[-1][0] <= number:
                count += steps.pop()[1]
            return count

        return count_of


def released_counts(events: Iterable[Event]) -> dict[str, ReleasedCounts]:
    """The counts of each batch that events speak of, in their order. Only `keys releasing`, `keys released` and `ledger
    migrated` matter; others are passed over. Memory grows with the ranges of numbers, not with the units."""
    found: dict[str, ReleasedCounts] = {}
    for event in events:
        if event.kind == EventKind.LEDGER_MIGRATED:
            migrated = read_record(event.kind, event.data)
            if isinstance(migrated, LedgerMigrated) and migrated.before < 4:
                for counts in found.values():
                    counts.older_is_exact = False
            continue
        if event.batch is None or event.kind not in (EventKind.KEYS_RELEASING, EventKind.KEYS_RELEASED):
            continue
        counts = found.setdefault(event.batch, ReleasedCounts())
        record = read_record(event.kind, event.data)
        if isinstance(record, KeysReleasing):
            for first, last in record.numbers:
                counts.steps[first] = counts.steps.get(first, 0) + 1
                counts.steps[last + 1] = counts.steps.get(last + 1, 0) - 1
            counts.open[event.seq] = record.path
        elif isinstance(record, KeysReleased):
            if record.intent is None:
                counts.older += record.units
            elif not record.left:
                counts.open.pop(record.intent, None)
    return found


def check_released(connection: Connection, history: HistoryStore) -> None:
    """Compare the units' counts and the open releases with the history; `LedgerError` at the first contradiction."""
    kinds = (EventKind.KEYS_RELEASING, EventKind.KEYS_RELEASED, EventKind.LEDGER_MIGRATED)
    found = released_counts(history.events_of(kinds))
    for number, batch in connection.rows("SELECT no, id FROM batch ORDER BY no"):
        _check_batch(connection, number, batch, found.get(batch, ReleasedCounts()))


def _check_batch(connection: Connection, batch: int, name: str, counts: ReleasedCounts) -> None:
    beyond = 0
    rows = (
        row
        for some in connection.stream(
            "SELECT number, released FROM unit WHERE batch = ? AND number > ? ORDER BY number LIMIT ?", (batch,), 10_000
        )
        for row in some
    )
    count_of = counts.counter()
    for number, released in rows:
        proven = count_of(number)
        beyond += released - proven
        if released < proven or (released > proven and not counts.older):
            raise TamperedError(
                f"the key of unit {number} of batch {name} was released {proven:,} times by the history, and counts as "
                f"released {released:,} times",
                where=connection.where,
                part=LedgerPart.RELEASES,
                way_out=_WAY_OUT,
            )
    if counts.older_is_exact and beyond != counts.older:
        raise TamperedError(
            f"{counts.older:,} keys of batch {name} were released before version 5 by the history, {beyond:,} count",
            where=connection.where,
            part=LedgerPart.RELEASES,
            way_out=_WAY_OUT,
        )
    still_open = dict(
        connection.rows("SELECT event, path FROM release WHERE batch = ? AND completed_at IS NULL", (batch,))
    )
    if still_open != counts.open:
        raise TamperedError(
            f"the releases of batch {name} that were not completed are not those of the history",
            where=connection.where,
            part=LedgerPart.RELEASES,
            way_out=_WAY_OUT,
        )
