"""The label files of a batch, planned whole before the first is drawn: which labels in which file, and what was made
before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from bss_mfg.core import parallel
from bss_mfg.core.files import is_complete
from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import InputError, MissingError, RefusedError
from bss_mfg.label.layout.label_rows import RowMaker, label_count
from bss_mfg.label.layout.page_layout import PageLayout, lay_out
from bss_mfg.label.layout.press import PLAIN, Press, press_of
from bss_mfg.label.layout.symbol_size import batch_symbol_size
from bss_mfg.label.render.by_language import SUFFIX
from bss_mfg.label.selection import LabelChoice, WithdrawnPackages
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.print_settings import PRINTER_DEFAULTS
from bss_mfg.label.template.printer import Printer
from bss_mfg.ledger.history_state import NO_HISTORY, HistoryState
from bss_mfg.ledger.labels_in_force import LabelsInForce, MadeFile
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, FillOrder, LabelFile, SymbolStyle
from bss_mfg.workspace.product_fields import facts_in

LABELS_PER_FILE = 960
"""At most this many labels in one file unless told otherwise, in whole pages."""


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What to print of a batch, and how it is laid out and cut into files.

    `numbers`: label numbers (packages, units, cartons), None for all; where they are a `span`, packages that get no
    label any more are left out of it, and else refused. `collate` says whether `copies` are sets (1 2 3 1 2 3) or
    follow each other (1 1 2 2 3 3). `language` is that of the factory's own fields,
    empty where they are shown as they are. `purpose`, and `reason` and `serials` of a reprint, go into the history,
    `stem` into file names (empty: by what is labelled); `again` makes labels that were made before, `accept_existing`
    takes them as they are if all of them were.
    """

    numbers: tuple[int, ...] | None = None
    span: bool = False
    start_at: int = 1
    copies: int = 1
    collate: bool = True
    labels_per_file: int = LABELS_PER_FILE
    order: FillOrder = "rows"
    language: str = ""
    symbols: SymbolStyle = "mask"
    again: bool = False
    accept_existing: bool = False
    purpose: Literal["labels", "reprint"] = "labels"
    stem: str = ""
    reason: str | None = None
    serials: Sequence[str] | None = None
    press: Press = PLAIN
    """The standard that a PDF is made to."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to make: its number in the run, its set of copies, its labels' numbers, and the place (from 1) of the
    first label on its first page."""

    path: Path
    number: int
    copy: int
    numbers: Sequence[int]
    start_at: int
    repeat: int = 1
    """How often each label follows itself."""

    @property
    def labels(self) -> int:
        """How many labels the file holds."""
        return len(self.numbers) * self.repeat


@dataclass(frozen=True, slots=True)
class FilePlan:
    """All that is decided before the first file is drawn.

    `digest` is of all that decides the files' bytes, payloads apart; `recorded` are the batch's label files by the
    ledger; `finished` are those of `files` that need not be made again; `left_out` packages get no label any more;
    `in_force` says which label was in which file before.
    """

    batch: Batch
    layout: PageLayout
    request: LabelRequest
    history: HistoryState
    digest: str
    files: tuple[PlannedFile, ...]
    recorded: tuple[LabelFile, ...]
    finished: tuple[PlannedFile, ...]
    left_out: int
    in_force: LabelsInForce

    @property
    def pending(self) -> list[PlannedFile]:
        """The files that are still to be made."""
        finished = {file.path for file in self.finished}
        return [file for file in self.files if file.path not in finished]

    @property
    def labels(self) -> int:
        """How many labels all files hold."""
        return sum(file.labels for file in self.files)

    @property
    def index_name(self) -> str:
        """The file name of the index."""
        return f"{_stem(self.batch, self.request, self.layout.template.definition.each)}.csv"


def _refuse_packing_label(template: LoadedTemplate) -> None:
    """A label of cartons that are packed by scanning shows their numbers, which are not those of a batch's cartons."""
    texts = [getattr(element, "text", "") for element in template.definition.element]
    if any(mark in text for text in texts for mark in ("{sscc}", "{pallet}")):
        raise InputError(
            f"the template {template.name} is for cartons and pallets that are packed by scanning",
            where="--template",
            way_out="`bss-mfg pack` prints it. For cartons of one batch in its order take carton-105x74, say.",
        )


