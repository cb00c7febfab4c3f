"""A folder that a scanner drops files into: each file comes once, and only when it has been written to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bss_mfg.errors import InputError, from_os_error
from bss_mfg.verify.picture_folders import list_folder

POLL_SECONDS = 0.5
"""Time between two looks that find nothing; a file with the same size and time in two looks counts as complete. After a
look that found files the next follows at once."""


class _Stamp(NamedTuple):
    size: int
    saved_at: int


def new_files(folder: Path) -> Iterator[list[Path]]:
    """Files to read, at each look; an empty list where nothing new is there. Never ends by itself.

    The files that are there at the start come first, in the order in which they were saved. A file that is written
    again comes again.
    """
    if not folder.is_dir():
        raise InputError("is not a folder", where=folder, way_out="Name the folder that the scanner saves into.")
    before: dict[Path, _Stamp] = {}
    taken: dict[Path, _Stamp] = {}
    while True:
        now = _list_files(folder)
        ready = [path for path, stamp in now.items() if before.get(path) == stamp and taken.get(path) != stamp]
        ready.sort(key=lambda path: (now[path].saved_at, path))
        taken.update({path: now[path] for path in ready})
        before = now
        yield ready
        if not ready:
            time.sleep(POLL_SECONDS)


def _list_files(folder: Path) -> dict[Path, _Stamp]:
    found: dict[Path, _Stamp] = {}
    for path in list_folder(folder).readable:
        try:
            state = path.stat()
        except FileNotFoundError:  # gone since: moved on by someone
            continue
        except OSError as error:
            raise from_os_error(error, "looking for new scans", path) from error
        if state.st_size:
            found[path] = _Stamp(state.st_size, state.st_mtime_ns)
    return found
