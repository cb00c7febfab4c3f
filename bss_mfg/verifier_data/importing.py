"""A verifier's grades into the ledger: each symbol is matched to a package by its string, byte for byte.

Nothing is issued or confirmed by it: that a label was read right, only a read of ours says. What is there is never
stored twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bss_mfg.core.clock import UTC_ZONE, TimeZone
from bss_mfg.core.files import sha256_of
from bss_mfg.ledger.events import GradeMeasured
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.verifier_data.exports import Measurement, read_export
from bss_mfg.verifier_data.mapping import Mapping


class RowKind(StrEnum):
    """What became of a symbol in an export."""

    STORED = "stored"
    KNOWN = "known"
    """The same measurement was stored before."""
    DUPLICATE = "duplicate"
    """Another row of these files has the same package. A measurement that is another is stored all the same."""
    OTHER_BATCH = "other-batch"
    SUPERSEDED = "superseded"
    """The string that a package had before a unit of it was replaced."""
    UNKNOWN = "unknown"
    """A string that was never issued, or that lacks what the mapping says stands before or behind each."""
    NO_DATA = "no-data"
    """The verifier decoded nothing."""
    NOT_GRADED = "not-graded"


FINE = frozenset({RowKind.STORED, RowKind.KNOWN})


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A symbol, what became of it, and why in words; `package` where it is one of the batch."""

    measurement: Measurement
    kind: RowKind
    package: int | None = None
    detail: str = ""
    new: bool = False
    """Whether it is stored by this import."""


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did, or with `dry_run` would do."""

    batch: Batch
    mapping: Mapping
    dry_run: bool
    rows: Sequence[ImportedRow]

    @property
    def counts(self) -> dict[RowKind, int]:
        """How many symbols of each kind."""
        counted = Counter(row.kind for row in self.rows)
        return {kind: counted[kind] for kind in RowKind}

    @property
    def stored(self) -> int:
        """Measurements that were new."""
        return sum(row.new for row in self.rows)

    @property
    def fine(self) -> bool:
        """Whether every symbol is a package of the batch, once, with a grade."""
        return all(row.kind in FINE for row in self.rows)


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Which exports, read by which mapping; `zone` is that of times without one. `dry_run` stores nothing."""

    files: Sequence[Path]
    mapping: Mapping
    zone: TimeZone = UTC_ZONE
    dry_run: bool = False


def import_grades(
    ledger: Ledger, batch: Batch, request: ImportRequest, progress: Callable[[int], None] = lambda done: None
) -> Import:
    """Bring exports in: all of them, or, with an `InputError`, nothing. `progress` hears how many symbols were read."""
    measured: list[Measurement] = []
    digests: dict[Path, str] = {}
    for path in request.files:
        for measurement in read_export(path, request.mapping, request.zone):
            measured.append(measurement)
            if len(measured) % 1000 == 0:
                progress(len(measured))
        digests[path] = sha256_of(path)
    if request.dry_run:
        return Import(batch, request.mapping, True, _Matching(ledger, batch).rows(measured))
    with ledger.transaction():
        rows = _Matching(ledger, batch).rows(measured)
        events = [_event(row, request.mapping.name, digests[row.measurement.file]) for row in rows if row.new]
        if events:
            ledger.history.append(batch.id, *events)
    return Import(batch, request.mapping, False, rows)


class _Matching:
    """Symbols matched to the packages of a batch."""

    def __init__(self, ledger: Ledger, batch: Batch) -> None:
        self._ledger, self._batch = ledger, batch
        self._known = {_key(record) for _, record in ledger.history.records(GradeMeasured, batch.id)}
        self._seen: dict[int, Measurement] = {}

    def rows(self, measured: Sequence[Measurement]) -> list[ImportedRow]:
        return [self._row(one) for one in measured]

    def _row(self, one: Measurement) -> ImportedRow:
        if not one.text:
            return ImportedRow(one, RowKind.NO_DATA, detail="the verifier decoded nothing")
        if one.unmarked:
            words = f"it lacks the {one.unmarked} that the mapping says each has"
            return ImportedRow(one, RowKind.UNKNOWN, detail=words)
        owner = self._ledger.packages.find_by_payload(one.text)
        if owner is None:
            return self._stranger(one)
        batch_id, package = owner
        if batch_id != self._batch.id:
            return ImportedRow(one, RowKind.OTHER_BATCH, detail=f"package {package} of batch {batch_id}")
        if one.grade is None:
            return ImportedRow(one, RowKind.NOT_GRADED, package, "the verifier gave it no overall grade")
        key = _key(_event(ImportedRow(one, RowKind.STORED, package), "", ""))
        new = key not in self._known
        self._known.add(key)
        if before := self._seen.get(package):
            words = f"{before.where} is of package {package}, too"
            return ImportedRow(one, RowKind.DUPLICATE, package, words, new)
        self._seen[package] = one
        return ImportedRow(one, RowKind.STORED if new else RowKind.KNOWN, package, new=new)

    def _stranger(self, one: Measurement) -> ImportedRow:
        if old := self._ledger.packages.find_superseded(one.text):
            words = f"an old label of package {old.package} of batch {old.batch_id}, from before a unit was replaced"
            return ImportedRow(one, RowKind.SUPERSEDED, detail=words)
        return ImportedRow(one, RowKind.UNKNOWN, detail="it was never issued here")


def _event(row: ImportedRow, mapping: str, sha256: str) -> GradeMeasured:
    one = row.measurement
    assert row.package is not None and one.grade is not None  # noqa: S101  (what has none is not stored)
    return GradeMeasured(
        package=row.package,
        grade=one.grade,
        grades=dict(one.grades),
        formal=one.formal,
        measured_at=one.measured_at,
        measured_by=one.measured_by,
        verifier=one.verifier,
        file=one.file.name,
        sha256=sha256,
        row=one.number,
        mapping=mapping,
    )


def _key(record: GradeMeasured) -> tuple[Any, ...]:
    """What makes two measurements one, whichever export they stand in."""
    return (
        record.package,
        record.grade,
        tuple(sorted((record.grades or {}).items())),
        record.formal,
        record.measured_at,
        record.measured_by,
        record.verifier,
    )
