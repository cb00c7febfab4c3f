"""The steps of a run, one after the other. Each finds out by itself what is done already, and does the rest."""

from __future__ import annotations

import logging
from concurrent.futures import Executor
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.files import make_folder, remove_leftover
from bss_mfg.core.progress import Progress
from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import RefusedError
from bss_mfg.issuing.batch import IssueResult, create_batch
from bss_mfg.label.make import LabelFiles, LabelRequest, make_labels
from bss_mfg.label.printing.send_batch import (
    SendRequest,
    SentLabels,
    all_sent,
    none_of_what_was_sent,
    send_batch_labels,
)
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.manifest.make import ControlLogRequest, PackageChoice, make_control_logs
from bss_mfg.model import Batch
from bss_mfg.pipeline.plan import TRAVELLER_STEM
from bss_mfg.pipeline.preparation import PreparedRun
from bss_mfg.printer_languages import RAW_SUFFIXES
from bss_mfg.verify.findings import Finding
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import Verifier
from bss_mfg.workspace.workspace import Workspace

_log = logging.getLogger(__name__)

MOST_FAULTS = 1_000
"""Faults that are named one by one."""


class RunReporter(Protocol):
    """Who is told how far a run is."""

    def begin(self, step: str, total: int) -> Progress:
        """A step begins; what is given back is called with (done, total)."""

    def failed(self, count: int) -> None:
        """How many labels or files of this step failed so far."""

    def end(self, done: int, what: str, fresh: int, more: str = "") -> None:
        """The step has ended: so many are done, `fresh` of them by this run; `what` and `more` are words for them."""

    def skip(self, step: str, words: str) -> None:
        """The step is left out, with the reason."""


@dataclass(frozen=True)
class RunContext:
    """What all steps of a run work with."""

    workspace: Workspace
    ledger: Ledger
    vault: Vault
    prepared: PreparedRun
    reporter: RunReporter
    executor: Executor | None = None
    sending: SendRequest | None = None
    """Where the labels go, None: they stay in their files."""

    def folder(self, name: str) -> Path:
        """A folder of the batch's outputs."""
        return self.workspace.batch_folder(self.prepared.plan.batch) / name


@dataclass(frozen=True, slots=True)
class StepLeftOut:
    """Why a step was not done, in words."""

    why: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class LabelsMade:
    """The label files; `changed` where this run made some of them."""

    files: LabelFiles
    changed: bool


@dataclass(frozen=True, slots=True)
class LabelsRead:
    """What reading the label files back has shown: how many labels are right, the faults, and the files and pages that
    could not be read with the reason; `changed` where this run read any."""

    verified: int
    faults: CappedList[Finding]
    broken: tuple[tuple[str, str], ...]
    changed: bool

    @property
    def right(self) -> bool:
        """Whether every label is right."""
        return not self.faults.total and not self.broken


@dataclass(frozen=True, slots=True)
class LabelsSent:
    """The labels went to a printer, now or before; `changed` where this run sent some of them, and `told` then: what is
    known of how many came out."""

    address: str
    labels: int
    changed: bool
    told: SentLabels | None = None


@dataclass(frozen=True, slots=True)
class LogsMade:
    """The control logs' files; `changed` where this run made some of them."""

    paths: tuple[Path, ...]
    changed: bool


