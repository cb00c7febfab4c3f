"""A batch's labels: planned whole, checked whole, then made part by part and remembered in the ledger."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from pathlib import Path

from bss_mfg import parts
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.files import make_folder, place, sha256_of
from bss_mfg.label.layout import Layout, check_texts, fit_qr, lay_out, values_of
from bss_mfg.label.pdf import LabelRow, PartJob, Symbols, render_part
from bss_mfg.label.printer import Printer
from bss_mfg.label.template import LoadedTemplate, fill
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, Package, PrintedPart
from bss_mfg.symbol import data_matrix, qr

LABELS_PER_FILE = 960
"""At most this many labels in one file, in whole pages."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """What `make_labels` did: the files in order, which of them were there already, and the index."""

    files: tuple[Path, ...]
    unchanged: int
    index: Path
    labels: int
    pages: int
    layout: Layout


def batch_symbol_size(batch: Batch) -> int:
    """Modules on a side of all symbols of a batch: what its longest possible string needs."""
    from bss_mfg.payload.build import longest_example
    from bss_mfg.payload.spec import from_text

    spec = from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    example = longest_example(
        spec, batch.facts, int(batch.facts["key_bits"]), batch.units_per_package, int(batch.facts["oob_bytes"])
    )
    return data_matrix(example.encode("ascii")).size


def make_labels(
    ledger: Ledger,
    batch: Batch,
    template: LoadedTemplate,
    printer: Printer,
    folder: Path,
    *,
    start_at: int = 1,
    symbols: Symbols = "mask",
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
) -> LabelFiles:
    """Make the label files of a batch in `folder`, and the index beside them.

    Everything is checked before the first file. A file that an earlier, interrupted run finished is kept; a file that
    is something else is refused. The same batch, template and printer give the same bytes.
    """
    layout = lay_out(template, printer, batch_symbol_size(batch), batch.stage)
    per_page = len(layout.cells)
    if not 1 <= start_at <= per_page:
        raise InputError(
            f"a page of this template has labels 1 to {per_page}, so it can't start at {start_at}",
            way_out=f"Give --start-at 1 to {per_page}.",
        )
    for package in ledger.packages(batch.id):
        row = _row(layout, batch, package)
        check_texts(layout, row.texts)
        for text, (_, element, code_plan) in zip(row.codes, layout.codes, strict=True):
            fit_qr(layout, element, code_plan, qr(text).size)

    plan = _digest(layout, batch, start_at, symbols)
    size = max(LABELS_PER_FILE // per_page, 1) * per_page
    wanted = [
        (folder / f"{batch.id}-labels-{number:04d}.pdf", number, first, count)
        for number, first, count in parts.cut(batch.packages, size, size - start_at + 1)
    ]
    index = folder / f"{batch.id}-labels.csv"
    known = {(part.file, part.plan): part for part in ledger.printed_parts(batch.id)}
    there = [path for path, *_ in wanted if path.exists()]
    finished = {path for path in there if (part := known.get((path.name, plan))) and sha256_of(path) == part.sha256}
    make_folder(folder)

    def jobs() -> Iterator[tuple[Path, int, int, int]]:
        for item in wanted:
            if item[0] not in finished:
                yield item

    def job_of(item: tuple[Path, int, int, int]) -> PartJob:
        _, number, first, count = item
        rows = tuple(_row(layout, batch, package) for package in ledger.packages(batch.id, first, count))
        begin = start_at if number == 1 else 1
        return PartJob(f"Labels of batch {batch.id}, part {number} of {len(wanted)}", layout, rows, begin, symbols)

    # What is there but not in the ledger is ours only if it has exactly our bytes: decided before anything is written.
    for item in [item for item in wanted if item[0] in there and item[0] not in finished]:
        if sha256_of(item[0]) != hashlib.sha256(render_part(job_of(item))).hexdigest():
            raise RefusedError(
                "is another file than this command would make, and would be overwritten",
                where=str(item[0]),
                way_out="Choose another folder with --out, or move the old file away first.",
            )
    done = sum(count for path, _, _, count in wanted if path in finished)
    progress(done, batch.packages)
    items = list(jobs())
    results = parts.run(render_part, (job_of(item) for item in items), executor)
    for item, (job, data) in zip(items, results, strict=True):
        path, number, first, count = item
        sha = hashlib.sha256(data).hexdigest()
        if path not in there:
            place(path, [data])
        ledger.record_print(
            PrintedPart(
                batch.id, number, path.name, sha, plan, first, count, job.start_at, layout.symbol_boxes(),
                template.template.media.size, layout.symbol.modules, template.digest,
            ),
            template.name,
            template.document.text,
        )  # fmt: skip
        done += count
        progress(done, batch.packages)
    place(index, _index(ledger, batch, wanted, layout, start_at), replace=True)
    pages = sum(-(-(count + (start_at - 1 if number == 1 else 0)) // per_page) for _, number, _, count in wanted)
    return LabelFiles(tuple(path for path, *_ in wanted), len(finished), index, batch.packages, pages, layout)


def _row(layout: Layout, batch: Batch, package: Package) -> LabelRow:
    values = values_of(package, batch.id, batch.packages, dict(batch.facts))
    return LabelRow(
        package.payload,
        tuple(fill(plan.text, values) for plan in layout.texts),
        tuple(fill(text, values) for text, _, _ in layout.codes),
    )


def _digest(layout: Layout, batch: Batch, start_at: int, symbols: Symbols) -> str:
    """All that decides the bytes of the files, payloads apart."""
    plan = [batch.id, layout.template.digest, asdict(layout.printer), layout.sample, start_at, symbols]
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _index(
    ledger: Ledger, batch: Batch, wanted: list[tuple[Path, int, int, int]], layout: Layout, start_at: int
) -> Iterator[bytes]:
    """The index as CSV: which package lies where. Streams, so that memory stays flat."""
    boxes, columns = layout.symbol_boxes(), layout.template.template.media.columns
    yield b"file,page,row,column,x_mm,y_mm,package,serials\r\n"
    for path, number, first, count in wanted:
        buffer = io.StringIO()
        write = csv.writer(buffer).writerow
        for at, package in enumerate(ledger.packages(batch.id, first, count), start_at - 1 if number == 1 else 0):
            page, cell = divmod(at, len(boxes))
            row, column = divmod(cell, columns)
            x, y = boxes[cell][:2]
            write([path.name, page + 1, row + 1, column + 1, f"{x:.2f}", f"{y:.2f}", package.number, package.serials])
        yield buffer.getvalue().encode()
