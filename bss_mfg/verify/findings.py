"""Reads + what the ledger says was printed -> findings by serial and place.

A page is bound to the printed page that most of its labels belong to; from the labels that match, the positions of
all others follow, so a missing label is named with its place and with what lies there instead.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.frame import Box, Frame
from bss_mfg.imaging.grade import SymbolGrade
from bss_mfg.imaging.grid import Quad
from bss_mfg.imaging.reader import Read
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, LabelFile
from bss_mfg.verify.diagnosis import Diagnosis

Corner = tuple[float | None, float | None]
FindingKind = Literal["matched", "missing", "duplicate", "foreign", "unreadable", "mismatched"]
BLANK = 0.03
"""A place with a smaller share of dark pixels counts as blank: a symbol has about a half."""
KINDS: tuple[FindingKind, ...] = ("matched", "missing", "duplicate", "foreign", "unreadable", "mismatched")


@dataclass(frozen=True)  # without slots: thousands are set aside on a disk, and pickle them several times faster
class Finding:
    """One label's verdict. `serials` name the label (a foreign one too, where the ledger knows it). `x_mm`, `y_mm` is
    the symbol's top left corner: on the printed page where that is known, else on the scanned one, else None. `box`
    and `quad` are its place in pixels, for a picture of what failed; `ailing` says what is wrong with a symbol that
    only its grid identified."""

    kind: FindingKind
    package: int | None
    file: str | None
    page: int | None
    x_mm: float | None
    y_mm: float | None
    serials: str = ""
    detail: str = ""
    box: Box | None = None
    unused_error_correction: float | None = None
    quad: Quad | None = None
    grade: SymbolGrade | None = None
    ailing: Defects | None = None

    @property
    def unseen(self) -> bool:
        """Whether it is missing because no picture showed its place."""
        return self.kind == "missing" and self.box is None


@dataclass(frozen=True)  # without slots, as findings
class Seen:
    """A read with its diagnosis; `second` is what the second reader says of it. A symbol without a diagnosis may be
    `identified` by its grid all the same, with what ails it."""

    read: Read
    diagnosis: Diagnosis | None
    grade: SymbolGrade | None = None
    second: Literal["agrees", "differs", "unread"] | None = None
    identified: int | None = None
    ailing: Defects | None = None
    over: int | None = None
    """The package whose place on the sheet it lies in."""
    corner: Corner = (None, None)
    """Its top left corner in mm, on the printed page where that is known, else on the scanned one."""


_SEEN, _EXCUSED, _SCRAPPED = 1, 2, 4


class Books:
    """Which packages were seen where, over all pages of a verification: six octets a package, whatever happens.

    `copies` are the labels that were made of each package (`labels --copies`); of scrapped packages, those with a
    scrapped unit, the labels need not be there.
    """

    def __init__(self, packages: int, copies: int = 1, scrapped: Iterable[int] = ()) -> None:
        self.copies = copies
        self._marks = bytearray(packages + 1)
        self._marks[0] = _SCRAPPED  # packages count from 1
        self._times = bytearray(packages + 1)
        self._seen = 0
        self._at = array("I", bytes(4 * (packages + 1)))
        self._files: list[str] = []
        self._pages = array("I"), array("I")
        """Of each page on which a package was seen first: its file's place in the list, and its number."""
        for package in scrapped:
            self._marks[package] |= _SCRAPPED

    def times(self, package: int) -> int:
        """How often a label of the package was read right."""
        return self._times[package] if package < len(self._times) else 0

    def see(self, package: int, file: str, page: int) -> None:
        """A label of the package was read right on this page."""
        if package >= len(self._marks):
            return
        if not self._times[package]:
            files, numbers = self._pages
            if not self._files or self._files[-1] != file:
                self._files.append(file)
            if not numbers or (files[-1], numbers[-1]) != (len(self._files) - 1, page):
                files.append(len(self._files) - 1)
                numbers.append(page)
            self._at[package] = len(numbers) - 1
            self._seen += 1
        self._times[package] = min(self._times[package] + 1, 255)
        self._marks[package] |= _SEEN

    def first_seen(self, package: int) -> tuple[str, int]:
        """The file and page where it was read first."""
        files, numbers = self._pages
        return self._files[files[self._at[package]]], numbers[self._at[package]]

    def excuse(self, package: int) -> None:
        """The package has a finding of its own already: missing at its place, unreadable, mismatched."""
        if package < len(self._marks):
            self._marks[package] |= _EXCUSED

    def settled(self, package: int) -> bool:
        """Whether the package was seen, excused, or scrapped."""
        return package >= len(self._marks) or bool(self._marks[package])

    def open(self) -> int:
        """How many packages are not settled."""
        return self._marks.count(0)

    def seen(self) -> int:
        """How many packages were read right."""
        return self._seen

    def complete(self) -> bool:
        """Whether a label of every package that may leave the factory was read right."""
        return not self._marks.count(0) and not self._marks.count(_EXCUSED)

    def unsettled(self) -> Iterator[int]:
        """The packages that are not settled, in order."""
        at = self._marks.find(0)
        while at >= 0:
            yield at
            at = self._marks.find(0, at + 1)


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """What is known of one page: where it came from, what was read, how it lies over a printed page, how dark the
    places are where a label was expected and not read, and the serials of the packages it may name."""

    file: str
    number: int
    dpi: float | None
    seen: Sequence[Seen]
    frame: Frame | None
    inked: Mapping[int, float]
    serials: Mapping[int, str]
    found: Mapping[int, Defects] = field(default_factory=dict)
    """What ails the symbols that no reader reads, and that were identified in their places."""
    trouble: str = ""
    """What went wrong while the page was read, though it was read to its end."""

    def findings(self, books: Books) -> list[Finding]:
        """The verdicts of this page; `books` carries what earlier pages showed."""
        found: list[Finding] = []
        instead: dict[int, str] = {}
        # Labels in their own place first: of two copies, the one that lies elsewhere is the duplicate.
        for item in sorted(self.seen, key=lambda item: not (item.diagnosis and item.diagnosis.package == item.over)):
            if item.diagnosis is None and item.over is not None and not item.identified:
                continue  # named by its serial below
            found.append(self._of_read(item, books, instead))
        for package, ink in self.inked.items() if self.frame else ():
            if not books.settled(package):
                books.excuse(package)
                found.append(self._of_place(package, ink, instead))
        return found

    def _of_read(self, item: Seen, books: Books, instead: dict[int, str]) -> Finding:
        diagnosis, over = item.diagnosis, item.over
        if diagnosis is None:
            if item.identified and item.ailing:
                books.excuse(item.identified)
                serials = self.serials.get(item.identified, "")
                return self._finding("unreadable", item.identified, item, serials, item.ailing.words)
            return self._finding("unreadable", None, item, "", "a symbol is there, no reader can read it")
        package = diagnosis.package if diagnosis.kind != "foreign" else None
        if diagnosis.kind == "mismatched" and package is None:
            package = over
        serials = self.serials.get(package, "") if package else diagnosis.serials
        elsewhere = over is not None and over != package
        where = f"it lies in the place of {self.serials.get(over, '')}" if over is not None else ""
        if diagnosis.kind == "match" and package is not None:
            if books.times(package) >= books.copies:
                before = books.first_seen(package)
                detail = f"was already read on page {before[1]} of {before[0]}"
                if elsewhere and over is not None:
                    instead[over] = f"a copy of {serials} lies there"
                    detail += f"; {where}"
                return self._finding("duplicate", package, item, serials, detail)
            if elsewhere and over is not None:
                instead[over] = f"the label of {serials} lies there"
                books.excuse(package)
                return self._finding("mismatched", package, item, serials, where)
            books.see(package, self.file, self.number)
            if item.second in ("differs", "unread"):
                kind: FindingKind = "mismatched" if item.second == "differs" else "unreadable"
                words = "reads another string" if item.second == "differs" else "can't read it"
                books.excuse(package)
                return self._finding(kind, package, item, serials, f"the second reader (libdmtx) {words}")
            notes = (
                f"after {diagnosis.stripped}" if diagnosis.stripped else "",
                f"read {item.read.how}" if item.read.how else "",
                "both readers agree" if item.second else "",
            )
            return self._finding("matched", package, item, serials, "; ".join(note for note in notes if note))
        if diagnosis.kind == "foreign":
            if over is not None:
                instead[over] = "a foreign label lies there"
            detail = "; ".join(part for part in (diagnosis.detail, where) if part)
            return self._finding("foreign", None, item, serials, detail)
        if package is not None:
            books.excuse(package)
        return self._finding("mismatched", package, item, serials, diagnosis.detail)

    def _of_place(self, package: int, ink: float, instead: Mapping[int, str]) -> Finding:
        box = self.frame.boxes[package] if self.frame else (0.0, 0.0, 0.0, 0.0)
        quad = self.frame.quads[package] if self.frame else None
        ailing = self.found.get(package)
        spot = replace(located([Seen(Read(b"", box, quad=quad), None)], self.frame, self.dpi)[0], ailing=ailing)
        serials = self.serials.get(package, "")
        if ailing and package not in instead:
            return self._finding("unreadable", package, spot, serials, ailing.words)
        if package in instead or ink < BLANK:
            detail = instead.get(package, "its place is blank or covered")
            return self._finding("missing", package, spot, serials, detail)
        detail = f"something is printed there ({ink:.0%} dark), no reader can read it"
        return self._finding("unreadable", package, spot, serials, detail)

    def _finding(self, kind: FindingKind, package: int | None, item: Seen, serials: str, detail: str) -> Finding:
        shown = kind != "matched"  # no picture of what is right: its place need not be kept
        return Finding(
            kind, package, self.file, self.number, *item.corner, serials, detail, item.read.box if shown else None,
            item.read.unused_error_correction, item.read.quad if shown else None, item.grade, item.ailing,
        )  # fmt: skip


