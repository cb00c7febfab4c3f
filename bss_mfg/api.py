"""The Python API: what `bss_mfg` exports, over the same functions that the commands call.

Its records are its own, so that the rooms behind may change. None holds a key.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bss_mfg.core import clock
from bss_mfg.core.processes import ProcessExecutor, cores, open_executor
from bss_mfg.errors import InputError
from bss_mfg.issuing import batch as issuing
from bss_mfg.issuing.from_workspace import batch_request
from bss_mfg.label import make as label
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.from_workspace import PrintWishes, choose_print
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.unit_state import TRANSITIONS
from bss_mfg.ledger.unit_table import UnitFilter
from bss_mfg.manifest.log_mapping import find_mapping
from bss_mfg.model import Batch as IssuedBatch
from bss_mfg.model import Secret
from bss_mfg.reconcile import reconciliation
from bss_mfg.report.report_file import check_report, write_report
from bss_mfg.verify import outcome, verification
from bss_mfg.verify.finding_rows import finding_row
from bss_mfg.verify.findings import Finding as LabelFinding
from bss_mfg.version import __version__
from bss_mfg.workspace.actor import current_actor, workspace_names
from bss_mfg.workspace.publishing import require_published
from bss_mfg.workspace.vault_key_storage import AskPassphrase, ask_passphrase_file
from bss_mfg.workspace.workspace import Workspace, environment

if TYPE_CHECKING:
    from bss_mfg.ledger.unit_state import UnitState

_UNIT_COLUMNS = ("package", "serial", "uuid", "mac", "state", "payload", "replaced_by")


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the ledger has it. `printed`, `file_verified` (our own drawing was read back right), `print_verified`
    (the newest printed label was read right) and `shipped` count packages, `scrapped` and `replaced` units; times are
    UTC as text."""

    id: str
    product: str
    stage: str
    units: int
    packages: int
    units_per_package: int
    spec: str
    template: str
    created_at: str
    printed: int
    file_verified: int
    print_verified: int
    shipped: int
    scrapped: int
    replaced: int
    closed_at: str | None
    retired_at: str | None


