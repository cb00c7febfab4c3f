"""How far a verification is, and what it does to which page: at a terminal, in a line that is drawn over again.

A: verify ━━━━━━     96/240    0:12 left page 3 of 12: strong attempts at 5 places
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bss_mfg.cli.progress import ProgressLine
from bss_mfg.cli.progress_words import Work
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.text import count_words, for_terminal, printable_name

if TYPE_CHECKING:
    from bss_mfg.verify.page_progress import PageProgress, TellPage

_MOST_NAME = 24


class VerifyDisplay:
    """Told by a verification, from several threads, how far it is and what it does. Silent where stderr is no
    terminal."""

    def __init__(self, batch: str) -> None:
        self._label = for_terminal(f"{batch}: verify")
        self._line = ProgressLine()
        self._lock = threading.Lock()
        self._done, self._total, self._page = 0, 0, ""
        self._ended = False
        live = self._line.live
        self.progress: Progress = self._progress if live else no_progress
        self.tell: TellPage | None = self._tell if live else None

    def __enter__(self) -> VerifyDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._ended = True
            self._line.end()

    def _progress(self, done: int, total: int) -> None:
        with self._lock:
            self._done, self._total = done, total
            if done >= total:
                self._page = ""
            if self._line.due(done, total):
                self._draw()

    def _tell(self, page: PageProgress) -> None:
        with self._lock:
            self._page = page_words(page)
            self._draw()  # at once: the next word may be long in coming

    def _draw(self) -> None:
        if not self._ended:
            self._line.bar(Work(self._label, self._done, self._total or None, self._page))


def page_words(page: PageProgress) -> str:
    """What is done to a page: "page 3 of 12: reading"; of a picture with its name."""
    from bss_mfg.verify.page_progress import PageStep

    where = f"page {page.page:,} of {page.pages:,}" if page.pages > 1 else _short(printable_name(page.file))
    words = {
        PageStep.READING: "reading",
        PageStep.ATTEMPTS: f"strong attempts at {count_words(page.count, 'place')}",
        PageStep.SECOND_READER: "reading with libdmtx",
        PageStep.GRADING: "grading",
        PageStep.CONTENT: "comparing texts",
    }
    return f"{where}: {words[page.step]}"


def _short(name: str) -> str:
    """A name with its middle left out, if it is long."""
    return name if len(name) <= _MOST_NAME else f"{name[:10]}...{name[-(_MOST_NAME - 13) :]}"
