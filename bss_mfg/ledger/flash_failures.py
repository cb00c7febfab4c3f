"""Which units failed when they were flashed, by the last report of each, and which packages may not leave for it.

A unit that nobody reported may leave: not every line reports. One that was reported as failed may not, until it is
reported as passed, or scrapped.
"""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.core.languages import phrase
from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.connection import Connection
from bss_mfg.model import Package

FAILED = "EXISTS (SELECT 1 FROM flashed f WHERE f.batch = u.batch AND f.number = u.number AND f.passed = 0)"
"""Whether unit `u` failed, in SQL."""
_HAS_FAILED = "SELECT 1 FROM flashed WHERE batch = ? AND number = ? AND passed = 0"
_HERE = """SELECT u.package, u.serial FROM flashed f INDEXED BY flashed_failed
    JOIN unit u ON u.batch = f.batch AND u.number = f.number
    JOIN package p ON p.batch = u.batch AND p.number = u.package
    WHERE f.batch = ? AND f.passed = 0 AND u.scrapped = 0 AND p.shipped = 0 AND p.print_verified > 0
    ORDER BY u.package, u.number"""


def failed_in(connection: Connection, batch: int, package: Package) -> list[str]:
    """Serials of the units of a package that failed, those apart that were scrapped. `batch` is its number in the
    database, here and below."""
    here = [unit for unit in package.units if not unit.scrapped]
    return [unit.serial for unit in here if connection.rows(_HAS_FAILED, (batch, unit.number))]


def failed_packages(connection: Connection, batch: int) -> dict[int, list[str]]:
    """The packages of a batch whose printed label was read right, that are still here and hold a unit that failed: its
    serials, by the package's number."""
    found: dict[int, list[str]] = {}
    for package, serial in connection.rows(_HERE, (batch,)):
        found.setdefault(package, []).append(serial)
    return found


def failed_words(batch_id: str, serials: Sequence[str]) -> str:
    """That units failed, and what to do, in words."""
    way_out = way_from_failure(batch_id, serials[0])
    return phrase("failed when flashed: {serials}; {way_out}", serials=", ".join(serials), way_out=way_out)


def way_from_failure(batch_id: str, serial: str) -> str:
    """What to do with a unit that failed."""
    report, scrap = "`bss-mfg flash report FILE`", f"`bss-mfg scrap {batch_id} {serial} --reason TEXT`"
    return phrase("flash it again and report it ({report}), or scrap it: {scrap}", report=report, scrap=scrap)


def failed_error(batch_id: str, failed: Sequence[Sequence[str]]) -> RefusedError:
    """The refusal of packages with units that failed, whose serials these are."""
    holds = one_or(len(failed), "holds", "hold")
    return RefusedError(
        f"{count_words(len(failed), 'package')} {holds} a unit that failed when it was flashed",
        where=f"batch {batch_id}",
        problems=[f"{', '.join(serials)}: reported as failed" for serials in failed[:10]],
        way_out=f"Nothing was changed. Of each, {way_from_failure(batch_id, failed[0][0])}.",
    )
