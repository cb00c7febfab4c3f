"""The first of many: memory and messages stay bounded, the count stays right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar, overload

Item = TypeVar("Item")


class CappedList(Sequence[Item], Generic[Item]):
    """The first `limit` of any number of items, as a sequence; `total` counts them all."""

    def __init__(self, limit: int, items: Iterable[Item] = ()) -> None:
        self.limit = limit
        self.total = 0
        self._kept: list[Item] = []
        for item in items:
            self.add(item)

    def add(self, item: Item) -> None:
        """Count an item, and keep it if there is room."""
        self.total += 1
        if len(self._kept) < self.limit:
            self._kept.append(item)

    def extend(self, other: CappedList[Item]) -> None:
        """Add all of another's: those that it kept, and the number of all."""
        self._kept += other._kept[: max(self.limit - len(self._kept), 0)]
        self.total += other.total

    def truncate(self, length: int, total: int) -> None:
        """Forget what came after there were so many."""
        del self._kept[length:]
        self.total = total

    @property
    def omitted(self) -> int:
        """How many items were counted only."""
        return self.total - len(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, at: int) -> Item: ...

    @overload
    def __getitem__(self, at: slice) -> list[Item]: ...

    def __getitem__(self, at: int | slice) -> Item | list[Item]:
        return self._kept[at]
