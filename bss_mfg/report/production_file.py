"""Reports of a shift and of yields as files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.files import already_exists_error, write_atomically
from bss_mfg.errors import InputError
from bss_mfg.production.records import ShiftReport, YieldReport
from bss_mfg.report.html_report import is_page_of
from bss_mfg.report.production_data import production_csv
from bss_mfg.report.production_html import GENERATOR, production_html
from bss_mfg.report.production_pdf import production_pdf
from bss_mfg.report.production_sheet import ProductionSheet, shift_sheet, yield_sheet

ReportKind = Literal["csv", "html", "pdf"]


@dataclass(frozen=True, slots=True)
class MadeBy:
    """When a report is made (as it is printed), and by which version."""

    at: str
    version: str


def sheet_of(report: ShiftReport | YieldReport, zone: TimeZone) -> ProductionSheet:
    """The sheet of a report."""
    return shift_sheet(report, zone) if isinstance(report, ShiftReport) else yield_sheet(report, zone)


def check_production_file(path: Path) -> None:
    """Refuse a file that could not be written later: `InputError` for a folder that is not there, `RefusedError` for a
    file that is in the way. An earlier HTML report of this kind is replaced."""
    if not path.parent.is_dir():
        raise InputError("its folder is not there", where=path, way_out="Make the folder first.")
    if path.exists() and not is_page_of(path, GENERATOR):
        raise already_exists_error(path)


def write_production(
    report: ShiftReport | YieldReport, path: Path, kind: ReportKind, zone: TimeZone, made: MadeBy
) -> None:
    """Put a report in place, whole or not at all."""
    write_atomically(path, _blocks(report, kind, zone, made), replace=is_page_of(path, GENERATOR))


def _blocks(report: ShiftReport | YieldReport, kind: ReportKind, zone: TimeZone, made: MadeBy) -> Iterator[bytes]:
    if kind == "csv":
        return production_csv(report)
    sheet = sheet_of(report, zone)
    return (production_pdf if kind == "pdf" else production_html)(sheet, made.at, made.version)
