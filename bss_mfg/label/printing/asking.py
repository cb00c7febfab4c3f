"""A printer asked for its state over a line of bytes: once, waiting for the answer, or between labels in passing."""

from __future__ import annotations

import time
from collections.abc import Callable

from bss_mfg.label.printing.channel import Channel
from bss_mfg.label.printing.status import PrinterStatus
from bss_mfg.label.printing.status_questions import MAX_ANSWER, StatusQuestion


def ask(channel: Channel, question: StatusQuestion, answer_s: float) -> PrinterStatus | None:
    """What a printer says of itself; None where it gives no answer in time, or one that is none."""
    drain(channel)
    try:
        channel.write(memoryview(question.request))
    except TimeoutError:
        return None
    answer, deadline = b"", time.monotonic() + answer_s
    while len(answer) < MAX_ANSWER and (left := deadline - time.monotonic()) > 0:
        piece = channel.read(left)
        if not piece:
            return None
        answer += piece
        if status := question.read(answer):
            return status
    return None


def drain(channel: Channel) -> None:
    """Read away what a printer has said so far."""
    for _ in range(64):
        if not channel.read(0):
            return


class Listener:
    """Hears what a printer says while labels go to it. It is asked between two labels every `every_s` or so, never
    twice before it has answered, and nobody waits for its answer; `hear` gets what keeps it from printing, and an empty
    text once nothing does. Without a question, what it says is read away."""

    def __init__(self, question: StatusQuestion | None, every_s: float, hear: Callable[[str], None]) -> None:
        self._question, self._every_s, self._hear = question, every_s, hear
        self._asked_at = time.monotonic()
        self._open = False
        self._heard = b""
        self.status: PrinterStatus | None = None
        """The newest answer."""

    def due_question(self) -> bytes:
        """The question, where it is time for it: the caller sends it whole."""
        if self._question is None or self._open or time.monotonic() - self._asked_at < self._every_s:
            return b""
        self._asked_at, self._open, self._heard = time.monotonic(), True, b""
        return self._question.request

    @property
    def asks(self) -> bool:
        """Whether there is a question at all."""
        return self._question is not None

    def listen(self, channel: Channel, wait_s: float = 0.0) -> None:
        """Read what it has said by now, or says within the time."""
        if self._question is None or not self._open:
            drain(channel)
            return
        for _ in range(64):
            if not (piece := channel.read(wait_s)):
                self._open = self._open and piece is None  # else it says no more
                return
            self._heard = (self._heard + piece)[-MAX_ANSWER:]
            if status := self._question.read(self._heard):
                self._open = False
                if status.problems != (self.status.problems if self.status else ()):
                    self._hear(", ".join(status.problems))
                self.status = status
                return

    def hear_out(self, channel: Channel, answer_s: float) -> bool:
        """Wait for an answer that is still to come, so that it is not taken for a later one; whether it came, or none
        was to come."""
        before, open_ = self.status, self._open
        deadline = time.monotonic() + answer_s
        while self._open and (left := deadline - time.monotonic()) > 0:
            self.listen(channel, left)
        return not open_ or self.status is not before
