"""What is looked at on a page beside what its symbols say: how they are printed, and whether all is understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import dist
from statistics import median
from typing import TYPE_CHECKING

from bss_mfg.imaging.companions import lies_in
from bss_mfg.imaging.covered import covered_part
from bss_mfg.imaging.defects import DefectKind, Defects
from bss_mfg.imaging.geometry import PixelBox, Quad, box_of, overlap_share, sides_of
from bss_mfg.imaging.misprints import (
    MIRRORED,
    Misprint,
    page_scale,
    place_misprints,
    printed_symbol,
    scale_misprints,
    single_misprints,
)
from bss_mfg.imaging.page_frame import PageFrame
from bss_mfg.imaging.page_symbols import BLANK_DARKNESS, covers, ink_share
from bss_mfg.imaging.pale_print import PALE_PAGE, PALE_PLACE, pale_share, paper_noise
from bss_mfg.imaging.zxing_reader import Read, read_other_codes
from bss_mfg.verify.batch_labels import BatchLabels
from bss_mfg.verify.page_account import BLANK_INK, PageSeen
from bss_mfg.verify.page_findings import PageSymbol
from bss_mfg.verify.page_reading import PageReading

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey
    from bss_mfg.imaging.sources import Page

_SAY_COVERED = frozenset((DefectKind.CUT_OFF, DefectKind.LIGHT_PATCH, DefectKind.DARK_PATCH))
_FEW_FINDS = 2
"""Finds that nobody read which may be a label or two alone in a picture."""
_LIKE_A_LABEL = 0.6, 1.7
"""Side of a patch against the symbols of the page, within which it may be one that was not read."""


def look_at_prints(reading: PageReading, batch: BatchLabels) -> None:
    """Of each match: whether it is mirrored or inverted. A mirrored one's corners are put right."""
    reads = []
    for read in reading.reads:
        diagnosis = reading.diagnoses.get(read.content)
        key = (read.content, read.box)
        if not (diagnosis and diagnosis.matches and diagnosis.package and read.quad) or key in reading.misprints:
            reads.append(read)
            continue
        label_file = batch.label_file_of(diagnosis.package)
        if label_file is None:
            reads.append(read)
            continue
        expected = batch.matrix(diagnosis.package, label_file.modules)
        printed = printed_symbol(reading.page.grey, read.quad, expected)
        reading.misprints[key] = printed.misprints
        reads.append(read if printed.quad == read.quad else replace(read, quad=printed.quad))
    reading.reads = reads


def with_misprints(reading: PageReading, batch: BatchLabels, symbols: Sequence[PageSymbol]) -> list[PageSymbol]:
    """The symbols of a page with what is wrong with their print: of matches that lie on a sheet, against the others
    there; of a single one by its size in a flat scan."""
    frame, dpi = reading.frame, reading.page.dpi
    quads = _nearest_quads(frame, symbols) if frame else {}
    of_sheet = scale_misprints(page_scale(frame, dpi)) if frame else ()
    of_place = place_misprints(frame, quads, dpi) if frame else {}
    found = []
    for item in symbols:
        package = item.diagnosis.package if item.diagnosis and item.diagnosis.matches else None
        if not package or not item.read.quad:
            found.append(item)
            continue
        wrong: tuple[Misprint, ...] = reading.misprints.get((item.read.content, item.read.box), ())
        if frame and package in frame.quads:
            is_nearest = quads.get(package) == item.read.quad
            # Where one lies that is mirrored, and which way up, follows from that.
            wrong += of_place.get(package, ()) if is_nearest and MIRRORED not in wrong else ()
            wrong += of_sheet
        elif label_file := batch.label_file_of(package):
            _, _, width, height = label_file.symbol_boxes[0]
            wrong += single_misprints(item.read.quad, (width, height), dpi)
        found.append(replace(item, misprints=wrong) if wrong else item)
    return found


