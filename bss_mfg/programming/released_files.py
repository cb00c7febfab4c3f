"""Which files of a workspace are programming files of a batch: what the history proves, and what only looks so."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bss_mfg.core.files import iter_files, sha256_of
from bss_mfg.ledger.events import KeysReleased
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.programming.index import IndexedFile, ProgrammingIndex, find_indexes
from bss_mfg.programming.registry import formats
from bss_mfg.programming.release_place import SEALED_SUFFIX, is_sealed
from bss_mfg.workspace.vault_files import waiting_files
from bss_mfg.workspace.workspace import Workspace

_BEGINNINGS = {
    "csv": b"serial,uuid,oob_key",
    "jsonl": b'{"serial":"',
    "bin": b"",
    "hex": b":",
    "zephyr": b"bss/batch=",
    "zephyr-shell": b"settings write bss/",
    "esp-nvs": b"key,type,encoding,value",
    "c-header": b"Programming data of one Bluetooth Mesh device",
}
"""What stands near the beginning of each format's files; an image has nothing of its own."""


@dataclass(frozen=True, slots=True)
class DoubtfulFile:
    """A file that may be a programming file, and why that is not proven."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class FilesOnDisk:
    """Programming files in a workspace: `proven` ones with their SHA-256, and `doubtful` ones."""

    proven: dict[Path, str]
    doubtful: tuple[DoubtfulFile, ...]

    @property
    def paths(self) -> list[Path]:
        """All of them."""
        return sorted({*self.proven, *(one.path for one in self.doubtful)})


def find_released_files(workspace: Workspace, ledger: Ledger, batch: Batch) -> FilesOnDisk:
    """Programming files of a batch that are still somewhere in the workspace.

    Proven is a regular file whose SHA-256 the history has, or an index whose own SHA-256 the history has. Of a release
    before version 5 the history has no index: there a file counts whose SHA-256 stands in an index beside it, and
    whose name and beginning are those of the index's format. Of what the history proves, copies and renamed files are
    found by what they hold. No symbolic link is followed.
    """
    return _Search(workspace, ledger, batch).found()


class _Search:
    def __init__(self, workspace: Workspace, ledger: Ledger, batch: Batch) -> None:
        self._root = workspace.root
        self._kept = {workspace.vault_file, *waiting_files(workspace.vault_file), workspace.ledger_file}
        self._ledger, self._batch = ledger, batch
        self._releases: Sequence[KeysReleased] = tuple(ledger.releases.completed(batch.id))
        self._proven: dict[Path, str] = {}
        self._doubtful: dict[Path, str] = {}
        self._digests = {record.sha256 for record in self._releases if record.file and record.sha256}

    def found(self) -> FilesOnDisk:
        """The search."""
        self._by_history()
        for path, index in find_indexes(self._root, self._batch.id):
            if not path.is_symlink():
                self._by_index(path, index)
        self._by_content()
        self._by_open_releases()
        doubtful = [DoubtfulFile(path, why) for path, why in sorted(self._doubtful.items()) if path not in self._proven]
        return FilesOnDisk(self._proven, tuple(doubtful))

    def _by_history(self) -> None:
        """Files by name and SHA-256, wherever they were moved, and what lies where one was put."""
        known = {(record.file, record.sha256) for record in self._releases if record.file}
        names = {name for name, _ in known}
        for path in iter_files(self._root):
            if path.name in names and _is_regular(path):
                sha256 = sha256_of(path)
                if (path.name, sha256) in known:
                    self._proven[path] = sha256
                elif (path.name, None) in known:
                    self._doubt(path, "has the name of a programming file whose SHA-256 the history lacks")
        for record in self._releases:
            if record.file and record.path:
                self._doubt(Path(record.path), "lies where a programming file was put, and has another SHA-256")

    def _by_index(self, path: Path, index: ProgrammingIndex) -> None:
        own = sha256_of(path)
        known = any(record.index_sha256 == own for record in self._releases)
        # Before version 5 the history said nothing of an index: its word is taken for a file that looks right.
        older = any(
            record.intent is None and record.folder and record.format == index.programming_format
            for record in self._releases
        )
        if known:
            self._digests.update(item.sha256 for item in index.files)
        for item in index.files:
            file = path.with_name(item.file)
            if not _is_regular(file):
                self._doubt(file, f"is named by {path.name}, and is not a regular file")
            elif (sha256 := sha256_of(file)) != item.sha256:
                self._doubt(file, f"is not the file that {path.name} names: its SHA-256 differs")
            elif file not in self._kept and (known or (older and _looks_right(file, item, index))):
                self._proven[file] = sha256
            else:
                self._doubt(file, f"is named by {path.name}, which the history does not know")

    def _by_content(self) -> None:
        """Copies and renamed files: what begins as the released files do, and has a SHA-256 that the history proves."""
        forms = {record.format for record in self._releases if not record.sealed_to and record.format in _BEGINNINGS}
        begins: list[Callable[[Path], bool]] = [is_sealed, *(partial(_begins_as, form) for form in forms)]
        for path in iter_files(self._root):
            if path in self._proven or path in self._kept or not _is_regular(path):
                continue
            with contextlib.suppress(PermissionError, FileNotFoundError):  # another person's, or gone just now
                if any(looks(path) for looks in begins) and (sha256 := sha256_of(path)) in self._digests:
                    self._proven[path] = sha256

    def _by_open_releases(self) -> None:
        """What a release that was cut off may have put in place: the history has no SHA-256 of it."""
        for release in self._ledger.releases.open(self._batch.id):
            why = "belongs to a release that was not completed"
            target = release.target
            if target.each == "batch":
                self._doubt(target.path, why)
            elif target.path.is_dir() and target.path.is_relative_to(self._root):
                suffix = formats()[target.format].suffix + (SEALED_SUFFIX if target.sealed_to else "")
                files = [path for path in target.path.iterdir() if path.name.endswith(suffix)]
                serials = {path.name[: -len(suffix)]: path for path in files}
                for unit in self._ledger.units.find(self._batch.id, "serial", set(filter(str.isascii, serials))):
                    self._doubt(serials[unit.serial], why)

    def _doubt(self, path: Path, why: str) -> None:
        inside = path.is_relative_to(self._root)
        if inside and os.path.lexists(path) and not path.is_dir() and path not in self._proven:
            self._doubtful.setdefault(path, why)


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _looks_right(path: Path, item: IndexedFile, index: ProgrammingIndex) -> bool:
    """Whether a unit's file is called after its serial, and holds what files of its format begin with."""
    form = formats().get(index.programming_format)
    if form is None or item.serial is None:
        return False
    if index.sealed_to:
        return path.name == f"{item.serial}{form.suffix}{SEALED_SUFFIX}" and is_sealed(path)
    return path.name == f"{item.serial}{form.suffix}" and _begins_as(form.name, path)


def _begins_as(form: str, path: Path) -> bool:
    """Whether a file holds near its beginning what files of this format hold there."""
    with path.open("rb") as file:
        return _BEGINNINGS[form] in file.read(400)
