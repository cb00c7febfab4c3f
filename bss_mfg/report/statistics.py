"""Statistics of a verification's grades and faults: distribution, worst labels, place on the sheet, time."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bss_mfg.core.text import printable_name
from bss_mfg.imaging.grade import MIN_PIXELS_PER_MODULE, SymbolGrade
from bss_mfg.imaging.grade_parameters import PARAMETERS as PARAMETERS
from bss_mfg.imaging.grade_scale import letter_of
from bss_mfg.verify.outcome import Verification

LETTERS = ("A", "B", "C", "D", "F")
MOST_WORST = 10


@dataclass(frozen=True, slots=True)
class ParameterStatistics:
    """One parameter over all labels that were graded by it: its lowest and mean grade, and how many labels got A, B, C,
    D, F for it."""

    name: str
    lowest: float
    mean: float
    counts: tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class PlaceStatistics:
    """A place on the sheet over all pages: the symbol's box in mm, how many labels were seen there, how many were not
    right, and their mean overall grade (None without grades)."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    labels: int
    wrong: int
    grade: float | None


@dataclass(frozen=True, slots=True)
class PageStatistics:
    """One scanned page, in the order of reading: labels seen, not right, and their mean overall grade."""

    file: str
    page: int
    labels: int
    wrong: int
    grade: float | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """`letters` count graded labels, and as F those that no reader could read, `unreadable`; `not_gradable` those with
    too few pixels. `aperture` is in X; `standards` and `curves` are those the labels were graded by. `worst` are the
    indexes of findings, worst first. `positions` are the places of the newest label file, whose page measures
    `page_mm`."""

    graded: int
    not_gradable: int
    letters: Mapping[str, int]
    aperture: float | None
    pixels_per_module: tuple[float, float] | None
    parameters: tuple[ParameterStatistics, ...]
    worst: tuple[int, ...]
    positions: tuple[PlaceStatistics, ...]
    page_mm: tuple[float, float] | None
    over_time: tuple[PageStatistics, ...]
    unreadable: int = 0
    standards: tuple[str, ...] = ()
    curves: tuple[str, ...] = ()

    @property
    def least_pixels(self) -> float:
        """Pixels per module below which nothing is graded."""
        return MIN_PIXELS_PER_MODULE


def statistics(outcome: Verification) -> Statistics:
    """All of it, in one walk over the findings; empty where nothing was graded or no sheet is known."""
    graded, pages, positions = _GradeTally(), _GroupTally(), _GroupTally()
    place_of = _place_by_package(outcome)
    grading = outcome.options.grade
    for index, item in enumerate(outcome.findings):
        if item.grade:
            graded.add(index, item.grade)
        overall = item.grade.overall if item.grade else None
        if grading and not item.grade and item.kind == "unreadable" and not item.unseen:
            graded.unreadable += 1
            overall = 0.0
        if not item.file or item.unseen:
            continue
        pages.add((item.file, item.page or 0), item.kind != "matched", overall)
        if item.package and (place := place_of[item.package] if item.package < len(place_of) else 0):
            positions.add(place - 1, item.kind != "matched", overall)
    return Statistics(
        graded=graded.count,
        not_gradable=graded.not_gradable,
        letters={letter: graded.letters[letter] + graded.unreadable * (letter == "F") for letter in LETTERS},
        aperture=graded.aperture,
        pixels_per_module=graded.pixels,
        parameters=graded.parameters(),
        worst=graded.worst,
        positions=_place_statistics(outcome, positions) if pages.groups else (),
        page_mm=outcome.label_files[-1].page_mm if pages.groups and outcome.label_files else None,
        over_time=tuple(PageStatistics(printable_name(file), page, *sums) for (file, page), sums in pages.means()),
        unreadable=graded.unreadable,
        standards=tuple(sorted(graded.standards)),
        curves=tuple(sorted(graded.curves)),
    )


