"""What became of one kind of file: differences and notes, of which the first are kept and all are counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.text import listing, printable, printable_name


class FileKind(StrEnum):
    """The kinds of files that are compared with the ledger."""

    PROGRAMMING = "programming"
    LABELS = "labels"
    CONTROL_LOGS = "control logs"
    FLASHED = "flashed"
    """No files: what flashers reported, of a batch of which they reported something."""
    DEVICES = "devices"
    """No files: what checks on air found, of a batch that asks for them."""


MOST_KEPT = 10_000
"""Differences, notes and files of a kind that are kept; any further ones are counted only."""
SERIALS_NAMED = 5
"""Serials that a note names."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in which a file differs from the ledger. `unit` is a serial, or those of a package; empty, with no
    `package`, where the file as a whole differs. `what` says it, for people."""

    kind: FileKind
    unit: str
    package: int | None
    file: str
    what: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know of a file that is no difference; `file` is empty for all of a kind."""

    kind: FileKind
    file: str
    what: str


def new_capped_list() -> CappedList[Any]:
    """An empty list of differences, notes or files."""
    return CappedList(MOST_KEPT)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of one kind: the files that were read, and how many units (of labels: packages) were compared."""

    kind: FileKind
    files: CappedList[str]
    compared: int
    differences: CappedList[Difference]
    notes: CappedList[Note]


class SerialSummary:
    """How many serials there were, and the first `most` of them, as people write them; `of` says how many there are
    where only the first are given."""

    def __init__(self, serials: Iterable[str] = (), most: int = SERIALS_NAMED, of: int = 0) -> None:
        self._first: CappedList[str] = CappedList(most)
        for serial in serials:
            self.add(serial)
        self._of = of

    @property
    def count(self) -> int:
        """How many there were."""
        return self._of or self._first.total

    def add(self, serial: str) -> None:
        """One more."""
        self._first.add(serial)

    def __str__(self) -> str:
        return listing([printable(serial, 60) for serial in self._first], total=self.count)


@dataclass(slots=True)
class ComparisonBuilder:
    """A comparison while it is being made."""

    kind: FileKind
    folder: Path
    files: CappedList[str] = field(default_factory=new_capped_list)
    differences: CappedList[Difference] = field(default_factory=new_capped_list)
    notes: CappedList[Note] = field(default_factory=new_capped_list)
    altered: bool = False
    """Whether a file is not the one that was written."""

    def relative_name(self, path: Path) -> str:
        """A file's path below the folder, harmless to show."""
        return printable_name(path.relative_to(self.folder).as_posix())

    def add_difference(self, what: str, path: Path | str = "", unit: str = "", package: int | None = None) -> None:
        """Keep a difference."""
        file = self.relative_name(path) if isinstance(path, Path) else path
        self.differences.add(Difference(self.kind, unit, package, file, what))

    def add_note(self, what: str, path: Path | str = "") -> None:
        """Keep something that is no difference."""
        self.notes.add(Note(self.kind, self.relative_name(path) if isinstance(path, Path) else path, what))

    def note_outdated(self, serials: SerialSummary, path: Path) -> None:
        """Note the units of a file that it shows as they were before a unit was scrapped or replaced."""
        if serials.count:
            self.add_note(f"outdated: says what was right before a unit was scrapped or replaced, of {serials}", path)

    def finish(self, compared: int) -> Comparison:
        """The finished comparison."""
        return Comparison(self.kind, self.files, compared, self.differences, self.notes)