def still_missing(ledger: Ledger, batch: Batch, books: Books, parts: Sequence[LabelFile]) -> Iterator[Finding]:
    """Packages of a batch that no file showed, with the place where the ledger last printed them."""
    newest = array("I", bytes(4 * (batch.packages + 1)))  # 0: none, else the part's index + 1
    for index, part in enumerate(parts, 1):
        for number in part.numbers:
            newest[number] = index
    runs = groupby(enumerate(books.unsettled()), key=lambda pair: pair[1] - pair[0])
    for _, run in runs:
        first = next(run)[1]
        count = 1 + sum(1 for _ in run)
        for package in ledger.packages(batch.id, first, count):
            number = package.number
            if not newest[number]:
                yield Finding(
                    "missing", number, None, None, None, None, package.serials_text, "no label of it was made yet"
                )
                continue
            place = parts[newest[number] - 1].place_of(number)
            yield Finding(
                "missing", number, place.file, place.page, round(place.x_mm, 1), round(place.y_mm, 1),
                package.serials_text, "its place was in none of the pictures",
            )  # fmt: skip


def located(seen: Sequence[Seen], frame: Frame | None, dpi: float | None) -> list[Seen]:
    """The reads of a page with their places on the sheet; a read belongs to a place within half a symbol."""
    import numpy as np

    if not seen:
        return []
    if frame is None:
        if not dpi:
            return list(seen)
        corners = [(round(item.read.box[0] / dpi * 25.4, 1), round(item.read.box[1] / dpi * 25.4, 1)) for item in seen]
        return [replace(item, corner=corner) for item, corner in zip(seen, corners, strict=True)]
    centres = np.array([item.read.center for item in seen])
    _, _, width, height = frame.part.symbol_boxes[0]
    mm = np.round(frame.millimetres(centres) - (width / 2, height / 2), 1).tolist()
    numbers, boxes = list(frame.boxes), np.array(list(frame.boxes.values())).reshape(-1, 4)
    over: list[int | None] = [None] * len(seen)
    off = np.abs(centres[:, None] - boxes[:, :2] - boxes[:, 2:] / 2) < boxes[:, 2:] / 2
    for index, place in reversed(np.argwhere(off.all(axis=2)).tolist()):
        over[index] = numbers[place]
    return [
        Seen(item.read, item.diagnosis, item.grade, item.second, item.identified, item.ailing, place, (x, y))
        for item, place, (x, y) in zip(seen, over, mm, strict=True)
    ]
