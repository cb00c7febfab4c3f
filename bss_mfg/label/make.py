"""A batch's labels: planned whole, checked whole, then made file by file and remembered in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from bss_mfg.core import parallel
from bss_mfg.core.files import is_complete, sha256_of, write_atomically
from bss_mfg.core.folders import new_folder
from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.ranges import range_pairs
from bss_mfg.core.spool import Spool
from bss_mfg.errors import MissingError, RefusedError
from bss_mfg.label.file_plan import LABELS_PER_FILE, FilePlan, LabelRequest, PlannedFile, plan_label_files, reprint_stem
from bss_mfg.label.label_file import (
    LabelFileTask,
    MadeLabelFile,
    check_label_file,
    index_header,
    list_earlier_file,
    list_label_file,
    make_label_file,
)
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.selection import select_label_numbers
from bss_mfg.label.superseding import settle_superseded
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.ledger.batch_lock import BatchWork
from bss_mfg.ledger.events import LabelFileEvent, LabelsMade, LabelsMadeAgain, LabelsReprinted
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, LabelFile

__all__ = ["LABELS_PER_FILE", "LabelFiles", "LabelRequest", "make_labels", "select_label_numbers"]

ALL_LABELS = LabelRequest()
Result = TypeVar("Result")
_GO_ON = "What is finished stays. Run the same command again to continue."
"""How long a command waits for another that makes labels of the same batch."""


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """What `make_labels` did: the files in order, how many of them were there already, and the index."""

    files: tuple[Path, ...]
    unchanged: int
    index: Path
    labels: int
    pages: int
    layout: PageLayout
    extents: tuple[tuple[int, int], ...]
    """Of each file: how many labels it holds, and at which place of its first page they start."""
    left_out: int = 0
    """Packages that get no label any more: scrapped or shipped."""
    superseded: tuple[Path, ...] = ()
    """Where files went whose labels were all made again."""
    partly_outdated: Mapping[str, int] = field(default_factory=dict)
    """Files that stay, by name, with how many of their labels were made again in other files."""

    def labels_in(self, file: int, pages: int) -> int:
        """How many labels the first pages of a file hold."""
        labels, start_at = self.extents[file]
        return max(min(pages * len(self.layout.places) - (start_at - 1), labels), 0)


def make_labels(
    ledger: Ledger,
    batch: Batch,
    template: LoadedTemplate,
    printer: Printer,
    folder: Path,
    request: LabelRequest = ALL_LABELS,
    *,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> LabelFiles:
    """Make the label files of a batch in `folder`, and the index beside them.

    Everything is checked before the first file. What an earlier, interrupted run finished is kept; labels that were
    made before are refused unless `request.again`. The same batch, template and printer give the same bytes. Files
    whose labels were all made again by this are moved out of the way. Of two calls for one batch the second waits a
    minute for the first (`LedgerError`).
    """
    with ledger.locked(batch.id, BatchWork.LABELS):
        ledger.batches.refuse_closed(batch.id)
        if request.purpose == "reprint" and not request.stem:
            request = replace(request, stem=reprint_stem(ledger, batch, folder))
        before = settle_superseded(ledger, batch, (folder,))
        plan = plan_label_files(ledger, batch, template, printer, folder, request)
        maker = _LabelMaker(ledger, plan, executor)
        maker.check_labels()
        with new_folder(folder):
            replaceable = maker.replaceable_files()
            with Spool[bytes](folder) as index_lines:
                maker.make_pending(replaceable, index_lines, progress)
                index = maker.write_index(folder, index_lines)
        superseded = (*before, *settle_superseded(ledger, batch, (folder,)))
        in_force = ledger.prints.in_force(batch.id, template.definition.each)
        return replace(
            _result(plan, index),
            superseded=superseded,
            partly_outdated={
                file.file: len(outdated)
                for file in in_force.files
                if (request.again or request.purpose == "reprint") and (outdated := in_force.outdated_in(file))
            },
        )


def _result(plan: FilePlan, index: Path) -> LabelFiles:
    return LabelFiles(
        files=tuple(file.path for file in plan.files),
        unchanged=len(plan.finished),
        index=index,
        labels=plan.labels,
        pages=sum(plan.layout.page_count(file.labels, file.start_at) for file in plan.files),
        layout=plan.layout,
        extents=tuple((file.labels, file.start_at) for file in plan.files),
        left_out=plan.left_out,
    )


class _LabelMaker:
    """Makes the files of a plan: draws them by tasks, puts them in place and records them in the ledger."""

    def __init__(self, ledger: Ledger, plan: FilePlan, executor: Executor | None) -> None:
        self._ledger, self._plan, self._executor = ledger, plan, executor
        self._pending = plan.pending
        self._symbol_boxes = plan.layout.symbol_boxes()

    def check_labels(self) -> None:
        """`InputError` where a label that is still to be made can't be printed. All copies are alike."""
        plan = self._plan
        if plan.request.press.standard and self._pending:  # what all labels share must conform
            render_label_file(LabelFileContent("", plan.layout, (), 1, plan.request.symbols, plan.request.press))
        for _ in self._run_each(check_label_file, (file for file in self._pending if file.copy == 1), "checked"):
            pass

    def replaceable_files(self) -> dict[Path, str]:
        """Files that are there and may be written over, with the SHA-256 they have: ours by the ledger, or by their
        bytes (a run was killed between the file and the ledger). `RefusedError` for any other file."""
        replaceable: dict[Path, str] = {}
        newest = {(file.file, file.plan_digest): file.sha256 for file in self._plan.recorded if not file.superseded_at}
        ours = {(name, sha) for (name, _), sha in newest.items()}
        for file in self._pending:
            if not is_complete(file.path):
                continue
            sha = sha256_of(file.path)
            is_recorded = self._plan.request.again and (file.path.name, sha) in ours
            if not is_recorded and sha != hashlib.sha256(make_label_file(self._task(file)).data).hexdigest():
                raise RefusedError(
                    "is not the file that this command would make, and would be overwritten",
                    where=file.path,
                    way_out="Choose another folder with --out, or move the old file away first.",
                )
            replaceable[file.path] = sha
        return replaceable

    def make_pending(self, replaceable: Mapping[Path, str], index_lines: Spool[bytes], progress: Progress) -> None:
        """Make what is not finished, one file after the other; a file that fails does not keep the others from being
        made. `MissingError` names those that failed."""
        done, total = sum(file.labels for file in self._plan.finished), self._plan.labels
        progress(done, total)
        failed: list[str] = []
        results = parallel.run(make_label_file, map(self._task, self._pending), self._executor)
        for file, (_, made) in zip(self._pending, results, strict=True):
            if isinstance(made, TaskFailure):
                failed.append(f"{file.path.name}: {made.reason}")
                continue
            self._put_in_place(file, made, replaceable.get(file.path))
            index_lines.add(made.index_lines)
            done += file.labels
            progress(done, total)
        if failed:
            raise MissingError(
                f"{len(failed):,} of {len(self._plan.files):,} label files could not be made",
                where=f"batch {self._plan.batch.id}",
                problems=failed[:10],
                way_out=_GO_ON,
            )

    def _put_in_place(self, file: PlannedFile, made: MadeLabelFile, there: str | None) -> None:
        """Write a drawn file, unless it is `there` (by its SHA-256), and record it. `RefusedError`, with nothing
        written, where its batch was closed since it was planned, or a package of it is not as it was drawn."""
        batch_id, sha = self._plan.batch.id, hashlib.sha256(made.data).hexdigest()
        # In one transaction: whoever scraps, ships, replaces or closes meanwhile comes before this file or after it.
        with self._ledger.transaction():
            self._ledger.batches.refuse_closed(batch_id)
            if self._plan.layout.template.definition.each == "package":
                self._ledger.prints.refuse_outdated(batch_id, file.numbers, made.revisions)
            if there != sha:
                write_atomically(file.path, [made.data], replace=there is not None)
            self._record(file, sha)

    def write_index(self, folder: Path, index_lines: Iterable[bytes]) -> Path:
        """Write which label lies where. Files that were made before may come between the others, so then all are
        listed anew, in order. The index of a whole batch lists each label that is in force, in whatever file."""
        plan = self._plan
        lines = self._own_lines() if plan.finished else index_lines
        path = folder / plan.index_name
        write_atomically(path, chain([index_header(plan.layout)], self._earlier_lines(), lines), replace=True)
        return path

    def _own_lines(self) -> Iterator[bytes]:
        """The lines of this run's files, but in the index of a whole batch not those of labels made again elsewhere."""
        plan, definition = self._plan, self._plan.layout.template.definition
        in_force = self._ledger.prints.in_force(plan.batch.id, definition.each)
        recorded = {file.file: file for file in in_force.files}
        found = [recorded[file.path.name] for file in plan.files if file.path.name in recorded]
        if plan.request.numbers is not None or not any(in_force.outdated_in(file) for file in found):
            yield from self._run_each(list_label_file, plan.files, "listed")
            return
        per_carton = definition.packages_per_carton or plan.batch.packages
        for file in found:
            yield list_earlier_file(self._ledger, file, in_force.numbers_in(file), per_carton)

    def _earlier_lines(self) -> Iterator[bytes]:
        """The lines of files that are not this run's, of which labels are in force: those of shipped packages."""
        plan, definition = self._plan, self._plan.layout.template.definition
        if plan.request.numbers is not None:
            return
        own = {file.path.name for file in plan.files}
        in_force = self._ledger.prints.in_force(plan.batch.id, definition.each)
        for file in in_force.files:
            if file.file not in own:
                per_carton = definition.packages_per_carton or plan.batch.packages
                yield list_earlier_file(self._ledger, file, in_force.numbers_in(file), per_carton)

    def _task(self, file: PlannedFile) -> LabelFileTask:
        plan = self._plan
        return LabelFileTask(
            ledger=self._ledger.place,
            actor=self._ledger.actor,
            batch=plan.batch,
            layout=plan.layout,
            history=plan.history,
            name=file.path.name,
            title=f"Labels of batch {plan.batch.id}, part {file.number} of {len(plan.files)}",
            numbers=file.numbers,
            start_at=file.start_at,
            symbols=plan.request.symbols,
            repeat=file.repeat,
            press=plan.request.press,
        )

    def _run_each(
        self, function: Callable[[LabelFileTask], Result], files: Iterable[PlannedFile], action: str
    ) -> Iterator[Result]:
        """The results of a task for each file, in order."""
        results = parallel.run_or_raise(
            function,
            map(self._task, files),
            self._executor,
            where=f"batch {self._plan.batch.id}",
            way_out=_GO_ON,
            describe=lambda task: f"{action} the labels of {task.name}",
        )
        return (result for _, result in results)

    def _record(self, file: PlannedFile, sha256: str) -> None:
        """Remember a file in the ledger."""
        plan = self._plan
        template = plan.layout.template
        symbol = plan.layout.symbol
        made = LabelFile(
            batch=plan.batch.id,
            number=file.number,
            file=file.path.name,
            sha256=sha256,
            plan_digest=plan.digest,
            numbers=file.numbers,
            start_at=file.start_at,
            symbol_boxes=self._symbol_boxes,
            page_mm=plan.layout.grid.page_mm,
            modules=symbol.modules if symbol else 0,
            template_digest=template.digest,
            each=template.definition.each,
            copy=file.copy,
            repeat=file.repeat,
            companions=plan.layout.companions(),
            registration_tolerance=template.definition.registration_tolerance,
        )
        request = plan.request
        self._ledger.prints.record(
            made,
            template.document.text,
            _event_type(request)(
                file=made.file,
                sha256=sha256,
                template=template.name,
                each=made.each,
                first=made.numbers[0],
                count=len(made.numbers),
                printer=plan.layout.printer.name,
                reason=request.reason,
                serials=request.serials,
                labels_per_file=request.labels_per_file,
                start_at=request.start_at,
                order=request.order,
                symbols=request.symbols,
                language=request.language,
                copies=request.copies,
                collate=request.collate,
                numbers=_told_numbers(made.numbers),
            ),
        )


def _told_numbers(numbers: Sequence[int]) -> list[list[int]] | None:
    """Which labels a file holds, for the history; None where they all run on from the first."""
    pairs = range_pairs(numbers)
    return pairs if len(pairs) > 1 else None


def _event_type(request: LabelRequest) -> type[LabelFileEvent]:
    if request.purpose == "reprint":
        return LabelsReprinted
    return LabelsMadeAgain if request.again else LabelsMade
