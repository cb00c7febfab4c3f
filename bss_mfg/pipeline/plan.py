"""What a run is asked for: checked whole before anything is issued, then written down once, in `run.json`.

The file only says what was asked. What is done already, the ledger and the files tell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bss_mfg.core.files import checked_name, immediate_lock, make_folder, read_text, sha256_of, write_atomically
from bss_mfg.core.files import is_complete as settled_file
from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.issuing.batch import check_request
from bss_mfg.issuing.identity_files import IdentityFile
from bss_mfg.label.examples import product_example
from bss_mfg.label.layout.design_check import Example, check_design
from bss_mfg.label.layout.file_content import SymbolStyle
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.printer import BUILT_IN, Printer
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.manifest.log_mapping import LogMapping, load_mapping
from bss_mfg.model import Identity
from bss_mfg.payload.spec import SpecFile, require_confirmed
from bss_mfg.workspace.product import LoadedProduct
from bss_mfg.workspace.workspace import Workspace

PLAN_FILE = "run.json"
TRAVELLER = "traveller-a4"
TRAVELLER_STEM = "batch-labels"
"""As `labels` names a batch's."""
STEPS = ("issue", "labels", "verify", "manifest", "traveller")


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for. `identities` is the path of a file, `identities_sha256` its digest then; `started_at` (UTC)
    names the control logs, so that a run that goes on names them alike."""

    batch: str
    product: str
    units: int
    template: str
    printer: str
    symbols: SymbolStyle = "mask"
    identities: str | None = None
    identities_sha256: str | None = None
    started_at: str = ""
    version: str = ""

    @property
    def start(self) -> datetime:
        """When it was begun."""
        return datetime.fromisoformat(self.started_at)

    def differences(self, other: Plan) -> list[str]:
        """What another plan asks otherwise, in words; when and by which version it was written counts for nothing."""
        mine, theirs = asdict(self), asdict(other)
        return [
            f"{name.replace('_', ' ')}: {theirs[name] or 'none'}, it was {mine[name] or 'none'}"
            for name in mine
            if name not in ("started_at", "version", "identities") and mine[name] != theirs[name]
        ]


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A plan with all that it names, loaded and checked: nothing that can be known before is found out too late."""

    plan: Plan
    product: LoadedProduct
    spec: SpecFile
    template: LoadedTemplate
    printer: Printer
    traveller: LoadedTemplate
    traveller_printer: Printer
    subject: Example
    layout: PageLayout
    mapping: LogMapping | None
    """None where the names of this kind of control log are nowhere published: no manifest is made."""

    @property
    def identities(self) -> Iterable[Identity]:
        """What the identities file brings; nothing where there is none."""
        return IdentityFile(Path(self.plan.identities), self.spec.spec.columns) if self.plan.identities else ()

    @property
    def can_read_back(self) -> bool:
        """Whether the label files can be read back here: a printer's own language can't."""
        return self.printer.language in ("pdf", "png")


def new_plan(
    workspace: Workspace,
    ledger: Ledger,
    product: str,
    units: int,
    batch: str | None,
    template: str | None,
    printer: str,
    symbols: SymbolStyle,
    identities: Path | None,
    version: str,
) -> Plan:
    """The plan of a new run, its batch named."""
    loaded = workspace.product(product)
    return Plan(
        checked_name(batch, "batch id") if batch else free_batch_id(workspace, ledger, product),
        product,
        units,
        template or loaded.product.template,
        printer,
        symbols,
        str(identities.resolve()) if identities else None,
        sha256_of(identities) if identities else None,
        datetime.now(UTC).isoformat(timespec="seconds"),
        version,
    )


def free_batch_id(workspace: Workspace, ledger: Ledger, product: str) -> str:
    """A batch id that neither the ledger nor a planned run has."""
    number = 1
    while True:
        name = f"{product[:56]}-{number:04d}"
        if ledger.batches.request_digest(name) is None and not (workspace.batch_folder(name) / PLAN_FILE).exists():
            return name
        number += 1


def read_plan(workspace: Workspace, batch: str) -> Plan | None:
    """The plan of a run that was begun, or None."""
    path = workspace.batch_folder(batch) / PLAN_FILE
    if not settled_file(path):
        return None
    try:
        values: Any = json.loads(read_text(path, "plan of the run"))
        if values.pop("format") != 1:
            raise InputError("was written by a newer bss-mfg", where=path, way_out="Use the newer program.")
        plan = Plan(**values)
        if plan.batch != batch or type(plan.units) is not int or not plan.start.tzinfo:
            raise ValueError
        return plan
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError(
            "is damaged", where=path, way_out="Move it away; the same command as at first writes it again."
        ) from None


