"""What the board shows just now: published by the thread that owns the ledger, waited for by those that serve pages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Published:
    """A document as JSON, its number (from 1; 0: there is none yet), pictures by their paths, and when (by the clock
    that only grows) the ledger was looked at last."""

    number: int = 0
    body: bytes = b"{}"
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    looked: float = 0.0


class Publication:
    """The newest document, for all threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._now = Published()
        self._ended = False
        self._waiting = 0

    @property
    def now(self) -> Published:
        """What is published."""
        return self._now

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._ended

    @property
    def waiting(self) -> int:
        """How many wait for the next document."""
        return self._waiting

    @property
    def age(self) -> float:
        """Seconds since the ledger was looked at."""
        return self._clock() - self._now.looked

    def publish(self, body: bytes, pictures: Mapping[str, bytes]) -> None:
        """Show another document from now on."""
        with self._changed:
            self._now = Published(self._now.number + 1, body, pictures, self._clock())
            self._changed.notify_all()

    def confirm(self) -> None:
        """The ledger was looked at, and the document still says what it should."""
        with self._changed:
            now = self._now
            self._now = Published(now.number, now.body, now.pictures, self._clock())

    def end(self) -> None:
        """Nothing more comes: whoever waits goes on."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, seen: int, seconds: float) -> Published | None:
        """The newest document, as soon as it is another than number `seen`; None where none came in that time."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._ended or self._now.number != seen, seconds)
            self._waiting -= 1
            return self._now if self._now.number != seen else None
