"""Paths out of files that others wrote: only what lies inside the folder of the file that names them."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from bss_mfg.core.text import printable_name
from bss_mfg.core.windows_names import trouble_on_windows
from bss_mfg.errors import InputError, Location


def is_plain_name(name: str) -> bool:
    """Whether a text is the name of one file on every system: no folder, no drive, not `.` or `..`, no control
    characters, nothing that Windows can't have."""
    return name not in ("", ".", "..") and name.isprintable() and not trouble_on_windows(name)


def path_inside(folder: Path, name: str, what: str, where: Location | Path | str) -> Path:
    """The path of a file that a file in `folder` names, at `where`; `what` it is.

    `InputError` where the name is absolute, climbs with `..`, or leads out of the folder by a symbolic link. The file
    need not be there.
    """
    parts = name.split("/")
    path = folder / name
    if not all(map(is_plain_name, parts)):
        problem = "is not a plain name, or names in the same folder joined by /"
        if len(parts) == 1 and (trouble := trouble_on_windows(name)) and "\\" not in name and ":" not in name:
            problem = trouble
    elif not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        problem = "leads out of its folder by a symbolic link"
    else:
        return path
    raise InputError(
        f"the {what} '{printable_name(name[:80])}' {problem}",
        where=where,
        way_out="Nothing outside of that folder is read or written. Put the file there and give its name only.",
    )


def existing_path_inside(folder: Path, name: str, what: str, where: Location | Path | str) -> Path:
    """As `path_inside`, for a file that is read: the name under which it lies there.

    An umlaut can be written as one character or as a letter with a mark (NFC or NFD of Unicode Annex 15), and systems
    differ in which of them they keep: either finds the file. A file that is not there keeps the name as it was given.
    """
    path = path_inside(folder, name, what, where)
    if path.exists() or name.isascii():
        return path
    found = folder
    for part in name.split("/"):
        found /= _as_stored(found, part)
    # What was found could be another symbolic link than what was checked.
    return path_inside(folder, found.relative_to(folder).as_posix(), what, where)


def _as_stored(folder: Path, name: str) -> str:
    """The entry of a folder that is the same name as this one but for the normal form; the name itself if none is."""
    try:
        entries = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return name
    if name in entries:
        return name
    composed = unicodedata.normalize("NFC", name)
    return next((entry for entry in entries if unicodedata.normalize("NFC", entry) == composed), name)
