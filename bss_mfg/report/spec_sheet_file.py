"""The sheet that explains a spec, by the name of its file."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.core.files import already_exists_error, write_atomically
from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.errors import BssError, InputError
from bss_mfg.report.spec_sheet import SpecSheet
from bss_mfg.report.spec_sheet_html import GENERATOR, spec_sheet_html
from bss_mfg.report.spec_sheet_pdf import spec_sheet_pdf

SUFFIXES = (".html", ".pdf")


def check_sheet_file(path: Path) -> None:
    """Refuse a sheet that could not be written later: `InputError` for a name of no known kind or a folder that is not
    there, `RefusedError` for a file that is in the way. An earlier HTML sheet is replaced."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            "is not a kind of sheet", where=path, way_out=f"Name a file that ends in {' or '.join(SUFFIXES)}."
        )
    if not path.parent.is_dir():
        raise InputError("its folder is not there", where=path, way_out="Make the folder first.")
    if path.exists() and not _is_earlier(path):
        raise already_exists_error(path)


def write_sheet(sheet: SpecSheet, path: Path, version: str) -> None:
    """Put a sheet in place, whole or not at all."""
    make = spec_sheet_pdf if path.suffix.lower() == ".pdf" else spec_sheet_html
    write_atomically(path, make(sheet, version), replace=_is_earlier(path))


def _is_earlier(path: Path) -> bool:
    try:
        with open_to_read(path, "sheet") as file:
            return f'content="{GENERATOR}"'.encode() in file.read(1000)
    except (OSError, BssError):
        return False
