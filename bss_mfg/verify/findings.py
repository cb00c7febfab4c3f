"""What is found of one label, and which packages no file showed."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bss_mfg.core.code_patterns import SymbolKind
from bss_mfg.core.languages import phrase
from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.geometry import PixelBox, Quad
from bss_mfg.imaging.grade import SymbolGrade
from bss_mfg.imaging.label_content import ContentFinding
from bss_mfg.imaging.misprints import PrintFault
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, LabelFile, LabelScope, Package
from bss_mfg.verify.label_names import LabelNames
from bss_mfg.verify.package_tracker import SubjectTrackers


class FindingKind(StrEnum):
    """What a label was found to be, or a place to lack. The values are those of the history and of all reports."""

    MATCHED = phrase("matched")
    MISSING = phrase("missing")
    DUPLICATE = phrase("duplicate")
    FOREIGN = phrase("foreign")
    UNREADABLE = phrase("unreadable")
    MISMATCHED = phrase("mismatched")
    MISPRINTED = phrase("misprinted")
    CONTENT = phrase("content")
    BELOW_GRADE = phrase("below-grade")
    OLD_PICTURE = phrase("old-picture")


FINDING_KINDS = tuple(FindingKind)


@dataclass(frozen=True)  # without slots: thousands are set aside on a disk, and pickle them several times faster
class Finding:
    """What was found of one label. `serials` name the label (a foreign one too, where the ledger knows it). `x_mm`,
    `y_mm` is the symbol's top left corner, its centre less half a printed symbol: on the printed page where that is
    known, else on the scanned one, else None. `box` and `quad` are its place in pixels, for a picture of what failed;
    `defects` say what is wrong with a symbol that only its grid identified; `print_faults` what is wrong with a
    misprinted one; `unseen` that it is missing because no picture showed its place; `other_batch` names the batch that
    a foreign one belongs to, where the ledger knows it; `made_again` says that the label was made in another place too:
    where that one is read, this is no fault. `of` says whether the label is a printed one or our own
    file's; `told`, that the person said so."""

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
    unseen: bool = False
    other_batch: str | None = None
    of: ReadSubject = "print"
    told: bool = False
    print_faults: tuple[PrintFault, ...] = ()
    made_again: bool = False
    content: tuple[ContentFinding, ...] = ()
    """In what the label differs from what was to be on it."""
    each: LabelScope = "package"
    """What the label is for; of any but a package's, `package` is the number of the label."""
    picture_read_at: str = ""
    """When an old picture was read first; empty where the label was made again while it was read."""
    picture: int = 0
    """The number of the picture that showed it, in the order of reading; 0: none did."""
    place_taken: bool = False
    """Of a missing one: another label lies in its place, which has a finding of its own."""
    first_read: tuple[str, int] | None = None
    """Of a duplicate in its own place, or in none: the file and page that showed the label first."""

    @property
    def name(self) -> str:
        """The label's serials, or what is known of it without them."""
        if self.serials:
            return self.serials
        unknown = self.kind is FindingKind.FOREIGN
        return phrase("(not one of ours)") if unknown else phrase("(it is not known which label)")

    def outdated(self, words: str, read_at: str) -> Finding:
        """The same in a picture that was there before the package's label was made: it says nothing of that one."""
        return replace(
            self,
            kind=FindingKind.OLD_PICTURE,
            detail=words,
            box=None,
            quad=None,
            grade=None,
            defects=None,
            unused_error_correction=None,
            print_faults=(),
            content=(),
            made_again=True,
            picture_read_at=read_at,
        )

    def without_pictures(self) -> Finding:
        """The same without the pictures of what its label differs in."""
        if not self.content:
            return self
        bare = (replace(fault, planned_picture=None, seen_picture=None) for fault in self.content)
        return replace(self, content=tuple(bare))


@dataclass(frozen=True)  # without slots, as findings
class OtherCode:
    """A code beside labels that is not ours: what kind of symbol, what it says, its top left corner in mm of the
    scanned page where its scale is known, and the name of the expected code that it is (empty: none)."""

    file: str
    page: int
    kind: SymbolKind
    text: str
    expected: str = ""
    x_mm: float | None = None
    y_mm: float | None = None


def missing_findings(
    ledger: Ledger, batch: Batch, trackers: SubjectTrackers, label_files: Sequence[LabelFile]
) -> Iterator[Finding]:
    """Packages of a batch that no file showed, with the place where the ledger last printed their present label."""
    unprinted = ledger.prints.unprinted(batch.id)
    newest = array("I", bytes(4 * (batch.packages + 1)))  # 0: none, else the file's index + 1
    for index, label_file in enumerate(label_files, 1):
        for number in label_file.numbers:
            newest[number] = index
    for numbers in consecutive_ranges(trackers.judged.unaccounted()):
        for package in ledger.packages.stream(batch.id, numbers.start, len(numbers)):
            index = 0 if package.number in unprinted else newest[package.number]
            yield _unseen_finding(package, label_files[index - 1] if index else None, trackers)


def missing_labels(names: LabelNames, trackers: SubjectTrackers, label_files: Sequence[LabelFile]) -> Iterator[Finding]:
    """The same for labels of units or cartons, by their numbers."""
    newest = {number: label_file for label_file in label_files for number in label_file.numbers}
    for numbers in consecutive_ranges(trackers.judged.unaccounted()):
        called = names.of(numbers)
        for number in numbers:
            package = Package(number, "", ())
            found = _unseen_finding(package, newest.get(number), trackers)
            yield replace(found, serials=called.get(number, ""), each=names.each)


def _unseen_finding(package: Package, label_file: LabelFile | None, trackers: SubjectTrackers) -> Finding:
    place = label_file.place_of(package.number) if label_file else None
    return Finding(
        kind=FindingKind.MISSING,
        package=package.number,
        file=place.file if place else None,
        page=place.page if place else None,
        x_mm=round(place.x_mm, 1) if place else None,
        y_mm=round(place.y_mm, 1) if place else None,
        serials=package.serials_text,
        detail=_unseen_words(package.number, trackers) if place else phrase("no label of it was made yet"),
        unseen=True,
    )


def _unseen_words(number: int, trackers: SubjectTrackers) -> str:
    if shown := trackers.judged.labels_accounted_for(number):
        return phrase("the pictures showed only {count} of its labels; more were made", count=shown)
    if trackers.shows_prints and trackers.times_read(number, "file"):
        return phrase("its label file was read, its print was in none of the pictures")
    if number in trackers.renewed:
        return phrase("its label was made again while this went on: scan the new label")
    return phrase("its place was in none of the pictures")
