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

from bss_mfg.label.layout.checks import Issues
from bss_mfg.label.layout.file_content import PartJob, Symbols
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker, runs
from bss_mfg.label.layout.page_layout import Layout
from bss_mfg.label.layout.texts import check_text
from bss_mfg.label.render.by_language import render_part
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Actor, Batch


@dataclass(frozen=True, slots=True)
class LabelPart:
    """One file's labels. `numbers` are those of packages, units or cartons; `head` is the ledger's head that labels of
    a whole batch show; the first label lies at place `start_at` of the first page."""

    ledger: Path
    who: Actor
    batch: Batch
    layout: Layout
    head: tuple[int, str]
    name: str
    title: str
    numbers: Sequence[int]
    start_at: int
    symbols: Symbols


def make_part(part: LabelPart) -> tuple[bytes, bytes]:
    """The file's octets, and its lines of the index."""
    with Ledger.open(part.ledger, part.who) as ledger:
        maker = RowMaker(part.layout, part.batch, part.head)
        if part.layout.template.template.each == "package":
            packages = [
                one for first, count in runs(part.numbers) for one in ledger.packages(part.batch.id, first, count)
            ]
            rows = tuple(map(maker.row_of, packages))
            index = _index(part, ((package.number, package.serials_text) for package in packages))
        else:
            rows = tuple(maker.rows(ledger, part.numbers))
            index = _index(part, _serials(ledger, part))
    return render_part(PartJob(part.title, maker.layout, rows, part.start_at, part.symbols)), index


def check_part(part: LabelPart) -> None:
    """`InputError` where one of the labels can't be printed."""
    with Ledger.open(part.ledger, part.who) as ledger:
        maker = RowMaker(part.layout, part.batch, part.head)
        check_rows(maker.layout, maker.rows(ledger, part.numbers))


def index_part(part: LabelPart) -> bytes:
    """The lines of the index of a file that was made before."""
    with Ledger.open(part.ledger, part.who) as ledger:
        return _index(part, _serials(ledger, part))


def _index(part: LabelPart, labels: Iterable[tuple[int, str]]) -> bytes:
    """Which label (number, serials) lies where."""
    boxes, grid = part.layout.symbol_boxes(), part.layout.grid
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    for at, (number, serials) in enumerate(labels, part.start_at - 1):
        page, cell = divmod(at, len(boxes))
        row, column = grid[cell]
        x, y = boxes[cell][:2]
        write([part.name, page + 1, row + 1, column + 1, f"{x:.2f}", f"{y:.2f}", number, serials])
    return buffer.getvalue().encode()


def index_head(layout: Layout) -> bytes:
    """The first line of the index."""
    return f"file,page,row,column,x_mm,y_mm,{layout.template.template.each},serials\r\n".encode()


def check_rows(layout: Layout, rows: Iterator[LabelRow]) -> None:
    """Refuse the changing texts and codes of labels that can't be printed, before the first file."""
    fits: set[tuple[int, int]] = set()
    settled = Issues(layout.template)
    for plan, text in layout.fixed_texts:
        check_text(layout.template, plan, text, settled)
    settled.refuse()
    for row in rows:
        issues: Issues | None = None
        for (_, spot), said in zip(layout.texts, row.texts, strict=True):
            if said:
                issues = issues or Issues(layout.template)
                check_text(layout.template, spot, said, issues)
        for number, (code, said) in enumerate(zip(layout.codes, row.codes, strict=True)):
            if said and (number, (matrix := code.matrix(said)).columns) not in fits:
                layout.fit(code, matrix)
                fits.add((number, matrix.columns))
        if issues:
            issues.refuse()


def _serials(ledger: Ledger, part: LabelPart) -> Iterator[tuple[int, str]]:
    batch, each = part.batch, part.layout.template.template.each
    if each == "package":
        for first, count in runs(part.numbers):
            for package in ledger.packages(batch.id, first, count):
                yield package.number, package.serials_text
        return
    size = batch.units_per_package
    for number in part.numbers:
        if each == "unit":
            package = next(ledger.packages(batch.id, (number - 1) // size + 1, 1))
            yield number, package.units[(number - 1) % size].serial
        else:
            yield number, ""
