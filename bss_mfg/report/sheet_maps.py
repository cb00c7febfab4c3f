"""Which verdict lies where on which printed page. Words are kept of the labels that are drawn, and of no others."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bss_mfg.model import LabelFile
from bss_mfg.report.svg_figures import MapPlace
from bss_mfg.verify.findings import Finding
from bss_mfg.verify.outcome import Verification

MOST_MAPS = 60
"""Pages that are drawn, and rolls; those with faults come first."""
MOST_ON_ROLL = 5_000
"""Labels of a roll that are drawn."""
_UNKNOWN = "unknown"
"""No finding speaks of the package: its place was in no picture."""
VERDICTS_BY_SEVERITY = (_UNKNOWN, "matched", "unseen", "missing", "unreadable", "duplicate", "foreign", "mismatched")
_FIRST_FAULT = VERDICTS_BY_SEVERITY.index("missing")

Candidate = TypeVar("Candidate")


@dataclass(frozen=True, slots=True)
class SheetMap:
    """A printed page: its file, its number, its labels in their places."""

    file: str
    page: int
    size_mm: tuple[float, float]
    cells: tuple[MapPlace, ...]

    @property
    def faults(self) -> int:
        """Labels that are not right."""
        return sum(cell.verdict not in ("matched", "unseen", "none") for cell in self.cells)


@dataclass(frozen=True, slots=True)
class _PackageVerdicts:
    """Of each package: its gravest verdict as a place in `GRAVITY`, and the part that holds its newest label."""

    gravest: bytearray
    newest_file: array[int]

    def newest_in(self, part: int, numbers: Iterable[int]) -> list[int]:
        """Those of some packages whose newest label the part holds."""
        return [number for number in numbers if self.newest_file[number] == part]

    def faults(self, numbers: Iterable[int]) -> int:
        """How many of some packages are not right."""
        return sum(self.gravest[number] >= _FIRST_FAULT for number in numbers)

    def seen(self, numbers: Iterable[int]) -> bool:
        """Whether any of some packages was in a picture."""
        return any(VERDICTS_BY_SEVERITY[self.gravest[number]] not in (_UNKNOWN, "unseen") for number in numbers)


def sheets(outcome: Verification) -> tuple[list[SheetMap], int]:
    """The pages with more than one label, those with faults first, and how many more there are."""
    if all(len(part.symbol_boxes) == 1 for part in outcome.label_files):
        return [], 0
    books = _package_verdicts(outcome)
    pages = (
        (books.faults(mine), (part, page, mine))
        for index, part in enumerate(outcome.label_files)
        if len(part.symbol_boxes) > 1
        for page in range(1, part.pages + 1)
        if books.seen(mine := books.newest_in(index, part.packages_on(page)))
    )
    chosen, more = _worst(pages)
    words = _words(outcome, books, (number for *_, mine in chosen for number in mine))
    return [_sheet(part, page, mine, words) for part, page, mine in chosen], more


def rolls(outcome: Verification) -> tuple[list[tuple[str, int, list[tuple[str, str]]]], int]:
    """Files with one label a page, those with faults first: how many labels, and (verdict, words) of those that are
    drawn, in the order of printing; and how many more files there are."""
    if all(len(part.symbol_boxes) > 1 for part in outcome.label_files):
        return [], 0
    books = _package_verdicts(outcome)
    files = (
        (books.faults(part.numbers), part)
        for index, part in enumerate(outcome.label_files)
        if len(part.symbol_boxes) == 1 and any(books.newest_file[number] == index for number in part.numbers)
    )
    chosen, more = _worst(files)
    words = _words(outcome, books, (number for part in chosen for number in part.numbers[:MOST_ON_ROLL]))
    return [
        (part.file, len(part.numbers), [words.get(number, ("unseen", "")) for number in part.numbers[:MOST_ON_ROLL]])
        for part in chosen
    ], more


def _package_verdicts(outcome: Verification) -> _PackageVerdicts:
    books = _PackageVerdicts(bytearray(outcome.batch.packages + 1), array("I", bytes(4 * (outcome.batch.packages + 1))))
    for item, rank in _ranked(outcome, lambda package: package < len(books.gravest)):
        books.gravest[item.package or 0] = max(books.gravest[item.package or 0], rank)
    for index, part in enumerate(outcome.label_files):
        for number in part.numbers:
            books.newest_file[number] = index
    return books


def _ranked(outcome: Verification, asked: Callable[[int], bool]) -> Iterator[tuple[Finding, int]]:
    """The findings about some packages, with their places in `GRAVITY`."""
    for item in outcome.findings:
        if item.package is not None and item.kind != "foreign" and asked(item.package):
            yield item, VERDICTS_BY_SEVERITY.index("unseen" if item.unseen else item.kind)


def _worst(items: Iterable[tuple[int, Candidate]]) -> tuple[list[Candidate], int]:
    """The first few in their order, or if there are more, those with the most faults first; and how many more."""
    count = 0

    def counted() -> Iterator[tuple[int, int, Candidate]]:
        nonlocal count
        for count, (faults, item) in enumerate(items, 1):
            yield -faults, count, item

    kept = heapq.nsmallest(MOST_MAPS, counted(), key=lambda one: one[:2])
    if count <= MOST_MAPS:
        kept.sort(key=lambda one: one[1])
    return [item for *_, item in kept], count - len(kept)


def _words(outcome: Verification, books: _PackageVerdicts, packages: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Package -> its gravest verdict ("unseen" where no picture showed it), and words."""
    wanted = frozenset(packages)
    found: dict[int, tuple[str, str]] = {}
    for item, rank in _ranked(outcome, wanted.__contains__) if wanted else ():
        package = item.package or 0
        if package not in found and rank == books.gravest[package]:
            kind = VERDICTS_BY_SEVERITY[rank]
            words = f"{item.serials or f'package {package}'}: {kind}" + (f", {item.detail}" if item.detail else "")
            found[package] = (kind, words)
    return found


def _sheet(part: LabelFile, page: int, numbers: Sequence[int], known: Mapping[int, tuple[str, str]]) -> SheetMap:
    cells = []
    for number in numbers:
        place = part.place_of(number)
        verdict, words = known.get(number, ("unseen", ""))
        cells.append(MapPlace((place.x_mm, place.y_mm, place.width_mm, place.height_mm), verdict, words))
    return SheetMap(part.file, page, part.page_mm, tuple(cells))
