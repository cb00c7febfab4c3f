"""The states of a batch, derived by walking its history alone.

What the tables hold is a consequence of what happened. A migration fills in from here what earlier versions did not
keep, and a check of the ledger compares the two. Memory: some ten bytes a package and one a unit.

Early histories say less. Where an event lacks it, this is assumed: a label file that does not say what its labels are
for has labels of packages; which labels it has stands in the table of label files (found by name and SHA-256), and if
not there they run on from the first; what a read was of is guessed by `read_effects.subject_of`.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import (
    BatchClosed,
    BatchReopened,
    BatchRetired,
    LabelFileEvent,
    LabelFileSuperseded,
    LabelRead,
    PackagesMoved,
    PackagesShipped,
    UnitReplaced,
    UnitScrapped,
    kinds_of,
    read_record,
)
from bss_mfg.ledger.packing_events import OnePackage, PackagePacked
from bss_mfg.ledger.read_effects import ReadEffect, effect_of, subject_of
from bss_mfg.ledger.tampering import MOST_NAMED

_RECORDS = (
    LabelFileEvent, LabelFileSuperseded, LabelRead, PackagesMoved, OnePackage, UnitScrapped, UnitReplaced,
    BatchClosed, BatchReopened, BatchRetired,
)  # fmt: skip
_KINDS = tuple(str(kind) for record in _RECORDS for kind in kinds_of(record))
_AT_ONCE = 2_000
"""Events, packages or units that are read at once; no lock is held between."""

Facts = tuple[int, int, int]
"""Prints, and how often the label file and the printed label were read right."""


def _counters(size: int) -> array[int]:
    return array("I", bytes(4 * size))


@dataclass(slots=True)
class BatchStates:
    """What a batch's history makes of it: by package number (from 1) and by unit number (from 1)."""

    prints: array[int]
    file_verified: array[int]
    print_verified: array[int]
    revision: array[int]
    shipped: bytearray
    scrapped: bytearray
    carton: array[int]
    """The number of the carton that a package is in; 0 for none."""
    superseded: dict[tuple[int, int], Facts] = field(default_factory=dict)
    """By package and revision: the facts of barcodes before a unit was replaced."""
    files: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Label files by name and SHA-256: whether one is superseded."""
    replaced: int = 0
    closed: bool = False
    retired: bool = False

    @classmethod
    def begin(cls, packages: int, units: int) -> BatchStates:
        """Just issued; `units` counts those that took others' places, too."""
        size = packages + 1
        return cls(
            _counters(size),
            _counters(size),
            _counters(size),
            array("I", [1]) * size,
            bytearray(size),
            bytearray(units + 1),
            _counters(size),
        )

    def facts(self, package: int) -> Facts:
        """The facts of a package's barcode as it is now."""
        return self.prints[package], self.file_verified[package], self.print_verified[package]


class _Walk:
    """A walk over the history of one batch."""

    def __init__(self, connection: Connection, batch: int, batch_id: str) -> None:
        self._db, self._batch, self._batch_id = connection, batch, batch_id
        ((packages, units),) = connection.rows(
            "SELECT packages, (SELECT max(number) FROM unit WHERE batch = ?) FROM batch WHERE no = ?", (batch, batch)
        )
        self.states = BatchStates.begin(packages, units)
        self._files: dict[tuple[str, str], list[tuple[int, int]]] = {}
        """Label numbers of files that don't run on, by name and SHA-256, as [first, last]."""
        self._names: set[str] = set()
        for file, sha256, geometry in connection.rows(
            "SELECT file, sha256, geometry FROM printed WHERE batch = ?", (batch,)
        ):
            self._names.add(file)
            if numbers := json.loads(geometry).get("numbers") if '"numbers"' in geometry else None:
                self._files[file, sha256] = [(number, number) for number in numbers]
        self._steps: dict[type[EventRecord], Callable[[Any], None]] = {
            LabelFileEvent: self._labels,
            LabelFileSuperseded: self._supersede,
            LabelRead: self._read,
            PackagesMoved: self._move,
            OnePackage: self._pack,
            UnitScrapped: self._scrap,
            UnitReplaced: self._replace,
            BatchClosed: lambda _: self._close(True),
            BatchReopened: lambda _: self._close(False),
            BatchRetired: self._retire,
        }

    def run(self) -> BatchStates:
        steps = {str(kind): step for record_type, step in self._steps.items() for kind in kinds_of(record_type)}
        marks = ", ".join("?" * len(_KINDS))
        query = (
            f"SELECT seq, kind, data FROM event WHERE batch = ? AND kind IN ({marks}) "  # noqa: S608 (fixed texts)
            "AND seq > ? ORDER BY seq LIMIT ?"
        )
        for rows in self._db.stream(query, (self._batch_id, *_KINDS), _AT_ONCE):
            for _, kind, data in rows:
                steps[kind](read_record(kind, json.loads(data)))
        return self.states

    def _supersede(self, gone: LabelFileSuperseded) -> None:
        self.states.files[gone.file, gone.sha256] = True

    def _labels(self, made: LabelFileEvent) -> None:
        self.states.files[made.file, made.sha256] = False
        if made.each not in (None, "package"):
            return
        runs: Iterable[Any] = made.numbers or self._files.get((made.file, made.sha256)) or ()
        for first, last in runs or [(made.first, made.first + made.count - 1)]:
            for package in self._inside(first, last):
                self.states.prints[package] += 1
                self.states.print_verified[package] = 0

    def _read(self, read: LabelRead) -> None:
        effect = effect_of(read.verdict)
        if effect is ReadEffect.NONE or not read.package or read.package >= len(self.states.prints):
            return
        states = self.states
        counts = states.print_verified if subject_of(read, self._names) == "print" else states.file_verified
        counts[read.package] = counts[read.package] + 1 if effect is ReadEffect.RIGHT else 0

    def _move(self, moved: PackagesMoved) -> None:
        shipped = isinstance(moved, PackagesShipped)
        for first, last in moved.packages:
            for package in self._inside(first, last):
                self.states.shipped[package] = shipped
                if not shipped:
                    self.states.print_verified[package] = self.states.carton[package] = 0

    def _pack(self, one: OnePackage) -> None:
        for package in self._inside(one.package, one.package):
            self.states.carton[package] = one.carton if isinstance(one, PackagePacked) else 0

    def _inside(self, first: int, last: int) -> range:
        return range(max(first, 1), min(last, len(self.states.prints) - 1) + 1)

    def _scrap(self, scrapped: UnitScrapped) -> None:
        for serial in scrapped.serials:
            for (number,) in self._db.rows(
                "SELECT number FROM unit WHERE batch = ? AND serial = ?", (self._batch, serial)
            ):
                self.states.scrapped[number] = 1

    def _replace(self, replaced: UnitReplaced) -> None:
        states, package = self.states, replaced.package
        if package not in self._inside(package, package):
            return
        states.superseded[package, states.revision[package]] = states.facts(package)
        states.prints[package] = states.file_verified[package] = states.print_verified[package] = 0
        states.revision[package] = replaced.revision
        states.replaced += len(replaced.successors)

    def _close(self, closed: bool) -> None:
        self.states.closed = closed

    def _retire(self, _: BatchRetired) -> None:
        self.states.retired = True


