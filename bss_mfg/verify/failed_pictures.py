"""The pictures of failed labels, for reports and the board: their places on pages that are drawn once more."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import replace
from itertools import islice

from bss_mfg.core import parallel
from bss_mfg.core.processes import TaskFailure
from bss_mfg.imaging.geometry import PixelBox, Quad
from bss_mfg.imaging.label_pictures import LabelPicture
from bss_mfg.verify.finding_spool import Findings
from bss_mfg.verify.findings import Finding, FindingKind
from bss_mfg.verify.task_runner import PAGE_SECONDS
from bss_mfg.verify.tasks import PageTask, cut_label_pictures

MAX_PICTURES = 200
"""Failed labels whose picture is kept for the report."""


MAX_RECORDED = 24
"""Failed prints of which a picture is kept for the board: the newest."""


_BADLY_PRINTED = frozenset(
    {
        FindingKind.UNREADABLE,
        FindingKind.MISMATCHED,
        FindingKind.MISPRINTED,
        FindingKind.CONTENT,
        FindingKind.BELOW_GRADE,
    }
)
"""Of other faults, such as duplicates, a picture shows nothing but a good label."""


class FailedPictures:
    """The pictures of failed labels, each taken once."""

    def __init__(self, executor: Executor | None) -> None:
        self._executor = executor
        self._file_tasks: dict[str, PageTask | None] = {}
        """How to look at a file again, by its name; None where two files share it."""
        self._taken: dict[tuple[str, int, PixelBox], LabelPicture] = {}
        self._recorded: dict[int, Finding] = {}
        """The newest failed prints, by the numbers of their events."""

    def note_file(self, task: PageTask) -> None:
        """A file that may be looked at again."""
        name = task.path.name
        self._file_tasks[name] = None if name in self._file_tasks else task

    def take(self, findings: Findings) -> dict[int, LabelPicture]:
        """The pictures of the first failed labels, by the places of their findings; none where two files share a
        name."""
        failed = [(index, item) for index, item in islice(findings.faults(), 10 * MAX_PICTURES) if item.box]
        self._cut(item for _, item in failed[:MAX_PICTURES])
        return {index: self._taken[_key(item)] for index, item in failed if _key(item) in self._taken}

    def note_recorded(self, recorded: Iterable[tuple[int, Finding]]) -> None:
        """Reads that were recorded, each with the number of its event."""
        for event, item in recorded:
            if item.of == "print" and item.box and item.kind in _BADLY_PRINTED:
                self._recorded[event] = item.without_pictures()
        for gone in list(self._recorded)[:-MAX_RECORDED]:
            del self._recorded[gone]

    def take_recorded(self) -> dict[int, LabelPicture]:
        """The pictures of the newest failed prints, by the numbers of their events."""
        self._cut(self._recorded.values())
        return {event: self._taken[_key(item)] for event, item in self._recorded.items() if _key(item) in self._taken}

    def _cut(self, wanted: Iterable[Finding]) -> None:
        items_by_task: dict[PageTask, list[Finding]] = {}
        for item in wanted:
            source = self._file_tasks.get(item.file or "")
            if source and _key(item) not in self._taken:
                items_by_task.setdefault(replace(source, pages=(item.page or 0,)), []).append(item)
        tasks = [
            replace(task, picture_boxes=tuple(_box(item) for item in items)) for task, items in items_by_task.items()
        ]
        drawn = parallel.run(cut_label_pictures, tasks, self._executor, seconds=PAGE_SECONDS)
        for (_, answer), items in zip(drawn, items_by_task.values(), strict=True):
            if not isinstance(answer, TaskFailure):
                found = zip(items, answer, strict=True)
                self._taken.update({_key(item): shot for item, shot in found if shot})


def _key(item: Finding) -> tuple[str, int, PixelBox]:
    return item.file or "", item.page or 0, item.box or (0, 0, 0, 0)


def _box(item: Finding) -> tuple[PixelBox, Quad | None, int]:
    defects = item.defects
    return item.box or (0, 0, 0, 0), defects.quad if defects else None, defects.size if defects else 0
