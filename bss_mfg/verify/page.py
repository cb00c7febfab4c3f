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
from bss_mfg.imaging.attempts import (
    SampledGrid,
    UnreadSymbol,
    agreement,
    read_expected_symbol,
    read_unknown_symbol,
    refit,
)
from bss_mfg.imaging.code128 import read_page_code128
from bss_mfg.imaging.defects import Defects, find_defects
from bss_mfg.imaging.grade import grade_symbol
from bss_mfg.imaging.grid import Quad, Warp
from bss_mfg.imaging.page_frame import PageFrame, PixelBox, box_of, frame_at_dpi, frame_from_reads
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import Page, Source
from bss_mfg.imaging.zxing_reader import Read, darkness, read_box, read_page, within
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import LabelFile, Package
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.symbol import Matrix, data_matrix
from bss_mfg.verify.diagnosis import Diagnosis, diagnose
from bss_mfg.verify.findings import BLANK_DARKNESS, PageSymbol, ScannedPage, locate_symbols

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.sources import Grey
    from bss_mfg.verify.request import ReadRequest

STRONG_SECONDS = 90.0
"""How long one page may spend on labels that quick reading missed; then the rest is left unread."""
MAX_COMPARED_PACKAGES = 500
"""Packages of a batch up to which a symbol that says nothing is compared with all of them."""
MIN_AGREEMENT, MIN_LEAD = 0.72, 0.1
"""Share of modules that must agree then, and by how much more than with the next best: strangers agree in a half."""


