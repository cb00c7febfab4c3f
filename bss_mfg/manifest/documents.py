"""Logs cut into whole documents of bounded size, the files they become, and the names of those.

A document streams: it is written while the logs are made, and only afterwards known is what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from bss_mfg.core.ranges import RangeBuilder
from bss_mfg.errors import InputError

HEAD, BETWEEN, TAIL = b'{"controlLogs":[\n', b",\n", b"\n]}\n"
BLOCK_BYTES = 1 << 16
"""Bytes that are handed on at once."""


class Log(NamedTuple):
    """One log: a line of JSON, its package's number, and its unit's; a bundle log has no unit."""

    data: bytes
    package: int
    unit: int | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a finished document holds: its size in bytes, its logs by kind, and as ranges of numbers within the batch
    the units of its device logs, their packages, and the packages of its bundle logs."""

    size: int
    device_logs: int
    bundle_logs: int
    units: tuple[range, ...]
    packages: tuple[range, ...]
    bundles: tuple[range, ...]

    @property
    def all_packages(self) -> int:
        """How many packages have a log of either kind here."""
        both = sum(
            max(min(one.stop, other.stop) - max(one.start, other.start), 0)
            for one in self.packages
            for other in self.bundles
        )
        return sum(map(len, self.packages)) + sum(map(len, self.bundles)) - both

    @property
    def first_package(self) -> int:
        return min((numbers.start for numbers in (*self.packages, *self.bundles)), default=0)

    @property
    def last_package(self) -> int:
        return max((numbers.stop for numbers in (*self.packages, *self.bundles)), default=1) - 1


class LogDocument:
    """One document. Iterate it once for its bytes; then `contents` is known."""

    def __init__(self, logs: Iterator[Log], max_count: int | None, max_bytes: int | None) -> None:
        self._logs, self._max_count, self._max_bytes = logs, max_count, max_bytes
        self._contents: Contents | None = None
        self.first_left_over: Log | None = None
        """The log that had no room here."""

    @property
    def contents(self) -> Contents:
        """What was written; `ValueError` before all of it was."""
        if self._contents is None:
            raise ValueError("what a document holds is known once all of it was written")
        return self._contents

    def __iter__(self) -> Iterator[bytes]:
        most = self._max_count if self._max_count is not None else 1 << 62
        room = self._max_bytes if self._max_bytes is not None else 1 << 62
        units, packages, bundles = RangeBuilder(), RangeBuilder(), RangeBuilder()
        held, start, size, count, devices = [], 0, len(HEAD) + len(TAIL), 0, 0
        yield HEAD
        for log in self._logs:
            data, package, unit = log
            grown = size + len(data) + (len(BETWEEN) if count else 0)
            if count >= most or grown > room:
                if not count:
                    raise _too_long_error(log, grown, room)
                self.first_left_over = log
                break
            size = grown
            count += 1
            held.append(data)
            if unit is None:
                bundles.add(package)
            else:
                devices += 1
                units.add(unit)
                packages.add(package)
            if size - start > BLOCK_BYTES:
                yield (BETWEEN if start else b"") + BETWEEN.join(held)
                held, start = [], size
        if held:
            yield (BETWEEN if start else b"") + BETWEEN.join(held)
        yield TAIL
        self._contents = Contents(size, devices, count - devices, units.ranges, packages.ranges, bundles.ranges)


def single_document(logs: Iterable[Log]) -> LogDocument:
    """All logs as one document, however many."""
    return LogDocument(iter(logs), None, None)


def split_documents(
    logs: Iterable[Log], max_count: int | None = None, max_bytes: int | None = None
) -> Iterator[LogDocument]:
    """Whole documents of at most `max_count` logs and `max_bytes` bytes each, in order; none where there is no log.

    Each is written before the next is asked for. `InputError` for a log that is longer than a whole document may be.
    """
    for limit in (max_count, max_bytes):
        if limit is not None and limit < 1:
            raise InputError("a file must have room for a log", way_out="Give a limit of at least 1.")
    stream = iter(logs)
    first = next(stream, None)
    while first is not None:
        document = LogDocument(chain((first,), stream), max_count, max_bytes)
        yield document
        _ = document.contents  # or it was not written
        first = document.first_left_over


def _too_long_error(log: Log, size: int, room: int) -> InputError:
    which = f"the bundle log of package {log.package:,}" if log.unit is None else f"the log of unit {log.unit:,}"
    return InputError(
        f"{which} alone makes a file of {size:,} bytes, more than the {room:,} allowed",
        way_out="Allow larger files.",
    )
