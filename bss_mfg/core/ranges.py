"""Numbers as ranges of consecutive ones (thousands of packages are a few ranges), and values in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Value = TypeVar("Value")

CHUNK = 500
"""Values that are asked for at once."""


def consecutive_ranges(numbers: Iterable[int]) -> Iterator[range]:
    """Numbers in their order as ranges of consecutive ones, each as soon as it ends; a `range` at once.

    A number that is not one more than the last begins a new range, so a repeated one does too.
    """
    if isinstance(numbers, range) and numbers.step == 1:
        if numbers:
            yield numbers
        return
    first = following = 0
    for number in numbers:
        if number != following:
            if first != following:
                yield range(first, following)
            first = number
        following = number + 1
    if first != following:
        yield range(first, following)


class RangeBuilder:
    """Ranges of numbers that come one by one; a number that repeats the last is passed over."""

    def __init__(self) -> None:
        self._done: list[range] = []
        self._first, self._following = 0, 0

    def add(self, number: int) -> None:
        """One more number."""
        if number == self._following:
            self._following += 1
        elif number != self._following - 1 or self._first == self._following:
            if self._first != self._following:
                self._done.append(range(self._first, self._following))
            self._first, self._following = number, number + 1

    @property
    def ranges(self) -> tuple[range, ...]:
        """The ranges so far, in the order in which they began."""
        last = range(self._first, self._following)
        return (*self._done, last) if last else tuple(self._done)


def range_pairs(numbers: Iterable[int]) -> list[list[int]]:
    """Sorted numbers as [first, last] of consecutive ones: thousands of packages are one short event."""
    return [[some[0], some[-1]] for some in consecutive_ranges(numbers)]


def chunked(values: Iterable[Value], size: int = CHUNK) -> Iterator[list[Value]]:
    """Values in lists of at most `size`."""
    coming = iter(values)
    while some := list(islice(coming, size)):
        yield some
