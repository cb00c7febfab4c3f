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

from bss_mfg import __version__
from bss_mfg.core.files import is_complete, leftover_files, remove_leftover, sha256_of
from bss_mfg.errors import BssError
from bss_mfg.ledger.exporting import Answer, FeedbackCounts
from bss_mfg.ledger.store import Ledger
from bss_mfg.manifest.controllog import logs, logs_in_parts
from bss_mfg.manifest.feedback import Feedback
from bss_mfg.manifest.mapping import LogMapping
from bss_mfg.manifest.sidecar import Origin, Written, adopt_log, read_sidecar, sidecar_path, write_logs
from bss_mfg.manifest.splitting import Contents, Document, Log, document, plan_names, split
from bss_mfg.model import Batch, Package
from bss_mfg.tables import shipped

Progress = Callable[[int, int], None]
Which = Literal["all", "missing", "rejected"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a file: the most logs, and the most octets; None for no limit."""

    logs: int | None = None
    octets: int | None = None


def make_control_logs(
    ledger: Ledger, batch: Batch, mapping: LogMapping, out: Path, now: datetime, *, which: Which = "all",
    limits: Limits = Limits(), as_file: bool = False, executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
) -> Iterator[Written]:  # fmt: skip
    """Write the control logs of a batch's packages into the folder `out`, and give each once it is counted.

    With `as_file` all go into one file of that name. What lies in the folder already is not written a second time, but
    for rejected ones. `which`: all packages that may leave the factory, those with a
    unit in no control log yet, or those with a rejected one.
    """
    packages = _chooser(ledger, batch, which)
    seq, digest = ledger.head()
    origin = Origin(batch.id, f"{seq}:{digest}", mapping, __version__)

    def documents() -> Iterable[Document]:
        made = counted(
            logs(packages, batch, mapping)
            if executor is None or which != "all"
            else logs_in_parts(ledger, batch, mapping, executor)
        )
        return [document(made)] if as_file else split(made, limits.logs, limits.octets)

    def counted(made: Iterable[Log]) -> Iterator[Log]:
        for log in made:
            if log.unit is not None and log.unit % 1_000 == 0:
                progress(log.package, batch.packages)
            yield log

    folder = out.parent if as_file else out
    names = iter([out.name]) if as_file else plan_names(now, out)
    known = ledger.known_manifests(batch.id)
    lying = {} if as_file else _lying(batch, folder)
    if which == "rejected":  # what was counted before is what was rejected: it goes up again, under a new name
        lying = {sha256: path for sha256, path in lying.items() if sha256 not in known}
    again = [_digested(each) for each in documents()] if lying else []
    for number, each in enumerate(documents()):
        if again and (sha256 := again[number][0]) in lying:
            for _ in each:
                pass  # made, to come to the next
            written = adopt_log(lying[sha256], sha256, each.contents, origin)
            if sha256 in known:
                yield replace(written, before=True)
                continue
        else:
            (written,) = write_logs(folder, [each], names, origin)
        found = written.contents
        ledger.record_manifest(
            batch.id, written.path.name, written.sha256, found.units, found.device_logs, found.bundle_logs,
            {"packages": found.all_packages},
        )  # fmt: skip
        yield written


def _chooser(ledger: Ledger, batch: Batch, which: Which) -> Callable[[], Iterable[Package]]:
    """Gives the chosen packages, the same on each call."""
    if which == "all":
        return lambda: shipped(ledger, batch)
    numbers = list(ledger.packages_where(batch.id, which))
    return lambda: (next(ledger.packages(batch.id, number, 1)) for number in numbers)


def _lying(batch: Batch, folder: Path) -> dict[str, Path]:
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


def _digested(each: Document) -> tuple[str, Contents]:
    digest = hashlib.sha256()
    for piece in each:
        digest.update(piece)
    return digest.hexdigest(), each.contents


def acknowledge(ledger: Ledger, feedback: Feedback, product: str | None = None) -> FeedbackCounts:
    """Write down what a feedback file says of units; what it contradicts itself in, or leaves unclear, is not taken."""
    verdicts: dict[str, tuple[Answer, str]] = {
        serial: (verdict.state, verdict.reason if verdict.state == "rejected" else "")
        for serial, verdict in feedback.verdicts.items()
        if verdict.state in ("accepted", "rejected")
    }
    return ledger.record_answers(verdicts, {"file": feedback.name, "sha256": feedback.sha256}, product)