def _nearest_quads(frame: PageFrame, symbols: Sequence[PageSymbol]) -> dict[int, Quad]:
    """Of each package of a sheet the corners of the match that lies nearest to its place."""
    quads: dict[int, Quad] = {}
    for item in symbols:
        package = item.diagnosis.package if item.diagnosis and item.diagnosis.matches else None
        quad = item.read.quad
        if package in frame.quads and package and quad:
            known, planned = quads.get(package), frame.quads[package]
            if known is None or _away(quad, planned) < _away(known, planned):
                quads[package] = quad
    return quads


def _away(quad: Quad, planned: Quad) -> float:
    return dist(quad[0], planned[0]) + dist(quad[2], planned[2])


def see_page(reading: PageReading, symbols: Sequence[PageSymbol], companions: Sequence[Quad]) -> PageSeen:
    """What a page as a whole shows. Where its sheet is known its places are accounted for one by one; else what looks
    like a symbol and was not read is counted."""
    labels = sum(bool(item.read.data or item.identified_package) for item in symbols)
    if reading.frame:
        return PageSeen(labels=labels, sheet=True)
    ink = ink_share(reading.page.grey)
    pale = ink < BLANK_INK and not labels and pale_share(reading.page.grey) > PALE_PAGE
    return PageSeen(ink, labels, _candidates(reading, symbols, companions), pale=pale)


def pale_places(page: Page, frame: PageFrame, darkness: Mapping[int, float]) -> frozenset[int]:
    """Of places that count as blank, by package, those where something is printed, too pale to be read."""
    blank = [package for package, dark in darkness.items() if dark < BLANK_DARKNESS]
    noise = paper_noise(page.grey) if blank else 0.0
    return frozenset(package for package in blank if _is_pale(page.grey, frame.boxes[package], noise))


def covered_places(
    page: Page, frame: PageFrame, darkness: Mapping[int, float], defects: Mapping[int, Defects]
) -> dict[int, str]:
    """Of places where something is printed that no reader reads, by package, in words, the part of the symbol that
    shows no modules; but where its defects say what is wrong already."""
    found = {}
    for package, dark in darkness.items():
        known = defects[package].found if package in defects else ()
        if dark < BLANK_DARKNESS or any(defect.kind in _SAY_COVERED for defect in known):
            continue
        if part := covered_part(page.grey, frame.quads[package], frame.label_file.modules):
            found[package] = part.description
    return found


def _is_pale(grey: Grey, box: PixelBox, noise: float) -> bool:
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    return pale_share(grey[top : int(box[1] + box[3]), left : int(box[0] + box[2])], noise) > PALE_PLACE


def without_stray_finds(reading: PageReading, symbols: list[PageSymbol]) -> list[PageSymbol]:
    """Without the finds that nobody read, where no label was read and they are many: on blank paper a reader finds
    them in the noise, and on another document in its text. Such a page is told as a whole: it is not understood."""
    known = any(item.read.data or item.identified_package for item in symbols)
    return symbols if known or reading.frame or len(symbols) <= _FEW_FINDS else []


def _candidates(reading: PageReading, symbols: Sequence[PageSymbol], companions: Sequence[Quad]) -> int:
    """Patches that look like a symbol, and are none that was read or reported, nor another code."""
    known = [item.read for item in symbols]
    sides = [side for read in known if read.quad for side in sides_of(read.quad)]
    usual = median(sides) if sides else None
    left = []
    for quad in reading.unread:
        spot, side = Read(b"", box_of(quad), quad=quad), sum(sides_of(quad)) / 4
        if usual and not _LIKE_A_LABEL[0] * usual < side < _LIKE_A_LABEL[1] * usual:
            continue
        if lies_in(spot, companions) or any(
            covers(read.box, spot) or overlap_share(spot.box, read.box) > 0.2 for read in known
        ):
            continue
        left.append(spot)
    others = read_other_codes(reading.page.grey) if left else []
    return sum(not any(overlap_share(spot.box, other.box) > 0.2 for other in others) for spot in left)
