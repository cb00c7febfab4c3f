"""Reads + what the ledger says was printed -> findings by serial and place.

A page is bound to the printed page that most of its labels belong to; from the labels that match, the positions of
all others follow, so a missing label is named with its place and with what lies there instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bss_mfg.model import Package, PrintedPart
from bss_mfg.scan.defects import Defects
from bss_mfg.scan.diagnose import Diagnosis
from bss_mfg.scan.frame import Box, Frame
from bss_mfg.scan.grade import SymbolGrade
from bss_mfg.scan.grid import Quad
from bss_mfg.scan.reader import Read

FindingKind = Literal["matched", "missing", "duplicate", "foreign", "unreadable", "mismatched"]
BLANK = 0.03
"""A place with a smaller share of dark pixels counts as blank: a symbol has about a half."""
KINDS: tuple[FindingKind, ...] = ("matched", "missing", "duplicate", "foreign", "unreadable", "mismatched")


@dataclass(frozen=True, slots=True)
class Finding:
    """One label's verdict. `serials` name the label (a foreign one too, where the ledger knows it). `x_mm`, `y_mm` is
    the symbol's top left corner: on the printed page where that is known, else on the scanned one, else None. `box`
    and `quad` are its place in pixels, for a picture; `ailing` says what is wrong with a symbol that only its grid
    identified."""

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


@dataclass(frozen=True, slots=True)
class Seen:
    """A read with its diagnosis; `second` is what the second reader says of it. A symbol without a diagnosis may be
    `identified` by its grid all the same, with what ails it."""

    read: Read
    diagnosis: Diagnosis | None
    grade: SymbolGrade | None = None
    second: Literal["agrees", "differs", "unread"] | None = None
    identified: int | None = None
    ailing: Defects | None = None


@dataclass(slots=True)
class Books:
    """Which packages were seen where, over all pages of a verification. Grows with the batch, not with the pixels."""

    copies: int = 1
    """Labels that were made of each package: `labels --copies`."""
    first_seen: dict[int, tuple[str, int]] = field(default_factory=dict)
    more_seen: Counter[int] = field(default_factory=Counter)
    excused: set[int] = field(default_factory=set)
    """Packages that already have a finding of their own (missing at their place, unreadable, mismatched)."""


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
        placed = [(item, _package_at(item.read, self.frame)) for item in self.seen]
        # Labels in their own place first: of two copies, the one that lies elsewhere is the duplicate.
        placed.sort(key=lambda pair: not (pair[0].diagnosis and pair[0].diagnosis.package == pair[1]))
        for item, over in placed:
            if item.diagnosis is None and over is not None and not item.identified:
                continue  # named by its serial below
            found.append(self._of_read(item, over, books, instead))
        for package, ink in self.inked.items() if self.frame else ():
            if package not in books.first_seen and package not in books.excused:
                books.excused.add(package)
                found.append(self._of_place(package, ink, instead))
        return found

    def _of_read(self, item: Seen, over: int | None, books: Books, instead: dict[int, str]) -> Finding:
        diagnosis = item.diagnosis
        if diagnosis is None:
            if item.identified and item.ailing:
                books.excused.add(item.identified)
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
            before = books.first_seen.get(package)
            if before and books.more_seen[package] + 1 >= books.copies:
                detail = f"was already read on page {before[1]} of {before[0]}"
                if elsewhere and over is not None:
                    instead[over] = f"a copy of {serials} lies there"
                    detail += f"; {where}"
                return self._finding("duplicate", package, item, serials, detail)
            if elsewhere and over is not None:
                instead[over] = f"the label of {serials} lies there"
                books.excused.add(package)
                return self._finding("mismatched", package, item, serials, where)
            if before:
                books.more_seen[package] += 1
            books.first_seen.setdefault(package, (self.file, self.number))
            if item.second in ("differs", "unread"):
                kind: FindingKind = "mismatched" if item.second == "differs" else "unreadable"
                words = "reads another string" if item.second == "differs" else "can't read it"
                books.excused.add(package)
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
            books.excused.add(package)
        return self._finding("mismatched", package, item, serials, diagnosis.detail)

    def _of_place(self, package: int, ink: float, instead: Mapping[int, str]) -> Finding:
        box = self.frame.boxes[package] if self.frame else (0.0, 0.0, 0.0, 0.0)
        quad = self.frame.quads[package] if self.frame else None
        ailing = self.found.get(package)
        serials, spot = self.serials.get(package, ""), Seen(Read(b"", box, quad=quad), None, ailing=ailing)
        if ailing and package not in instead:
            return self._finding("unreadable", package, spot, serials, ailing.words)
        if package in instead or ink < BLANK:
            detail = instead.get(package, "its place is blank or covered")
            return self._finding("missing", package, spot, serials, detail)
        detail = f"something is printed there ({ink:.0%} dark), no reader can read it"
        return self._finding("unreadable", package, spot, serials, detail)

    def _finding(self, kind: FindingKind, package: int | None, item: Seen, serials: str, detail: str) -> Finding:
        x_mm, y_mm = _corner(item.read, self.dpi, self.frame)
        return Finding(
            kind, package, self.file, self.number, x_mm, y_mm, serials, detail, item.read.box,
            item.read.unused_error_correction, item.read.quad, item.grade, item.ailing,
        )  # fmt: skip


def still_missing(packages: Iterable[Package], books: Books, parts: Sequence[PrintedPart]) -> Iterable[Finding]:
    """Packages of a batch that no file showed, with the place where the ledger last printed them."""
    for package in packages:
        number = package.number
        if number in books.first_seen or number in books.excused:
            continue
        for part in reversed(parts):
            if number in part.numbers:
                place = part.place(number)
                yield Finding(
                    "missing", number, place.file, place.page, round(place.x_mm, 1), round(place.y_mm, 1),
                    package.serials, "its place was in none of the pictures",
                )  # fmt: skip
                break
        else:
            yield Finding("missing", number, None, None, None, None, package.serials, "no label of it was made yet")


def settle(findings: Sequence[Finding], books: Books) -> list[Finding]:
    """Drop `missing` findings of packages that turned up on a later page."""
    return [item for item in findings if not (item.kind == "missing" and item.package in books.first_seen)]


def _corner(read: Read, dpi: float | None, frame: Frame | None) -> tuple[float | None, float | None]:
    """Top left corner of a symbol in mm: on the printed page where it is known, else on the scanned one."""
    if frame:
        x, y = frame.millimetres(*read.center)
        _, _, width, height = frame.part.cells[0]
        return round(x - width / 2, 1), round(y - height / 2, 1)
    if dpi:
        return round(read.box[0] / dpi * 25.4, 1), round(read.box[1] / dpi * 25.4, 1)
    return None, None


def _package_at(read: Read, frame: Frame | None) -> int | None:
    """The package whose place a read lies in, within half a symbol."""
    if frame is None:
        return None
    for package, (x, y, width, height) in frame.boxes.items():
        if abs(read.center[0] - x - width / 2) < width / 2 and abs(read.center[1] - y - height / 2) < height / 2:
            return package
    return None
