"""One page's symbols -> findings by serial and place.

A page is bound to the printed page that most of its labels belong to; from the labels that match, the positions of
all others follow, so a missing label is named with its place and with what is there instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from statistics import median
from types import MappingProxyType

from bss_mfg.core.languages import SEMICOLON, joined, phrase
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.geometry import PixelBox
from bss_mfg.imaging.grade import SymbolGrade
from bss_mfg.imaging.label_content import ContentFinding
from bss_mfg.imaging.misprints import Misprint
from bss_mfg.imaging.not_judged import NotJudged
from bss_mfg.imaging.page_frame import PageFrame
from bss_mfg.imaging.page_symbols import BLANK_DARKNESS
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.model import LabelScope
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause, DiagnosisKind
from bss_mfg.verify.findings import Finding, FindingKind, OtherCode
from bss_mfg.verify.grade_faults import grade_fault
from bss_mfg.verify.package_tracker import PackageTracker
from bss_mfg.verify.page_account import DARKER, PageAccount, PageOutcome, PageSeen
from bss_mfg.verify.picture_ages import Outdated

Corner = tuple[float | None, float | None]


class SecondReading(Enum):
    """What the second reader says of a match."""

    AGREES = auto()
    DIFFERS = auto()
    UNREAD = auto()


_AGREE = phrase("both readers agree")
_SECOND_READING_FAULTS = {
    SecondReading.DIFFERS: (FindingKind.MISMATCHED, phrase("the second reader (libdmtx) reads another string")),
    SecondReading.UNREAD: (FindingKind.UNREADABLE, phrase("the second reader (libdmtx) can't read it")),
}


@dataclass(frozen=True)  # without slots, as findings
class PageSymbol:
    """A read with its diagnosis. A symbol without a diagnosis may be identified by its grid all the same, with what is
    wrong with it."""

    read: Read
    diagnosis: Diagnosis | None
    grade: SymbolGrade | None = None
    second_reading: SecondReading | None = None
    identified_package: int | None = None
    defects: Defects | None = None
    in_place_of: int | None = None
    """The package whose place on the sheet it lies in."""
    corner: Corner = (None, None)
    """Its top left corner in mm, on the printed page where that is known, else on the scanned one."""
    misprints: tuple[Misprint, ...] = ()
    """What is wrong with its print, though it reads right."""
    content: tuple[ContentFinding, ...] = ()
    """In what its label is not what was to be printed."""

    @property
    def in_own_place(self) -> bool:
        """Whether it lies where the label of its own package should."""
        return self.diagnosis is not None and self.diagnosis.package == self.in_place_of

    @property
    def is_elsewhere(self) -> bool:
        """Whether it lies in the place of another label than the one it names."""
        return self.in_place_of is not None and not self.in_own_place


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """What is known of one page: where it came from, what was read, how it lies over a printed page, how dark the
    places are whose own label was not matched, and the serials of the packages it may name."""

    file: str
    number: int
    dpi: float | None
    symbols: Sequence[PageSymbol]
    frame: PageFrame | None
    unmatched_darkness: Mapping[int, float]
    serials: Mapping[int, str]
    pale: Set[int] = frozenset()
    """The packages of those where something is printed, too pale to be read."""
    covered: Mapping[int, str] = field(default_factory=dict)
    """Of those where a part of the symbol has no modules, by package: which part, in words."""
    defects: Mapping[int, Defects] = field(default_factory=dict)
    """What is wrong with the symbols that no reader reads, and that were identified in their places."""
    trouble: str = ""
    """What went wrong while the page was read, though it was read to its end."""
    of: ReadSubject = "print"
    """Whether its labels are printed ones, or our own file's."""
    told: bool = False
    """Whether the person said so."""
    notes: tuple[str, ...] = ()
    """What of the page was not judged, and why."""
    not_judged: NotJudged = field(default_factory=NotJudged)
    """How many labels that is of."""
    seen: PageSeen = field(default_factory=lambda: PageSeen(sheet=True))
    """What the page as a whole shows."""
    min_grade: float | None = None
    """The least grade with which a label is right."""
    other_codes: tuple[OtherCode, ...] = ()
    """The codes on it that are not ours."""
    each: LabelScope = "package"
    """What its labels are for; of any but packages', the numbers are those of labels."""
    pixels: str = ""
    """The digest of its pixels; none of a page that we drew."""

    @property
    def packages(self) -> Set[int]:
        """The packages of this batch whose labels it shows, or should."""
        shown = (_package_of(item) for item in self.symbols)
        return {package for package in shown if package} | self.unmatched_darkness.keys()

    def without(self, packages: Set[int]) -> ScannedPage:
        """The same page as if the right labels of some packages were not on it."""
        if not packages:
            return self
        symbols = [
            item for item in self.symbols
            if not (item.diagnosis and item.diagnosis.matches and item.diagnosis.package in packages)
        ]  # fmt: skip
        darkness = {package: dark for package, dark in self.unmatched_darkness.items() if package not in packages}
        return replace(self, symbols=symbols, unmatched_darkness=darkness)

    def findings(
        self,
        tracker: PackageTracker,
        made_again: Set[int] = frozenset(),
        outdated: Mapping[int, Outdated] = MappingProxyType({}),
    ) -> list[Finding]:
        """The findings of this page; `tracker` carries what earlier pages showed. Labels of the packages in
        `made_again` may be in another place by now; those of the packages in `outdated` were made after the picture."""
        return _PageFindings(self, tracker, made_again, outdated).all()

    def account(self, found: Sequence[Finding]) -> PageAccount:
        """What became of the page, by its findings."""
        outcome = PageOutcome.ACCOUNTED
        if not self.seen.understood:
            outcome = PageOutcome.NOT_UNDERSTOOD
        elif any(item.kind is not FindingKind.MATCHED for item in found):
            outcome = PageOutcome.FAULTS
        return PageAccount(self.file, self.number, outcome, self.seen)