def replay_batch(connection: Connection, batch: int, batch_id: str) -> BatchStates:
    """What the history of a batch makes of it."""
    return _Walk(connection, batch, batch_id).run()


def contradictions(connection: Connection, batch: int, batch_id: str) -> list[str]:
    """What the tables hold of a batch otherwise than its history, in words; the first of it. Read at different moments
    where others write meanwhile: what is found then may be none."""
    states = replay_batch(connection, batch, batch_id)
    found: list[str] = []
    for problem in _contradictions(connection, batch, states):
        found.append(problem)
        if len(found) >= MOST_NAMED:
            break
    return found


def _contradictions(connection: Connection, batch: int, states: BatchStates) -> Iterator[str]:
    for rows in connection.stream(
        "SELECT number, prints, file_verified, print_verified, revision, shipped, coalesce(carton, 0) FROM package "
        "WHERE batch = ? AND number > ? ORDER BY number LIMIT ?",
        (batch,),
        _AT_ONCE,
    ):
        for number, prints, file, printed, revision, shipped, carton in rows:
            if prints != states.prints[number]:
                yield f"package {number}: printed {prints} times, by the history {states.prints[number]}"
            if (file > 0) != (states.file_verified[number] > 0):
                yield f"package {number}: its label file {_read_words(file)}, by the history it is otherwise"
            if (printed > 0) != (states.print_verified[number] > 0):
                yield f"package {number}: its printed label {_read_words(printed)}, by the history it is otherwise"
            if revision != states.revision[number]:
                yield f"package {number}: its barcode is number {revision}, by the history {states.revision[number]}"
            if shipped != states.shipped[number]:
                yield f"package {number}: {'shipped' if shipped else 'not shipped'}, by the history it is otherwise"
            if carton != states.carton[number]:
                yield f"package {number}: in carton {carton}, by the history {states.carton[number]} (0: in none)"
    for rows in connection.stream(
        "SELECT number, serial, scrapped FROM unit WHERE batch = ? AND number > ? ORDER BY number LIMIT ?",
        (batch,),
        _AT_ONCE,
    ):
        for number, serial, scrapped in rows:
            if number >= len(states.scrapped) or scrapped != states.scrapped[number]:
                yield f"unit {serial}: {'scrapped' if scrapped else 'not scrapped'}, by the history it is otherwise"
    yield from _contradictions_of_batch(connection, batch, states)


def _contradictions_of_batch(connection: Connection, batch: int, states: BatchStates) -> Iterator[str]:
    ((closed, retired, replaced),) = connection.rows(
        "SELECT closed_at IS NOT NULL, retired_at IS NOT NULL, "
        "(SELECT count(*) FROM unit WHERE batch = ? AND place IS NOT NULL) FROM batch WHERE no = ?",
        (batch, batch),
    )
    if closed != states.closed:
        yield f"the batch is {'closed' if closed else 'open'}, by the history it is otherwise"
    if retired != states.retired:
        yield f"its keys are {'destroyed' if retired else 'kept'}, by the history it is otherwise"
    if replaced != states.replaced:
        yield f"{replaced} units took others' places, by the history {states.replaced}"
    files = {
        (file, sha256): bool(gone)
        for file, sha256, gone in connection.rows(
            "SELECT file, sha256, superseded_at IS NOT NULL FROM printed WHERE batch = ?", (batch,)
        )
    }
    for file, sha256 in sorted(files.keys() | states.files.keys()):
        if files.get((file, sha256)) != states.files.get((file, sha256)):
            yield f"label file {file}: whether it was made, or is superseded, by the history it is otherwise"
    old = {
        (number, revision): facts
        for number, revision, *facts in connection.rows(
            "SELECT number, revision, prints, file_verified > 0, print_verified > 0 FROM superseded WHERE batch = ?",
            (batch,),
        )
    }
    for place in sorted(old.keys() | states.superseded.keys()):
        prints, file, printed = states.superseded.get(place, (-1, 0, 0))
        if old.get(place) != [prints, int(file > 0), int(printed > 0)]:
            yield f"package {place[0]}: what is kept of its barcode number {place[1]} is not what the history says"


def _read_words(times: int) -> str:
    return "was read right" if times else "was not read right"
