"""Our grades beside a verifier's: label by label, and how far the two agree (Bland and Altman, Lancet 1986, 327:307).

Of each label the newest measurement counts, and the newest read of a print that was graded; what was before a unit of
the package was replaced is of another label.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from bss_mfg.imaging.grade_parameters import PARAMETERS
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import GradeMeasured, LabelRead, UnitReplaced, kinds_of, read_record
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.verifier_data.grade_values import Grade, is_below, letter_of_grade

OVERALL = "overall"
LIMITS = 1.96
"""Standard deviations between which 95 % of differences lie, where they are normally distributed."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The newest grade that `verify` gave a printed label; `grades` is empty of reads by earlier versions."""

    grade: float
    grades: Mapping[str, float]
    formal: str
    at: str
    file: str


@dataclass(frozen=True, slots=True)
class Theirs:
    """The newest measurement of a verifier; `measured_at` is empty where the export says no time."""

    grade: Grade
    grades: Mapping[str, Grade]
    formal: str
    measured_at: str
    measured_by: str
    verifier: str
    file: str
    row: int


@dataclass(frozen=True, slots=True)
class ComparedLabel:
    """A label that a verifier measured. `ours_below` and `theirs_below` say whether it is below the least grade that is
    asked for: None without one, without a grade, or where a letter alone doesn't tell."""

    batch: str
    package: int
    serials: str
    ours: Ours | None
    theirs: Theirs
    ours_below: bool | None
    theirs_below: bool | None

    @property
    def below(self) -> bool:
        """Whether either calls it below the least grade."""
        return bool(self.ours_below or self.theirs_below)

    def pair(self, name: str) -> tuple[float | None, Grade | None]:
        """Our grade and theirs, of a parameter or overall."""
        if name == OVERALL:
            return self.ours.grade if self.ours else None, self.theirs.grade
        return self.ours.grades.get(name) if self.ours else None, self.theirs.grades.get(name)

    def difference(self, name: str = OVERALL) -> float | None:
        """Ours minus theirs; None where one is missing or has only a letter."""
        ours, theirs = self.pair(name)
        return None if ours is None or theirs is None or isinstance(theirs, str) else round(ours - theirs, 3)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the two agree on a parameter, or overall. Of `labels` with both grades `same_letter` have the same
    letter. `differences` (ours minus theirs) are of those with numbers: their mean, their standard deviation, and the
    limits between which 95 % of them are expected; None of too few."""

    name: str
    labels: int
    same_letter: int
    differences: int
    mean: float | None
    deviation: float | None

    @property
    def limits(self) -> tuple[float, float] | None:
        """The limits of agreement."""
        if self.mean is None or self.deviation is None:
            return None
        return self.mean - LIMITS * self.deviation, self.mean + LIMITS * self.deviation


@dataclass(frozen=True, slots=True)
class Comparison:
    """The labels that a verifier measured, by batch and package, and how many that we graded it did not measure.
    `least` are the least grades asked for, by batch."""

    labels: Sequence[ComparedLabel]
    agreement: Sequence[Agreement]
    only_ours: int
    least: Mapping[str, float]

    @property
    def compared(self) -> int:
        """Labels with a grade of each."""
        return sum(label.ours is not None for label in self.labels)

    @property
    def only_theirs(self) -> int:
        """Labels that only the verifier graded."""
        return len(self.labels) - self.compared

    @property
    def below(self) -> list[ComparedLabel]:
        """The labels that either calls below the least grade."""
        return [label for label in self.labels if label.below]

    def find_parameters(self) -> list[str]:
        """The parameters that the verifier graded, in the standards' order. It walks all labels."""
        known = {name for label in self.labels for name in label.theirs.grades}
        return [name for name in PARAMETERS if name in known]


@dataclass(slots=True)
class _Newest:
    """The newest grades of each package while the history is walked."""

    ours: dict[int, Ours] = field(default_factory=dict)
    theirs: dict[int, Theirs] = field(default_factory=dict)


def compare(ledger: Ledger, batches: Sequence[Batch], least: Mapping[str, float]) -> Comparison:
    """Our grades and a verifier's of these batches; `least` has the least grade of those that ask for one."""
    labels: list[ComparedLabel] = []
    only_ours = 0
    for batch in batches:
        newest = _newest(ledger, batch)
        only_ours += len(newest.ours.keys() - newest.theirs.keys())
        labels += _labels(ledger, batch, newest, least.get(batch.id))
    names = [OVERALL, *PARAMETERS]
    found = [agreement for name in names if (agreement := agreement_of(name, labels)).labels]
    return Comparison(labels, found, only_ours, least)


def _newest(ledger: Ledger, batch: Batch) -> _Newest:
    newest = _Newest()
    kinds = (EventKind.READ, *kinds_of(GradeMeasured), *kinds_of(UnitReplaced))
    for event in ledger.history.events_of(kinds, batch.id):
        record = read_record(event.kind, event.data)
        if isinstance(record, UnitReplaced):
            newest.ours.pop(record.package, None)
            newest.theirs.pop(record.package, None)
        elif isinstance(record, GradeMeasured):
            before = newest.theirs.get(record.package)
            # An old export may be brought in late.
            if before is None or record.measured_at >= before.measured_at:
                newest.theirs[record.package] = _theirs(record)
        elif isinstance(record, LabelRead) and record.package and record.of == "print" and record.grade is not None:
            newest.ours[record.package] = Ours(
                record.grade, record.grades or {}, record.formal, event.at, record.file or ""
            )
    return newest


def _theirs(record: GradeMeasured) -> Theirs:
    return Theirs(
        record.grade,
        record.grades,
        record.formal,
        record.measured_at,
        record.measured_by,
        record.verifier,
        record.file,
        record.row,
    )


def _labels(ledger: Ledger, batch: Batch, newest: _Newest, least: float | None) -> Iterator[ComparedLabel]:
    serials: dict[int, list[str]] = {}
    for unit in ledger.units.find_in_packages(batch.id, newest.theirs):
        if unit.payload is not None:
            serials.setdefault(unit.package, []).append(unit.serial)
    for package, theirs in sorted(newest.theirs.items()):
        ours = newest.ours.get(package)
        yield ComparedLabel(
            batch=batch.id,
            package=package,
            serials=", ".join(serials.get(package, ())),
            ours=ours,
            theirs=theirs,
            ours_below=None if ours is None or least is None else is_below(ours.grade, least),
            theirs_below=None if least is None else is_below(theirs.grade, least),
        )


def agreement_of(name: str, labels: Sequence[ComparedLabel]) -> Agreement:
    """How far the two agree on one parameter, or overall."""
    pairs = [
        (ours, theirs)
        for label in labels
        for ours, theirs in [label.pair(name)]
        if ours is not None and theirs is not None
    ]
    differences = [ours - theirs for ours, theirs in pairs if not isinstance(theirs, str)]
    return Agreement(
        name,
        len(pairs),
        sum(letter_of_grade(ours) == letter_of_grade(theirs) for ours, theirs in pairs),
        len(differences),
        _whole(fmean(differences)) if differences else None,
        _whole(stdev(differences)) if len(differences) > 1 else None,
    )


def _whole(value: float) -> float:
    """Without the last bits of the arithmetic: a mean of equal differences is that difference."""
    return round(value, 6) if math.isfinite(value) else value
