"""Reads + what the ledger says was printed -> findings by serial and place.

A page is bound to the printed page that most of its labels belong to; from the labels that match, the positions of
all others follow, so a missing label is named with its place and with what lies there instead.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.grade import SymbolGrade
from bss_mfg.imaging.grid import Quad
from bss_mfg.imaging.page_frame import PageFrame, PixelBox
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, LabelFile
from bss_mfg.verify.diagnosis import Diagnosis

Corner = tuple[float | None, float | None]
FindingKind = Literal["matched", "missing", "duplicate", "foreign", "unreadable", "mismatched"]
BLANK_DARKNESS = 0.03
"""A place with a smaller share of dark pixels counts as blank: a symbol has about a half."""
FINDING_KINDS: tuple[FindingKind, ...] = ("matched", "missing", "duplicate", "foreign", "unreadable", "mismatched")


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
    box: PixelBox | None = None
    unused_error_correction: float | None = None
    quad: Quad | None = None
    grade: SymbolGrade | None = None
    defects: Defects | None = None

    @property
    def unseen(self) -> bool:
        """Whether it is missing because no picture showed its place."""
        return self.kind == "missing" and self.box is None


@dataclass(frozen=True)  # without slots, as findings
class PageSymbol:
    """A read with its diagnosis; `second` is what the second reader says of it. A symbol without a diagnosis may be
    `identified` by its grid all the same, with what ails it."""

    read: Read
    diagnosis: Diagnosis | None
    grade: SymbolGrade | None = None
    second_reading: Literal["agrees", "differs", "unread"] | None = None
    identified_package: int | None = None
    defects: Defects | None = None
    in_place_of: int | None = None
    """The package whose place on the sheet it lies in."""
    corner: Corner = (None, None)
    """Its top left corner in mm, on the printed page where that is known, else on the scanned one."""


_READ, _REPORTED, _EXEMPT = 1, 2, 4


class PackageTracker:
    """Which packages were seen where, over all pages of a verification: six octets a package, whatever happens.

    `copies` are the labels that were made of each package (`labels --copies`); of scrapped packages, those with a
    scrapped unit, the labels need not be there.
    """

    def __init__(self, packages: int, copies: int = 1, exempt: Iterable[int] = ()) -> None:
        self.copies = copies
        self._flags = bytearray(packages + 1)
        self._flags[0] = _EXEMPT  # packages count from 1
        self._times_read = bytearray(packages + 1)
        self._read_count = 0
        self._first_page = array("I", bytes(4 * (packages + 1)))
        self._files: list[str] = []
        self._pages = array("I"), array("I")
        """Of each page on which a package was seen first: its file's place in the list, and its number."""
        for package in exempt:
            self._flags[package] |= _EXEMPT

    def times_read(self, package: int) -> int:
        """How often a label of the package was read right."""
        return self._times_read[package] if package < len(self._times_read) else 0

    def record_read(self, package: int, file: str, page: int) -> None:
        """A label of the package was read right on this page."""
        if package >= len(self._flags):
            return
        if not self._times_read[package]:
            files, numbers = self._pages
            if not self._files or self._files[-1] != file:
                self._files.append(file)
            if not numbers or (files[-1], numbers[-1]) != (len(self._files) - 1, page):
                files.append(len(self._files) - 1)
                numbers.append(page)
            self._first_page[package] = len(numbers) - 1
            self._read_count += 1
        self._times_read[package] = min(self._times_read[package] + 1, 255)
        self._flags[package] |= _READ

    def first_read(self, package: int) -> tuple[str, int]:
        """The file and page where it was read first."""
        files, numbers = self._pages
        return self._files[files[self._first_page[package]]], numbers[self._first_page[package]]

    def mark_reported(self, package: int) -> None:
        """The package has a finding of its own already: missing at its place, unreadable, mismatched."""
        if package < len(self._flags):
            self._flags[package] |= _REPORTED

    def is_accounted_for(self, package: int) -> bool:
        """Whether the package was seen, excused, or scrapped."""
        return package >= len(self._flags) or bool(self._flags[package])

    def unaccounted_count(self) -> int:
        """How many packages are not settled."""
        return self._flags.count(0)

    def read_count(self) -> int:
        """How many packages were read right."""
        return self._read_count

    def all_read(self) -> bool:
        """Whether a label of every package that may leave the factory was read right."""
        return not self._flags.count(0) and not self._flags.count(_REPORTED)

    def unaccounted(self) -> Iterator[int]:
        """The packages that are not settled, in order."""
        at = self._flags.find(0)
        while at >= 0:
            yield at
            at = self._flags.find(0, at + 1)


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """What is known of one page: where it came from, what was read, how it lies over a printed page, how dark the
    places are where a label was expected and not read, and the serials of the packages it may name."""

    file: str
    number: int
    dpi: float | None
    symbols: Sequence[PageSymbol]
    frame: PageFrame | None
    unread_darkness: Mapping[int, float]
    serials: Mapping[int, str]
    defects: Mapping[int, Defects] = field(default_factory=dict)
    """What ails the symbols that no reader reads, and that were identified in their places."""
    trouble: str = ""
    """What went wrong while the page was read, though it was read to its end."""

    def findings(self, tracker: PackageTracker) -> list[Finding]:
        """The verdicts of this page; `books` carries what earlier pages showed."""
        found: list[Finding] = []
        instead: dict[int, str] = {}
        # Labels in their own place first: of two copies, the one that lies elsewhere is the duplicate.
        for item in sorted(
            self.symbols, key=lambda item: not (item.diagnosis and item.diagnosis.package == item.in_place_of)
        ):
            if item.diagnosis is None and item.in_place_of is not None and not item.identified_package:
                continue  # named by its serial below
            found.append(self._symbol_finding(item, tracker, instead))
        for package, ink in self.unread_darkness.items() if self.frame else ():
            if not tracker.is_accounted_for(package):
                tracker.mark_reported(package)
                found.append(self._place_finding(package, ink, instead))
        return found

    def _symbol_finding(self, item: PageSymbol, tracker: PackageTracker, instead: dict[int, str]) -> Finding:
        diagnosis, over = item.diagnosis, item.in_place_of
        if diagnosis is None:
            if item.identified_package and item.defects:
                tracker.mark_reported(item.identified_package)
                serials = self.serials.get(item.identified_package, "")
                return self._finding("unreadable", item.identified_package, item, serials, item.defects.description)
            return self._finding("unreadable", None, item, "", "a symbol is there, no reader can read it")
        package = diagnosis.package if diagnosis.kind != "foreign" else None
        if diagnosis.kind == "mismatched" and package is None:
            package = over
        serials = self.serials.get(package, "") if package else diagnosis.serials
        elsewhere = over is not None and over != package
        where = f"it lies in the place of {self.serials.get(over, '')}" if over is not None else ""
        if diagnosis.kind == "match" and package is not None:
            if tracker.times_read(package) >= tracker.copies:
                before = tracker.first_read(package)
                detail = f"was already read on page {before[1]} of {before[0]}"
                if elsewhere and over is not None:
                    instead[over] = f"a copy of {serials} lies there"
                    detail += f"; {where}"
                return self._finding("duplicate", package, item, serials, detail)
            if elsewhere and over is not None:
                instead[over] = f"the label of {serials} lies there"
                tracker.mark_reported(package)
                return self._finding("mismatched", package, item, serials, where)
            tracker.record_read(package, self.file, self.number)
            if item.second_reading in ("differs", "unread"):
                kind: FindingKind = "mismatched" if item.second_reading == "differs" else "unreadable"
                words = "reads another string" if item.second_reading == "differs" else "can't read it"
                tracker.mark_reported(package)
                return self._finding(kind, package, item, serials, f"the second reader (libdmtx) {words}")
            notes = (
                f"after {diagnosis.stripped}" if diagnosis.stripped else "",
                f"read {item.read.how}" if item.read.how else "",
                "both readers agree" if item.second_reading else "",
            )
            return self._finding("matched", package, item, serials, "; ".join(note for note in notes if note))
        if diagnosis.kind == "foreign":
            if over is not None:
                instead[over] = "a foreign label lies there"
            detail = "; ".join(part for part in (diagnosis.detail, where) if part)
            return self._finding("foreign", None, item, serials, detail)
        if package is not None:
            tracker.mark_reported(package)
        return self._finding("mismatched", package, item, serials, diagnosis.detail)

    def _place_finding(self, package: int, ink: float, instead: Mapping[int, str]) -> Finding:
        box = self.frame.boxes[package] if self.frame else (0.0, 0.0, 0.0, 0.0)
        quad = self.frame.quads[package] if self.frame else None
        symbol_defects = self.defects.get(package)
        spot = replace(
            locate_symbols([PageSymbol(Read(b"", box, quad=quad), None)], self.frame, self.dpi)[0],
            defects=symbol_defects,
        )
        serials = self.serials.get(package, "")
        if symbol_defects and package not in instead:
            return self._finding("unreadable", package, spot, serials, symbol_defects.description)
        if package in instead or ink < BLANK_DARKNESS:
            detail = instead.get(package, "its place is blank or covered")
            return self._finding("missing", package, spot, serials, detail)
        detail = f"something is printed there ({ink:.0%} dark), no reader can read it"
        return self._finding("unreadable", package, spot, serials, detail)

    def _finding(self, kind: FindingKind, package: int | None, item: PageSymbol, serials: str, detail: str) -> Finding:
        shown = kind != "matched"  # no picture of what is right: its place need not be kept
        return Finding(
            kind,
            package,
            self.file,
            self.number,
            *item.corner,
            serials,
            detail,
            item.read.box if shown else None,
            item.read.unused_error_correction,
            item.read.quad if shown else None,
            item.grade,
            item.defects,
        )


