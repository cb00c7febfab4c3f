"""Reports on our grades and a verifier's, by the name of their file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import already_exists_error, write_atomically
from bss_mfg.errors import InputError
from bss_mfg.report.comparison_data import comparison_csv, comparison_json
from bss_mfg.report.comparison_html import GENERATOR, comparison_html
from bss_mfg.report.comparison_pdf import comparison_pdf
from bss_mfg.report.html_report import is_page_of
from bss_mfg.verifier_data.comparison import Comparison

SUFFIXES = (".html", ".pdf", ".csv", ".json")


def check_comparison_file(path: Path) -> None:
    """Refuse a report that could not be written later: `InputError` for a name of no known kind or a folder that is not
    there, `RefusedError` for a file that is in the way. An earlier HTML report of this kind is replaced."""
    if path.suffix.lower() not in SUFFIXES:
        way_out = f"Name a file that ends in {', '.join(SUFFIXES)}."
        raise InputError("is not a kind of report", where=path, way_out=way_out)
    if not path.parent.is_dir():
        raise InputError("its folder is not there", where=path, way_out="Make the folder first.")
    if path.exists() and not is_page_of(path, GENERATOR):
        raise already_exists_error(path)


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
