"""Files to pages read, in parts: opened, cut into a few pages each, read; a page that kills its reader costs itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from bss_mfg.core import parallel
from bss_mfg.core.processes import TaskFailure
from bss_mfg.verify.findings import ScannedPage
from bss_mfg.verify.request import Wish
from bss_mfg.verify.tasks import Look, Opened, open_file, read_pages

PAGE_SECONDS = 180.0
"""How long a page may take before its worker is stopped."""
PAGES, ALL_PAGES, OTHER_PAGES = 20, 100, 4
"""Pages that are read at once: of a label file of ours; of one with the second reader, whose process takes a while to
start; of any other file, where each may take a minute."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads files for one wish, in this process or on an executor."""

    wish: Wish
    executor: Executor | None = None

    def opened(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Opened | TaskFailure]]:
        """What each file is."""
        looks = (Look(self.wish, path) for path in paths)
        for look, answer in parallel.run(open_file, looks, self.executor, seconds=PAGE_SECONDS):
            yield look.path, answer

    def cut(self, path: Path, opened: Opened) -> Iterator[Look]:
        """A file's pages in parts: what we drew is read quickly, so many pages at once."""
        size = OTHER_PAGES if not opened.part else ALL_PAGES if self.wish.second_reader else PAGES
        for _, first, count in parallel.chunk_ranges(opened.pages, size):
            yield Look(self.wish, path, tuple(range(first, first + count)), opened.part)

    def pages(self, looks: Iterable[Look]) -> Iterator[tuple[Look, list[ScannedPage | TaskFailure]]]:
        """What stands on the pages of each part. Where its process died, each page is tried once more on its own."""
        for look, answers in self._read(looks):
            if not isinstance(answers, TaskFailure):
                yield look, answers
                continue
            single = self._read(replace(look, pages=(page,)) for page in look.pages)
            yield look, [answer if isinstance(answer, TaskFailure) else answer[0] for _, answer in single]

    def _read(self, looks: Iterable[Look]) -> Iterator[tuple[Look, list[ScannedPage | TaskFailure] | TaskFailure]]:
        return parallel.run(
            read_pages, looks, self.executor, seconds=lambda look: PAGE_SECONDS * min(len(look.pages), 4), tries=1
        )
