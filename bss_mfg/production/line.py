"""The line as it is now: what `bss-mfg board` shows. It follows the history and is asked again and again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from bss_mfg.core import clock
from bss_mfg.core.clock import TimeZone, later
from bss_mfg.ledger.events import LABELS_AT_PRINTER, kinds_of
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.queue_events import QueueEvent
from bss_mfg.ledger.queue_records import QueueState
from bss_mfg.model import Event
from bss_mfg.production.batch_following import FollowedBatch
from bss_mfg.production.event_counts import COUNTED_KINDS, RATE_MINUTES, EventCounts, hours_between
from bss_mfg.production.records import (
    DESKS,
    BatchProgress,
    Failure,
    LineState,
    StationCounts,
    Waiting,
    Work,
)

MOST_BATCHES = 24
"""Batches that are followed: those to which something happened last."""
MOST_SHOWN_FAILURES = 12
_OF_QUEUES = frozenset({*kinds_of(QueueEvent), *LABELS_AT_PRINTER})
"""After these, what is in print queues is asked for again: it takes a walk over what printers got of a batch."""


class LineWatch:
    """Follows a ledger. It keeps no connection, so that each look may come with a new one. `hours` is the time that it
    shows: the hour that has begun, and those before it."""

    def __init__(self, zone: TimeZone, hours: int) -> None:
        self._zone, self._hours = zone, hours
        self._seen, self._digest = 0, ""
        self._counts = EventCounts(zone)
        self._batches: dict[str, FollowedBatch] = {}
        """The one to which something happened last at the end."""
        self._serials: dict[int, str] = {}
        """By the number of a failure's event."""
        self._queued: tuple[Waiting, ...] = ()

    def look(self, ledger: Ledger) -> LineState:
        """The line at this moment. The first look walks over the history of the time that is shown, the others over
        what is new."""
        now = clock.now()
        first = self._first_moment(now)
        head, digest = ledger.history.head()
        if self._seen and ledger.history.digest_of(self._seen) != self._digest:
            self._begin_anew()  # another ledger, or an earlier copy of this one, took its place
        if not self._seen:
            self._load(ledger, first, head)
        else:
            self._follow(ledger, head)
        if head >= self._seen:
            self._seen, self._digest = head, digest
        else:
            self._digest = ledger.history.digest_of(self._seen) or ""
        self._counts.forget_before(first)
        return self._state(ledger, now, first)

    def _begin_anew(self) -> None:
        self._seen, self._digest, self._counts = 0, "", EventCounts(self._zone)
        self._queued = ()
        self._batches, self._serials = {}, {}

    def _first_moment(self, now: str) -> str:
        """When the first of the hours that are shown began."""
        return clock.utc_text(self._zone.hour(later(now, minutes=-60 * (self._hours - 1))))

    def _load(self, ledger: Ledger, first: str, head: int) -> None:
        self._seen = head
        for event in ledger.history.events_of(COUNTED_KINDS, since=first):
            self._counts.take(event)
            self._seen = max(self._seen, event.seq)
        self._queued = tuple(_queued(ledger))
        for batch_id, at in reversed(ledger.history.latest_batches(MOST_BATCHES)):
            if at >= first or (ledger.batches.find_id(batch_id) and ledger.batches.state(batch_id) == "open"):
                self._add_batch(ledger, batch_id, at)

    def _add_batch(self, ledger: Ledger, batch_id: str, at: str) -> None:
        if ledger.batches.find_id(batch_id) is None:
            return
        self._batches[batch_id] = FollowedBatch(ledger, batch_id)
        self._batches[batch_id].last_at = at
        while len(self._batches) > MOST_BATCHES:
            del self._batches[next(iter(self._batches))]

    def _follow(self, ledger: Ledger, head: int) -> None:
        news: defaultdict[str, list[Event]] = defaultdict(list)
        for event in ledger.history.events_of((), after=self._seen):
            self._counts.take(event)
            self._seen = max(self._seen, event.seq)
            if event.batch:
                news[event.batch].append(event)
        if any(event.kind in _OF_QUEUES for events in news.values() for event in events):
            self._queued = tuple(_queued(ledger))
        for batch_id, events in sorted(news.items(), key=lambda item: item[1][-1].seq):
            if known := self._batches.pop(batch_id, None):
                known.follow(ledger, events)
                self._batches[batch_id] = known
            else:
                self._add_batch(ledger, batch_id, events[-1].at)

    # --- what is shown -----------------------------------------------------------------------------------------------

    def _state(self, ledger: Ledger, now: str, first: str) -> LineState:
        progress = [batch.progress() for batch in reversed(self._batches.values())]
        rates = self._counts.rates(now, later(now, minutes=-RATE_MINUTES))
        return LineState(
            at=now,
            head=self._seen,
            hours=hours_between(self._zone, first, now),
            counts=self._counts.total(),
            by_hour=self._counts.by_hour(),
            stations=tuple(
                StationCounts(station, counts, rates.get(station, 0), self._counts.last_at.get(station, ""))
                for station, counts in self._counts.by_station().items()
            ),
            batches=tuple(progress),
            waiting=(*self._queued, *(one for batch in progress for one in self._waiting(ledger, batch))),
            scrap_reasons=self._counts.scrap_reasons(),
            failures=self._failures(ledger),
        )

    def _waiting(self, ledger: Ledger, batch: BatchProgress) -> Iterator[Waiting]:
        if batch.state != "open":
            return
        queued = sum(one.count for one in self._queued if one.batch == batch.batch)
        packed = batch.packed > 0  # where nothing is packed into cartons, nothing waits for that
        found = {
            Work.SEND_AGAIN: self._counts.files_not_sent(batch.batch),
            Work.COMPLETE_RELEASE: len(ledger.releases.open(batch.batch)),
            Work.REPORT_FLASHED: self._batches[batch.batch].unreported,
            Work.FLASH_FAILED: batch.flash_failed,
            Work.ANSWER: batch.rejected,
            Work.PRINT: batch.packages - batch.printed - queued,
            Work.VERIFY: batch.printed - batch.verified,
            Work.PROGRAM: batch.units - batch.released,
            Work.PACK: batch.verified - max(batch.packed, batch.shipped) if packed else 0,
            Work.SHIP: (batch.packed if packed else batch.verified) - batch.shipped,
            Work.REPLACE: batch.scrapped_packages,
            Work.CLOSE: int(0 < batch.packages == batch.shipped),
        }
        for work, count in found.items():
            if count > 0:
                yield Waiting(work, DESKS[work], batch.batch, count)

    def _failures(self, ledger: Ledger) -> tuple[Failure, ...]:
        """The newest failures, the newest first."""
        newest = list(self._counts.failures)[-MOST_SHOWN_FAILURES:][::-1]
        self._serials = {one.event: self._serials_of(ledger, one) for one in newest}
        return tuple(replace(one, serials=self._serials[one.event], settled=self._is_settled(one)) for one in newest)

    def _is_settled(self, failure: Failure) -> bool:
        followed = self._batches.get(failure.batch)
        return followed is not None and followed.is_settled(failure.package)

    def _serials_of(self, ledger: Ledger, failure: Failure) -> str:
        if failure.package is None:
            return ""
        if failure.event in self._serials:
            return self._serials[failure.event]
        units = ledger.units.find_in_packages(failure.batch, [failure.package])
        return ", ".join(unit.serial for unit in units)


def _queued(ledger: Ledger) -> Iterator[Waiting]:
    """Labels that wait in print queues, or at a press that stands still."""
    for entry in ledger.print_queue.entries(open_only=True):
        progress = ledger.print_queue.progress(entry)
        work = Work.AT_PRINTER if progress.state is QueueState.PAUSED else Work.PRINT_QUEUED
        if (count := entry.asked.labels - progress.good) > 0:
            yield Waiting(work, DESKS[work], entry.asked.batch, count, entry.press)
