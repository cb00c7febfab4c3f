"""Labels over a line of bytes to a printer, one after the other: how many it took, how long it lets them wait, what it
says of itself before and after.

Such a line acknowledges nothing. So one that breaks after the first byte is not tried again: labels may lie printed in
the tray, and only the operator can see how many. A printer that takes nothing is waited for, for its roll may be
changed just now; one that takes hardly anything, over and over, is not. What a batch's history says of it is
`send_batch`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.text import count_words
from bss_mfg.label.printing.asking import Listener, ask
from bss_mfg.label.printing.channel import Channel
from bss_mfg.label.printing.status import PrinterStatus
from bss_mfg.label.printing.status_questions import StatusQuestion

CHUNK = 16_384


class SendOutcome(StrEnum):
    """How sending ended: everything was handed over, only the first of it, the operator stopped it, or nothing was."""

    SENT = "sent"
    CUT_OFF = "cut off"
    STOPPED = "stopped"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class SendResult:
    """What was handed over: whole labels and bytes, and if it stopped before the end, the reason in words.

    `labels` is an upper bound of what can have been printed. `status`: what the printer said last, after the last
    labels of a command or before the first; None where it was not asked or does not say. `pages`: an upper bound of the
    printed pages of a job that is no printer's language, None where nobody counted.
    """

    labels: int
    bytes_sent: int
    outcome: SendOutcome = SendOutcome.SENT
    reason: str = ""
    status: PrinterStatus | None = None
    pages: int | None = None


def _nobody(told: object) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a printer is waited for.

    `silence_s`: that it takes nothing; None: without end, for a roll change takes as long as it takes. `label_s`: that
    it takes a label piece by piece; of each wait between two pieces `pause_s` count at most, so that a roll change in
    the midst of it is no matter. `goodbye_s`: that it hangs up after the last byte. `answer_s`: that it answers a
    question; `settle_s`: that it prints what it has, while the number of labels does not fall. `tell` hears of the
    seconds waited, every `poll_s` or so; `hear` of what the printer says meanwhile.
    """

    silence_s: float | None = None
    label_s: float = 3600.0
    pause_s: float = 300.0
    goodbye_s: float = 10.0
    poll_s: float = 1.0
    answer_s: float = 1.5
    settle_s: float = 20.0
    tell: Callable[[float], None] = field(default=_nobody, compare=False)
    hear: Callable[[str], None] = field(default=_nobody, compare=False)


PATIENT = Patience()
"""Waits for a roll change as long as it takes."""


@dataclass(frozen=True, slots=True)
class PrintJob:
    """What goes to a printer at once: labels in its language. `first` and `last`: of a command. Before its first labels
    a printer is asked for its state, and after the last it is asked until it has printed them."""

    formats: Sequence[bytes]
    name: str = "labels"
    first: bool = True
    last: bool = True


class GivenUp(Exception):  # noqa: N818  (no error: it ends a wait)
    """A printer was waited for long enough; its words say why."""


def send_job(
    open_channel: Callable[[], Channel],
    printer: str,
    job: PrintJob,
    question: StatusQuestion | None,
    *,
    patience: Patience = PATIENT,
    progress: Progress = no_progress,
) -> SendResult:
    """Send a job over a channel; returns what was handed over, also when the printer went away midway or the operator
    stopped it. `printer` is how it is called in messages. Raises nothing for the printer: `SendResult.outcome` says how
    it ended.
    """
    sending = Sending(printer, patience, question)
    try:
        channel = open_channel()
        try:
            return sending.send(channel, job, progress)
        finally:
            channel.close()
    except GivenUp as given_up:
        return sending.ended(str(given_up))
    except OSError as error:
        return sending.ended(sending.broken_off(error))
    except KeyboardInterrupt:
        return sending.ended("stopped", SendOutcome.STOPPED)


