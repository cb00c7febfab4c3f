"""Folders, and the names in them: files that move, names that are free, no empty folder left behind."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import already_exists_error, make_folder, move_exclusively, remove_file, sha256_of, sync_folder
from bss_mfg.errors import InputError, RefusedError, from_os_error

_log = logging.getLogger(__name__)


def move_into(path: Path, folder: Path) -> Path:
    """Move a file into a folder, which is made, with a number behind its name where that is taken by another file; the
    new path. Never overwrites; a kill leaves the file under its old name, its new one, or both."""
    make_folder(folder)
    number = 0
    while True:
        target = folder / f"{path.stem}{f'-{number}' if number else ''}{path.suffix}"
        try:
            if not target.exists():
                move_exclusively(path, target)
            elif sha256_of(target) != sha256_of(path):
                number += 1
                continue
            remove_file(path)  # where the move was a second name
            sync_folder(folder)
            sync_folder(path.parent)
            _log.info("moved %s to %s", path, target)
        except RefusedError:
            continue  # somebody took the name just now
        except OSError as error:
            raise from_os_error(error, "moving", path) from error
        return target


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[None]:
    """A folder (0700) to write into, made with its parents. Where the work inside fails before anything lies in it, it
    is taken away again."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    make_folder(path)
    try:
        yield
    except BaseException:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def is_named_so(path: Path) -> bool:
    """Whether a file is there under exactly this name: Windows and macOS find it in another case as well, and what is
    called by its file would have two names."""
    return path.is_file() and any(entry.name == path.name for entry in path.parent.iterdir())


def require_parent_folder(path: Path) -> None:
    """`InputError` where the folder above a path is not there: a stick that is not mounted, a typing error."""
    if not path.absolute().parent.is_dir():
        raise InputError(
            "is not there",
            where=path.absolute().parent,
            way_out="Mount the drive or correct the path; a folder that is wanted there is made with mkdir.",
        )


def require_free_name(path: Path) -> Path:
    """`path` if no file of its folder has that name, nor one that differs in upper and lower case only: Windows and
    macOS take the two for one. `RefusedError` else."""
    if path.exists():
        raise already_exists_error(path)
    if path.parent.is_dir():
        twins = [other.name for other in path.parent.iterdir() if other.name.casefold() == path.name.casefold()]
        if twins:
            raise RefusedError(
                f"would differ from {twins[0]} in upper and lower case only",
                where=path,
                way_out="On Windows and macOS the two are one file. Choose another name.",
            )
    return path


def written_at(path: Path) -> float:
    """When a file was written last, in seconds since 1970."""
    try:
        return path.stat().st_mtime
    except OSError as error:
        raise from_os_error(error, "reading", path) from error
