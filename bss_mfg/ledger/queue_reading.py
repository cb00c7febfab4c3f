"""What print queues hold, read from the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.prints import PrintStore, SendState
from bss_mfg.ledger.queue_records import (
    QueuedPrinting,
    QueueDraft,
    QueueEntry,
    QueueProgress,
    QueueState,
    RollCount,
    Stretch,
    stretch_of_file,
)

_ENTRY = """q.no, q.press, b.id, q.each, q.numbers, q.template, q.template_digest, q.printing, q.again, q.operator,
    q.station, q.at, q.taken_at, q.outcome, q.ended_at"""
_STRETCH = "queued, no, press, roll, numbers, labels, again, reason, at, good, spoiled, printed, why, roll_ended"


class QueueReader:
    """Entries, stretches and rolls, as they are now."""

    def __init__(self, connection: Database, batches: BatchStore, prints: PrintStore) -> None:
        self._db, self._batches, self._prints = connection, batches, prints

    def get(self, number: int) -> QueueEntry:
        """One entry; `InputError` where there is none."""
        rows = self._db.rows(
            f"SELECT {_ENTRY} FROM queued q JOIN batch b ON b.no = q.batch WHERE q.no = ?",  # noqa: S608 (fixed texts)
            (number,),
        )
        if not rows:
            raise InputError(
                f"the print queue has no number {number}", way_out="`bss-mfg queue list --all` shows the numbers."
            )
        return _entry(rows[0])

    def entries(self, *, open_only: bool = False, press: str = "") -> list[QueueEntry]:
        """Entries in the order in which they were asked for; of one press, or of all."""
        rows = self._db.rows(
            f"SELECT {_ENTRY} FROM queued q JOIN batch b ON b.no = q.batch "  # noqa: S608 (fixed texts)
            "WHERE (? = 0 OR q.outcome IS NULL) AND (? = '' OR q.press = ?) ORDER BY q.no",
            (int(open_only), press, press),
        )
        return [_entry(row) for row in rows]

    def stretches(self, number: int) -> list[Stretch]:
        """The stretches of an entry in their order."""
        rows = self._db.rows(f"SELECT {_STRETCH} FROM stretch WHERE queued = ? ORDER BY no", (number,))  # noqa: S608 (fixed texts)
        return [_stretch(row) for row in rows]

    def open_stretch(self, number: int) -> Stretch | None:
        """The one of which nobody knows yet what is good; None where there is none."""
        return next((one for one in self.stretches(number) if one.good is None), None)

    def progress(self, entry: QueueEntry) -> QueueProgress:
        """How far an entry is."""
        stretches = self.stretches(entry.number)
        waiting = next((one for one in stretches if one.good is None), None)
        sent = self.send_state(entry, waiting) if waiting else None
        at_printer = 0 if sent is None else sent.labels
        state = entry.outcome
        if state is None:
            state = QueueState.PAUSED if sent else QueueState.TAKEN if entry.taken_at else QueueState.WAITING
        spoiled = sum(one.spoiled for one in stretches)
        return QueueProgress(state, count_good(entry, stretches), spoiled, at_printer, stretches)

    def files_of(self, entry: QueueEntry) -> dict[int, tuple[str, str]]:
        """By stretch, name and SHA-256 of the label file that was made of it, the newest; none where none was."""
        found: dict[int, tuple[str, str]] = {}
        rows = self._db.rows(
            "SELECT file, sha256 FROM printed WHERE batch = ? ORDER BY superseded_at IS NULL",
            (self._batches.number(entry.asked.batch),),
        )
        for file, sha in rows:
            of_entry, number = stretch_of_file(entry.asked.batch, file) or (0, 0)
            if of_entry == entry.number:
                found[number] = file, sha
        return found

    def send_state(self, entry: QueueEntry, stretch: Stretch) -> SendState | None:
        """How far a stretch went to the printer; None where nothing of it did."""
        file = self.files_of(entry).get(stretch.number)
        return self._prints.send_states_by_name(entry.asked.batch).get(file) if file else None

    def rolls(self, press: str = "") -> list[RollCount]:
        """What the rolls of a press, or of all, were used for."""
        rows = self._db.rows(
            "SELECT s.press, s.roll, sum(CASE WHEN s.good IS NULL THEN s.labels ELSE 0 END), sum(s.spoiled), "
            "max(s.roll_ended) FROM stretch s WHERE ? = '' OR s.press = ? GROUP BY s.press, s.roll "
            "ORDER BY s.press, s.roll",
            (press, press),
        )
        good: dict[tuple[str, int], int] = {}
        query = (
            "SELECT s.press, s.roll, s.good, q.printing FROM stretch s JOIN queued q ON q.no = s.queued "
            "WHERE s.good > 0 AND (? = '' OR s.press = ?)"
        )
        for name, roll, numbers, printing in self._db.rows(query, (press, press)):
            good[name, roll] = good.get((name, roll), 0) + numbers * json.loads(printing)["copies"]
        return [
            RollCount(name, roll, good.get((name, roll), 0), spoiled, waiting, bool(ended))
            for name, roll, waiting, spoiled, ended in rows
        ]

    def roll(self, press: str) -> RollCount:
        """The roll that is in a press now."""
        last = next(reversed(self.rolls(press)), None)
        if last is None or last.ended:
            return RollCount(press, last.roll + 1 if last else 1, 0, 0, 0, ended=False)
        return last


def count_good(entry: QueueEntry, stretches: Sequence[Stretch]) -> int:
    """How many labels of an entry are good by now, with copies."""
    return sum(one.good or 0 for one in stretches) * entry.asked.printing.copies


def _entry(row: Sequence[Any]) -> QueueEntry:
    number, press, batch, each, numbers, template, digest, printing, again, *rest = row
    operator, station, at, taken_at, outcome, ended_at = rest
    how = QueuedPrinting(**json.loads(printing))
    asked = QueueDraft(press, batch, each, json.loads(numbers), template, digest, how, bool(again))
    return QueueEntry(
        number, asked, operator, station, at, taken_at, QueueState(outcome) if outcome else None, ended_at
    )


def _stretch(row: Sequence[Any]) -> Stretch:
    entry, number, press, roll, numbers, labels, again, reason, at, good, spoiled, printed, why, ended = row
    pairs = json.loads(numbers)
    return Stretch(
        entry,
        number,
        press,
        roll,
        pairs,
        labels,
        bool(again),
        reason,
        at,
        good,
        spoiled,
        bool(printed),
        why,
        bool(ended),
    )