@dataclass(slots=True)
class PageReader:
    """Reads the pages of one file."""

    ledger: Ledger
    request: ReadRequest
    label_file: LabelFile | None
    second_reader: SecondReader
    serials: dict[int, str] = field(default_factory=dict)
    expected: dict[int, Package] = field(default_factory=dict)
    """The packages of the pages at hand, where it is known which they are."""
    batch_modules: NDArray[np.bool_] | None = None
    """The modules of all packages (n, rows, columns), of a small batch; made when first needed."""
    _label_files: list[LabelFile] | None = None
    _specs: list[Spec] | None = None
    linear: bool = field(init=False)
    """Whether the batch's packages have a Code 128: it is read, but has no modules to compare or grade."""

    def __post_init__(self) -> None:
        batch = self.ledger.batch(self.request.batch_id)
        self.linear = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec.bare

    def prefetch_packages(self, label_file: LabelFile, pages: Sequence[int]) -> None:
        """Fetch the packages of some pages at once: one by one they cost more than reading them does."""
        numbers = [number for page in pages for number in label_file.packages_on(page)]
        if numbers and max(numbers) - min(numbers) < 2 * len(numbers):
            for package in self.ledger.packages(self.request.batch_id, min(numbers), max(numbers) - min(numbers) + 1):
                self.expected[package.number] = package
                self.serials[package.number] = package.serials_text

    @property
    def label_files(self) -> list[LabelFile]:
        """All printed parts of the batch."""
        if self._label_files is None:
            self._label_files = package_label_files(self.ledger, self.request.batch_id)
        return self._label_files

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
            return self._read(
                source.page(number, self.label_file.symbol_boxes if self.label_file else ()), self.label_file
            )
        except BssError as error:
            return TaskFailure.of(error)

    def _read(self, page: Page, label_file: LabelFile | None) -> ScannedPage:
        stalls = self.second_reader.failures
        seen, frame, known_defects = self._read_symbols(page, label_file)
        if self.request.grade and not self.linear:
            seen = [self._with_grade(page, item, frame, exact=label_file is not None) for item in seen]
        if self.request.second_reader and not self.linear:
            seen = [self._with_second_reading(page, item) for item in seen]
        wanted = {
            item.diagnosis.package for item in seen if item.diagnosis and item.diagnosis.batch == self.request.batch_id
        }
        if frame:
            wanted |= set(frame.label_file.packages_on(frame.page))
        serials = self._serials(number for number in wanted if number)
        stalled = self.second_reader.failures - stalls
        seen = locate_symbols(seen, frame, page.dpi)
        return ScannedPage(
            page.file,
            page.number,
            page.dpi,
            tuple(seen),
            frame,
            _unread_darkness(page, seen, frame),
            serials,
            known_defects,
            f"the second reader stalled or crashed on {stalled} of its labels" if stalled else "",
        )

    # --- reading ----------------------------------------------------------------------------------------------------

    def _with_diagnosis(self, read: Read, expected_package: int = 0) -> PageSymbol:
        """A read with its diagnosis; `place` is the package in whose place it lies, if it is known."""
        if not read.data:
            return PageSymbol(read, None)
        package = self.expected.get(expected_package)
        if package and not package.scrapped and read.data == package.payload.encode("ascii"):
            return PageSymbol(
                read, Diagnosis("match", "", self.request.batch_id, expected_package)
            )  # what the ledger would say, too
        return PageSymbol(read, diagnose(read.data, self.request.batch_id, self.ledger, self.specs))

    def _read_symbols(
        self, page: Page, label_file: LabelFile | None
    ) -> tuple[list[PageSymbol], PageFrame | None, dict[int, Defects]]:
        """All symbols of a page with their diagnoses, how it lies, and what ails those that only the grid shows."""
        frame: PageFrame | None
        if self.linear:
            reads, frame = read_page_code128(page, label_file)
            return [self._with_diagnosis(read) for read in reads], frame, {}
        if label_file and page.dpi:
            frame, seen = frame_at_dpi(label_file, page.number, page.dpi), []
            for package, box in frame.boxes.items():
                left, top, grey = page.crop_at(box[0], box[1])
                read = read_box(grey, box, origin=(left, top))
                if read:
                    seen.append(self._with_diagnosis(read, package))
        else:
            seen = [self._with_diagnosis(read) for read in read_page(page.grey)]
            frame = self._find_frame(page, seen)
            if frame is None or self._unread_places(page, seen, frame):
                seen = _merge(seen, [self._with_diagnosis(read) for read in read_page(page.grey, thorough=True)])
                frame = self._find_frame(page, seen)
        end = time.monotonic() + STRONG_SECONDS
        identified: list[tuple[SampledGrid, int]] = []
        tried: list[PixelBox] = []
        if frame is None and self.label_files:
            identified, tried, seen, frame = self._search_page(page, seen, end)
        known_defects: dict[int, Defects] = {}
        if frame:
            for package in self._unread_places(page, seen, frame):
                if time.monotonic() > end:
                    break
                # The second reader takes long: what it could not read once it is not asked for again.
                tried_before = any(_overlap(box, frame.boxes[package]) > 0.5 for box in tried)
                read, symbol_defects = self._read_at_place(
                    page.grey, package, frame, None if tried_before else self.second_reader
                )
                if read:
                    seen = _merge(seen, [self._with_diagnosis(read)])
                if symbol_defects and not _has_diagnosis(seen, package):
                    known_defects[package] = symbol_defects
        seen += [item for one in identified if (item := self._identified_symbol(page.grey, *one, seen, known_defects))]
        return _without_false_finds(seen, frame), frame, known_defects

    def _find_frame(
        self, page: Page, seen: Sequence[PageSymbol], identified: Sequence[tuple[SampledGrid, int]] = ()
    ) -> PageFrame | None:
        matches = [
            (item.diagnosis.package, item.read.quad)
            for item in seen
            if item.diagnosis and item.diagnosis.kind == "match" and item.diagnosis.package and item.read.quad
        ]
        matches += [(package, marks.warp.quad()) for marks, package in identified]
        return frame_from_reads(matches, self.label_files, page.file)

    def _unread_places(self, page: Page, seen: Sequence[PageSymbol], frame: PageFrame) -> list[int]:
        """Packages whose place is in the picture and not blank, and where nothing was read."""
        judged = {item.diagnosis.package: item.read for item in seen if item.diagnosis and item.diagnosis.package}

        def read_there(package: int, box: PixelBox) -> bool:
            mine = judged.get(package)  # nearly always its own label lies there
            return bool(mine and _covers(box, mine)) or any(item.diagnosis and _covers(box, item.read) for item in seen)

        return [
            package
            for package, box in frame.boxes.items()
            if not read_there(package, box) and within(page.grey, box) and _contrast(page.grey, box) > 8
        ]

    def _read_at_place(
        self, grey: Grey, package: int, frame: PageFrame, second: SecondReader | None
    ) -> tuple[Read | None, Defects | None]:
        """The strongest attempts at a package's place, and what ails its symbol if none reads it."""
        expected = self._matrix(package, frame.label_file.modules)
        read, sampled = read_expected_symbol(grey, frame.quads[package], expected, second)
        if read or sampled:
            return read, find_defects(grey, sampled, expected) if sampled else None
        # Another label of this sheet may lie there, too damaged for any reader.
        turned = Warp.from_quad(frame.quads[package], frame.label_file.modules)
        for other in frame.label_file.packages_on(frame.page):
            bits = (matrix := self._matrix(other, frame.label_file.modules)).bits()
            light = grid.expected_light(bits)
            warp, strength = grid.best_shift(grey, light, turned)
            if other == package or strength < 0.3:
                continue
            warp = grid.fit_warp(grey, light, warp)
            sampled = SampledGrid(warp, grid.sample_modules(grey, warp))
            if agreement(sampled, bits) > 0.8:
                symbol_defects = find_defects(grey, sampled, matrix)
                return None, replace(
                    symbol_defects,
                    description=f"the label of {self._name(other)} lies there; {symbol_defects.description}",
                )
        return None, None

    def _search_page(
        self, page: Page, seen: list[PageSymbol], end: float
    ) -> tuple[list[tuple[SampledGrid, int]], list[PixelBox], list[PageSymbol], PageFrame | None]:
        """Attempts at all patches that look like a symbol, where too little was read to know the sheet: the grids and
        packages of those that were only identified, all places that were tried, all reads, and how the page lies."""
        identified: list[tuple[SampledGrid, int]] = []
        tried: list[PixelBox] = []
        size = self.label_files[-1].modules
        for quad in search.find_candidates(page.grey, most=4 * len(self.label_files[-1].symbol_boxes)):
            if time.monotonic() > end:
                break
            spot = Read(b"", box_of(quad))
            if any(item.diagnosis and _covers(item.read.box, spot) for item in seen):
                continue
            tried.append(spot.box)
            answer = read_unknown_symbol(page.grey, quad, size, self.second_reader)
            if isinstance(answer, Read):
                seen = _merge(seen, [self._with_diagnosis(answer)])
            elif answer:
                sampled, package = self._identify(answer)
                identified += [(sampled, package)] if package else []
        # Labels that fail can still tell where the others lie.
        return identified, tried, seen, self._find_frame(page, seen) or self._find_frame(page, seen, identified)

    def _identified_symbol(
        self,
        grey: Grey,
        sampled: SampledGrid,
        package: int,
        seen: Sequence[PageSymbol],
        known_defects: Mapping[int, Defects],
    ) -> PageSymbol | None:
        """A label that was identified without a sheet: it fails by name."""
        expected = self._matrix(package, sampled.warp.size)
        sampled = refit(grey, sampled, expected)
        quad = sampled.warp.quad()
        spot = Read(b"", box_of(quad), quad=quad)
        if package in known_defects or any(item.diagnosis and _covers(item.read.box, spot) for item in seen):
            return None
        return PageSymbol(spot, None, identified_package=package, defects=find_defects(grey, sampled, expected))

    def _identify(self, symbol: UnreadSymbol) -> tuple[SampledGrid, int | None]:
        """The package of a symbol that no reader reads: by what it says once mended, else by its likeness."""
        if not symbol.restored:
            return self._identify_by_modules(symbol)
        known = self.ledger.find_payload(symbol.restored.decode("utf-8", "surrogateescape"))
        return symbol.grids[0], known[1] if known and known[0] == self.request.batch_id else None

    def _identify_by_modules(self, symbol: UnreadSymbol) -> tuple[SampledGrid, int | None]:
        """The package of a small batch whose modules agree best with a symbol that is too damaged to say its name."""
        import numpy as np

        size = symbol.grids[0].warp.size
        if self.batch_modules is None:
            batch = self.ledger.batch(self.request.batch_id)
            payloads = self.ledger.packages(batch.id) if batch.packages <= MAX_COMPARED_PACKAGES else ()
            self.batch_modules = np.array([data_matrix(package.payload.encode(), size).bits() for package in payloads])
        best: tuple[float, SampledGrid, int | None] = (0.0, symbol.grids[0], None)
        for sampled in symbol.grids if len(self.batch_modules) else ():
            for share in (0.0, 1.5):
                dark = grid.dark_modules(sampled.grey, share)
                agree = (self.batch_modules == dark).mean(axis=(1, 2))
                order = np.argsort(agree)[::-1]
                ahead = agree[order[0]] - (agree[order[1]] if len(order) > 1 else 0.5)
                if agree[order[0]] > MIN_AGREEMENT and ahead > MIN_LEAD and agree[order[0]] > best[0]:
                    best = (float(agree[order[0]]), sampled, int(order[0]) + 1)
        return best[1], best[2]

    # --- more about what was read -----------------------------------------------------------------------------------

    def _with_grade(self, page: Page, item: PageSymbol, frame: PageFrame | None, exact: bool) -> PageSymbol:
        diagnosis = item.diagnosis
        if not diagnosis or diagnosis.kind != "match" or not diagnosis.package or not (frame or self.label_files):
            return item
        label_file = frame.label_file if frame else self.label_files[-1]
        expected = self._matrix(diagnosis.package, label_file.modules)
        at_place = frame and frame.quads.get(diagnosis.package)
        quad = at_place if exact and at_place and _covers(box_of(at_place), item.read) else item.read.quad
        if quad is None:
            return item
        warp = Warp.from_quad(quad, expected.columns)
        if not exact:
            warp = grid.fit_warp(page.grey, grid.expected_light(expected.bits()), warp, ((0.8, 1), (0.4, 2)), rounds=4)
        return replace(item, grade=grade_symbol(page.grey, expected, warp.centres()))

    def _with_second_reading(self, page: Page, item: PageSymbol) -> PageSymbol:
        """A match, read again by the second reader."""
        diagnosis = item.diagnosis
        if not diagnosis or diagnosis.kind != "match":
            return item
        data = self.second_reader.read(page.grey, item.read.box)
        second_reading: Literal["agrees", "differs", "unread"] = "unread"
        if data is not None:
            same = self.ledger.find_payload(data.decode("utf-8", "surrogateescape"))
            second_reading = "agrees" if same == (diagnosis.batch, diagnosis.package) else "differs"
        return replace(item, second_reading=second_reading)

    # --- the ledger -------------------------------------------------------------------------------------------------

    def _matrix(self, package: int, size: int) -> Matrix:
        known = self.expected.get(package) or next(self.ledger.packages(self.request.batch_id, package, 1))
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
            for package in self.ledger.packages(self.request.batch_id, number, count):
                self.serials[package.number] = package.serials_text
        return {number: self.serials[number] for number in wanted if number in self.serials}


