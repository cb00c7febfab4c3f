"""Reads + what the ledger says was printed -> findings by serial and place.

A page is bound to the printed page that most of its labels belong to; from the labels that match, the positions of
all others follow, so a missing label is named with its place and with what lies there instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bss_mfg.model import PrintedPart
from bss_mfg.scan.diagnose import Diagnosis
from bss_mfg.scan.reader import Box, Read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FindingKind = Literal["matched", "missing", "duplicate", "foreign", "unreadable", "mismatched"]
KINDS: tuple[FindingKind, ...] = ("matched", "missing", "duplicate", "foreign", "unreadable", "mismatched")


@dataclass(frozen=True, slots=True)
class Finding:
    """One label's verdict. `x_mm`, `y_mm` is the symbol's top left corner on its page (from the page's own), or None
    where the file says no scale. `crop` is its box in pixels, for a picture."""

    kind: FindingKind
    package: int | None
    file: str | None
    page: int | None
    x_mm: float | None
    y_mm: float | None
    detail: str = ""
    box: Box | None = None
    unused_error_correction: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A read with its diagnosis."""

    read: Read
    diagnosis: Diagnosis | None


@dataclass(frozen=True, slots=True)
class Frame:
    """How a scanned page lies over a printed one: `part` and `page` printed, and [x, y] pixels = [x mm, y mm, 1] @
    `matrix` (3 rows, 2 columns)."""

    part: PrintedPart
    page: int
    matrix: NDArray[np.float64]

    def box(self, package: int) -> Box:
        """Where the symbol of a package should lie, in pixels."""
        place = self.part.place(package)
        corners = [
            self._pixel(x, y)
            for x in (place.x_mm, place.x_mm + place.width_mm)
            for y in (place.y_mm, place.y_mm + place.height_mm)
        ]
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))

    def _pixel(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        m = self.matrix
        return (
            float(m[0, 0] * x_mm + m[1, 0] * y_mm + m[2, 0]),
            float(m[0, 1] * x_mm + m[1, 1] * y_mm + m[2, 1]),
        )

    def millimetres(self, x: float, y: float) -> tuple[float, float]:
        """Pixels to mm on the printed page."""
        import numpy as np

        solved = np.linalg.solve(self.matrix[:2].T, np.array([x, y]) - self.matrix[2])
        return float(solved[0]), float(solved[1])


def bind_page(seen: Sequence[Seen], parts: Sequence[PrintedPart], file: str) -> Frame | None:
    """The printed page that most matching labels of a scanned page belong to, and how it lies; None if unclear."""
    import numpy as np

    votes: Counter[tuple[int, int]] = Counter()
    matching = [item for item in seen if item.diagnosis and item.diagnosis.kind == "match"]
    for item in matching:
        package = item.diagnosis.package if item.diagnosis else None
        for index, part in enumerate(parts):
            if package and part.first_package <= package < part.first_package + part.packages:
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

    first_seen: dict[int, tuple[str, int]] = field(default_factory=dict)
    excused: set[int] = field(default_factory=set)
    """Packages that already have a finding of their own (missing at their place, unreadable, mismatched)."""


def findings_of_page(
    file: str, page: int, dpi: float | None, seen: Sequence[Seen], frame: Frame | None, books: Books,
    inked: Mapping[int, float], serials: Mapping[int, str],
) -> list[Finding]:  # fmt: skip
    """The findings of one page. `inked` gives, for packages expected here and not read, how dark their place is."""
    found: list[Finding] = []
    at_place: dict[int, str] = {}
    placed = [(item, _package_at(item.read, frame)) for item in seen]
    # Labels in their own place first: of two copies, the one that lies elsewhere is the duplicate.
    placed.sort(key=lambda pair: not (pair[0].diagnosis and pair[0].diagnosis.package == pair[1]))
    for item, over in placed:
        diagnosis, box = item.diagnosis, item.read.box
        x_mm, y_mm = _corner(box, dpi, frame)
        kind: FindingKind
        if diagnosis is None:
            if over is not None:
                continue  # named below by its serial
            kind, detail, package = "unreadable", "a symbol is there, no reader can read it", None
        elif diagnosis.kind == "match" and diagnosis.package is not None:
            package = diagnosis.package
            if before := books.first_seen.get(package):
                kind, detail = "duplicate", f"was already read on page {before[1]} of {before[0]}"
                if over is not None and over != package:
                    detail += f"; it lies in the place of {serials.get(over, f'package {over}')}"
                    at_place[over] = f"a copy of {serials.get(package, package)} lies there"
            elif over is not None and over != package:
                kind, detail = "mismatched", f"lies in the place of {serials.get(over, f'package {over}')}"
                at_place[over] = f"the label of {serials.get(package, package)} lies there"
                books.excused.add(package)
            else:
                kind, detail = "matched", diagnosis.stripped and f"after {diagnosis.stripped}"
                books.first_seen[package] = (file, page)
        elif diagnosis.kind == "foreign":
            kind, package, detail = "foreign", None, diagnosis.detail
            if over is not None:
                detail += f"; it lies in the place of {serials.get(over, f'package {over}')}"
                at_place[over] = "a foreign label lies there"
        else:
            kind, detail = "mismatched", diagnosis.detail
            package = diagnosis.package if diagnosis.package is not None else over
            if package is not None:
                books.excused.add(package)
        found.append(Finding(kind, package, file, page, x_mm, y_mm, detail, box, item.read.unused_error_correction))
    if frame:
        for package, ink in inked.items():
            if package in books.first_seen or package in books.excused:
                continue
            box = frame.box(package)
            x_mm, y_mm = _corner(box, dpi, frame)
            books.excused.add(package)
            if package in at_place or ink < 0.03:
                detail = at_place.get(package, "its place is blank or covered")
                found.append(Finding("missing", package, file, page, x_mm, y_mm, detail, box))
            else:
                detail = f"something is printed there ({ink:.0%} dark), no reader can read it"
                found.append(Finding("unreadable", package, file, page, x_mm, y_mm, detail, box))
    return found


def still_missing(first: int, last: int, books: Books, parts: Sequence[PrintedPart]) -> Iterable[Finding]:
    """Packages of a batch that no file showed, with the place where the ledger last printed them."""
    for package in range(first, last + 1):
        if package in books.first_seen or package in books.excused:
            continue
        for part in reversed(parts):
            if part.first_package <= package < part.first_package + part.packages:
                place = part.place(package)
                yield Finding(
                    "missing",
                    package,
                    place.file,
                    place.page,
                    place.x_mm,
                    place.y_mm,
                    "its page was not among the files",
                )
                break
        else:
            yield Finding("missing", package, None, None, None, None, "no label of it was made yet")


def settle(findings: Sequence[Finding], books: Books) -> list[Finding]:
    """Drop `missing` findings of packages that turned up on a later page."""
    return [item for item in findings if not (item.kind == "missing" and item.package in books.first_seen)]


def _corner(box: Box, dpi: float | None, frame: Frame | None) -> tuple[float | None, float | None]:
    if frame:
        x, y = frame.millimetres(box[0], box[1])
    elif dpi:
        x, y = box[0] / dpi * 25.4, box[1] / dpi * 25.4
    else:
        return None, None
    return round(x, 1), round(y, 1)


def _package_at(read: Read, frame: Frame | None) -> int | None:
    """The package whose place a read lies in, within half a symbol."""
    if frame is None:
        return None
    for package in frame.part.packages_on(frame.page):
        x, y, width, height = frame.box(package)
        if abs(read.center[0] - x - width / 2) < width / 2 and abs(read.center[1] - y - height / 2) < height / 2:
            return package
    return None
