"""Numbers as ranges, and values in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import TypeVar

Value = TypeVar("Value")

CHUNK = 500
"""Values that are asked for at once."""


def consecutive_ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers as (first, last) of consecutive ones."""
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        some = [number for _, number in run]
        yield some[0], some[-1]


def range_pairs(numbers: Iterable[int]) -> list[list[int]]:
    """Sorted numbers as [first, last] of consecutive ones: thousands of packages are one short event."""
    return [list(pair) for pair in consecutive_ranges(numbers)]


def chunked(values: Iterable[Value], size: int = CHUNK) -> Iterator[list[Value]]:
    """Values in lists of at most `size`."""
    coming = iter(values)
    while some := list(islice(coming, size)):
        yield some
