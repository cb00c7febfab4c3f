"""Events counted as they come: by hour, station and batch, with what was scrapped and what failed."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from bss_mfg.core.clock import TimeZone, later, seconds_of
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import (
    LABELS_AT_PRINTER,
    LABELS_MADE,
    BatchIssued,
    FlashReported,
    LabelFileEvent,
    LabelRead,
    LabelsSent,
    LabelsToSendAgain,
    PackagesReturned,
    PackagesShipped,
    SendingResult,
    UnitScrapped,
    read_record,
)
from bss_mfg.ledger.packing_events import PackagePacked, PackageUnpacked
from bss_mfg.ledger.read_effects import ReadEffect, effect_of, subject_of
from bss_mfg.model import Event
from bss_mfg.production.records import Counts, Failure, HourCounts, ScrapReason, sum_counts
from bss_mfg.station.answers import ScanWord, Tone, is_fault, tone_of

COUNTED_KINDS = tuple(
    sorted(
        LABELS_MADE
        | LABELS_AT_PRINTER
        | {
            EventKind.BATCH_ISSUED,
            EventKind.READ,
            EventKind.UNIT_SCRAPPED,
            EventKind.PACKAGE_PACKED,
            EventKind.PACKAGE_UNPACKED,
            EventKind.PACKAGES_SHIPPED,
            EventKind.PACKAGES_RETURNED,
            EventKind.FLASH_REPORTED,
        }
    )
)
"""The kinds that are counted here; others are passed over."""
MOST_FAILURES = 60
"""The newest failures that are kept."""
RATE_MINUTES = 15
"""The time over which a station's rate is told."""
_MINUTE = len("2026-11-29T17:46")

_Key = tuple[str, str, str]
"""Hour, station, batch."""


