"""The store of releases: which units' keys leave, into which files. Each is recorded before its first byte is written.

A release that was begun counts, whether it was completed or not: nobody knows what was read of its files meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bss_mfg.core import clock
from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.errors import LedgerError
from bss_mfg.ledger.approvals import Consent
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import KeysReleased, KeysReleasing
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.policies import Act
from bss_mfg.ledger.two_persons import TwoPersonStore
from bss_mfg.version import __version__


@dataclass(frozen=True, slots=True)
class ReleaseTarget:
    """Where keys are to go, and how: the absolute path of a file (`each` is "batch") or of a folder with a file a unit,
    the format, the SHA-256 of its layout file, age recipients (none: in clear), why, where keys go out again, the name
    of the flasher that claims them (empty: nobody does), and why they leave in clear, where the settings seal them: of
    one that is begun here, since the history alone keeps it."""

    path: Path
    each: Literal["batch", "unit"]
    format: str
    layout: str | None = None
    sealed_to: tuple[str, ...] = ()
    reason: str | None = None
    flasher: str = ""
    clear_reason: str | None = None

    @property
    def folder(self) -> Path:
        """Where its files are put."""
        return self.path.parent if self.each == "batch" else self.path


@dataclass(frozen=True, slots=True)
class Release:
    """A release that was begun: `number` is that of its event `keys releasing`. `ledger_head` (`N:hex`) and `version`
    are what its files are marked with, whenever they are written. `units` are those that are still to be written."""

    number: int
    batch: str
    at: str
    target: ReleaseTarget
    units: tuple[range, ...]
    ledger_head: str
    version: str

    @property
    def count(self) -> int:
        """How many units."""
        return sum(map(len, self.units))


class ReleaseStore:
    """Releases of OOB keys."""

    def __init__(
        self, connection: Connection, history: HistoryStore, batches: BatchStore, two_persons: TwoPersonStore
    ) -> None:
        self._db = connection
        self._history = history
        self._batches = batches
        self._two_persons = two_persons

    def waiting(self, batch_id: str, *, again: bool = False) -> tuple[range, ...]:
        """The units that may leave the factory whose keys were never released, with `again` all, by their numbers."""
        never = "" if again else "AND released = 0 "
        rows = self._db.stream(
            f"SELECT number FROM unit WHERE batch = ? AND scrapped = 0 {never}AND number > ? ORDER BY number LIMIT ?",  # noqa: S608 (fixed texts)
            (self._batches.number(batch_id),),
            10_000,
        )
        return tuple(consecutive_ranges(number for some in rows for (number,) in some))

    def check_consent(self, batch_id: str, target: ReleaseTarget, units: Sequence[range], consent: Consent) -> None:
        """`RefusedError` where two persons have to sign this release, and didn't; before anything is made for it."""
        with self._db.transaction():
            self._two_persons.check(Act.KEYS_RELEASE, batch_id, _releasing(target, units), consent)

    def check_begun(self, release: Release) -> None:
        """`RefusedError` where a release that was cut off is not to be continued: two persons have to sign what
        leaves, and didn't sign this."""
        left = _releasing(release.target, release.units)
        self._two_persons.refuse_unapproved_release(release.batch, release.number, left)

    def begin(self, batch_id: str, target: ReleaseTarget, units: Sequence[range], consent: Consent = None) -> Release:
        """Count units' keys as released, before anything is written. `LedgerError` where one of them is not to be had
        any more: released by another command (unless they go out again), or scrapped; `RefusedError` where two persons
        have to sign it, and didn't."""
        batch = self._batches.number(batch_id)
        never = "" if target.reason else "AND released = 0 "
        numbers = [[some[0], some[-1]] for some in units]
        with self._db.transaction():
            self._batches.refuse_retired(batch_id)
            releasing = self._two_persons.require(Act.KEYS_RELEASE, batch_id, _releasing(target, units), consent)
            seq, digest = self._history.head()
            claimed = sum(
                self._db.execute(
                    "UPDATE unit SET released = released + 1 "  # noqa: S608 (fixed texts)
                    f"WHERE batch = ? AND number BETWEEN ? AND ? AND scrapped = 0 {never}",
                    (batch, first, last),
                )
                for first, last in numbers
            )
            if claimed != sum(map(len, units)):
                raise LedgerError(
                    "another command released keys of these units, or scrapped one, just now",
                    where=f"batch {batch_id}",
                    way_out="Nothing was written. Run the same command again.",
                )
            release = Release(seq + 1, batch_id, clock.now(), target, tuple(units), f"{seq}:{digest}", __version__)
            self._history.append(batch_id, releasing)
            self._db.execute(
                "INSERT INTO release (event, batch, at, path, each, format, layout, sealed_to, reason, numbers, "
                "ledger_head, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    release.number,
                    batch,
                    release.at,
                    str(target.path),
                    target.each,
                    target.format,
                    target.layout,
                    json.dumps(target.sealed_to),
                    target.reason,
                    json.dumps(numbers),
                    release.ledger_head,
                    release.version,
                ),
            )
            if target.flasher:
                self._db.many(
                    "INSERT INTO claim VALUES (?, ?, ?, ?) ON CONFLICT (batch, number) "
                    "DO UPDATE SET release = excluded.release, flasher = excluded.flasher",
                    [(batch, number, release.number, target.flasher) for some in units for number in some],
                )
        self._two_persons.note(releasing)
        return release

    def record(self, release: Release, record: KeysReleased, last: int) -> None:
        """Write down that files of a release are in place, those of its units up to the number `last`."""
        with self._db.transaction():
            self._db.execute(
                "UPDATE release SET written = ?, completed_at = ? WHERE event = ?",
                (last, None if record.left else clock.now(), release.number),
            )
            self._history.append(release.batch, record)

    def open(self, batch_id: str | None = None) -> list[Release]:
        """The releases that were begun and not completed, of one batch or of all, in order, with the units whose files
        were not recorded since."""
        of_batch = "AND b.id = ? " if batch_id else ""
        rows = self._db.rows(
            "SELECT r.event, b.id, r.at, r.path, r.each, r.format, r.layout, r.sealed_to, r.reason, r.numbers, "  # noqa: S608 (fixed texts)
            "r.ledger_head, r.version, r.written FROM release r JOIN batch b ON b.no = r.batch "
            f"WHERE r.completed_at IS NULL {of_batch}ORDER BY r.event",
            (batch_id,) if batch_id else (),
        )
        return [
            Release(
                event,
                batch,
                at,
                ReleaseTarget(Path(path), each, form, layout, tuple(json.loads(sealed_to)), reason),
                tuple(
                    range(max(first, written + 1), last + 1) for first, last in json.loads(numbers) if last > written
                ),
                head,
                version,
            )
            for event, batch, at, path, each, form, layout, sealed_to, reason, numbers, head, version, written in rows
        ]

    def completed(self, batch_id: str) -> Iterator[KeysReleased]:
        """What the history says of the releases that were completed, in order; of before version 5 without a path."""
        return (record for _, record in self._history.records(KeysReleased, batch_id))

    def count(self, batch_id: str) -> int:
        """How many releases of a batch were begun, those of before version 5 too."""
        begun = sum(1 for _ in self._history.records(KeysReleasing, batch_id))
        return begun + sum(record.intent is None for record in self.completed(batch_id))


def _releasing(target: ReleaseTarget, units: Sequence[range]) -> KeysReleasing:
    """What the history says when a release begins."""
    return KeysReleasing(
        path=str(target.path),
        each=target.each,
        folder=target.folder.name,
        numbers=[[some[0], some[-1]] for some in units],
        units=sum(map(len, units)),
        format=target.format,
        layout=target.layout,
        sealed_to=list(target.sealed_to) or None,
        clear_reason=target.clear_reason,
        reason=target.reason,
        flasher=target.flasher or None,
    )
