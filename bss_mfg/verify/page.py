"""One page: drawn, read, placed, diagnosed, graded. The ledger is only read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bss_mfg.core.processes import TaskFailure, attempt
from bss_mfg.core.text import count_words
from bss_mfg.imaging import search
from bss_mfg.imaging.attempts import AttemptTools, decode_sampled, read_hidden_symbol, read_unknown_symbol
from bss_mfg.imaging.budget import LOOK_COST, AttemptBudget, AttemptLimits
from bss_mfg.imaging.companions import companion_quads, lies_in
from bss_mfg.imaging.geometry import PixelBox, Quad, box_of, overlap_share
from bss_mfg.imaging.grid import SampledGrid
from bss_mfg.imaging.page_attempts import identified_symbol, read_at_place, read_with_second
from bss_mfg.imaging.page_frame import PageFrame, frame_at_dpi, frame_from_reads, frame_of_flat_page
from bss_mfg.imaging.page_symbols import covers, merge_reads, place_darkness, unread_places, without_false_finds
from bss_mfg.imaging.placed_codes import read_all_codes
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import Page, Source
from bss_mfg.imaging.zxing_reader import Read, read_box, read_page
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile
from bss_mfg.verify.bar_places import BarReader
from bss_mfg.verify.batch_labels import BatchLabels
from bss_mfg.verify.diagnosis import COMPANION_CAUSES, Diagnosis, DiagnosisCause, diagnose
from bss_mfg.verify.label_contents import ContentChecker, PageContents
from bss_mfg.verify.label_kinds import LabelKinds, with_known_labels
from bss_mfg.verify.other_codes import PageCodes, take_other_codes, with_missing_codes
from bss_mfg.verify.page_checks import (
    covered_places,
    look_at_prints,
    pale_places,
    see_page,
    with_misprints,
    without_stray_finds,
)
from bss_mfg.verify.page_findings import PageSymbol, ScannedPage, SecondReading, locate_symbols
from bss_mfg.verify.page_grading import with_grades
from bss_mfg.verify.page_progress import PageStep, TellStep, tell_no_step
from bss_mfg.verify.page_reading import PageReading
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.scanned import SymbolContent
from bss_mfg.verify.unread_patches import name_unread_patches

_MOST_REFITS = 3
"""How often a page is looked at again because more of it was read."""
_FEW_PATCHES, _HIDDEN_LOOKS = 2, 2
"""Patches of a page up to which finer ones within them are looked at, and how many of these: a page in which nothing
is read costs hardly more."""


@dataclass(slots=True)
class PageReader:
    """Reads the pages of one file."""

    ledger: Ledger
    request: ReadRequest
    label_file: LabelFile | None
    second_reader: SecondReader
    limits: AttemptLimits | None = None
    """What the attempts at a page may cost; None: as the request's patience says."""
    own_file: bool = False
    """Whether the ledger has the file by its bytes, whatever its labels are for."""
    contents: ContentChecker | None = None
    """What compares texts and codes, where that is asked for."""
    tell: TellStep = tell_no_step
    """Told of each step that begins and may take a while."""
    batch: BatchLabels = field(init=False)

    def __post_init__(self) -> None:
        self.batch = BatchLabels(self.ledger, self.request.batch_id)

    def read(self, source: Source, number: int) -> ScannedPage | TaskFailure:
        """One page."""
        return attempt(self._read, source, number)

    def _read(self, source: Source, number: int) -> ScannedPage:
        self.tell(PageStep.READING, 0)
        page = source.page(number, self.label_file.symbol_boxes if self.label_file else ())
        stalls = self.second_reader.failures
        reading = PageReading(page, AttemptBudget(self.limits or AttemptLimits.for_patience(self.request.patience)))
        symbols = self._read_linear(reading) if self.batch.linear else self._read_symbols(reading)
        symbols = without_stray_finds(reading, self._without_companions(reading, symbols))
        seen = see_page(reading, symbols, () if reading.frame else self._companion_quads(reading))
        if self.label_file is None and not self.batch.linear:
            symbols = with_misprints(reading, self.batch, symbols)
        frame = reading.frame
        wanted = {
            item.diagnosis.package
            for item in symbols
            if item.diagnosis and item.diagnosis.batch == self.request.batch_id
        } | {item.identified_package for item in symbols}
        if frame:
            wanted |= set(frame.label_file.packages_on(frame.page))
        serials = self.batch.serials_of(number for number in wanted if number)
        located = locate_symbols(symbols, frame, page.dpi)
        codes: PageCodes | None = None
        if self.label_file is None and not self.own_file:  # nothing but what we drew is in our own
            companions = self._companion_quads(reading)
            located, codes = take_other_codes(reading, self.batch, self.request.expected, located, companions)
            pages = self.contents.pages if self.contents else None
            kinds = LabelKinds(self.ledger, self.request.batch_id, "package", pages)
            located, seen = with_known_labels(kinds, lambda: read_all_codes(page.grey), located, seen)
        matched = {
            item.diagnosis.package
            for item in located
            if item.diagnosis and item.diagnosis.matches and item.in_own_place
        }
        content = PageContents([])
        if self.contents and self.label_file is None:  # our own file is as it was drawn, byte for byte
            self.tell(PageStep.CONTENT, 0)
            located, content = self.contents.of_page(page.grey, frame, located)
        if codes:
            located = with_missing_codes(located, codes)
        unmatched = place_darkness(page, frame, matched) if frame else {}
        return ScannedPage(
            file=page.file,
            number=page.number,
            dpi=page.dpi,
            symbols=tuple(located),
            frame=frame,
            unmatched_darkness=unmatched,
            pale=pale_places(page, frame, unmatched) if frame else frozenset(),
            covered=covered_places(page, frame, unmatched, reading.defects) if frame else {},
            serials=serials,
            defects=reading.defects,
            trouble=_attempt_words(len(reading.given_up), self.second_reader.failures - stalls),
            of=self._subject(page),
            told=self.request.of is not None,
            seen=seen,
            notes=tuple(content.notes),
            not_judged=content.not_judged,
            min_grade=self.request.min_grade,
            other_codes=codes.rows() if codes else (),
            pixels="" if self.own_file or self.label_file else page.digest,
        )

    def _without_companions(self, reading: PageReading, symbols: list[PageSymbol]) -> list[PageSymbol]:
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

    def _companion_quads(self, reading: PageReading) -> list[Quad]:
        """Where the other symbols of our labels lie: of all labels of a sheet, else of those that were read."""
        if reading.frame:
            return companion_quads(reading.frame.quads.values(), reading.frame.label_file)
        if not self.batch.label_files:
            return []
        read = [read.quad for read, diagnosis in reading.decoded if diagnosis.matches and read.quad]
        return companion_quads(read, self.batch.label_files[-1])

    def _subject(self, page: Page) -> ReadSubject:
        """A file that bss-mfg made is the drawing, whatever it looks like; else the person says, or the page does."""
        own = self.own_file or self.label_file is not None
        return "file" if own else self.request.of or ("print" if page.scanned else "file")

    # --- reading ----------------------------------------------------------------------------------------------------

    def _read_linear(self, reading: PageReading) -> list[PageSymbol]:
        pages = self.contents.pages if self.contents else None
        return BarReader(self.batch, self._diagnose, pages, self.request).read(reading, self.label_file)

    def _read_symbols(self, reading: PageReading) -> list[PageSymbol]:
        """All symbols of a page with what is known of them: quickly first, then ever stronger where one is missed."""
        if self.label_file and reading.page.dpi:
            self._read_own_page(reading, frame_at_dpi(self.label_file, reading.page.number, reading.page.dpi))
        else:
            self._read_any_page(reading)
        if reading.frame is None and self.batch.label_files:
            self._search_page(reading)
        if reading.frame is None and reading.unread:
            name_unread_patches(reading, self.batch)
        if reading.frame:
            self._read_unread_places(reading, reading.frame)
        if reading.frame and self.label_file is None:
            self._read_again_by_better_frame(reading, reading.frame)
        identified = [item for one in reading.identified if (item := self._identified_symbol(reading, *one))]
        reads = without_false_finds(reading.reads, [item.read for item in identified], reading.frame)
        symbols = [PageSymbol(read, reading.diagnoses.get(read.content)) for read in reads]
        if self.request.grade:
            self.tell(PageStep.GRADING, 0)
            own = self.label_file is not None
            symbols = with_grades(reading, self.batch, symbols, self.request.calibration, own=own)
        if self.request.second_reader:
            self.tell(PageStep.SECOND_READER, 0)
            symbols = [self._with_second_reading(reading.page, item) for item in symbols]
        return symbols + identified

    def _read_own_page(self, reading: PageReading, frame: PageFrame) -> None:
        """A page of a label file of ours: each label where the ledger says."""
        reading.frame = frame
        for package, box in frame.boxes.items():
            left, top, grey = reading.page.crop_at(box[0], box[1])
            read = read_box(grey, box, origin=(left, top))
            if not read:
                continue
            reading.reads.append(read)
            expected = self.batch.expected.get(package)
            if expected and not expected.scrapped and read.data == expected.payload.encode("ascii"):
                # What the ledger would say, too.
                reading.diagnoses[read.content] = Diagnosis(DiagnosisCause.ISSUED, "", self.request.batch_id, package)
        self._diagnose(reading)

    def _read_any_page(self, reading: PageReading) -> None:
        """Any other page: quickly, and if that leaves places unread, thoroughly."""
        grey = reading.page.grey
        reading.reads = read_page(grey)
        self._find_frame(reading)
        if reading.frame is None or unread_places(reading.page, reading.reads, reading.frame):
            self._add(reading, read_page(grey, thorough=True))
            self._find_frame(reading)

    def _search_page(self, reading: PageReading) -> None:
        """Attempts at all patches that look like a symbol, where too little was read to know the sheet. They may cost
        half of the budget: the rest is for the places of a sheet that they find."""
        last, budget = self.batch.label_files[-1], reading.budget.half()
        means = AttemptTools(budget, self.second_reader)
        companions = self._companion_quads(reading)
        module_px, most = reading.module_px(last), 4 * len(last.symbol_boxes)
        patches = search.find_patches(reading.page.grey, most, module_px)
        if patches.likely:
            self.tell(PageStep.ATTEMPTS, len(patches.likely))
        for quad in patches.likely:
            spot = Read(b"", box_of(quad))
            if reading.is_read_at(spot) or lies_in(spot, companions):
                continue
            refusals = budget.refusals
            answer = read_unknown_symbol(reading.page.grey, quad, last.modules, means)
            if budget.refusals == refusals:
                reading.searched.append(spot.box)
                reading.enhanced.append(spot.box)
            elif not isinstance(answer, Read):
                reading.given_up.append(spot.box)
            package = None
            if isinstance(answer, Read):
                self._add(reading, [answer])
                continue
            if answer:
                sampled, package = self.batch.identify(answer)
                reading.identified += [(sampled, package)] if package else []
            reading.unread += [] if package else [quad]
        if len(patches.likely) <= _FEW_PATCHES and not budget.refusals:
            self._search_hidden(reading, patches.hidden, last.modules, budget)
        self._find_frame(reading)
        if reading.frame is None:
            self._find_frame(reading, reading.identified)  # labels that fail can still tell where the others lie

    def _search_hidden(self, reading: PageReading, hidden: Sequence[Quad], modules: int, budget: AttemptBudget) -> None:
        """Attempts at finer patches in coarser ones in which nothing was read: of a worn label that lies alone, symbol
        and texts look like one. On most pages they are no symbols either, so few are looked at."""
        looks = budget.part(_HIDDEN_LOOKS * LOOK_COST)
        for quad in hidden:
            around = [patch for patch in reading.unread if covers(box_of(patch), Read(b"", box_of(quad)))]
            if not around:
                continue
            answer = read_hidden_symbol(reading.page.grey, quad, modules, budget, looks)
            if looks.refusals or budget.refusals:
                return
            if isinstance(answer, Read):
                self._add(reading, [answer])
            elif answer is None or not (found := self.batch.identify(answer))[1]:
                continue
            else:
                reading.identified.append((found[0], found[1]))
            reading.unread = [patch for patch in reading.unread if patch not in around]

    def _read_unread_places(self, reading: PageReading, frame: PageFrame) -> None:
        """The strongest attempts at the places of the sheet where nothing was read."""
        places = frame.boxes.values()
        reading.given_up = [box for box in reading.given_up if not _overlaps_any(box, places)]
        by_package = {diagnosis.package: read for read, diagnosis in reading.decoded if diagnosis.package}
        unread = unread_places(reading.page, reading.reads, frame, by_package)
        if not unread:  # nor is the page put together from its crops
            return
        self.tell(PageStep.ATTEMPTS, len(unread))
        for package in search.most_promising_first(reading.page.grey, unread, lambda package: frame.boxes[package]):
            # The second reader takes long: what it could not read once it is not asked for again.
            searched = any(overlap_share(box, frame.boxes[package]) > 0.5 for box in reading.searched)
            place = frame.boxes[package]
            enhanced = reading.is_enhanced(place)
            means = AttemptTools(reading.budget, None if searched else self.second_reader, enhanced)
            refusals = reading.budget.refusals
            result = read_at_place(reading.page.grey, package, frame, self.batch.matrix, means)
            if result.read:
                self._add(reading, [result.read])
            elif reading.budget.refusals > refusals:
                reading.given_up.append(place)
            elif not enhanced:
                reading.enhanced.append(place)
            if result.defects and not reading.names(package):
                reading.defects[package] = self.batch.name_other_label(result.defects, result.other)

    def _read_again_by_better_frame(self, reading: PageReading, before: PageFrame) -> None:
        """The frame fitted again, now that more was read: where it lies otherwise, its unread places are tried again.
        One that was drawn from fewer labels may be off by half a symbol at the far end."""
        for _ in range(_MOST_REFITS):
            self._find_frame(reading)
            frame = reading.frame
            if frame is None or (frame.label_file, frame.page) != (before.label_file, before.page):
                reading.frame = before
                return
            unread = unread_places(reading.page, reading.reads, frame)
            if not any(_moved(before.boxes[package], frame.boxes[package]) for package in unread):
                return
            reading.defects.clear()
            count, before = len(reading.decoded), frame
            self._read_unread_places(reading, frame)
            if len(reading.decoded) == count:
                return

    def _identified_symbol(self, reading: PageReading, sampled: SampledGrid, package: int) -> PageSymbol | None:
        """A label that was identified without a sheet: it fails by name."""
        if package in reading.defects:
            return None
        grey, expected = reading.page.grey, self.batch.matrix(package, sampled.warp.size)
        sampled, defects = identified_symbol(grey, sampled, expected, reading.budget)
        if read := decode_sampled(sampled):
            self._add(reading, [read])
        quad = sampled.warp.quad()
        spot = Read(b"", box_of(quad), quad=quad)
        if reading.is_read_at(spot):
            return None
        return PageSymbol(spot, None, identified_package=package, defects=defects)

    def _add(self, reading: PageReading, more: Sequence[Read]) -> None:
        reading.reads = merge_reads(reading.reads, more)
        self._diagnose(reading)

    def _find_frame(self, reading: PageReading, identified: Sequence[tuple[SampledGrid, int]] = ()) -> None:
        """How the page lies over a printed one, by its matches and the symbols that were only identified."""
        self._diagnose(reading)
        look_at_prints(reading, self.batch)
        matches = [
            (diagnosis.package, read.quad)
            for read, diagnosis in reading.decoded
            if diagnosis.matches and diagnosis.package and read.quad
        ]
        matches += [(package, sampled.warp.quad()) for sampled, package in identified]
        reading.frame = frame_from_reads(matches, self.batch.label_files, reading.page.file)
        if reading.frame is None and len(matches) == 1 and reading.page.dpi:
            reading.frame = frame_of_flat_page(matches[0], self.batch.label_files, reading.page.size, reading.page.dpi)

    # --- more about what was read -----------------------------------------------------------------------------------

    def _diagnose(self, reading: PageReading) -> None:
        for read in reading.reads:
            if read.data and read.content not in reading.diagnoses:
                reading.diagnoses[read.content] = diagnose(
                    SymbolContent(read.data, read.symbology), self.request.batch_id, self.ledger, self.batch.specs
                )

    def _with_second_reading(self, page: Page, item: PageSymbol) -> PageSymbol:
        """A match, read again by the second reader."""
        diagnosis = item.diagnosis
        if not diagnosis or not diagnosis.matches:
            return item
        label_file = self.batch.label_files[-1] if self.batch.label_files else None
        known = self.batch.matrix(diagnosis.package, label_file.modules) if label_file and diagnosis.package else None
        data = read_with_second(page.grey, item.read, known, self.second_reader)
        if data is None:
            return replace(item, second_reading=SecondReading.UNREAD)
        same = self.ledger.packages.find_by_payload(data.decode("utf-8", "surrogateescape"))
        agrees = same == (diagnosis.batch, diagnosis.package)
        return replace(item, second_reading=SecondReading.AGREES if agrees else SecondReading.DIFFERS)


def _moved(before: PixelBox, after: PixelBox) -> bool:
    """Whether a place lies otherwise by more than the attempts at it make up for: a few of its modules."""
    return max(abs(before[0] - after[0]), abs(before[1] - after[1])) > after[2] / 24


def _overlaps_any(box: PixelBox, places: Iterable[PixelBox]) -> bool:
    return any(overlap_share(box, place) > 0.5 for place in places)


def _attempt_words(given_up: int, stalled: int) -> str:
    """What went wrong with a page, in words."""
    words = (
        f"the second reader stalled or crashed on {stalled} of its labels" if stalled else "",
        f"gave up early on {count_words(given_up, 'place')}: too much of this page can't be read" if given_up else "",
    )
    return "; ".join(filter(None, words))
