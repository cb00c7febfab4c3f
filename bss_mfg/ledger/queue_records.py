"""What a print queue holds: entries, the stretches in which a press prints them, and rolls."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice

from bss_mfg.model import FillOrder, SymbolStyle

Pairs = Sequence[Sequence[int]]
"""Label numbers in their order, as [first, last] of consecutive ones."""


QUEUE_STEM = "queue"
"""What the names of label files say that presses made."""


def asked_digest(numbers: str, printing: str) -> str:
    """SHA-256 (hex) of which labels are asked for, and how they are printed, both as they are stored."""
    return hashlib.sha256(f"{numbers}\n{printing}".encode()).hexdigest()


def stretch_of_file(batch: str, file: str) -> tuple[int, int] | None:
    """Numbers of the entry and of its stretch that a label file of a batch was made of, by its name; None of another
    file."""
    prefix = f"{batch}-{QUEUE_STEM}-"
    entry, _, rest = file.removeprefix(prefix).partition("-")
    stretch = rest.partition("-")[0]
    if file.startswith(prefix) and entry.isdigit() and stretch.isdigit():
        return int(entry), int(stretch)
    return None


def numbers_of(pairs: Pairs) -> Iterator[int]:
    """The numbers of pairs, in their order."""
    return chain.from_iterable(range(first, last + 1) for first, last in pairs)


class QueueState(StrEnum):
    """How far an entry is. The first three are still to be printed."""

    WAITING = "waiting"
    TAKEN = "taken"
    PAUSED = "paused"
    """What went to the printer last is not counted yet: the last good label is to be scanned."""
    HANDED_OVER = "handed over"
    PRINTED = "printed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class QueuedPrinting:
    """How the labels of an entry are printed: what decides their bytes, besides template and batch.

    `printer` and `printer_digest` (of what of it decides bytes) are None where any printer of the press will do.
    `copies` of a label follow each other. `language` is empty where fields are shown as they are. `reprint` says why
    single labels are printed once more (`reprint --queue`), and is empty of others.
    """

    printer: str | None
    printer_digest: str | None
    labels_per_file: int
    start_at: int
    order: FillOrder
    symbols: SymbolStyle
    copies: int
    language: str
    reprint: str = ""


@dataclass(frozen=True, slots=True)
class QueueDraft:
    """What is put into a queue."""

    press: str
    batch: str
    each: str
    pairs: Pairs
    template: str
    template_digest: str
    printing: QueuedPrinting
    again: bool = False

    @property
    def labels(self) -> int:
        """How many, with copies."""
        return sum(last - first + 1 for first, last in self.pairs) * self.printing.copies


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """Labels in the queue of a press: who asked for them, whether the press has taken them, how it ended."""

    number: int
    asked: QueueDraft
    operator: str
    station: str
    at: str
    taken_at: str | None
    outcome: QueueState | None
    ended_at: str | None

    @property
    def press(self) -> str:
        """The press in whose queue it is, or that has taken it."""
        return self.asked.press


@dataclass(frozen=True, slots=True)
class Stretch:
    """Labels of an entry that go to the printer together, on one roll. `good` (how many of its numbers, from the first
    on, have a good label) is None while nobody knows; `spoiled`: labels at most that came out behind those. `reason`:
    why they are printed again; `why`: why those that are not good will be."""

    entry: int
    number: int
    press: str
    roll: int
    pairs: Pairs
    labels: int
    again: bool
    reason: str | None
    at: str
    good: int | None
    spoiled: int
    printed: bool
    why: str | None
    roll_ended: bool

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its labels, in order."""
        return tuple(numbers_of(self.pairs))

    @property
    def good_numbers(self) -> tuple[int, ...]:
        """Those that have a good label."""
        return tuple(islice(numbers_of(self.pairs), self.good or 0))

    @property
    def stem(self) -> str:
        """What the names of its files say after the batch."""
        return f"{QUEUE_STEM}-{self.entry}-{self.number:04d}"


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """How far an entry is: labels with copies. `at_printer`: handed over at most, and not counted yet; None where
    nobody knows how many, for the command ended while it sent."""

    state: QueueState
    good: int
    spoiled: int
    at_printer: int | None
    stretches: Sequence[Stretch]


@dataclass(frozen=True, slots=True)
class RollCount:
    """What a roll of a press was used for. `waiting`: labels that went to the printer, or are about to, and are not
    counted yet."""

    press: str
    roll: int
    labels: int
    spoiled: int
    waiting: int
    ended: bool

    @property
    def used(self) -> int:
        """Labels that are gone from it, at most."""
        return self.labels + self.spoiled + self.waiting


@dataclass(frozen=True, slots=True)
class LastGood:
    """What the operator says of what came out: the number and serial of the last good label; none where `number` is
    None."""

    number: int | None = None
    serial: str | None = None


def place_in(pairs: Pairs, number: int) -> int | None:
    """How many numbers there are up to this one, itself included; None where it is not among them."""
    before = 0
    for first, last in pairs:
        if first <= number <= last:
            return before + number - first + 1
        before += last - first + 1
    return None
