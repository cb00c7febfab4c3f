"""One page: drawn, read, placed, diagnosed, graded. The ledger is only read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import dist
from statistics import median
from typing import TYPE_CHECKING, Literal

from bss_mfg.core.processes import TaskFailure
from bss_mfg.errors import BssError
from bss_mfg.imaging import grid, search
from bss_mfg.imaging.attempts import Marks, Mended, agreement, read_blind, read_known, refined
from bss_mfg.imaging.bars import bars_of
from bss_mfg.imaging.defects import Defects, defects
from bss_mfg.imaging.frame import Box, Frame, bind_page, box_of, known_frame
from bss_mfg.imaging.grade import grade_symbol
from bss_mfg.imaging.grid import Quad, Warp
from bss_mfg.imaging.reader import Read, darkness, read_box, read_page, within
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import Page, Source
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import LabelFile, Package
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.symbol import Matrix, data_matrix
from bss_mfg.verify.diagnosis import Diagnosis, diagnose
from bss_mfg.verify.findings import BLANK, ScannedPage, Seen, located

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.sources import Grey
    from bss_mfg.verify.request import Wish

STRONG_SECONDS = 90.0
"""How long one page may spend on labels that quick reading missed; then the rest is left unread."""
MOST_ALIKE = 500
"""Packages of a batch up to which a symbol that says nothing is compared with all of them."""
ALIKE, AHEAD = 0.72, 0.1
"""Share of modules that must agree then, and by how much more than with the next best: strangers agree in a half."""


@dataclass(slots=True)
class PageReader:
    """Reads the pages of one file."""

    ledger: Ledger
    wish: Wish
    own: LabelFile | None
    second: SecondReader
    serials: dict[int, str] = field(default_factory=dict)
    expected: dict[int, Package] = field(default_factory=dict)
    """The packages of the pages at hand, where it is known which they are."""
    likeness: NDArray[np.bool_] | None = None
    """The modules of all packages (n, rows, columns), of a small batch; made when first needed."""
    _parts: list[LabelFile] | None = None
    _specs: list[Spec] | None = None
    bars: bool = field(init=False)
    """Whether the batch's packages have a Code 128: it is read, but has no modules to compare or grade."""

    def __post_init__(self) -> None:
        own = self.ledger.batch(self.wish.batch)
        self.bars = spec_from_text(own.spec_text, f"spec of batch {own.id}").spec.bare

    def expect(self, part: LabelFile, pages: Sequence[int]) -> None:
        """Fetch the packages of some pages at once: one by one they cost more than reading them does."""
        numbers = [number for page in pages for number in part.packages_on(page)]
        if numbers and max(numbers) - min(numbers) < 2 * len(numbers):
            for package in self.ledger.packages(self.wish.batch, min(numbers), max(numbers) - min(numbers) + 1):
                self.expected[package.number] = package
                self.serials[package.number] = package.serials_text

    @property
    def parts(self) -> list[LabelFile]:
        """All printed parts of the batch."""
        if self._parts is None:
            self._parts = label_parts(self.ledger, self.wish.batch)
        return self._parts

    @property
    def specs(self) -> list[Spec]:
        """The specs of all batches, each once: what a label in this factory can be."""
        if self._specs is None:
            texts = {batch.spec_text: batch.spec for batch in self.ledger.batches()}
            self._specs = [spec_from_text(text, f"spec {name}").spec for text, name in texts.items()]
        return self._specs

    def read(self, source: Source, number: int) -> ScannedPage | TaskFailure:
        """One page."""
        try:
            return self._read(source.page(number, self.own.symbol_boxes if self.own else ()), self.own)
        except BssError as error:
            return failed(error)

    def _read(self, page: Page, part: LabelFile | None) -> ScannedPage:
        stalls = self.second.failures
        seen, frame, found = self._seen(page, part)
        if self.wish.grade and not self.bars:
            seen = [self._graded(page, item, frame, exact=part is not None) for item in seen]
        if self.wish.second_reader and not self.bars:
            seen = [self._checked(page, item) for item in seen]
        wanted = {item.diagnosis.package for item in seen if item.diagnosis and item.diagnosis.batch == self.wish.batch}
        if frame:
            wanted |= set(frame.part.packages_on(frame.page))
        serials = self._serials(number for number in wanted if number)
        stalled = self.second.failures - stalls
        seen = located(seen, frame, page.dpi)
        return ScannedPage(
            page.file, page.number, page.dpi, tuple(seen), frame, _inked(page, seen, frame), serials, found,
            f"the second reader stalled or crashed on {stalled} of its labels" if stalled else "",
        )  # fmt: skip

    # --- reading ----------------------------------------------------------------------------------------------------

    def _judged(self, read: Read, place: int = 0) -> Seen:
        """A read with its diagnosis; `place` is the package in whose place it lies, if it is known."""
        if not read.octets:
            return Seen(read, None)
        package = self.expected.get(place)
        if package and not package.scrapped and read.octets == package.payload.encode("ascii"):
            return Seen(read, Diagnosis("match", "", self.wish.batch, place))  # what the ledger would say, too
        return Seen(read, diagnose(read.octets, self.wish.batch, self.ledger, self.specs))

    def _seen(self, page: Page, part: LabelFile | None) -> tuple[list[Seen], Frame | None, dict[int, Defects]]:
        """All symbols of a page with their diagnoses, how it lies, and what ails those that only the grid shows."""
        frame: Frame | None
        if self.bars:
            reads, frame = bars_of(page, part)
            return [self._judged(read) for read in reads], frame, {}
        if part and page.dpi:
            frame, seen = known_frame(part, page.number, page.dpi), []
            for package, box in frame.boxes.items():
                left, top, grey = page.around(box[0], box[1])
                read = read_box(grey, box, origin=(left, top))
                if read:
                    seen.append(self._judged(read, package))
        else:
            seen = [self._judged(read) for read in read_page(page.grey)]
            frame = self._bind(page, seen)
            if frame is None or self._lacking(page, seen, frame):
                seen = _merge(seen, [self._judged(read) for read in read_page(page.grey, thorough=True)])
                frame = self._bind(page, seen)
        end = time.monotonic() + STRONG_SECONDS
        mended: list[tuple[Marks, int]] = []
        tried: list[Box] = []
        if frame is None and self.parts:
            mended, tried, seen, frame = self._blindly(page, seen, end)
        found: dict[int, Defects] = {}
        if frame:
            for package in self._lacking(page, seen, frame):
                if time.monotonic() > end:
                    break
                # The second reader takes long: what it could not read once it is not asked for again.
                asked = any(_overlap(box, frame.boxes[package]) > 0.5 for box in tried)
                read, ailing = self._strongly(page.grey, package, frame, None if asked else self.second)
                if read:
                    seen = _merge(seen, [self._judged(read)])
                if ailing and not _named(seen, package):
                    found[package] = ailing
        seen += [item for one in mended if (item := self._of_mended(page.grey, *one, seen, found))]
        return _without_ghosts(seen, frame), frame, found

    def _bind(self, page: Page, seen: Sequence[Seen], mended: Sequence[tuple[Marks, int]] = ()) -> Frame | None:
        matches = [
            (item.diagnosis.package, item.read.quad)
            for item in seen
            if item.diagnosis and item.diagnosis.kind == "match" and item.diagnosis.package and item.read.quad
        ]
        matches += [(package, marks.warp.quad()) for marks, package in mended]
        return bind_page(matches, self.parts, page.file)

    def _lacking(self, page: Page, seen: Sequence[Seen], frame: Frame) -> list[int]:
        """Packages whose place is in the picture and not blank, and where nothing was read."""
        judged = {item.diagnosis.package: item.read for item in seen if item.diagnosis and item.diagnosis.package}

        def read_there(package: int, box: Box) -> bool:
            mine = judged.get(package)  # nearly always its own label lies there
            return bool(mine and _covers(box, mine)) or any(item.diagnosis and _covers(box, item.read) for item in seen)

        return [
            package
            for package, box in frame.boxes.items()
            if not read_there(package, box) and within(page.grey, box) and _contrast(page.grey, box) > 8
        ]

    def _strongly(
        self, grey: Grey, package: int, frame: Frame, second: SecondReader | None
    ) -> tuple[Read | None, Defects | None]:
        """The strongest attempts at a package's place, and what ails its symbol if none reads it."""
        right = self._matrix(package, frame.part.modules)
        read, marks = read_known(grey, frame.quads[package], right, second)
        if read or marks:
            return read, defects(grey, marks, right) if marks else None
        # Another label of this sheet may lie there, too damaged for any reader.
        turned = Warp.from_quad(frame.quads[package], frame.part.modules)
        for other in frame.part.packages_on(frame.page):
            bits = (matrix := self._matrix(other, frame.part.modules)).bits()
            light = grid.light_of(bits)
            warp, strength = grid.shifted(grey, light, turned)
            if other == package or strength < 0.3:
                continue
            warp = grid.fitted(grey, light, warp)
            marks = Marks(warp, grid.modules_of(grey, warp))
            if agreement(marks, bits) > 0.8:
                ailing = defects(grey, marks, matrix)
                return None, replace(ailing, words=f"the label of {self._name(other)} lies there; {ailing.words}")
        return None, None

    def _blindly(
        self, page: Page, seen: list[Seen], end: float
    ) -> tuple[list[tuple[Marks, int]], list[Box], list[Seen], Frame | None]:
        """Attempts at all patches that look like a symbol, where too little was read to know the sheet: the grids and
        packages of those that were only identified, all places that were tried, all reads, and how the page lies."""
        mended: list[tuple[Marks, int]] = []
        tried: list[Box] = []
        size = self.parts[-1].modules
        for quad in search.quads(page.grey, most=4 * len(self.parts[-1].symbol_boxes)):
            if time.monotonic() > end:
                break
            spot = Read(b"", box_of(quad))
            if any(item.diagnosis and _covers(item.read.box, spot) for item in seen):
                continue
            tried.append(spot.box)
            answer = read_blind(page.grey, quad, size, self.second)
            if isinstance(answer, Read):
                seen = _merge(seen, [self._judged(answer)])
            elif answer:
                marks, package = self._identified(answer)
                mended += [(marks, package)] if package else []
        # Labels that fail can still tell where the others lie.
        return mended, tried, seen, self._bind(page, seen) or self._bind(page, seen, mended)

    def _of_mended(
        self, grey: Grey, marks: Marks, package: int, seen: Sequence[Seen], found: Mapping[int, Defects]
    ) -> Seen | None:
        """A label that was identified without a sheet: it fails by name."""
        right = self._matrix(package, marks.warp.size)
        marks = refined(grey, marks, right)
        quad = marks.warp.quad()
        spot = Read(b"", box_of(quad), quad=quad)
        if package in found or any(item.diagnosis and _covers(item.read.box, spot) for item in seen):
            return None
        return Seen(spot, None, identified=package, ailing=defects(grey, marks, right))

    def _identified(self, one: Mended) -> tuple[Marks, int | None]:
        """The package of a symbol that no reader reads: by what it says once mended, else by its likeness."""
        if not one.octets:
            return self._likest(one)
        known = self.ledger.find_payload(one.octets.decode("utf-8", "surrogateescape"))
        return one.grids[0], known[1] if known and known[0] == self.wish.batch else None

    def _likest(self, one: Mended) -> tuple[Marks, int | None]:
        """The package of a small batch whose modules agree best with a symbol that is too damaged to say its name."""
        import numpy as np

        size = one.grids[0].warp.size
        if self.likeness is None:
            batch = self.ledger.batch(self.wish.batch)
            payloads = self.ledger.packages(batch.id) if batch.packages <= MOST_ALIKE else ()
            self.likeness = np.array([data_matrix(package.payload.encode(), size).bits() for package in payloads])
        best: tuple[float, Marks, int | None] = (0.0, one.grids[0], None)
        for marks in one.grids if len(self.likeness) else ():
            for share in (0.0, 1.5):
                dark = grid.split(marks.grey, share)
                agree = (self.likeness == dark).mean(axis=(1, 2))
                order = np.argsort(agree)[::-1]
                ahead = agree[order[0]] - (agree[order[1]] if len(order) > 1 else 0.5)
                if agree[order[0]] > ALIKE and ahead > AHEAD and agree[order[0]] > best[0]:
                    best = (float(agree[order[0]]), marks, int(order[0]) + 1)
        return best[1], best[2]

    # --- more about what was read -----------------------------------------------------------------------------------

    def _graded(self, page: Page, item: Seen, frame: Frame | None, exact: bool) -> Seen:
        diagnosis = item.diagnosis
        if not diagnosis or diagnosis.kind != "match" or not diagnosis.package or not (frame or self.parts):
            return item
        part = frame.part if frame else self.parts[-1]
        right = self._matrix(diagnosis.package, part.modules)
        at_place = frame and frame.quads.get(diagnosis.package)
        quad = at_place if exact and at_place and _covers(box_of(at_place), item.read) else item.read.quad
        if quad is None:
            return item
        warp = Warp.from_quad(quad, right.columns)
        if not exact:
            warp = grid.fitted(page.grey, grid.light_of(right.bits()), warp, ((0.8, 1), (0.4, 2)), rounds=4)
        return replace(item, grade=grade_symbol(page.grey, right, warp.centres()))

    def _checked(self, page: Page, item: Seen) -> Seen:
        """A match, read again by the second reader."""
        diagnosis = item.diagnosis
        if not diagnosis or diagnosis.kind != "match":
            return item
        octets = self.second.read(page.grey, item.read.box)
        verdict: Literal["agrees", "differs", "unread"] = "unread"
        if octets is not None:
            same = self.ledger.find_payload(octets.decode("utf-8", "surrogateescape"))
            verdict = "agrees" if same == (diagnosis.batch, diagnosis.package) else "differs"
        return replace(item, second=verdict)

    # --- the ledger -------------------------------------------------------------------------------------------------

    def _matrix(self, package: int, size: int) -> Matrix:
        known = self.expected.get(package) or next(self.ledger.packages(self.wish.batch, package, 1))
        return data_matrix(known.payload.encode(), size)

    def _name(self, package: int) -> str:
        return self._serials([package])[package]

    def _serials(self, numbers: Iterable[int]) -> Mapping[int, str]:
        wanted = sorted(set(numbers))
        if len(self.serials) > 1_000:
            self.serials.clear()
        missing = [number for number in wanted if number not in self.serials]
        for number in missing:
            if number in self.serials:
                continue
            # Neighbours are fetched together: pages hold runs of packages.
            count = missing[-1] - number + 1 if missing[-1] - number < 500 else 1
            for package in self.ledger.packages(self.wish.batch, number, count):
                self.serials[package.number] = package.serials_text
        return {number: self.serials[number] for number in wanted if number in self.serials}


