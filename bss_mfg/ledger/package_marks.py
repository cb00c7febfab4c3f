"""How far each package of a batch is, as bits of a byte: for those who follow a large batch as it goes."""

from __future__ import annotations

from collections.abc import Iterator

from bss_mfg.ledger.connection import Connection

PRINTED = 1
"""It has a label."""
VERIFIED = 2
"""Its newest printed label was read right."""
SHIPPED = 4
PACKED = 8
"""It is in a carton."""

_AT_ONCE = 5_000
_MARKS = f"""SELECT number, CASE WHEN prints > 0 OR print_verified > 0 THEN {PRINTED} ELSE 0 END
    + CASE WHEN print_verified > 0 THEN {VERIFIED} ELSE 0 END + CASE WHEN shipped <> 0 THEN {SHIPPED} ELSE 0 END
    + CASE WHEN carton IS NOT NULL THEN {PACKED} ELSE 0 END
    FROM package WHERE batch = ? AND number <= ? AND number > ? ORDER BY number LIMIT ?"""  # noqa: S608 (fixed texts)


def package_marks(connection: Connection, batch: int, packages: range) -> Iterator[tuple[int, int]]:
    """Number and marks of the packages of a batch (by its number in the database), of those in a range."""
    for rows in connection.stream(_MARKS, (batch, packages.stop - 1), _AT_ONCE, packages.start - 1):
        yield from rows
