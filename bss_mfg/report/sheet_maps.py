"""Which verdict lies where on which printed page. Words are kept of the labels that are drawn, and of no others."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from bss_mfg.core.languages import COMMA, joined, phrase
from bss_mfg.model import LabelFile
from bss_mfg.verify.findings import Finding
from bss_mfg.verify.outcome import Verification

MOST_MAPS = 60
"""Pages that are drawn, and rolls; those with faults come first."""
MOST_ON_ROLL = 5_000
"""Labels of a roll that are drawn."""
MARKS: Mapping[str, str] = {
    "matched": "",
    "missing": "-",
    "duplicate": "2x",
    "foreign": "F",
    "unreadable": "?",
    "mismatched": "!",
    "misprinted": "M",
    "content": "T",
    "below-grade": "G",
    "old-picture": "O",
    "unseen": "",
    "none": "",
}
"""What a place of the map shows for a verdict, so that it does not speak by colour alone."""
_UNKNOWN = "unknown"
"""No finding speaks of the package: its place was in no picture."""
VERDICTS_BY_SEVERITY = (
    _UNKNOWN,
    "matched",
    "unseen",
    "missing",
    "old-picture",
    "below-grade",
    "misprinted",
    "unreadable",
    "duplicate",
    "foreign",
    "content",
    "mismatched",
)
_FIRST_FAULT = VERDICTS_BY_SEVERITY.index("missing")

Candidate = TypeVar("Candidate")


class PlaceVerdict(NamedTuple):
    """A label's verdict ("unseen" where no picture showed it), and the words that appear when it is pointed at."""

    verdict: str
    words: str


_UNSEEN = PlaceVerdict("unseen", "")


class MapPlace(NamedTuple):
    """A place of a sheet's map: its box in mm, the verdict (also "none" where no label is) and its words."""

    box: tuple[float, float, float, float]
    verdict: str
    words: str


@dataclass(frozen=True, slots=True)
class SheetMap:
    """A printed page: its file, its number, its labels in their places."""

    file: str
    page: int
    size_mm: tuple[float, float]
    places: tuple[MapPlace, ...]

    @property
    def faults(self) -> int:
        """Labels that are not right."""
        return sum(place.verdict not in ("matched", "unseen", "none") for place in self.places)


@dataclass(frozen=True, slots=True)
class RollMap:
    """A file with one label a page: how many it has, and the first of them in the order of printing."""

    file: str
    labels: int
    places: tuple[PlaceVerdict, ...]


class SheetMaps(NamedTuple):
    """The sheets that are drawn, those with faults first, and how many more there are."""

    sheets: tuple[SheetMap, ...] = ()
    more: int = 0


