"""One page of labels of units or cartons: their codes read, compared label by label, and accounted for by place.

These labels have no symbol that is encrypted and issued: what each must say is drawn once more from its template, and
every code and text of it is compared. The ledger is only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from bss_mfg.core.code_patterns import as_printed, symbol_kind
from bss_mfg.core.processes import TaskFailure, attempt
from bss_mfg.core.text import listing, printable
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.imaging.companions import lies_in
from bss_mfg.imaging.expected_content import MATRIX_KINDS, ExpectedCode, ExpectedLabel
from bss_mfg.imaging.geometry import box_of, overlap_share
from bss_mfg.imaging.label_codes import says
from bss_mfg.imaging.label_content import ContentFault, LabelContent, check_labels
from bss_mfg.imaging.misprints import MIRRORED
from bss_mfg.imaging.not_judged import NotJudged, open_notes
from bss_mfg.imaging.page_frame import PageFrame, frame_at_dpi, frame_from_reads, frame_of_flat_page
from bss_mfg.imaging.page_symbols import BLANK_DARKNESS, contrast_of, ink_share
from bss_mfg.imaging.placed_codes import PageCode, follow_codes, read_all_codes, sheet_map, without_low_bars
from bss_mfg.imaging.sources import Page, Source
from bss_mfg.imaging.zxing_reader import Read, is_in_picture
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.named_units import named_unit
from bss_mfg.model import Batch, LabelFile
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause
from bss_mfg.verify.findings import OtherCode
from bss_mfg.verify.label_kinds import LabelKinds, with_known_labels
from bss_mfg.verify.label_names import LabelNames
from bss_mfg.verify.label_prints import code_misprints, sheet_misprints, size_misprints
from bss_mfg.verify.label_source import LabelPages
from bss_mfg.verify.page_account import PageSeen
from bss_mfg.verify.page_findings import PageSymbol, ScannedPage, locate_symbols
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.seen_labels import SeenLabel, area_in, codes_within, placed_codes, seen_labels

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Quad

_BLANK_CONTRAST = 8.0
_PRINTED = 2 * BLANK_DARKNESS
"""How dark a place counts at least where something is printed: these labels have less ink than a Data Matrix."""
_MOST_TRIED = 12
_SAME_PLACE = 0.6
_MISSING = frozenset((ContentFault.MISSING_CODE, ContentFault.MISSING_TEXT, ContentFault.MISSING_PICTURE))


@dataclass(frozen=True, slots=True)
class _Place:
    """A label in its place on a sheet: what is to be there, how it lies in the picture, and the codes read there."""

    number: int
    expected: ExpectedLabel
    to_pixels: Floats
    area: Quad
    codes: tuple[PageCode, ...]
    placed: tuple[tuple[ExpectedCode, Quad], ...] = ()
    """Its own codes among these, with their corners."""


@dataclass(slots=True)
class _View:
    """A page while it is read."""

    page: Page
    codes: list[PageCode]
    labels: list[SeenLabel]
    frame: PageFrame | None = None
    places: list[_Place] = field(default_factory=list)
    symbols: list[PageSymbol] = field(default_factory=list)
    darkness: dict[int, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    contents: list[LabelContent] = field(default_factory=list)
    """What was found of each label on it."""


@dataclass(slots=True)
class LabelPageReader:
    """Reads the pages of one file for labels of one kind."""

    ledger: Ledger
    request: ReadRequest
    label_file: LabelFile | None
    pages: LabelPages
    own_file: bool = False
    batch: Batch = field(init=False)
    names: LabelNames = field(init=False)
    _files: list[LabelFile] = field(init=False)
    _scrapped: set[int] = field(init=False)
    _known: dict[str, tuple[LabelFile, int] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.batch = self.ledger.batches.get(self.request.batch_id)
        self.names = LabelNames(self.ledger, self.batch, self.request.each)
        self._files = list(self.ledger.prints.in_force(self.batch.id, self.request.each).files)
        self._scrapped = self.names.scrapped()

    def read(self, source: Source, number: int) -> ScannedPage | TaskFailure:
        """One page."""
        return attempt(self._read, source, number)

    def _read(self, source: Source, number: int) -> ScannedPage:
        page = source.page(number)
        codes = read_all_codes(page.grey)
        view = _View(page, codes, seen_labels(page.grey, codes, self._labels_of(codes)))
        self._find_sheet(view)
        self._judge_places(view)
        single = [one for one in view.labels if not any(_is_within(one, place) for place in view.places)]
        single = self._judge_single(view, single)
        areas = [place.area for place in view.places] + [one.area for one in single]
        others = [code for code in codes if not lies_in(code.read, areas)]
        others = self._take_strangers(view, others)
        located = locate_symbols(view.symbols, view.frame, page.dpi)
        numbers = {item.diagnosis.package for item in located if item.diagnosis and item.diagnosis.package}
        numbers |= {place.number for place in view.places}
        seen = PageSeen(ink_share(page.grey), len(located), 0, view.frame is not None)
        if not self.label_file and not self.own_file:
            kinds = LabelKinds(self.ledger, self.batch.id, self.request.each, self.pages)
            located, seen = with_known_labels(kinds, lambda: codes, located, seen)
        return ScannedPage(
            file=page.file,
            number=page.number,
            dpi=page.dpi,
            symbols=tuple(located),
            frame=view.frame,
            unmatched_darkness=view.darkness,
            serials=self.names.of(numbers),
            of=self._subject(page),
            told=self.request.of is not None,
            seen=seen,
            notes=(*view.notes, *open_notes(view.contents)),
            not_judged=NotJudged.of(view.contents),
            other_codes=tuple(_other_code(page, code) for code in others),
            each=self.request.each,
        )

    def _subject(self, page: Page) -> ReadSubject:
        return "file" if self.own_file else self.request.of or ("print" if page.scanned else "file")

    # --- which labels the codes name --------------------------------------------------------------------------------

    def _numbers_of(self, texts: Iterable[str]) -> dict[str, tuple[LabelFile, int]]:
        """The label that alone says a text in a code, by this text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        by_template = {file.template_digest: file for file in self._files}
        self._known.update(dict.fromkeys(new))
        for label_file in by_template.values() if new else ():
            for text, number in self.pages.find(label_file, new).items():
                files = [file for file in self._files if number in file.numbers]
                if files:
                    self._known[text] = files[-1], number
        return {text: found for text in texts if (found := self._known[text])}

    def _labels_of(self, codes: Sequence[PageCode]) -> dict[str, tuple[LabelFile, ExpectedLabel]]:
        """By the text of a code the label that it names, as it is in the first place of a page."""
        known = self._numbers_of([code.text for code in codes])
        found = {}
        for label_file in {file.sha256: file for file, _ in known.values()}.values():
            numbers = sorted({number for file, number in known.values() if file.sha256 == label_file.sha256})
            expected = self.pages.labels(label_file, numbers, [0] * len(numbers), True)
            labels = {} if isinstance(expected, str) else {one.number: one for one in expected.labels}
            for text, (file, number) in known.items():
                if file.sha256 == label_file.sha256 and number in labels:
                    found[text] = label_file, labels[number]
        return found

    # --- sheets -----------------------------------------------------------------------------------------------------

    def _find_sheet(self, view: _View) -> None:
        """The printed page that the labels lie on, and what is to be in its places."""
        page = view.page
        if self.label_file and page.dpi:
            view.frame = frame_at_dpi(self.label_file, page.number, page.dpi)
        else:
            matches = [(one.number, one.symbol) for one in view.labels]
            view.frame = frame_from_reads(matches, self._files, page.file) or _flat_sheet(page, matches, self._files)
        if view.frame is None:
            return
        label_file, number = view.frame.label_file, view.frame.page
        numbers = label_file.packages_on(number)
        first = label_file.start_at - 1 if number == 1 else 0
        expected = self.pages.labels(label_file, numbers, range(first, first + len(numbers)), True)
        if isinstance(expected, str):
            view.notes.append(f"its labels are not compared: {expected}")
            view.frame = None
            return
        within = [codes_within(view.codes, area_in(view.frame.matrix, label.area)) for label in expected.labels]
        pairs = [placed_codes(page.grey, *both) for both in zip(expected.labels, within, strict=True)]
        if not self.label_file:
            pairs = [without_low_bars(some, view.frame.matrix) for some in pairs]
        if not self.label_file and (fitted := sheet_map([pair for some in pairs for pair in some])) is not None:
            view.frame = PageFrame(label_file, number, fitted)
        for label, codes, some in zip(expected.labels, within, pairs, strict=True):
            area = area_in(view.frame.matrix, label.area)
            if codes or is_in_picture(page.grey, box_of(area)):
                to_pixels = view.frame.matrix if self.label_file else follow_codes(view.frame.matrix, some)
                view.places.append(_Place(label.number, label, to_pixels, area, tuple(codes), tuple(some)))

    def _judge_places(self, view: _View) -> None:
        """What lies in each place of a sheet."""
        if view.frame is None or not view.places:
            return
        contents = self._contents(view, view.frame.label_file, [(one.expected, one.to_pixels) for one in view.places])
        own = self._numbers_of([code.text for place in view.places for code in place.expected.codes])
        right = {
            place.number: _is_itself(place, found, own) for place, found in zip(view.places, contents, strict=True)
        }
        quads = {place.number: area_in(place.to_pixels, place.expected.symbol) for place in view.places}
        seen = {place.number: quads[place.number] for place in view.places if right[place.number] and place.placed}
        prints = {} if self.label_file else sheet_misprints(view.frame, seen, view.page.dpi)
        for place, content in zip(view.places, contents, strict=True):
            quad = quads[place.number]
            if right[place.number]:
                symbol = self._symbol(view, place.number, quad, content, place.codes)
                faults = () if self.label_file else code_misprints(view.page.grey, place.placed)
                view.symbols.append(replace(symbol, misprints=faults + prints.get(place.number, ())))
            elif other := self._other_label(view, place, own):
                view.symbols.append(replace(other, read=replace(other.read, box=box_of(quad), quad=quad)))
                view.darkness[place.number] = _PRINTED
            else:
                view.darkness[place.number] = _darkness(view.page, place, content)

    def _other_label(self, view: _View, place: _Place, own: Mapping[str, tuple[LabelFile, int]]) -> PageSymbol | None:
        """What lies in a place instead of its own label, by the codes there."""
        for label in view.labels:
            if label.number != place.number and _is_within(label, place):
                (content,) = self._contents(view, label.label_file, [(label.expected, label.to_pixels)])
                return self._symbol(view, label.number, label.area, content, place.codes)
        common = {code.text for code in place.expected.codes if code.text not in own}
        for code in place.codes:
            if code.text not in common and (found := self._diagnose(code.text)):
                return PageSymbol(code.read, found)
        return None

    # --- single labels ----------------------------------------------------------------------------------------------

    def _judge_single(self, view: _View, labels: Sequence[SeenLabel]) -> list[SeenLabel]:
        """Labels that lie in no place of a sheet; each as it is found to lie."""
        judged = []
        for label_file in {one.label_file.sha256: one.label_file for one in labels}.values():
            here = [one for one in labels if one.label_file.sha256 == label_file.sha256]
            bars = {at: only for at, one in enumerate(here) if (only := _only_bars(one))}
            contents = self._contents(view, label_file, [(one.expected, one.to_pixels) for one in here], bars)
            for label, content in zip(here, contents, strict=True):
                found, symbol = self._likeliest(view, label, content)
                judged.append(found)
                view.symbols.append(symbol)
        return judged

    def _likeliest(self, view: _View, label: SeenLabel, content: LabelContent) -> tuple[SeenLabel, PageSymbol]:
        """A single label, or of several that its codes name the one that most of it is. One that is mirrored has its
        other codes, or its texts, where the mirrored one has them."""
        best = label, content
        for rival in label.rivals:
            (found,) = self._contents(view, rival.label_file, [(rival.expected, rival.to_pixels)])
            if len(found.faults) < len(best[1].faults):
                best = rival, found
        label, content = best
        faults = code_misprints(view.page.grey, label.codes) + size_misprints(label.codes, view.page.dpi)
        if (content.faults or content.not_judged) and (turned := label.mirrored()):
            (found,) = self._contents(view, turned.label_file, [(turned.expected, turned.to_pixels)])
            if turned.codes_in_place(view.codes) > label.codes_in_place(view.codes) or (
                2 * (len(found.faults) + found.not_judged) <= len(content.faults) + content.not_judged
            ):
                label, content, faults = turned, found, (MIRRORED, *faults)
        symbol = self._symbol(view, label.number, label.symbol, content, codes_within(view.codes, label.area))
        return label, replace(symbol, misprints=faults)

    def _take_strangers(self, view: _View, codes: Sequence[PageCode]) -> list[PageCode]:
        """The codes in no label of ours without those that are faults: of another batch's unit, or of a replaced one,
        and where there is no label of ours, any."""
        left = []
        for code in codes:
            found = self._diagnose(code.text)
            known = found and (found.batch or found.cause is DiagnosisCause.SUPERSEDED)
            if found and (known or not view.symbols) and found.batch != self.batch.id:
                view.symbols.append(PageSymbol(code.read, found))
            else:
                left.append(code)
        return left

    # --- what is found ----------------------------------------------------------------------------------------------

    def _contents(
        self,
        view: _View,
        label_file: LabelFile,
        labels: Sequence[tuple[ExpectedLabel, Floats]],
        by_bars: Mapping[int, ExpectedCode] = MappingProxyType({}),
    ) -> list[LabelContent]:
        """What is wrong with labels of one file; `by_bars` as of `check_labels`."""
        numbers = [label.number for label, _ in labels]
        drawn = self.pages.labels(label_file, numbers[:1], [0]) if labels else ""
        if isinstance(drawn, str):
            return [LabelContent(compared=False)] * len(labels)
        expected = replace(drawn, labels=tuple(label for label, _ in labels))
        maps = [to_pixels for _, to_pixels in labels]
        return check_labels(view.page.grey, expected, maps, self.request.pictures, by_bars)

    def _symbol(
        self, view: _View, number: int, quad: Quad, content: LabelContent, codes: Sequence[PageCode]
    ) -> PageSymbol:
        view.contents.append(content)
        text = next((code.text for code in codes), "") or f"label {number}"
        cause, detail = DiagnosisCause.ISSUED, ""
        if number in self._scrapped:
            cause, detail = DiagnosisCause.SCRAPPED_UNIT, "its unit was scrapped: take it off the line"
        diagnosis = Diagnosis(cause, detail, self.batch.id, number)
        return PageSymbol(Read(text.encode(), box_of(quad), quad=quad), diagnosis, content=content.faults)

    def _diagnose(self, text: str) -> Diagnosis | None:
        """What a code says that no label of this kind has; None where it is of another kind of label of this batch."""
        batch, shown = self.batch.id, printable(text, 60)
        unit = named_unit(self.ledger, text, batch)
        if unit and unit.batch != batch:
            detail = f"belongs to batch {unit.batch}: {unit.serial}"
            return Diagnosis(DiagnosisCause.OTHER_BATCH, detail, unit.batch, serials=unit.serial)
        if unit:
            new = self.ledger.units.successors(batch, [unit.serial]).get(unit.serial)
            if new is None:
                return None
            detail = f"its unit was replaced by {new}: take it off the line"
            number = unit.place if self.request.each == "unit" else None
            return Diagnosis(DiagnosisCause.SUPERSEDED, detail, None, number, serials=unit.serial)
        if owner := self.ledger.packages.find_by_payload(text):
            if owner[0] == batch:
                return None
            return Diagnosis(DiagnosisCause.OTHER_BATCH, f"belongs to batch {owner[0]}", owner[0])
        if shared := self._shared_code(text):
            kinds = listing(sorted({str(one.kind) for one in self._telling_codes()}))
            detail = (
                f"carries the {shared.kind} of all labels here, but its {kinds}, which says which it is, was not read"
            )
            return Diagnosis(DiagnosisCause.UNNAMED_LABEL, detail)
        return Diagnosis(DiagnosisCause.OTHER_FAMILY, f"says {shown}: no label of this batch does")

    def _shared_code(self, text: str) -> ExpectedCode | None:
        """The code of our labels that says this, on each of them."""
        return next((one for one in self._first_codes() if says(one, text) and not self._numbers_of([one.text])), None)

    def _telling_codes(self) -> list[ExpectedCode]:
        """The codes by which our labels differ."""
        return [one for one in self._first_codes() if self._numbers_of([one.text])]

    def _first_codes(self) -> list[ExpectedCode]:
        """The codes of one label of each template."""
        by_template = {file.template_digest: file for file in self._files}
        found = [self.pages.labels(file, [file.numbers[0]], [0]) for file in by_template.values()]
        return [code for one in found if not isinstance(one, str) for label in one.labels for code in label.codes]


