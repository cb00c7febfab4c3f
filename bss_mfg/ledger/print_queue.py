"""The store of print queues: labels that presses are to print, each by one press, and what it printed on which roll."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from itertools import islice

from bss_mfg.core import clock
from bss_mfg.core.ranges import range_pairs
from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.events import (
    LabelsQueued,
    LabelsSpoiled,
    QueueCancelled,
    QueueMoved,
    QueuePrinted,
    QueueTaken,
    RollEnded,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.prints import PrintStore
from bss_mfg.ledger.queue_reading import QueueReader, count_good
from bss_mfg.ledger.queue_records import (
    LastGood,
    QueueDraft,
    QueueEntry,
    QueueState,
    RollCount,
    Stretch,
    asked_digest,
    numbers_of,
    place_in,
)
from bss_mfg.ledger.unit_state import scrapped_packages
from bss_mfg.model import Actor

TOPIC = "bss_mfg_queue"
"""What presses listen to."""


class PrintQueueStore(QueueReader):
    """Entries of print queues. A press is a name; who works under it holds its lock (`at_work`)."""

    def __init__(
        self, connection: Database, history: HistoryStore, batches: BatchStore, prints: PrintStore, actor: Actor
    ) -> None:
        super().__init__(connection, batches, prints)
        self._history, self._actor = history, actor

    # --- what is asked for ------------------------------------------------------------------------------------------

    def add(self, draft: QueueDraft) -> QueueEntry:
        """Put labels into the queue of a press. `RefusedError` where some of them wait in a queue already, unless they
        are printed again on purpose."""
        batch = self._batches.number(draft.batch)
        numbers, printing = json.dumps(draft.pairs), json.dumps(asdict(draft.printing))
        with self._db.transaction():
            self._batches.refuse_closed(draft.batch)
            if not draft.again:
                self._refuse_queued(draft)
            ((number,),) = self._db.rows(
                "INSERT INTO queued (press, batch, each, numbers, labels, template, template_digest, printing, again, "
                "operator, station, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING no",
                (
                    draft.press,
                    batch,
                    draft.each,
                    numbers,
                    draft.labels,
                    draft.template,
                    draft.template_digest,
                    printing,
                    int(draft.again),
                    self._actor.operator,
                    self._actor.station,
                    clock.now(),
                ),
            )
            said = LabelsQueued(
                entry=number,
                press=draft.press,
                each=draft.each,
                labels=draft.labels,
                template=draft.template,
                digest=draft.template_digest,
                printer=draft.printing.printer,
                again=draft.again,
                reason=draft.printing.reprint,
                asked=asked_digest(numbers, printing),
            )
            self._history.append(draft.batch, said)
            self._db.notify(TOPIC)
        return self.get(number)

    def _refuse_queued(self, draft: QueueDraft) -> None:
        wanted = set(numbers_of(draft.pairs))
        for entry in self.entries(open_only=True):
            asked = entry.asked
            if (asked.batch, asked.each) != (draft.batch, draft.each):
                continue
            if both := wanted.intersection(numbers_of(asked.pairs)):
                raise RefusedError(
                    f"{count_words(len(both), 'label')} of these {'is' if len(both) == 1 else 'are'} in the queue of "
                    f"{asked.press} already, as number {entry.number}",
                    where=f"batch {draft.batch}",
                    way_out=f"`bss-mfg queue show {entry.number}` shows it; `bss-mfg queue cancel {entry.number} "
                    "--reason WHY` takes it out. To print them twice on purpose, add --again.",
                )

    def move(self, number: int, press: str) -> QueueEntry:
        """Put an entry that waits into the queue of another press."""
        with self._db.transaction():
            entry = self._open_entry(number)
            if entry.taken_at:
                raise RefusedError(
                    f"{entry.press} took it at {entry.taken_at}",
                    where=f"number {number} of the queue",
                    way_out=f"If {entry.press} can't go on: `bss-mfg press --name {press} --take-over {number} "
                    "--reason WHY`.",
                )
            if entry.press != press:
                self._db.execute("UPDATE queued SET press = ? WHERE no = ?", (press, number))
                self._history.append(entry.asked.batch, QueueMoved(entry=number, press=press, before=entry.press))
                self._db.notify(TOPIC)
        return self.get(number)

    def cancel(self, number: int, reason: str) -> QueueEntry:
        """What is not printed of an entry isn't to be: what is at the printer still comes out."""
        with self._db.transaction():
            entry = self._open_entry(number)
            good = count_good(entry, self.stretches(number))
            self._end(number, QueueState.CANCELLED)
            said = QueueCancelled(entry=number, press=entry.press, labels=good, reason=reason)
            self._history.append(entry.asked.batch, said)
            self._db.notify(TOPIC)
        return self.get(number)

    # --- what a press does ------------------------------------------------------------------------------------------

    def at_work(self, press: str) -> AbstractContextManager[None]:
        """Held by the one command that is a press; `LedgerError` where another is."""
        return self._db.named_lock(f"press.{press}", f"another command is the press {press} just now", 0.0)

    def wait(self, wait_s: float) -> None:
        """Wait until a queue changes, at most so long."""
        self._db.wait_for_notice(TOPIC, wait_s)

    def take(self, number: int, press: str) -> bool:
        """Take an entry that waits; whether it was still there."""
        with self._db.transaction():
            taken = self._db.execute(
                "UPDATE queued SET taken_at = ? WHERE no = ? AND press = ? AND taken_at IS NULL AND outcome IS NULL",
                (clock.now(), number, press),
            )
            if taken:
                self._history.append(self.get(number).asked.batch, QueueTaken(entry=number, press=press))
        return taken == 1

    def take_over(self, number: int, press: str, reason: str) -> QueueEntry:
        """Take an entry that another press has taken and can't go on with; of one's own, or one that waits, too."""
        with self._db.transaction():
            entry = self._open_entry(number)
            if entry.press == press and entry.taken_at:
                return entry
            said = QueueTaken(
                entry=number, press=press, before=entry.press if entry.press != press else None, reason=reason
            )
            self._db.execute("UPDATE queued SET press = ?, taken_at = ? WHERE no = ?", (press, clock.now(), number))
            self._history.append(entry.asked.batch, said)
            self._db.notify(TOPIC)
        return self.get(number)

    def begin_stretch(self, number: int, press: str, most: int, first_most: int) -> Stretch | None:
        """The labels that go to the printer next, `most` of them, on the roll that is in the press; None where nothing
        is left: the entry has ended then. `first_most`: of the very first stretch, which may begin on a used sheet.

        `RefusedError` where the entry was cancelled or taken over meanwhile.
        """
        with self._db.transaction():
            entry = self._own(number, press)
            stretches = self.stretches(number)
            if any(one.good is None for one in stretches):
                raise LedgerError(
                    f"another command prints number {number} of the queue",
                    way_out="`bss-mfg queue list` shows by which press.",
                )
            left = self._left(entry, stretches)
            first = next(left, None)
            if first is None:
                self._end_printed(entry, stretches)
                return None
            copies = entry.asked.printing.copies
            numbers, reason = [first[0]], first[1]
            at_most = max((most if stretches else first_most) // copies, 1)
            for one, why in islice(left, at_most - 1):
                if why != reason:
                    break
                numbers.append(one)
            again = entry.asked.again or reason is not None
            self._db.execute(
                "INSERT INTO stretch (queued, no, press, roll, numbers, labels, again, reason, at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    len(stretches) + 1,
                    press,
                    self.roll(press).roll,
                    json.dumps(range_pairs(numbers)),
                    len(numbers) * copies,
                    int(again),
                    reason,
                    clock.now(),
                ),
            )
        return self.open_stretch(number)

    def _left(self, entry: QueueEntry, stretches: Sequence[Stretch]) -> Iterator[tuple[int, str | None]]:
        """The numbers that have no good label yet, in order, each with why it is printed again; scrapped and shipped
        packages get none any more."""
        done: Set[int] = {number for one in stretches for number in one.good_numbers}
        if entry.asked.each == "package":
            done |= self._withdrawn(entry.asked.batch)
        why: dict[int, str | None] = {}
        made = self.files_of(entry)
        for one in stretches:
            if one.number in made and (one.good or 0) < len(one.numbers):
                why.update(dict.fromkeys(one.numbers[one.good or 0 :], one.why))
        for number in numbers_of(entry.asked.pairs):
            if number not in done:
                yield number, why.get(number)

    def _withdrawn(self, batch_id: str) -> set[int]:
        batch = self._batches.number(batch_id)
        shipped = self._db.rows("SELECT number FROM package WHERE batch = ? AND shipped <> 0", (batch,))
        return scrapped_packages(self._db, batch) | {number for (number,) in shipped}

    def settle_all(self, entry: QueueEntry, *, printed: bool) -> None:
        """All labels of the open stretch are good: they were handed over whole; `printed`: and came out."""
        with self._db.transaction():
            stretch = self._require_open(entry)
            good = len(stretch.numbers)
            self._write(replace(stretch, good=good, printed=printed))

    def settle(self, entry: QueueEntry, last: LastGood) -> int:
        """Count the open stretch, and those before it where the last good label lies there: what came out behind it is
        spoiled, and printed again. How many labels that are, at most. `InputError` where the label is none that was
        sent."""
        with self._db.transaction():
            stretches = self.stretches(entry.number)
            newest = self._require_open(entry)
            places = {one.number: place_in(one.pairs, last.number) if last.number else 0 for one in stretches}
            begin = next((one for one in reversed(stretches) if places[one.number]), None) if last.number else newest
            if begin is None or begin.number not in self.files_of(entry):
                raise InputError(
                    f"{last.serial} is not on a label that went to the printer for number {entry.number} of the queue",
                    way_out="Scan the last good label that came out, or say that none is good.",
                )
            why = f"printed behind the last good label, {last.serial}" if last.serial else "no label was good"
            spoiled = 0
            for one in stretches:
                if one.number >= begin.number:
                    place = (places[one.number] or 0) if one is begin else 0
                    counted = self._counted(entry, one, place, why)
                    self._write(counted)
                    spoiled += counted.spoiled - one.spoiled
            said = LabelsSpoiled(
                entry=entry.number,
                press=entry.press,
                roll=newest.roll,
                stretch=begin.number,
                last_good=last.serial,
                labels=spoiled,
            )
            if spoiled:
                self._history.append(entry.asked.batch, said)
        return spoiled

    def _counted(self, entry: QueueEntry, stretch: Stretch, place: int, why: str) -> Stretch:
        """A stretch of which the labels up to a place, from 1, are good. Copies of one label can't be told apart: the
        label at that place is printed again where it has some."""
        copies, sent = entry.asked.printing.copies, self.send_state(entry, stretch)
        if copies > 1 and place:
            place -= 1
        handed_over = 0 if sent is None else stretch.labels if sent.labels is None else sent.labels
        spoiled = max(handed_over - place * copies, 0)
        return replace(stretch, good=place, spoiled=spoiled, printed=place > 0, why=why)

    def drop(self, entry: QueueEntry, why: str) -> None:
        """Nothing of the open stretch went to the printer, and nothing will: its labels are made anew."""
        with self._db.transaction():
            stretch = self._require_open(entry)
            if self.send_state(entry, stretch):
                raise LedgerError(
                    f"number {entry.number} of the queue went to the printer meanwhile",
                    way_out="Run the command again: it asks for the last good label.",
                )
            self._write(replace(stretch, good=0, why=why))

    def end_roll(self, press: str) -> RollCount:
        """A new roll is in the press: the count of the one before. A stretch that has not gone to the printer yet
        is the new roll's; where nothing was printed on the roll, it stays the same."""
        with self._db.transaction():
            roll = self.roll(press)
            key = (press, roll.roll)
            self._db.execute("UPDATE stretch SET roll_ended = 1 WHERE press = ? AND roll = ? AND good IS NOT NULL", key)
            changed = self._db.rows(
                "SELECT 1 FROM stretch WHERE press = ? AND roll = ? AND roll_ended = 1 LIMIT 1", key
            )
            if changed:
                self._db.execute(
                    "UPDATE stretch SET roll = roll + 1 WHERE press = ? AND roll = ? AND good IS NULL", key
                )
                said = RollEnded(press=press, roll=roll.roll, labels=roll.labels, spoiled=roll.spoiled)
                self._history.append(None, said)
        return roll

    # --- how it is written ------------------------------------------------------------------------------------------

    def _open_entry(self, number: int) -> QueueEntry:
        entry = self.get(number)
        if entry.outcome:
            raise RefusedError(
                f"was {'handed over to the printer' if entry.outcome is QueueState.HANDED_OVER else entry.outcome} at "
                f"{entry.ended_at}",
                where=f"number {number} of the queue",
                way_out="To print its labels again, queue them with --again.",
            )
        return entry

    def _own(self, number: int, press: str) -> QueueEntry:
        entry = self._open_entry(number)
        if entry.press != press or entry.taken_at is None:
            raise RefusedError(
                f"is with {entry.press} now",
                where=f"number {number} of the queue",
                way_out="`bss-mfg queue list` shows what waits for whom.",
            )
        return entry

    def _require_open(self, entry: QueueEntry) -> Stretch:
        stretch = self.open_stretch(entry.number)
        if stretch is None or self.get(entry.number).press != entry.press:
            raise LedgerError(
                f"number {entry.number} of the queue was counted by another command",
                way_out="`bss-mfg queue list` shows how far it is.",
            )
        return stretch

    def _write(self, stretch: Stretch) -> None:
        self._db.execute(
            "UPDATE stretch SET good = ?, spoiled = ?, printed = ?, why = ? WHERE queued = ? AND no = ?",
            (stretch.good, stretch.spoiled, int(stretch.printed), stretch.why, stretch.entry, stretch.number),
        )

    def _end(self, number: int, outcome: QueueState) -> None:
        self._db.execute("UPDATE queued SET outcome = ?, ended_at = ? WHERE no = ?", (outcome, clock.now(), number))

    def _end_printed(self, entry: QueueEntry, stretches: Sequence[Stretch]) -> None:
        good = [one for one in stretches if one.good]
        printed = bool(good) and all(one.printed for one in good)
        self._end(entry.number, QueueState.PRINTED if printed else QueueState.HANDED_OVER)
        said = QueuePrinted(entry=entry.number, press=entry.press, labels=count_good(entry, stretches), printed=printed)
        self._history.append(entry.asked.batch, said)
        self._db.notify(TOPIC)