def failed(error: BssError) -> TaskFailure:
    """An error of one file or page, as an answer."""
    return TaskFailure(f"{error.what}. {error.way_out}")


def label_parts(ledger: Ledger, batch: str) -> list[LabelFile]:
    """The files that hold the batch's package labels, in the order of printing."""
    return [part for part in ledger.printed_parts(batch) if part.each == "package"]


def _named(seen: Sequence[Seen], package: int) -> bool:
    return any(item.diagnosis and item.diagnosis.package == package for item in seen)


def _merge(seen: Sequence[Seen], more: Sequence[Seen]) -> list[Seen]:
    """Add reads at places where there is none yet; a decoded one replaces a found-but-undecoded one."""
    merged = list(seen)
    for item in more:
        same = [other for other in merged if _covers(other.read.box, item.read)]
        if not same:
            merged.append(item)
        elif item.diagnosis and not any(other.diagnosis for other in same):
            merged = [other for other in merged if other not in same] + [item]
    return merged


def _without_ghosts(seen: Sequence[Seen], frame: Frame | None) -> list[Seen]:
    """Without the undecoded finds that can be no label: of another size than this page's labels, or over one."""
    if all(item.diagnosis or item.identified for item in seen):
        return list(seen)
    labels = [item.read for item in seen if item.diagnosis or item.identified]
    known = [read.quad for read in labels if read.quad] + (list(frame.quads.values()) if frame else [])
    if not known:
        return list(seen)
    usual = median(side for quad in known for side in _sides(quad))

    def real(item: Seen) -> bool:
        if item.diagnosis or item.identified or item.read.quad is None:
            return True
        sides = _sides(item.read.quad)
        return (
            0.6 * usual < min(sides)
            and max(sides) < 1.7 * usual
            and not any(_overlap(item.read.box, read.box) > 0.2 for read in labels)
        )

    return [item for item in seen if real(item)]