def write_plan(workspace: Workspace, ledger: Ledger, ready: PreparedRun, batch_named: bool) -> PreparedRun:
    """Write the plan down, in its batch's folder. Where nobody named the batch, and another run just took its id, it
    gets the next one."""
    while True:
        plan = ready.plan
        folder = workspace.batch_folder(plan.batch)
        make_folder(folder)
        try:
            write_atomically(
                folder / PLAN_FILE, [(json.dumps({"format": 1, **asdict(plan)}, indent=2) + "\n").encode()]
            )
        except (RefusedError, LedgerError):  # it is there, or is being written
            if batch_named:
                raise
            ready = replace(ready, plan=replace(plan, batch=free_batch_id(workspace, ledger, plan.product)))
        else:
            return ready


def run_lock(workspace: Workspace, plan: Plan) -> AbstractContextManager[None]:
    """Held while a run is at work: a second one on the same batch is a `LedgerError`."""
    return immediate_lock(
        workspace.batch_folder(plan.batch) / PLAN_FILE, f"a run of batch {plan.batch} is at work already"
    )


def refuse_conflicts(workspace: Workspace, ledger: Ledger, ready: PreparedRun) -> None:
    """Refuse, before anything is written, what would stop a new run later: identities that can't be issued, a batch
    that was issued with other arguments, files that have the names of its labels."""
    plan = ready.plan
    if check_request(ledger, ready.product, plan.units, plan.batch, ready.identities):
        return
    folder = workspace.batch_folder(plan.batch) / "labels"
    names = (f"{plan.batch}-labels", f"{plan.batch}-{TRAVELLER_STEM}")
    taken = sorted(path.name for path in folder.iterdir() if path.name.startswith(names)) if folder.is_dir() else []
    if taken:
        raise RefusedError(
            "holds files with the names of this batch's labels",
            where=folder,
            problems=taken[:5],
            way_out="Move them away, or give the batch another --id. Nothing was issued.",
        )


def plan_to_follow(workspace: Workspace, plan: Plan) -> tuple[Plan, bool]:
    """The plan to go by, and whether it was begun before: what is asked again goes on, other things are refused."""
    known = read_plan(workspace, plan.batch)
    if known is None:
        return plan, False
    if problems := known.differences(plan):
        raise RefusedError(
            f"the run of batch {plan.batch} was begun with other arguments",
            where=workspace.batch_folder(plan.batch) / PLAN_FILE,
            problems=problems,
            way_out=f"`bss-mfg run --resume {plan.batch}` goes on with it; give a new batch another --id.",
        )
    return replace(known, identities=plan.identities), True


def prepare_run(workspace: Workspace, plan: Plan, printer_of: Callable[[str], Printer]) -> PreparedRun:
    """Load and check all that a plan names. `InputError` for the first thing that would stop it later."""
    product = workspace.product(plan.product)
    spec = workspace.spec(product.product.spec)
    if product.product.stage == "production":
        require_confirmed(spec)
    template, printer = load_template(workspace.template_file(plan.template)), printer_of(plan.printer)
    if template.definition.each != "package":
        raise InputError(
            f"the template {plan.template} makes labels of each {template.definition.each}, a run needs packages'",
            way_out="Choose another --template; `bss-mfg template list` shows them.",
        )
    if plan.symbols == "vector" and printer.language != "pdf":
        raise InputError(
            f"vectors are for PDF; the printer {printer.name} takes {printer.language.upper()}",
            way_out="Leave out --symbols, or choose a PDF printer.",
        )
    subject = product_example(workspace, plan.product)
    looked = check_design(template, printer, subject)
    looked.findings.refuse()
    if plan.identities and sha256_of(Path(plan.identities)) != plan.identities_sha256:
        raise InputError(
            "is not the file that the run was begun with",
            where=plan.identities,
            way_out="Put the file of then back: its rows are in the ledger, or will be.",
        )
    return PreparedRun(
        plan,
        product,
        spec,
        template,
        printer,
        load_template(workspace.template_file(TRAVELLER)),
        printer if printer.language == "pdf" else BUILT_IN["pdf-300"],
        looked.example,
        looked.layout,
        _mapping(workspace, spec),
    )


def _mapping(workspace: Workspace, spec: SpecFile) -> LogMapping | None:
    name = spec.spec.name
    try:
        return load_mapping(name, workspace.root / "specs")
    except InputError:
        if (workspace.root / "specs" / f"{name}.control-log.toml").is_file():
            raise  # there is one, and it is wrong
        return None
