"""The store of the history: events are appended and read, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TypeVar

from bss_mfg.ledger import event_chain
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import kinds_of, read_record
from bss_mfg.model import Actor, Event

Record = TypeVar("Record", bound=EventRecord)

EVENTS_AT_ONCE = 500
"""Events that are read at once; no lock is held between."""


class HistoryStore:
    """The ledger's append-only history."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._db = connection
        self._actor = actor

    def append(self, batch: str | None, *records: EventRecord) -> None:
        """Append events, inside the transaction that is open or in one of their own."""
        entries = [(record.kind, record.to_data()) for record in records]
        if self._db.in_transaction:
            event_chain.append_events(self._db, self._actor, batch, entries)
            return
        with self._db.transaction():
            event_chain.append_events(self._db, self._actor, batch, entries)

    def events(self, batch_id: str | None = None) -> Iterator[Event]:
        """The history, of one batch or of all, in order."""
        return self.events_of((), batch_id)

    def records(self, record_type: type[Record], batch_id: str | None = None) -> Iterator[tuple[Event, Record]]:
        """The events with a record of this type, or of one derived from it, each with its record, in order."""
        for event in self.events_of(kinds_of(record_type), batch_id):
            record = read_record(event.kind, event.data)
            assert isinstance(record, record_type)  # noqa: S101  (kinds_of says so)
            yield event, record

    def records_of(
        self, types: Sequence[type[EventRecord]], batch_id: str | None = None, *, after: int = 0
    ) -> Iterator[tuple[Event, EventRecord]]:
        """The same of several types, after the event with this number; an empty `batch_id` is that of events of no
        batch."""
        kinds = [kind for one in types for kind in kinds_of(one)]
        return ((event, read_record(event.kind, event.data)) for event in self.events_of(kinds, batch_id, after=after))

    def events_of(
        self, kinds: Sequence[str], batch_id: str | None = None, *, after: int = 0, since: str = "", until: str = ""
    ) -> Iterator[Event]:
        """The events of some kinds (none: of all), of one batch (empty: of no batch) or of all, in order: those after
        the one with this number, and from a moment to another (as the history writes them), where these are given."""
        conditions = [] if batch_id is None else ["batch = ?" if batch_id else "batch IS NULL"]
        conditions += [f"kind IN ({', '.join('?' * len(kinds))})"] if kinds else []
        conditions += [f"at {sign} ?" for sign, moment in ((">=", since), ("<=", until)) if moment]
        values = (*([batch_id] if batch_id else []), *kinds, *filter(None, (since, until)))
        where = " AND ".join([*conditions, "seq > ?"])
        query = f"SELECT seq, at, kind, batch, data, digest FROM event WHERE {where} ORDER BY seq LIMIT ?"  # noqa: S608 (fixed texts)
        for rows in self._db.stream(query, values, EVENTS_AT_ONCE, after):
            for seq, at, kind, batch, data, digest in rows:
                yield Event(seq, at, kind, batch, json.loads(data), digest.hex())

    def events_with(self, batch_id: str, record_type: type[EventRecord], name: str, number: int) -> Iterator[Event]:
        """The events of a batch with a record of this type, or of one derived from it, whose key `name` is this
        number, in order: found in the database, however many others there are."""
        kinds = kinds_of(record_type)
        marks = ", ".join("?" * len(kinds))
        query = (
            f"SELECT seq, at, kind, batch, data, digest FROM event WHERE batch = ? AND kind IN ({marks}) "  # noqa: S608 (fixed texts)
            "AND instr(data, ?) > 0 AND seq > ? ORDER BY seq LIMIT ?"
        )
        for rows in self._db.stream(query, (batch_id, *kinds, f'"{name}":{number},'), EVENTS_AT_ONCE):
            for seq, at, kind, batch, data, digest in rows:
                yield Event(seq, at, kind, batch, json.loads(data), digest.hex())

    def head(self) -> tuple[int, str]:
        """Number and digest (hex) of the newest event: what a traveller sheet and a manifest carry."""
        seq, digest = event_chain.chain_head(self._db)
        return seq, digest.hex()

    def newest(self, batch_id: str, *, apart_from: str) -> int:
        """Number of a batch's newest event that is not of a kind; 0 where there is none."""
        rows = self._db.rows("SELECT max(seq) FROM event WHERE batch = ? AND kind <> ?", (batch_id, apart_from))
        return int(rows[0][0] or 0)

    def latest_batches(self, limit: int) -> list[tuple[str, str]]:
        """The batches to which something happened last, and when; the latest first."""
        rows = self._db.rows(
            "SELECT e.batch, e.at FROM event e JOIN (SELECT max(seq) AS seq FROM event WHERE batch IS NOT NULL "
            "GROUP BY batch ORDER BY max(seq) DESC LIMIT ?) l ON l.seq = e.seq ORDER BY e.seq DESC",
            (limit,),
        )
        return [(batch, at) for batch, at in rows]

    def verify(self) -> int:
        """Walk the hash chain; the number of events, `LedgerError` at the first that does not hold."""
        return event_chain.verify_history(self._db)

    def digest_of(self, seq: int) -> str | None:
        """The digest (hex) of an event; None where there is none."""
        rows = self._db.rows("SELECT digest FROM event WHERE seq = ?", (seq,))
        return rows[0][0].hex() if rows else None
