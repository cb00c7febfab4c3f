"""Grades of what was read on a page: of matches, whose right modules or bars are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bss_mfg.imaging.geometry import box_of
from bss_mfg.imaging.page_grades import PageGrader
from bss_mfg.imaging.page_symbols import covers
from bss_mfg.imaging.reflectance import Calibration
from bss_mfg.imaging.warp import Warp
from bss_mfg.symbol import Matrix
from bss_mfg.verify.batch_labels import BatchLabels
from bss_mfg.verify.page_findings import PageSymbol
from bss_mfg.verify.page_reading import PageReading


@dataclass(frozen=True, slots=True)
class _Match:
    """A match whose grade is asked for: the grid of its symbol, and what its modules should be."""

    package: int
    grid: Warp
    expected: Matrix


def with_grades(
    reading: PageReading,
    batch: BatchLabels,
    symbols: Sequence[PageSymbol],
    calibration: Calibration | None = None,
    *,
    own: bool = False,
) -> list[PageSymbol]:
    """The symbols of a page, matches with their grades. `own`: the page is of a file of ours, and each symbol lies
    where the ledger says."""
    frame = reading.frame
    label_file = frame.label_file if frame else next(reversed(batch.label_files), None)
    if label_file is None:
        return list(symbols)
    x_mm = label_file.symbol_boxes[0][2] / label_file.modules
    grader = PageGrader(reading.page, frame, x_mm, calibration)
    matches = [_match(reading, batch, grader, label_file.modules, item, own) for item in symbols]
    if not own:
        grader = grader.with_grids([(match.package, match.grid) for match in matches if match])
    found = []
    for item, match in zip(symbols, matches, strict=True):
        if match is None:
            found.append(item)
            continue
        grade = grader.grade(match.grid, match.expected)
        # One number for what error correction is left: the exact one, for the right codewords are known.
        read = replace(item.read, unused_error_correction=grade.values["unused_error_correction"])
        found.append(replace(item, read=read, grade=grade))
    return found


def _match(
    reading: PageReading, batch: BatchLabels, grader: PageGrader, modules: int, item: PageSymbol, own: bool
) -> _Match | None:
    diagnosis = item.diagnosis
    if not diagnosis or not diagnosis.matches or not diagnosis.package:
        return None
    package = diagnosis.package
    expected = batch.matrix(package, modules)
    at_place = reading.frame.quads.get(package) if reading.frame else None
    if own and at_place and covers(box_of(at_place), item.read):
        return _Match(package, Warp.from_quad(at_place, modules), expected)
    if item.read.quad is None:
        return None
    grid = Warp.from_quad(item.read.quad, modules) if own else grader.grid(item.read.quad, expected)
    return _Match(package, grid, expected)


def with_bar_grade(
    reading: PageReading, batch: BatchLabels, item: PageSymbol, calibration: Calibration | None = None
) -> PageSymbol:
    """A match whose bars are the package's, with their grade."""
    diagnosis, quad = item.diagnosis, item.read.quad
    if not diagnosis or not diagnosis.matches or not quad:
        return item
    frame = reading.frame
    label_file = frame.label_file if frame else next(reversed(batch.label_files), None)
    width_mm = label_file.symbol_boxes[0][2] if label_file else None
    text = item.read.data.decode("ascii", "replace")
    return replace(item, grade=PageGrader(reading.page, frame, None, calibration).grade_code_128(quad, text, width_mm))
