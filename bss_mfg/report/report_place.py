"""Where a report may go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bss_mfg.core.files import already_exists_error
from bss_mfg.errors import InputError


def check_report_place(path: Path, suffixes: Sequence[str], is_earlier: Callable[[Path], bool]) -> None:
    """Refuse a report that could not be written later: `InputError` for a name of no known kind or a folder that is not
    there, `RefusedError` for a file that is in the way. One that is an earlier report of the kind is replaced."""
    if path.suffix.lower() not in suffixes:
        way_out = f"Name a file that ends in {', '.join(suffixes)}."
        raise InputError("is not a kind of report", where=path, way_out=way_out)
    if not path.parent.is_dir():
        raise InputError("its folder is not there", where=path, way_out="Make the folder first.")
    if path.exists() and not is_earlier(path):
        raise already_exists_error(path)
