"""The store of pictures: which were read before, and which printed labels have to be read anew since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import (
    LABELS_MADE,
    LabelFileEvent,
    PackagesReturned,
    PictureRead,
    UnitReplaced,
    read_record,
)
from bss_mfg.ledger.history import EVENTS_AT_ONCE, HistoryStore

RENEWING = LABELS_MADE | {EventKind.UNIT_REPLACED, EventKind.PACKAGES_RETURNED}
"""What was read of a printed label before one of these proves nothing any more."""
_KINDS = tuple(sorted({*RENEWING, EventKind.PICTURE_READ}))


@dataclass(frozen=True, slots=True)
class FirstRead:
    """When a picture was read first: after which event, and at what time."""

    after: int
    at: str


@dataclass(frozen=True, slots=True)
class PicturesBefore:
    """What the history of a batch says up to its event `seen`: the newest event that renewed labels (0: none) and its
    time, and the pictures that were read first before that one, by the digests of their files and pages."""

    seen: int
    newest: int
    newest_at: str
    first_reads: Mapping[str, FirstRead]

    def at(self, seen: int) -> PicturesBefore:
        """The same up to a later event, between which and this no label was renewed."""
        return replace(self, seen=seen)


@dataclass(frozen=True, slots=True)
class Renewal:
    """An event after which the printed labels of some packages have to be read anew; `packages` as first and last of
    consecutive numbers."""

    seq: int
    at: str
    kind: EventKind
    packages: Sequence[Sequence[int]]

    def without_packages(self) -> Renewal:
        """The same without the packages, which may be many."""
        return replace(self, packages=())


class PictureStore:
    """Pictures that were read, and what happened to labels since."""

    def __init__(self, connection: Connection, history: HistoryStore) -> None:
        self._db = connection
        self._history = history

    def look(self, batch_id: str) -> PicturesBefore:
        """All that the history says by now, in one walk over the batch's events. Memory is what the pictures before
        the newest renewal take, and for a moment what all take."""
        seen, _ = self._history.head()
        newest, newest_at = 0, ""
        first_reads: dict[str, FirstRead] = {}
        marks = ", ".join("?" * len(_KINDS))
        query = (
            f"SELECT seq, at, kind, CASE kind WHEN ? THEN data END FROM event WHERE batch = ? AND kind IN ({marks}) "  # noqa: S608 (fixed texts)
            "AND seq > ? ORDER BY seq LIMIT ?"
        )
        for rows in self._db.stream(query, (EventKind.PICTURE_READ, batch_id, *_KINDS), EVENTS_AT_ONCE):
            for seq, at, kind, data in rows:
                seen = max(seen, seq)
                if kind == EventKind.PICTURE_READ:
                    _remember(first_reads, json.loads(data), at)
                else:
                    newest, newest_at = seq, at
        old = {digest: first for digest, first in first_reads.items() if first.after < newest}
        return PicturesBefore(seen, newest, newest_at, old)

    def news(self, batch_id: str, after: int) -> tuple[int, bool]:
        """The number of the newest event, and whether one after `after` renewed labels of the batch."""
        newest = max(after, self._history.head()[0])
        marks = ", ".join("?" * len(RENEWING))
        query = f"SELECT 1 FROM event WHERE batch = ? AND seq > ? AND kind IN ({marks}) LIMIT 1"  # noqa: S608 (fixed texts)
        return newest, bool(self._db.rows(query, (batch_id, after, *RENEWING)))

    def renewals(self, batch_id: str) -> Iterator[Renewal]:
        """The events that renewed labels of packages, in order."""
        for event in self._history.events_of(tuple(sorted(RENEWING)), batch_id):
            record = read_record(event.kind, event.data)
            packages: Sequence[Sequence[int]] = ()
            if isinstance(record, LabelFileEvent) and record.each in (None, "package"):
                packages = record.ranges
            elif isinstance(record, UnitReplaced):
                packages = [(record.package, record.package)]
            elif isinstance(record, PackagesReturned):
                packages = record.packages
            if packages:
                yield Renewal(event.seq, event.at, EventKind(event.kind), packages)


def _remember(first_reads: dict[str, FirstRead], data: Mapping[str, object], at: str) -> None:
    record = read_record(EventKind.PICTURE_READ, data)
    assert isinstance(record, PictureRead)  # noqa: S101  (the kind says so)
    for digest in (record.sha256, record.pixels):
        before = first_reads.get(digest)
        if before is None or record.after < before.after:
            first_reads[digest] = FirstRead(record.after, at)
