"""The store of checkpoints: signed roots of a Merkle tree over the history (RFC 6962), kept as events of it.

The leaf of an event is its digest in the chain, so a leaf says all that the event says and all before it. A checkpoint
continues from the complete subtrees of the one before: it costs as much as there are new events.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bss_mfg.errors import LedgerError, ValueProblem
from bss_mfg.ledger.checkpoint_events import (
    CheckpointCosigned,
    CheckpointSigned,
    CheckpointTimestamped,
    CheckpointWitnessed,
    SiteKeyMade,
)
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_chain import GENESIS, event_content
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT
from bss_mfg.transparency.checkpoint import Checkpoint
from bss_mfg.transparency.merkle import CompactRange, leaf_hash
from bss_mfg.transparency.signed_note import NoteSignature, SignedNote, SigningKey, VerifierKey, from_base64, to_base64
from bss_mfg.transparency.tree import LeafTree

Cause = Literal["close", "ship", "export", "day", "asked"]

_CAUSES: dict[str, Cause] = {
    EventKind.BATCH_CLOSED: "close",
    EventKind.PACKAGES_SHIPPED: "ship",
    EventKind.MANIFEST_MADE: "export",
    EventKind.KEYS_RELEASED: "export",
}
"""What makes a checkpoint due."""
_OWN = (EventKind.CHECKPOINT_SIGNED, EventKind.CHECKPOINT_COSIGNED, EventKind.CHECKPOINT_TIMESTAMPED)
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint as the history has it: the number and the time of its event, the note with all signatures, the
    site's key then, and the tree as far as it is needed to let it grow."""

    event: int
    at: str
    checkpoint: Checkpoint
    note: SignedNote
    key: VerifierKey
    tree: CompactRange
    cause: str

    @property
    def is_whole(self) -> bool:
        """Whether it is signed, and its root is that of its tree."""
        of_tree = Checkpoint(self.key.name, self.tree.size, self.tree.root)
        return self.checkpoint == of_tree and self.note.text == str(of_tree) and self.note.is_signed_by(self.key)


