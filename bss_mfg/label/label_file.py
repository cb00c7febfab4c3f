"""A label file as a part: where the ledger lies and which labels; checked, made or listed, here or in a process.

A part carries numbers, not rows: handing rows from the one process that reads the ledger to those that draw kept two
processes from being much quicker than one. The ledger is only read here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.label.layout.checks import DesignFindings
from bss_mfg.label.layout.file_content import LabelFileContent, SymbolStyle
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.texts import check_text
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Actor, Batch


@dataclass(frozen=True, slots=True)
class LabelFileTask:
    """One file's labels. `numbers` are those of packages, units or cartons; `head` is the ledger's head that labels of
    a whole batch show; the first label lies at place `start_at` of the first page."""

    ledger_path: Path
    who: Actor
    batch: Batch
    layout: PageLayout
    ledger_head: tuple[int, str]
    name: str
    title: str
    numbers: Sequence[int]
    start_at: int
    symbols: SymbolStyle


def make_label_file(task: LabelFileTask) -> tuple[bytes, bytes]:
    """The file's octets, and its lines of the index."""
    with Ledger.open(task.ledger_path, task.who) as ledger:
        maker = RowMaker(task.layout, task.batch, task.ledger_head)
        if task.layout.template.definition.each == "package":
            packages = [
                one
                for some in consecutive_ranges(task.numbers)
                for one in ledger.packages(task.batch.id, some.start, len(some))
            ]
            rows = tuple(map(maker.row_of, packages))
            index = _index(task, ((package.number, package.serials_text) for package in packages))
        else:
            rows = tuple(maker.rows(ledger, task.numbers))
            index = _index(task, _serials(ledger, task))
    return render_label_file(LabelFileContent(task.title, maker.layout, rows, task.start_at, task.symbols)), index


def check_label_file(task: LabelFileTask) -> None:
    """`InputError` where one of the labels can't be printed."""
    with Ledger.open(task.ledger_path, task.who) as ledger:
        maker = RowMaker(task.layout, task.batch, task.ledger_head)
        check_rows(maker.layout, maker.rows(ledger, task.numbers))


def list_label_file(task: LabelFileTask) -> bytes:
    """The lines of the index of a file that was made before."""
    with Ledger.open(task.ledger_path, task.who) as ledger:
        return _index(task, _serials(ledger, task))


def _index(task: LabelFileTask, labels: Iterable[tuple[int, str]]) -> bytes:
    """Which label (number, serials) lies where."""
    boxes, grid = task.layout.symbol_boxes(), task.layout.rows_and_columns
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    for at, (number, serials) in enumerate(labels, task.start_at - 1):
        page, place = divmod(at, len(boxes))
        row, column = grid[place]
        x, y = boxes[place][:2]
        write([task.name, page + 1, row + 1, column + 1, f"{x:.2f}", f"{y:.2f}", number, serials])
    return buffer.getvalue().encode()


def index_header(layout: PageLayout) -> bytes:
    """The first line of the index."""
    return f"file,page,row,column,x_mm,y_mm,{layout.template.definition.each},serials\r\n".encode()


def check_rows(layout: PageLayout, rows: Iterator[LabelRow]) -> None:
    """Refuse the changing texts and codes of labels that can't be printed, before the first file."""
    fits: set[tuple[int, int]] = set()
    fixed_findings = DesignFindings(layout.template)
    for plan, text in layout.fixed_texts:
        check_text(layout.template, plan, text, fixed_findings)
    fixed_findings.refuse()
    for row in rows:
        findings: DesignFindings | None = None
        for (_, text_plan), text_shown in zip(layout.texts, row.texts, strict=True):
            if text_shown:
                findings = findings or DesignFindings(layout.template)
                check_text(layout.template, text_plan, text_shown, findings)
        for number, (code, text_shown) in enumerate(zip(layout.codes, row.codes, strict=True)):
            if text_shown and (number, (matrix := code.matrix(text_shown)).columns) not in fits:
                layout.fit_code(code, matrix)
                fits.add((number, matrix.columns))
        if findings:
            findings.refuse()


def _serials(ledger: Ledger, task: LabelFileTask) -> Iterator[tuple[int, str]]:
    batch, each = task.batch, task.layout.template.definition.each
    if each == "package":
        for some in consecutive_ranges(task.numbers):
            for package in ledger.packages(batch.id, some.start, len(some)):
                yield package.number, package.serials_text
        return
    size = batch.units_per_package
    for number in task.numbers:
        if each == "unit":
            package = next(ledger.packages(batch.id, (number - 1) // size + 1, 1))
            yield number, package.units[(number - 1) % size].serial
        else:
            yield number, ""
