"""The label files of a batch, planned whole before the first is drawn: which labels in which file, and what was made
before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from bss_mfg.core import parallel
from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.label.layout.file_content import SymbolStyle
from bss_mfg.label.layout.label_rows import RowMaker, label_count
from bss_mfg.label.layout.page_grid import FillOrder
from bss_mfg.label.layout.page_layout import PageLayout, lay_out
from bss_mfg.label.layout.symbol_size import batch_symbol_size
from bss_mfg.label.render.by_language import SUFFIX
from bss_mfg.label.selection import WithdrawnPackages
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, LabelFile

LABELS_PER_FILE = 960
"""At most this many labels in one file unless told otherwise, in whole pages."""


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What to print of a batch, and how it is laid out and cut into files.

    `numbers`: label numbers (packages, units, cartons), None for all. `purpose`, and `reason` and `serials` of a
    reprint, go into the history, `stem` into file names (empty: by what is labelled); `again` makes labels that were
    made before, `accept_existing` takes them as they are if all of them were.
    """

    numbers: tuple[int, ...] | None = None
    start_at: int = 1
    copies: int = 1
    labels_per_file: int = LABELS_PER_FILE
    order: FillOrder = "rows"
    symbols: SymbolStyle = "mask"
    again: bool = False
    accept_existing: bool = False
    purpose: Literal["labels", "reprint"] = "labels"
    stem: str = ""
    reason: str | None = None
    serials: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to make: its number in the run, its set of copies, its labels' numbers, and the place (from 1) of the
    first label on its first page."""

    path: Path
    number: int
    copy: int
    numbers: Sequence[int]
    start_at: int


@dataclass(frozen=True, slots=True)
class FilePlan:
    """All that is decided before the first file is drawn.

    `digest` is of all that decides the files' bytes, payloads apart; `recorded` are the batch's label files by the
    ledger; `finished` are those of `files` that need not be made again; `left_out` packages get no label any more.
    """

    batch: Batch
    layout: PageLayout
    request: LabelRequest
    ledger_head: tuple[int, str]
    digest: str
    files: tuple[PlannedFile, ...]
    recorded: tuple[LabelFile, ...]
    finished: tuple[PlannedFile, ...]
    left_out: int

    @property
    def pending(self) -> list[PlannedFile]:
        """The files that are still to be made."""
        finished = {file.path for file in self.finished}
        return [file for file in self.files if file.path not in finished]

    @property
    def labels(self) -> int:
        """How many labels all files hold."""
        return sum(len(file.numbers) for file in self.files)

    @property
    def index_name(self) -> str:
        """The file name of the index."""
        return f"{_stem(self.batch, self.request, self.layout.template.definition.each)}.csv"


def plan_label_files(
    ledger: Ledger, batch: Batch, template: LoadedTemplate, printer: Printer, folder: Path, request: LabelRequest
) -> FilePlan:
    """Lay a batch's labels out and cut them into files of `folder`.

    `InputError` if they can't be laid out or the request does not fit the page; `RefusedError` if a label that was
    named was withdrawn, or if labels would print twice.
    """
    definition = template.definition
    is_package = definition.each == "package"
    withdrawn = WithdrawnPackages.of(ledger, batch) if is_package else WithdrawnPackages()
    if request.numbers is not None:
        withdrawn.refuse(ledger, batch, request.numbers)
    modules = batch_symbol_size(batch) if is_package else 0
    layout = lay_out(template, printer, modules, batch.stage, batch.units_per_package, order=request.order)
    _check_request(layout, request)
    head = ledger.history.head() if definition.each == "batch" else (0, "")
    layout = RowMaker(layout, batch, head).layout
    if request.numbers is None:
        numbers: Sequence[int] = range(1, label_count(batch, definition.each, definition.packages_per_carton) + 1)
        left_out = withdrawn.numbers
    else:
        numbers, left_out = request.numbers, frozenset()
    digest = _plan_digest(layout, batch, request, head[1])
    files = tuple(_split_into_files(layout, batch, request, numbers, folder, left_out))
    recorded = tuple(ledger.prints.label_files(batch.id))
    finished = () if request.again else _find_finished(files, recorded, digest, request)
    plan = FilePlan(batch, layout, request, head, digest, files, recorded, finished, len(left_out))
    _refuse_made_before(plan)
    return plan


def _check_request(layout: PageLayout, request: LabelRequest) -> None:
    per_page = len(layout.places)
    if not 1 <= request.start_at <= per_page:
        raise InputError(
            f"a page of this template has labels 1 to {per_page}, so it can't start at {request.start_at}",
            way_out=f"Give --start-at 1 to {per_page}.",
        )
    if request.numbers is not None and not request.numbers:
        raise InputError("no label was named", way_out="Name at least one serial.")
    if request.symbols == "vector" and layout.printer.language != "pdf":
        raise InputError(
            f"vectors are for PDF; the printer {layout.printer.name} takes {layout.printer.language.upper()}",
            way_out="Leave out --symbols, or choose a PDF printer.",
        )


def label_stem(each: str, only: Sequence[str] = (), start: str | None = None) -> str:
    """What file names say after the batch: what is labelled (`labels`, `carton-labels` ...), and which of it."""
    stem = "labels" if each == "package" else f"{each}-labels"
    if start:
        return f"{stem}-from-{start}"
    if only:
        return f"{stem}-only-{only[0]}" + (f"-and-{len(only) - 1}" if only[1:] else "")
    return stem


def _stem(batch: Batch, request: LabelRequest, each: str) -> str:
    return f"{batch.id}-{request.stem or label_stem(each)}"


def _split_into_files(
    layout: PageLayout, batch: Batch, request: LabelRequest, numbers: Sequence[int], folder: Path, left_out: Set[int]
) -> Iterator[PlannedFile]:
    """The files of a run, in whole pages; copies are sets of files of their own.

    Which numbers a file may hold does not depend on which are left out: a run can go on after a unit was scrapped.
    """
    per_page = len(layout.places)
    language = layout.printer.language
    size = per_page if language == "png" else max(request.labels_per_file // per_page, 1) * per_page
    number = 0
    for copy in range(1, request.copies + 1):
        for chunk, first, count in parallel.chunk_ranges(len(numbers), size, size - request.start_at + 1):
            number += 1
            stem = _stem(batch, request, layout.template.definition.each)
            name = f"{stem}-{number:04d}{SUFFIX[language]}"
            candidates = numbers[first - 1 : first - 1 + count]
            if not left_out.isdisjoint(candidates):
                candidates = tuple(one for one in candidates if one not in left_out)
            if candidates:
                yield PlannedFile(folder / name, number, copy, candidates, request.start_at if chunk == 1 else 1)


def _plan_digest(layout: PageLayout, batch: Batch, request: LabelRequest, head: str) -> str:
    """SHA-256 of all that decides the bytes of the files, payloads apart. The ledger keeps it: it never changes."""
    printer = {name: value for name, value in asdict(layout.printer).items() if name not in ("address", "media")}
    choice = hashlib.sha256(repr(request.numbers).encode()).hexdigest() if request.numbers else ""
    plan = [
        batch.id,
        layout.template.digest,
        printer,
        layout.sample_mark,
        request.start_at,
        request.symbols,
        request.order,
        request.copies,
        request.labels_per_file,
        choice,
        request.purpose,
        head,
    ]
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _find_finished(
    files: Sequence[PlannedFile], recorded: Sequence[LabelFile], digest: str, request: LabelRequest
) -> tuple[PlannedFile, ...]:
    """The files that the ledger has as they would be made now."""
    same = {file.file for file in recorded if file.plan_digest == digest}
    if request.accept_existing:
        # A label of the whole batch shows the ledger's head of its day: made once, it is not made for another head.
        same |= {file.file for file in recorded if file.each == "batch"}
    return tuple(file for file in files if file.path.name in same)


def _refuse_made_before(plan: FilePlan) -> None:
    """Labels never silently print twice."""
    request, files, finished = plan.request, plan.files, plan.finished
    if request.purpose == "reprint" or request.again or not files:
        return
    way_out = (
        "To print single labels once more, use `bss-mfg reprint` (it keeps a reason). To make all of them again on "
        "purpose, add --again."
    )
    if len(finished) == len(files):
        if request.accept_existing:
            return
        raise RefusedError(
            f"{count_words(plan.labels, 'label')} {one_or(plan.labels, 'was', 'were')} made already: "
            f"{finished[0].path.name}" + (f" to {finished[-1].path.name}" if len(finished) > 1 else ""),
            way_out=way_out,
        )
    each = plan.layout.template.definition.each
    others = [file for file in plan.recorded if file.each == each and file.plan_digest != plan.digest]
    for planned in plan.pending if others else ():
        low, high = min(planned.numbers), max(planned.numbers)
        for other in others:
            if min(other.numbers) <= high and low <= max(other.numbers):
                both = set(planned.numbers) & set(other.numbers)
                if both:
                    raise RefusedError(
                        f"{len(both):,} of these labels {one_or(len(both), 'was', 'were')} made before, in "
                        f"{other.file}, with another template, printer or choice",
                        way_out=way_out,
                    )


def reprint_stem(ledger: Ledger, batch: Batch, folder: Path) -> str:
    """The name of the next reprint: `reprint-001`, counted over the batch's life, never one that a file has."""
    taken = {file.file for file in ledger.prints.label_files(batch.id)}
    taken |= {path.name for path in folder.glob(f"{batch.id}-reprint-*")} if folder.is_dir() else set()
    number = 1
    while any(name.startswith(f"{batch.id}-reprint-{number:03d}") for name in taken):
        number += 1
    return f"reprint-{number:03d}"
