"""Control logs and unit lists of a batch made, put in place, and recorded: file by file, so that a kill loses nothing.

A unit counts as listed once its control log and sidecar are on disk. Where the same logs are made again in the same
folder, the files there are taken as they are; those that a killed run left uncounted are counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bss_mfg.core.files import is_complete, leftover_files, remove_leftover, sha256_of, write_atomically
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import BssError, RefusedError
from bss_mfg.ledger.batch_lock import BatchWork
from bss_mfg.ledger.events import ManifestMade
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.manifest.documents import Log, LogDocument, single_document, split_documents
from bss_mfg.manifest.file_names import control_log_names
from bss_mfg.manifest.log_builder import logs, logs_from_tasks, shippable_packages
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.manifest.sidecar import LogOrigin, WrittenLog, adopt_log, read_sidecar, sidecar_path, write_logs
from bss_mfg.manifest.unit_lists import csv_list, jsonl_list
from bss_mfg.model import Batch, Package
from bss_mfg.version import __version__


class PackageChoice(StrEnum):
    """Which packages get control logs."""

    ALL = "all"
    """All that may leave the factory."""
    MISSING = "missing"
    """Those with a unit in no control log yet."""
    REJECTED = "rejected"
    """Those with a unit that a feedback file rejected."""


class ListFormat(StrEnum):
    """The formats of unit lists."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Of a file: the most logs, and the most bytes; None for no limit."""

    max_logs: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ControlLogRequest:
    """Which control logs are made, and where to: into the folder `out`, under names of the second `now` and after; or,
    with `as_file`, all into one file of that name."""

    batch: Batch
    mapping: LogMapping
    out: Path
    now: datetime
    packages: PackageChoice = PackageChoice.ALL
    limits: FileLimits = FileLimits()
    as_file: bool = False

    @property
    def folder(self) -> Path:
        """Where the files go."""
        return self.out.parent if self.as_file else self.out


