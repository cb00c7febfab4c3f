"""The progress of a run: a line a step, on a terminal the current one drawn again and again.

issue      done    20,000 units                                   2.1 s     9,520/s
labels     [###########---------]   10,560/20,000     4,870/s    0:02 left
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click

BAR = 20
REDRAW_SECONDS = 0.1


class Steps:
    """Told by a run how far it is (`running.job.Reporter`)."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._step, self._total, self._failed = "", 0, 0
        self._begun = self._drawn = 0.0
        self._first: int | None = None

    def begin(self, step: str, total: int) -> Callable[[int, int], None]:
        """A step begins."""
        self._step, self._total, self._failed, self._first = step, total, 0, None
        self._begun, self._drawn = time.monotonic(), 0.0
        self.at(0, total)
        return self.at

    def at(self, done: int, total: int) -> None:
        """The current step is so far."""
        now = time.monotonic()
        if self._first is None and done:
            self._first, self._begun = (0, self._begun) if done < total / 2 else (done, now)  # done before: no rate
        if not self._live or (now - self._drawn < REDRAW_SECONDS and done < total):
            return
        self._drawn = now
        bar = "#" * (done * BAR // max(total, 1))
        rate = (done - (self._first or 0)) / max(now - self._begun, 1e-9)
        left = f"{clock((total - done) / rate)} left" if rate > 0 and now - self._begun > 0.5 else ""
        failed = f"  {self._failed:,} failed" if self._failed else ""
        count = f"{done:,}/{total:,}"
        self._line(f"{self._step:<10} [{bar:-<{BAR}}] {count:>19}  {speed(rate, done):>9}  {left:>11}{failed}")

    def failed(self, count: int) -> None:
        """So many labels or files of this step failed."""
        self._failed = count

    def end(self, done: int, words: str, fresh: int) -> None:
        """The step has ended."""
        seconds = time.monotonic() - self._begun
        state = "WRONG" if self._failed else "done"
        what = f"{done:,} {words}"
        self._line(
            f"{self._step:<10} {state:<6} {what:<44} {seconds:>6.1f} s  {speed(done / max(seconds, 1e-9), done):>9}"
        )
        self._finish()

    def skip(self, step: str, words: str) -> None:
        """The step is left out."""
        self._line(f"{step:<10} {'-':<6} left out: {words}")
        self._finish()

    def close(self) -> None:
        """Leave the line where it is: the run was interrupted, or an error follows."""
        if self._live and self._drawn:
            self._finish()

    def _line(self, text: str) -> None:
        click.echo(f"\r{text.rstrip():<79}" if self._live else text.rstrip(), err=True, nl=False)

    def _finish(self) -> None:
        self._drawn = 0.0
        click.echo("", err=True)


def clock(seconds: float) -> str:
    """A time that is left: 0:07, 12:30, 2:05:00."""
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def speed(rate: float, done: int) -> str:
    """Things a second; nothing where there were too few to tell."""
    return f"{rate:,.0f}/s" if done >= 100 else ""
