"""Packages with a Code 128: their symbols on a page read, and from the corners of their bars how the labels lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bss_mfg.imaging.code128 import read_code128, read_page_code128
from bss_mfg.imaging.geometry import Quad, box_of
from bss_mfg.imaging.page_frame import frame_from_reads
from bss_mfg.imaging.page_symbols import unread_places
from bss_mfg.imaging.placed_codes import label_map, seen_corners
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.model import LabelFile
from bss_mfg.verify.batch_labels import BatchLabels
from bss_mfg.verify.label_source import LabelPages
from bss_mfg.verify.page_findings import PageSymbol
from bss_mfg.verify.page_grading import with_bar_grade
from bss_mfg.verify.page_reading import PageReading
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.seen_labels import area_in

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey


@dataclass(frozen=True, slots=True)
class BarReader:
    """Reads pages of labels with bars. `diagnose` looks up what was read on a page, `pages` say what is on labels:
    without them it is known of our own files alone where labels lie."""

    batch: BatchLabels
    diagnose: Callable[[PageReading], None]
    pages: LabelPages | None
    request: ReadRequest

    def read(self, reading: PageReading, label_file: LabelFile | None) -> list[PageSymbol]:
        """All symbols of a page; of one that shows a sheet, those in its places a second time where none was read."""
        reading.reads, reading.frame = read_page_code128(reading.page, label_file)
        symbols = self._symbols(reading, reading.reads)
        if self.pages is None or label_file is not None:
            return symbols
        symbols = self._in_places(reading, symbols, self.pages)
        matches = [(package, read.quad) for _, package, read in _matches(symbols) if read.quad]
        reading.frame = frame_from_reads(matches, self.batch.label_files, reading.page.file)
        if reading.frame is None:
            return symbols
        unread = unread_places(reading.page, [item.read for item in symbols], reading.frame)
        more = [read for package in unread for read in read_code128(reading.page.grey, reading.frame.boxes[package])]
        reading.reads = [*reading.reads, *more]
        return symbols + self._in_places(reading, self._symbols(reading, more), self.pages)

    def _symbols(self, reading: PageReading, reads: Sequence[Read]) -> list[PageSymbol]:
        """Some reads of a page with what they are."""
        self.diagnose(reading)
        symbols = [PageSymbol(read, reading.diagnoses.get(read.content)) for read in reads]
        if not self.request.grade:
            return symbols
        return [with_bar_grade(reading, self.batch, item, self.request.calibration) for item in symbols]

    def _in_places(self, reading: PageReading, symbols: list[PageSymbol], pages: LabelPages) -> list[PageSymbol]:
        """The matches with the corners of their places instead of their bars': these are what label files know."""
        placed, matches = list(symbols), _matches(symbols)
        reads = [(package, read) for _, package, read in matches]
        quads = place_quads(reading.page.grey, reads, self.batch.label_files, pages)
        for (at, _, read), quad in zip(matches, quads, strict=True):
            if quad:
                placed[at] = replace(symbols[at], read=replace(read, quad=quad, box=box_of(quad)))
        return placed


def _matches(symbols: Sequence[PageSymbol]) -> list[tuple[int, int, Read]]:
    """Which symbols are packages of the batch, with these and their reads."""
    return [
        (at, item.diagnosis.package, item.read)
        for at, item in enumerate(symbols)
        if item.diagnosis and item.diagnosis.matches and item.diagnosis.package
    ]


def place_quads(
    grey: Grey, reads: Sequence[tuple[int, Read]], label_files: Sequence[LabelFile], pages: LabelPages
) -> list[Quad | None]:
    """Of each package that was read, the corners in pixels of the place that its bars may fill, as label files have it;
    None where its label can't be drawn as it was made."""
    found: list[Quad | None] = [None] * len(reads)
    by_file: dict[str, tuple[LabelFile, list[int]]] = {}
    for at, (package, _) in enumerate(reads):
        label_file = next((file for file in reversed(label_files) if package in file.numbers), None)
        if label_file:
            by_file.setdefault(label_file.sha256, (label_file, []))[1].append(at)
    for label_file, indexes in by_file.values():
        expected = pages.labels(label_file, [reads[at][0] for at in indexes], [0] * len(indexes), True)
        for at, label in zip(indexes, () if isinstance(expected, str) else expected.labels, strict=False):
            bars = label.bars
            corners = seen_corners(grey, bars, reads[at][1]) if bars else None
            to_pixels = label_map([(bars, corners)]) if bars and corners else None
            found[at] = None if to_pixels is None else area_in(to_pixels, label_file.symbol_boxes[0])
    return found
