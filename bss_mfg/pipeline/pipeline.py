"""The steps of a run, one after the other. Each finds out by itself what is done already, and does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from bss_mfg.core.files import make_folder, remove_leftover
from bss_mfg.core.progress import Progress
from bss_mfg.core.text import counted
from bss_mfg.issuing.batch import IssueResult, create_batch
from bss_mfg.label.make import LabelFiles, make_labels
from bss_mfg.label.make import LabelRequest as Labels
from bss_mfg.ledger.store import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.manifest.make import make_control_logs
from bss_mfg.model import Batch
from bss_mfg.pipeline.plan import TRAVELLER_STEM, PreparedRun
from bss_mfg.verify.findings import Finding
from bss_mfg.verify.outcome import VerifyOptions as Reading
from bss_mfg.verify.verification import Verifier
from bss_mfg.workspace.workspace import Workspace

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


@dataclass(slots=True)
class RunOutcome:
    """What a run did: `issued` now or before, the files, the faults that verification found (the first of them, and
    how many), and which steps were not done."""

    batch: Batch
    issued: bool
    labels: LabelFiles | None = None
    verified: int | None = None
    faults: list[Finding] = field(default_factory=list)
    fault_count: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    traveller: Path | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    changed: bool = False
    """Whether this run did anything; a finished one has nothing to do."""

    @property
    def right(self) -> bool:
        """Whether every label that was read is right."""
        return not self.fault_count and not self.broken


def run_pipeline(
    workspace: Workspace,
    ledger: Ledger,
    vault: Vault,
    ready: PreparedRun,
    reporter: RunReporter,
    executor: Executor | None = None,
) -> RunOutcome:
    """Do all steps of a plan that is written down. A second call, or one after a kill, does what is left."""
    issued = _issue_step(ledger, vault, ready, reporter, executor)
    outcome = RunOutcome(issued.batch, issued.created, changed=issued.created)
    folder = workspace.batch_folder(issued.batch.id)
    leave_out = partial(_leave_out, outcome, reporter)
    if closed := ledger.closed_at(issued.batch.id):  # every package is accounted for: its labels are no concern of ours
        leave_out("labels", "verify", why=f"the batch was closed at {closed}")
    else:
        outcome.labels = _label_step(ledger, outcome, ready, folder / "labels", reporter, executor)
        if ready.can_read_back:
            _verify_step(ledger, outcome, outcome.labels.files, reporter, executor)
        else:
            language = ready.printer.language.upper()
            leave_out("verify", why=f"{language} can't be read back here: scan the printed labels (`bss-mfg scan`)")
    if not outcome.right:
        leave_out("manifest", "traveller", why="not all labels are right")
    else:
        if ready.mapping:
            _manifest_step(ledger, outcome, ready.mapping, ready.plan.start, folder / "upload", reporter, executor)
        else:
            leave_out("manifest", why=f"no control log mapping for the spec {ready.spec.spec.name}")
        if closed:
            leave_out("traveller", why=f"the batch was closed at {closed}")
        else:
            _traveller_step(ledger, outcome, ready, folder / "labels", reporter)
    return outcome


def _leave_out(outcome: RunOutcome, reporter: RunReporter, *steps: str, why: str) -> None:
    for step in steps:
        outcome.left_out[step] = why
        reporter.skip(step, why)


def _issue_step(
    ledger: Ledger, vault: Vault, ready: PreparedRun, reporter: RunReporter, executor: Executor | None
) -> IssueResult:
    plan = ready.plan
    progress = reporter.begin("issue", plan.units)
    issued = create_batch(
        ledger,
        vault,
        ready.product,
        ready.spec,
        plan.units,
        batch_id=plan.batch,
        identities=ready.identities,
        executor=executor,
        progress=progress,
    )
    reporter.end(plan.units, "units", plan.units if issued.created else 0)
    return issued


def _label_step(
    ledger: Ledger,
    outcome: RunOutcome,
    ready: PreparedRun,
    folder: Path,
    reporter: RunReporter,
    executor: Executor | None,
) -> LabelFiles:
    batch = outcome.batch
    progress = reporter.begin("labels", batch.packages)
    made = make_labels(
        ledger,
        batch,
        ready.template,
        ready.printer,
        folder,
        Labels(symbols=ready.plan.symbols, accept_made=True),
        executor=executor,
        progress=progress,
    )
    fresh = made.labels - sum(labels for labels, _ in made.extents[: made.unchanged])
    outcome.changed |= fresh > 0
    reporter.end(made.labels, "labels", fresh, f"on {counted(made.pages, 'page')}")
    return made


def _verify_step(
    ledger: Ledger, outcome: RunOutcome, files: Sequence[Path], reporter: RunReporter, executor: Executor | None
) -> None:
    """Read all label files back, but those that were found right before."""
    batch = outcome.batch
    progress = reporter.begin("verify", batch.packages)

    def so_far(done: int, total: int) -> None:
        reporter.failed(verifier.fault_count)
        progress(done, total)

    verifier = Verifier(ledger, batch, Reading(resume=True, reread_scrapped=False), so_far, executor=executor)
    verifier.read_files(files)
    found = verifier.outcome()
    gone = ledger.scrapped_packages(batch.id)  # between label and reading: the label files can't know it
    for _, item in found.findings.faults():
        if item.package not in gone:
            outcome.fault_count += 1
            if len(outcome.faults) < MOST_FAULTS:
                outcome.faults.append(item)
    outcome.broken = list(found.broken)
    fresh = found.counts["matched"]
    outcome.verified = fresh + found.resumed_labels
    reporter.failed(outcome.fault_count + len(outcome.broken))
    outcome.changed |= found.pages > 0
    wrong = "" if outcome.right else f", {outcome.fault_count:,} not"
    reporter.end(outcome.verified, f"labels read right{wrong}", fresh)


def _manifest_step(
    ledger: Ledger,
    outcome: RunOutcome,
    mapping: LogMapping,
    start: datetime,
    folder: Path,
    reporter: RunReporter,
    executor: Executor | None,
) -> None:
    """One file, named by when the run was begun. Once units are listed, only those are listed that are in none: a unit
    that was scrapped since makes no second file."""
    batch = outcome.batch
    progress = reporter.begin("manifest", batch.packages)
    listed = ledger.manifests(batch.id)
    outcome.logs = [folder / one.file for one in listed if (folder / one.file).exists()]
    make_folder(folder)
    fresh = 0
    for one in make_control_logs(
        ledger,
        batch,
        mapping,
        folder,
        start,
        which="missing" if listed else "all",
        executor=executor,
        progress=progress,
    ):
        if one.path not in outcome.logs:
            outcome.logs.append(one.path)
        fresh += one.contents.device_logs + one.contents.bundle_logs
    outcome.changed |= fresh > 0
    count = fresh + sum(one.device_logs + one.bundle_logs for one in listed)
    files = len(outcome.logs)
    reporter.end(count, "control logs", fresh, f"in {counted(files, 'file')}")


def _traveller_step(
    ledger: Ledger, outcome: RunOutcome, ready: PreparedRun, folder: Path, reporter: RunReporter
) -> None:
    """One traveller a batch: it shows the ledger's head of its day, so it isn't made again on another."""
    batch = outcome.batch
    progress = reporter.begin("traveller", 1)
    if not any(part.each == "batch" for part in ledger.printed_parts(batch.id)):
        # Of a run that was killed before the ledger heard of it; should others have worked meanwhile, its octets don't
        # tell it from a stranger's. But the name was free when the run was begun.
        for path in folder.glob(f"{batch.id}-{TRAVELLER_STEM}-*.pdf"):
            remove_leftover(path)
    made = make_labels(
        ledger,
        batch,
        ready.traveller,
        ready.traveller_printer,
        folder,
        Labels(accept_made=True, stem=TRAVELLER_STEM),
        progress=progress,
    )
    outcome.traveller = made.files[0] if made.files[0].exists() else None
    outcome.changed |= not made.unchanged
    reporter.end(1, "page", 0 if made.unchanged else 1)
