"""What lies in a folder of pictures: the files to read, and those that an operating system leaves there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.text import count_words, printable_name
from bss_mfg.errors import from_os_error
from bss_mfg.imaging.sources import SUFFIXES

_SYSTEM_NAMES = frozenset(
    ("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", ".ds_store", ".picasa.ini", ".directory")
)
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files of a folder that are read, in name order, and those that are passed over, though somebody may wonder:
    an operating system's own, hidden ones, and what has a picture's name and is no file. Others, as texts and tables,
    are in neither."""

    readable: tuple[Path, ...]
    passed_over: tuple[Path, ...]


def is_system_file(path: Path) -> bool:
    """Whether a file is an operating system's own, by its name: macOS keeps what other disks can't hold of `x.jpg` in
    `._x.jpg`, which is no picture."""
    return path.name.startswith("._") or path.name.lower() in _SYSTEM_NAMES


def list_folder(folder: Path) -> FolderFiles:
    """What lies in a folder; `InputError` where it can't be looked into."""
    readable: list[Path] = []
    passed_over: list[Path] = []
    try:
        for path in folder.iterdir():
            is_picture = path.suffix.lower() in SUFFIXES
            hidden = path.name.startswith(".")
            if is_picture and not hidden and path.is_file():
                readable.append(path)
            elif is_system_file(path) or (is_picture and (hidden or not path.is_dir())):
                passed_over.append(path)
    except OSError as error:
        raise from_os_error(error, "looking for pictures", folder) from error
    return FolderFiles(tuple(sorted(readable)), tuple(sorted(passed_over)))


def passed_over_words(paths: Sequence[Path]) -> str:
    """What was passed over, in words."""
    names = [printable_name(path.name) for path in paths[:_SHOWN]]
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"passed over {count_words(len(paths), 'file')} of the system, or hidden: {', '.join(names)}{more}"