class EventCounts:
    """The counts of the events that it was given, each once and in their order."""

    def __init__(self, zone: TimeZone) -> None:
        self._hour_of = _quick_hours(zone)
        self._counts: dict[_Key, Counter[str]] = {}
        self._faults: Counter[tuple[_Key, str]] = Counter()
        self._reasons: Counter[tuple[_Key, str]] = Counter()
        self._right_by_minute: Counter[tuple[str, str]] = Counter()
        self._read_before: dict[str, bytearray] = {}
        """By batch: a byte for each package that was read."""
        self._not_sent: dict[tuple[str, str], bool] = {}
        """Label files, by batch and SHA-256, that a printer did not take whole."""
        self._keys: list[_Key] = []
        """The keys under which packages were packed, each once."""
        self._key_numbers: dict[_Key, int] = {}
        """Where each stands there, from 1."""
        self._packed_as: dict[str, array[int]] = {}
        """By batch: for each package which of these keys, from 1, it counts under; 0: it is in no carton."""
        self.failures: deque[Failure] = deque(maxlen=MOST_FAILURES)
        self.last_at: dict[str, str] = {}
        """When each station was heard of last."""

    def take(self, event: Event) -> None:
        """Count an event."""
        if event.kind not in COUNTED_KINDS or event.batch is None:
            return
        record, batch, station = read_record(event.kind, event.data), event.batch, str(event.data.get("station", ""))
        key = (self._hour_of(event.at), station, batch)
        self.last_at[station] = max(event.at, self.last_at.get(station, ""))
        if isinstance(record, LabelRead):
            self._take_read(event, record, key)
        elif isinstance(record, UnitScrapped):
            self._add(key, "scrapped", len(record.serials))
            self._reasons[key, record.reason] += len(record.serials)
        elif isinstance(record, LabelFileEvent):
            if record.each in (None, "package"):
                self._add(key, "labels", record.count)
        elif isinstance(record, FlashReported):
            self._add(key, "flashed", _numbers_in(record.passed))
            self._add(key, "flash_failed", _numbers_in(record.failed))
        elif isinstance(record, BatchIssued):
            self._add(key, "issued", record.units)
        elif isinstance(record, PackagePacked | PackageUnpacked):
            self._pack(batch, record.package, key if isinstance(record, PackagePacked) else None)
        elif isinstance(record, PackagesShipped | PackagesReturned):
            self._take_move(record, key)
        elif isinstance(record, LabelsSent | LabelsToSendAgain):
            self._not_sent.pop((batch, record.sha256), None)
        elif isinstance(record, SendingResult):
            self._not_sent[batch, record.sha256] = True

    def _take_read(self, event: Event, read: LabelRead, key: _Key) -> None:
        if subject_of(read, frozenset()) != "print":
            return
        _, station, batch = key
        right, wrong = effect_of(read.verdict) is ReadEffect.RIGHT, is_fault(read.verdict)
        if right:
            self._add(key, "right")
            self._right_by_minute[event.at[:_MINUTE], station] += 1
        elif wrong:
            self._add(key, "wrong")
            self._faults[key, read.verdict] += 1
            failure = Failure(event.seq, event.digest, event.at, station, batch, read.verdict)
            self.failures.append(replace(failure, package=read.package, file=read.file, page=read.page))
        elif tone_of(read.verdict.upper()) is Tone.NOTE and read.verdict.upper() != ScanWord.OTHER_CODE:
            self._add(key, "repeated")
        if read.package and (right or wrong) and self._is_first(batch, read.package):
            self._add(key, "first_right" if right else "first_wrong")

    def _take_move(self, record: PackagesShipped | PackagesReturned, key: _Key) -> None:
        if isinstance(record, PackagesShipped):
            self._add(key, "shipped", record.count)
            return
        self._add(key, "returned", record.count)
        for first, last in record.packages:  # they are in no carton then
            for package in range(first, last + 1):
                self._pack(key[2], package, None)

    def _is_first(self, batch: str, package: int) -> bool:
        seen = self._read_before.setdefault(batch, bytearray())
        if package >= len(seen):
            seen.extend(bytes(max(package + 1, 2 * len(seen)) - len(seen)))
        first, seen[package] = not seen[package], 1
        return first

    def _pack(self, batch: str, package: int, key: _Key | None) -> None:
        """A package counts as packed under a key (None: under none any more), and under no other."""
        packed_as = self._packed_as.setdefault(batch, array("I"))
        if package >= len(packed_as):
            if key is None:
                return  # it was packed before the time that is counted
            packed_as.extend([0] * (max(package + 1, 2 * len(packed_as)) - len(packed_as)))
        if (before := packed_as[package]) and (counts := self._counts.get(self._keys[before - 1])):
            counts["packed"] -= 1
        if key is not None:
            if key not in self._key_numbers:
                self._keys.append(key)
                self._key_numbers[key] = len(self._keys)
            self._add(key, "packed")
        packed_as[package] = 0 if key is None else self._key_numbers[key]

    def _add(self, key: _Key, name: str, number: int = 1) -> None:
        self._counts.setdefault(key, Counter())[name] += number

    def forget_before(self, moment: str) -> None:
        """Forget what happened in hours that ended before a moment (UTC)."""
        first = self._hour_of(moment)
        order = {hour: seconds_of(hour) for hour in {key[0] for key in self._counts} | {first}}
        for key in [key for key in self._counts if order[key[0]] < order[first]]:
            del self._counts[key]
        for counter in (self._reasons, self._faults):
            for gone in [one for one in counter if order.get(one[0][0], 0.0) < order[first]]:
                del counter[gone]
        for minute in [one for one in self._right_by_minute if one[0] < moment[:_MINUTE]]:
            del self._right_by_minute[minute]
        while self.failures and self.failures[0].at < moment:
            self.failures.popleft()
        stations = {station for _, station, _ in self._counts}
        self.last_at = {station: at for station, at in self.last_at.items() if station in stations}

    # --- what was counted --------------------------------------------------------------------------------------------

    def total(self) -> Counts:
        """All of it."""
        return sum_counts(Counts(**counts) for counts in self._counts.values())

    def by_hour(self) -> tuple[HourCounts, ...]:
        """What each station did in each hour, in the order of hours and names."""
        sums = self._grouped(lambda hour, station, batch: (hour, station))
        order = sorted(sums, key=lambda one: (seconds_of(one[0]), one[1]))
        return tuple(HourCounts(hour, station, sums[hour, station]) for hour, station in order)

    def by_station(self) -> dict[str, Counts]:
        """What each station did."""
        sums = self._grouped(lambda hour, station, batch: (station,))
        return {station: counts for (station,), counts in sorted(sums.items())}

    def by_batch(self) -> dict[str, Counts]:
        """What happened to each batch, in the order in which they came."""
        return {batch: counts for (batch,), counts in self._grouped(lambda hour, station, batch: (batch,)).items()}

    def rates(self, now: str, minute_before: str) -> dict[str, int]:
        """Right reads of each station per hour, by those from `minute_before` to `now`."""
        found: Counter[str] = Counter()
        for (minute, station), number in self._right_by_minute.items():
            if minute_before[:_MINUTE] < minute <= now[:_MINUTE]:
                found[station] += number
        return {station: round(number * 60 / RATE_MINUTES) for station, number in found.items()}

    def faults(self, batch: str | None = None) -> dict[str, int]:
        """How many wrong reads were called what, of a batch or of all; the most first."""
        found: Counter[str] = Counter()
        for ((_, _, of), verdict), number in self._faults.items():
            if batch in (None, of):
                found[verdict] += number
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))

    def scrap_reasons(self, batch: str | None = None) -> tuple[ScrapReason, ...]:
        """Why units were scrapped, of a batch or of all; the most first."""
        found: Counter[str] = Counter()
        for ((_, _, of), reason), number in self._reasons.items():
            if batch in (None, of):
                found[reason] += number
        return tuple(ScrapReason(*one) for one in sorted(found.items(), key=lambda one: (-one[1], one[0])))

    def files_not_sent(self, batch: str) -> int:
        """Label files of a batch that a printer did not take whole, and that were not sent since."""
        return sum(1 for of, _ in self._not_sent if of == batch)

    def _grouped(self, name: Callable[[str, str, str], tuple[str, ...]]) -> dict[tuple[str, ...], Counts]:
        groups: defaultdict[tuple[str, ...], list[Counts]] = defaultdict(list)
        for key, counts in self._counts.items():
            groups[name(*key)].append(Counts(**counts))
        return {group: sum_counts(some) for group, some in groups.items()}


def _numbers_in(pairs: Sequence[Sequence[int]]) -> int:
    return sum(last - first + 1 for first, last in pairs)


def count_events(events: Iterable[Event], zone: TimeZone) -> EventCounts:
    """The counts of some events."""
    counts = EventCounts(zone)
    for event in events:
        counts.take(event)
    return counts


def hours_between(zone: TimeZone, first: str, last: str) -> tuple[str, ...]:
    """The hours from a moment to another, each by its start."""
    return tuple(dict.fromkeys(zone.hour(moment) for moment in _quarters(first, last)))


def _quarters(first: str, last: str) -> Iterator[str]:
    """Moments a quarter of an hour apart: an hour of a zone begins at one of them."""
    moment = first
    while moment <= last:
        yield moment
        moment = later(moment, minutes=15)
    yield last


def _quick_hours(zone: TimeZone) -> Callable[[str], str]:
    """The hour of a moment; those of one minute are worked out once."""
    of_minute = lru_cache(maxsize=4096)(zone.hour)
    return lambda moment: of_minute(moment[:_MINUTE] + ":00Z")
