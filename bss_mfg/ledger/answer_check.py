"""Are control logs, Amazon's answers and withdrawals what the history says?

Early events lack which units stand in a control log, or got an answer: of those units nothing is said until a later
event names them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import ManifestAnswered, ManifestMade, ManifestWithdrawn
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions

_AT_ONCE = 10_000
_ANSWERING = (ManifestMade, ManifestAnswered, ManifestWithdrawn)
_CONTROL_LOG = "control-log"
_ANSWERS = {"accepted": 1, "rejected": 2}
_WORDS = ("waiting", "accepted", "rejected")
_UNKNOWN = 0xFFFF_FFFF
_BATCHES = "SELECT b.no, b.id, (SELECT max(number) FROM unit WHERE batch = b.no) FROM batch b ORDER BY b.no"
_LOGS = (
    "SELECT m.no, b.id, m.file, m.sha256, m.device_logs, m.bundle_logs FROM manifest m JOIN batch b ON b.no = m.batch"
)
_NAMES = """SELECT m.file FROM manifest m LEFT JOIN control_log_name n ON n.name = lower(m.file) AND n.batch = m.batch
    WHERE n.name IS NULL ORDER BY m.no"""


@dataclass(slots=True)
class _Answers:
    """What the history makes of a batch's units, by their numbers: the number of the newest control log (0: none,
    `_UNKNOWN`: the history doesn't say), the answer, the place of its reason among `reasons`, and who was withdrawn."""

    log: array[int]
    answer: array[int]
    reason: array[int]
    reasons: list[str | None] = field(default_factory=lambda: [None])
    withdrawn: set[str] = field(default_factory=set)


def check_answers(connection: Connection, history: HistoryStore) -> None:
    """`TamperedError` where control logs, or what became of units in them, are otherwise than the history says."""
    refuse_contradictions(
        _contradictions(connection, history),
        "control logs and answers are not as their history says",
        connection.where,
        LedgerPart.CONTROL_LOGS,
    )


def _contradictions(connection: Connection, history: HistoryStore) -> Iterator[str]:
    rows = {number: tuple(row) for number, *row in connection.rows(_LOGS)}
    made: dict[str, list[EventRecord]] = {}
    logs: set[tuple[object, ...]] = set()
    for event, record in history.records_of(_ANSWERING):
        made.setdefault(event.batch or "", []).append(record)
        if isinstance(record, ManifestMade) and record.format == _CONTROL_LOG:
            logs.add((event.batch, record.file, record.sha256, record.device_logs, record.bundle_logs))
    for batch, file, *_ in sorted(logs ^ set(rows.values()), key=str):
        yield f"control log {file} of batch {batch}"
    for (file,) in connection.rows(_NAMES):
        yield f"control log {file}: its name is not taken"
    numbers = {(row[0], row[1]): number for number, row in rows.items()}
    for batch, batch_id, units in connection.rows(_BATCHES):
        said = _replayed(batch_id, units or 0, made.get(batch_id, ()), numbers)
        yield from _of_units(connection, batch, batch_id, said)


def _replayed(
    batch: str, units: int, records: Sequence[EventRecord], logs: Mapping[tuple[object, object], int]
) -> _Answers:
    def zeros() -> array[int]:
        return array("I", bytes(4 * (units + 1)))

    said = _Answers(zeros(), zeros(), zeros())
    for record in records:
        if isinstance(record, ManifestMade) and record.format == _CONTROL_LOG:
            known = record.numbers is not None
            log = logs.get((batch, record.file), 0) if known else _UNKNOWN
            for number in _numbers(record.numbers if known else [[1, units]], units):
                said.log[number], said.answer[number], said.reason[number] = log, 0 if known else _UNKNOWN, 0
        elif isinstance(record, ManifestAnswered):
            if record.units is None:
                for number in range(1, units + 1):
                    said.answer[number] = _UNKNOWN if said.log[number] else 0
                continue
            for answer, ranges in record.units.items():
                for number in _numbers(ranges, units):
                    said.answer[number], said.reason[number] = _ANSWERS.get(answer, _UNKNOWN), 0
            for reason, ranges in (record.reasons or {}).items():
                said.reasons.append(reason)
                for number in _numbers(ranges, units):
                    said.reason[number] = len(said.reasons) - 1
        elif isinstance(record, ManifestWithdrawn):
            said.withdrawn.update(record.serials)
    return said


def _numbers(ranges: Sequence[Sequence[int]] | None, units: int) -> Iterator[int]:
    for first, last in ranges or ():
        yield from range(max(first, 1), min(last, units) + 1)


def _of_units(connection: Connection, batch: int, batch_id: str, said: _Answers) -> Iterator[str]:
    for rows in connection.stream(
        "SELECT number, serial, coalesce(manifest, 0), answer, answer_reason, withdrawn FROM unit "
        "WHERE batch = ? AND number > ? ORDER BY number LIMIT ?",
        (batch,),
        _AT_ONCE,
    ):
        for number, serial, log, answer, reason, withdrawn in rows:
            unit = f"batch {batch_id}, unit {number} ({serial})"
            if said.log[number] not in (log, _UNKNOWN):
                yield f"{unit}: its newest control log"
            elif (then := said.answer[number]) != _UNKNOWN:
                if answer != then:
                    yield f"{unit}: {_WORDS[answer]}, by the history {_WORDS[then]}"
                elif reason != said.reasons[said.reason[number]]:
                    yield f"{unit}: the reason of its answer"
            if bool(withdrawn) != (serial in said.withdrawn):
                yield f"{unit}: {'withdrawn' if withdrawn else 'not withdrawn'}, by the history it is otherwise"