class CheckpointStore:
    """Checkpoints of this ledger, and what was signed of others'."""

    def __init__(self, connection: Connection, history: HistoryStore) -> None:
        self._db = connection
        self._history = history

    def newest(self) -> StoredCheckpoint | None:
        """The newest checkpoint, with what witnesses signed of it; None before the first."""
        rows = self._db.rows(
            "SELECT seq, at, data FROM event WHERE batch IS NULL AND kind = ? ORDER BY seq DESC LIMIT 1",
            (str(EventKind.CHECKPOINT_SIGNED),),
        )
        if not rows:
            return None
        seq, at, data = rows[0]
        found = _stored(seq, at, data)
        lines = self._cosignatures(after=seq).get(found.checkpoint.size, [])
        return replace(found, note=found.note.with_signatures(lines))

    def all(self) -> list[StoredCheckpoint]:
        """All checkpoints, in order, with what witnesses signed of them."""
        lines = self._cosignatures()
        return [
            replace(one, note=one.note.with_signatures(lines.get(one.checkpoint.size, ()))) for one in self._stored()
        ]

    def due(self) -> Cause | None:
        """Why a new checkpoint is due: since the last one a batch was closed, packages were shipped, files went out,
        or a day (UTC) began with an event in it; None where none is, or there was none before."""
        newest = self.newest()
        if newest is None:
            return None
        demanding = self._db.rows(
            "SELECT kind FROM event WHERE seq > ? AND kind IN (?, ?, ?, ?) ORDER BY seq LIMIT 1",
            (newest.event, *map(str, _CAUSES)),
        )
        if demanding:
            return _CAUSES[demanding[0][0]]
        last = self._db.rows(
            "SELECT at FROM event WHERE seq > ? AND kind NOT IN (?, ?, ?) ORDER BY seq DESC LIMIT 1",
            (newest.event, *map(str, _OWN)),
        )
        return "day" if last and last[0][0][:10] > newest.at[:10] else None

    def begin(self, signing_key: SigningKey) -> StoredCheckpoint:
        """Note a new site key, and sign the first checkpoint, in the caller's transaction."""
        self._history.append(None, SiteKeyMade(site_key=str(signing_key.verifier_key())))
        return self._append(signing_key, CompactRange(), "asked")

    def sign(self, signing_key: SigningKey, cause: Cause) -> StoredCheckpoint:
        """Sign a checkpoint of the whole history; the newest one where nothing happened since.

        `LedgerError` where the newest was changed, or is not of this key: the tree can't be continued then.
        """
        newest = self._newest_whole(signing_key)
        grown = self._grown(newest.tree, self._history.head()[0])  # most of it before others have to wait
        with self._db.transaction():
            now = self._newest_whole(signing_key)
            if not self._has_news(now):
                return now
            # Another station may have signed meanwhile, of as much as here or less.
            return self._append(signing_key, max(grown, now.tree, key=lambda tree: tree.size), cause)

    def add_cosignatures(self, checkpoint: Checkpoint, lines: Sequence[NoteSignature]) -> None:
        """Keep witnesses' signatures of a checkpoint."""
        self._history.append(None, CheckpointCosigned(size=checkpoint.size, lines=[str(one) for one in lines]))

    def add_timestamp(self, size: int, stamped_at: str, authority: str, answer: bytes) -> None:
        """Keep an authority's timestamp of the checkpoint of so many events."""
        self._history.append(
            None,
            CheckpointTimestamped(size=size, stamped_at=stamped_at, authority=authority, answer=to_base64(answer)),
        )

    def timestamps(self) -> list[bytes]:
        """The answers of authorities, the newest checkpoint's last; those of one in the order in which they came in."""
        records = [record for _, record in self._history.records(CheckpointTimestamped)]
        return [from_base64(record.answer) for record in sorted(records, key=lambda one: one.size)]

    def add_witnessed(self, checkpoint: Checkpoint) -> None:
        """Note that this site signed a checkpoint of another ledger."""
        self._history.append(
            None,
            CheckpointWitnessed(origin=checkpoint.origin, size=checkpoint.size, root=checkpoint.root.hex()),
        )

    def witnessed(self, origin: str) -> Checkpoint | None:
        """The largest checkpoint of another ledger that this site signed."""
        found = [
            Checkpoint(origin, record.size, bytes.fromhex(record.root))
            for _, record in self._history.records(CheckpointWitnessed)
            if record.origin == origin
        ]
        return max(found, key=lambda one: one.size, default=None)

    def tree(self, size: int) -> LeafTree:
        """The tree over the first events, from their digests as they stand now."""
        return LeafTree(self._each_leaf(0, size), self._leaves)

    def event_contents(self, batch: str, size: int) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """Among the first events those of a batch, and those by which copies took the ledger's place, in order: number,
        digest of the one before, the bytes that the digest is over besides, and the digest, as they are stored."""
        query = (
            "SELECT e.seq, e.at, e.kind, e.batch, e.data, e.digest, p.digest FROM event e "
            "LEFT JOIN event p ON p.seq = e.seq - 1 "
            "WHERE (e.batch = ? OR e.kind = ?) AND e.seq <= ? AND e.seq > ? ORDER BY e.seq LIMIT ?"
        )
        values = (batch, str(EventKind.LEDGER_RESTORED), size)
        for rows in self._db.stream(query, values, _AT_ONCE):
            for seq, at, kind, of, data, digest, before in rows:
                yield seq, bytes(before or GENESIS), event_content(seq, at, kind, of, data), bytes(digest)

    def check(self) -> None:
        """`LedgerError` at the first checkpoint that is not signed, or whose tree is not that of the events as they
        stand now."""
        grown, before = CompactRange(), 0
        for one in self._stored():
            if not one.is_whole:
                raise _changed(f"the checkpoint in event {one.event} was changed")
            grown = self._grown(grown, one.tree.size)
            if grown != one.tree:
                raise _changed(
                    f"the history was rewritten: event {one.event} signed that of {one.tree.size} events, and one of "
                    f"the events {before + 1} to {one.tree.size} was another"
                )
            before = one.tree.size

    def _newest_whole(self, signing_key: SigningKey) -> StoredCheckpoint:
        newest = self.newest()
        if newest is None or newest.key != signing_key.verifier_key() or not newest.is_whole:
            event = f"event {newest.event} of the history" if newest else "the history"
            raise _changed(f"{event} holds no checkpoint that this site's key signed")
        return newest

    def _append(self, signing_key: SigningKey, tree: CompactRange, cause: Cause) -> StoredCheckpoint:
        tree = self._grown(tree, self._history.head()[0])
        note = SignedNote(str(Checkpoint(signing_key.name, tree.size, tree.root))).signed(signing_key)
        record = CheckpointSigned(
            size=tree.size,
            site_key=str(signing_key.verifier_key()),
            note=str(note),
            subtrees=[one.hex() for one in tree.hashes],
            cause=cause,
        )
        self._history.append(None, record)
        newest = self.newest()
        assert newest is not None  # noqa: S101  (it was just appended)
        return newest

    def _has_news(self, newest: StoredCheckpoint) -> bool:
        """Whether anything but checkpoints was appended since."""
        query = "SELECT 1 FROM event WHERE seq > ? AND kind NOT IN (?, ?, ?) LIMIT 1"
        return bool(self._db.rows(query, (newest.event, *map(str, _OWN))))

    def _grown(self, tree: CompactRange, size: int) -> CompactRange:
        return tree.extended(self._each_leaf(tree.size, size))

    def _each_leaf(self, first: int, end: int) -> Iterator[bytes]:
        for low in range(first, end, _AT_ONCE):
            yield from self._leaves(low, min(low + _AT_ONCE, end))

    def _leaves(self, first: int, end: int) -> list[bytes]:
        rows = self._db.rows("SELECT digest FROM event WHERE seq > ? AND seq <= ? ORDER BY seq", (first, end))
        if len(rows) != end - first:
            raise _changed(f"of the events {first + 1} to {end} only {len(rows)} are there")
        return [leaf_hash(bytes(digest)) for (digest,) in rows]

    def _stored(self) -> Iterator[StoredCheckpoint]:
        for event in self._history.events_of((EventKind.CHECKPOINT_SIGNED,)):
            yield _stored(event.seq, event.at, json.dumps(event.data))

    def _cosignatures(self, after: int = 0) -> dict[int, list[NoteSignature]]:
        """Witnesses' signatures by the size of the checkpoint."""
        found: dict[int, list[NoteSignature]] = {}
        for event in self._history.events_of((EventKind.CHECKPOINT_COSIGNED,), after=after):
            lines = found.setdefault(event.data["size"], [])
            lines += [NoteSignature.parse(line) for line in event.data["lines"]]
        return found


def _stored(seq: int, at: str, data: str) -> StoredCheckpoint:
    try:
        found = json.loads(data)
        note = SignedNote.parse(found["note"].encode())
        tree = CompactRange(found["size"], tuple(bytes.fromhex(one) for one in found["subtrees"]))
        site_key = VerifierKey.parse(found["key"])
        return StoredCheckpoint(seq, at, Checkpoint.parse(note.text), note, site_key, tree, str(found["cause"]))
    except (ValueProblem, ValueError, KeyError, TypeError, AttributeError):
        raise _changed(f"the checkpoint in event {seq} was changed") from None


def _changed(what: str) -> LedgerError:
    return TamperedError(what, part=LedgerPart.HISTORY, way_out=f"{RESTORE_WAY_OUT} Keep this ledger as evidence.")
