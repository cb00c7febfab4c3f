"""Which units have proven their keys on air, and which packages of a batch that asks for it may not leave yet.

The events of checks are all that is kept. Of a batch that doesn't ask for proofs none are read.
"""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import DeviceChecked
from bss_mfg.ledger.unit_state import WITH_PACKAGE, scrapped_packages
from bss_mfg.model import Package

_UNITS = f"""SELECT u.number, u.package FROM {WITH_PACKAGE} WHERE u.batch = ? AND u.scrapped = 0
    AND (? = 0 OR p.print_verified > 0) AND u.number > ? ORDER BY u.number LIMIT ?"""  # noqa: S608 (fixed texts)
_CHECKS = f"batch = ? AND kind = '{DeviceChecked.kind}'"
_UNIT = "CAST(json_extract(data, '$.unit') AS BIGINT)"
"""As in the index `event_device`."""
_PASSED = """instr(data, '"passed":true') > 0"""
_LAST = f"SELECT {_PASSED} FROM event WHERE {_CHECKS} AND {_UNIT} = ? ORDER BY seq DESC LIMIT 1"  # noqa: S608 (fixed texts)
_LAST_OF_ALL = f"""SELECT l.unit FROM (SELECT {_UNIT} AS unit, max(seq) AS seq FROM event WHERE {_CHECKS}
    GROUP BY {_UNIT}) l JOIN event e ON e.seq = l.seq WHERE {_PASSED}"""  # noqa: S608 (fixed texts)
_AT_ONCE = 5_000


def proven_units(connection: Connection, batch_id: str) -> frozenset[int]:
    """Numbers of the units of a batch whose last check passed: *proven on air*."""
    return frozenset(number for (number,) in connection.rows(_LAST_OF_ALL, (batch_id,)))


def is_proven(connection: Connection, batch_id: str, number: int) -> bool:
    """Whether a unit's last check passed. As quick in a batch of many checks."""
    return any(passed for (passed,) in connection.rows(_LAST, (batch_id, number)))


def unproven_in(connection: Connection, batch_id: str, package: Package) -> list[str]:
    """Serials of the units of one package that are neither scrapped nor proven on air."""
    here = [unit for unit in package.units if not unit.scrapped]
    return [unit.serial for unit in here if not is_proven(connection, batch_id, unit.number)]


def unproven_packages(connection: Connection, batch_id: str, number: int, *, verified: bool = False) -> set[int]:
    """Numbers of the packages of a batch with a unit that is neither scrapped nor proven on air; with `verified`, of
    those whose printed label was read right. `number` is the batch's in the database."""
    proven = proven_units(connection, batch_id)
    found: set[int] = set()
    for rows in connection.stream(_UNITS, (number, int(verified)), _AT_ONCE):
        found.update(package for unit, package in rows if unit not in proven)
    return found


def waiting_packages(connection: Connection, batch_id: str, number: int) -> set[int]:
    """Numbers of the verified packages of a batch, without a scrapped unit, that wait for a proof on air."""
    found = unproven_packages(connection, batch_id, number, verified=True)
    return found - scrapped_packages(connection, number)


def way_to_proof(batch_id: str) -> str:
    """What to type for units that are not proven on air."""
    return f"`bss-mfg station pair {batch_id}`"


def unproven_error(batch_id: str, first: Sequence[Sequence[str]], count: int) -> RefusedError:
    """The refusal of so many packages that wait for a proof on air; `first` are the serials of the first ones."""
    wait = one_or(count, "waits", "wait")
    return RefusedError(
        f"{count_words(count, 'package')} {wait} for a proof on air, which the product requires",
        where=f"batch {batch_id}",
        problems=[f"{', '.join(serials)}: not proven on air" for serials in first],
        way_out=f"Nothing was changed. Let the devices prove their keys: {way_to_proof(batch_id)}.",
    )
