"""The steps of a run, one after the other. Each finds out by itself what is done already, and does the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

from bss_mfg.export.manifests import make_control_logs
from bss_mfg.files import make_folder
from bss_mfg.identities import IdentityFile
from bss_mfg.issuing import Issued, create_batch
from bss_mfg.label.job import LabelFiles, make_labels
from bss_mfg.label.job import Wanted as Labels
from bss_mfg.ledger.store import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch, Identity
from bss_mfg.running.plan import Ready
from bss_mfg.scan.job import Verifier
from bss_mfg.scan.job import Wanted as Reading
from bss_mfg.scan.reconcile import Finding
from bss_mfg.workspace import Workspace

Progress = Callable[[int, int], None]
MOST_NAMED = 1_000
"""Faults that are named one by one."""


class Reporter(Protocol):
    """Who is told how far a run is."""

    def begin(self, step: str, total: int) -> Progress:
        """A step begins; what is given back is called with (done, total)."""

    def failed(self, count: int) -> None:
        """How many labels or files of this step failed so far."""

    def end(self, done: int, words: str, fresh: int) -> None:
        """The step has ended, in words; so many of what is done were done by this run."""

    def skip(self, step: str, words: str) -> None:
        """The step is left out, with the reason."""


@dataclass(slots=True)
class Outcome:
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

    @property
    def right(self) -> bool:
        """Whether every label that was read is right."""
        return not self.fault_count and not self.broken


def run(
    workspace: Workspace, ledger: Ledger, vault: Vault, ready: Ready, reporter: Reporter,
    executor: Executor | None = None,
) -> Outcome:  # fmt: skip
    """Do all steps of a plan that is written down. A second call, or one after a kill, does what is left."""
    issued = _issue(ledger, vault, ready, reporter, executor)
    outcome = Outcome(issued.batch, issued.created)
    folder = workspace.batch_folder(issued.batch.id)
    outcome.labels = _labels(ledger, issued.batch, ready, folder / "labels", reporter, executor)
    if ready.readable:
        _verify(ledger, outcome, outcome.labels.files, reporter, executor)
    else:
        words = f"{ready.printer.language.upper()} can't be read back: scan the printed labels (`bss-mfg scan`)"
        outcome.left_out["verify"] = words
        reporter.skip("verify", words)
    if not outcome.right:
        for step in ("manifest", "traveller"):
            outcome.left_out[step] = "not all labels are right"
            reporter.skip(step, "not all labels are right")
        return outcome
    _manifest(ledger, outcome, ready, folder / "upload", reporter, executor)
    _traveller(ledger, outcome, ready, folder / "labels", reporter)
    return outcome


def _issue(ledger: Ledger, vault: Vault, ready: Ready, reporter: Reporter, executor: Executor | None) -> Issued:
    plan = ready.plan
    progress = reporter.begin("issue", plan.units)
    rows: Iterable[Identity] = IdentityFile(Path(plan.identities), ready.spec.spec.columns) if plan.identities else ()
    issued = create_batch(
        ledger, vault, ready.product, ready.spec, plan.units, batch_id=plan.batch, identities=rows, executor=executor,
        progress=progress,
    )  # fmt: skip
    reporter.end(plan.units, *(("units", plan.units) if issued.created else ("units, issued before", 0)))
    return issued


def _labels(
    ledger: Ledger, batch: Batch, ready: Ready, folder: Path, reporter: Reporter, executor: Executor | None
) -> LabelFiles:
    progress = reporter.begin("labels", batch.packages)
    made = make_labels(
        ledger, batch, ready.template, ready.printer, folder, Labels(symbols=ready.plan.symbols, keep=True),
        executor=executor, progress=progress,
    )  # fmt: skip
    kept = sum(labels for labels, _ in made.on_file[: made.unchanged])
    before = f", {made.unchanged:,} files made before" if made.unchanged else ""
    reporter.end(
        made.labels, f"labels on {made.pages:,} page{'' if made.pages == 1 else 's'}{before}", made.labels - kept
    )
    return made


def _verify(
    ledger: Ledger, outcome: Outcome, files: Sequence[Path], reporter: Reporter, executor: Executor | None
) -> None:
    """Read all label files back, but those that were found right before."""
    batch = outcome.batch
    progress = reporter.begin("verify", batch.packages)

    def so_far(done: int, total: int) -> None:
        reporter.failed(verifier.faults)
        progress(done, total)

    verifier = Verifier(ledger, batch, Reading(resume=True), so_far, executor=executor)
    verifier.read(files)
    found = verifier.outcome()
    faults = (item for item in found.findings if item.kind != "matched")
    outcome.faults = list(islice(faults, MOST_NAMED))
    outcome.fault_count = sum(count for kind, count in found.counts.items() if kind != "matched")
    outcome.broken = list(found.broken)
    fresh = found.counts["matched"]
    outcome.verified = fresh + found.resumed_labels
    reporter.failed(outcome.fault_count + len(outcome.broken))
    before = f", {found.resumed:,} files read before" if found.resumed else ""
    words = "labels read right" if outcome.right else f"labels read right, {outcome.fault_count:,} not"
    reporter.end(outcome.verified, words + before, fresh)


def _manifest(
    ledger: Ledger, outcome: Outcome, ready: Ready, folder: Path, reporter: Reporter, executor: Executor | None
) -> None:
    if ready.mapping is None:
        words = f"no control log mapping for the spec {ready.spec.spec.name}"
        outcome.left_out["manifest"] = words
        reporter.skip("manifest", words)
        return
    batch = outcome.batch
    progress = reporter.begin("manifest", batch.packages)
    make_folder(folder)
    count, before = 0, True
    for one in make_control_logs(
        ledger, batch, ready.mapping, folder, ready.plan.start, executor=executor, progress=progress
    ):
        outcome.logs.append(one.path)
        before = before and one.before
        count += one.contents.device_logs + one.contents.bundle_logs
    fresh = 0 if before else count
    reporter.end(
        count, f"control logs in {len(outcome.logs):,} file{'' if len(outcome.logs) == 1 else 's'}"
        + (", made before" if before else ""), fresh,
    )  # fmt: skip


def _traveller(ledger: Ledger, outcome: Outcome, ready: Ready, folder: Path, reporter: Reporter) -> None:
    """One traveller a batch: it shows the ledger's head of its day, so it isn't made again on another."""
    batch = outcome.batch
    progress = reporter.begin("traveller", 1)
    if known := [part for part in ledger.printed_parts(batch.id) if part.each == "batch"]:
        outcome.traveller = folder / known[-1].file
        reporter.end(1, "page, made before", 0)
        return
    made = make_labels(
        ledger, batch, ready.traveller, ready.traveller_printer, folder, Labels(keep=True, stem="batch-labels"),
        progress=progress,
    )  # fmt: skip
    outcome.traveller = made.files[0]
    reporter.end(1, "page", 1)
