"""A line at the foot of a terminal that rich draws over: a bar, or words. Loaded with the first that is drawn.

bulb: issue                  ━━━━━━━━━━━━━━       10,560/20,000  4,870/s    0:02 left
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Column
from rich.text import Text

from bss_mfg.cli.progress_words import Work, duration_words
from bss_mfg.cli.terminal import Terminal
from bss_mfg.cli.terminal_console import TerminalConsole
from bss_mfg.core.columns import columns_of, cut

BAR, LEAST_BAR, LEAST_LABEL = 20, 4, 6
_RATE, _LEFT = 9, 12


@dataclass(frozen=True)
class Widths:
    """The columns of a bar's parts; what has none is left out."""

    label: int
    bar: int
    count: int
    rate: int
    left: int
    note: int

    @property
    def total(self) -> int:
        """All of them, with a blank between two."""
        parts = [width for width in (self.label, self.bar, self.count, self.rate, self.left, self.note) if width]
        return sum(parts) + len(parts) - 1


def arranged(work: Work, width: int) -> Widths:
    """What has room in a line: the bar gets shorter, then the rate is left out, the time that is left, the bar itself,
    the name's end. What is counted stays."""
    count = 2 * len(f"{work.total:,}") + 1 if work.total is not None else 0
    note = columns_of(_note(work))
    label = max(columns_of(work.label), min(work.room, width // 3))
    for rate, left, least in ((_RATE, _LEFT, LEAST_BAR), (0, _LEFT, LEAST_BAR), (0, 0, LEAST_BAR), (0, 0, 0)):
        found = Widths(label, least, count, rate, left, note)
        if found.total <= width:
            return replace(found, bar=min(BAR, least + width - found.total) if least else 0)
    found = replace(found, label=max(label - (found.total - width), LEAST_LABEL))
    if found.total > width and note:
        found = replace(found, label=0)
        found = replace(found, note=max(note - max(found.total - width, 0), 1))
    return found


class LiveLine:
    """The line, from its first drawing to its end."""

    def __init__(self, terminal: Terminal) -> None:
        self._console = TerminalConsole(sys.stderr, terminal)
        self._progress = Progress(console=self._console, auto_refresh=False)
        self._task = self._progress.add_task("", total=None)
        # Not refreshed by a thread: worker processes are forked from this one.
        self._live = Live(
            console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False,
            vertical_overflow="visible",
        )  # fmt: skip
        self._begun = 0
        self._is_open = False

    def bar(self, work: Work) -> None:
        """Draw how far the work is."""
        task = self._progress.tasks[0]
        self._begun = self._begun or work.done
        self._progress.update(self._task, completed=work.done, total=work.total)
        is_over = work.total is not None and work.done >= work.total
        # What was done before the first word of it says nothing of the pace.
        rate = task.speed if work.done > self._begun else None
        left = None if is_over else task.time_remaining
        widths = arranged(work, self._console.width)
        self._progress.columns = tuple(_columns(work, widths, _pace_words(rate), _left_words(left)))
        self._draw_progress()

    def words(self, text: str, tone: str = "", word: str = "") -> None:
        """Draw words, of which one has a colour."""
        shown = Text(text, no_wrap=True, overflow="crop")
        if tone and (at := text.find(word)) >= 0:
            shown.stylize(tone, at, at + len(word))
        self._open()
        self._live.update(shown, refresh=True)

    def end(self) -> None:
        """Leave what was drawn last, and go to the next line."""
        if self._is_open:
            self._is_open = False
            self._live.stop()

    def _draw_progress(self) -> None:
        self._open()
        self._live.update(self._progress.get_renderable(), refresh=True)

    def _open(self) -> None:
        if not self._is_open:
            self._is_open = True
            self._live.start()


def _columns(work: Work, widths: Widths, rate: str, left: str) -> list[ProgressColumn]:
    count = f"{work.done:,}/{work.total:,}" if work.total is not None else ""
    found: list[ProgressColumn] = []
    if widths.label:
        found.append(_words(_short_label(work.label, widths.label), widths.label))
    if widths.bar:
        found.append(BarColumn(widths.bar, style="bright_black", complete_style="cyan", finished_style="green"))
    if widths.count:
        found.append(_words(count, widths.count, right=True))
    if widths.rate:
        found.append(_words(rate, widths.rate, right=True))
    if widths.left:
        found.append(_words(left, widths.left, right=True))
    if widths.note:
        found.append(_words(_note(work), widths.note, "red" if work.failed else ""))
    return found


def _words(text: str, width: int, style: str = "", *, right: bool = False) -> TextColumn:
    column = Column(width=width, no_wrap=True, overflow="crop", justify="right" if right else "left")
    # A format without a field: what is in it stands for itself.
    escaped = text.replace("{", "{{").replace("}", "}}")
    return TextColumn(escaped, style=style or "none", markup=False, table_column=column)


def _note(work: Work) -> str:
    return "  ".join(filter(None, (f"{work.failed:,} failed" if work.failed else "", work.note)))


def _short_label(label: str, width: int) -> str:
    """`NAME: WORK`: of a long name the end is left out, never the work."""
    name, colon, work = label.rpartition(": ")
    end = colon + work
    return cut(name, width - columns_of(end)) + end if columns_of(label) > width > columns_of(end) else label


def _pace_words(rate: float | None) -> str:
    """Things a second, or a minute where they take their time."""
    if not rate:
        return ""
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate * 60:,.0f}/min"


def _left_words(seconds: float | None) -> str:
    return f"{duration_words(seconds)} left" if seconds is not None else ""
