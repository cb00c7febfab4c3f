"""What the history says of print queues: labels that presses were to print, and what became of them."""

from __future__ import annotations

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key


class QueueEvent(EventRecord):
    """Something happened to an entry of a print queue."""

    entry: int = key("number of the entry")
    press: str = key("name of the press")


class LabelsQueued(QueueEvent):
    """Labels were put into the queue of a press."""

    kind = EventKind.QUEUE_ADDED
    each: str = key("what one label is for: `package`, `unit`, `carton` or `batch`")
    labels: int = key("how many, with copies")
    template: str = key("name")
    digest: str = key("of the template, with its artwork and fonts")
    printer: str | None = key("name, where one was asked for", default=None)
    again: bool = key("whether they were made before, and are printed again on purpose", default=False)
    reason: str = key("why single labels are printed once more", default="")
    asked: str = key("SHA-256 of the numbers of the labels, and of how they are printed", default="")


class QueueTaken(QueueEvent):
    """A press took labels from its queue, or took over what another one had taken."""

    kind = EventKind.QUEUE_TAKEN
    before: str | None = key("the press that had them, where they were taken over", name="from", default=None)
    reason: str | None = key("why they were taken over", default=None)


class QueueMoved(QueueEvent):
    """Labels that waited were moved into the queue of another press."""

    kind = EventKind.QUEUE_MOVED
    before: str = key("the press in whose queue they were", name="from")


class QueueCancelled(QueueEvent):
    """What a press had not printed yet is not to be printed."""

    kind = EventKind.QUEUE_CANCELLED
    labels: int = key("how many were good until then")
    reason: str = key("why")


class QueuePrinted(QueueEvent):
    """All labels of an entry went to the printer and were counted good."""

    kind = EventKind.QUEUE_PRINTED
    labels: int = key("how many, with copies")
    printed: bool = key("whether printer or operator says that they came out; else they were handed over")


class LabelsSpoiled(QueueEvent):
    """Labels behind the last good one, which are printed again."""

    kind = EventKind.QUEUE_SPOILED
    roll: int = key("number of the roll")
    stretch: int = key("number of the stretch that they begin in")
    last_good: str | None = key("serial on the last good label; left out where none was good", default=None)
    labels: int = key("how many, at most: what was handed over behind it")


class RollEnded(EventRecord):
    """A press got a new roll; what the one before it was used for."""

    kind = EventKind.ROLL_ENDED
    press: str = key("name of the press")
    roll: int = key("number of the roll that ended: they count from 1 at each press")
    labels: int = key("how many good labels it gave")
    spoiled: int = key("how many spoiled ones, at most")