@dataclass(frozen=True, slots=True)
class TravellerMade:
    """The traveller, None where its file was taken away since; `changed` where this run made it."""

    path: Path | None
    changed: bool


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run did: the batch, `issued` by it or before, and what became of each further step."""

    batch: Batch
    issued: bool
    labels: LabelsMade | StepLeftOut
    verify: LabelsRead | StepLeftOut
    manifest: LogsMade | StepLeftOut
    traveller: TravellerMade | StepLeftOut
    sent: LabelsSent | StepLeftOut | None = None
    """None where they were not to be sent."""

    @property
    def changed(self) -> bool:
        """Whether this run did anything; a finished one has nothing to do."""
        return self.issued or any(
            step.changed for step in (self.labels, self.verify, self.sent, self.manifest, self.traveller) if step
        )

    @property
    def right(self) -> bool:
        """Whether every label that was read is right."""
        return isinstance(self.verify, StepLeftOut) or self.verify.right

    @property
    def left_out(self) -> dict[str, str]:
        """The steps that were not done, with the reason."""
        steps = {
            "labels": self.labels,
            "verify": self.verify,
            "send": self.sent,
            "manifest": self.manifest,
            "traveller": self.traveller,
        }
        return {name: step.why for name, step in steps.items() if isinstance(step, StepLeftOut)}


def run_pipeline(run: RunContext) -> RunOutcome:
    """Do all steps of a plan that is written down. A second call, or one after a kill, does what is left."""
    issued = _issue(run)
    batch = issued.batch
    closed = run.ledger.batches.closed_at(batch.id)  # every package is accounted for: its labels are no concern of ours
    labels = _leave_out(run, "labels", f"the batch was closed at {closed}") if closed else _make_labels(run, batch)
    if isinstance(labels, StepLeftOut):
        verify: LabelsRead | StepLeftOut = _leave_out(run, "verify", labels.why)
    else:
        verify = _read_labels_back(run, batch, labels.files)
    if isinstance(verify, LabelsRead) and not verify.right:
        why = "not all labels are right"
        left_out = _leave_out(run, "send", why) if run.sending else None
        manifest, traveller = _leave_out(run, "manifest", why), _leave_out(run, "traveller", why)
        return RunOutcome(batch, issued.created, labels, verify, manifest, traveller, left_out)
    sent: LabelsSent | StepLeftOut | None = None
    if run.sending:
        sent = labels if isinstance(labels, StepLeftOut) else _send_labels(run, batch, labels.files, run.sending)
    return RunOutcome(
        batch,
        issued.created,
        labels,
        verify,
        _make_manifest(run, batch),
        _leave_out(run, "traveller", labels.why) if isinstance(labels, StepLeftOut) else _make_traveller(run, batch),
        sent,
    )


def _begin(run: RunContext, step: str, total: int) -> Progress:
    _log.info("step %s of batch %s", step, run.prepared.plan.batch)
    return run.reporter.begin(step, total)


def _end(run: RunContext, done: int, what: str, fresh: int, more: str = "") -> None:
    _log.info("%d %s, %d of them new", done, what, fresh)
    run.reporter.end(done, what, fresh, more)


def _leave_out(run: RunContext, step: str, reason: str) -> StepLeftOut:
    _log.info("step %s is left out: %s", step, reason)
    run.reporter.skip(step, reason)
    return StepLeftOut(reason)


def _issue(run: RunContext) -> IssueResult:
    units = run.prepared.plan.units
    progress = _begin(run, "issue", units)
    issued = create_batch(run.ledger, run.vault, run.prepared.batch_request, executor=run.executor, progress=progress)
    _end(run, units, one_or(units, "unit", "units"), units if issued.created else 0)
    return issued


def _make_labels(run: RunContext, batch: Batch) -> LabelsMade:
    progress = _begin(run, "labels", batch.packages)
    try:
        return _label_files(run, batch, progress)
    except RefusedError as error:
        plan = run.prepared.plan
        told = copy(error)
        told.way_out = (
            f"Make them as this run was begun: `bss-mfg labels {batch.id} --again --template {plan.template} --printer "
            f"{plan.printer}`. Then"
        )
        raise told from error


def _label_files(run: RunContext, batch: Batch, progress: Progress) -> LabelsMade:
    made = make_labels(
        run.ledger,
        batch,
        run.prepared.template,
        run.prepared.printer,
        run.folder("labels"),
        run.prepared.label_request,
        executor=run.executor,
        progress=progress,
    )
    fresh = made.labels - sum(labels for labels, _ in made.extents[: made.unchanged])
    _end(run, made.labels, one_or(made.labels, "label", "labels"), fresh, f"on {count_words(made.pages, 'page')}")
    return LabelsMade(made, changed=fresh > 0)


def _read_labels_back(run: RunContext, batch: Batch, made: LabelFiles) -> LabelsRead | StepLeftOut:
    """Read all label files, but those that were found right before."""
    if not run.prepared.can_read_back:
        language = run.prepared.printer.language.upper()
        return _leave_out(
            run, "verify", f"{language} can't be read back here: scan the printed labels (`bss-mfg scan`)"
        )
    progress = _begin(run, "verify", batch.packages)

    def tell(done: int, total: int) -> None:
        run.reporter.failed(verifier.fault_count)
        progress(done, total)

    options = VerifyOptions(resume=True, reread_scrapped=False)
    verifier = Verifier(run.ledger, batch, options, tell, executor=run.executor)
    verifier.read_files((*made.files, *_made_again(run, batch, made)))
    found = verifier.outcome()
    scrapped = run.ledger.packages.scrapped(batch.id)  # between label and reading: the label files can't know it
    faults = CappedList(MOST_FAULTS, (item for _, item in found.findings.faults() if item.package not in scrapped))
    read = LabelsRead(
        verified=found.counts["matched"] + found.resumed_labels,
        faults=faults,
        broken=tuple(found.broken),
        changed=found.pages > 0,
    )
    run.reporter.failed(read.faults.total + len(read.broken))
    wrong = "" if read.right else f", {read.faults.total:,} not"
    _end(run, read.verified, f"{one_or(read.verified, 'label', 'labels')} read right{wrong}", found.counts["matched"])
    return read


def _made_again(run: RunContext, batch: Batch, made: LabelFiles) -> list[Path]:
    """Other label files that hold labels of these, made again since (`labels --from SERIAL --again`): those count then.
    Where nobody finds such a file, its labels are missing."""
    in_force, names = run.ledger.prints.in_force(batch.id), {path.name for path in made.files}
    if not any(in_force.outdated_in(file) for file in in_force.files if file.file in names):
        return []
    folder = run.folder("labels")
    others = (folder / file.file for file in in_force.files if file.file not in names)
    return [path for path in others if path.suffix not in RAW_SUFFIXES and path.is_file()]


def _send_labels(run: RunContext, batch: Batch, made: LabelFiles, sending: SendRequest) -> LabelsSent | StepLeftOut:
    """What was sent before, whole or with its rest made again, is passed over; what others made since isn't ours."""
    if made.unchanged == len(made.files) and none_of_what_was_sent(run.ledger, batch, made):
        return _leave_out(
            run, "send", f"the labels were made again since: `bss-mfg labels {batch.id} --send` sends them"
        )
    progress = _begin(run, "send", made.labels)
    if all_sent(run.ledger, batch, made):
        _end(run, made.labels, "labels handed over", 0)
        return LabelsSent(sending.address, 0, changed=False)
    done = send_batch_labels(run.ledger, batch, made, sending, progress=progress)
    _end(run, done.labels, "labels handed over", done.labels, f"to {done.address}")
    return LabelsSent(done.address, done.labels, changed=True, told=done)


