"""How far the work is, on stderr: a bar at a terminal, and one line for what it came to elsewhere.

`progress_bar` is one bar for one piece of work; `RunDisplay` is a run, a line a step:

issue      done        20,000 units                             1.9 s  10,520/s
labels     ━━━━━━━━━━            10,560/20,000  4,870/s    0:02 left
"""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.broken_lines import beside
from bss_mfg.cli.progress_words import Work, rate_words
from bss_mfg.cli.terminal import COLOURS, Terminal, Tone, terminal_of
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.text import for_terminal

if TYPE_CHECKING:
    from bss_mfg.cli.progress_bars import LiveLine
    from bss_mfg.label.printing.sending import Patience

WIDTH, LABEL = 79, 28
REDRAW_SECONDS = 0.1
"""A line is drawn over at most so often: terminals are slow, and people slower."""


class ProgressLine:
    """The line that is being written: at a terminal (`live`) drawn over again, elsewhere written once."""

    def __init__(self, live: bool | None = None) -> None:
        terminal = terminal_of(sys.stderr)
        self.live = terminal is not None and terminal.redraws if live is None else live
        self._terminal = terminal or Terminal(WIDTH + 1, colours=False, redraws=True)
        self._line: LiveLine | None = None
        self._drawn = 0.0

    def due(self, done: int, total: int) -> bool:
        """Whether the line should be drawn over now: at the end always, before it not too often."""
        return self.live and (done >= total or time.monotonic() - self._drawn >= REDRAW_SECONDS)

    def bar(self, work: Work) -> None:
        """Draw how far the work is."""
        self._drawn = time.monotonic()
        self._opened().bar(work)

    def draw(self, text: str, tone: Tone | None = None, word: str = "") -> None:
        """Write words, over what the line said before; `word` in the colour of `tone`."""
        self._drawn = time.monotonic()
        text = for_terminal(text.rstrip())
        if self.live:
            self._opened().words(text, COLOURS[tone] if tone else "", word)
        else:
            click.echo(text, err=True)

    def end(self) -> None:
        """Go to the next line, if this one was begun."""
        if self._line:
            line, self._line = self._line, None
            line.end()

    @property
    def width(self) -> int:
        """The columns of the terminal."""
        return self._terminal.width

    def _opened(self) -> LiveLine:
        from bss_mfg.cli.progress_bars import LiveLine

        self._line = self._line or LiveLine(self._terminal)
        return self._line


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A bar behind `label`; silent where nothing can be drawn over. The line is left however the work ends."""
    line = ProgressLine()
    if not line.live:
        yield no_progress
        return

    try:
        yield _Bar(line, label).show
    finally:
        line.end()


class _Bar:
    """A line for one piece of work. Told twice that it is done, it says so once."""

    def __init__(self, line: ProgressLine, label: str) -> None:
        self._line, self._label = line, for_terminal(label)
        self._is_over = False

    def show(self, done: int, total: int) -> None:
        was_over, self._is_over = self._is_over, done >= total
        if self._line.due(done, total) and not (was_over and self._is_over):
            self._line.bar(Work(self._label, done, total, room=LABEL))
            if self._is_over:
                self._line.end()


class SendingDisplay:
    """How far labels went to a printer, and how long it lets them wait."""

    def __init__(self, batch: str) -> None:
        self._line = ProgressLine()
        self._bar = _Bar(self._line, f"{batch}: sending")
        self._last_told = -1
        self._heard = ""
        self.progress: Progress = self._bar.show if self._line.live else no_progress

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

    def _waiting(self, seconds: float) -> None:
        """Every second on a terminal; elsewhere once, and then every quarter of an hour."""
        if seconds < 2 or (int(seconds) == self._last_told if self._line.live else seconds < self._next_said()):
            return
        self._last_told = int(seconds)
        minutes, second = divmod(int(seconds), 60)
        self._line.draw(_waiting_words(self._heard, minutes, second))

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

    def begin(self, step: str, total: int) -> Progress:
        """A step begins."""
        self._step, self._failed = step, 0
        self._begun = time.monotonic()
        self._draw(0, total)
        return self.update

    def update(self, done: int, total: int) -> None:
        """The current step is so far."""
        if self._line.due(done, total):
            self._draw(done, total)

    def _draw(self, done: int, total: int) -> None:
        if self._line.live:
            self._line.bar(Work(self._step, done, total, room=10, failed=self._failed))

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
        text = f"{self._step:<10} {state:<11} {words:<38}{took:>8} {speed:>9}"
        if self._line.live and len(text.rstrip()) > self._line.width:
            told = ", ".join(filter(None, (words, took, speed)))
            text = beside(f"{self._step:<10} ", f"{state}: {told}", self._line.width)
        self._line.draw(text, "bad" if self._failed else "good", state)
        self._line.end()

    def skip(self, step: str, words: str) -> None:
        """The step is left out."""
        head = f"{step:<10} left out    "
        width = min(WIDTH, self._line.width) if self._line.live else WIDTH
        if width < WIDTH // 2 + len(head):
            told = beside(f"{step:<10} ", f"left out: {words}", width).split("\n")
        else:
            told = textwrap.wrap(words, width, initial_indent=head, subsequent_indent=" " * len(head))
        for line in told:
            self._line.draw(line, "warn", "left out" if line == told[0] else "")
            self._line.end()

    def close(self) -> None:
        """Leave the line where it is: the run was interrupted, or an error follows."""
        self._line.end()
