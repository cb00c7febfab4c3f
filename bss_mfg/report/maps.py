"""Which verdict lies where on which printed page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bss_mfg.model import PrintedPart
from bss_mfg.report.figures import Cell
from bss_mfg.scan.job import Verification

MOST_MAPS = 60
"""Pages that are drawn; those with faults come first."""
GRAVITY = ("matched", "unseen", "missing", "unreadable", "duplicate", "foreign", "mismatched")


@dataclass(frozen=True, slots=True)
class SheetMap:
    """A printed page: its file, its number, its labels in their places."""

    file: str
    page: int
    size_mm: tuple[float, float]
    cells: tuple[Cell, ...]

    @property
    def faults(self) -> int:
        """Labels that are not right."""
        return sum(cell.verdict not in ("matched", "unseen", "none") for cell in self.cells)

    @property
    def seen(self) -> bool:
        """Whether any of its labels was in a picture."""
        return any(cell.verdict not in ("unseen", "none") for cell in self.cells)


def verdicts(outcome: Verification) -> dict[int, tuple[str, str]]:
    """Package -> its gravest verdict ("unseen" where no picture showed it), and words."""
    found: dict[int, tuple[str, str]] = {}
    for item in outcome.findings:
        if item.package is None or item.kind == "foreign":
            continue
        kind = "unseen" if item.unseen else item.kind
        before = found.get(item.package)
        if before is None or GRAVITY.index(kind) > GRAVITY.index(before[0]):
            words = f"{item.serials or f'package {item.package}'}: {kind}" + (f", {item.detail}" if item.detail else "")
            found[item.package] = (kind, words)
    return found


def sheets(outcome: Verification) -> tuple[list[SheetMap], int]:
    """The pages with more than one label, those with faults first, and how many more there are."""
    known = verdicts(outcome)
    owner = _owners(outcome)
    maps = [
        sheet
        for index, part in enumerate(outcome.parts)
        if len(part.cells) > 1
        for sheet in _pages(part, {number for number in part.numbers if owner[number] == index}, known)
    ]
    seen = [item for item in maps if item.seen]
    ordered = sorted(seen, key=lambda item: -item.faults) if len(seen) > MOST_MAPS else seen
    return ordered[:MOST_MAPS], max(len(ordered) - MOST_MAPS, 0)


def rolls(outcome: Verification) -> list[tuple[str, list[tuple[str, str]]]]:
    """Files with one label a page: their labels in the order of printing, (verdict, words) for each."""
    known = verdicts(outcome)
    owner = _owners(outcome)
    return [
        (part.file, [known.get(number, ("unseen", "")) for number in part.numbers])
        for index, part in enumerate(outcome.parts)
        if len(part.cells) == 1 and any(owner[number] == index for number in part.numbers)
    ]


def _owners(outcome: Verification) -> Mapping[int, int]:
    """Package -> the part that holds its newest label."""
    return {number: index for index, part in enumerate(outcome.parts) for number in part.numbers}


def _pages(part: PrintedPart, mine: set[int], known: Mapping[int, tuple[str, str]]) -> Iterator[SheetMap]:
    for page in range(1, part.pages + 1):
        numbers = [number for number in part.packages_on(page) if number in mine]
        if not numbers:
            continue
        cells = []
        for number in numbers:
            place = part.place(number)
            verdict, words = known.get(number, ("unseen", ""))
            cells.append(Cell((place.x_mm, place.y_mm, place.width_mm, place.height_mm), verdict, words))
        yield SheetMap(part.file, page, part.page_mm, tuple(cells))