@dataclass(frozen=True, slots=True)
class Unit:
    """One device of a batch. `state` is issued, printed, verified (its package's printed label was read right), shipped
    or scrapped; `payload` is the barcode string
    of its package, None once another unit has taken its place: the one with the serial `replaced_by`."""

    package: int
    serial: str
    uuid: uuid.UUID
    mac: str | None
    state: str
    payload: str | None
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """Label files in their order, `unchanged` of which were there already, and the index that says what is where.
    `left_out` counts packages that get no label any more: scrapped or shipped."""

    batch_id: str
    files: tuple[Path, ...]
    index: Path
    labels: int
    pages: int
    unchanged: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a verification found of one label. `verdict` is matched, missing, duplicate, foreign, unreadable,
    mismatched, misprinted, content, below-grade or old-picture; `serials` are those of the label's units, joined
    with a comma; `x_mm` and `y_mm` are the symbol's top left corner on the page; `detail` explains, in words for
    people; `of` is `print` for a printed label, `file` for one of our own drawing, None where nothing was read."""

    verdict: str
    serials: str
    package: int | None
    file: str | None
    page: int | None
    x_mm: float | None
    y_mm: float | None
    detail: str
    of: str | None = None


@dataclass(frozen=True)
class Verification:
    """The outcome of a verification. `counts` has the number of labels of each verdict; `unreadable` are files and
    pages that could not be read, with the reason."""

    batch_id: str
    passed: bool
    counts: Mapping[str, int]
    unreadable: tuple[tuple[str, str], ...]
    _outcome: outcome.Verification = field(repr=False)

    @property
    def findings(self) -> Iterator[Finding]:
        """Every label, in the order of files and pages, read from the disk as they are walked."""
        return map(_finding, self._outcome.findings)

    @property
    def faults(self) -> Iterator[Finding]:
        """The labels that are not matched."""
        return (_finding(item) for _, item in self._outcome.findings.faults())


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a file says otherwise than the ledger: `kind` is programming, labels or control logs; `unit` is a
    serial, or those of a package; empty where the file as a whole differs."""

    kind: str
    unit: str
    package: int | None
    file: str
    what: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The outcome of a reconciliation: whether something was compared and nothing differs. `compared` has the number of
    units (of labels: packages) of each kind of file; of the `differences` the first 10,000 of a kind are kept."""

    batch_id: str
    agrees: bool
    compared: Mapping[str, int]
    difference_count: int
    differences: tuple[Difference, ...]


class OpenWorkspace:
    """An open workspace. Use it in a `with` statement and in the thread that opened it.

    Each method does what the command of the same name does, and writes the same history. All raise `BssError`.
    """

    def __init__(self, workspace: Workspace, ledger: Ledger, ask: AskPassphrase, jobs: int) -> None:
        self._workspace, self._ledger, self._ask, self._jobs = workspace, ledger, ask, jobs

    def __enter__(self) -> OpenWorkspace:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._ledger.__exit__(kind, error, trace)

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.__exit__()

    @property
    def folder(self) -> Path:
        """The workspace's folder."""
        return self._workspace.root

    @property
    def products(self) -> list[str]:
        """The names of all products."""
        return self._workspace.product_names()

    def batches(self) -> list[Batch]:
        """All batches, in the order of issue."""
        return [self._batch(batch) for batch in self._ledger.batches.all()]

    def batch(self, batch_id: str) -> Batch:
        """One batch, as it is now."""
        return self._batch(self._ledger.batches.get(batch_id))

    def units(self, batch_id: str, states: Sequence[str] = ()) -> Iterator[Unit]:
        """The units of a batch, in the order of packages, read as they are walked; with `states`, only those."""
        if unknown := set(states) - set(TRANSITIONS):
            raise InputError(f"units have no state {min(unknown)!r}", way_out=f"Known: {', '.join(TRANSITIONS)}.")
        chosen = UnitFilter(states=cast("Sequence[UnitState]", states))
        return (_unit(row) for rows in self._ledger.tables.rows(batch_id, _UNIT_COLUMNS, chosen) for row in rows)

    def create_batch(
        self,
        product: str,
        units: int,
        *,
        id: str | None = None,
        identities: Path | str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Batch:
        """Issue units of a product, once and for ever; `identities` is a CSV or XLSX file, `fields` are the batch's
        own, which the product's file names.

        With an `id` it can be called again: the same arguments give the batch that is there, others `RefusedError`.
        """
        require_published(self._workspace, self._ledger)
        request = batch_request(
            self._workspace, product, units, id, None if identities is None else Path(identities), fields=fields or {}
        )
        with (
            self._workspace.open_vault(self._ledger, self._ask) as vault,
            open_executor(self._jobs, units) as executor,
        ):
            return self._batch(issuing.create_batch(self._ledger, vault, request, executor=executor).batch)

    def make_labels(
        self,
        batch_id: str,
        *,
        printer: str | None = None,
        template: str | None = None,
        folder: Path | str | None = None,
        again: bool = False,
        language: str | None = None,
    ) -> LabelFiles:
        """Make the label files of a batch, into the batch's folder unless told otherwise. Without a template or printer
        they are made as the batch's last ones, else as the product's or the workspace's settings say. `language` is
        that of the product's own fields.

        Files that an interrupted call has made are kept. Labels that were all made before are refused without `again`;
        with it, files whose labels are then all in others are moved into `superseded/`.
        """
        batch = self._ledger.batches.get(batch_id)
        target = self._workspace.batch_folder(batch.id) / "labels" if folder is None else Path(folder)
        wishes = PrintWishes(template=template, printer=printer, language=language)
        last = self._ledger.prints.last_print(batch.id)
        how = choose_print(self._workspace, self._ledger, batch, wishes, last, same_place=not again)
        request = how.request(None, again=again)
        with open_executor(self._jobs, batch.units) as executor:
            made = label.make_labels(
                self._ledger,
                batch,
                how.template,
                how.printer,
                target,
                request,
                executor=executor,
            )
        return LabelFiles(batch.id, made.files, made.index, made.labels, made.pages, made.unchanged, made.left_out)

    def verify(
        self,
        batch_id: str,
        files: Sequence[Path | str],
        *,
        partial: bool = False,
        second_reader: bool = False,
        grade: bool = False,
        reports: Sequence[Path | str] = (),
    ) -> Verification:
        """Read PDFs, pictures, or folders of them, and compare each label with the ledger.

        `partial`: labels whose place is in no picture are no fault. `second_reader` reads each symbol with libdmtx too.
        `grade` grades the print quality (indicative, ISO/IEC 15415), for the `reports`: .html, .pdf, .csv or .json.
        """
        targets = [Path(report) for report in reports]
        for report in targets:
            check_report(report)
        pictures = any(report.suffix.lower() in (".html", ".pdf") for report in targets)
        labels = WorkspaceLabels(self._workspace.root)
        options = outcome.VerifyOptions(partial, second_reader, grade, pictures, labels=labels)
        batch = self._ledger.batches.get(batch_id)
        with self._processes() as executor:
            found = verification.verify(self._ledger, batch, [Path(file) for file in files], options, executor=executor)
        for report in targets:
            write_report(found, report, self._workspace.zone.shown(clock.now()), __version__)
        return Verification(batch.id, found.passed, found.counts, tuple(found.broken), found)

    def reconcile(self, batch_id: str, *, folder: Path | str | None = None) -> Reconciliation:
        """Compare the programming files, label files and control logs in the batch's folder, or another, with the
        ledger, unit by unit. Writes nothing."""
        batch = self._ledger.batches.get(batch_id)
        with self._workspace.open_vault(self._ledger, self._ask) as vault, self._processes() as executor:
            request = reconciliation.ReconcileRequest(
                batch,
                self._workspace.batch_folder(batch.id) if folder is None else Path(folder),
                find_mapping(batch.spec, self._workspace.root / "specs"),
            )
            found = reconciliation.reconcile(self._ledger, vault, request, executor=executor)
        return Reconciliation(
            batch.id,
            found.agrees,
            {one.kind: one.compared for one in found.comparisons},
            found.difference_count,
            tuple(Difference(one.kind, one.unit, one.package, one.file, one.what) for one in found.differences),
        )

    def _processes(self) -> ProcessExecutor:
        # Always other processes: a file from outside may crash a reader.
        return ProcessExecutor(self._jobs or cores())

    def _batch(self, batch: IssuedBatch) -> Batch:
        counts = self._ledger.batches.counts(batch.id)
        return Batch(
            id=batch.id,
            product=batch.product,
            stage=batch.stage,
            units=batch.units,
            packages=batch.packages,
            units_per_package=batch.units_per_package,
            spec=batch.spec,
            template=batch.template,
            created_at=batch.created_at,
            printed=counts["printed"],
            file_verified=counts["file_verified"],
            print_verified=counts["print_verified"],
            shipped=counts["shipped"],
            scrapped=counts["scrapped"],
            replaced=counts["replaced"],
            closed_at=self._ledger.batches.closed_at(batch.id),
            retired_at=self._ledger.batches.retired_at(batch.id),
        )


def open_workspace(
    folder: Path | str | None = None,
    *,
    operator: str = "",
    station: str = "",
    passphrase: Callable[[], str] | None = None,
    jobs: int = 0,
) -> OpenWorkspace:
    """Open a workspace: the folder, or as the commands find it (BSS_MFG_WORKSPACE, or the nearest one upwards).

    `operator` and `station` go into the history; without them, the user and the station of the settings, or the
    computer. `passphrase` is called where the vault key is under one. `jobs` says how many processes work; 0: one per
    core where that pays. They are started anew (`multiprocessing`, "spawn"), so a script guards what it does with
    `if __name__ == "__main__":`.
    """
    if jobs < 0:
        raise InputError(f"{jobs} processes can't work", way_out="Give 0 for one per core, or a number.")
    workspace = Workspace.find(None if folder is None else str(folder), Path.cwd(), environment())
    actor = current_actor(operator, station, workspace_names(workspace.config()))

    def ask(what: str, new: bool) -> Secret:
        return Secret(passphrase().encode()) if passphrase else ask_passphrase_file(what, new)

    return OpenWorkspace(workspace, workspace.open_ledger(actor), ask, jobs)


def _finding(item: LabelFinding) -> Finding:
    row = finding_row(item)
    return Finding(
        verdict=str(row["verdict"]),
        serials=row["serials"],
        package=row["package"],
        file=row["file"],
        page=row["page"],
        x_mm=row["x_mm"],
        y_mm=row["y_mm"],
        detail=row["detail"],
        of=row["of"],
    )


def _unit(row: Sequence[Any]) -> Unit:
    values = dict(zip(_UNIT_COLUMNS, row, strict=True))
    return Unit(**{**values, "uuid": uuid.UUID(values["uuid"])})
