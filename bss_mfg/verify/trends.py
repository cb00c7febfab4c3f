"""Print quality over batches, printers, days and places across the web: control charts of what was read of prints.

The p-chart of faults and the chart of mean grades are Shewhart's, with limits of three standard deviations (ISO
7870-2). All comes from the history: every read is an event.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bss_mfg.ledger.events import LabelFileEvent, LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.read_effects import SCANNER
from bss_mfg.model import Batch

SIGMAS = 3.0
RUN = 8
"""Groups in a row on the worse side of the mean that are an alarm though none is beyond its limit."""
LEAST_GROUPS = 3
"""Groups below which there are no limits: nothing is usual yet."""
PLACE_MM = 5.0
"""How wide a place across the web is."""
LEAST_LINES = 3
"""Labels with a light line at the same dot before it is an alarm."""
_SAME_LINE_MM = 0.15
"""How far apart in mm two findings of one line may be."""
_OTHERS = frozenset({"duplicate", "foreign", "missing", "old-picture"})
"""Verdicts that say nothing of how a label was printed."""


class GroupBy(StrEnum):
    """What is compared with each other."""

    BATCH = "batch"
    PRINTER = "printer"
    DAY = "day"
    PLACE = "place"


class Alarm(StrEnum):
    """What is unusual of a group."""

    FAULTS = "faults"
    """More faults than the upper control limit."""
    GRADE = "grade"
    """A mean grade below the lower control limit."""
    RUN = "run"
    """The last of eight in a row with more faults, or a lower grade, than the mean."""


@dataclass(frozen=True, slots=True)
class Group:
    """Reads that are compared with others. `wrong` of `labels` were not right; `grade` is the mean of the `graded`,
    where an unreadable label counts as 0. `most_wrong` and `least_grade` are the control limits, None without any."""

    name: str
    labels: int
    wrong: int
    graded: int
    grade: float | None
    most_wrong: float | None = None
    least_grade: float | None = None
    alarms: tuple[Alarm, ...] = ()

    @property
    def share(self) -> float:
        """The share of labels that were not right."""
        return self.wrong / self.labels


@dataclass(frozen=True, slots=True)
class HeadLine:
    """A light line along the page that several labels of one printer have at the same place: `x_mm` from the left edge
    of the page, `dot` from there, counted from 1, where the printer's dots are known."""

    printer: str
    x_mm: float
    dot: int | None
    labels: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Trends:
    """Groups in the order in which they came, the means over all of them, and lines that the print head leaves."""

    by: GroupBy
    groups: tuple[Group, ...]
    mean_wrong: float
    mean_grade: float | None
    lines: tuple[HeadLine, ...]

    @property
    def steady(self) -> bool:
        """Whether nothing is unusual."""
        return not self.lines and not any(group.alarms for group in self.groups)


@dataclass(slots=True)
class _Sums:
    """Reads of a group while they are counted."""

    labels: int = 0
    wrong: int = 0
    graded: int = 0
    grades: float = 0.0
    squares: float = 0.0

    def add(self, read: LabelRead) -> None:
        self.labels += 1
        self.wrong += read.verdict != "matched"
        grade = 0.0 if read.verdict == "unreadable" else read.grade
        if grade is not None and (read.grade is not None or read.verdict == "unreadable"):
            self.graded += 1
            self.grades += grade
            self.squares += grade**2


@dataclass(slots=True)
class _Lines:
    """Light lines of one printer: where, in which batch and package, and on which day."""

    found: list[tuple[float, str, int, str]] = field(default_factory=list)


def trends(ledger: Ledger, batches: Sequence[Batch], by: GroupBy, dots_per_mm: Callable[[str], float | None]) -> Trends:
    """What the reads of printed labels say, of some batches in the order of their issue. `dots_per_mm` knows a
    printer's dots by its name."""
    sums: dict[str, _Sums] = {}
    lines: defaultdict[str, _Lines] = defaultdict(_Lines)
    for batch in batches:
        printers = _PrinterOfPackage(ledger, batch)
        for day, read in _print_reads(ledger, batch):
            printer = printers.of(read.package)
            name = {
                GroupBy.BATCH: batch.id,
                GroupBy.PRINTER: printer,
                GroupBy.DAY: day,
                GroupBy.PLACE: _place(read.x_mm),
            }[by]
            if name:
                sums.setdefault(name, _Sums()).add(read)
            for x in read.light_lines or ():
                lines[printer].found.append((x, batch.id, read.package or 0, day))
    order: Iterable[str] = sums
    if by is GroupBy.PLACE:
        order = sorted(sums, key=lambda name: float(name.split()[0]))
    elif by is GroupBy.DAY:
        order = sorted(sums)
    charted = _with_limits([(name, sums[name]) for name in order])
    graded = sum(one.graded for one in sums.values())
    return Trends(
        by,
        charted,
        sum(one.wrong for one in sums.values()) / max(sum(one.labels for one in sums.values()), 1),
        sum(one.grades for one in sums.values()) / graded if graded else None,
        tuple(line for name in sorted(lines) for line in _head_lines(name, lines[name], dots_per_mm(name))),
    )


