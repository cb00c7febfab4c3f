"""Which units have proven their keys on air, and which packages of a batch that asks for it may not leave yet.

The events of checks are all that is kept of proofs. What was flashed after its check may hold another key now, so the
check no longer counts: `flashed` has the event of a unit's last report. Of a batch that doesn't ask for proofs none
are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import DeviceChecked, DeviceChecking, FlashReported, read_record
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.schema_stations import UNIT_OF_EVENT
from bss_mfg.ledger.unit_state import WITH_PACKAGE, scrapped_packages
from bss_mfg.model import Event, Package

_UNITS = f"""SELECT u.number, u.package FROM {WITH_PACKAGE} WHERE u.batch = ? AND u.scrapped = 0
    AND (? = 0 OR p.print_verified > 0) AND u.number > ? ORDER BY u.number LIMIT ?"""  # noqa: S608 (fixed texts)
_CHECKS = f"batch = ? AND kind = '{DeviceChecked.kind}'"
_PASSED = """instr(data, '"passed":true') > 0"""
_LAST = f"SELECT {_PASSED}, seq FROM event WHERE {_CHECKS} AND {UNIT_OF_EVENT} = ? ORDER BY seq DESC LIMIT 1"  # noqa: S608 (fixed texts)
_AMONG = f"AND {UNIT_OF_EVENT} BETWEEN ? AND ?"


def _whose_last_passed(among: str = "") -> str:
    """Numbers of the units of a batch whose last check passed, and that were not flashed since."""
    return f"""SELECT l.unit FROM (SELECT {UNIT_OF_EVENT} AS unit, max(seq) AS seq FROM event WHERE {_CHECKS} {among}
    GROUP BY {UNIT_OF_EVENT}) l JOIN event e ON e.seq = l.seq WHERE {_PASSED}
    AND NOT EXISTS (SELECT 1 FROM flashed f JOIN batch b ON b.no = f.batch
    WHERE b.id = e.batch AND f.number = l.unit AND f.event > l.seq)"""  # noqa: S608 (fixed texts)


_LAST_OF_ALL = _whose_last_passed()
_LAST_OF_SOME = _whose_last_passed(_AMONG)
_FLASHED_AFTER = (
    "SELECT 1 FROM flashed f JOIN batch b ON b.no = f.batch WHERE b.id = ? AND f.number = ? AND f.event > ?"
)
_LAST_FLASHED = "SELECT f.event FROM flashed f JOIN batch b ON b.no = f.batch WHERE b.id = ? AND f.number = ?"
_ASKED_SINCE = f"""SELECT l.unit FROM (SELECT {UNIT_OF_EVENT} AS unit, max(seq) AS seq FROM event
    WHERE batch = ? AND seq > ? AND kind IN ('{DeviceChecking.kind}', '{DeviceChecked.kind}')
    GROUP BY {UNIT_OF_EVENT}) l WHERE NOT EXISTS (SELECT 1 FROM flashed f JOIN batch b ON b.no = f.batch
    WHERE b.id = ? AND f.number = l.unit AND f.event > l.seq)"""  # noqa: S608 (fixed texts)
_AT_ONCE = 5_000
CHECKS_AND_FLASHES = (EventKind.DEVICE_CHECKED, EventKind.FLASH_REPORTED)


class LastChecks:
    """The last check of each unit since it was flashed, as the events of a batch tell it one after the other."""

    def __init__(self) -> None:
        self.of: dict[int, DeviceChecked] = {}

    def follow(self, event: Event) -> None:
        """What an event of `CHECKS_AND_FLASHES` says."""
        record = read_record(event.kind, event.data)
        if isinstance(record, DeviceChecked):
            self.of[record.unit] = record
        elif isinstance(record, FlashReported):
            flashed = [range(first, last + 1) for first, last in (*record.passed, *record.failed)]
            for unit in [unit for unit in self.of if any(unit in some for some in flashed)]:
                del self.of[unit]

    @property
    def proven(self) -> frozenset[int]:
        """Numbers of the units that passed: *proven on air*."""
        return frozenset(number for number, one in self.of.items() if one.passed)


def last_checks(history: HistoryStore, batch_id: str) -> LastChecks:
    """The last check of each unit of a batch since it was flashed."""
    checks = LastChecks()
    for event in history.events_of(CHECKS_AND_FLASHES, batch_id):
        checks.follow(event)
    return checks


def proven_units(connection: Connection, batch_id: str) -> frozenset[int]:
    """Numbers of the units of a batch whose last check passed, after they were flashed: *proven on air*."""
    return frozenset(number for (number,) in connection.rows(_LAST_OF_ALL, (batch_id,)))


def is_proven(connection: Connection, batch_id: str, number: int) -> bool:
    """Whether a unit's last check passed, after it was flashed. As quick in a batch of many checks."""
    for passed, seq in connection.rows(_LAST, (batch_id, number)):
        return bool(passed) and not connection.rows(_FLASHED_AFTER, (batch_id, number, seq))
    return False


def flashed_at(connection: Connection, batch_id: str, number: int) -> int:
    """The number of the event in which a unit was reported as flashed last, in whatever way that ended; 0: it never
    was."""
    return int(next(iter(connection.rows(_LAST_FLASHED, (batch_id, number))), (0,))[0])


def proven_among(connection: Connection, batch_id: str, numbers: Iterable[int]) -> set[int]:
    """Those of some units that are proven on air; of the others no checks are read."""
    ranges = consecutive_ranges(sorted(numbers))
    return {number for some in ranges for (number,) in connection.rows(_LAST_OF_SOME, (batch_id, some[0], some[-1]))}


def asked_units(connection: Connection, batch_id: str, since: int) -> frozenset[int]:
    """Numbers of the units of a batch that were asked for a proof on air after they were flashed. No event is read that
    is older than `since`, the first flashing that is asked about."""
    return frozenset(number for (number,) in connection.rows(_ASKED_SINCE, (batch_id, since, batch_id)))


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