def plan_label_files(
    ledger: Ledger, batch: Batch, template: LoadedTemplate, printer: Printer, folder: Path, request: LabelRequest
) -> FilePlan:
    """Lay a batch's labels out and cut them into files of `folder`.

    `InputError` if they can't be laid out or the request does not fit the page; `RefusedError` if a label that was
    named was withdrawn, or if labels would print twice.
    """
    if not request.press.standard:
        request = replace(request, press=press_of(printer))
    definition = template.definition
    _refuse_packing_label(template)
    batch = replace(batch, facts=facts_in(batch.facts, request.language))
    is_package = definition.each == "package"
    withdrawn = WithdrawnPackages.of(ledger, batch) if is_package else WithdrawnPackages()
    if request.numbers is not None and not request.span:
        withdrawn.refuse(ledger, batch, request.numbers)
    modules = batch_symbol_size(batch) if is_package else 0
    layout = lay_out(template, printer, modules, batch.stage, batch.units_per_package, order=request.order)
    _check_request(layout, request)
    history = HistoryState.of(ledger) if definition.each == "batch" else NO_HISTORY
    layout = RowMaker(layout, batch, history).layout
    if request.numbers is None:
        numbers: Sequence[int] = range(1, label_count(batch, definition.each, definition.packages_per_carton) + 1)
    else:
        numbers = request.numbers
    left_out = withdrawn.numbers if request.numbers is None else withdrawn.numbers & set(numbers)
    in_force = ledger.prints.in_force(batch.id, definition.each)
    digest = _plan_digest(layout, batch, request, history.head)
    files = tuple(_split_into_files(layout, batch, request, numbers, folder, left_out))
    if request.again and not files:
        raise RefusedError(
            "has no label to make again: all its packages were shipped or hold a scrapped unit",
            where=f"batch {batch.id}",
            way_out=f"If some came back, say so first: `bss-mfg ship {batch.id} SERIAL --returned`.",
        )
    base = request.stem or label_stem(definition.each)
    if request.again and (stem := _free_stem(batch, base, files, in_force, withdrawn.scrapped)) != base:
        request = replace(request, stem=stem)
        files = tuple(_split_into_files(layout, batch, request, numbers, folder, left_out))
    recorded = tuple(ledger.prints.label_files(batch.id))
    finished = () if request.again else _find_finished(files, recorded, digest, request)
    if request.accept_existing and request.numbers is None and len(finished) < len(files):
        existing = _existing_files(folder, layout, files, in_force)
        files, finished = (existing, existing) if existing else (files, finished)
    plan = FilePlan(batch, layout, request, history, digest, files, recorded, finished, len(left_out), in_force)
    _refuse_made_before(plan)
    _refuse_lost(plan)
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
    if request.copies > 1 and not request.collate and (per_page > 1 or layout.printer.language == "png"):
        raise InputError(
            "copies that follow each other are for rolls, one label a page, and not for pictures",
            way_out="Leave out --no-collate: copies are then sets, one after the other.",
        )
    if request.press.standard and layout.printer.language != "pdf":
        raise InputError(
            f"{request.press.standard} is for PDF; the printer {layout.printer.name} takes "
            f"{layout.printer.language.upper()}",
            way_out="Choose a PDF printer.",
        )
    if request.symbols == "vector" and layout.printer.language != "pdf":
        raise InputError(
            f"vectors are for PDF; the printer {layout.printer.name} takes {layout.printer.language.upper()}",
            way_out="Leave out --symbols, or choose a PDF printer.",
        )


def _free_stem(
    batch: Batch, base: str, files: Sequence[PlannedFile], in_force: LabelsInForce, scrapped: Set[int]
) -> str:
    """What file names say after the batch, so that no file is written over that holds a label in force which is not
    made again: one that was shipped. A file that has nothing but scrapped labels besides may go."""
    wanted = {number for file in files for number in file.numbers}
    kept = {
        made.file.file
        for made in in_force.made
        if not all(number in wanted or number in scrapped for number in in_force.numbers_in(made.file))
    }
    stem = base
    number = 0
    while any(name.rpartition("-")[0] == f"{batch.id}-{stem}" for name in kept):
        number += 1
        stem = f"{base}-again-{number:03d}"
    return stem


