"""A device's test table by the name of its file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import write_atomically
from bss_mfg.report.device_sheet import DeviceSheet
from bss_mfg.report.device_sheet_data import device_sheet_document
from bss_mfg.report.device_sheet_html import GENERATOR, device_sheet_html
from bss_mfg.report.device_sheet_pdf import device_sheet_pdf
from bss_mfg.report.html_report import is_page_of
from bss_mfg.report.report_place import check_report_place

SUFFIXES = (".html", ".pdf", ".json")


def check_device_sheet_file(path: Path) -> None:
    """Refuse a report that could not be written later: `InputError` for a name of no known kind or a folder that is not
    there, `RefusedError` for a file that is in the way. An earlier HTML report of this kind is replaced."""
    check_report_place(path, SUFFIXES, lambda earlier: is_page_of(earlier, GENERATOR))


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
