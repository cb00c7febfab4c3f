"""The store of reads: what scanners and the reading of label files found."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import FileVerified, LabelRead, PictureRead, ReadSubject
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.read_effects import RIGHT_VERDICTS, SCANNER, ReadEffect, effect_of

_COLUMNS: dict[ReadSubject, str] = {"file": "file_verified", "print": "print_verified"}
"""Where each fact is counted."""


@dataclass(frozen=True, slots=True)
class EarlierRead:
    """A read of a printed label: when (UTC), by whom and at which station, and in which file; `scanner` of a hand
    scanner or a phone."""

    at: str
    operator: str
    station: str
    file: str
    page: int | None


class ReadStore:
    """Reads of labels, and the two facts that follow: whose label file was read back right, and whose printed label
    was."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches

    def record(
        self,
        batch_id: str,
        reads: Sequence[LabelRead],
        file: FileVerified | None = None,
        pictures: Sequence[PictureRead] = (),
    ) -> None:
        """Append one event per page that we did not draw and one per read, and change the facts of their packages, in
        their order: a right read counts, a wrong one clears. `file` is a label file all of whose labels were read
        right, the last with these: it needn't be read again. Inside the transaction that is open, or in one of their
        own."""
        batch = self._batches.number(batch_id)
        events: list[EventRecord] = [*pictures, *reads, *([file] if file else [])]
        with contextlib.nullcontext() if self._db.in_transaction else self._db.transaction():
            self._history.append(batch_id, *events)
            for subject, column in _COLUMNS.items():
                self._db.many(
                    f"UPDATE package SET {column} = {column} * ? + ? WHERE batch = ? AND number BETWEEN ? AND ?",  # noqa: S608 (fixed texts)
                    [(keeps, more, batch, low, high) for keeps, more, low, high in _changes(reads, subject)],
                )

    def verified_files(self, batch_id: str, second_reader: bool = False) -> set[str]:
        """SHA-256 of the label files of a batch whose labels were once all read right; with `second_reader`, by
        that one too."""
        files = self._history.records(FileVerified, batch_id)
        return {file.sha256 for _, file in files if file.second_reader or not second_reader}

    def times_verified(self, batch_id: str, package: int, of: ReadSubject = "print") -> int:
        """How often a package's newest printed label was read right, or its label file was read back right."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS[of]} FROM package WHERE batch = ? AND number = ?",  # noqa: S608 (fixed texts)
            (self._batches.number(batch_id), package),
        )
        return int(rows[0][0]) if rows else 0

    def first_right_read(self, batch_id: str, package: int) -> EarlierRead | None:
        """The read by which a package's newest printed label was proven; None where none is known, as in early
        ledgers."""
        found = self.proof_of(batch_id, package)
        return found[1] if found else None

    def proof_of(self, batch_id: str, package: int) -> tuple[int, EarlierRead] | None:
        """That read, after the number of its event. It is looked for from the newest event back to it."""
        marks = ", ".join("?" * len(RIGHT_VERDICTS))
        times = self.times_verified(batch_id, package)
        if not times:
            return None
        rows = self._db.rows(
            f"SELECT seq, at, data FROM event WHERE batch = ? AND kind = '{EventKind.READ}' "  # noqa: S608 (fixed texts)
            "AND instr(data, ?) > 0 AND json_extract(data, '$.of') = 'print' "
            f"AND json_extract(data, '$.verdict') IN ({marks}) ORDER BY seq DESC LIMIT 1 OFFSET ?",
            (batch_id, f'"package":{package},', *RIGHT_VERDICTS, times - 1),
        )
        if not rows:
            return None
        ((seq, at, text),) = rows
        data = json.loads(text)
        return seq, EarlierRead(at, data["operator"], data["station"], data.get("file") or "", data.get("page"))

    def verified_packages(self, batch_id: str, packages: Sequence[int] | None = None) -> set[int]:
        """Numbers of the packages whose newest printed label was read right: of all, or of these (in order)."""
        batch = self._batches.number(batch_id)
        ranges = consecutive_ranges(packages) if packages is not None else [range(1, 1 << 62)]
        query = "SELECT number FROM package WHERE batch = ? AND number BETWEEN ? AND ? AND print_verified > 0"
        return {number for some in ranges for (number,) in self._db.rows(query, (batch, some[0], some[-1]))}

    def news(self, batch_id: str, after: int) -> list[tuple[int, str, Mapping[str, Any]]]:
        """Number, kind and data of a batch's events after the one with this number, in order."""
        query = "SELECT seq, kind, data FROM event WHERE batch = ? AND seq > ? ORDER BY seq"
        return [(seq, kind, json.loads(data)) for seq, kind, data in self._db.rows(query, (batch_id, after))]

    def all_files_verified(self, batch_id: str, packages: Sequence[int], *, first_revision: bool = False) -> bool:
        """Whether the label files of these packages count as read back right; with `first_revision`, those apart whose
        barcode was replaced since."""
        query = (
            "SELECT 1 FROM package WHERE batch = ? AND number BETWEEN ? AND ? AND file_verified = 0 "
            "AND (? = 0 OR revision = 1) LIMIT 1"
        )
        batch = self._batches.number(batch_id)
        return not any(
            self._db.rows(query, (batch, some[0], some[-1], int(first_revision)))
            for some in consecutive_ranges(packages)
        )

    def counts_by_scanner(self, batch_id: str, limit: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
        """How often the hand scanner got each verdict on a batch, and its newest reads, the newest first."""
        self._batches.number(batch_id)
        mine = f"batch = ? AND kind = '{EventKind.READ}' AND json_extract(data, '$.file') = '{SCANNER}'"
        counts = self._db.rows(
            f"SELECT json_extract(data, '$.verdict'), count(*) FROM event WHERE {mine} GROUP BY 1",  # noqa: S608 (fixed texts)
            (batch_id,),
        )
        newest = self._db.rows(f"SELECT data FROM event WHERE {mine} ORDER BY seq DESC LIMIT ?", (batch_id, limit))  # noqa: S608 (fixed texts)
        return dict(counts), [json.loads(data) for (data,) in newest]


def _changes(reads: Sequence[LabelRead], subject: ReadSubject) -> Iterator[tuple[int, int, int, int]]:
    """What reads change of a fact: (0 where it is cleared, else 1; how many right reads come then; first and last
    package)."""
    found: dict[int, tuple[int, int]] = {}
    for read in reads:
        effect = effect_of(read.verdict)
        if read.of != subject or read.package is None or effect is ReadEffect.NONE:
            continue
        keeps, more = found.get(read.package, (1, 0))
        found[read.package] = (keeps, more + 1) if effect is ReadEffect.RIGHT else (0, 0)
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for package in sorted(found):
        alike[found[package]].append(package)
    for (keeps, more), packages in alike.items():
        for some in consecutive_ranges(packages):
            yield keeps, more, some[0], some[-1]
