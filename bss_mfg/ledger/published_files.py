"""The store of published files: what all stations issue and draw with, kept by content for ever.

A set of them counts whole, from the event that published it to the next one. Nothing of it is changed or deleted, so
what a label was drawn with can be looked up later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bss_mfg.errors import LedgerError
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import FilesPublished
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.tampering import LedgerPart, TamperedError, refuse_contradictions
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT

MAX_FILE = 20 << 20
"""Bytes of a published file. Every version stays in the ledger and in each backup of it, and stations read all files
before they draw; a font with all Chinese characters has some 16 MB."""


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """The files that count: the number of the event that published them, and the SHA-256 (hex) of each by its path in a
    workspace, with `/`."""

    event: int
    files: Mapping[str, str]


NOTHING = PublishedSet(0, {})
"""Before anything was published."""


def set_digest(files: Mapping[str, str]) -> str:
    """SHA-256 of a list of files, as the event has it."""
    lines = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


class PublishedFileStore:
    """What was published."""

    def __init__(self, connection: Connection, history: HistoryStore) -> None:
        self._db = connection
        self._history = history

    def current(self) -> PublishedSet:
        """The set that counts; `NOTHING` where there is none. One query."""
        rows = self._db.rows(
            "SELECT event, path, sha256 FROM published WHERE event = (SELECT max(event) FROM published) ORDER BY path"
        )
        return PublishedSet(rows[0][0], {path: sha256 for _, path, sha256 in rows}) if rows else NOTHING

    def known(self) -> frozenset[str]:
        """The SHA-256 (hex) of all contents that were ever published."""
        return frozenset(sha256 for (sha256,) in self._db.rows("SELECT sha256 FROM resource"))

    def content(self, sha256: str) -> bytes:
        """A file by its SHA-256 (hex). `LedgerError` where it is not that any more."""
        rows = self._db.rows("SELECT content FROM resource WHERE sha256 = ?", (sha256,))
        if not rows or hashlib.sha256(rows[0][0]).hexdigest() != sha256:
            raise TamperedError(
                f"the published file with the SHA-256 {sha256[:16]}... is {'damaged' if rows else 'missing'}",
                part=LedgerPart.PUBLISHED,
                where=self._db.where,
                way_out=RESTORE_WAY_OUT,
            )
        return bytes(rows[0][0])

    def publish(self, before: PublishedSet, files: Mapping[str, bytes], event: FilesPublished) -> None:
        """Make these the set that counts, in place of `before`; `event` says what that changes. `LedgerError` where
        somebody published meanwhile."""
        with self._db.transaction():
            if self.current().event != before.event:
                raise LedgerError(
                    "somebody else published meanwhile",
                    where=self._db.where,
                    way_out="Nothing was changed. `bss-mfg station check` says how it differs; then publish again.",
                )
            digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
            contents = {digests[path]: content for path, content in files.items()}
            known = self.known()
            for sha256, content in contents.items():
                if sha256 not in known:
                    self._db.execute("INSERT INTO resource VALUES (?, ?)", (sha256, content))
            self._history.append(None, event)
            number, _ = self._history.head()
            self._db.many(
                "INSERT INTO published VALUES (?, ?, ?)", [(number, path, digest) for path, digest in digests.items()]
            )

    def check(self) -> None:
        """`LedgerError` where a content is not what its digest says, or a set not what its event says."""
        for (sha256,) in self._db.rows("SELECT sha256 FROM resource ORDER BY sha256"):
            self.content(sha256)
        said = {event.seq: record.digest for event, record in self._history.records(FilesPublished)}
        for number, files in self._sets():
            if said.pop(number, None) != set_digest(files):
                raise _not_as_published(self._db.where, number)
        for number in said:
            raise _not_as_published(self._db.where, number)
        loose = self._db.rows("SELECT sha256 FROM resource WHERE sha256 NOT IN (SELECT sha256 FROM published) LIMIT 10")
        found = (f"the file with the SHA-256 {sha256[:16]}...: nobody published it" for (sha256,) in loose)
        refuse_contradictions(
            found, "published files are not as their history says", self._db.where, LedgerPart.PUBLISHED
        )

    def _sets(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        for (number,) in self._db.rows("SELECT DISTINCT event FROM published ORDER BY event"):
            rows: Iterable[tuple[str, str]] = self._db.rows(
                "SELECT path, sha256 FROM published WHERE event = ?", (number,)
            )
            yield number, dict(rows)


def _not_as_published(where: str, number: int) -> LedgerError:
    what = f"the published files are not those of event {number}"
    return TamperedError(what, part=LedgerPart.PUBLISHED, where=where, way_out=RESTORE_WAY_OUT)
