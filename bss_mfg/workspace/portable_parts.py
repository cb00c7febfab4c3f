"""What tasks of a workspace name, as it travels to machines that share no disk: files, the ledger, what draws labels.

No key travels. A ledger in a file goes as a copy without what is sealed; one on a server is asked by the
workers themselves, as the same user.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import iter_files, read_bytes
from bss_mfg.core.portable_tasks import Part, StaysHereError, sha256, zip_files
from bss_mfg.errors import BssError, InputError
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.reading_copy import reading_copy
from bss_mfg.workspace.finding import CONFIG

_DRAWING_FOLDERS = ("templates", "printers")
_MOST_BYTES = 1 << 31


class WorkspaceParts:
    """The parts of a workspace's tasks. With `batch` tasks get that much of the ledger alone: enough to draw labels,
    not to tell what a label of another batch is."""

    def __init__(self, batch: str = "") -> None:
        self._batch = batch
        self._kept: dict[object, Part] = {}
        self._data: dict[str, bytes] = {}
        """Of what all tasks name."""
        self._files: dict[tuple[Path, int, int], Part] = {}
        self._paths: dict[str, Path] = {}

    def part_of(self, thing: object) -> Part | None:
        """What travels in the place of a thing."""
        if isinstance(thing, LedgerPlace):
            return None if thing.url else self._keep(thing)
        if isinstance(thing, Path):
            return self._keep(thing) if (thing / CONFIG).is_file() else self._file(thing)
        return None

    def read(self, part: Part) -> bytes:
        """The bytes of a part that was given before; `InputError` where the file was changed since."""
        if part.sha256 in self._data:
            return self._data[part.sha256]
        path = self._paths[part.sha256]
        data = read_bytes(path, "file", _MOST_BYTES)
        if sha256(data) != part.sha256:
            raise InputError("was changed while it was read", where=path, way_out="Run the command again.")
        return data

    def _keep(self, thing: LedgerPlace | Path) -> Part:
        """A part that stays as it is for the whole run: the ledger as it was at its first task, the workspace."""
        if thing not in self._kept:
            if isinstance(thing, LedgerPlace):
                data = reading_copy(thing.file, self._batch)
                part = Part(sha256(data), thing.name, LedgerPlace.of_file, stays=True)
            else:
                data = zip_files(_drawing_files(thing))
                part = Part(sha256(data), "workspace", Path, is_folder=True, stays=True)
            self._kept[thing], self._data[part.sha256] = part, data
        return self._kept[thing]

    def _file(self, path: Path) -> Part:
        try:
            found = path.stat()
            key = (path, found.st_mtime_ns, found.st_size)
            if key not in self._files:
                part = Part(sha256(read_bytes(path, "file", _MOST_BYTES)), path.name, Path, found.st_mtime)
                self._files[key], self._paths[part.sha256] = part, path
        except (BssError, OSError):
            raise StaysHereError from None  # a process of this machine says what is wrong with it
        return self._files[key]


def _drawing_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """The files that decide how labels look, by their names in the workspace."""
    yield CONFIG, read_bytes(root / CONFIG, "workspace settings")
    for name in _DRAWING_FOLDERS:
        for path in iter_files(root / name):
            yield path.relative_to(root).as_posix(), read_bytes(path, "file")
