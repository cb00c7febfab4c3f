"""The store of flashing: which flasher has claimed which units, and what was said of them.

A claim is a release of keys to one flasher. Each unit is claimed once: what was not reported is shown, and claimed
again only by hand.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import FlasherRegistered, FlashReported, KeysReleasing
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.proofs import asked_units, proven_among
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions

_BATCHES = "SELECT b.no, b.id, (SELECT max(number) FROM unit WHERE batch = b.no) FROM batch b ORDER BY b.no"
"""With the highest number of a unit of each."""
_RESULTS = "failed", "passed"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a flasher claimed at once, and how much of it was reported; units that were scrapped since don't count.
    `release` is the number of the event `keys releasing`."""

    release: int
    batch: str
    at: str
    flasher: str
    units: int
    passed: int
    failed: int

    @property
    def unreported(self) -> int:
        """How many units nobody has said anything of."""
        return self.units - self.passed - self.failed


@dataclass(frozen=True, slots=True)
class UnitReport:
    """What a file says of one unit, by its serial or Device UUID: `row` is where, the header being row 1."""

    row: int
    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """What a report changed. `contradicted` are serials of units that had passed, and are said to have failed now: they
    count as failed. `outdated` are serials of which a file that was reported before says otherwise than a later report:
    that one counts. `unproven` are those that had proven their keys on air, and were flashed again; `shipped` those
    that failed and have left."""

    passed: int
    failed: int
    known: int
    contradicted: tuple[str, ...]
    outdated: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    shipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportFile:
    """The file of a report: its name and the SHA-256 of its bytes. `told_before`: the last row that an earlier report
    of the same log had already."""

    name: str
    sha256: str
    told_before: int = 0


@dataclass(frozen=True, slots=True)
class _ReportedUnit:
    """A unit that a report names, with what was said of it before (None: nothing) and in which event (0: none),
    and whether it was shipped."""

    batch: int
    batch_id: str
    number: int
    serial: str
    before: int | None
    event: int
    shipped: int


