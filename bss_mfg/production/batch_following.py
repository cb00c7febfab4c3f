"""A batch as it goes: what an event touched is asked for again, so that news of a large batch cost as much as there is
of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import (
    LabelFileEvent,
    LabelRead,
    PackagesMoved,
    UnitReplaced,
    UnitScrapped,
    read_record,
)
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.package_marks import PACKED, PRINTED, SHIPPED, VERIFIED
from bss_mfg.ledger.packing_events import OnePackage, PackedTogether
from bss_mfg.model import Event
from bss_mfg.production.records import BatchProgress

_OF_UNITS = frozenset(
    {
        EventKind.UNIT_SCRAPPED,
        EventKind.UNIT_REPLACED,
        EventKind.KEYS_RELEASING,
        EventKind.KEYS_RELEASED,
        EventKind.FLASH_REPORTED,
        EventKind.MANIFEST_MADE,
        EventKind.MANIFEST_ANSWERED,
    }
)
"""After these, units are counted anew."""
_OF_STATE = frozenset({EventKind.BATCH_CLOSED, EventKind.BATCH_REOPENED, EventKind.BATCH_RETIRED})
_MARKS = (PRINTED, VERIFIED, PACKED, SHIPPED)


class FollowedBatch:
    """How far a batch is: a byte for each package. Facts are asked for after an event and are never older than it, so
    it doesn't matter in which order news and facts come."""

    def __init__(self, ledger: Ledger, batch_id: str) -> None:
        batch = ledger.batches.get(batch_id)
        self.batch = batch
        self.last_at = ""
        self._marks = bytearray(batch.packages + 1)
        self._sums = dict.fromkeys(_MARKS, 0)
        self._look_again(ledger, [range(1, batch.packages + 1)])
        self._count_units(ledger)
        self._state = ledger.batches.state(batch_id)

    def follow(self, ledger: Ledger, events: Sequence[Event]) -> None:
        """Ask anew for what some events of the batch touched."""
        kinds = {event.kind for event in events}
        self._look_again(ledger, _ranges(number for event in events for number in _touched(event)))
        self._look_again(ledger, [some for event in events for some in _touched_ranges(event)])
        if kinds & _OF_UNITS:
            self._count_units(ledger)
        if kinds & _OF_STATE:
            self._state = ledger.batches.state(self.batch.id)
        self.last_at = events[-1].at

    def progress(self) -> BatchProgress:
        """How far it is."""
        live = {mark: number - self._scrapped_with(mark) for mark, number in self._sums.items()}
        return BatchProgress(
            batch=self.batch.id,
            product=self.batch.product,
            title=self.batch.facts.get("title", ""),
            state=self._state,
            last_at=self.last_at,
            packages=self.batch.packages - len(self._scrapped),
            printed=live[PRINTED],
            verified=live[VERIFIED],
            packed=live[PACKED],
            shipped=live[SHIPPED],
            scrapped_packages=len(self._scrapped),
            units=self._units,
            released=self._outputs["released"],
            flashed=self._flashed,
            flash_failed=self._flash_failed,
            rejected=self._outputs["rejected"],
        )

    def is_settled(self, package: int | None) -> bool:
        """Whether a package has a printed label that was read right, or is scrapped."""
        if package is None or package >= len(self._marks):
            return False
        return bool(self._marks[package] & VERIFIED) or package in self._scrapped

    def _scrapped_with(self, mark: int) -> int:
        return sum(1 for number in self._scrapped if self._marks[number] & mark)

    def _count_units(self, ledger: Ledger) -> None:
        self._scrapped = ledger.packages.scrapped(self.batch.id)
        self._outputs = ledger.exports.outputs(self.batch.id)
        self._flashed = ledger.flash.passed(self.batch.id)
        self.unreported, self._flash_failed = ledger.flash.unsettled(self.batch.id)
        self._units = ledger.exports.count_unreleased(self.batch.id) + self._outputs["released"]

    def _look_again(self, ledger: Ledger, packages: Iterable[range]) -> None:
        for some in packages:
            inside = range(max(some.start, 1), min(some.stop, len(self._marks)))
            if not inside:
                continue
            for number, marks in ledger.packages.marks(self.batch.id, inside):
                changed = self._marks[number] ^ marks
                if not changed:
                    continue
                for mark in _MARKS:
                    if changed & mark:
                        self._sums[mark] += 1 if marks & mark else -1
                self._marks[number] = marks


def _ranges(numbers: Iterable[int]) -> Iterator[range]:
    return consecutive_ranges(sorted(set(numbers)))


def _touched(event: Event) -> Iterator[int]:
    """The single packages that an event says something new of."""
    record = read_record(event.kind, event.data)
    if isinstance(record, LabelRead | OnePackage | UnitReplaced | UnitScrapped) and record.package:
        yield record.package


def _touched_ranges(event: Event) -> Iterator[range]:
    """The packages in a row that an event says something new of."""
    record = read_record(event.kind, event.data)
    if isinstance(record, PackagesMoved | PackedTogether):
        yield from (range(first, last + 1) for first, last in record.packages)
    elif isinstance(record, LabelFileEvent) and record.each in (None, "package"):
        runs = record.ranges
        yield from (range(first, last + 1) for first, last in runs)
