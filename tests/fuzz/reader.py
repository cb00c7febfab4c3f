"""What a reader of the hunt is: bytes in, a right answer or an error of ours out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.errors import InputError, ValueProblem

Read = Callable[[bytes, Path], None]
Seeds = tuple[bytes, ...]
NOWHERE = Path("/nowhere")


class WrongResultError(AssertionError):
    """A file was taken, and what was read of it is wrong: nothing told so."""


@dataclass(frozen=True, slots=True)
class FuzzedReader:
    """A reader: `read(data, folder)` reads the bytes, put into the empty folder where a file is needed. `structure` is
    what the mutators keep."""

    read: Read
    seeds: Callable[[], Seeds]
    structure: str = "bytes"


def told(read: Read) -> Read:
    """A reader whose caller makes an error of ours of each `ValueProblem`."""

    def reading(data: bytes, folder: Path) -> None:
        try:
            read(data, folder)
        except ValueProblem as problem:
            raise InputError(str(problem)) from None

    return reading


def file_of(folder: Path, name: str, data: bytes) -> Path:
    """The bytes as a file."""
    path = folder / name
    path.write_bytes(data)
    return path


def use_up(items: Iterable[object]) -> None:
    """Read to the end."""
    for _ in items:
        pass


def require(right: object, what: object) -> None:
    """`WrongResultError` where what was read is wrong."""
    if not right:
        raise WrongResultError(what)