class FlashStore:
    """Flashers, their claims and reports."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches

    # --- flashers -------------------------------------------------------------------------------------------------

    def register(self, name: str, recipient: str) -> None:
        """Let a flasher claim units by its public key. The same again changes nothing; `RefusedError` where the name
        has another key, or the key another name: whoever sealed to it would not know to whom."""
        with self._db.transaction():
            rows = self._db.rows(
                "SELECT name, recipient FROM flasher WHERE name = ? OR recipient = ?", (name, recipient)
            )
            if rows == [(name, recipient)]:
                return
            if rows:
                other = "key" if rows[0][0] == name else "name"
                raise RefusedError(
                    f"flasher {rows[0][0]} is registered already, with another {other}",
                    where=self._db.where,
                    way_out="Nothing was registered. Give this station a name of its own.",
                )
            seq, _ = self._history.head()
            self._db.execute("INSERT INTO flasher VALUES (?, ?, ?)", (name, recipient, seq + 1))
            self._history.append(None, FlasherRegistered(name=name, recipient=recipient))

    def recipient(self, name: str) -> str:
        """The public key of a flasher."""
        rows = self._db.rows("SELECT recipient FROM flasher WHERE name = ?", (name,))
        if not rows:
            known = [known for (known,) in self._db.rows("SELECT name FROM flasher ORDER BY name")]
            raise InputError(
                f"there is no flasher {name!r}",
                way_out=f"Known: {', '.join(known) or 'none'}. `bss-mfg station init --name NAME --ledger URL "
                "--flasher` registers one.",
            )
        return str(rows[0][0])

    # --- claims ---------------------------------------------------------------------------------------------------

    def to_claim(self, batch_id: str, most: int) -> tuple[range, ...]:
        """The next units of a batch whose keys were never released, at most so many."""
        rows = self._db.rows(
            "SELECT number FROM unit WHERE batch = ? AND scrapped = 0 AND released = 0 ORDER BY number LIMIT ?",
            (self._batches.number(batch_id), most),
        )
        return tuple(consecutive_ranges(number for (number,) in rows))

    def to_claim_again(self, batch_id: str, most: int, claimed_before: str) -> tuple[range, ...]:
        """Units that were claimed before a moment (UTC) and that nobody has reported, at most so many."""
        rows = self._db.rows(
            "SELECT c.number FROM claim c JOIN release r ON r.event = c.release "
            "JOIN unit u ON u.batch = c.batch AND u.number = c.number "
            "LEFT JOIN flashed f ON f.batch = c.batch AND f.number = c.number "
            "WHERE c.batch = ? AND r.at < ? AND u.scrapped = 0 AND f.number IS NULL ORDER BY c.number LIMIT ?",
            (self._batches.number(batch_id), claimed_before, most),
        )
        return tuple(consecutive_ranges(number for (number,) in rows))

    def claims(self, batch_id: str | None = None) -> list[Claim]:
        """All claims, of one batch or of all, in order."""
        of_batch = "AND b.id = ? " if batch_id else ""
        rows = self._db.rows(
            "SELECT c.release, b.id, r.at, c.flasher, count(*), "  # noqa: S608 (fixed texts)
            "sum(CASE WHEN f.passed = 1 THEN 1 ELSE 0 END), sum(CASE WHEN f.passed = 0 THEN 1 ELSE 0 END) "
            "FROM claim c JOIN release r ON r.event = c.release JOIN batch b ON b.no = c.batch "
            "JOIN unit u ON u.batch = c.batch AND u.number = c.number "
            "LEFT JOIN flashed f ON f.batch = c.batch AND f.number = c.number "
            f"WHERE u.scrapped = 0 {of_batch}GROUP BY c.release, b.id, r.at, c.flasher ORDER BY c.release",
            (batch_id,) if batch_id else (),
        )
        return [Claim(*row[:4], *map(int, row[4:])) for row in rows]

    def unsettled(self, batch_id: str) -> tuple[int, int]:
        """How many units of a batch were claimed and never reported, and how many failed, those apart that were
        scrapped."""
        batch = self._batches.number(batch_id)
        unreported = self._db.rows(
            "SELECT count(*) FROM claim c JOIN unit u ON u.batch = c.batch AND u.number = c.number "
            "LEFT JOIN flashed f ON f.batch = c.batch AND f.number = c.number "
            "WHERE c.batch = ? AND u.scrapped = 0 AND f.number IS NULL",
            (batch,),
        )
        failed = self._db.rows(
            "SELECT count(*) FROM flashed f INDEXED BY flashed_failed "
            "JOIN unit u ON u.batch = f.batch AND u.number = f.number "
            "WHERE f.batch = ? AND u.scrapped = 0 AND f.passed = 0",
            (batch,),
        )
        return int(unreported[0][0]), int(failed[0][0])

    def passed(self, batch_id: str) -> int:
        """How many units of a batch were flashed and passed their tests, those apart that were scrapped."""
        rows = self._db.rows(
            "SELECT count(*) FROM flashed f JOIN unit u ON u.batch = f.batch AND u.number = f.number "
            "WHERE f.batch = ? AND u.scrapped = 0 AND f.passed = 1",
            (self._batches.number(batch_id),),
        )
        return int(rows[0][0])

    def failed(self, batch_id: str) -> list[tuple[str, int]]:
        """Serial and package of the units of a batch that failed, those apart that were scrapped."""
        rows = self._db.rows(
            "SELECT u.serial, u.package FROM flashed f INDEXED BY flashed_failed "
            "JOIN unit u ON u.batch = f.batch AND u.number = f.number "
            "WHERE f.batch = ? AND u.scrapped = 0 AND f.passed = 0 ORDER BY f.number",
            (self._batches.number(batch_id),),
        )
        return [(serial, package) for serial, package in rows]

    # --- reports --------------------------------------------------------------------------------------------------

    def reported_files(self) -> frozenset[str]:
        """The SHA-256, in hex, of all files that were reported."""
        return frozenset(sha256 for (sha256,) in self._db.rows("SELECT sha256 FROM flash_file"))

    def report(self, file: ReportFile, reports: Sequence[UnitReport]) -> ReportOutcome:
        """Write down what a file says of units, the last of each; all or none. A file that was reported before changes
        nothing. Nor does the same result of a unit, unless the unit was checked on air since: then it was flashed
        again, and neither proof nor attempts count any more. `InputError` for a unit that is not known, or whose key
        never left: it can't have been flashed."""
        last = {one.name: one for one in reports}
        with self._db.transaction():
            found = self._find_units(last.values())
            if self._db.rows("SELECT 1 FROM flash_file WHERE sha256 = ?", (file.sha256,)):
                outdated = tuple(unit.serial for unit, one in found.items() if unit.before != one.passed)
                return ReportOutcome(0, 0, len(last), (), outdated=outdated)
            flashed = [unit for unit, one in found.items() if unit.before != one.passed or one.row > file.told_before]
            proven = {
                batch_id: proven_among(self._db, batch_id, [unit.number for unit in units])
                for batch_id, units in _by_batch(flashed).items()
            }
            unproven = {unit for unit in flashed if unit.number in proven[unit.batch_id]}
            asked = {  # walks all events of a batch since
                batch_id: asked_units(self._db, batch_id, min(unit.event for unit in units))
                for batch_id, units in _by_batch(unit for unit in flashed if unit.before == found[unit].passed).items()
            }
            again = {unit for unit in flashed if unit.number in asked.get(unit.batch_id, ())}
            news = {unit: one for unit, one in found.items() if unit.before != one.passed or unit in again}
            for batch_id in sorted({unit.batch_id for unit in news}):
                self._record(batch_id, file, {unit: one for unit, one in news.items() if unit.batch_id == batch_id})
            self._db.execute("INSERT INTO flash_file VALUES (?)", (file.sha256,))
        passed = sum(one.passed for one in news.values())
        worse = tuple(unit.serial for unit, one in news.items() if unit.before == 1 and not one.passed)
        anew = tuple(sorted(unit.serial for unit in unproven))
        left = tuple(unit.serial for unit, one in news.items() if unit.shipped and not one.passed)
        known = len(found) - len(news)
        return ReportOutcome(passed, len(news) - passed, known, worse, unproven=anew, shipped=left)

    def _find_units(self, reports: Iterable[UnitReport]) -> Mapping[_ReportedUnit, UnitReport]:
        found: dict[_ReportedUnit, UnitReport] = {}
        problems: list[str] = []
        for one in reports:
            rows = self._db.rows(
                "SELECT u.batch, b.id, u.number, u.serial, f.passed, coalesce(f.event, 0), p.shipped, "
                "u.released FROM unit u JOIN batch b ON b.no = u.batch "
                "JOIN package p ON p.batch = u.batch AND p.number = u.package "
                "LEFT JOIN flashed f ON f.batch = u.batch AND f.number = u.number "
                "WHERE lower(u.serial) = ? OR u.uuid = ?",
                (one.name.lower(), _uuid_bytes(one.name)),
            )
            if len(rows) != 1:
                problems.append(f"row {one.row}: {'no unit' if not rows else 'several units'} of this name: {one.name}")
            elif not rows[0][7]:
                problems.append(f"row {one.row}: the key of {one.name} never left, so it can't have been flashed")
            else:
                unit = _ReportedUnit(*rows[0][:7])
                if unit not in found or found[unit].row < one.row:
                    found[unit] = one
        if problems:
            one_row = len(problems) == 1
            raise InputError(
                problems[0] if one_row else f"{len(problems):,} rows can't be recorded",
                problems=[] if one_row else problems[:6],
                way_out="Nothing was recorded. Check that this is the right file; keys leave by `bss-mfg program`.",
            )
        return found

    def _record(self, batch_id: str, file: ReportFile, news: Mapping[_ReportedUnit, UnitReport]) -> None:
        numbers = {ok: sorted(unit.number for unit, one in news.items() if one.passed == ok) for ok in (True, False)}
        details = {str(unit.number): one.detail for unit, one in news.items() if one.detail and not one.passed}
        seq, _ = self._history.head()
        event = FlashReported(
            file=file.name,
            sha256=file.sha256,
            passed=[[some[0], some[-1]] for some in consecutive_ranges(numbers[True])],
            failed=[[some[0], some[-1]] for some in consecutive_ranges(numbers[False])],
            details=details or None,
        )
        self._db.many(
            "INSERT INTO flashed VALUES (?, ?, ?, ?) "
            "ON CONFLICT (batch, number) DO UPDATE SET passed = excluded.passed, event = excluded.event",
            [(unit.batch, unit.number, int(one.passed), seq + 1) for unit, one in news.items()],
        )
        self._history.append(batch_id, event)

    def check(self) -> None:
        """`LedgerError` where the tables say otherwise of flashers, claims and units than the history does."""
        wrong = chain(self._wrong_flashers(), self._wrong_claims())
        refuse_contradictions(
            wrong, "flashers and claims are not as their history says", self._db.where, LedgerPart.FLASHING
        )
        refuse_contradictions(
            self._wrong_reports(), "what was flashed is not what its reports say", self._db.where, LedgerPart.FLASHING
        )

    def _wrong_flashers(self) -> Iterator[str]:
        said = {(one.name, one.recipient, event.seq) for event, one in self._history.records(FlasherRegistered)}
        here = set(self._db.rows("SELECT name, recipient, event FROM flasher"))
        yield from (f"flasher {name}" for name, _, _ in sorted(said ^ here))

    def _wrong_claims(self) -> Iterator[str]:
        """Memory: eight bytes a unit of a batch."""
        claims: dict[str, list[tuple[Sequence[Sequence[int]], int]]] = {}
        flashers: dict[int, str] = {}
        for event, record in self._history.records(KeysReleasing):
            if record.flasher:
                flashers[event.seq] = record.flasher
                claims.setdefault(event.batch or "", []).append((record.numbers, event.seq))
        for batch_no, batch_id, units in self._db.rows(_BATCHES):
            said = array("q", bytes(8 * (units + 1)))
            for numbers, release in claims.get(batch_id, ()):
                for first, last in numbers:
                    said[first : last + 1] = array("q", [release]) * (last - first + 1)
            for rows in self._db.stream(
                "SELECT number, release, flasher FROM claim WHERE batch = ? AND number > ? ORDER BY number LIMIT ?",
                (batch_no,),
                10_000,
            ):
                for number, release, flasher in rows:
                    if said[number] != release or flashers.get(release) != flasher:
                        yield f"batch {batch_id}, unit {number}: claimed by {flasher}"
                    said[number] = 0
            yield from (
                f"batch {batch_id}, unit {number}: its claim is missing" for number, one in enumerate(said) if one
            )

    def _wrong_reports(self) -> Iterator[str]:
        """Units whose last report isn't the one that is kept of them, and reports whose file isn't known. A file that
        said nothing new has no event. Memory: eight bytes a unit of a batch."""
        files = self.reported_files()
        reports: dict[str, list[tuple[FlashReported, int]]] = {}
        for event, record in self._history.records(FlashReported):
            reports.setdefault(event.batch or "", []).append((record, event.seq))
            if record.sha256 not in files:
                yield f"{record.file}: was reported, and its digest is missing"
        for batch_no, batch_id, units in self._db.rows(_BATCHES):
            said = array("q", bytes(8 * (units + 1)))
            for record, seq in reports.get(batch_id, ()):
                for passed, ranges in ((1, record.passed), (0, record.failed)):
                    for first, last in ranges:
                        said[first : last + 1] = array("q", [2 * seq + passed]) * (last - first + 1)
            for rows in self._db.stream(
                "SELECT number, event, passed FROM flashed WHERE batch = ? AND number > ? ORDER BY number LIMIT ?",
                (batch_no,),
                10_000,
            ):
                for number, event, passed in rows:
                    if said[number] != 2 * event + passed:
                        result = f"{_RESULTS[passed]} by event {event}"
                        yield f"batch {batch_id}, unit {number}: {result}, which isn't its last report"
                    said[number] = 0
            yield from (
                f"batch {batch_id}, unit {number}: {_RESULTS[one % 2]} by event {one // 2}, which was not kept"
                for number, one in enumerate(said)
                if one
            )


def _by_batch(units: Iterable[_ReportedUnit]) -> dict[str, list[_ReportedUnit]]:
    found: dict[str, list[_ReportedUnit]] = {}
    for unit in units:
        found.setdefault(unit.batch_id, []).append(unit)
    return found


def _uuid_bytes(text: str) -> bytes:
    """The bytes of a Device UUID; none of another text."""
    digits = text.replace("-", "")
    try:
        return bytes.fromhex(digits) if len(digits) == 32 else b""
    except ValueError:
        return b""
