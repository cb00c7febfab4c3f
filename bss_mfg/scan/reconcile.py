"""Reads + what the ledger says was printed -> findings by serial and place.

A page is bound to the printed page that most of its labels belong to; from the labels that match, the positions of
all others follow, so a missing label is named with its place and with what lies there instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from bss_mfg.model import Package, PrintedPart
from bss_mfg.scan.diagnose import Diagnosis
from bss_mfg.scan.reader import Box, Read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FindingKind = Literal["matched", "missing", "duplicate", "foreign", "unreadable", "mismatched"]
BLANK = 0.03
"""A place with a smaller share of dark pixels counts as blank: a symbol has about a half."""
KINDS: tuple[FindingKind, ...] = ("matched", "missing", "duplicate", "foreign", "unreadable", "mismatched")


@dataclass(frozen=True, slots=True)
class Finding:
    """One label's verdict. `serials` name the label (a foreign one too, where the ledger knows it). `x_mm`, `y_mm` is
    the symbol's top left corner: on the printed page where that is known, else on the scanned one, else None. `box`
    is its place in pixels, for a picture."""

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

    @property
    def unseen(self) -> bool:
        """Whether it is missing because no picture showed its place."""
        return self.kind == "missing" and self.box is None


@dataclass(frozen=True, slots=True)
class Seen:
    """A read with its diagnosis."""

    read: Read
    diagnosis: Diagnosis | None


@dataclass(frozen=True)
class Frame:
    """How a scanned page lies over a printed one: `part` and `page` printed, and [x, y] pixels = [x mm, y mm, 1] @
    `matrix` (3 rows, 2 columns)."""

    part: PrintedPart
    page: int
    matrix: NDArray[np.float64]

    @cached_property
    def boxes(self) -> dict[int, Box]:
        """Where the symbol of each package of this page should lie, in pixels."""
        (ax, ay), (bx, by), (cx, cy) = self.matrix.tolist()
        found: dict[int, Box] = {}
        for package in self.part.packages_on(self.page):
            place = self.part.place(package)
            left, top = ax * place.x_mm + bx * place.y_mm + cx, ay * place.x_mm + by * place.y_mm + cy
            xs = (0.0, ax * place.width_mm, bx * place.height_mm, ax * place.width_mm + bx * place.height_mm)
            ys = (0.0, ay * place.width_mm, by * place.height_mm, ay * place.width_mm + by * place.height_mm)
            found[package] = (left + min(xs), top + min(ys), max(xs) - min(xs), max(ys) - min(ys))
        return found

    def millimetres(self, x: float, y: float) -> tuple[float, float]:
        """Pixels to mm on the printed page."""
        (a, b), (c, d), (e, f) = self.matrix.tolist()
        x, y, scale = x - e, y - f, a * d - b * c
        return (d * x - c * y) / scale, (a * y - b * x) / scale


def bind_page(seen: Sequence[Seen], parts: Sequence[PrintedPart], file: str) -> Frame | None:
    """The printed page that most matching labels of a scanned page belong to, and how it lies; None if unclear."""
    import numpy as np

    votes: Counter[tuple[int, int]] = Counter()
    matching = [item for item in seen if item.diagnosis and item.diagnosis.kind == "match"]
    for item in matching:
        package = item.diagnosis.package if item.diagnosis else None
        for index, part in enumerate(parts):
            if package and package in part.numbers:
                votes[(index, part.place(package).page)] += 2 if part.file == file else 1
    best: tuple[float, Frame] | None = None
    for (index, page), count in votes.most_common(4):
        part = parts[index]
        points = [
            (part.place(item.diagnosis.package), item.read.center)
            for item in matching
            if item.diagnosis and item.diagnosis.package and item.diagnosis.package in part.packages_on(page)
        ]
        # A label pasted elsewhere must not bend the frame: fit, drop the worst, fit again.
        matrix, error = _fit(points)
        if matrix is None:
            continue
        tolerance = _symbol_pixels(part, matrix) / 4
        if error > tolerance and len(points) > 3:
            distances = [
                np.hypot(*(np.array([p.x_mm + p.width_mm / 2, p.y_mm + p.height_mm / 2, 1]) @ matrix - c))
                for p, c in points
            ]
            limit = float(np.median(distances)) * 3 + 2
            matrix, error = _fit([pair for pair, distance in zip(points, distances, strict=True) if distance <= limit])
            if matrix is None:
                continue
        if error > tolerance:
            continue
        score = count - error / 100
        if best is None or score > best[0]:
            best = (score, Frame(part, page, matrix))
    return best[1] if best else None


def _symbol_pixels(part: PrintedPart, matrix: NDArray[np.float64]) -> float:
    """Width of a symbol in pixels under a frame."""
    return part.cells[0][2] * float((matrix[0, 0] ** 2 + matrix[0, 1] ** 2) ** 0.5)


def known_frame(part: PrintedPart, page: int, dpi: float) -> Frame:
    """The frame of a page that was rasterised from our own file at `dpi`."""
    import numpy as np

    scale = dpi / 25.4
    return Frame(part, page, np.array([[scale, 0.0], [0.0, scale], [0.0, 0.0]]))


def _fit(points: Sequence[tuple[object, tuple[float, float]]]) -> tuple[NDArray[np.float64] | None, float]:
    """Least-squares map from mm to pixels: affine with three labels or more that span a plane, else a similarity."""
    import numpy as np

    if len(points) < 2:
        return None, 0.0
    mm = np.array([(p.x_mm + p.width_mm / 2, p.y_mm + p.height_mm / 2) for p, _ in points])  # type: ignore[attr-defined]
    pixels = np.array([center for _, center in points])
    spread = np.linalg.svd(mm - mm.mean(axis=0), compute_uv=False)
    if len(points) >= 4 and spread[1] > 5:
        matrix, *_ = np.linalg.lstsq(np.column_stack([mm, np.ones(len(mm))]), pixels, rcond=None)
    else:
        # x' = a x - b y + c, y' = b x + a y + d
        rows = []
        for x, y in mm:
            rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        (a, b, c, d), *_ = np.linalg.lstsq(np.array(rows, float), pixels.reshape(-1), rcond=None)
        matrix = np.array([[a, b], [-b, a], [c, d]])
    error = float(np.abs(np.column_stack([mm, np.ones(len(mm))]) @ matrix - pixels).max())
    return matrix, error


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

    def findings(self, books: Books) -> list[Finding]:
        """The verdicts of this page; `books` carries what earlier pages showed."""
        found: list[Finding] = []
        instead: dict[int, str] = {}
        placed = [(item, _package_at(item.read, self.frame)) for item in self.seen]
        # Labels in their own place first: of two copies, the one that lies elsewhere is the duplicate.
        placed.sort(key=lambda pair: not (pair[0].diagnosis and pair[0].diagnosis.package == pair[1]))
        for item, over in placed:
            if item.diagnosis is None and over is not None:
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
            return self._finding("unreadable", None, item.read, "", "a symbol is there, no reader can read it")
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
                return self._finding("duplicate", package, item.read, serials, detail)
            if elsewhere and over is not None:
                instead[over] = f"the label of {serials} lies there"
                books.excused.add(package)
                return self._finding("mismatched", package, item.read, serials, where)
            if before:
                books.more_seen[package] += 1
            books.first_seen.setdefault(package, (self.file, self.number))
            detail = f"after {diagnosis.stripped}" if diagnosis.stripped else ""
            return self._finding("matched", package, item.read, serials, detail)
        if diagnosis.kind == "foreign":
            if over is not None:
                instead[over] = "a foreign label lies there"
            detail = "; ".join(part for part in (diagnosis.detail, where) if part)
            return self._finding("foreign", None, item.read, serials, detail)
        if package is not None:
            books.excused.add(package)
        return self._finding("mismatched", package, item.read, serials, diagnosis.detail)

    def _of_place(self, package: int, ink: float, instead: Mapping[int, str]) -> Finding:
        box = self.frame.boxes[package] if self.frame else (0.0, 0.0, 0.0, 0.0)
        serials, spot = self.serials.get(package, ""), Read(b"", box)
        if package in instead or ink < BLANK:
            detail = instead.get(package, "its place is blank or covered")
            return self._finding("missing", package, spot, serials, detail)
        detail = f"something is printed there ({ink:.0%} dark), no reader can read it"
        return self._finding("unreadable", package, spot, serials, detail)

    def _finding(self, kind: FindingKind, package: int | None, read: Read, serials: str, detail: str) -> Finding:
        x_mm, y_mm = _corner(read, self.dpi, self.frame)
        return Finding(
            kind, package, self.file, self.number, x_mm, y_mm, serials, detail, read.box, read.unused_error_correction
        )


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
