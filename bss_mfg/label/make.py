"""A batch's labels: planned whole, checked whole, then made part by part and remembered in the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

from bss_mfg.core import parallel
from bss_mfg.core.files import is_complete, make_folder, sha256_of, write_atomically
from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.spool import Spool
from bss_mfg.errors import InputError, MissingError, RefusedError
from bss_mfg.label.label_file import LabelFileTask, check_label_file, index_header, list_label_file, make_label_file
from bss_mfg.label.layout.file_content import SymbolStyle
from bss_mfg.label.layout.label_rows import RowMaker, label_count
from bss_mfg.label.layout.page_layout import FillOrder, PageLayout, lay_out
from bss_mfg.label.layout.symbol_size import batch_symbol_size
from bss_mfg.label.render.by_language import SUFFIX
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, LabelFile

LABELS_PER_FILE = 960
"""At most this many labels in one file unless told otherwise, in whole pages."""

Result = TypeVar("Result")
_GO_ON = "What is finished stays. Run the same command again to go on."


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What to print of a batch, and how it is laid out and cut into files.

    `numbers`: label numbers (packages, units, cartons), None for all. `act` and `stem` name it in the history and in
    file names; `again` makes labels that were made before, `keep` is content with finding all of them made.
    """

    numbers: tuple[int, ...] | None = None
    start_at: int = 1
    copies: int = 1
    labels_per_file: int = LABELS_PER_FILE
    order: FillOrder = "rows"
    symbols: SymbolStyle = "mask"
    again: bool = False
    accept_made: bool = False
    purpose: Literal["labels", "reprint"] = "labels"
    stem: str = ""
    event_data: dict[str, Any] = field(default_factory=dict)


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

    def labels_in(self, file: int, pages: int) -> int:
        """How many labels the first pages of a file hold."""
        labels, start_at = self.extents[file]
        return max(min(pages * len(self.layout.places) - (start_at - 1), labels), 0)


@dataclass(frozen=True, slots=True)
class _PlannedFile:
    path: Path
    number: int
    copy: int
    numbers: Sequence[int]
    start_at: int


