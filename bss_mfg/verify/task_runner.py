"""Files to pages that were read, a few pages a task; a page that kills its reader costs itself alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from bss_mfg.core import parallel
from bss_mfg.core.processes import TaskFailure
from bss_mfg.verify.page_findings import ScannedPage
from bss_mfg.verify.page_progress import TellPage
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.tasks import FileDescription, PageTask, describe_file, read_pages

PAGE_SECONDS = 900.0
"""How long a page may take before its worker is stopped: a guard against a library that hangs, far beyond what the
attempts at a page may cost. A task of several pages gets up to four times as long."""
PAGES_PER_TASK, PAGES_PER_TASK_SECOND_READER, PAGES_PER_TASK_UNKNOWN_FILE = 20, 100, 4
"""Pages that are read at once: of a label file of ours; of one with the second reader, whose process takes a while to
start; of any other file, where each may take a minute."""


@dataclass(frozen=True, slots=True)
class TaskRunner:
    """Reads files for one request, in this process or on an executor."""

    request: ReadRequest
    executor: Executor | None = None
    tell: TellPage | None = None
    """Told what is done to the pages that take a while."""

    def describe_files(self, paths: Iterable[Path]) -> Iterator[tuple[Path, FileDescription | TaskFailure]]:
        """What each file is."""
        tasks = (PageTask(self.request, path) for path in paths)
        for task, answer in parallel.run(describe_file, tasks, self.executor, seconds=PAGE_SECONDS):
            yield task.path, answer

    def page_tasks(self, path: Path, description: FileDescription) -> Iterator[PageTask]:
        """A file's pages in tasks: what we drew is read quickly, so many pages at once."""
        size = (
            PAGES_PER_TASK_UNKNOWN_FILE
            if not description.label_file
            else PAGES_PER_TASK_SECOND_READER
            if self.request.second_reader
            else PAGES_PER_TASK
        )
        for _, first, count in parallel.chunk_ranges(description.pages, size):
            pages = tuple(range(first, first + count))
            yield PageTask(self.request, path, pages, description.label_file, description.own)

    def run(self, tasks: Iterable[PageTask]) -> Iterator[tuple[PageTask, list[ScannedPage | TaskFailure]]]:
        """The pages of each task, read. Where its process died, each page is tried once more on its own."""
        for task, answers in self._run_once(tasks):
            if not isinstance(answers, TaskFailure):
                yield task, answers
                continue
            single = self._run_once(replace(task, pages=(page,)) for page in task.pages)
            yield task, [answer if isinstance(answer, TaskFailure) else answer[0] for _, answer in single]

    def _run_once(
        self, tasks: Iterable[PageTask]
    ) -> Iterator[tuple[PageTask, list[ScannedPage | TaskFailure] | TaskFailure]]:
        return parallel.run(
            read_pages,
            tasks,
            self.executor,
            seconds=lambda look: PAGE_SECONDS * min(len(look.pages), 4),
            attempts=1,
            tell=self.tell,
        )