def _sides(quad: Quad) -> list[float]:
    return [dist(quad[index - 1], quad[index]) for index in range(4)]


def _overlap(one: Box, other: Box) -> float:
    """The share of the first box that the second covers."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0) / max(one[2] * one[3], 1)


def _covers(box: Box, read: Read) -> bool:
    x, y = read.center
    return abs(x - box[0] - box[2] / 2) < box[2] / 2 + 1 and abs(y - box[1] - box[3] / 2) < box[3] / 2 + 1


def _contrast(grey: Grey, box: Box) -> float:
    """The standard deviation of the grey in a box: near 0 for blank paper."""
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    crop = grey[top : int(box[1] + box[3]) + 1 : 2, left : int(box[0] + box[2]) + 1 : 2]
    return float(crop.std()) if crop.size else 0.0


def _inked(page: Page, seen: Sequence[Seen], frame: Frame | None) -> dict[int, float]:
    """How dark the places in the picture are where a label was expected and not read. What lies outside the picture was
    not looked at, and is no finding of this page."""
    if frame is None:
        return {}
    matched = {item.diagnosis.package for item in seen if item.diagnosis and item.diagnosis.kind == "match"}
    return {
        package: darkness(page.grey, box) if _contrast(page.grey, box) > 8 else min(darkness(page.grey, box), BLANK / 2)
        for package, box in frame.boxes.items()
        if package not in matched and within(page.grey, box)
    }