def _existing_files(
    folder: Path, layout: PageLayout, wanted: Sequence[PlannedFile], in_force: LabelsInForce
) -> tuple[PlannedFile, ...]:
    """The label files that are there, where they hold all labels that are wanted, made with the same template for the
    same printer; empty where they don't. How they were cut does not matter: the rest of a roll may have a file of its
    own."""
    made = [one for one in in_force.made if one.event.printer == layout.printer.name]
    made = [one for one in made if one.file.template_digest == layout.template.digest]
    held = {number for one in made for number in in_force.numbers_in(one.file)}
    numbers = {number for file in wanted for number in file.numbers}
    if not numbers <= held:
        return ()
    return tuple(
        PlannedFile(
            folder / one.file.file, one.file.number, one.file.copy, one.file.numbers, one.file.start_at, one.file.repeat
        )
        for one in made
        if not numbers.isdisjoint(in_force.numbers_in(one.file))
    )


def label_stem(each: str, choice: LabelChoice = LabelChoice()) -> str:  # noqa: B008  (frozen)
    """What file names say after the batch: what is labelled (`labels`, `carton-labels` ...), and which of it."""
    stem = "labels" if each == "package" else f"{each}-labels"
    stem += f"-from-{choice.start}" if choice.start else ""
    stem += f"-to-{choice.end}" if choice.end else ""
    if choice.serials:
        stem += f"-only-{choice.serials[0]}" + (f"-and-{len(choice.serials) - 1}" if choice.serials[1:] else "")
    return stem


def _stem(batch: Batch, request: LabelRequest, each: str) -> str:
    return f"{batch.id}-{request.stem or label_stem(each)}"


