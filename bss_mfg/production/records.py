"""What the line made, as plain records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from bss_mfg.ledger.batches import BatchState


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened in a time: units that were issued, labels that were made, reads of printed labels that were right,
    wrong, or repeated one before; of these the first reads of a package in the time, by which yield is told; units that
    were scrapped, and that stations reported as flashed, or as failed; packages that were packed (and not taken
    out again, each once), shipped and came back."""

    issued: int = 0
    labels: int = 0
    right: int = 0
    wrong: int = 0
    repeated: int = 0
    first_right: int = 0
    first_wrong: int = 0
    scrapped: int = 0
    flashed: int = 0
    flash_failed: int = 0
    packed: int = 0
    shipped: int = 0
    returned: int = 0

    @property
    def first_pass_yield(self) -> float | None:
        """The share of packages whose first read was right, 0 to 1; None where none was read."""
        read = self.first_right + self.first_wrong
        return self.first_right / read if read else None


COUNT_NAMES = tuple(one.name for one in fields(Counts))


def sum_counts(counts: Iterable[Counts]) -> Counts:
    """All of them together."""
    sums = dict.fromkeys(COUNT_NAMES, 0)
    for one in counts:
        for name in COUNT_NAMES:
            sums[name] += getattr(one, name)
    return Counts(**sums)


@dataclass(frozen=True, slots=True)
class HourCounts:
    """What a station did in an hour, which is named by its start in the workspace's time zone."""

    hour: str
    station: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class StationCounts:
    """What a station did in the whole time, right reads in the last quarter of an hour as a rate per hour, and when it
    was heard of last (UTC)."""

    station: str
    counts: Counts
    per_hour: int
    last_at: str


@dataclass(frozen=True, slots=True)
class ScrapReason:
    """Units that were scrapped for one reason."""

    reason: str
    units: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A read of a printed label that was wrong: the event's number and digest, when (UTC) and where, of what, what it
    was called, and the picture's file and page. `settled`: since then the label was read right, or the unit was
    scrapped."""

    event: int
    digest: str
    at: str
    station: str
    batch: str
    verdict: str
    package: int | None = None
    file: str | None = None
    page: int | None = None
    serials: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch is. Of its `packages`, those with a scrapped unit left out, so many were printed, verified (the
    newest printed label was read right), packed and shipped; of its `units`, the scrapped ones left out, so many have a
    key that was released to flashers, and were
    reported as flashed, or as failed."""

    batch: str
    product: str
    title: str
    state: BatchState
    last_at: str
    packages: int
    printed: int
    verified: int
    packed: int
    shipped: int
    scrapped_packages: int
    units: int
    released: int
    flashed: int
    flash_failed: int
    rejected: int


class Work(StrEnum):
    """What is to be done next."""

    PRINT = "print"
    PRINT_QUEUED = "print queued"
    AT_PRINTER = "at printer"
    """Handed over by a press, and not counted as good yet."""
    SEND_AGAIN = "send again"
    VERIFY = "verify"
    PROGRAM = "program"
    COMPLETE_RELEASE = "complete release"
    REPORT_FLASHED = "report flashed"
    FLASH_FAILED = "flash failed"
    PACK = "pack"
    SHIP = "ship"
    REPLACE = "replace"
    ANSWER = "answer rejected"
    CLOSE = "close"


class Desk(StrEnum):
    """Who does it."""

    PRESS = "press"
    SCAN = "scan"
    FLASHER = "flasher"
    PACKING = "packing"
    OFFICE = "office"


DESKS: Mapping[Work, Desk] = {
    Work.PRINT: Desk.PRESS,
    Work.PRINT_QUEUED: Desk.PRESS,
    Work.AT_PRINTER: Desk.PRESS,
    Work.SEND_AGAIN: Desk.PRESS,
    Work.VERIFY: Desk.SCAN,
    Work.PROGRAM: Desk.FLASHER,
    Work.COMPLETE_RELEASE: Desk.FLASHER,
    Work.REPORT_FLASHED: Desk.FLASHER,
    Work.FLASH_FAILED: Desk.FLASHER,
    Work.PACK: Desk.PACKING,
    Work.SHIP: Desk.PACKING,
    Work.REPLACE: Desk.OFFICE,
    Work.ANSWER: Desk.OFFICE,
    Work.CLOSE: Desk.OFFICE,
}
TROUBLES = frozenset({Work.SEND_AGAIN, Work.COMPLETE_RELEASE, Work.FLASH_FAILED, Work.ANSWER})
"""Work that is there because something went wrong."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that waits: how many packages (units where keys are released, rejected or replaced; label files that are to
    be sent again; labels in print queues). `station` is named where it is one station's work: a press's."""

    work: Work
    desk: Desk
    batch: str
    count: int
    station: str = ""


@dataclass(frozen=True, slots=True)
class LineState:
    """All of the line at a moment (UTC): `head` is the number of the newest event that is counted, `hours` name every
    hour of the time, the first first, whether or not something happened in it."""

    at: str
    head: int
    hours: tuple[str, ...]
    counts: Counts
    by_hour: tuple[HourCounts, ...]
    stations: tuple[StationCounts, ...]
    batches: tuple[BatchProgress, ...]
    waiting: tuple[Waiting, ...]
    scrap_reasons: tuple[ScrapReason, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment to another, both included, as the history writes them (UTC)."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """What each station did in each hour of a time, hours in which nothing happened left out."""

    period: Period
    counts: Counts
    by_hour: tuple[HourCounts, ...]
    scrap_reasons: tuple[ScrapReason, ...]
    faults: Mapping[str, int]
    """How many reads were called what, of those that were wrong."""


@dataclass(frozen=True, slots=True)
class BatchYield:
    """What a batch yielded in a time."""

    batch: str
    product: str
    counts: Counts
    faults: Mapping[str, int] = field(default_factory=dict)
    scrap_reasons: tuple[ScrapReason, ...] = ()


@dataclass(frozen=True, slots=True)
class YieldReport:
    """What each batch yielded in a time, in the order in which something happened to them first."""

    period: Period
    counts: Counts
    batches: tuple[BatchYield, ...]
    scrap_reasons: tuple[ScrapReason, ...]
