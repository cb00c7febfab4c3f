"""What a run would take: pages, files, disk, and time at a rate measured now. Nothing is issued.

Some 240 example packages go through the same functions: made and encrypted to the product's key (but for specs whose
strings are made of an identities file's columns, or are one bare value: those take one string over and over), drawn,
read back. The examples are thrown away; their keys are nobody's.
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
from bss_mfg.issuing.slices import Slice, make_slice, slice_settings
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import RowMaker
from bss_mfg.label.make import LABELS_PER_FILE
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.manifest.log_builder import logs
from bss_mfg.model import Package, Unit
from bss_mfg.pipeline.preparation import PreparedRun

TRIAL_PACKAGES = 240
"""Packages that are tried, in whole pages: half a second of work."""
LEDGER_BYTES_PER_UNIT = 340
"""Of a unit in the ledger, besides its barcode string (measured at a million units)."""
READ_BYTES_PER_LABEL = 270
"""Of a label's read in the history."""
INDEX_BYTES_PER_LABEL = 70
PLENTY_BYTES_PER_UNIT = 100_000
"""Bytes a unit that no run needs: where there is as much room, nothing has to be tried."""
LEDGER_OVERHEAD = 1.35
"""What writing to the ledger and putting files in place adds to the work that is measured."""
PROCESS_GAIN = 0.85
"""What each further process adds, of a whole one."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Estimate:
    """`seconds` by step; bytes on the disk by kind. `pages` and `files` are those of the labels; `logs` go into
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


@dataclass(frozen=True, slots=True)
class _Trial:
    """What some example packages took: seconds a package of each step in one process, and bytes a package. A label file
    has `page_bytes` for its first page, with fonts and artwork, and `label_bytes` for each label on further ones."""

    seconds: dict[str, float]
    payload_bytes: float
    log_bytes: float
    page_bytes: int
    label_bytes: float


def estimate(prepared: PreparedRun, jobs: int) -> Estimate:
    """Try a sample, and reckon from it."""
    return _scale_trial(_run_trial(prepared), prepared, jobs)


