"""A task of a verification, and what a process makes of it: a file opened, some pages read, pictures taken.

Pure but for reading the file and the ledger, and fit for another process: a decoder may crash or hang on a hostile
picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bss_mfg.core.files import read_bytes
from bss_mfg.core.processes import TaskFailure, attempt
from bss_mfg.errors import InputError
from bss_mfg.imaging.geometry import PixelBox, Quad
from bss_mfg.imaging.label_pictures import LabelPicture, cut_label_picture
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import MAX_FILE_BYTES, Source, source_from_bytes
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile, LabelScope
from bss_mfg.verify.label_contents import ContentChecker
from bss_mfg.verify.label_page import LabelPageReader
from bss_mfg.verify.page import PageReader
from bss_mfg.verify.page_findings import ScannedPage
from bss_mfg.verify.page_progress import PageProgress, PageStep, TellPage, tell_no_page
from bss_mfg.verify.request import ReadRequest


@dataclass(frozen=True, slots=True)
class FileDescription:
    """What a file is: digest, number of pages, and the label file of packages that it is byte for byte; `own`: it is
    one of ours, whatever its labels are for.

    `shows_labels` is False for a file of ours that is of other labels: it can't show the wanted ones, so nothing in it
    is searched for one.
    """

    sha256: str
    pages: int
    label_file: LabelFile | None
    shows_labels: bool = True
    own: bool = False
    after: int = 0
    """The newest event of the ledger before the file was opened: it shows nothing that was made later."""
    saved_at: float = 0.0
    """When the file was changed last, as seconds since 1970."""


@dataclass(frozen=True, slots=True)
class PageTask:
    """A task of a verification: some pages of a file, or the places of `picture_boxes` on the one page of which
    pictures are wanted. `label_file` is the one that the file is byte for byte, `own` as in its description."""

    request: ReadRequest
    path: Path
    pages: tuple[int, ...] = ()
    label_file: LabelFile | None = None
    own: bool = False
    picture_boxes: tuple[tuple[PixelBox, Quad | None, int], ...] = ()


@contextmanager
def _open_source(path: Path) -> Iterator[tuple[Source, str]]:
    """A file, open, and the SHA-256 of just these bytes."""
    data = read_bytes(path, "picture or PDF", MAX_FILE_BYTES)
    with source_from_bytes(data, path) as source:
        yield source, hashlib.sha256(data).hexdigest()


def describe_file(task: PageTask) -> FileDescription | TaskFailure:
    """What a file is; `TaskFailure` where it can't be opened."""
    return attempt(_describe, task)


def _describe(task: PageTask) -> FileDescription:
    try:
        saved_at = task.path.stat().st_mtime  # before its bytes: other commands move label files away
    except OSError:
        saved_at = 0.0  # who reads it tells why not
    with Ledger.open(task.request.ledger, task.request.actor) as ledger:
        after, _ = ledger.history.head()
        with _open_source(task.path) as (source, digest):
            return replace(_description(task, ledger, source, digest, after), saved_at=saved_at)


def _description(task: PageTask, ledger: Ledger, source: Source, digest: str, after: int) -> FileDescription:
    label_file = ledger.prints.find_by_sha256(task.request.batch_id, digest)
    if label_file and task.request.of == "print":
        raise InputError(
            "is a label file as bss-mfg drew it, and no picture of what was printed",
            where=task.path,
            way_out="Scan or photograph the printed labels, or leave out --of.",
        )
    each = label_file.each if label_file else ""
    return FileDescription(
        sha256=digest,
        pages=source.pages,
        label_file=label_file if each == task.request.each else None,
        shows_labels=_may_show(each, task.request.each),
        own=label_file is not None,
        after=after,
    )


def _may_show(each: str, wanted: LabelScope) -> bool:
    """Whether a file may show labels of a kind; `each` is what its own are for, empty where it is none of ours."""
    return each in ("", wanted)


def read_pages(task: PageTask, tell: TellPage = tell_no_page) -> list[ScannedPage | TaskFailure]:
    """What is on some pages: drawn, read, placed, diagnosed, graded. A page that fails costs itself. `tell` hears what
    is done to pages that take a while: not to those that we drew."""
    found = attempt(_read_pages, task, tell)
    return [found] * len(task.pages) if isinstance(found, TaskFailure) else found


def _read_pages(task: PageTask, tell: TellPage) -> list[ScannedPage | TaskFailure]:
    with (
        _open_source(task.path) as (source, digest),
        Ledger.open(task.request.ledger, task.request.actor) as ledger,
        SecondReader.on_demand() as second,
    ):
        if task.label_file and task.label_file.sha256 != digest:
            # Only the places of what the ledger remembers would be looked at.
            raise InputError("was changed while it was read", where=task.path, way_out="Verify it again.")
        request = task.request
        if request.each != "package":
            if request.labels is None:
                raise InputError("labels of units and cartons can't be compared without their templates")
            pages = request.labels.open(ledger)
            other = LabelPageReader(ledger, request, task.label_file, pages, own_file=task.own)
            return [other.read(source, number) for number in task.pages]
        reader = PageReader(ledger, request, task.label_file, second, own_file=task.own)
        if request.labels:
            reader.contents = ContentChecker(request.labels.open(ledger), ledger, request.batch_id, request.pictures)
        if task.label_file:
            reader.batch.prefetch_packages(task.label_file, task.pages)
        answers = []
        for number in task.pages:
            if not task.label_file:
                reader.tell = partial(_tell_step, tell, task.path.name, number, source.pages)
            answers.append(reader.read(source, number))
        return answers


def _tell_step(tell: TellPage, file: str, page: int, pages: int, step: PageStep, count: int) -> None:
    tell(PageProgress(file, page, pages, step, count))


def cut_label_pictures(task: PageTask) -> tuple[LabelPicture | None, ...]:
    """Pictures of some places on a page; none where it fails."""
    found = attempt(_cut_label_pictures, task)
    return (None,) * len(task.picture_boxes) if isinstance(found, TaskFailure) else found


def _cut_label_pictures(task: PageTask) -> tuple[LabelPicture | None, ...]:
    with _open_source(task.path) as (source, _):
        grey = source.page(task.pages[0], task.label_file.symbol_boxes if task.label_file else ()).grey
        return tuple(cut_label_picture(grey, *item) for item in task.picture_boxes)
