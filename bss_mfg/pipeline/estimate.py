"""What a run would take: pages, files, disk, and time at a rate measured now. Nothing is issued.

A few hundred example units go through the same functions: made and encrypted to the product's key, drawn, read back.
The examples are thrown away; their keys are nobody's.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bss_mfg.core.files import free_bytes
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.errors import MissingError
from bss_mfg.imaging.sources import source_from_bytes
from bss_mfg.imaging.zxing_reader import read_box
from bss_mfg.issuing.slices import Slice, SliceSettings, make_slice
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import RowMaker
from bss_mfg.label.make import LABELS_PER_FILE
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.manifest.log_builder import logs
from bss_mfg.model import Package, Unit
from bss_mfg.pipeline.plan import PreparedRun

TRIAL_PACKAGES = 240
"""Packages that are tried, in whole pages: half a second of work."""
LEDGER_BYTES_PER_UNIT = 340
"""Of a unit in the ledger, besides its barcode string (measured at a million units)."""
READ_BYTES_PER_LABEL = 270
"""Of a label's read in the history."""
INDEX_BYTES_PER_LABEL = 70
PLENTY_BYTES_PER_UNIT = 100_000
"""Octets a unit that no run needs: where there is as much room, nothing has to be tried."""
LEDGER_OVERHEAD = 1.35
"""What writing to the ledger and putting files in place adds to the work that is measured."""
PROCESS_GAIN = 0.85
"""What each further process adds, of a whole one."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Estimate:
    """`seconds` by step; octets on the disk by kind. `pages` and `files` are those of the labels; `logs` go into
    `log_files` control logs."""

    units: int
    packages: int
    pages: int
    files: int
    logs: int
    log_files: int
    bytes_by_kind: dict[str, int]
    seconds: dict[str, float]
    jobs: int

    @property
    def total_bytes(self) -> int:
        """Room that the run needs."""
        return sum(self.bytes_by_kind.values())

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "units": self.units,
            "packages": self.packages,
            "pages": self.pages,
            "label_files": self.files,
            "control_logs": self.logs,
            "control_log_files": self.log_files,
            "octets": self.bytes_by_kind,
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
            "jobs": self.jobs,
        }


def estimate(ready: PreparedRun, jobs: int) -> Estimate:
    """Try a sample, and reckon from it."""
    plan, product = ready.plan, ready.product.product
    size = product.units_per_package
    packages = plan.units // size
    per_page = len(ready.layout.places)
    tried = min(-(-TRIAL_PACKAGES // per_page) * per_page, max(packages, per_page))
    examples, issuing = _timed(lambda: _examples(ready, tried))
    document, drawing = _timed(lambda: _draw_examples(ready, examples))
    reading = _time_reading(ready, document, min(tried, per_page * 2)) if ready.can_read_back else 0.0
    log_octets, logging = _measure_logs(ready, examples)
    speed = 1 + (jobs - 1) * PROCESS_GAIN
    per_package = {"issue": issuing / tried, "labels": drawing / tried, "verify": reading, "manifest": logging / tried}
    payload = sum(len(package.payload) for package in examples) / tried
    file_labels = per_page if ready.printer.language == "png" else max(LABELS_PER_FILE // per_page, 1) * per_page
    return Estimate(
        plan.units,
        packages,
        -(-packages // per_page),
        -(-packages // file_labels),
        (plan.units + (packages if size > 1 else 0)) * bool(ready.mapping),
        int(bool(ready.mapping)),
        {
            "ledger": int(plan.units * LEDGER_BYTES_PER_UNIT + packages * payload),
            "reads": packages * READ_BYTES_PER_LABEL * ready.can_read_back,
            "labels": int(
                packages * INDEX_BYTES_PER_LABEL + _label_file_bytes(ready, examples, document, packages, file_labels)
            ),
            "control logs": int(packages * log_octets / tried),
        },
        {
            name: packages * value * LEDGER_OVERHEAD / (1 if name == "manifest" else speed)
            for name, value in per_package.items()
        },
        jobs,
    )


def refuse_full_disk(folder: Path, ready: PreparedRun) -> None:
    """`MissingError` where there is less room than the run needs, and a tenth more."""
    free = free_bytes(folder)
    if free >= ready.plan.units * PLENTY_BYTES_PER_UNIT:
        return
    wanted = estimate(ready, 1)
    if free < wanted.total_bytes * 1.1:
        raise MissingError(
            f"the disk has {size_words(free)} free, the run needs about {size_words(int(wanted.total_bytes * 1.1))}",
            where=str(folder),
            way_out="Free some space, or make smaller batches. Nothing was issued.",
        )


def size_words(octets: int) -> str:
    """Octets as people read them."""
    return f"{octets / 1e9:,.1f} GB" if octets >= 1e9 else f"{max(octets / 1e6, 0.1):,.1f} MB"


def _timed(work: Callable[[], Value]) -> tuple[Value, float]:
    """The second of two tries: the first imports and warms up."""
    work()
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def _examples(ready: PreparedRun, count: int) -> list[Package]:
    product = ready.product.product
    size = product.units_per_package
    spec = ready.spec.spec
    if spec.bare or spec.columns:  # the strings are made of what an identities file brings
        longest = ready.subject.cases["longest"]
        return [Package(number, longest.payload, longest.units) for number in range(1, count + 1)]
    recipe = SliceSettings(
        "example",
        ready.spec.text,
        product.facts,
        ready.product.key.pem,
        product.pid,
        product.serial,
        size,
        product.oob_bytes,
        bytes(32),
    )
    strings, rows = make_slice(Slice(recipe, 1, count * size, 1))
    members: dict[int, list[Unit]] = {}
    for number, package, serial, octets, mac, *_ in rows:
        members.setdefault(package, []).append(Unit(number, serial, uuid.UUID(bytes=octets), mac))
    return [Package(number, payload, tuple(members[number])) for number, payload, _ in strings]


def _draw_examples(ready: PreparedRun, examples: list[Package]) -> bytes:
    maker = RowMaker(ready.layout, ready.subject.batch, (0, ""))
    rows = tuple(maker.row_of(package) for package in examples)
    if ready.printer.language == "png":  # a page a file
        rows = rows[: len(ready.layout.places)]
        data = render_label_file(LabelFileContent("example", maker.layout, rows, 1, ready.plan.symbols))
        return data * -(-len(examples) // len(rows))
    return render_label_file(LabelFileContent("example", maker.layout, rows, 1, ready.plan.symbols))


def _label_file_bytes(
    ready: PreparedRun, examples: list[Package], document: bytes, labels: int, file_labels: int
) -> float:
    """Of all label files: fonts and artwork are in each file once."""
    first = len(_draw_examples(ready, examples[: len(ready.layout.places)]))
    more = len(examples) - len(ready.layout.places)
    each = (len(document) - first) / more if more else len(document) / len(examples)
    return labels * each + -(-labels // file_labels) * (first - each * len(ready.layout.places))


def _time_reading(ready: PreparedRun, document: bytes, labels: int) -> float:
    """Seconds a label to draw pages of a document and read the labels on them."""
    boxes = ready.layout.symbol_boxes()
    seconds = 0.0
    with source_from_bytes(document, Path(f"example.{ready.printer.language}")) as source:
        pages = min(-(-labels // len(boxes)), source.pages)
        for number in (0, *range(pages)):  # the first page twice: once to warm up
            start = time.perf_counter()
            page = source.page(number + 1, boxes)
            scale = (page.dpi or 300) / MM_PER_INCH
            for x, y, width, height in boxes:
                read_box(page.grey, (x * scale, y * scale, width * scale, height * scale))
            seconds = (seconds if number else 0.0) + time.perf_counter() - start
    return seconds / (pages * len(boxes))


def _measure_logs(ready: PreparedRun, examples: list[Package]) -> tuple[int, float]:
    """Octets and seconds of the control logs of the examples."""
    if ready.mapping is None:
        return 0, 0.0
    mapping, batch = ready.mapping, ready.subject.batch
    made, seconds = _timed(lambda: sum(len(log.data) + 2 for log in logs(lambda: examples, batch, mapping)))
    return made, seconds