def _run_trial(prepared: PreparedRun) -> _Trial:
    per_page = len(prepared.layout.places)
    packages = prepared.plan.units // prepared.product.product.units_per_package
    tried = min(-(-TRIAL_PACKAGES // per_page) * per_page, max(packages, per_page))
    examples, issuing = _time_call(lambda: _examples(prepared, tried))
    document, drawing = _time_call(lambda: _draw_examples(prepared, examples))
    reading = _time_reading(prepared, document, min(tried, per_page * 2)) if prepared.can_read_back else 0.0
    log_bytes, log_making = _measure_logs(prepared, examples)
    page_bytes = len(_draw_examples(prepared, examples[:per_page]))
    more = tried - per_page
    return _Trial(
        seconds={
            "issue": issuing / tried,
            "labels": drawing / tried,
            "verify": reading,
            "manifest": log_making / tried,
        },
        payload_bytes=sum(len(package.payload) for package in examples) / tried,
        log_bytes=log_bytes / tried,
        page_bytes=page_bytes,
        label_bytes=(len(document) - page_bytes) / more if more else len(document) / tried,
    )


def _scale_trial(trial: _Trial, prepared: PreparedRun, jobs: int) -> Estimate:
    """What the trial makes of the whole run, by so many processes."""
    units, size, per_page = prepared.plan.units, prepared.product.product.units_per_package, len(prepared.layout.places)
    packages = units // size
    file_labels = per_page if prepared.printer.language == "png" else max(LABELS_PER_FILE // per_page, 1) * per_page
    files = -(-packages // file_labels)
    label_files = packages * trial.label_bytes + files * (trial.page_bytes - trial.label_bytes * per_page)
    has_logs = prepared.mapping is not None
    speed = 1 + (jobs - 1) * PROCESS_GAIN
    return Estimate(
        units=units,
        packages=packages,
        pages=-(-packages // per_page),
        files=files,
        logs=(units + (packages if size > 1 else 0)) * has_logs,
        log_files=int(has_logs),
        bytes_by_kind={
            "ledger": int(units * LEDGER_BYTES_PER_UNIT + packages * trial.payload_bytes),
            "reads": packages * READ_BYTES_PER_LABEL * prepared.can_read_back,
            "labels": int(packages * INDEX_BYTES_PER_LABEL + label_files),
            "control logs": int(packages * trial.log_bytes),
        },
        seconds={
            step: packages * seconds * LEDGER_OVERHEAD / (1 if step == "manifest" else speed)
            for step, seconds in trial.seconds.items()
        },
        jobs=jobs,
    )


def refuse_full_disk(folder: Path, prepared: PreparedRun) -> None:
    """`MissingError` where there is less room than the run needs, and a tenth more."""
    free = free_bytes(folder)
    if free >= prepared.plan.units * PLENTY_BYTES_PER_UNIT:
        return
    wanted = estimate(prepared, 1)
    if free < wanted.total_bytes * 1.1:
        raise MissingError(
            f"the disk has {size_words(free)} free, the run needs about {size_words(int(wanted.total_bytes * 1.1))}",
            where=folder,
            way_out="Free some space, or make smaller batches. Nothing was issued.",
        )


def size_words(size: int) -> str:
    """A number of bytes as people read it."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):,.1f} MB"


def _time_call(function: Callable[[], Value]) -> tuple[Value, float]:
    """The second of two tries: the first imports and warms up."""
    function()
    start = time.perf_counter()
    found = function()
    return found, time.perf_counter() - start


def _examples(prepared: PreparedRun, count: int) -> list[Package]:
    product = prepared.product.product
    size = product.units_per_package
    spec = prepared.spec.spec
    if spec.bare or spec.columns:  # the strings are made of what an identities file brings
        longest = prepared.example.cases["longest"]
        return [Package(number, longest.payload, longest.units) for number in range(1, count + 1)]
    settings = slice_settings("example", prepared.product, prepared.spec, bytes(32))
    strings, rows = make_slice(Slice(settings, 1, count * size, range(1, count * size + 1)))
    members: dict[int, list[Unit]] = {}
    for number, package, serial, uuid_bytes, mac, *_ in rows:
        members.setdefault(package, []).append(Unit(number, serial, uuid.UUID(bytes=uuid_bytes), mac))
    return [Package(number, payload, tuple(members[number])) for number, payload, _ in strings]


def _draw_examples(prepared: PreparedRun, examples: list[Package]) -> bytes:
    maker = RowMaker(prepared.layout, prepared.example.batch)
    rows = tuple(maker.row_of(package) for package in examples)
    if prepared.printer.language == "png":  # a page a file
        rows = rows[: len(prepared.layout.places)]
        data = render_label_file(LabelFileContent("example", maker.layout, rows, 1, prepared.plan.symbols))
        return data * -(-len(examples) // len(rows))
    return render_label_file(LabelFileContent("example", maker.layout, rows, 1, prepared.plan.symbols))


def _time_reading(prepared: PreparedRun, document: bytes, labels: int) -> float:
    """Seconds a label to draw pages of a document and read the labels on them."""
    boxes = prepared.layout.symbol_boxes()
    seconds = 0.0
    with source_from_bytes(document, Path(f"example.{prepared.printer.language}")) as source:
        pages = min(-(-labels // len(boxes)), source.pages)
        for number in (0, *range(pages)):  # the first page twice: once to warm up
            start = time.perf_counter()
            page = source.page(number + 1, boxes)
            scale = (page.dpi or 300) / MM_PER_INCH
            for x, y, width, height in boxes:
                read_box(page.grey, (x * scale, y * scale, width * scale, height * scale))
            seconds = (seconds if number else 0.0) + time.perf_counter() - start
    return seconds / (pages * len(boxes))


def _measure_logs(prepared: PreparedRun, examples: list[Package]) -> tuple[int, float]:
    """Bytes and seconds of the control logs of the examples."""
    if prepared.mapping is None:
        return 0, 0.0
    mapping, batch = prepared.mapping, prepared.example.batch
    made, seconds = _time_call(lambda: sum(len(log.data) + 2 for log in logs(lambda: examples, batch, mapping)))
    return made, seconds
