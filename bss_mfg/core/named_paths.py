"""Paths out of files that others wrote: only what lies inside the folder of the file that names them."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

from bss_mfg.errors import InputError, Location


def is_plain_name(name: str) -> bool:
    """Whether a text is the name of one file: no folder, no drive, not `.` or `..`, no control characters."""
    return PureWindowsPath(name).name == name and name not in ("", ".", "..") and ":" not in name and name.isprintable()


def path_inside(folder: Path, name: str, what: str, where: Location | Path | str) -> Path:
    """The path of a file that a file in `folder` names, at `where`; `what` it is.

    `InputError` where the name is absolute, climbs with `..`, or leads out of the folder by a symbolic link. The file
    need not be there.
    """
    parts = name.split("/")
    path = folder / name
    if not all(map(is_plain_name, parts)):
        problem = "is not a plain name, or names in the same folder joined by /"
    elif not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        problem = "leads out of its folder by a symbolic link"
    else:
        return path
    raise InputError(
        f"the {what} {name[:80]!a} {problem}",
        where=where,
        way_out="Nothing outside of that folder is read or written. Put the file there and give its name only.",
    )
