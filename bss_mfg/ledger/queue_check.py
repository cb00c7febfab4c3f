"""Are print queues what the history says of them?

How many labels of an entry are good while it is being printed is in its stretches alone; when it ends, the history has
the sum. Until then a good label has to have gone to a printer at least.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import (
    LabelsQueued,
    LabelsSending,
    LabelsSpoiled,
    QueueCancelled,
    QueueMoved,
    QueuePrinted,
    QueueTaken,
    RollEnded,
    kinds_of,
    read_record,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.queue_events import QueueEvent
from bss_mfg.ledger.queue_records import QueueState, asked_digest, numbers_of, stretch_of_file
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions
from bss_mfg.model import Event

_KINDS = (*kinds_of(QueueEvent), *kinds_of(RollEnded), *kinds_of(LabelsSending))
_ASKED = (
    "batch", "press", "each", "labels", "template", "template's digest", "printer", "made before", "operator",
    "station", "taken", "outcome",
)  # fmt: skip


@dataclass(slots=True)
class _Entry:
    """What the history makes of an entry: its columns in the order of `_ASKED`; the digest of what was asked for, where
    the history has it; how many labels were spoiled, and of a printed one were good."""

    columns: list[object]
    asked: str
    spoiled: int = 0
    good: int | None = None


@dataclass(slots=True)
class _Queues:
    entries: dict[int, _Entry] = field(default_factory=dict)
    rolls: set[tuple[str, int]] = field(default_factory=set)
    """Those that ended, by press."""
    sent: set[tuple[int, int]] = field(default_factory=set)
    """Stretches of which something went to a printer, by entry."""


def check_queues(connection: Connection, history: HistoryStore) -> None:
    """`LedgerError` where a print queue is not what its events say."""
    refuse_contradictions(
        contradictions(connection, history),
        "print queues are not as their history says",
        connection.where,
        LedgerPart.QUEUES,
    )


def contradictions(connection: Connection, history: HistoryStore) -> Iterator[str]:
    """What the tables hold of queues otherwise than the history, in words."""
    said = _replay(history)
    rows = connection.rows(
        "SELECT q.no, q.numbers, q.printing, b.id, q.press, q.each, q.labels, q.template, q.template_digest, q.again, "
        "q.operator, q.station, q.taken_at IS NOT NULL, q.outcome "
        "FROM queued q JOIN batch b ON b.no = q.batch ORDER BY q.no"
    )
    stretches: dict[int, list[_Stretch]] = {}
    for entry, *values in connection.rows(
        "SELECT queued, no, press, roll, numbers, labels, good, spoiled, roll_ended FROM stretch ORDER BY queued, no"
    ):
        stretches.setdefault(entry, []).append(_Stretch(*values))
    for number, numbers, printing, *columns, again, operator, station, taken, outcome in rows:
        entry = said.entries.pop(number, None)
        if entry is None:
            yield f"number {number}: the history knows nothing of it"
            continue
        how = json.loads(printing)
        here = [*columns, how["printer"], bool(again), operator, station, bool(taken), outcome]
        for name, value, then in zip(_ASKED, here, entry.columns, strict=True):
            if value != then:
                yield f"number {number}: {name} {value}, by the history {then}"
        if entry.asked and asked_digest(numbers, printing) != entry.asked:
            yield f"number {number}: its labels, or how they are printed, are not what was asked for"
        own = stretches.get(number, [])
        yield from _of_stretches(number, own, numbers, how["copies"], entry)
        for one in own:
            if one.good and (number, one.number) not in said.sent:
                yield f"number {number}: labels of stretch {one.number} are good, and none went to a printer"
    for number in said.entries:
        yield f"number {number}: it is missing"
    ended = {(one.press, one.roll) for some in stretches.values() for one in some if one.roll_ended}
    for press, roll in sorted(ended ^ said.rolls):
        yield f"{press}, roll {roll}: {'ended' if (press, roll) in ended else 'not ended'}, by the history otherwise"


@dataclass(frozen=True, slots=True)
class _Stretch:
    number: int
    press: str
    roll: int
    numbers: str
    labels: int
    good: int | None
    spoiled: int
    roll_ended: int


def _of_stretches(number: int, stretches: list[_Stretch], asked: str, copies: int, entry: _Entry) -> Iterator[str]:
    wanted, good = set(numbers_of(json.loads(asked))), set[int]()
    for one in stretches:
        labels = list(numbers_of(json.loads(one.numbers)))
        some = labels[: one.good or 0]
        if not wanted.issuperset(labels) or len(labels) * copies != one.labels or (one.good or 0) > len(labels):
            yield f"number {number}: stretch {one.number} is not one of it"
        if not good.isdisjoint(some):
            yield f"number {number}: a label is good in stretch {one.number} and before"
        good.update(some)
    spoiled = sum(one.spoiled for one in stretches)
    if spoiled != entry.spoiled:
        yield f"number {number}: {spoiled} labels spoiled, by the history {entry.spoiled}"
    if entry.good is not None and len(good) * copies != entry.good:
        yield f"number {number}: {len(good) * copies} labels good, by the history {entry.good}"


def _replay(history: HistoryStore) -> _Queues:
    queues = _Queues()
    for event in history.events_of(_KINDS):
        record = read_record(event.kind, event.data)
        if isinstance(record, LabelsQueued):
            queues.entries[record.entry] = _asked(event, record)
        elif isinstance(record, RollEnded):
            queues.rolls.add((record.press, record.roll))
        elif isinstance(record, LabelsSending):
            if found := stretch_of_file(event.batch or "", record.file):
                queues.sent.add(found)
        elif isinstance(record, QueueEvent) and (entry := queues.entries.get(record.entry)):
            _follow(entry, record)
    return queues


def _asked(event: Event, record: LabelsQueued) -> _Entry:
    who = event.data["operator"], event.data["station"]
    columns = [
        event.batch, record.press, record.each, record.labels, record.template, record.digest, record.printer,
        record.again, *who, False, None,
    ]  # fmt: skip
    return _Entry(columns, record.asked)


def _follow(entry: _Entry, record: QueueEvent) -> None:
    columns = dict(zip(_ASKED, entry.columns, strict=True))
    if isinstance(record, QueueMoved | QueueTaken):
        columns["press"] = record.press
        columns["taken"] = columns["taken"] or isinstance(record, QueueTaken)
    elif isinstance(record, QueueCancelled):
        columns["outcome"] = QueueState.CANCELLED
    elif isinstance(record, QueuePrinted):
        columns["outcome"] = QueueState.PRINTED if record.printed else QueueState.HANDED_OVER
        entry.good = record.labels
    elif isinstance(record, LabelsSpoiled):
        entry.spoiled += record.labels
    entry.columns = list(columns.values())
