"""Control logs of a batch made, put in place, and counted in the ledger: file by file, so that a kill loses nothing.

A unit counts as listed once its file and sidecar are on disk. Where the same logs are made again in the same folder,
the files that lie there are taken as they are; those that a killed run left uncounted are counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from bss_mfg.core.files import is_complete, leftover_files, remove_leftover, sha256_of
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import BssError
from bss_mfg.ledger.events import ManifestMade
from bss_mfg.ledger.exports import Answer, FeedbackCounts
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.manifest.documents import Contents, Log, LogDocument, control_log_names, single_document, split_documents
from bss_mfg.manifest.feedback import Feedback
from bss_mfg.manifest.log_builder import logs, logs_from_tasks
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.manifest.sidecar import LogOrigin, WrittenLog, adopt_log, read_sidecar, sidecar_path, write_logs
from bss_mfg.model import Batch, Package
from bss_mfg.tables import shippable_packages
from bss_mfg.version import __version__

PackageChoice = Literal["all", "missing", "rejected"]


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Of a file: the most logs, and the most octets; None for no limit."""

    max_logs: int | None = None
    max_bytes: int | None = None


def make_control_logs(
    ledger: Ledger,
    batch: Batch,
    mapping: LogMapping,
    out: Path,
    now: datetime,
    *,
    which: PackageChoice = "all",
    limits: FileLimits = FileLimits(),
    as_file: bool = False,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> Iterator[WrittenLog]:
    """Write the control logs of a batch's packages into the folder `out`, and give each once it is counted.

    With `as_file` all go into one file of that name. What lies in the folder already is not written a second time, but
    for rejected ones. `which`: all packages that may leave the factory, those with a
    unit in no control log yet, or those with a rejected one.
    """
    packages = _package_source(ledger, batch, which)
    seq, digest = ledger.history.head()
    origin = LogOrigin(batch.id, f"{seq}:{digest}", mapping, __version__)

    def documents() -> Iterable[LogDocument]:
        made = counted(
            logs(packages, batch, mapping)
            if executor is None or which != "all"
            else logs_from_tasks(ledger, batch, mapping, executor)
        )
        return [single_document(made)] if as_file else split_documents(made, limits.max_logs, limits.max_bytes)

    def counted(made: Iterable[Log]) -> Iterator[Log]:
        for log in made:
            if log.unit is not None and log.unit % 1_000 == 0:
                progress(log.package, batch.packages)
            yield log

    folder = out.parent if as_file else out
    names = iter([out.name]) if as_file else control_log_names(now, out)
    known = ledger.exports.control_log_digests(batch.id)
    on_disk = {} if as_file else _logs_on_disk(batch, folder)
    if which == "rejected":  # what was counted before is what was rejected: it goes up again, under a new name
        on_disk = {sha256: path for sha256, path in on_disk.items() if sha256 not in known}
    again = [_digested(each) for each in documents()] if on_disk else []
    for number, each in enumerate(documents()):
        if again and (sha256 := again[number][0]) in on_disk:
            for _ in each:
                pass  # made, to come to the next
            written = adopt_log(on_disk[sha256], sha256, each.contents, origin)
            if sha256 in known:
                yield replace(written, made_before=True)
                continue
        else:
            (written,) = write_logs(folder, [each], names, origin)
        found = written.contents
        ledger.exports.record_control_log(
            batch.id,
            ManifestMade(
                file=written.path.name,
                format="control-log",
                sha256=written.sha256,
                device_logs=found.device_logs,
                bundle_logs=found.bundle_logs,
                packages=found.all_packages,
            ),
            found.units,
        )
        yield written


def _package_source(ledger: Ledger, batch: Batch, which: PackageChoice) -> Callable[[], Iterable[Package]]:
    """Gives the chosen packages, the same on each call."""
    if which == "all":
        return lambda: shippable_packages(ledger, batch)
    numbers = list(ledger.exports.packages_where(batch.id, which))
    return lambda: (next(ledger.packages.stream(batch.id, number, 1)) for number in numbers)


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


def _digested(each: LogDocument) -> tuple[str, Contents]:
    digest = hashlib.sha256()
    for piece in each:
        digest.update(piece)
    return digest.hexdigest(), each.contents


def acknowledge(ledger: Ledger, feedback: Feedback, product: str | None = None) -> FeedbackCounts:
    """Write down what a feedback file says of units; what it contradicts itself in, or leaves unclear, is not taken."""
    verdicts: dict[str, tuple[Answer, str]] = {
        serial: (verdict.state, verdict.reason if verdict.state == "rejected" else "")
        for serial, verdict in feedback.answers.items()
        if verdict.state in ("accepted", "rejected")
    }
    return ledger.exports.record_answers(verdicts, feedback.name, feedback.sha256, product)
