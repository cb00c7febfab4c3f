"""The texts, codes and pictures of the labels that were read on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import dist
from typing import TYPE_CHECKING

from bss_mfg.imaging.bar_heights import LEAST_SHARE
from bss_mfg.imaging.geometry import Quad, apply_homography, homography
from bss_mfg.imaging.label_content import LabelContent, check_labels
from bss_mfg.imaging.not_judged import NotJudged, open_notes
from bss_mfg.imaging.page_frame import PageFrame
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile, Rect
from bss_mfg.verify.label_source import LabelPages
from bss_mfg.verify.page_findings import PageSymbol

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey


_FLAT_MM = 0.15
"""How far a symbol's corners may be off where its sheet has them for the sheet to be flat."""


@dataclass(frozen=True, slots=True)
class ReadLabel:
    """A label whose symbol was read right: its package, the symbol's corners in the picture, and its place (from 0) on
    the page where that is known."""

    package: int
    quad: Quad
    place: int | None = None


@dataclass(slots=True)
class PageContents:
    """What was found of labels on a page, in their order; `notes` are why some were not judged."""

    contents: list[LabelContent]
    notes: list[str] = field(default_factory=list)

    @property
    def not_judged(self) -> NotJudged:
        """How many of them could not be judged altogether."""
        return NotJudged.of(self.contents)


class ContentChecker:
    """Compares labels with what was to be on them."""

    def __init__(self, pages: LabelPages, ledger: Ledger, batch_id: str, pictures: bool = False) -> None:
        """`pictures`: faults come with pictures of what was planned and what is seen."""
        self._pages, self._ledger, self._batch_id, self._pictures = pages, ledger, batch_id, pictures
        self._newest: dict[int, LabelFile] | None = None

    @property
    def pages(self) -> LabelPages:
        """Where it gets what is to be on labels."""
        return self._pages

    def of_page(
        self, grey: Grey, frame: PageFrame | None, symbols: Sequence[PageSymbol]
    ) -> tuple[list[PageSymbol], PageContents]:
        """The symbols of a page with what is wrong with their labels, and what was found."""
        wanted = [
            (at, ReadLabel(item.diagnosis.package, item.read.quad, _place(frame, item)))
            for at, item in enumerate(symbols)
            if item.diagnosis
            and item.diagnosis.matches
            and item.diagnosis.package
            and item.read.quad
            and not item.is_elsewhere
        ]
        found = self.check(grey, frame, [label for _, label in wanted])
        checked = list(symbols)
        for (at, _), content in zip(wanted, found.contents, strict=True):
            if content.faults:
                checked[at] = replace(checked[at], content=content.faults)
        return checked, found

    def check(self, grey: Grey, frame: PageFrame | None, labels: Sequence[ReadLabel]) -> PageContents:
        """The labels of a page, by the sheet that it shows, or by each label's own symbol."""
        found = PageContents([LabelContent(compared=False)] * len(labels))
        by_file: dict[str, tuple[LabelFile, list[int]]] = {}
        for at, label in enumerate(labels):
            label_file = frame.label_file if frame and label.place is not None else self._file_of(label.package)
            if label_file:
                by_file.setdefault(label_file.sha256, (label_file, []))[1].append(at)
        for label_file, indexes in by_file.values():
            self._check_file(grey, frame, labels, (label_file, indexes), found)
        found.notes += open_notes(found.contents)
        return found

    def _check_file(
        self,
        grey: Grey,
        frame: PageFrame | None,
        labels: Sequence[ReadLabel],
        wanted: tuple[LabelFile, list[int]],
        found: PageContents,
    ) -> None:
        label_file, indexes = wanted
        maps: list[Floats] = []
        judged: list[int] = []
        places: list[int] = []
        for at in indexes:
            label = labels[at]
            place = 0 if label.place is None else label.place
            symbol = label_file.symbol_boxes[place]
            on_sheet = frame.matrix if frame and label.place is not None else None
            to_pixels = _map(symbol, label.quad) if on_sheet is None else _corrected(on_sheet, symbol, label.quad)
            if to_pixels is not None:
                maps.append(to_pixels)
                judged.append(at)
                places.append(place)
        expected = self._pages.labels(label_file, [labels[at].package for at in judged], places) if judged else ""
        if isinstance(expected, str):
            if expected:
                found.notes.append(f"the texts and codes of its labels are not judged: {expected}")
            return
        alone = {
            number: label.bars
            for number, (at, label) in enumerate(zip(judged, expected.labels, strict=True))
            if label.bars and (frame is None or labels[at].place is None)
        }
        for at, content in zip(judged, check_labels(grey, expected, maps, self._pictures, alone), strict=True):
            found.contents[at] = content

    def _file_of(self, package: int) -> LabelFile | None:
        """The file that a package's label was made in last."""
        if self._newest is None:
            self._newest = {}
            for made in self._ledger.prints.in_force(self._batch_id).made:
                self._newest.update(dict.fromkeys(made.file.numbers, made.file))
        return self._newest.get(package)


def _place(frame: PageFrame | None, item: PageSymbol) -> int | None:
    """The place (from 0) on its printed page that a symbol lies in."""
    if frame is None or not item.in_own_place or item.diagnosis is None:
        return None
    label_file = frame.label_file
    first = label_file.start_at - 1 if frame.page == 1 else 0
    places = [
        (first + at, box)
        for at, (number, box) in enumerate(
            zip(label_file.packages_on(frame.page), label_file.symbol_boxes_on(frame.page), strict=True)
        )
        if number == item.diagnosis.package
    ]
    if len(places) < 2:
        return places[0][0] if places else None
    centre = _centre(frame, item)
    return min((dist(centre, (box.x + box.width / 2, box.y + box.height / 2)), at) for at, box in places)[1]


def _centre(frame: PageFrame, item: PageSymbol) -> tuple[float, float]:
    """A symbol's centre on the printed page, in mm."""
    import numpy as np

    x, y = frame.millimetres(np.array([item.read.center]))[0].tolist()
    return x, y


def _map(symbol: Rect, quad: Quad) -> Floats | None:
    """From mm of the printed page to pixels, by a label's own symbol."""
    return homography(_corners(symbol), quad)


def _corners(symbol: Rect) -> list[tuple[float, float]]:
    return [(symbol.x, symbol.y), (symbol.right, symbol.y), (symbol.right, symbol.bottom), (symbol.x, symbol.bottom)]


def _corrected(sheet: Floats, symbol: Rect, quad: Quad) -> Floats:
    """A sheet's map, bent so that it takes a label's symbol to where it was found: a sheet that was photographed is not
    flat. On a scanner it is, and the sheet says more exactly than one symbol how its labels lie."""
    import numpy as np

    there, seen = apply_homography(sheet, np.array(_corners(symbol))), np.array(quad)
    if _squashed(there, seen) < LEAST_SHARE:  # bars that lost their height
        return sheet
    off = np.hypot(*(seen - there).T).max() / (np.hypot(*(there[1] - there[0])) / symbol.width)
    if off < _FLAT_MM:
        return sheet
    points = np.column_stack([there, np.ones(4)])
    found, *_ = np.linalg.lstsq(points, seen, rcond=None)
    bent: Floats = sheet @ np.column_stack([found, [0.0, 0.0, 1.0]])
    return bent


def _squashed(there: Floats, seen: Floats) -> float:
    """How high a symbol is for its width, as a share of what it should be."""
    import numpy as np

    sides, planned = (np.hypot(*(np.roll(quad, -1, axis=0) - quad).T) for quad in (seen, there))
    top, right, bottom, left = (sides / planned).tolist()
    return float((right + left) / (top + bottom))