def _print_reads(ledger: Ledger, batch: Batch) -> Iterator[tuple[str, LabelRead]]:
    """Reads of printed labels in pictures, each with its day (UTC): what a hand scanner reads has no grade and no
    place."""
    for event, read in ledger.history.records(LabelRead, batch.id):
        if read.of == "print" and read.file != SCANNER and read.verdict not in _OTHERS:
            yield event.at[:10], read


def _place(x_mm: float | None) -> str:
    if x_mm is None:
        return ""
    return f"{round(x_mm / PLACE_MM) * PLACE_MM:.0f} mm"


class _PrinterOfPackage:
    """Which printer a package's newest label was made for."""

    def __init__(self, ledger: Ledger, batch: Batch) -> None:
        self._names: list[str] = [""]
        self._of = array("H", bytes(2 * (batch.packages + 1)))
        for _, made in ledger.history.records(LabelFileEvent, batch.id):
            if made.each != "package" or not made.printer:
                continue
            if made.printer not in self._names:
                self._names.append(made.printer)
            index = self._names.index(made.printer)
            for low, high in made.ranges:
                for number in range(low, min(high, batch.packages) + 1):
                    self._of[number] = index

    def of(self, package: int | None) -> str:
        """The printer's name; empty where it isn't known."""
        return self._names[self._of[package]] if package and package < len(self._of) else ""


def _with_limits(sums: Sequence[tuple[str, _Sums]]) -> tuple[Group, ...]:
    """The groups with their control limits and alarms."""
    labels, wrong = sum(one.labels for _, one in sums), sum(one.wrong for _, one in sums)
    graded = sum(one.graded for _, one in sums)
    share = wrong / labels if labels else 0.0
    mean = sum(one.grades for _, one in sums) / graded if graded else 0.0
    # The spread within the groups, not over all: a bad group must not widen its own limits.
    within = sum(one.squares - one.grades**2 / one.graded for _, one in sums if one.graded)
    freedom = graded - sum(1 for _, one in sums if one.graded)
    sigma = math.sqrt(max(within, 0.0) / freedom) if freedom > 0 else 0.0
    enough = len(sums) >= LEAST_GROUPS
    found: list[Group] = []
    worse = 0
    for name, one in sums:
        grade = one.grades / one.graded if one.graded else None
        most = min(1.0, share + SIGMAS * math.sqrt(share * (1 - share) / one.labels)) if enough else None
        least = max(0.0, mean - SIGMAS * sigma / math.sqrt(one.graded)) if enough and one.graded else None
        alarms: list[Alarm] = []
        if most is not None and one.wrong / one.labels > most + 1e-9:
            alarms.append(Alarm.FAULTS)
        if least is not None and grade is not None and grade < least - 1e-9:
            alarms.append(Alarm.GRADE)
        worse = worse + 1 if one.wrong / one.labels > share or (grade is not None and grade < mean - 1e-9) else 0
        if worse >= RUN:
            alarms.append(Alarm.RUN)
        found.append(Group(name, one.labels, one.wrong, one.graded, grade, most, least, tuple(alarms)))
    return tuple(found)


def _head_lines(printer: str, lines: _Lines, dots_per_mm: float | None) -> Iterator[HeadLine]:
    """Lines that enough labels have at the same place."""
    near: list[tuple[float, str, int, str]] = []
    for one in [*sorted(lines.found), (math.inf, "", 0, "")]:
        if near and one[0] - near[-1][0] > _SAME_LINE_MM:
            labels = {(batch, package) for _, batch, package, _ in near}
            if len(labels) >= LEAST_LINES:
                places = sorted(x for x, *_ in near)
                x = places[len(places) // 2]
                days = sorted(day for *_, day in near)
                dot = int(x * dots_per_mm) + 1 if dots_per_mm else None
                yield HeadLine(printer, round(x, 2), dot, len(labels), days[0], days[-1])
            near = []
        near.append(one)
