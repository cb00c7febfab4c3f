"""Reports on our grades and a verifier's, by the name of their file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import write_atomically
from bss_mfg.report.comparison_data import comparison_csv, comparison_json
from bss_mfg.report.comparison_html import GENERATOR, comparison_html
from bss_mfg.report.comparison_pdf import comparison_pdf
from bss_mfg.report.html_report import is_page_of
from bss_mfg.report.report_place import check_report_place
from bss_mfg.verifier_data.comparison import Comparison

SUFFIXES = (".html", ".pdf", ".csv", ".json")


def check_comparison_file(path: Path) -> None:
    """Refuse a report that could not be written later: `InputError` for a name of no known kind or a folder that is not
    there, `RefusedError` for a file that is in the way. An earlier HTML report of this kind is replaced."""
    check_report_place(path, SUFFIXES, lambda earlier: is_page_of(earlier, GENERATOR))


def write_comparison(comparison: Comparison, path: Path, made_at: str, version: str) -> None:
    """Put a report in place, whole or not at all."""
    write_atomically(path, _blocks(comparison, path, made_at, version), replace=is_page_of(path, GENERATOR))


def _blocks(comparison: Comparison, path: Path, made_at: str, version: str) -> Iterator[bytes]:
    kind = path.suffix.lower()
    if kind == ".pdf":
        return comparison_pdf(comparison, made_at, version)
    if kind == ".csv":
        return comparison_csv(comparison)
    if kind == ".json":
        return comparison_json(comparison)
    return comparison_html(comparison, made_at, version)