class Sending:
    """One connection: what was handed over so far, and how long the printer lets it wait."""

    def __init__(self, printer: str, patience: Patience, question: StatusQuestion | None) -> None:
        self._printer, self.patience, self._question = printer, patience, question
        self.labels = self.bytes_sent = 0
        self._since = time.monotonic()
        """When the printer took something last."""
        self._on_label_s = 0.0
        self._listener = Listener(None, patience.poll_s, patience.hear)

    def forget(self) -> None:
        """Nothing of what was handed over will print."""
        self.labels = self.bytes_sent = 0

    def ended(self, reason: str, outcome: SendOutcome = SendOutcome.CUT_OFF) -> SendResult:
        """What it came to, before everything was handed over."""
        if not self.bytes_sent and outcome is SendOutcome.CUT_OFF:
            outcome = SendOutcome.NOT_SENT
        if self.bytes_sent and (said := self._listener.status) and said.problems:
            reason += f"; it had said: {said.words}"
        return SendResult(self.labels, self.bytes_sent, outcome, reason)

    def send(self, channel: Channel, job: PrintJob, progress: Progress) -> SendResult:
        """Ask, hand everything over, and wait until the printer has it."""
        asks = self._question is not None and job.first
        before = ask(channel, self._question, self.patience.answer_s) if self._question and asks else None
        if before and before.problems:
            reason = f"the printer at {self._printer} says: {before.words}"
            return SendResult(0, 0, SendOutcome.NOT_SENT, reason, before)
        # One that did not answer before will not later on.
        answers = not (asks and before is None)
        if answers and self._question and self._question.while_printing:
            self._listener = Listener(self._question, self.patience.poll_s, self.patience.hear)
        self._since = time.monotonic()
        for item in job.formats:
            self._ask_in_passing(channel)
            self.hand_over(channel, item)
            progress(self.labels, len(job.formats))
        self._wait_until_taken(channel)
        answers = answers and self._listener.hear_out(channel, self.patience.answer_s)
        after = self._follow(channel) if job.last and answers else None
        channel.finish()
        if after is None or not (after.is_idle or after.problems):  # else it was heard after everything
            self._wait_until_taken(channel)
            self._say_goodbye(channel)
        return SendResult(self.labels, self.bytes_sent, status=after if job.last else before)

    def hand_over(self, channel: Channel, item: bytes) -> None:
        """Hand one label over, however long the printer lets it wait."""
        # A label can print once its last command is there: the line end after it does not count.
        view, done, end = memoryview(item), 0, len(item.rstrip())
        while done < len(item):
            try:
                taken = channel.write(view[done : done + CHUNK])
            except TimeoutError:
                self.wait(channel)
                continue
            self.bytes_sent += taken
            whole = done < end <= done + taken
            self.labels += whole
            done += taken
            self.went_on(whole)

    def _ask_in_passing(self, channel: Channel) -> None:
        """Between two labels: the question, and what came of the last one."""
        if not self._listener.asks:
            return
        self._listener.listen(channel)
        view = memoryview(self._listener.due_question())
        while view:
            try:
                view = view[channel.write(view) :]
            except TimeoutError:
                self.wait(channel)

    def _wait_until_taken(self, channel: Channel) -> None:
        while (left := channel.pending()) > 0:
            time.sleep(min(self.patience.poll_s, 0.05))
            if channel.pending() < left:
                self.went_on(whole=False)
            else:
                self.wait(channel, reads=False)

    def _follow(self, channel: Channel) -> PrinterStatus | None:
        """What the printer says once it has printed everything, or once it can't go on. Ctrl-C ends the wait only: the
        printer has everything."""
        question = self._question
        if question is None or not question.while_printing:
            return None
        patience, last, begun = self.patience, None, time.monotonic()
        since = begun
        try:
            while True:
                status = ask(channel, question, patience.answer_s)
                if status is None or status.problems or not (status.waiting or status.busy):
                    return status or last
                if last is None or (status.waiting or 0) < (last.waiting or 0):
                    since = time.monotonic()
                elif time.monotonic() - since > patience.settle_s:
                    return status
                last = status
                patience.tell(time.monotonic() - begun)
                time.sleep(min(patience.poll_s, 0.5))
        except KeyboardInterrupt:
            return last
        except OSError as error:
            if last is None or not last.waiting:
                raise
            left = count_words(last.waiting, "label")
            raise GivenUp(f"{self.broken_off(error)} when it had {left} left to print") from None

    def broken_off(self, error: OSError) -> str:
        """That the printer went away, in words."""
        return f"the printer at {self._printer} broke the connection off ({error_words(error)})"

    def went_on(self, whole: bool) -> None:
        """The printer took something, and with it the end of a label or not."""
        now = time.monotonic()
        self._on_label_s = 0.0 if whole else self._on_label_s + min(now - self._since, self.patience.pause_s)
        self._since = now
        if self._on_label_s > self.patience.label_s:
            raise GivenUp(f"the printer at {self._printer} takes hardly anything: no label in {self._on_label_s:.0f} s")

    def wait(self, channel: Channel, *, reads: bool = True) -> None:
        """The printer takes nothing just now. `OSError` where the connection ended meanwhile: what was under way then
        stays unacknowledged for ever."""
        channel.pending()
        self.wait_longer()
        if reads:  # one that waits until somebody hears what it says
            self._listener.listen(channel)

    def wait_longer(self) -> None:
        """Tell how long it was waited for by now; `GivenUp` where that is long enough."""
        waited, limit = time.monotonic() - self._since, self.patience.silence_s
        if limit is not None and waited >= limit:
            raise GivenUp(f"the printer at {self._printer} took nothing for {waited:.0f} s (timed out)")
        self.patience.tell(waited)

    def _say_goodbye(self, channel: Channel) -> None:
        """Wait until a printer that has everything closes its side, whatever it says meanwhile; one that was switched
        off resets the connection, which is an `OSError`."""
        deadline = time.monotonic() + self.patience.goodbye_s
        while (left := deadline - time.monotonic()) > 0:
            if channel.read(left) == b"":
                return


def error_words(error: OSError) -> str:
    """What an operating system said, in its words."""
    return (error.strerror or str(error) or type(error).__name__).lower()
