"""How many packages of a batch are how far: counted in this one place, so that all commands tell the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.unit_state import NOT_REPLACED


@dataclass(frozen=True, slots=True)
class PackageCounts:
    """Packages of a batch: `printed` have a label (made here, or read off a box), `file_verified` one whose label file
    was read back right, `print_verified` one whose newest print was read right and that holds no scrapped unit;
    `scrapped` hold a scrapped unit whose place nobody took, `scrapped_printed` of these have a label; `unprinted` are
    neither printed nor scrapped. `superseded` counts printed labels with a barcode that was replaced since. `packed`
    are in a carton, also where they left in it; of `print_verified`, `not_packed` are in none and were not shipped.
    `packed_not_shipped` are in one, here, and hold no scrapped unit."""

    packages: int
    printed: int
    file_verified: int
    print_verified: int
    shipped: int
    scrapped: int
    scrapped_printed: int
    superseded: int
    packed: int
    not_packed: int
    packed_not_shipped: int

    @property
    def unprinted(self) -> int:
        """Packages that have no label and still need one."""
        return self.packages - self.printed - (self.scrapped - self.scrapped_printed)


_HAS_LABEL = "(p.prints > 0 OR p.print_verified > 0)"
_SCRAPPED = (
    f"SELECT DISTINCT u.package AS number FROM unit u WHERE u.batch = :batch AND u.scrapped <> 0 AND {NOT_REPLACED}"  # noqa: S608 (fixed texts)
)
_COUNTS = f"""SELECT count(*), count(*) FILTER (WHERE {_HAS_LABEL}), count(*) FILTER (WHERE p.file_verified > 0),
    count(*) FILTER (WHERE p.print_verified > 0 AND s.number IS NULL), count(*) FILTER (WHERE p.shipped <> 0),
    count(s.number), count(*) FILTER (WHERE {_HAS_LABEL} AND s.number IS NOT NULL),
    (SELECT count(*) FROM superseded WHERE batch = :batch AND prints > 0),
    count(*) FILTER (WHERE p.carton IS NOT NULL),
    count(*) FILTER (WHERE p.print_verified > 0 AND s.number IS NULL AND p.carton IS NULL AND p.shipped = 0),
    count(*) FILTER (WHERE p.carton IS NOT NULL AND p.shipped = 0 AND s.number IS NULL)
    FROM package p LEFT JOIN ({_SCRAPPED}) s ON s.number = p.number WHERE p.batch = :batch"""  # noqa: S608 (fixed texts)
_FIRST = f"""SELECT p.number FROM package p LEFT JOIN ({_SCRAPPED}) s ON s.number = p.number
    WHERE p.batch = :batch AND NOT {{done}} AND s.number IS NULL ORDER BY p.number LIMIT :limit"""  # noqa: S608 (fixed texts)


def count_packages(connection: Connection, batch: int) -> PackageCounts:
    """The counts of a batch, by its number in the database."""
    return PackageCounts(*connection.rows(_COUNTS, {"batch": batch})[0])


def unprinted_packages(connection: Connection, batch: int, limit: int) -> list[int]:
    """Numbers of the first packages that have no label and still need one."""
    return _first(connection, batch, _HAS_LABEL, limit)


def _first(connection: Connection, batch: int, done: str, limit: int) -> list[int]:
    rows = connection.rows(_FIRST.format(done=f"({done})"), {"batch": batch, "limit": limit})
    return [number for (number,) in rows]