class RollMaps(NamedTuple):
    """The rolls that are drawn, those with faults first, and how many more there are."""

    rolls: tuple[RollMap, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class _PackageVerdicts:
    """Of each package: its gravest verdict as an index of `VERDICTS_BY_SEVERITY`, and the label file that holds its
    newest label, as an index too."""

    worst: bytearray
    newest_file: array[int]

    def newest_in(self, file: int, numbers: Iterable[int]) -> list[int]:
        """Those of some packages whose newest label a file holds."""
        return [number for number in numbers if self.newest_file[number] == file]

    def faults(self, numbers: Iterable[int]) -> int:
        """How many of some packages are not right."""
        return sum(self.worst[number] >= _FIRST_FAULT for number in numbers)

    def any_seen(self, numbers: Iterable[int]) -> bool:
        """Whether any of some packages was in a picture."""
        return any(VERDICTS_BY_SEVERITY[self.worst[number]] not in (_UNKNOWN, "unseen") for number in numbers)


def draw_sheets(outcome: Verification) -> SheetMaps:
    """The pages with more than one label."""
    if all(len(file.symbol_boxes) == 1 for file in outcome.label_files):
        return SheetMaps()
    verdicts = _package_verdicts(outcome)
    pages = (
        (verdicts.faults(numbers), (file, page, numbers))
        for index, file in enumerate(outcome.label_files)
        if len(file.symbol_boxes) > 1
        for page in range(1, file.pages + 1)
        if verdicts.any_seen(numbers := verdicts.newest_in(index, file.packages_on(page)))
    )
    chosen, more = _worst(pages)
    words = _words(outcome, verdicts, (number for *_, numbers in chosen for number in numbers))
    return SheetMaps(tuple(_sheet(file, page, numbers, words) for file, page, numbers in chosen), more)


def draw_rolls(outcome: Verification) -> RollMaps:
    """The files with one label a page."""
    if all(len(file.symbol_boxes) > 1 for file in outcome.label_files):
        return RollMaps()
    verdicts = _package_verdicts(outcome)
    files = (
        (verdicts.faults(file.numbers), file)
        for index, file in enumerate(outcome.label_files)
        if len(file.symbol_boxes) == 1 and any(verdicts.newest_file[number] == index for number in file.numbers)
    )
    chosen, more = _worst(files)
    words = _words(outcome, verdicts, (number for file in chosen for number in file.numbers[:MOST_ON_ROLL]))
    rolls = (
        RollMap(
            file.file,
            len(file.numbers),
            tuple(words.get(number, _UNSEEN) for number in file.numbers[:MOST_ON_ROLL]),
        )
        for file in chosen
    )
    return RollMaps(tuple(rolls), more)


def _package_verdicts(outcome: Verification) -> _PackageVerdicts:
    count = max(outcome.most_labels, outcome.batch.packages) + 1
    verdicts = _PackageVerdicts(bytearray(count), array("I", bytes(4 * count)))
    for finding, rank in _findings_by_rank(outcome, lambda package: package < count):
        package = finding.package or 0
        verdicts.worst[package] = max(verdicts.worst[package], rank)
    for index, file in enumerate(outcome.label_files):
        for number in file.numbers:
            verdicts.newest_file[number] = index
    return verdicts


def _findings_by_rank(outcome: Verification, is_wanted: Callable[[int], bool]) -> Iterator[tuple[Finding, int]]:
    """The findings about the wanted packages, with their ranks in `VERDICTS_BY_SEVERITY`."""
    for finding in outcome.findings:
        if finding.package is not None and finding.kind != "foreign" and is_wanted(finding.package):
            yield finding, VERDICTS_BY_SEVERITY.index("unseen" if finding.unseen else finding.kind)


def _worst(items: Iterable[tuple[int, Candidate]]) -> tuple[list[Candidate], int]:
    """The first few in their order, or if there are more, those with the most faults first; and how many more."""
    count = 0

    def numbered() -> Iterator[tuple[int, int, Candidate]]:
        nonlocal count
        for count, (faults, item) in enumerate(items, 1):
            yield -faults, count, item

    kept = heapq.nsmallest(MOST_MAPS, numbered(), key=lambda one: one[:2])
    if count <= MOST_MAPS:
        kept.sort(key=lambda one: one[1])
    return [item for *_, item in kept], count - len(kept)


def _words(outcome: Verification, verdicts: _PackageVerdicts, packages: Iterable[int]) -> dict[int, PlaceVerdict]:
    """The gravest verdict of each of some packages, by number."""
    wanted = frozenset(packages)
    words: dict[int, PlaceVerdict] = {}
    for finding, rank in _findings_by_rank(outcome, wanted.__contains__) if wanted else ():
        package = finding.package or 0
        if package not in words and rank == verdicts.worst[package]:
            verdict = VERDICTS_BY_SEVERITY[rank]
            label = finding.serials or phrase("package {number}", number=package)
            said = joined(COMMA, (phrase(verdict), finding.detail))
            words[package] = PlaceVerdict(verdict, phrase("{label}: {verdict}", label=label, verdict=said))
    return words


def _sheet(file: LabelFile, page: int, numbers: Sequence[int], words: Mapping[int, PlaceVerdict]) -> SheetMap:
    places = []
    for number in numbers:
        place = file.place_of(number)
        box = (place.x_mm, place.y_mm, place.width_mm, place.height_mm)
        places.append(MapPlace(box, *words.get(number, _UNSEEN)))
    return SheetMap(file.file, page, file.page_mm, tuple(places))
