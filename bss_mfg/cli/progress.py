"""How far the work is, on stderr: a line that is drawn over again on a terminal. ASCII, 79 columns.

`progress_bar` is one bar for one piece of work; `RunDisplay` is a run, a line a step:

issue      done        20,000 units                             1.9 s  10,520/s
labels     [###########---------]       10,560/20,000   4,870/s       0:02 left
"""

from __future__ import annotations

import contextlib
import os
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import click

from bss_mfg.core.progress import Progress, no_progress

if TYPE_CHECKING:
    from bss_mfg.label.printing.sending import Patience

WIDTH, LABEL, BAR, LEAST_BAR = 79, 28, 20, 4
REDRAW_SECONDS = 0.1
"""A line is drawn over at most so often: terminals are slow, and people slower."""


class ProgressLine:
    """The line that is being written: on a terminal (`live`) drawn over again, elsewhere written once."""

    def __init__(self, live: bool | None = None) -> None:
        self.live = sys.stderr.isatty() if live is None else live
        self._open = False
        self._drawn = 0.0

    def due(self, done: int, total: int) -> bool:
        """Whether the line should be drawn over now: at the end always, before it not too often."""
        return self.live and (done >= total or time.monotonic() - self._drawn >= REDRAW_SECONDS)

    def draw(self, text: str) -> None:
        """Write the line, over what it said before."""
        self._drawn = time.monotonic()
        self._open = True
        text = text.rstrip()
        if self.live:  # a line that wraps could not be drawn over
            width = WIDTH
            with contextlib.suppress(OSError, ValueError):
                columns = os.get_terminal_size(sys.stderr.fileno()).columns  # 0 where the terminal does not say
                width = min(columns - 1, WIDTH) if columns > 1 else WIDTH
            text = f"\r{text[:width]:<{width}}"
        click.echo(text, err=True, nl=False)

    def end(self) -> None:
        """Go to the next line, if this one was begun."""
        if self._open:
            self._open = False
            click.echo("", err=True)


def progress_bar(label: str) -> Progress:
    """A bar behind `label`; silent where stderr is no terminal."""
    line = ProgressLine()
    if not line.live:
        return no_progress

    def show(done: int, total: int) -> None:
        if line.due(done, total):
            size = done * BAR // total if total else BAR
            line.draw(f"{_fitted(label)} [{'#' * size:<{BAR}}] {done:,}/{total:,}")
            if done >= total:
                line.end()

    return show


def _fitted(label: str) -> str:
    """`NAME: WORK` in its place before the bar: of a long name the end is left out, never the work."""
    name, colon, work = label.rpartition(": ")
    return f"{name[: LABEL - len(colon + work)]}{colon}{work}".ljust(LABEL)


class SendingDisplay:
    """How far labels went to a printer, and how long it lets them wait."""

    def __init__(self, batch: str) -> None:
        self._label = f"{batch}: sending"
        self._line = ProgressLine()
        self._last_told = -1
        self._heard = ""
        self.progress: Progress = self._progress if self._line.live else no_progress

    def __enter__(self) -> SendingDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.end()

    def patience(self, silence_s: float | None) -> Patience:
        """The patience of a printer, which tells this display how long it waits."""
        from bss_mfg.label.printing.sending import Patience

        return Patience(silence_s, tell=self._waiting, hear=self._hear)

    def _hear(self, words: str) -> None:
        if words != self._heard:
            self._heard, self._last_told = words, -1

    def _progress(self, done: int, total: int) -> None:
        if self._line.due(done, total):
            size = done * BAR // total if total else BAR
            self._line.draw(f"{_fitted(self._label)} [{'#' * size:<{BAR}}] {done:,}/{total:,}")
            if done >= total:
                self._line.end()

    def _waiting(self, seconds: float) -> None:
        """Every second on a terminal; elsewhere once, and then every quarter of an hour."""
        if seconds < 2 or (int(seconds) == self._last_told if self._line.live else seconds < self._next_said()):
            return
        self._last_told = int(seconds)
        minutes, second = divmod(int(seconds), 60)
        self._line.draw(_waiting_words(self._heard, minutes, second))
        if not self._line.live:
            self._line.end()

    def _next_said(self) -> float:
        return 10.0 if self._last_told < 0 else self._last_told + 900.0


