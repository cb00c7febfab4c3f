"""Sends events to a receiver as they happen: each at least once, in order, and with an id by which it is known again.

How far that went stands in a file of the workspace, one for each receiver's name, written after each event that was
taken. A kill between the two sends that one event again, with the same id.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import is_complete, make_folder, read_text, require_safe_name, write_atomically
from bss_mfg.core.waiting_locks import name_lock
from bss_mfg.errors import InputError, MissingError
from bss_mfg.integration.event_feed import POLL_S, Absence, EventSource, Piece, Position
from bss_mfg.integration.receivers import DeliveryTrouble, Receiver
from bss_mfg.model import Event

FOLDER = "forwarding"
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """How far a receiver has the history: the file that says so, and who that receiver is."""

    file: Path
    receiver: str

    @classmethod
    def of(cls, workspace: Path, name: str, receiver: str) -> DeliveryRecord:
        """That of a name in a workspace."""
        return cls(workspace / FOLDER / f"{require_safe_name(name, 'name of a receiver')}.json", receiver)

    def read(self) -> Position | None:
        """The last event that was taken; None where none was sent yet. `InputError` where another receiver has that
        name, or the file can't be read."""
        if not is_complete(self.file):
            return None
        try:
            values = json.loads(read_text(self.file, "record of what was forwarded"))
            receiver, position = values["receiver"], Position.parse(values["position"])
        except (ValueError, TypeError, KeyError, RecursionError, InputError):
            raise InputError(
                "is damaged",
                where=self.file,
                way_out="Move it away, and say with --since after which event the receiver wants to continue.",
            ) from None
        if receiver != self.receiver:
            raise InputError(
                f"the name {self.file.stem} is another receiver's: {receiver!a}",
                where=self.file,
                way_out="Give this receiver a name of its own with --name.",
            )
        return position

    def write(self, position: Position) -> None:
        """The receiver has all up to here."""
        text = json.dumps({"receiver": self.receiver, "position": str(position)}) + "\n"
        write_atomically(self.file, [text.encode()], replace=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Held while events are sent under this name; `LedgerError` where another command does."""
        make_folder(self.file.parent)
        lock = self.file.with_suffix(".lock")
        with name_lock(lock, f"another command forwards as {self.file.stem} already", 0.0):
            yield


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a receiver is tried: `give_up_s` seconds for one event (None: for as long as it takes)."""

    give_up_s: float | None = None
    wait: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = lambda words: None


class Forwarder:
    """Sends the events of a source to a receiver, one after the other."""

    def __init__(
        self, source: EventSource, receiver: Receiver, record: DeliveryRecord, persistence: Persistence
    ) -> None:
        self._source, self._receiver = source, receiver
        self._record, self._persistence = record, persistence
        self._random = random.Random()  # noqa: S311  (spreads retries, no secret)

    def send_all(self, after: Position) -> tuple[int, Position]:
        """Send all that there is behind a position: how many were taken, and the position then."""
        return self._send_what(self._source.look, after)

    def _send_what(self, look: Callable[[Position], Piece], after: Position) -> tuple[int, Position]:
        count = 0
        while True:
            piece = look(after)
            for event in piece.events:
                self._send(event)
                after = Position(event.seq, event.digest)
                self._record.write(after)
                count += 1
            if piece.position != after:
                after = piece.position
                self._record.write(after)
            if not piece.events:
                return count, after

    def follow(self, after: Position) -> None:
        """Send what there is and what comes, until the process ends; a ledger that is away is waited for."""
        absence = Absence(self._persistence.tell, self._persistence.wait)

        def look(behind: Position) -> Piece:
            return absence.outlast(lambda: self._source.look(behind))

        while True:
            _, after = self._send_what(look, after)
            self._persistence.wait(POLL_S)

    def _send(self, event: Event) -> None:
        """Until it was taken; `MissingError` where nobody waits for that any longer."""
        begun, wait_s, troubles = time.monotonic(), _FIRST_WAIT_S, 0
        while True:
            try:
                self._receiver.deliver(event)
            except DeliveryTrouble as trouble:
                troubles += 1
                self._give_up(event, trouble, time.monotonic() - begun)
                if troubles == 1:
                    self._persistence.tell(f"Event {event.seq:,} waits: {trouble.words}. It is tried again.")
                pause_s = max(trouble.wait_s, wait_s * self._random.uniform(0.5, 1.0))
                if (limit := self._persistence.give_up_s) is not None:
                    pause_s = min(pause_s, max(begun + limit - time.monotonic(), 0.0))
                self._persistence.wait(pause_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            else:
                if troubles:
                    self._persistence.tell(f"Event {event.seq:,} was taken.")
                return

    def _give_up(self, event: Event, trouble: DeliveryTrouble, waited_s: float) -> None:
        limit = self._persistence.give_up_s
        if limit is not None and waited_s >= limit:
            raise MissingError(
                f"event {event.seq:,} was not taken in {waited_s:,.0f} s: {trouble.words}",
                way_out="All events before it were. The same command continues with this one.",
            )