@dataclass(slots=True)
class _PageFindings:
    """The findings of a page as they grow."""

    page: ScannedPage
    tracker: PackageTracker
    made_again: Set[int]
    outdated: Mapping[int, Outdated]
    explained: set[int] = field(default_factory=set)
    """Packages with a finding that says what is in their place, or where it went from there by a little."""
    elsewhere: set[int] = field(default_factory=set)
    """Packages whose label lies in another's place."""
    found_instead: dict[int, str] = field(default_factory=dict)
    """What lies in a package's place instead of its label, in words."""
    superseded: set[int | None] = field(default_factory=set)
    """Packages whose old label lies on the page."""

    def all(self) -> list[Finding]:
        found: list[tuple[float, float, Finding]] = []
        # Labels in their own place first: of two copies, the one that lies elsewhere is the duplicate.
        for item in sorted(self.page.symbols, key=lambda item: not item.in_own_place):
            if (one := self._finding_of_symbol(item)) is not None:
                x, y = item.corner
                found.append((item.read.box[0] if x is None else x, item.read.box[1] if y is None else y, one))
        if self.page.frame:
            for package, darkness in self.page.unmatched_darkness.items():
                if not self._is_explained(package):
                    one = self._unread_place(package, darkness, self.page.frame)
                    found.append((one.x_mm or 0.0, one.y_mm or 0.0, one))
        return in_reading_order(found, self._row_height())

    def _finding_of_symbol(self, item: PageSymbol) -> Finding | None:
        if (package := _package_of(item)) and package in self.outdated:
            return self._outdated_label(item, package)
        if item.diagnosis is not None:
            return self._finding_of_diagnosis(item, item.diagnosis)
        if item.identified_package or item.in_place_of is None:
            return self._undecoded_finding(item)
        return None  # the package whose place it lies in is named by that

    def _row_height(self) -> float:
        """How far below another a symbol of the next row lies at least: half its height, in mm of the page, or else in
        pixels."""
        if self.page.frame:
            return self.page.frame.label_file.symbol_boxes[0].height / 2
        heights = [item.read.box[3] for item in self.page.symbols]
        return median(heights or [0]) / 2 * (MM_PER_INCH / self.page.dpi if self.page.dpi else 1)

    def _outdated_label(self, item: PageSymbol, package: int) -> Finding:
        """A label that was made again after the picture: whatever this one is, it is not that one."""
        self._takes_place(item, package, self._in_its_place(package))
        self.explained.add(package)
        return self._outdated(self._finding(FindingKind.OLD_PICTURE, package, item, ""), package)

    def _outdated(self, found: Finding, package: int) -> Finding:
        self.tracker.mark_faulty(package)
        return found.outdated(self.outdated[package].words, self.outdated[package].read_at)

    def _is_explained(self, package: int) -> bool:
        """Whether nothing more is to be said of a package's place: a finding speaks of it, or its label need not be
        there. A label that was read elsewhere is no excuse: each place has a label of its own."""
        if package in self.explained or package in self.superseded or self.tracker.is_exempt(package):
            return True
        if package in self.made_again and self.tracker.is_accounted_for(package):
            return True
        # Two that were swapped are told once each.
        return package in self.elsewhere and package in self.found_instead

    def _takes_place(self, item: PageSymbol, package: int | None, words: str) -> None:
        """Remember what a symbol that was reported for `package` means for the place in which it lies."""
        if item.in_place_of is None or item.in_place_of == package:
            self.explained.update({package} if package else ())
        else:
            self.found_instead.setdefault(item.in_place_of, words)

    def _undecoded_finding(self, item: PageSymbol) -> Finding:
        """A symbol that no reader reads, outside of all places or identified by its grid."""
        package = item.identified_package
        if package and item.defects:
            self.tracker.mark_reported(package)
            self._takes_place(item, package, phrase("another label is in its place"))
            return self._finding(FindingKind.UNREADABLE, package, item, item.defects.description)
        return self._finding(FindingKind.UNREADABLE, None, item, phrase("a symbol is there, no reader can read it"))

    def _finding_of_diagnosis(self, item: PageSymbol, diagnosis: Diagnosis) -> Finding:
        if diagnosis.kind is DiagnosisKind.FOREIGN:
            return self._foreign_finding(item, diagnosis)
        if diagnosis.kind is DiagnosisKind.MATCH and diagnosis.package is not None:
            return self._match(item, diagnosis, diagnosis.package)
        package = diagnosis.package
        if diagnosis.cause is DiagnosisCause.SUPERSEDED:
            # Not the label that the package has now: that one may be on another page.
            self.superseded.add(package)
            return self._finding(FindingKind.MISMATCHED, package, item, diagnosis.detail, diagnosis.serials)
        if package is None and diagnosis.kind is DiagnosisKind.MISMATCHED:
            package = item.in_place_of
        if package is not None:
            self.tracker.mark_reported(package)
        self._takes_place(item, package, phrase("another label is in its place"))
        return self._finding(FindingKind.MISMATCHED, package, item, diagnosis.detail, diagnosis.serials)

    def _foreign_finding(self, item: PageSymbol, diagnosis: Diagnosis) -> Finding:
        where = ""
        if item.in_place_of is not None:
            self.found_instead[item.in_place_of] = phrase("a foreign label is in its place")
            where = self._lies_in_place_of(item.in_place_of)
        detail = joined(SEMICOLON, (diagnosis.detail, where))
        found = self._finding(FindingKind.FOREIGN, None, item, detail, diagnosis.serials)
        return replace(found, other_batch=diagnosis.batch)

    def _match(self, item: PageSymbol, diagnosis: Diagnosis, package: int) -> Finding:
        """A label of this batch: read before, in another's place, read otherwise by the second reader, or right."""
        serials = self.page.serials.get(package, "")
        other = item.in_place_of if item.is_elsewhere else None
        # A label file of ours that holds a label printed once more is no copy that somebody made.
        is_reprint = self.page.of == "file" and item.in_own_place and package in self.made_again
        if self.tracker.times_read(package) >= self.tracker.copies and not is_reprint:
            file, page = self.tracker.first_read(package)
            detail = phrase("was already read on page {page} of {file}", page=page, file=file)
            if other is not None:
                self.found_instead[other] = phrase("a copy of the label of {serials} is in its place", serials=serials)
                detail = joined(SEMICOLON, (detail, self._lies_in_place_of(other)))
            found = self._finding(FindingKind.DUPLICATE, package, item, detail)
            return found if other is not None else replace(found, first_read=(file, page))
        if other is not None:
            self.found_instead[other] = self._in_its_place(package)
            self.elsewhere.add(package)
            self.tracker.mark_reported(package)
            return self._finding(FindingKind.MISMATCHED, package, item, self._lies_in_place_of(other))
        self.tracker.record_read(package, self.page.file, self.page.number)
        if item.misprints:
            self.tracker.mark_faulty(package)
            self.explained.add(package)
            words = joined(SEMICOLON, (misprint.detail for misprint in item.misprints))
            found = self._finding(FindingKind.MISPRINTED, package, item, words)
            return replace(found, print_faults=tuple(misprint.fault for misprint in item.misprints))
        if item.second_reading and (fault := _SECOND_READING_FAULTS.get(item.second_reading)):
            self.tracker.mark_faulty(package)
            return self._finding(fault[0], package, item, fault[1])
        if item.content:
            self.tracker.mark_faulty(package)
            detail = joined(SEMICOLON, (fault.words for fault in item.content))
            return replace(self._finding(FindingKind.CONTENT, package, item, detail), content=item.content)
        if self.page.min_grade is not None and (why := grade_fault(item.grade, self.page.min_grade)):
            self.tracker.mark_faulty(package)
            return self._finding(FindingKind.BELOW_GRADE, package, item, why)
        notes = (
            phrase("after {marks}", marks=diagnosis.marks.description) if diagnosis.marks else "",
            phrase("read {how}", how=item.read.how) if item.read.how else "",
            _AGREE if item.second_reading else "",
        )
        return self._finding(FindingKind.MATCHED, package, item, joined(SEMICOLON, notes) if any(notes) else "")

    def _lies_in_place_of(self, package: int) -> str:
        return phrase("it is in the place of {serials}", serials=self.page.serials.get(package, ""))

    def _in_its_place(self, package: int) -> str:
        return phrase("the label of {serials} is in its place", serials=self.page.serials.get(package, ""))

    def _unread_place(self, package: int, darkness: float, frame: PageFrame) -> Finding:
        """A package whose label was not read, in its place or elsewhere: missing, or unreadable."""
        defects = self.page.defects.get(package)
        spot = PageSymbol(Read(b"", frame.boxes[package], quad=frame.quads[package]), None)
        item = replace(locate_symbols([spot], frame, self.page.dpi)[0], defects=defects)
        instead = self.found_instead.get(package)
        if package in self.outdated:
            return self._outdated(self._finding(FindingKind.OLD_PICTURE, package, item, ""), package)
        self.tracker.mark_reported(package)
        if defects and instead is None:
            words = (defects.description, self.page.covered.get(package, ""))
            return self._finding(FindingKind.UNREADABLE, package, item, joined(SEMICOLON, words))
        if instead is None and package in self.page.pale:
            detail = phrase("something is printed there, too pale to be read: {way_out}", way_out=DARKER)
            return self._finding(FindingKind.UNREADABLE, package, item, detail)
        if instead is not None or darkness < BLANK_DARKNESS:
            found = self._finding(
                FindingKind.MISSING, package, item, instead or phrase("its place is blank or covered")
            )
            return replace(found, made_again=package in self.made_again, place_taken=instead is not None)
        detail = phrase("something is printed there ({share:.0%} dark), no reader can read it", share=darkness)
        return self._finding(FindingKind.UNREADABLE, package, item, self.page.covered.get(package, detail))

    def _finding(
        self, kind: FindingKind, package: int | None, item: PageSymbol, detail: str, known_serials: str = ""
    ) -> Finding:
        """A finding at an item's place. Without a package it is named by what the ledger knows of it."""
        shown = kind is not FindingKind.MATCHED  # no picture of what is right: its place need not be kept
        return Finding(
            kind=kind,
            package=package,
            file=self.page.file,
            page=self.page.number,
            x_mm=item.corner[0],
            y_mm=item.corner[1],
            serials=known_serials or (self.page.serials.get(package, "") if package else ""),
            detail=detail,
            box=item.read.box if shown else None,
            unused_error_correction=item.read.unused_error_correction,
            quad=item.read.quad if shown else None,
            grade=item.grade,
            defects=item.defects,
            of=self.page.of,
            told=self.page.told,
            each=self.page.each,
        )


