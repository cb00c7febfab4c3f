"""A device's test table by the name of its file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import already_exists_error, write_atomically
from bss_mfg.errors import InputError
from bss_mfg.report.device_sheet import DeviceSheet
from bss_mfg.report.device_sheet_data import device_sheet_document
from bss_mfg.report.device_sheet_html import GENERATOR, device_sheet_html
from bss_mfg.report.device_sheet_pdf import device_sheet_pdf
from bss_mfg.report.html_report import is_page_of

SUFFIXES = (".html", ".pdf", ".json")


def check_device_sheet_file(path: Path) -> None:
    """Refuse a report that could not be written later: `InputError` for a name of no known kind or a folder that is not
    there, `RefusedError` for a file that is in the way. An earlier HTML report of this kind is replaced."""
    if path.suffix.lower() not in SUFFIXES:
        way_out = f"Name a file that ends in {', '.join(SUFFIXES)}."
        raise InputError("is not a kind of report", where=path, way_out=way_out)
    if not path.parent.is_dir():
        raise InputError("its folder is not there", where=path, way_out="Make the folder first.")
    if path.exists() and not is_page_of(path, GENERATOR):
        raise already_exists_error(path)


def write_device_sheet(sheet: DeviceSheet, path: Path) -> None:
    """Put a report in place, whole or not at all."""
    write_atomically(path, _blocks(sheet, path.suffix.lower()), replace=is_page_of(path, GENERATOR))


def _blocks(sheet: DeviceSheet, suffix: str) -> Iterator[bytes]:
    if suffix == ".pdf":
        return device_sheet_pdf(sheet)
    if suffix == ".json":
        text = json.dumps(device_sheet_document(sheet), indent=2, ensure_ascii=False)
        return iter([text.encode("utf-8") + b"\n"])
    return device_sheet_html(sheet)