def package_label_files(ledger: Ledger, batch: str) -> list[LabelFile]:
    """The files that hold the batch's package labels, in the order of printing."""
    return [part for part in ledger.printed_parts(batch) if part.each == "package"]


def _has_diagnosis(seen: Sequence[PageSymbol], package: int) -> bool:
    return any(item.diagnosis and item.diagnosis.package == package for item in seen)


def _merge(seen: Sequence[PageSymbol], more: Sequence[PageSymbol]) -> list[PageSymbol]:
    """Add reads at places where there is none yet; a decoded one replaces a found-but-undecoded one."""
    merged = list(seen)
    for item in more:
        same = [other for other in merged if _covers(other.read.box, item.read)]
        if not same:
            merged.append(item)
        elif item.diagnosis and not any(other.diagnosis for other in same):
            merged = [other for other in merged if other not in same] + [item]
    return merged


def _without_false_finds(seen: Sequence[PageSymbol], frame: PageFrame | None) -> list[PageSymbol]:
    """Without the undecoded finds that can be no label: of another size than this page's labels, or over one."""
    if all(item.diagnosis or item.identified_package for item in seen):
        return list(seen)
    labels = [item.read for item in seen if item.diagnosis or item.identified_package]
    known = [read.quad for read in labels if read.quad] + (list(frame.quads.values()) if frame else [])
    if not known:
        return list(seen)
    usual = median(side for quad in known for side in _sides(quad))

    def real(item: PageSymbol) -> bool:
        if item.diagnosis or item.identified_package or item.read.quad is None:
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