def select_label_numbers(
    ledger: Ledger, batch: Batch, template: LoadedTemplate, serials: Sequence[str], start: str | None = None
) -> tuple[int, ...]:
    """Label numbers of the given serials, or of all from one on; `InputError` names the unknown ones."""
    each, per_carton = template.definition.each, template.definition.packages_per_carton or batch.packages
    known = ledger.serials_of(batch.id, [*serials, *([start] if start else [])])
    unknown = [serial for serial in [*serials, *([start] if start else [])] if serial not in known]
    if unknown:
        raise InputError(
            f"batch {batch.id} has no serial {', '.join(repr(serial[:60]) for serial in unknown[:5])}",
            way_out="Check the label or the index beside the label files; upper and lower case differ.",
        )

    if taken := ledger.taken_by(batch.id, serials):
        raise RefusedError(
            f"{len(taken):,} of these units were scrapped, and others took their places",
            where=f"batch {batch.id}",
            problems=[f"{old} by {new}" for old, new in list(taken.items())[:10]],
            way_out="Name the new serials.",
        )

    def number(serial: str) -> int:
        package, unit = known[serial]
        return {"package": package, "unit": unit, "carton": (package - 1) // per_carton + 1, "batch": 1}[each]

    if start:
        return tuple(range(number(start), label_count(batch, each, per_carton) + 1))
    return tuple(dict.fromkeys(number(serial) for serial in serials))


def make_labels(
    ledger: Ledger,
    batch: Batch,
    template: LoadedTemplate,
    printer: Printer,
    folder: Path,
    request: LabelRequest = LabelRequest(),
    *,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> LabelFiles:
    """Make the label files of a batch in `folder`, and the index beside them.

    Everything is checked before the first file. What an earlier, interrupted run finished is kept; labels that were
    made before are refused unless `wanted.again`. The same batch, template and printer give the same bytes.
    """
    ledger.refuse_closed(batch.id)
    _refuse_withdrawn(ledger, batch, template.definition.each, request)
    definition = template.definition
    size = batch_symbol_size(batch) if definition.each == "package" else 0
    layout = lay_out(template, printer, size, batch.stage, batch.units_per_package, order=request.order)
    _check_request(layout, request)
    total = label_count(batch, definition.each, definition.packages_per_carton)
    numbers: Sequence[int] = request.numbers if request.numbers is not None else range(1, total + 1)
    head = ledger.head() if definition.each == "batch" else (0, "")
    layout = RowMaker(layout, batch, head).layout

    plan_digest = _plan_digest(layout, batch, request, head[1])
    withdrawn = (
        ledger.scrapped_packages(batch.id) | ledger.shipped_packages(batch.id)
        if definition.each == "package"
        else set()
    )
    files = list(_plan_files(layout, batch, request, numbers, folder, withdrawn if request.numbers is None else set()))
    known = {(part.file, part.plan_digest): part for part in ledger.printed_parts(batch.id)}
    # A label of the whole batch shows the ledger's head of its day: made once, it is not made for another head.
    kept = {part.file for part in known.values() if part.each == "batch"} if request.accept_made else set()
    done = [item for item in files if (item.path.name, plan_digest) in known or item.path.name in kept]
    done = [] if request.again else done
    if request.purpose == "labels" and not request.again and not (request.accept_made and len(done) == len(files)):
        _refuse_made_before(ledger, batch, definition.each, plan_digest, files, done)

    def part_of(item: _PlannedFile) -> LabelFileTask:
        title = f"Labels of batch {batch.id}, part {item.number} of {len(files)}"
        return LabelFileTask(
            ledger.path,
            ledger.who,
            batch,
            layout,
            head,
            item.path.name,
            title,
            item.numbers,
            item.start_at,
            request.symbols,
        )

    def all_of(
        function: Callable[[LabelFileTask], Result], items: Iterable[_PlannedFile], doing: str
    ) -> Iterator[Result]:
        made = parallel.run_or_raise(
            function,
            map(part_of, items),
            executor,
            where=f"batch {batch.id}",
            way_out=_GO_ON,
            doing=lambda part: f"{doing} the labels of {part.name}",
        )
        return (result for _, result in made)

    finished = {item.path for item in done}
    pending = [item for item in files if item.path not in finished]
    for _ in all_of(check_label_file, (item for item in pending if item.copy == 1), "checked"):
        pass
    make_folder(folder)
    overwrite = _replaceable_files(pending, known, plan_digest, request, lambda item: make_label_file(part_of(item))[0])
    made = sum(len(item.numbers) for item in done)
    whole = sum(len(item.numbers) for item in files)
    progress(made, whole)

    def put(item: _PlannedFile, data: bytes) -> None:
        sha = hashlib.sha256(data).hexdigest()
        if overwrite.get(item.path) != sha:
            write_atomically(item.path, [data], replace=item.path in overwrite)
        part = LabelFile(
            batch.id,
            item.number,
            item.path.name,
            sha,
            plan_digest,
            item.numbers,
            item.start_at,
            boxes,
            definition.media.size,
            layout.symbol.modules if layout.symbol else 0,
            template.digest,
            definition.each,
            item.copy,
        )
        kind = (
            "labels reprinted"
            if request.purpose == "reprint"
            else "labels made again"
            if request.again
            else "labels made"
        )
        ledger.record_print(
            part, template.name, template.document.text, kind, {"printer": printer.name, **request.event_data}
        )

    boxes = layout.symbol_boxes()
    failed: list[str] = []
    with Spool[bytes](folder) as lines:
        results = parallel.run(make_label_file, map(part_of, pending), executor)
        for item, (_, found) in zip(pending, results, strict=True):
            if isinstance(found, TaskFailure):
                failed.append(f"{item.path.name}: {found.reason}")
                continue
            data, index = found
            put(item, data)
            lines.add(index)
            made += len(item.numbers)
            progress(made, whole)
        if failed:
            raise MissingError(
                f"{len(failed):,} of {len(files):,} label files could not be made",
                where=f"batch {batch.id}",
                problems=failed[:10],
                way_out=_GO_ON,
            )
        # Some were made before, maybe after some of these: then all lines are asked for in order.
        listed = all_of(list_label_file, files, "listed") if done else lines
        index_file = folder / f"{_stem(batch, request)}.csv"
        write_atomically(index_file, chain([index_header(layout)], listed), replace=True)
    per_page = len(layout.places)
    pages = sum(-(-(len(item.numbers) + item.start_at - 1) // per_page) for item in files)
    return LabelFiles(
        tuple(item.path for item in files),
        len(done),
        index_file,
        whole,
        pages,
        layout,
        tuple((len(item.numbers), item.start_at) for item in files),
        len(withdrawn) if request.numbers is None else 0,
    )


def _check_request(layout: PageLayout, request: LabelRequest) -> None:
    per_page = len(layout.places)
    if not 1 <= request.start_at <= per_page:
        raise InputError(
            f"a page of this template has labels 1 to {per_page}, so it can't start at {request.start_at}",
            way_out=f"Give --start-at 1 to {per_page}.",
        )
    if request.numbers is not None and not request.numbers:
        raise InputError("no label is asked for", way_out="Name at least one serial.")
    if request.symbols == "vector" and layout.printer.language != "pdf":
        raise InputError(
            f"vectors are for PDF; the printer {layout.printer.name} takes {layout.printer.language.upper()}",
            way_out="Leave out --symbols, or choose a PDF printer.",
        )


def _stem(batch: Batch, request: LabelRequest) -> str:
    return f"{batch.id}-{request.stem or request.purpose}"


def _plan_files(
    layout: PageLayout, batch: Batch, request: LabelRequest, numbers: Sequence[int], folder: Path, withdrawn: Set[int]
) -> Iterator[_PlannedFile]:
    """The files of a run, in whole pages; copies are sets of files of their own.

    Which numbers a file may hold does not depend on which are `gone`: a run can go on after a unit was scrapped.
    """
    per_page = len(layout.places)
    language = layout.printer.language
    size = per_page if language == "png" else max(request.labels_per_file // per_page, 1) * per_page
    number = 0
    for copy in range(1, request.copies + 1):
        for part, first, count in parallel.chunk_ranges(len(numbers), size, size - request.start_at + 1):
            number += 1
            name = f"{_stem(batch, request)}-{number:04d}{SUFFIX[language]}"
            inside = numbers[first - 1 : first - 1 + count]
            left = inside if withdrawn.isdisjoint(inside) else tuple(one for one in inside if one not in withdrawn)
            if left:
                yield _PlannedFile(folder / name, number, copy, left, request.start_at if part == 1 else 1)


def _refuse_withdrawn(ledger: Ledger, batch: Batch, each: str, request: LabelRequest) -> None:
    """A label that is asked for by name must not be one of a scrapped unit, or of a package that was shipped."""
    if request.numbers is None or each != "package":
        return
    if scrapped := sorted(ledger.scrapped_packages(batch.id).intersection(request.numbers)):
        raise RefusedError(
            f"{len(scrapped):,} of these packages hold a scrapped unit",
            where=f"batch {batch.id}",
            problems=[next(ledger.packages(batch.id, number, 1)).serials_text for number in scrapped[:10]],
            way_out="A scrapped unit gets no label. Leave them out, or `bss-mfg replace` the units.",
        )
    if shipped := sorted(ledger.shipped_packages(batch.id).intersection(request.numbers)):
        raise RefusedError(
            f"{len(shipped):,} of these packages were shipped",
            where=f"batch {batch.id}",
            problems=[next(ledger.packages(batch.id, number, 1)).serials_text for number in shipped[:10]],
            way_out="If they came back, say so first: `bss-mfg ship --returned`.",
        )


def _refuse_made_before(
    ledger: Ledger,
    batch: Batch,
    each: str,
    plan_digest: str,
    files: Sequence[_PlannedFile],
    done: Sequence[_PlannedFile],
) -> None:
    """Labels never silently print twice."""
    way_out = (
        "To print single labels once more, use `bss-mfg reprint` (it keeps a reason). To make all of them again on "
        "purpose, add --again."
    )
    if len(done) == len(files):
        raise RefusedError(
            f"these {sum(len(item.numbers) for item in files):,} labels were made already: {done[0].path.name}"
            + (f" to {done[-1].path.name}" if len(done) > 1 else ""),
            way_out=way_out,
        )
    finished = {item.path.name for item in done}
    others = [part for part in ledger.printed_parts(batch.id) if part.each == each and part.plan_digest != plan_digest]
    for item in files:
        if item.path.name in finished:
            continue
        low, high = min(item.numbers), max(item.numbers)
        for part in others:
            if min(part.numbers) <= high and low <= max(part.numbers):
                both = set(item.numbers) & set(part.numbers)
                if both:
                    raise RefusedError(
                        f"{len(both):,} of these labels were made before, in {part.file}, with another template, "
                        "printer or choice",
                        way_out=way_out,
                    )


def _replaceable_files(
    pending: Sequence[_PlannedFile],
    known: dict[tuple[str, str], LabelFile],
    plan: str,
    request: LabelRequest,
    render: Callable[[_PlannedFile], bytes],
) -> dict[Path, str]:
    """Files that are there and may be written over, with the SHA-256 they have: ours by the ledger, or by their bytes
    (a run was killed between the file and the ledger). Any other file is refused before anything is written."""
    found: dict[Path, str] = {}
    ours = {(part.file, part.sha256) for part in known.values()}
    for item in pending:
        if not is_complete(item.path):
            continue
        sha = sha256_of(item.path)
        recorded = request.again and (item.path.name, sha) in ours
        if not recorded and sha != hashlib.sha256(render(item)).hexdigest():
            raise RefusedError(
                "is another file than this command would make, and would be overwritten",
                where=str(item.path),
                way_out="Choose another folder with --out, or move the old file away first.",
            )
        found[item.path] = sha
    return found


def _plan_digest(layout: PageLayout, batch: Batch, request: LabelRequest, head: str) -> str:
    """All that decides the bytes of the files, payloads apart."""
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


def reprint_stem(ledger: Ledger, batch: Batch, folder: Path) -> str:
    """The name of the next reprint: `reprint-001`, counted over the batch's life, never one that a file has."""
    taken = {part.file for part in ledger.printed_parts(batch.id)}
    taken |= {path.name for path in folder.glob(f"{batch.id}-reprint-*")} if folder.is_dir() else set()
    number = 1
    while any(name.startswith(f"{batch.id}-reprint-{number:03d}") for name in taken):
        number += 1
    return f"reprint-{number:03d}"
