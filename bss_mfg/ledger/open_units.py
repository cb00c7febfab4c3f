"""Which packages lie in a carton or on a pallet that is still open: whoever packs there may go on."""

from __future__ import annotations

from bss_mfg.ledger.connection import Connection

_OPEN = """SELECT p.number, coalesce(t.kind, c.kind), coalesce(t.no, c.no) FROM package p
    JOIN logistic_unit c ON c.no = p.carton LEFT JOIN logistic_unit t ON t.no = c.pallet
    WHERE p.batch = ? AND p.shipped = 0 AND p.print_verified > 0
    AND CASE WHEN t.no IS NULL THEN c.closed_at ELSE t.closed_at END IS NULL ORDER BY p.number"""


def packages_in_open_units(connection: Connection, batch: int) -> dict[int, tuple[str, int]]:
    """The verified packages of a batch (by its number in the database) that are still here, and lie in what is open:
    kind and number of that carton or pallet, by the package's number. A carton on a pallet is closed."""
    return {number: (kind, of) for number, kind, of in connection.rows(_OPEN, (batch,))}
