"""A label file as a task: where the ledger lies and which labels; checked, made or listed, in this process or another.

A task carries numbers, not rows: handing rows from the one process that reads the ledger to those that draw kept two
processes from being much quicker than one. The ledger is only read here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.label_rows import RowMaker
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.press import PLAIN, Press
from bss_mfg.label.layout.row_checks import RowChecker
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.ledger.history_state import HistoryState
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.model import Actor, Batch, LabelFile, Package, SymbolStyle


@dataclass(frozen=True, slots=True)
class LabelFileTask:
    """One file's labels. `numbers` are those of packages, units or cartons; `history` is what labels of a whole
    batch show of it; the first label lies at place `start_at` of the first page."""

    ledger: LedgerPlace
    actor: Actor
    batch: Batch
    layout: PageLayout
    history: HistoryState
    name: str
    title: str
    numbers: Sequence[int]
    start_at: int
    symbols: SymbolStyle
    repeat: int = 1
    """How often each label follows itself."""
    press: Press = PLAIN


@dataclass(frozen=True, slots=True)
class MadeLabelFile:
    """A drawn label file: its bytes, and its lines of the index. `revisions` are those of its packages that are not the
    first, by package number: which barcodes were drawn."""

    data: bytes
    index_lines: bytes
    revisions: Mapping[int, int] = field(default_factory=dict)


def make_label_file(task: LabelFileTask) -> MadeLabelFile:
    """Draw the labels of a file."""
    with Ledger.open(task.ledger, task.actor) as ledger:
        maker = RowMaker(task.layout, task.batch, task.history)
        if task.layout.template.definition.each == "package":
            packages = list(_packages(ledger, task))
            rows = tuple(map(maker.row_of, packages))
            index_lines = _index(task, ((package.number, package.serials_text) for package in packages))
            revisions = {package.number: package.revision for package in packages if package.revision > 1}
        else:
            rows, revisions = tuple(maker.rows(ledger, task.numbers)), {}
            index_lines = _index(task, _serials(ledger, task))
    rows = tuple(row for row in rows for _ in range(task.repeat))
    content = LabelFileContent(task.title, maker.layout, rows, task.start_at, task.symbols, task.press)
    return MadeLabelFile(render_label_file(content), index_lines, revisions)


def check_label_file(task: LabelFileTask) -> None:
    """`InputError` where one of the labels can't be printed."""
    with Ledger.open(task.ledger, task.actor) as ledger:
        maker = RowMaker(task.layout, task.batch, task.history)
        findings = DesignFindings(task.layout.template)
        checker = RowChecker(maker.layout, findings)
        checker.check_fixed_texts()
        findings.refuse()
        for row in maker.rows(ledger, task.numbers):
            checker.check(row)
            findings.refuse()


def list_label_file(task: LabelFileTask) -> bytes:
    """The lines of the index of a file that was made before."""
    with Ledger.open(task.ledger, task.actor) as ledger:
        return _index(task, _serials(ledger, task))


def _index(task: LabelFileTask, labels: Iterable[tuple[int, str]]) -> bytes:
    """Lines that say which label (number, serials) lies where."""
    boxes, rows_and_columns = task.layout.symbol_boxes(), task.layout.grid.rows_and_columns
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    repeated = (label for label in labels for _ in range(task.repeat))
    for at, (number, serials) in enumerate(repeated, task.start_at - 1):
        page, place = divmod(at, len(boxes))
        row, column = rows_and_columns[place]
        x, y = boxes[place][:2]
        write([task.name, page + 1, row + 1, column + 1, f"{x:.2f}", f"{y:.2f}", number, serials])
    return buffer.getvalue().encode()


def list_earlier_file(ledger: Ledger, file: LabelFile, numbers: Sequence[int], per_carton: int) -> bytes:
    """The lines of the index for some labels of a file of another run, from what the ledger has of it."""
    rows = sorted({box.y for box in file.symbol_boxes})
    columns = sorted({box.x for box in file.symbol_boxes})
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    wanted = set(numbers)
    for page in range(1, file.pages + 1):
        for number, box in zip(file.packages_on(page), file.symbol_boxes_on(page), strict=True):
            if number in wanted:
                serials = label_serials(ledger, file.batch, file.each, number, per_carton)
                place = (rows.index(box.y) + 1, columns.index(box.x) + 1, f"{box.x:.2f}", f"{box.y:.2f}")
                write([file.file, page, *place, number, serials if file.each in ("package", "unit") else ""])
    return buffer.getvalue().encode()


def label_serials(ledger: Ledger, batch_id: str, each: str, number: int, per_carton: int) -> str:
    """The serials of a label; of a carton or a whole batch those of its first package."""
    size = ledger.batches.get(batch_id).units_per_package
    package = {"package": number, "unit": (number - 1) // size + 1, "carton": (number - 1) * per_carton + 1, "batch": 1}
    found = ledger.packages.get(batch_id, package[each])
    return found.units[(number - 1) % size].serial if each == "unit" else found.serials_text


def index_header(layout: PageLayout) -> bytes:
    """The first line of the index."""
    return f"file,page,row,column,x_mm,y_mm,{layout.template.definition.each},serials\r\n".encode()


def _packages(ledger: Ledger, task: LabelFileTask) -> Iterator[Package]:
    for span in consecutive_ranges(task.numbers):
        yield from ledger.packages.stream(task.batch.id, span.start, len(span))


def _serials(ledger: Ledger, task: LabelFileTask) -> Iterator[tuple[int, str]]:
    batch, each = task.batch, task.layout.template.definition.each
    if each == "package":
        yield from ((package.number, package.serials_text) for package in _packages(ledger, task))
        return
    size = batch.units_per_package
    for number in task.numbers:
        if each == "unit":
            package = next(ledger.packages.stream(batch.id, (number - 1) // size + 1, 1))
            yield number, package.units[(number - 1) % size].serial
        else:
            yield number, ""
