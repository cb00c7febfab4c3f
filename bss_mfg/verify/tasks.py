"""A part of a verification, and what a process makes of it: a file opened, some pages read, pictures taken.

Pure but for reading the file and the ledger, and fit for another process: a decoder may crash or hang on a hostile
picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import read_bytes
from bss_mfg.core.processes import TaskFailure
from bss_mfg.errors import BssError, InputError
from bss_mfg.imaging.frame import Box
from bss_mfg.imaging.grid import Quad
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.shots import Shot, shot
from bss_mfg.imaging.sources import MOST_OCTETS, Source, source_of
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import LabelFile
from bss_mfg.verify.findings import ScannedPage
from bss_mfg.verify.page import PageReader, failed
from bss_mfg.verify.request import Wish


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file is: digest, number of pages, and the printed part that it is byte for byte."""

    sha256: str
    pages: int
    part: LabelFile | None


@dataclass(frozen=True, slots=True)
class Look:
    """A part of a verification: some pages of a file, or the places of `boxes` on the one page of which pictures are
    wanted. `part` is the printed part that the file is byte for byte."""

    wish: Wish
    path: Path
    pages: tuple[int, ...] = ()
    part: LabelFile | None = None
    boxes: tuple[tuple[Box, Quad | None, int], ...] = ()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Source, str]]:
    """A file, open, and the SHA-256 of just these octets."""
    data = read_bytes(path, "file to verify", MOST_OCTETS)
    with source_of(data, path) as source:
        yield source, hashlib.sha256(data).hexdigest()


def open_file(look: Look) -> Opened | TaskFailure:
    """What a file is; `Failed` where it is refused."""
    try:
        with _opened(look.path) as (source, digest), Ledger.open(look.wish.ledger, look.wish.who) as ledger:
            part = ledger.printed_as(look.wish.batch, digest)
            return Opened(digest, source.pages, part if part and part.each == "package" else None)
    except BssError as error:
        return failed(error)


def read_pages(look: Look) -> list[ScannedPage | TaskFailure]:
    """What stands on some pages: drawn, read, placed, diagnosed, graded."""
    try:
        with (
            _opened(look.path) as (source, digest),
            Ledger.open(look.wish.ledger, look.wish.who) as ledger,
            SecondReader.lazily() as second,
        ):
            if look.part and look.part.sha256 != digest:
                # Only the places of what the ledger remembers would be looked at.
                raise InputError("was changed while it was read", where=str(look.path), way_out="Verify it again.")
            reader = PageReader(ledger, look.wish, look.part, second)
            if look.part:
                reader.expect(look.part, look.pages)
            return [reader.read(source, number) for number in look.pages]
    except BssError as error:
        return [failed(error)] * len(look.pages)


def take_shots(look: Look) -> tuple[Shot | None, ...]:
    """Pictures of some places on a page."""
    try:
        with _opened(look.path) as (source, _):
            grey = source.page(look.pages[0], look.part.symbol_boxes if look.part else ()).grey
            return tuple(shot(grey, *item) for item in look.boxes)
    except BssError:
        return (None,) * len(look.boxes)
