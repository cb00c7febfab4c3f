"""Files that came with a record, compared with what it says of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from bss_mfg.core.files_to_read import open_to_read


class FileFault(StrEnum):
    """What is wrong with a file."""

    CHANGED = "changed"
    MOVED = "moved"
    MISSING = "missing"


def compare_files(folder: Path, subjects: Sequence[tuple[str, str]]) -> Iterator[tuple[FileFault, str, str]]:
    """Look for each (name, SHA-256) anywhere below a folder: what is wrong, the file's name, and that in words."""
    found = [(path.name, str(path.relative_to(folder)), _sha256(path)) for path in _files(folder)]
    by_name: dict[str, list[str]] = {}
    by_digest: dict[str, str] = {}
    for name, place, digest in found:
        by_name.setdefault(name, []).append(digest)
        by_digest.setdefault(digest, place)
    for name, digest in subjects:
        if digest in by_name.get(name, ()):
            continue
        if elsewhere := by_digest.get(digest):
            yield FileFault.MOVED, name, f"{name} was recorded, and lies here as {elsewhere}"
        elif name in by_name:
            yield FileFault.CHANGED, name, f"{name} isn't the file that was recorded"
        else:
            yield FileFault.MISSING, name, f"{name} was recorded, and isn't here"


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder; links aren't followed."""
    for top, folders, names in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(names) if not (path := Path(top) / name).is_symlink() and path.is_file())


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with open_to_read(path, "file") as file:
        while piece := file.read(1 << 20):
            found.update(piece)
    return found.hexdigest()
