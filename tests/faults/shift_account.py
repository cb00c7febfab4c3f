"""What the desks of a shift did, by their own word: each writes a line before it acts and one when it knows how that
ended, in a file of its own that only grows. Nothing in it comes from the ledger, which is compared with it."""

from __future__ import annotations

import json
import os
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[Any, ...]
"""What is done, and with what: ("scan", "B001", 7)."""
Box = tuple[str, int]
"""A package: its batch and number."""
Serials = Sequence[str]
"""The units in a box."""
ASKED, DONE = "asked", "done"
BY_EACH = ("last call", "all claimed")
"""What each desk of a kind does for itself."""


def chance(serial: str, what: str) -> int:
    """A number from 0 to 999 that a unit has by chance, and always the same."""
    return zlib.crc32(f"{what} {serial}".encode()) % 1000


def flashes(serial: str) -> bool:
    """Whether a unit passes its test when it is flashed."""
    return chance(serial, "flash") >= 12


def is_mended(serial: str) -> bool:
    """Whether a unit that did not pass passes when it is flashed again."""
    return not flashes(serial) and chance(serial, "again") < 400


def is_dropped(serials: Serials) -> bool:
    """Whether a box is dropped after its label was read."""
    return chance(serials[0], "drop") < 8


def to_scrap(serials: Serials) -> list[str]:
    """The units of a box that are scrapped: all that were dropped, or those that never pass."""
    return list(serials) if is_dropped(serials) else fail_for_good(serials)


def fail_for_good(serials: Serials) -> list[str]:
    """The units of a box that don't pass, flashed however often."""
    return [serial for serial in serials if not flashes(serial) and not is_mended(serial)]


def comes_back(serials: Serials) -> bool:
    """Whether a customer sends a box back, once."""
    return chance(serials[0], "return") < 20


@dataclass(frozen=True)
class Note:
    """A line of a desk: what it is about to do, or did."""

    desk: str
    state: str
    key: Key
    facts: dict[str, Any]


class Notebook:
    """Where a desk writes. A line is written at once, so who is killed leaves whole lines."""

    def __init__(self, folder: Path, desk: str) -> None:
        self._file = os.open(folder / f"{desk}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, state: str, key: Key, **facts: object) -> None:
        os.write(self._file, f"{json.dumps([state, key, facts])}\n".encode())


class Reader:
    """Reads what desks have written since it was asked last."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder, self._kind = folder, kind
        self._offsets: dict[Path, int] = {}

    def new(self) -> Iterator[Note]:
        for path in sorted(self._folder.glob(f"{self._kind}-*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._offsets[path] = self._offsets.get(path, 0) + len(whole)
            for line in whole.splitlines():
                state, key, facts = json.loads(line)
                yield Note(path.stem, state, tuple(key), facts)


@dataclass
class Account:
    """All that the desks of a shift say."""

    asked: Counter[Key] = field(default_factory=Counter)
    done: dict[Key, Note] = field(default_factory=dict)
    in_order: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    """By desk, what it did, each once."""
    troubles: int = 0
    """How often a desk was told that the ledger is busy or gone."""

    def add(self, note: Note) -> None:
        if note.state == ASKED:
            self.asked[note.key] += 1
        elif note.state == DONE:
            assert note.key not in self.done or note.key[0] in BY_EACH, f"{note.key} was done twice"
            self.done[note.key] = note
            self.in_order[note.desk].append(note.key)
        else:
            self.troubles += 1

    def of(self, act: str) -> dict[Key, Note]:
        """What was done of a kind, by the rest of its key."""
        return {key[1:]: note for key, note in self.done.items() if key[0] == act}

    def boxes(self, act: str) -> set[Box]:
        """The boxes with which something was done."""
        return {(key[0], key[1]) for key in self.of(act)}

    @property
    def serials(self) -> dict[Box, Serials]:
        """What stands on each label that was read."""
        return {(key[0], key[1]): note.facts["serials"] for key, note in self.of("scan").items()}

    @property
    def failing(self) -> set[Box]:
        """The boxes that a table must refuse: with units that never pass, and were not dropped."""
        return {box for box, some in self.serials.items() if not is_dropped(some) and fail_for_good(some)}

    @property
    def coming_back(self) -> set[Box]:
        """The boxes that customers send back."""
        serials = self.serials
        return {box for box in self.boxes("pack") if box in serials and comes_back(serials[box])}

    @property
    def flashed(self) -> dict[str, str]:
        """The Device UUID of each unit that was in a sealed file, by its serial."""
        return {serial: uuid for note in self.of("flash").values() for serial, uuid in note.facts["units"]}

    @property
    def summary(self) -> dict[str, int]:
        """How often each act was done."""
        return {**Counter(key[0] for key in self.done), "asked again": self.asked.total() - len(self.asked)}

    @property
    def open(self) -> set[Key]:
        """What a desk was about to do and never said how it ended."""
        return set(self.asked) - set(self.done)

    def pallets(self, table: str, carton_size: int, pallet_size: int) -> list[list[list[Box]]]:
        """The cartons on each pallet of a table, in its order."""
        made: list[list[list[Box]]] = [[]]
        boxes: list[Box] = []
        for key in self.in_order[table]:
            if key[0] == "pack":
                boxes.append((key[1], key[2]))
            if boxes and (len(boxes) == carton_size or key[0] == "last call"):
                made[-1].append(boxes)
                boxes = []
            if len(made[-1]) == pallet_size or (key[0] == "last call" and made[-1]):
                made.append([])
        return [pallet for pallet in made if pallet]
