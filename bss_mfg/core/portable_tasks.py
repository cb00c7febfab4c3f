"""Tasks for machines that share no disk with this one: what a task names by its path travels beside it.

A task is pickled here. Each thing in it that means something on this machine only (a file, a ledger) is replaced by a
`Part`; whoever runs the task gets the part's bytes, puts them into a folder of its own, and unpickles the task with
what `Part.restore` makes of them there.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bss_mfg.core.files import make_folder, write_atomically


class NeverLeaves:
    """A task, or what is in one, that holds a secret: it is run on this machine, whatever the executor."""

    __slots__ = ()


class StaysHereError(Exception):
    """A task can't travel: it holds a secret, or names what can't be read here."""


@dataclass(frozen=True, slots=True)
class Part:
    """What travels beside a task: bytes, by their SHA-256; the `name` of the file they become and when that was changed
    (seconds since 1970); `is_folder`: they are a ZIP, to be a folder. `restore` makes of the path there what stands in
    the task."""

    sha256: str
    name: str
    restore: Callable[[Path], object]
    changed_at: float = 0.0
    is_folder: bool = False
    stays: bool = False
    """Many tasks name it: it stays where it was put, for the next one."""


class PartSource(Protocol):
    """Knows what in a task means something on this machine only."""

    def part_of(self, thing: object) -> Part | None:
        """What travels in the place of a thing; None where it travels itself. `StaysHereError` where nothing can."""

    def read(self, part: Part) -> bytes:
        """The bytes of a part that was given before."""


@dataclass(frozen=True, slots=True)
class PackedCall:
    """A call that can be made anywhere, given the bytes of its parts."""

    pickled: bytes
    parts: tuple[Part, ...]


def pack(function: Callable[..., Any], arguments: tuple[Any, ...], source: PartSource) -> PackedCall:
    """A call as it travels; `StaysHereError` where it must not, or can't."""
    file = io.BytesIO()
    pickler = _Pickler(file, source)
    pickler.dump((function, arguments))
    return PackedCall(file.getvalue(), tuple(pickler.parts))


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, source: PartSource) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._source = source
        self.parts: list[Part] = []

    def persistent_id(self, obj: Any) -> int | None:
        """Asked by pickle for every object: the number of the part that travels in its place."""
        if isinstance(obj, NeverLeaves):
            raise StaysHereError
        part = self._source.part_of(obj)
        if part is None:
            return None
        if part not in self.parts:
            self.parts.append(part)
        return self.parts.index(part)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, things: Sequence[object]) -> None:
        super().__init__(file)
        self._things = things

    def persistent_load(self, pid: Any) -> object:
        """What stands in the task where a part travelled."""
        return self._things[pid]


def run_packed(call: PackedCall, places: Sequence[Path]) -> Any:
    """Make a call; `places` are the paths of its parts."""
    things = [part.restore(place) for part, place in zip(call.parts, places, strict=True)]
    function, arguments = _Unpickler(io.BytesIO(call.pickled), things).load()
    return function(*arguments)


def pickled_result(call: PackedCall, places: Sequence[Path]) -> bytes:
    """What a call gives, pickled once: on its way back nobody but the last has to open it."""
    return pickle.dumps(run_packed(call, places), pickle.HIGHEST_PROTOCOL)


def put_part(part: Part, data: bytes, folder: Path) -> Path:
    """Put a part's bytes into a new folder; the path of what they are."""
    place = folder / part.sha256[:32] / part.name
    if part.is_folder:
        make_folder(place)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                make_folder((place / name).parent)
                write_atomically(place / name, [archive.read(name)])
    else:
        make_folder(place.parent)
        write_atomically(place, [data], replace=True)
        os.utime(place, (part.changed_at, part.changed_at))
    return place


def zip_files(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Files by name, as a ZIP: the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def sha256(data: bytes) -> str:
    """The SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()