def _waiting_words(heard: str, minutes: int, seconds: int) -> str:
    says = f": {heard}" if heard else ""
    return f"waiting for the printer{says} ({minutes:02}:{seconds:02}, Ctrl-C to stop)"


class RunDisplay:
    """Told by a run how far it is (`pipeline.Reporter`)."""

    def __init__(self, live: bool | None = None) -> None:
        self._line = ProgressLine(live)
        self._step, self._failed = "", 0
        self._heard = ""
        self._begun = 0.0
        self._base: tuple[float, int] | None = None
        """When this step was first heard of, and how much was done then: before, or while processes started."""

    def begin(self, step: str, total: int) -> Progress:
        """A step begins."""
        self._step, self._failed, self._base = step, 0, None
        self._begun = time.monotonic()
        self._draw(0, total, self._begun)
        return self.update

    def update(self, done: int, total: int) -> None:
        """The current step is so far."""
        now = time.monotonic()
        self._base = self._base or (now, done)
        if self._line.due(done, total):
            self._draw(done, total, now)

    def _draw(self, done: int, total: int, now: float) -> None:
        if not self._line.live:
            return
        since, before = self._base or (now, done)
        rate = (done - before) / (now - since) if now - since > 0.5 else 0.0
        left = f"{duration_words((total - done) / rate)} left" if rate > 0 else ""
        failed = f"  {self._failed:,} failed" if self._failed else ""
        tail = f"{f'{done:,}/{total:,}':>20} {rate_words(rate, done - before):>9} {left:>15}{failed}"
        size = max(min(BAR, WIDTH - 13 - len(tail)), LEAST_BAR)
        self._line.draw(f"{self._step:<10} [{'#' * (done * size // max(total, 1)):-<{size}}]{tail}")

    def waiting(self, seconds: float) -> None:
        """A printer is waited for."""
        if seconds >= 2 and self._line.due(0, 1):
            minutes, second = divmod(int(seconds), 60)
            self._line.draw(f"{self._step:<10} {_waiting_words(self._heard, minutes, second)}")

    def hear(self, words: str) -> None:
        """What the printer says of why."""
        self._heard = words

    def failed(self, count: int) -> None:
        """So many labels or files of this step failed."""
        self._failed = count

    def end(self, done: int, what: str, fresh: int, more: str = "") -> None:
        """The step has ended."""
        seconds = time.monotonic() - self._begun
        words, took, speed = f"{done:,} {what}", f"{seconds:,.1f} s", rate_words(fresh / max(seconds, 1e-9), fresh)
        if 0 < fresh < done:
            words += f" ({done - fresh:,} before)"
        elif more:
            words += f" {more}"
        if done and not fresh and not self._failed:
            state, took = "done before", ""
        else:
            state = "WRONG" if self._failed else "done"
        self._line.draw(f"{self._step:<10} {state:<11} {words:<38}{took:>8} {speed:>9}")
        self._line.end()

    def skip(self, step: str, words: str) -> None:
        """The step is left out."""
        head = f"{step:<10} left out    "
        for line in textwrap.wrap(words, WIDTH, initial_indent=head, subsequent_indent=" " * len(head)):
            self._line.draw(line)
            self._line.end()

    def close(self) -> None:
        """Leave the line where it is: the run was interrupted, or an error follows."""
        self._line.end()


def duration_words(seconds: float) -> str:
    """A time that is left: 0:07, 12:30, 2:05:00."""
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def rate_words(rate: float, done: int) -> str:
    """Things a second; nothing where there were too few to tell."""
    return f"{rate:,.0f}/s" if done >= 100 and rate else ""