def _overlap(one: PixelBox, other: PixelBox) -> float:
    """The share of the first box that the second covers."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0) / max(one[2] * one[3], 1)


def _covers(box: PixelBox, read: Read) -> bool:
    x, y = read.center
    return abs(x - box[0] - box[2] / 2) < box[2] / 2 + 1 and abs(y - box[1] - box[3] / 2) < box[3] / 2 + 1


def _contrast(grey: Grey, box: PixelBox) -> float:
    """The standard deviation of the grey in a box: near 0 for blank paper."""
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    crop = grey[top : int(box[1] + box[3]) + 1 : 2, left : int(box[0] + box[2]) + 1 : 2]
    return float(crop.std()) if crop.size else 0.0


def _unread_darkness(page: Page, seen: Sequence[PageSymbol], frame: PageFrame | None) -> dict[int, float]:
    """How dark the places in the picture are where a label was expected and not read. What lies outside the picture was
    not looked at, and is no finding of this page."""
    if frame is None:
        return {}
    matched = {item.diagnosis.package for item in seen if item.diagnosis and item.diagnosis.kind == "match"}
    return {
        package: darkness(page.grey, box)
        if _contrast(page.grey, box) > 8
        else min(darkness(page.grey, box), BLANK_DARKNESS / 2)
        for package, box in frame.boxes.items()
        if package not in matched and within(page.grey, box)
    }
