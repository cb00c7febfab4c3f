"""Digests by which events bind rows of the tables: what a row holds is what its event said when it was made.

Rows that nobody may change unnoticed, and that no event spells out (a spec's text, sealed keys, who has which Device
UUID), stand in the event as digests of theirs. 32 hex digits: whoever changes a row would have to find a second one of
the same digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

MOST_PIECES = 16
"""Digests that stand for the units of a batch, so that a changed one is found among some: more makes events long."""


def encoded(values: Iterable[object]) -> bytes:
    """Values of a row, one way only: each with its type and length."""
    parts: list[bytes] = []
    for value in values:
        if value is None:
            parts.append(b"-")
        elif type(value) is int:
            parts.append(b"i%d;" % value)
        elif type(value) is str:
            text = value.encode("utf-8", "surrogatepass")
            parts += (b"t%d:" % len(text), text)
        elif type(value) is bytes:
            parts += (b"b%d:" % len(value), value)
        else:  # no column of ours has such a value
            parts.append(b"?" + repr(value).encode())
    return b"".join(parts)


def shortened(content: bytes) -> str:
    """The digest of something encoded."""
    return hashlib.sha256(content).hexdigest()[:32]


def digest_of(*values: object) -> str:
    """The digest of the values of a row."""
    return shortened(encoded(values))


def digests_of(columns: Mapping[str, object]) -> dict[str, str]:
    """Of each column by its name."""
    return {name: digest_of(value) for name, value in columns.items()}


def digest_of_rows(rows: Iterable[Iterable[object]]) -> str:
    """The digest of rows in their order; empty where there are none."""
    content, some = hashlib.sha256(), False
    for row in rows:
        content.update(encoded(row))
        some = True
    return content.hexdigest()[:32] if some else ""


class Pieces:
    """Digests of the rows of units that are numbered from 1, in at most `MOST_PIECES` pieces of equal size."""

    def __init__(self, units: int) -> None:
        self._units = units
        self.size = -(-units // MOST_PIECES)
        self._content = [hashlib.sha256() for _ in range(-(-units // self.size))]

    def add(self, number: int, row: Iterable[object]) -> None:
        """A unit's row; in ascending order of their numbers."""
        self.add_encoded(number, encoded((number, *row)))

    def add_encoded(self, number: int, row: bytes) -> None:
        """The same, of a row that is encoded with its number."""
        self._content[(number - 1) // self.size].update(row)

    def digests(self) -> list[str]:
        """One a piece."""
        return [content.hexdigest()[:32] for content in self._content]

    def units_of(self, piece: int) -> tuple[int, int]:
        """The first and the last unit of a piece, which counts from 0."""
        return piece * self.size + 1, min((piece + 1) * self.size, self._units)
