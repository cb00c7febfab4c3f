"""Statistics of a verification's grades and faults, by pandas: distribution, worst labels, place on the sheet, time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bss_mfg.scan.job import Verification, rows_of

if TYPE_CHECKING:
    import pandas as pd

LETTERS = ("A", "B", "C", "D", "F")
WORST = 10
PARAMETERS: Mapping[str, str] = {
    "symbol_contrast": "symbol contrast",
    "modulation": "modulation",
    "reflectance_margin": "reflectance margin",
    "axial_nonuniformity": "axial nonuniformity",
    "grid_nonuniformity": "grid nonuniformity",
    "unused_error_correction": "unused error correction",
    "fixed_pattern_damage": "fixed pattern damage",
}
"""Graded parameters of ISO/IEC 15415, in the order of its clauses."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter over all graded labels: its lowest and mean grade, and how many labels got 4, 3, 2, 1, 0."""

    name: str
    lowest: float
    mean: float
    counts: tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Spot:
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
class Moment:
    """One scanned page, in the order of reading: labels seen, not right, and their mean overall grade."""

    file: str
    page: int
    labels: int
    wrong: int
    grade: float | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """`letters` count graded labels, `not_gradable` those with too few pixels; `aperture` is in X. `worst` are indexes
    of findings, worst first. `spots` are those of the part that most labels lie on, whose page measures `page_mm`."""

    graded: int
    not_gradable: int
    letters: Mapping[str, int]
    aperture: float | None
    pixels_per_module: tuple[float, float] | None
    parameters: tuple[Parameter, ...]
    worst: tuple[int, ...]
    spots: tuple[Spot, ...]
    page_mm: tuple[float, float] | None
    moments: tuple[Moment, ...]


def statistics(outcome: Verification) -> Statistics:
    """All of it; empty parts where nothing was graded or no sheet is known."""
    import pandas as pd

    rows = [row for row in rows_of(outcome) if row["file"] and not row["unseen"]]
    frame = pd.DataFrame(
        {
            "file": [row["file"] for row in rows],
            "page": [row["page"] for row in rows],
            "package": [row["package"] for row in rows],
            "wrong": [row["verdict"] != "matched" for row in rows],
            "grade": pd.Series([_overall(row) for row in rows], dtype=float),
        }
    )
    grades = {index: item.grade for index, item in enumerate(outcome.findings) if item.grade}
    good = [grade for grade in grades.values() if grade.gradable]
    letters = pd.Series([grade.letter for grade in good], dtype=object).value_counts()
    pixels = [grade.pixels_per_module for grade in grades.values()]
    spots, page = _spots(outcome, frame)
    return Statistics(
        graded=len(good),
        not_gradable=len(grades) - len(good),
        letters={letter: int(letters.get(letter, 0)) for letter in LETTERS},
        aperture=next((grade.aperture for grade in grades.values()), None),
        pixels_per_module=(min(pixels), max(pixels)) if pixels else None,
        parameters=_parameters(pd.DataFrame([grade.grades for grade in good])) if good else (),
        worst=_worst(outcome),
        spots=spots,
        page_mm=page,
        moments=tuple(_moments(frame)),
    )


def _overall(row: Mapping[str, Any]) -> float | None:
    return row["grade"]["overall"] if row["grade"] else None


def _parameters(grades: pd.DataFrame) -> tuple[Parameter, ...]:
    found = []
    for name in PARAMETERS:
        column = grades[name]
        whole = column.round().astype(int).value_counts()
        four, three, two, one, none = (int(whole.get(grade, 0)) for grade in (4, 3, 2, 1, 0))
        found.append(Parameter(name, float(column.min()), float(column.mean()), (four, three, two, one, none)))
    return tuple(found)


def _worst(outcome: Verification) -> tuple[int, ...]:
    """The labels with the lowest overall grade below 4; of equals, those with the lowest sum of all grades."""
    keys = [
        (item.grade.overall, sum(item.grade.grades.values()), item.grade.values["unused_error_correction"], index)
        for index, item in enumerate(outcome.findings)
        if item.grade and item.grade.overall is not None and item.grade.overall < 4
    ]
    return tuple(index for *_, index in sorted(keys)[:WORST])


def _spots(outcome: Verification, frame: pd.DataFrame) -> tuple[tuple[Spot, ...], tuple[float, float] | None]:
    """The places of the sheet with their labels, over all pages of parts with the same cells."""
    import pandas as pd

    if frame.empty or not outcome.parts:
        return (), None
    cells = outcome.parts[-1].cells
    cell_of: dict[int, int] = {}
    for part in outcome.parts:
        if part.cells == cells:
            first = part.start_at - 1
            cell_of.update({number: (index + first) % len(cells) for index, number in enumerate(part.numbers)})
    placed = frame.assign(cell=frame["package"].map(cell_of)).dropna(subset=["cell"])
    by_cell = placed.groupby("cell").agg(labels=("wrong", "size"), wrong=("wrong", "sum"), grade=("grade", "mean"))
    found: Mapping[Any, Any] = by_cell.to_dict("index")
    spots = []
    for number, box in enumerate(cells):
        here = found.get(number, {"labels": 0, "wrong": 0, "grade": None})
        mean = None if pd.isna(here["grade"]) else float(here["grade"])
        spots.append(Spot(*box, int(here["labels"]), int(here["wrong"]), mean))
    return tuple(spots), outcome.parts[-1].page_mm


def _moments(frame: pd.DataFrame) -> list[Moment]:
    import pandas as pd

    if frame.empty:
        return []
    by_page = frame.groupby(["file", "page"], sort=False).agg(
        labels=("wrong", "size"), wrong=("wrong", "sum"), grade=("grade", "mean")
    )
    return [
        Moment(str(file), int(page), int(labels), int(wrong), None if pd.isna(grade) else float(grade))
        for (file, page), (labels, wrong, grade) in zip(
            by_page.index.tolist(), by_page.to_numpy().tolist(), strict=True
        )
    ]
