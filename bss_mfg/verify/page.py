"""One page: drawn, read, placed, diagnosed, graded. The ledger is only read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bss_mfg.core.processes import TaskFailure, attempt
from bss_mfg.core.text import count_words
from bss_mfg.imaging import search
from bss_mfg.imaging.attempts import AttemptTools, UnreadSymbol, read_unknown_symbol
from bss_mfg.imaging.budget import AttemptBudget, AttemptLimits
from bss_mfg.imaging.code128 import read_page_code128
from bss_mfg.imaging.companions import companion_quads, lies_in
from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.geometry import PixelBox, Quad, box_of, overlap_share
from bss_mfg.imaging.grid import SampledGrid
from bss_mfg.imaging.page_attempts import best_likeness, identified_symbol, read_at_place
from bss_mfg.imaging.page_frame import PageFrame, frame_at_dpi, frame_from_reads
from bss_mfg.imaging.page_grades import PageGrader
from bss_mfg.imaging.page_symbols import covers, merge_reads, place_darkness, unread_places, without_false_finds
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import Page, Source
from bss_mfg.imaging.zxing_reader import Read, read_box, read_page
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile, Package
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.symbol import Matrix, data_matrix
from bss_mfg.verify.diagnosis import COMPANION_CAUSES, Diagnosis, DiagnosisCause, diagnose, known_specs
from bss_mfg.verify.page_findings import PageSymbol, ScannedPage, SecondReading, locate_symbols
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.scanned import SymbolContent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_COMPARED_PACKAGES = 500
"""Packages of a batch up to which a symbol that says nothing is compared with all of them."""


@dataclass(slots=True)
class _PageReading:
    """A page while it is read."""

    page: Page
    budget: AttemptBudget
    reads: list[Read] = field(default_factory=list)
    diagnoses: dict[tuple[bytes, str], Diagnosis] = field(default_factory=dict)
    """What the strings that were read are."""
    frame: PageFrame | None = None
    identified: list[tuple[SampledGrid, int]] = field(default_factory=list)
    """Grids and packages of symbols without a known place that no reader reads."""
    defects: dict[int, Defects] = field(default_factory=dict)
    """What is wrong with symbols in a known place that no reader reads, by package."""
    searched: list[PixelBox] = field(default_factory=list)
    """Places that were found without a sheet, and where the second reader need not be asked again."""
    given_up: list[PixelBox] = field(default_factory=list)
    """Places whose attempts the budget cut short, and where nothing was read."""

    @property
    def decoded(self) -> list[tuple[Read, Diagnosis]]:
        return [(read, self.diagnoses[read.content]) for read in self.reads if read.data]

    def names(self, package: int) -> bool:
        """Whether a string that was read names a package of this number."""
        return any(diagnosis.package == package for _, diagnosis in self.decoded)

    def is_read_at(self, spot: Read) -> bool:
        """Whether a symbol was read where a spot lies."""
        return any(read.data and covers(read.box, spot) for read in self.reads)


@dataclass(slots=True)
class PageReader:
    """Reads the pages of one file."""

    ledger: Ledger
    request: ReadRequest
    label_file: LabelFile | None
    second_reader: SecondReader
    limits: AttemptLimits | None = None
    """What the attempts at a page may cost; None: as many as its labels need."""
    own_file: bool = False
    """Whether the ledger has the file by its bytes, whatever its labels are for."""
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
        batch = self.ledger.batches.get(self.request.batch_id)
        self.linear = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec.bare

    def prefetch_packages(self, label_file: LabelFile, pages: Sequence[int]) -> None:
        """Fetch the packages of some pages at once: one by one they cost more than reading them does. Packages that lie
        far apart are left to be fetched one by one."""
        numbers = [number for page in pages for number in label_file.packages_on(page)]
        if numbers and max(numbers) - min(numbers) < 2 * len(numbers):
            for package in self.ledger.packages.stream(
                self.request.batch_id, min(numbers), max(numbers) - min(numbers) + 1
            ):
                self.expected[package.number] = package
                self.serials[package.number] = package.serials_text

    @property
    def label_files(self) -> list[LabelFile]:
        """All label files of the batch."""
        if self._label_files is None:
            self._label_files = package_label_files(self.ledger, self.request.batch_id)
        return self._label_files

    @property
    def specs(self) -> list[Spec]:
        """What a label in this factory can be."""
        if self._specs is None:
            self._specs = known_specs(self.ledger)
        return self._specs

    def read(self, source: Source, number: int) -> ScannedPage | TaskFailure:
        """One page."""
        return attempt(self._read, source, number)

    def _read(self, source: Source, number: int) -> ScannedPage:
        page = source.page(number, self.label_file.symbol_boxes if self.label_file else ())
        stalls = self.second_reader.failures
        reading = _PageReading(page, AttemptBudget(self.limits or self._usual_limits()))
        symbols = self._read_linear(reading) if self.linear else self._read_symbols(reading)
        symbols = self._without_companions(reading, symbols)
        frame = reading.frame
        wanted = {
            item.diagnosis.package
            for item in symbols
            if item.diagnosis and item.diagnosis.batch == self.request.batch_id
        }
        if frame:
            wanted |= set(frame.label_file.packages_on(frame.page))
        serials = self._serials(number for number in wanted if number)
        matched = {item.diagnosis.package for item in symbols if item.diagnosis and item.diagnosis.matches}
        return ScannedPage(
            file=page.file,
            number=page.number,
            dpi=page.dpi,
            symbols=tuple(locate_symbols(symbols, frame, page.dpi)),
            frame=frame,
            unmatched_darkness=place_darkness(page, frame, matched) if frame else {},
            serials=serials,
            defects=reading.defects,
            trouble=_attempt_words(len(reading.given_up), self.second_reader.failures - stalls),
            of=self._subject(page),
            told=self.request.of is not None,
            min_grade=self.request.min_grade,
        )

    def _without_companions(self, reading: _PageReading, symbols: list[PageSymbol]) -> list[PageSymbol]:
        """Without the other symbols of our labels: GS1 symbols, serials. A label of another batch is none of these,
        wherever it lies."""
        quads = self._companion_quads(reading)
        return [
            item
            for item in symbols
            if item.identified_package
            or (item.diagnosis and item.diagnosis.cause not in COMPANION_CAUSES)
            or not lies_in(item.read, quads)
        ]

    def _companion_quads(self, reading: _PageReading) -> list[Quad]:
        """Where the other symbols of our labels lie: of all labels of a sheet, else of those that were read."""
        if reading.frame:
            return companion_quads(reading.frame.quads.values(), reading.frame.label_file)
        if not self.label_files:
            return []
        read = [read.quad for read, diagnosis in reading.decoded if diagnosis.matches and read.quad]
        return companion_quads(read, self.label_files[-1])

    def _subject(self, page: Page) -> ReadSubject:
        """A file that bss-mfg made is the drawing, whatever it looks like; else the person says, or the page does."""
        own = self.own_file or self.label_file is not None
        return "file" if own else self.request.of or ("print" if page.scanned else "file")

    def _usual_limits(self) -> AttemptLimits:
        label_files = [self.label_file] if self.label_file else self.label_files
        return AttemptLimits.for_labels(max((len(file.symbol_boxes) for file in label_files), default=1))

    # --- reading ----------------------------------------------------------------------------------------------------

    def _read_linear(self, reading: _PageReading) -> list[PageSymbol]:
        reading.reads, reading.frame = read_page_code128(reading.page, self.label_file)
        self._diagnose(reading)
        return [PageSymbol(read, reading.diagnoses.get(read.content)) for read in reading.reads]

    def _read_symbols(self, reading: _PageReading) -> list[PageSymbol]:
        """All symbols of a page with what is known of them: quickly first, then ever stronger where one is missed."""
        if self.label_file and reading.page.dpi:
            self._read_own_page(reading, frame_at_dpi(self.label_file, reading.page.number, reading.page.dpi))
        else:
            self._read_any_page(reading)
        if reading.frame is None and self.label_files:
            self._search_page(reading)
        if reading.frame:
            self._read_unread_places(reading, reading.frame)
        identified = [item for one in reading.identified if (item := self._identified_symbol(reading, *one))]
        reads = without_false_finds(reading.reads, [item.read for item in identified], reading.frame)
        symbols = [PageSymbol(read, reading.diagnoses.get(read.content)) for read in reads]
        if self.request.grade:
            symbols = [self._with_grade(reading, item) for item in symbols]
        if self.request.second_reader:
            symbols = [self._with_second_reading(reading.page, item) for item in symbols]
        return symbols + identified

    def _read_own_page(self, reading: _PageReading, frame: PageFrame) -> None:
        """A page of a label file of ours: each label where the ledger says."""
        reading.frame = frame
        for package, box in frame.boxes.items():
            left, top, grey = reading.page.crop_at(box[0], box[1])
            read = read_box(grey, box, origin=(left, top))
            if not read:
                continue
            reading.reads.append(read)
            expected = self.expected.get(package)
            if expected and not expected.scrapped and read.data == expected.payload.encode("ascii"):
                # What the ledger would say, too.
                reading.diagnoses[read.content] = Diagnosis(DiagnosisCause.ISSUED, "", self.request.batch_id, package)
        self._diagnose(reading)

    def _read_any_page(self, reading: _PageReading) -> None:
        """Any other page: quickly, and if that leaves places unread, thoroughly."""
        grey = reading.page.grey
        reading.reads = read_page(grey)
        self._find_frame(reading)
        if reading.frame is None or unread_places(reading.page, reading.reads, reading.frame):
            self._add(reading, read_page(grey, thorough=True))
            self._find_frame(reading)

    def _search_page(self, reading: _PageReading) -> None:
        """Attempts at all patches that look like a symbol, where too little was read to know the sheet. They may cost
        half of the budget: the rest is for the places of a sheet that they find."""
        last, budget = self.label_files[-1], reading.budget.half()
        means = AttemptTools(budget, self.second_reader)
        companions = self._companion_quads(reading)
        for quad in search.find_candidates(reading.page.grey, limit=4 * len(last.symbol_boxes)):
            spot = Read(b"", box_of(quad))
            if reading.is_read_at(spot) or lies_in(spot, companions):
                continue
            refusals = budget.refusals
            answer = read_unknown_symbol(reading.page.grey, quad, last.modules, means)
            if budget.refusals == refusals:
                reading.searched.append(spot.box)
            elif not isinstance(answer, Read):
                reading.given_up.append(spot.box)
            if isinstance(answer, Read):
                self._add(reading, [answer])
            elif answer:
                sampled, package = self._identify(answer)
                reading.identified += [(sampled, package)] if package else []
        self._find_frame(reading)
        if reading.frame is None:
            self._find_frame(reading, reading.identified)  # labels that fail can still tell where the others lie

    def _read_unread_places(self, reading: _PageReading, frame: PageFrame) -> None:
        """The strongest attempts at the places of the sheet where nothing was read."""
        places = frame.boxes.values()
        reading.given_up = [box for box in reading.given_up if not _overlaps_any(box, places)]
        by_package = {diagnosis.package: read for read, diagnosis in reading.decoded if diagnosis.package}
        for package in unread_places(reading.page, reading.reads, frame, by_package):
            # The second reader takes long: what it could not read once it is not asked for again.
            searched = any(overlap_share(box, frame.boxes[package]) > 0.5 for box in reading.searched)
            means = AttemptTools(reading.budget, None if searched else self.second_reader)
            refusals = reading.budget.refusals
            result = read_at_place(reading.page.grey, package, frame, self._matrix, means)
            if result.read:
                self._add(reading, [result.read])
            elif reading.budget.refusals > refusals:
                reading.given_up.append(frame.boxes[package])
            if result.defects and not reading.names(package):
                reading.defects[package] = self._name_other_label(result.defects, result.other)

    def _identified_symbol(self, reading: _PageReading, sampled: SampledGrid, package: int) -> PageSymbol | None:
        """A label that was identified without a sheet: it fails by name."""
        if package in reading.defects:
            return None
        grey, expected = reading.page.grey, self._matrix(package, sampled.warp.size)
        sampled, defects = identified_symbol(grey, sampled, expected, reading.budget)
        quad = sampled.warp.quad()
        spot = Read(b"", box_of(quad), quad=quad)
        if reading.is_read_at(spot):
            return None
        return PageSymbol(spot, None, identified_package=package, defects=defects)

    def _identify(self, symbol: UnreadSymbol) -> tuple[SampledGrid, int | None]:
        """The package of a symbol that no reader reads: by what it says with its fixed patterns drawn anew, else, in a
        small batch, by its likeness."""
        if symbol.restored:
            known = self.ledger.packages.find_by_payload(symbol.restored.decode("utf-8", "surrogateescape"))
            return symbol.grids[0], known[1] if known and known[0] == self.request.batch_id else None
        if self.batch_modules is None:
            import numpy as np

            size = symbol.grids[0].warp.size
            batch = self.ledger.batches.get(self.request.batch_id)
            packages = self.ledger.packages.stream(batch.id) if batch.packages <= MAX_COMPARED_PACKAGES else ()
            self.batch_modules = np.array([data_matrix(package.payload.encode(), size).bits() for package in packages])
        sampled, index = best_likeness(symbol, self.batch_modules)
        return sampled, None if index is None else index + 1

    def _add(self, reading: _PageReading, more: Sequence[Read]) -> None:
        reading.reads = merge_reads(reading.reads, more)
        self._diagnose(reading)

    def _find_frame(self, reading: _PageReading, identified: Sequence[tuple[SampledGrid, int]] = ()) -> None:
        """How the page lies over a printed one, by its matches and the symbols that were only identified."""
        self._diagnose(reading)
        matches = [
            (diagnosis.package, read.quad)
            for read, diagnosis in reading.decoded
            if diagnosis.matches and diagnosis.package and read.quad
        ]
        matches += [(package, sampled.warp.quad()) for sampled, package in identified]
        reading.frame = frame_from_reads(matches, self.label_files, reading.page.file)

    # --- more about what was read -----------------------------------------------------------------------------------

    def _diagnose(self, reading: _PageReading) -> None:
        for read in reading.reads:
            if read.data and read.content not in reading.diagnoses:
                reading.diagnoses[read.content] = diagnose(
                    SymbolContent(read.data, read.symbology), self.request.batch_id, self.ledger, self.specs
                )

    def _with_grade(self, reading: _PageReading, item: PageSymbol) -> PageSymbol:
        """A match with its grade, if its modules are known."""
        frame, diagnosis = reading.frame, item.diagnosis
        if not diagnosis or not diagnosis.matches or not diagnosis.package or not (frame or self.label_files):
            return item
        label_file = frame.label_file if frame else self.label_files[-1]
        expected = self._matrix(diagnosis.package, label_file.modules)
        exact = self.label_file is not None
        at_place = frame.quads.get(diagnosis.package) if frame else None
        quad = at_place if exact and at_place and covers(box_of(at_place), item.read) else item.read.quad
        if quad is None:
            return item
        x_mm = label_file.symbol_boxes[0][2] / label_file.modules
        grade = PageGrader(reading.page, frame, x_mm, self.request.calibration).grade(quad, expected, exact)
        # One number for what error correction is left: the exact one, for the right codewords are known.
        read = replace(item.read, unused_error_correction=grade.values["unused_error_correction"])
        return replace(item, read=read, grade=grade)

    def _with_second_reading(self, page: Page, item: PageSymbol) -> PageSymbol:
        """A match, read again by the second reader."""
        diagnosis = item.diagnosis
        if not diagnosis or not diagnosis.matches:
            return item
        data = self.second_reader.read(page.grey, item.read.box)
        if data is None:
            return replace(item, second_reading=SecondReading.UNREAD)
        same = self.ledger.packages.find_by_payload(data.decode("utf-8", "surrogateescape"))
        agrees = same == (diagnosis.batch, diagnosis.package)
        return replace(item, second_reading=SecondReading.AGREES if agrees else SecondReading.DIFFERS)

    # --- the ledger -------------------------------------------------------------------------------------------------

    def _matrix(self, package: int, size: int) -> Matrix:
        known = self.expected.get(package) or next(self.ledger.packages.stream(self.request.batch_id, package, 1))
        return data_matrix(known.payload.encode(), size)

    def _name_other_label(self, defects: Defects, other: int | None) -> Defects:
        return replace(defects, other=self._serials([other])[other]) if other else defects

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
            for package in self.ledger.packages.stream(self.request.batch_id, number, count):
                self.serials[package.number] = package.serials_text
        return {number: self.serials[number] for number in wanted if number in self.serials}


def package_label_files(ledger: Ledger, batch: str) -> list[LabelFile]:
    """The files that hold the batch's package labels, in the order of printing."""
    return [part for part in ledger.prints.label_files(batch) if part.each == "package"]


def _overlaps_any(box: PixelBox, places: Iterable[PixelBox]) -> bool:
    return any(overlap_share(box, place) > 0.5 for place in places)


def _attempt_words(given_up: int, stalled: int) -> str:
    """What went wrong with a page, in words."""
    words = (
        f"the second reader stalled or crashed on {stalled} of its labels" if stalled else "",
        f"gave up early on {count_words(given_up, 'place')}: too much of this page can't be read" if given_up else "",
    )
    return "; ".join(filter(None, words))
