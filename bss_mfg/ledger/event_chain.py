"""The append-only history: each event carries the SHA-256 of the one before it and itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bss_mfg.core import clock
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from bss_mfg.model import Actor

_JSON = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
GENESIS = bytes(32)
"""What stands in for the digest before the first event."""


def event_digest(previous: bytes, seq: int, at: str, kind: str, batch: str | None, data: str) -> bytes:
    """The digest of an event."""
    return hashlib.sha256(previous + event_content(seq, at, kind, batch, data)).digest()


def event_content(seq: int, at: str, kind: str, batch: str | None, data: str) -> bytes:
    """What the digest of an event is over, behind the digest of the one before."""
    # As the JSON of a list, written by hand: strings alone are encoded several times faster.
    texts = ",".join(["null" if text is None else _JSON.encode(text) for text in (at, kind, batch, data)])
    return f"[{seq},{texts}]".encode("ascii")


def append_events(
    connection: Connection, actor: Actor, batch: str | None, entries: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    """Append events (kind, data) inside the caller's transaction."""
    seq, previous = chain_head(connection)
    at = clock.now()
    rows: list[tuple[object, ...]] = []
    signature = {"operator": actor.operator, "station": actor.station, "version": actor.version}
    for kind, data in entries:
        seq += 1
        text = _JSON.encode({**data, **signature})
        previous = event_digest(previous, seq, at, kind, batch, text)
        rows.append((seq, at, kind, batch, text, previous))
    connection.many("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.note_appended(seq, previous)


def chain_head(connection: Connection) -> tuple[int, bytes]:
    """Sequence number and digest of the newest event."""
    rows = connection.rows("SELECT seq, digest FROM event ORDER BY seq DESC LIMIT 1")
    return (rows[0][0], rows[0][1]) if rows else (0, GENESIS)


StoredEvent = tuple[int, bytes, bytes, bytes | None, bytes, bytes]
"""An event as it is stored: number, time, kind, batch, data, digest; texts as bytes, which may be no UTF-8 where
someone changed them."""


def stored_events(connection: Connection) -> Iterator[StoredEvent]:
    """All events as they are stored, in order."""
    columns = ", ".join(f"CAST({name} AS BLOB)" for name in ("at", "kind", "batch", "data"))
    return connection.each(f"SELECT seq, {columns}, digest FROM event ORDER BY seq")  # noqa: S608 (fixed texts)


def verify_chain(stored: Iterable[StoredEvent], previous: bytes = GENESIS, expected: int = 1) -> int:
    """Walk events whose predecessor has the digest `previous`, the first being number `expected`; the last one's
    number. `TamperedError` at the first link that does not hold."""
    for seq, *columns, digest in stored:
        at, kind, batch, data = (_text(column) for column in columns)
        previous = event_digest(previous, seq, at or "", kind or "", batch, data or "")
        if seq != expected or digest != previous:
            raise TamperedError(f"the history was changed at event {expected}", part=LedgerPart.HISTORY)
        expected += 1
    return expected - 1


def _text(stored: bytes | None) -> str | None:
    return None if stored is None else stored.decode("utf-8", "surrogateescape")


def verify_history(connection: Connection) -> int:
    """Walk the whole chain and return the number of events; `TamperedError` at the first link that does not hold."""
    return verify_chain(stored_events(connection))