def _flat_sheet(page: Page, matches: Sequence[tuple[int, Quad]], label_files: Sequence[LabelFile]) -> PageFrame | None:
    """The printed page that a flat scan shows where its labels don't agree: that of which most lie in their places."""
    if not page.dpi:
        return None
    best: tuple[int, PageFrame] | None = None
    for match in matches[:_MOST_TRIED]:
        frame = frame_of_flat_page(match, label_files, page.size, page.dpi)
        right = (
            sum(overlap_share(frame.boxes[n], box_of(quad)) > _SAME_PLACE for n, quad in matches if n in frame.boxes)
            if frame
            else 0
        )
        if frame and right > (best[0] if best else 0):
            best = right, frame
    return best[1] if best else None


def _only_bars(label: SeenLabel) -> ExpectedCode | None:
    """The bars of a label where nothing else says how it lies."""
    codes = [code for code, _ in label.codes]
    return codes[0] if len(codes) == 1 and codes[0].kind not in MATRIX_KINDS else None


def _is_within(label: SeenLabel, place: _Place) -> bool:
    spot = Read(b"", box_of(label.area), quad=label.area)
    return lies_in(spot, [place.area])


def _is_itself(place: _Place, content: LabelContent, own: Mapping[str, tuple[LabelFile, int]]) -> bool:
    """Whether the label of a place lies there: by a code that it alone has, else by all texts that are its own."""
    telling = [code.text for code in place.expected.codes if code.text in own and own[code.text][1] == place.number]
    if any(text in content.right_codes for text in telling):
        return True
    changing = {text.element for text in place.expected.texts if text.changes}
    wrong = {fault.element for fault in content.faults}
    return bool(changing) and not changing & wrong and not content.not_judged


def _darkness(page: Page, place: _Place, content: LabelContent) -> float:
    """How dark a place counts: none where it is blank, or where all that should be printed there is missing."""
    missing = bool(content.faults) and all(fault.fault in _MISSING for fault in content.faults)
    return 0.0 if missing or contrast_of(page.grey, box_of(place.area)) <= _BLANK_CONTRAST else _PRINTED


def _other_code(page: Page, code: PageCode) -> OtherCode:
    x, y = (round(at / page.dpi * MM_PER_INCH, 1) if page.dpi else None for at in code.read.box[:2])
    kind = symbol_kind(code.read.symbology)
    return OtherCode(page.file, page.number, kind, as_printed(code.text, kind), "", x, y)
