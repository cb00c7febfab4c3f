"""Reports by the name of their file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import write_atomically
from bss_mfg.core.languages import ENGLISH, Language
from bss_mfg.report.data_reports import csv_report, json_report
from bss_mfg.report.html_report import html_report, is_report
from bss_mfg.report.pdf_report import pdf_report
from bss_mfg.report.report_place import check_report_place
from bss_mfg.verify.outcome import Verification

SUFFIXES = (".html", ".pdf", ".csv", ".json")


def check_report(path: Path) -> None:
    """Refuse a report that could not be written later: a name of no known kind, or a file that is in the way.

    An HTML report of an earlier verification is replaced; anything else stays. Raises `InputError`, `RefusedError`.
    """
    check_report_place(path, SUFFIXES, is_report)


def write_report(
    outcome: Verification,
    path: Path,
    made_at: str,
    version: str,
    again: bool = False,
    language: Language = ENGLISH,
) -> None:
    """Put a report in place, whole or not at all; `again` where this run wrote it before. Pages speak the
    operators' language, JSON and CSV none."""
    write_atomically(path, _blocks(outcome, path, made_at, version, language), replace=again or is_report(path))


def _blocks(outcome: Verification, path: Path, made_at: str, version: str, language: Language) -> Iterator[bytes]:
    kind = path.suffix.lower()
    if kind == ".pdf":
        return pdf_report(outcome, made_at, version, language)
    if kind == ".csv":
        return csv_report(outcome)
    if kind == ".json":
        return json_report(outcome)
    return html_report(outcome, made_at, version, language)
