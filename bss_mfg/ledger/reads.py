"""The store of reads: what scanners and the reading of label files found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import FileVerified, LabelRead
from bss_mfg.ledger.history import HistoryStore


class ReadStore:
    """Reads of labels, and how often each package was read right."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches

    def record(
        self, batch_id: str, reads: Sequence[LabelRead], verified: Iterable[int], file: FileVerified | None = None
    ) -> None:
        """Append one event per read, and count the packages that were read right. `file` is a label file all of whose
        labels were read right, the last with these: it needn't be read again."""
        batch = self._batches.number(batch_id)
        events: list[EventRecord] = [*reads, *([file] if file else [])]
        with self._db.transaction():
            self._history.append(batch_id, *events)
            self._db.many(
                "UPDATE package SET verified = verified + 1 WHERE batch = ? AND number BETWEEN ? AND ?",
                [(batch, some[0], some[-1]) for some in consecutive_ranges(verified)],
            )

    def verified_files(self, batch_id: str, second_reader: bool = False) -> set[str]:
        """SHA-256 of the label files of a batch whose labels were once all read right; with `second_reader`, by
        that one too."""
        files = self._history.records(FileVerified, batch_id)
        return {file.sha256 for _, file in files if file.second_reader or not second_reader}

    def times_verified(self, batch_id: str, package: int) -> int:
        """How often a package's label was read right."""
        rows = self._db.rows(
            "SELECT verified FROM package WHERE batch = ? AND number = ?", (self._batches.number(batch_id), package)
        )
        return int(rows[0][0]) if rows else 0

    def counts_by_scanner(self, batch_id: str, limit: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
        """How often the hand scanner got each verdict on a batch, and its newest reads, the newest first."""
        self._batches.number(batch_id)
        mine = f"batch = ? AND kind = '{EventKind.READ}' AND json_extract(data, '$.file') = 'scanner'"
        counts = self._db.rows(
            f"SELECT json_extract(data, '$.verdict'), count(*) FROM event WHERE {mine} GROUP BY 1",  # noqa: S608 (fixed texts)
            (batch_id,),
        )
        newest = self._db.rows(f"SELECT data FROM event WHERE {mine} ORDER BY seq DESC LIMIT ?", (batch_id, limit))  # noqa: S608 (fixed texts)
        return dict(counts), [json.loads(data) for (data,) in newest]