def make_control_logs(
    ledger: Ledger,
    request: ControlLogRequest,
    *,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> Iterator[WrittenLog]:
    """Write the control logs of a batch's packages, and yield each once it is counted.

    What is in the folder already is not written a second time, except control logs of rejected packages: they are
    uploaded again, under new names. Of two calls for one batch the second waits a minute for the first (`LedgerError`):
    what is missing or rejected is looked up once the first has counted what it wrote.
    """
    with ledger.locked(request.batch.id, BatchWork.CONTROL_LOGS):
        yield from _make_control_logs(ledger, request, executor, progress)


def _make_control_logs(
    ledger: Ledger, request: ControlLogRequest, executor: Executor | None, progress: Progress
) -> Iterator[WrittenLog]:
    batch = request.batch
    seq, digest = ledger.history.head()
    signed = ledger.checkpoints.newest()
    checkpoint = str(signed.note) if signed else None
    origin = LogOrigin(batch.id, f"{seq}:{digest}", request.mapping, __version__, checkpoint)
    names = _names(ledger, request)
    documents = _document_source(ledger, request, executor, progress)
    counted = ledger.exports.control_log_digests(batch.id)
    on_disk = {} if request.as_file else _logs_on_disk(batch, request.folder)
    if request.packages is PackageChoice.REJECTED:
        on_disk = {sha256: path for sha256, path in on_disk.items() if sha256 not in counted}
    digests = [_digest(document) for document in documents()] if on_disk else []
    for number, document in enumerate(documents()):
        if digests and (sha256 := digests[number]) in on_disk and _may_adopt(ledger, request, on_disk[sha256]):
            for _ in document:
                pass  # made, to come to the next
            written = adopt_log(on_disk[sha256], sha256, document.contents, origin)
            if sha256 in counted:
                yield replace(written, made_before=True)
                continue
        else:
            (written,) = write_logs(request.folder, [document], names, origin)
        _record(ledger, batch, written)
        yield written


def _names(ledger: Ledger, request: ControlLogRequest) -> Iterator[str]:
    """The names of the files, each taken in the ledger before its file is written: no other control log of the
    workspace has it."""
    if not request.as_file:
        free = control_log_names(request.now, request.out)
        yield from (name for name in free if _take_name(ledger, request, name))
        return
    name = request.out.name
    if not request.out.exists() and not _take_name(ledger, request, name):
        raise RefusedError(
            f"a control log of that name was made before, of batch {ledger.control_logs.batch_of_name(name)}",
            where=request.out,
            way_out="Choose another name: once uploaded, a control log is known by its name only. In a folder "
            "(--out DIR/) they get names by themselves.",
        )
    yield name


def _take_name(ledger: Ledger, request: ControlLogRequest, name: str) -> bool:
    return ledger.control_logs.take_name(request.batch.id, name, str(request.folder.absolute()))


def _may_adopt(ledger: Ledger, request: ControlLogRequest, path: Path) -> bool:
    """Whether a file on disk has a name of its own: what another batch's control log is called is made anew."""
    return ledger.control_logs.batch_of_name(path.name) == request.batch.id or _take_name(ledger, request, path.name)


def _document_source(
    ledger: Ledger, request: ControlLogRequest, executor: Executor | None, progress: Progress
) -> Callable[[], Iterable[LogDocument]]:
    """Gives the documents of a request, the same on each call."""
    batch, limits = request.batch, request.limits
    packages = _package_source(ledger, batch, request.packages)

    def watched(made: Iterable[Log]) -> Iterator[Log]:
        for log in made:
            if log.unit is not None and log.unit % 1_000 == 0:
                progress(log.package, batch.packages)
            yield log

    def documents() -> Iterable[LogDocument]:
        if executor is None or request.packages is not PackageChoice.ALL:
            made = watched(logs(packages, batch, request.mapping))
        else:
            made = watched(logs_from_tasks(ledger, batch, request.mapping, executor))
        return [single_document(made)] if request.as_file else split_documents(made, limits.max_logs, limits.max_bytes)

    return documents


def _package_source(ledger: Ledger, batch: Batch, choice: PackageChoice) -> Callable[[], Iterable[Package]]:
    """Gives the chosen packages, the same on each call."""
    if choice is PackageChoice.ALL:
        return lambda: shippable_packages(ledger, batch)
    numbers = list(
        ledger.exports.packages_where(batch.id, "missing" if choice is PackageChoice.MISSING else "rejected")
    )
    return lambda: (next(ledger.packages.stream(batch.id, number, 1)) for number in numbers)


def _record(ledger: Ledger, batch: Batch, written: WrittenLog) -> None:
    contents = written.contents
    made = ManifestMade(
        file=written.path.name,
        format="control-log",
        sha256=written.sha256,
        device_logs=contents.device_logs,
        bundle_logs=contents.bundle_logs,
        packages=contents.all_packages,
        numbers=[[run[0], run[-1]] for run in contents.units],
        bundles=[[run[0], run[-1]] for run in contents.bundles],
    )
    ledger.exports.record_control_log(batch.id, made, contents.units)


def _logs_on_disk(batch: Batch, folder: Path) -> dict[str, Path]:
    """Control logs in a folder that may be what is made again: SHA-256 -> file. They have a sidecar of this batch, or
    none, where a run was killed."""
    found: dict[str, Path] = {}
    for path in leftover_files(folder):  # of a run that was killed in another second, under that second's name
        if path.name.startswith(".C_CONTROL_LOG_"):
            remove_leftover(path)
    for path in sorted(folder.glob("C_CONTROL_LOG_*.txt")):
        is_complete(path)
        if sidecar_path(path).exists():
            try:
                sha256 = sidecar.sha256 if (sidecar := read_sidecar(path)).batch == batch.id else ""
            except BssError:
                continue
        else:
            sha256 = sha256_of(path)
        if sha256:
            found.setdefault(sha256, path)
    return found


def _digest(document: LogDocument) -> str:
    digest = hashlib.sha256()
    for block in document:
        digest.update(block)
    return digest.hexdigest()


def make_list(ledger: Ledger, batch: Batch, path: Path, form: ListFormat) -> str:
    """Write the list of a batch's units that may leave the factory, and record it; its SHA-256."""
    sha256 = write_atomically(path, csv_list(ledger, batch) if form is ListFormat.CSV else jsonl_list(ledger, batch))
    ledger.exports.record_table(batch.id, ManifestMade(file=path.name, format=str(form), sha256=sha256))
    return sha256