def _split_into_files(
    layout: PageLayout, batch: Batch, request: LabelRequest, numbers: Sequence[int], folder: Path, left_out: Set[int]
) -> Iterator[PlannedFile]:
    """The files of a run, in whole pages; copies are sets of files of their own, or lie behind each other.

    Which numbers a file may hold does not depend on which are left out: a run can go on after a unit was scrapped.
    """
    per_page = len(layout.places)
    language = layout.printer.language
    repeat = 1 if request.collate else request.copies
    size = per_page if language == "png" else max(request.labels_per_file // (per_page * repeat), 1) * per_page
    number = 0
    for copy in range(1, request.copies // repeat + 1):
        for chunk, first, count in parallel.chunk_ranges(len(numbers), size, size - request.start_at + 1):
            number += 1
            stem = _stem(batch, request, layout.template.definition.each)
            name = f"{stem}-{number:04d}{SUFFIX[language]}"
            candidates = numbers[first - 1 : first - 1 + count]
            if not left_out.isdisjoint(candidates):
                candidates = tuple(one for one in candidates if one not in left_out)
            if candidates:
                start_at = request.start_at if chunk == 1 else 1
                yield PlannedFile(folder / name, number, copy, candidates, start_at, repeat)


def _plan_digest(layout: PageLayout, batch: Batch, request: LabelRequest, head: str) -> str:
    """SHA-256 of all that decides the bytes of the files, payloads apart. The ledger keeps it: it never changes."""
    choice = hashlib.sha256(repr(request.numbers).encode()).hexdigest() if request.numbers else ""
    plan = [
        batch.id,
        layout.template.digest,
        drawing_facts(layout.printer),
        layout.sample_mark,
        request.start_at,
        request.symbols,
        request.order,
        request.copies,
        request.labels_per_file,
        choice,
        request.purpose,
        head,
        *([] if request.collate else ["not collated"]),
        *([f"language {request.language}"] if request.language else []),
        *([request.press.digest] if request.press.standard else []),
    ]
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def drawing_facts(printer: Printer) -> dict[str, object]:
    """What of a printer decides the bytes of files. Facts that printers got later count where they are set: the digests
    that were kept before stay what they are."""
    left_out = {"address", "media", "patience_s", "ask_status", "standard", "icc"}  # a standard is in the request
    facts = {name: value for name, value in asdict(printer).items() if name not in left_out}
    for name, value in (("rotate", 0), ("head_pins", 0), ("settings", asdict(PRINTER_DEFAULTS))):
        if facts[name] == value:
            del facts[name]
    return facts


def _find_finished(
    files: Sequence[PlannedFile], recorded: Sequence[LabelFile], digest: str, request: LabelRequest
) -> tuple[PlannedFile, ...]:
    """The files that the ledger has as they would be made now."""
    same = {file.file for file in recorded if file.plan_digest == digest and not file.superseded_at}
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
        lost = [file.path.name for file in finished if not is_complete(file.path)]
        raise RefusedError(
            f"{count_words(plan.labels, 'label')} {one_or(plan.labels, 'was', 'were')} made already: "
            f"{finished[0].path.name}"
            + (f" to {finished[-1].path.name}" if len(finished) > 1 else "")
            + (f" ({_names(lost)} {'is' if len(lost) == 1 else 'are'} not there any more)" if lost else ""),
            way_out=way_out,
        )
    each = plan.layout.template.definition.each
    others = [file for file in plan.recorded if file.each == each and file.plan_digest != plan.digest]
    in_force = {(file.file, file.sha256) for file in plan.in_force.files}
    others.sort(key=lambda file: (file.file, file.sha256) not in in_force)  # a superseded file is named last
    for planned in plan.pending if others else ():
        low, high = min(planned.numbers), max(planned.numbers)
        for other in others:
            if min(other.numbers) <= high and low <= max(other.numbers):
                both = set(planned.numbers) & set(other.numbers)
                if both:
                    raise RefusedError(
                        f"{len(both):,} of these labels were made before, in {other.file}, with another template, "
                        f"printer or choice{_changes(plan, other)}",
                        way_out=way_out,
                    )


def _changes(plan: FilePlan, other: LabelFile) -> str:
    """What is asked for otherwise than a file was made with, as far as the history has it."""
    made = next((one for one in plan.in_force.made if one.file.sha256 == other.sha256), None)
    words = changed_words(plan.layout, plan.request, made) if made else []
    return f": {', '.join(words)}" if words else ""


def changed_words(layout: PageLayout, request: LabelRequest, made: MadeFile) -> list[str]:
    """What is asked for otherwise than a file was made with, each as `printer zpl-203 (it was pdf-300)`."""
    event = made.event
    pairs: list[tuple[str, object, object]] = [
        ("template", layout.template.name, event.template),
        ("printer", layout.printer.name, event.printer or "unknown"),
        ("labels per file", request.labels_per_file, event.labels_per_file),
        ("copies", request.copies, event.copies),
        ("order", request.order, event.order),
        ("symbols", request.symbols, event.symbols),
        ("language", request.language or "none", event.language or "none"),
    ]
    words = [f"{name} {now} (it was {before})" for name, now, before in pairs if now != before]
    if layout.template.name == event.template and layout.template.digest != made.file.template_digest:
        words.insert(0, f"template {event.template} was changed since")
    return words


def _refuse_lost(plan: FilePlan) -> None:
    """Labels that are taken as they are must be there. A traveller may be gone: it went with its batch."""
    if not plan.request.accept_existing or plan.layout.template.definition.each == "batch":
        return
    lost = [file.path for file in plan.finished if not is_complete(file.path)]
    if lost:
        raise MissingError(
            f"{_names([path.name for path in lost])}: {'was' if len(lost) == 1 else 'were'} made, and "
            f"{'is' if len(lost) == 1 else 'are'} not there any more",
            where=lost[0].parent,
            way_out=f"Put back what was moved away; `bss-mfg labels {plan.batch.id} --again` makes lost files again, "
            "with the same bytes.",
        )


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def reprint_stem(ledger: Ledger, batch: Batch, folder: Path) -> str:
    """The name of the next reprint: `reprint-001`, counted over the batch's life, never one that a file has."""
    taken = {file.file for file in ledger.prints.label_files(batch.id)}
    taken |= {path.name for path in folder.glob(f"{batch.id}-reprint-*")} if folder.is_dir() else set()
    number = 1
    while any(name.startswith(f"{batch.id}-reprint-{number:03d}") for name in taken):
        number += 1
    return f"reprint-{number:03d}"
