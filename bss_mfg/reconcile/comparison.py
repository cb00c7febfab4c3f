"""What a kind of file was found to say: differences and notes, of which the first are kept and all are counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, TypeVar

from bss_mfg.core.text import printable, printable_name

FileKind = Literal["programming", "labels", "control logs"]
Item = TypeVar("Item")

MOST_KEPT = 10_000
"""Differences, notes and files of a kind that are kept; any further ones are counted only."""
SERIALS_NAMED = 5
"""Serials that a note names."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a file says otherwise than the ledger. `unit` is a serial, or those of a package; empty, with no
    `package`, where the file as a whole differs."""

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


class CappedList(Sequence[Item], Generic[Item]):
    """The first `MOST` of any number of items; `total` counts them all."""

    def __init__(self) -> None:
        self._kept: list[Item] = []
        self.total = 0

    def add(self, item: Item) -> None:
        """Count an item, and keep it if there is room."""
        self.total += 1
        if len(self._kept) < MOST_KEPT:
            self._kept.append(item)

    def extend(self, others: CappedList[Item]) -> None:
        """Add all of another's."""
        self._kept += others._kept[: MOST_KEPT - len(self._kept)]
        self.total += others.total

    def truncate(self, kept: int, total: int) -> None:
        """Forget what came after there were so many."""
        del self._kept[kept:]
        self.total = total

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, at):  # type: ignore[no-untyped-def]
        return self._kept[at]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of one kind: the files that were read, and how many units (of labels: packages) were compared."""

    kind: FileKind
    files: CappedList[str]
    compared: int
    differences: CappedList[Difference]
    notes: CappedList[Note]


class SerialSummary:
    """How many serials there were, and the first `most` of them, as people write them; `of` says how many where only
    the first are at hand."""

    def __init__(self, serials: Iterable[str] = (), most: int = SERIALS_NAMED, of: int = 0) -> None:
        self._first: list[str] = []
        self._most = most
        self.count = 0
        for serial in serials:
            self.add(serial)
        self.count = of or self.count

    def add(self, serial: str) -> None:
        """One more."""
        self.count += 1
        if len(self._first) < self._most:
            self._first.append(printable(serial, 60))

    def __str__(self) -> str:
        more = self.count - len(self._first)
        return ", ".join(self._first) + (f" and {more:,} more" if more else "")


@dataclass(slots=True)
class ComparisonBuilder:
    """An account while it is being made."""

    kind: FileKind
    folder: Path
    files: CappedList[str] = field(default_factory=CappedList)
    differences: CappedList[Difference] = field(default_factory=CappedList)
    notes: CappedList[Note] = field(default_factory=CappedList)
    altered: bool = False
    """Whether a file is not the one that was written."""

    def shown_name(self, path: Path) -> str:
        """A file's path below the folder, harmless to show."""
        return printable_name(path.relative_to(self.folder).as_posix())

    def add_difference(self, what: str, path: Path | str = "", unit: str = "", package: int | None = None) -> None:
        """Write down a difference."""
        file = self.shown_name(path) if isinstance(path, Path) else path
        self.differences.add(Difference(self.kind, unit, package, file, what))

    def add_note(self, what: str, path: Path | str = "") -> None:
        """Write down something that is no difference."""
        self.notes.add(Note(self.kind, self.shown_name(path) if isinstance(path, Path) else path, what))

    def note_outdated(self, serials: SerialSummary, path: Path) -> None:
        """Note the units of a file that stand there as they were before a unit was scrapped or replaced."""
        if serials.count:
            self.add_note(f"outdated: says what was right before a unit was scrapped or replaced, of {serials}", path)

    def finish(self, compared: int) -> Comparison:
        """The finished account."""
        return Comparison(self.kind, self.files, compared, self.differences, self.notes)