def in_reading_order(found: Iterable[tuple[float, float, Finding]], row_height: float) -> list[Finding]:
    """Findings as people look for them, row by row and each from the left; with each comes where it is, (x, y)."""
    ordered: list[Finding] = []
    rows: list[list[tuple[float, float, Finding]]] = []
    for one in sorted(found, key=lambda one: one[1]):
        if not rows or one[1] - rows[-1][0][1] > row_height:
            rows.append([])
        rows[-1].append(one)
    for row in rows:
        ordered += [item for _, _, item in sorted(row, key=lambda one: one[0])]
    return ordered


def _package_of(item: PageSymbol) -> int | None:
    """The package of this batch that a symbol is of, or in whose place something wrong lies."""
    diagnosis = item.diagnosis
    if diagnosis is None:
        return item.identified_package
    if diagnosis.kind is DiagnosisKind.FOREIGN:
        return None
    return diagnosis.package or (item.in_place_of if diagnosis.kind is DiagnosisKind.MISMATCHED else None)


def locate_symbols(symbols: Sequence[PageSymbol], frame: PageFrame | None, dpi: float | None) -> list[PageSymbol]:
    """The symbols of a page with their places on the sheet; one belongs to a place within half a symbol."""
    import numpy as np

    if not symbols:
        return []
    if frame is None:
        if not dpi:
            return list(symbols)

        def millimetres(pixels: float) -> float:
            return round(pixels / dpi * MM_PER_INCH, 1)

        boxes_seen = [item.read.box for item in symbols]
        corners = [(millimetres(box[0]), millimetres(box[1])) for box in boxes_seen]
        return [replace(item, corner=corner) for item, corner in zip(symbols, corners, strict=True)]
    centres = [item.read.center for item in symbols]
    _, _, width, height = frame.label_file.symbol_boxes[0]
    mm = np.round(frame.millimetres(np.array(centres)) - (width / 2, height / 2), 1).tolist()
    places = _places(symbols, centres, frame.boxes)
    return [
        replace(item, in_place_of=place, corner=(x, y)) for item, place, (x, y) in zip(symbols, places, mm, strict=True)
    ]


def _places(
    symbols: Sequence[PageSymbol], centres: Sequence[tuple[float, float]], boxes: Mapping[int, PixelBox]
) -> list[int | None]:
    """In which place each symbol's centre lies: nearly always in its own, and then the others need no look."""
    places: list[int | None] = []
    for item, centre in zip(symbols, centres, strict=True):
        own = item.diagnosis.package if item.diagnosis else None
        if own is not None and own in boxes and _holds(boxes[own], centre):
            places.append(own)
        else:
            places.append(next((package for package, box in boxes.items() if _holds(box, centre)), None))
    return places


def _holds(box: PixelBox, point: tuple[float, float]) -> bool:
    left, top, width, height = box
    return abs(point[0] - left - width / 2) < width / 2 and abs(point[1] - top - height / 2) < height / 2
