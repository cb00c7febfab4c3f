"""Which running numbers come next, kept outside of the ledger: what a copy that is put back can't know.

Without it, putting the same copy back twice would give the serials of the time between once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import read_bytes, write_atomically
from bss_mfg.errors import InputError
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.sqlite import salvage


@dataclass(frozen=True, slots=True)
class NextNumbers:
    """The running number that comes next, by the name of the product; `first` of products that are not named."""

    products: Mapping[str, int]
    first: int = 1
    logistic_units: int = 1
    """The number of the next carton or pallet."""

    def merged(self, other: NextNumbers) -> NextNumbers:
        """The larger of both numbers for each product."""
        names = [*self.products, *(name for name in other.products if name not in self.products)]
        larger = {name: max(self.products.get(name, 1), other.products.get(name, 1)) for name in names}
        logistic_units = max(self.logistic_units, other.logistic_units)
        return NextNumbers(larger, max(self.first, other.first), logistic_units)


_FIRST_LOGISTIC_UNIT = "first_logistic_unit"


def first_logistic_unit(connection: Connection) -> int:
    """The number from which cartons and pallets are numbered: more than 1 where a copy took the ledger's place."""
    rows = connection.rows(f"SELECT value FROM about WHERE name = '{_FIRST_LOGISTIC_UNIT}'")  # noqa: S608 (fixed texts)
    return int(rows[0][0]) if rows else 1


def skip_logistic_units(connection: Connection, known: NextNumbers, skip: int) -> int:
    """Leave out numbers of cartons and pallets after those that the ledger has and those that are `known`; the one that
    it goes on with. Inside a transaction."""
    ((last,),) = connection.rows("SELECT coalesce(max(no), 0) FROM logistic_unit")
    number = max(int(last) + 1, first_logistic_unit(connection), known.logistic_units) + skip
    connection.execute(
        f"INSERT INTO about VALUES ('{_FIRST_LOGISTIC_UNIT}', ?) "  # noqa: S608 (fixed texts)
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (str(number),),
    )
    return number


def read_next_numbers(path: Path) -> NextNumbers:
    """Those that the last restore noted; none where there was none."""
    if not path.exists():
        return NextNumbers({})
    try:
        document = json.loads(read_bytes(path, "file of next numbers", 1 << 20))
        products = {str(name): int(number) for name, number in document["products"].items()}
        return NextNumbers(products, int(document["first"]), int(document.get("logistic_units", 1)))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise InputError(
            "can't be read, and it says which running numbers an earlier restore has left out",
            where=path,
            way_out="Move it away, and choose --skip-serials as large as all that was issued since the copy was made, "
            "with what earlier restores left out.",
        ) from None


def write_next_numbers(path: Path, numbers: NextNumbers) -> None:
    """Note them for the next restore."""
    document = {
        "format": 1,
        "products": dict(numbers.products),
        "first": numbers.first,
        "logistic_units": numbers.logistic_units,
    }
    write_atomically(path, [json.dumps(document, indent=1).encode() + b"\n"], replace=True)


def salvage_next_numbers(damaged: Iterable[Path]) -> NextNumbers:
    """What damaged ledgers still tell; whatever they can't is left out."""
    found = NextNumbers({})
    for path in damaged:
        rows = salvage(path, "SELECT name, next_serial FROM product")
        products = {name: number for name, number in rows if isinstance(name, str) and isinstance(number, int)}
        firsts = [text for (text,) in salvage(path, "SELECT value FROM about WHERE name = 'first_serial'")]
        first = max((int(text) for text in firsts if isinstance(text, str) and text.isdecimal()), default=1)
        largest = [number for (number,) in salvage(path, "SELECT no FROM logistic_unit") if isinstance(number, int)]
        found = found.merged(NextNumbers(products, first, max(largest, default=0) + 1))
    return found
