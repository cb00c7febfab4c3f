"""The history from a position on, for a reader that keeps its position: nothing is given twice, nothing left out.

Events get their numbers one after the other, without gaps, inside the transaction that writes them: what is read up to
a number is all that there is up to it, on both databases.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice

from bss_mfg.errors import BssError, FinalLedgerError, InputError
from bss_mfg.ledger.history import EVENTS_AT_ONCE
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Event

POLL_S = 1.0
"""How often what comes is looked for."""
_POSITION = re.compile(r"(\d{1,18})(?::([0-9a-f]{8,64}))?")


@dataclass(frozen=True, slots=True)
class Position:
    """How far a history was read: the number of the last event (0: none), and that event's digest (hex) or the start
    of it, by which a history that was changed since is told; empty: that isn't asked."""

    seq: int = 0
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Position:
        """From `SEQ` or `SEQ:DIGEST`, as `ledger check` and `events` print it; `InputError` for anything else."""
        found = _POSITION.fullmatch(text)
        if not found:
            raise InputError(
                f"{text[:80]!a} isn't a position in the history",
                way_out="Give the number of the last event that you have (0: none), or NUMBER:DIGEST of it.",
            )
        return cls(int(found[1]), found[2] or "")

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest}" if self.digest else str(self.seq)


START = Position()


@dataclass(frozen=True, slots=True)
class EventChoice:
    """Which events are wanted: of these kinds (none: of all), of one batch or (empty) of all."""

    kinds: tuple[str, ...] = ()
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Events in order, and the position after them, which lies further than the last of them where others that were
    not wanted follow."""

    events: tuple[Event, ...]
    position: Position


def read_piece(ledger: Ledger, after: Position, choice: EventChoice, most: int = EVENTS_AT_ONCE) -> Piece:
    """The next events behind a position, at most `most`. `FinalLedgerError` where the history isn't the one that was
    read to there: it is shorter, or that event is another."""
    head = Position(*ledger.history.head())
    _refuse_another_history(ledger, after, head)
    wanted = ledger.history.events_of(choice.kinds, choice.batch or None, after=after.seq)
    events = tuple(event for event in islice(wanted, most) if event.seq <= head.seq)
    if len(events) == most:
        return Piece(events, Position(events[-1].seq, events[-1].digest))
    return Piece(events, head)


def _refuse_another_history(ledger: Ledger, after: Position, head: Position) -> None:
    way_out = (
        "It was restored from a copy, or is another ledger: `bss-mfg history` and `bss-mfg ledger compare` tell which. "
        "Reading from the start (--since 0) gives all of its events once more."
    )
    if after.seq > head.seq:
        raise FinalLedgerError(
            f"event {after.seq:,} was read before, and the history has {head.seq:,}",
            where=ledger.place.words,
            way_out=way_out,
        )
    if after.digest and after.seq and not (ledger.history.digest_of(after.seq) or "").startswith(after.digest):
        raise FinalLedgerError(
            f"event {after.seq:,} is another one than was read before", where=ledger.place.words, way_out=way_out
        )


@dataclass(frozen=True, slots=True)
class EventSource:
    """Where events are read: how the ledger is opened. It is opened for each look, so that a ledger that was restored
    meanwhile is seen, and nothing is held between."""

    open_ledger: Callable[[], AbstractContextManager[Ledger]]
    choice: EventChoice

    def look(self, after: Position) -> Piece:
        """The next events behind a position."""
        with self.open_ledger() as ledger:
            return read_piece(ledger, after, self.choice)

    def pieces(self, after: Position) -> Iterator[Piece]:
        """All that there is now behind a position, in one opened ledger."""
        with self.open_ledger() as ledger:
            while True:
                piece = read_piece(ledger, after, self.choice)
                yield piece
                if len(piece.events) < EVENTS_AT_ONCE:
                    return
                after = piece.position


@dataclass(frozen=True, slots=True)
class Absence:
    """For those who follow a history for days: a ledger that can't be read for a while, because the network is down or
    it is being restored, is waited for, and so it is said."""

    tell: Callable[[str], None]
    wait: Callable[[float], None] = time.sleep

    def outlast(self, look: Callable[[], Piece]) -> Piece:
        """What a look gives, once there is one; an error that no waiting mends is raised."""
        told = ""
        while True:
            try:
                piece = look()
            except FinalLedgerError:
                raise
            except BssError as error:
                if error.what != told:
                    told = error.what
                    self.tell(f"The ledger can't be read, and is waited for: {error.where or ''}: {told}")
                self.wait(POLL_S)
            else:
                if told:
                    self.tell("The ledger can be read again.")
                return piece
