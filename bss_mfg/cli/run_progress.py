"""The progress of a run: a line a step, on a terminal the current one drawn again and again. ASCII, 79 columns.

issue      done        20,000 units                             1.9 s  10,520/s
labels     [###########---------]       10,560/20,000   4,870/s       0:02 left
"""

from __future__ import annotations

import contextlib
import os
import sys
import textwrap
import time
from collections.abc import Callable

import click

WIDTH, BAR, LEAST_BAR = 79, 20, 4
REDRAW_SECONDS = 0.1


class RunDisplay:
    """Told by a run how far it is (`running.job.Reporter`)."""

    def __init__(self, live: bool | None = None) -> None:
        self._live = sys.stderr.isatty() if live is None else live
        self._step, self._failed, self._open = "", 0, False
        self._begun = self._drawn = 0.0
        self._base: tuple[float, int] | None = None
        """When this step was first heard of, and how much was done then: before, or while processes started."""

    def begin(self, step: str, total: int) -> Callable[[int, int], None]:
        """A step begins."""
        self._step, self._failed, self._base = step, 0, None
        self._begun, self._drawn = time.monotonic(), 0.0
        self._draw(0, total, self._begun)
        return self.update

    def update(self, done: int, total: int) -> None:
        """The current step is so far."""
        now = time.monotonic()
        self._base = self._base or (now, done)
        if now - self._drawn >= REDRAW_SECONDS or done >= total:
            self._draw(done, total, now)

    def _draw(self, done: int, total: int, now: float) -> None:
        if not self._live:
            return
        self._drawn = now
        since, before = self._base or (now, done)
        rate = (done - before) / (now - since) if now - since > 0.5 else 0.0
        left = f"{duration_words((total - done) / rate)} left" if rate > 0 else ""
        failed = f"  {self._failed:,} failed" if self._failed else ""
        tail = f"{f'{done:,}/{total:,}':>20} {rate_words(rate, done - before):>9} {left:>15}{failed}"
        size = max(min(BAR, WIDTH - 13 - len(tail)), LEAST_BAR)
        self._line(f"{self._step:<10} [{'#' * (done * size // max(total, 1)):-<{size}}]{tail}")

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
        self._line(f"{self._step:<10} {state:<11} {words:<38}{took:>8} {speed:>9}")
        self._finish()

    def skip(self, step: str, words: str) -> None:
        """The step is left out."""
        head = f"{step:<10} left out    "
        for line in textwrap.wrap(words, WIDTH, initial_indent=head, subsequent_indent=" " * len(head)):
            self._line(line)
            self._finish()

    def close(self) -> None:
        """Leave the line where it is: the run was interrupted, or an error follows."""
        if self._open:
            self._finish()

    def _line(self, text: str) -> None:
        text = text.rstrip()
        if self._live:  # a line that wraps could not be drawn over
            width = WIDTH
            with contextlib.suppress(OSError, ValueError):
                columns = os.get_terminal_size(sys.stderr.fileno()).columns  # 0 where the terminal does not say
                width = min(columns - 1, WIDTH) if columns > 1 else WIDTH
            text = f"\r{text[:width]:<{width}}"
        self._open = True
        click.echo(text, err=True, nl=False)

    def _finish(self) -> None:
        self._open = False
        click.echo("", err=True)


def duration_words(seconds: float) -> str:
    """A time that is left: 0:07, 12:30, 2:05:00."""
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def rate_words(rate: float, done: int) -> str:
    """Things a second; nothing where there were too few to tell."""
    return f"{rate:,.0f}/s" if done >= 100 and rate else ""
