"""Do the moments that rows keep agree with the events that made them, and does the history's own time run forward?

A row's moment is taken in the transaction that appends its event, so the two are seconds apart at most. Order comes
from sequence numbers: a history whose clock was set back is whole, and only said so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import (
    KeysReleased,
    KeysReleasing,
    LabelFileSuperseded,
    LabelsQueued,
    ManifestMade,
    QueueCancelled,
    QueuePrinted,
    QueueTaken,
    read_record,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.packing_events import (
    CartonClosed,
    CartonOnPallet,
    PackagePacked,
    PalletClosed,
)
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions
from bss_mfg.model import Event

APART = timedelta(minutes=10)
"""How far a row's moment may lie from its event's: a clock may be set, or a machine sleep, between the two."""
_MAKING = timedelta(days=2)
"""A batch's moment is that of its asking; a large one takes hours until it is written."""
_KINDS = (
    EventKind.BATCH_ISSUED, EventKind.BATCH_CLOSED, EventKind.BATCH_RETIRED, KeysReleasing.kind, KeysReleased.kind,
    LabelFileSuperseded.kind, LabelsQueued.kind, QueueTaken.kind, QueuePrinted.kind, QueueCancelled.kind,
    ManifestMade.kind, PackagePacked.kind, CartonOnPallet.kind, CartonClosed.kind, PalletClosed.kind,
)  # fmt: skip
_BEGINNINGS = frozenset({"created", "begun"})
"""Of these the first counts; of all others the last."""
MOMENTS = {
    ("batch", "created"): "SELECT id, created_at FROM batch ORDER BY no",
    ("batch", "closed"): "SELECT id, closed_at FROM batch WHERE closed_at IS NOT NULL ORDER BY no",
    ("batch", "retired"): "SELECT id, retired_at FROM batch WHERE retired_at IS NOT NULL ORDER BY no",
    ("carton or pallet", "begun"): "SELECT no, opened_at FROM logistic_unit ORDER BY no",
    ("carton or pallet", "closed"): "SELECT no, closed_at FROM logistic_unit WHERE closed_at IS NOT NULL ORDER BY no",
    ("release", "begun"): "SELECT event, at FROM release ORDER BY event",
    ("release", "completed"): "SELECT event, completed_at FROM release WHERE completed_at IS NOT NULL ORDER BY event",
    ("queue's number", "asked"): "SELECT no, at FROM queued ORDER BY no",
    ("queue's number", "taken"): "SELECT no, taken_at FROM queued WHERE taken_at IS NOT NULL ORDER BY no",
    ("queue's number", "ended"): "SELECT no, ended_at FROM queued WHERE ended_at IS NOT NULL ORDER BY no",
    ("control log", "made"): "SELECT sha256, max(at) FROM manifest GROUP BY sha256 ORDER BY sha256",
    ("label file", "superseded"): "SELECT b.id || '/' || p.file || '/' || p.sha256, p.superseded_at FROM printed p "
    "JOIN batch b ON b.no = p.batch WHERE p.superseded_at IS NOT NULL ORDER BY p.batch, p.file",
}
"""Rows' names and their moments, by what they are of and what happened then."""
_STRETCHES = """SELECT s.queued, s.no, s.at, q.at, coalesce(q.ended_at, '') FROM stretch s
    JOIN queued q ON q.no = s.queued ORDER BY s.queued, s.no"""
_BACK = """SELECT seq, at, before FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM event) e
    WHERE at < before ORDER BY seq"""


@dataclass(frozen=True, slots=True)
class StepBack:
    """An event that is dated before the one that it follows."""

    seq: int
    at: str
    before: str


def check_row_times(connection: Connection, history: HistoryStore) -> None:
    """`LedgerError` where a row says of when it is otherwise than the event that made it."""
    found = _contradictions(connection, history)
    refuse_contradictions(found, "moments are not as the history says", connection.where, LedgerPart.TIMES)


def steps_back(connection: Connection) -> list[StepBack]:
    """Where the history's time runs backwards by more than stations' clocks may differ."""
    found = [StepBack(*row) for row in connection.each(_BACK)]
    return [one for one in found if not _near(one.at, one.before, APART)]


def _contradictions(connection: Connection, history: HistoryStore) -> Iterator[str]:
    said = _said(history)
    for (what, when), query in MOMENTS.items():
        early = _MAKING if what == "batch" and when == "created" else APART
        for name, at in connection.each(query):
            then = said.get((what, when, name))
            if then is not None and not _near(at, then, early):  # of what the history doesn't know others tell
                yield f"{what} {name}: {when} at {at}, by the history {then}"
    for entry, number, at, asked, ended in connection.each(_STRETCHES):
        if not _between(at, asked, ended):
            yield f"queue's number {entry}: stretch {number} at {at}, asked for at {asked}, ended at {ended or 'never'}"


def _near(at: str, then: str, early: timedelta) -> bool:
    """Whether a row's moment lies at most so much before its event's, and not long behind it."""
    moment, event = _moment(at), _moment(then)
    return moment is not None and event is not None and -early <= moment - event <= APART


def _between(at: str, first: str, last: str) -> bool:
    moment, begun, ended = _moment(at), _moment(first), _moment(last)
    if moment is None or begun is None:
        return False
    return begun - APART <= moment and (ended is None or moment <= ended + APART)


def _moment(text: str) -> datetime | None:
    """A moment as the ledger writes it; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _said(history: HistoryStore) -> dict[tuple[str, str, object], str]:
    """When, by the history, what happened to a row, by the keys of `MOMENTS` and the row's name."""
    said: dict[tuple[str, str, object], str] = {}
    for event in history.events_of(_KINDS):
        for what, when, name in _of_event(event, read_record(event.kind, event.data)):
            if when in _BEGINNINGS:
                said.setdefault((what, when, name), event.at)
            else:
                said[what, when, name] = event.at
    return said


def _of_event(event: Event, record: EventRecord) -> Iterator[tuple[str, str, object]]:
    match record:
        case KeysReleasing():
            yield "release", "begun", event.seq
        case KeysReleased() if record.intent is not None and not record.left:
            yield "release", "completed", record.intent
        case LabelFileSuperseded():
            yield "label file", "superseded", f"{event.batch}/{record.file}/{record.sha256}"
        case ManifestMade() if record.sha256:
            yield "control log", "made", record.sha256
        case LabelsQueued():
            yield "queue's number", "asked", record.entry
        case QueueTaken():
            yield "queue's number", "taken", record.entry
        case QueuePrinted() | QueueCancelled():
            yield "queue's number", "ended", record.entry
        case PackagePacked():
            yield "carton or pallet", "begun", record.carton
        case CartonOnPallet():
            yield "carton or pallet", "begun", record.pallet
        case CartonClosed():
            yield "carton or pallet", "closed", record.carton
        case PalletClosed():
            yield "carton or pallet", "closed", record.pallet
        case _ if event.kind in _OF_BATCHES:
            yield "batch", _OF_BATCHES[event.kind], event.batch


_OF_BATCHES: dict[str, str] = {
    EventKind.BATCH_ISSUED: "created",
    EventKind.BATCH_CLOSED: "closed",
    EventKind.BATCH_RETIRED: "retired",
}