def still_missing(
    ledger: Ledger, batch: Batch, tracker: PackageTracker, label_files: Sequence[LabelFile]
) -> Iterator[Finding]:
    """Packages of a batch that no file showed, with the place where the ledger last printed them."""
    newest = array("I", bytes(4 * (batch.packages + 1)))  # 0: none, else the part's index + 1
    for index, label_file in enumerate(label_files, 1):
        for number in label_file.numbers:
            newest[number] = index
    for numbers in consecutive_ranges(tracker.unaccounted()):
        for package in ledger.packages(batch.id, numbers.start, len(numbers)):
            number = package.number
            if not newest[number]:
                yield Finding(
                    "missing", number, None, None, None, None, package.serials_text, "no label of it was made yet"
                )
                continue
            place = label_files[newest[number] - 1].place_of(number)
            yield Finding(
                "missing",
                number,
                place.file,
                place.page,
                round(place.x_mm, 1),
                round(place.y_mm, 1),
                package.serials_text,
                "its place was in none of the pictures",
            )


def locate_symbols(seen: Sequence[PageSymbol], frame: PageFrame | None, dpi: float | None) -> list[PageSymbol]:
    """The reads of a page with their places on the sheet; a read belongs to a place within half a symbol."""
    import numpy as np

    if not seen:
        return []
    if frame is None:
        if not dpi:
            return list(seen)
        of_reads = (item.read.box for item in seen)
        corners = [(round(box[0] / dpi * MM_PER_INCH, 1), round(box[1] / dpi * MM_PER_INCH, 1)) for box in of_reads]
        return [replace(item, corner=corner) for item, corner in zip(seen, corners, strict=True)]
    centres = np.array([item.read.center for item in seen])
    _, _, width, height = frame.label_file.symbol_boxes[0]
    mm = np.round(frame.millimetres(centres) - (width / 2, height / 2), 1).tolist()
    numbers, boxes = list(frame.boxes), np.array(list(frame.boxes.values())).reshape(-1, 4)
    over: list[int | None] = [None] * len(seen)
    off = np.abs(centres[:, None] - boxes[:, :2] - boxes[:, 2:] / 2) < boxes[:, 2:] / 2
    for index, cell in reversed(np.argwhere(off.all(axis=2)).tolist()):
        over[index] = numbers[cell]
    return [
        PageSymbol(
            item.read,
            item.diagnosis,
            item.grade,
            item.second_reading,
            item.identified_package,
            item.defects,
            place,
            (x, y),
        )
        for item, place, (x, y) in zip(seen, over, mm, strict=True)
    ]