@dataclass(slots=True)
class _GroupTally:
    """Groups of labels: how many there are in each, how many are wrong, and their grades."""

    groups: dict[Any, int] = field(default_factory=dict)
    """Each group's place in the columns, in the order in which they came: pages may be many thousands."""
    _labels: array[int] = field(default_factory=lambda: array("I"))
    _wrong: array[int] = field(default_factory=lambda: array("I"))
    _graded: array[int] = field(default_factory=lambda: array("I"))
    _grades: array[float] = field(default_factory=lambda: array("d"))

    def add(self, group: object, wrong: bool, grade: float | None) -> None:
        at = self.groups.setdefault(group, len(self.groups))
        if at == len(self._labels):
            for column in (self._labels, self._wrong, self._graded, self._grades):
                column.append(0)
        self._labels[at] += 1
        self._wrong[at] += wrong
        if grade is not None:
            self._graded[at] += 1
            self._grades[at] += grade

    def means(self) -> Iterator[tuple[Any, tuple[int, int, float | None]]]:
        """(group, (labels, wrong, mean grade)) in the order in which they came."""
        for group, at in self.groups.items():
            mean = self._grades[at] / self._graded[at] if self._graded[at] else None
            yield group, (self._labels[at], self._wrong[at], mean)


@dataclass(slots=True)
class _GradeTally:
    """Grades counted as they come."""

    count: int = 0
    not_gradable: int = 0
    unreadable: int = 0
    standards: set[str] = field(default_factory=set)
    curves: set[str] = field(default_factory=set)
    letters: Counter[str] = field(default_factory=Counter)
    aperture: float | None = None
    pixels: tuple[float, float] | None = None
    _sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARAMETERS, 0.0))
    _lowest: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARAMETERS, math.inf))
    _counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in PARAMETERS})
    _worst: list[tuple[float, float, float, int]] = field(default_factory=list)

    def add(self, index: int, grade: SymbolGrade) -> None:
        low, high = self.pixels or (math.inf, -math.inf)
        self.pixels = (min(low, grade.pixels_per_module), max(high, grade.pixels_per_module))
        self.aperture = grade.aperture if self.aperture is None else self.aperture
        self.standards.add(grade.standard.value)
        self.curves.add(grade.curve)
        if not grade.gradable or grade.overall is None:
            self.not_gradable += 1
            return
        self.count += 1
        self.letters[grade.letter or ""] += 1
        for name, value in grade.grades.items():
            self._sums[name] += value
            self._lowest[name] = min(self._lowest[name], value)
            self._counts[name][letter_of(value)] += 1
        if grade.overall < 4:
            unused = grade.values.get("unused_error_correction", 0.0)
            self._worst.append((grade.overall, sum(grade.grades.values()), unused, index))
            if len(self._worst) > 100 * MOST_WORST:
                self._worst = sorted(self._worst)[:MOST_WORST]

    @property
    def worst(self) -> tuple[int, ...]:
        """The labels with the lowest overall grade below 4; of equals, those with the lowest sum of all grades."""
        return tuple(index for *_, index in sorted(self._worst)[:MOST_WORST])

    def parameters(self) -> tuple[ParameterStatistics, ...]:
        """Each parameter over all graded labels."""
        return tuple(
            ParameterStatistics(
                name,
                self._lowest[name],
                self._sums[name] / self._counts[name].total(),
                tuple(self._counts[name][letter] for letter in LETTERS),  # type: ignore[arg-type]
            )
            for name in PARAMETERS
            if self._counts[name]
        )


def _place_by_package(outcome: Verification) -> Sequence[int]:
    """For each package number the place, from 1, of its newest label, in the files with the boxes of the newest one."""
    places = array("H", bytes(2 * (outcome.most_labels + 1)))
    for file in outcome.label_files:
        if file.symbol_boxes == outcome.label_files[-1].symbol_boxes:
            for index, number in enumerate(file.numbers, file.start_at - 1):
                places[number] = index % len(file.symbol_boxes) + 1
    return places


def _place_statistics(outcome: Verification, tally: _GroupTally) -> tuple[PlaceStatistics, ...]:
    """The places of the sheet with their labels, over all pages of the files with the same boxes."""
    if not outcome.label_files:
        return ()
    means = dict(tally.means())
    return tuple(
        PlaceStatistics(*box, *means.get(index, (0, 0, None)))
        for index, box in enumerate(outcome.label_files[-1].symbol_boxes)
    )