def _make_manifest(run: RunContext, batch: Batch) -> LogsMade | StepLeftOut:
    """One file, named by when the run was begun. Once units are listed, only those are listed that are in none: a unit
    that was scrapped since makes no second file."""
    mapping, folder = run.prepared.mapping, run.folder("upload")
    if not mapping:
        return _leave_out(run, "manifest", f"no control log mapping for the spec {run.prepared.spec.spec.name}")
    progress = _begin(run, "manifest", batch.packages)
    listed = run.ledger.exports.control_logs(batch.id)
    paths = [folder / one.file for one in listed if (folder / one.file).exists()]
    make_folder(folder)
    fresh = 0
    packages = PackageChoice.MISSING if listed else PackageChoice.ALL
    request = ControlLogRequest(batch, mapping, folder, run.prepared.plan.start, packages)
    for one in make_control_logs(run.ledger, request, executor=run.executor, progress=progress):
        if one.path not in paths:
            paths.append(one.path)
        fresh += one.contents.device_logs + one.contents.bundle_logs
    count = fresh + sum(one.device_logs + one.bundle_logs for one in listed)
    _end(run, count, one_or(count, "control log", "control logs"), fresh, f"in {count_words(len(paths), 'file')}")
    return LogsMade(tuple(paths), changed=fresh > 0)


def _make_traveller(run: RunContext, batch: Batch) -> TravellerMade:
    """One traveller a batch: it shows the ledger's head of its day, so it isn't made again on another."""
    progress, folder = _begin(run, "traveller", 1), run.folder("labels")
    if not any(part.each == "batch" for part in run.ledger.prints.label_files(batch.id)):
        # Of a run that was killed before the ledger heard of it; if others have worked since then, its bytes don't
        # tell it from a stranger's. But the name was free when the run was begun.
        for path in folder.glob(f"{batch.id}-{TRAVELLER_STEM}-*.pdf"):
            remove_leftover(path)
    made = make_labels(
        run.ledger,
        batch,
        run.prepared.traveller,
        run.prepared.traveller_printer,
        folder,
        LabelRequest(language=run.prepared.plan.language, accept_existing=True),
        progress=progress,
    )
    _end(run, 1, "page", 0 if made.unchanged else 1)
    return TravellerMade(made.files[0] if made.files[0].exists() else None, changed=not made.unchanged)
