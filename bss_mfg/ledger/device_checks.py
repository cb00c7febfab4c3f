"""The store of checks on air: how often a unit was tried, and which units have proven their keys.

The events are all that is kept: a unit's are found by its number in the database.
"""

from __future__ import annotations

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import DeviceChecked, DeviceChecking
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.proofs import (
    flashed_at,
    is_proven,
    last_checks,
    proven_units,
    unproven_packages,
    waiting_packages,
)
from bss_mfg.ledger.unit_state import scrapped_packages

MOST_ATTEMPTS = 3
"""How often a unit is tried without a reason: whoever could try at will could look for keys."""


class DeviceCheckStore:
    """Attempts and proofs on air."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches

    def attempts(self, batch_id: str, number: int) -> int:
        """How many checks of a unit were begun since it was flashed; of a test table each exchange is one."""
        flashed = flashed_at(self._db, batch_id, number)
        begun = self._history.events_with(batch_id, DeviceChecking, "unit", number)
        return sum(event.data.get("exchanges", 1) for event in begun if event.seq > flashed)

    def begin(self, batch_id: str, number: int, reason: str = "") -> None:
        """Count an attempt, before its key is opened; `RefusedError` where there were too many and no reason is
        given."""
        batch = self._batches.number(batch_id)
        with self._db.transaction():
            before = self.attempts(batch_id, number)
            if before >= MOST_ATTEMPTS and not reason:
                query = "SELECT serial FROM unit WHERE batch = ? AND number = ?"
                ((serial,),) = self._db.rows(query, (batch, number))
                raise RefusedError(
                    f"was checked {before} times",
                    where=f"batch {batch_id}, {serial}",
                    way_out="Nothing was sent to the device. Find out what is wrong with it, then add "
                    "--again --reason TEXT.",
                )
            self._history.append(batch_id, DeviceChecking(unit=number, reason=reason or None))

    def begin_table(self, batch_id: str, number: int, exchanges: int, reason: str) -> None:
        """Count the exchanges of a test table as one act, before the first. It is more than a unit is allowed, so it
        always has a reason."""
        self._batches.number(batch_id)
        if not reason:
            raise ValueError("a test table has a reason")
        self._history.append(batch_id, DeviceChecking(unit=number, reason=reason, exchanges=exchanges))

    def end(self, batch_id: str, outcome: DeviceChecked) -> None:
        """Write down how an attempt ended."""
        self._history.append(batch_id, outcome)

    def proven(self, batch_id: str) -> frozenset[int]:
        """Numbers of the units of a batch whose last check passed, after they were flashed: *proven on air*."""
        return proven_units(self._db, batch_id)

    def is_proven(self, batch_id: str, number: int) -> bool:
        """Whether a unit's last check passed, after it was flashed."""
        return is_proven(self._db, batch_id, number)

    def waiting_packages(self, batch_id: str) -> set[int]:
        """Numbers of the verified packages of a batch, without a scrapped unit, that wait for a proof on air."""
        return waiting_packages(self._db, batch_id, self._batches.number(batch_id))

    def unproven_packages(self, batch_id: str) -> set[int]:
        """Numbers of the packages of a batch, without a scrapped unit, that wait for a proof on air, whether their
        labels were read or not."""
        batch = self._batches.number(batch_id)
        return unproven_packages(self._db, batch_id, batch) - scrapped_packages(self._db, batch)

    def failed(self, batch_id: str) -> dict[int, str]:
        """The verdicts of units of a batch whose last check did not pass, after they were flashed, by number."""
        last = last_checks(self._history, batch_id).of
        return {number: record.verdict for number, record in sorted(last.items()) if not record.passed}
