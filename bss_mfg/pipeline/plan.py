"""What a run is to do, written down once, in `run.json`. What is done already, the ledger and the files tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bss_mfg.core.files import (
    is_complete,
    make_folder,
    read_text,
    require_safe_name,
    sha256_of,
    write_atomically,
)
from bss_mfg.core.lock_files import immediate_lock
from bss_mfg.core.read_tables import NO_OPTIONS, TableOptions
from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.issuing.identity_files import IdentityFile
from bss_mfg.issuing.numbering import free_batch_id
from bss_mfg.label.from_workspace import DEFAULT_PRINTER
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import SymbolStyle
from bss_mfg.workspace.product import LoadedProduct
from bss_mfg.workspace.product_fields import matching_language
from bss_mfg.workspace.workspace import Workspace

PLAN_FILE = "run.json"
TRAVELLER = "traveller-a4"
TRAVELLER_STEM = "batch-labels"
"""As `labels` names a batch's."""
STEPS = ("issue", "labels", "verify", "send", "manifest", "traveller")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do. `identities` is the path of a file, `identities_sha256` its digest then; `started_at` (UTC)
    names the control logs, so that a run that goes on names them alike. `sheet` and `ignore` say how that file is read
    (`TableOptions`). `send` is the address that the labels go to; null: none. `fields` are the batch's own,
    `language` the one that labels show the product's in."""

    batch: str
    product: str
    units: int
    template: str
    printer: str
    symbols: SymbolStyle = "mask"
    identities: str | None = None
    identities_sha256: str | None = None
    sheet: str | None = None
    ignore: tuple[str, ...] = ()
    started_at: str = ""
    version: str = ""
    send: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    language: str = ""

    @property
    def start(self) -> datetime:
        """When it was begun."""
        return datetime.fromisoformat(self.started_at)

    def differences(self, other: Plan) -> list[str]:
        """What another plan says otherwise, in words; when and by which version it was written, and
        whether its labels are sent, counts for nothing."""
        mine, theirs = asdict(self), asdict(other)
        return [
            f"{name.replace('_', ' ')}: {_words(theirs[name])}, it was {_words(mine[name])}"
            for name in mine
            if name not in ("started_at", "version", "identities", "send") and mine[name] != theirs[name]
        ]


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) and value else str(value or "none")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the operator typed. Without a `batch` it gets the next free id, without `units` as many as the identities
    file has, which `table` says how to read. Without a `template` or `printer` it takes those that the batch's labels
    were printed with before, else the product's or the workspace's."""

    product: LoadedProduct
    units: int | None
    batch: str | None = None
    template: str | None = None
    printer: str | None = None
    symbols: SymbolStyle | None = None
    identities: Path | None = None
    table: TableOptions = NO_OPTIONS
    send: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenedPlan:
    """The plan to go by, and whether its run was begun before."""

    plan: Plan
    begun: bool


def open_plan(workspace: Workspace, ledger: Ledger, request: RunRequest, version: str) -> OpenedPlan:
    """The plan of a request. The same request as before goes on with the run that was begun; another for the same batch
    is refused."""
    plan = new_plan(workspace, ledger, request, version)
    begun = read_plan(workspace, plan.batch)
    if begun is None:
        return OpenedPlan(plan, begun=False)
    if problems := begun.differences(plan):
        raise RefusedError(
            f"the run of batch {plan.batch} was begun with other arguments",
            where=str(workspace.batch_folder(plan.batch) / PLAN_FILE),
            problems=problems,
            way_out=f"`bss-mfg run --resume {plan.batch}` continues it; give a new batch another --id.",
        )
    return OpenedPlan(replace(begun, identities=plan.identities, send=plan.send or begun.send), begun=True)


def read_begun_plan(workspace: Workspace, batch: str) -> OpenedPlan:
    """The plan of a run that was begun; `InputError` where there is none."""
    plan = read_plan(workspace, batch)
    if plan is None:
        raise InputError(
            f"no run of batch {batch[:64]!a} was begun here",
            way_out="`bss-mfg run PRODUCT --units N --id BATCH` begins one.",
        )
    return OpenedPlan(plan, begun=True)


def new_plan(workspace: Workspace, ledger: Ledger, request: RunRequest, version: str) -> Plan:
    """The plan of a new run, its batch named."""
    product, batch, identities = request.product, request.batch, request.identities
    begun = read_plan(workspace, batch) if batch else None
    last = ledger.prints.last_print(batch) if batch and ledger.batches.request_digest(batch) else None
    chosen = workspace.print_defaults(product.product)
    # What is not said is as it was: of a run that was begun, else of the labels that were made.
    template = (begun and begun.template) or (last and last.template) or chosen.template or product.product.template
    printer = (begun and begun.printer) or (last and last.printer) or chosen.printer or DEFAULT_PRINTER
    symbols = (begun and begun.symbols) or (last and last.symbols) or "mask"
    language = begun.language if begun else matching_language(product.product.facts, chosen.language or "")
    units = request.units
    if units is None:
        if identities is None:
            raise InputError("nobody said how many units", way_out="Give a number, or a file of identities.")
        columns = workspace.spec(product.product.spec).spec.columns
        units = IdentityFile(identities, columns, request.table).count()
    return Plan(
        batch=require_safe_name(batch, "batch id") if batch else free_run_id(workspace, ledger, product.name),
        product=product.name,
        units=units,
        template=request.template or template,
        printer=request.printer or printer,
        symbols=request.symbols or symbols,
        identities=str(identities.resolve()) if identities else None,
        identities_sha256=sha256_of(identities) if identities else None,
        sheet=request.table.sheet,
        ignore=request.table.ignore,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=version,
        send=request.send,
        fields=dict(request.fields),
        language=language,
    )


def free_run_id(workspace: Workspace, ledger: Ledger, product: str) -> str:
    """A batch id that neither the ledger nor a planned run has."""
    return free_batch_id(ledger, product, used_ids=lambda name: (workspace.batch_folder(name) / PLAN_FILE).exists())


def read_plan(workspace: Workspace, batch: str) -> Plan | None:
    """The plan of a run that was begun, or None."""
    path = workspace.batch_folder(batch) / PLAN_FILE
    if not is_complete(path):
        return None
    try:
        values: Any = json.loads(read_text(path, "plan of the run"))
        if values.pop("format") != 1:
            raise InputError("was written by a newer bss-mfg", where=path, way_out="Use the newer program.")
        plan = _plan_of(values)
        if plan.batch != batch or not plan.start.tzinfo:
            raise ValueError
        return plan
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(
            "is damaged", where=str(path), way_out="Move it away; the command that began the run writes it again."
        ) from None


def _plan_of(values: Any) -> Plan:
    """The plan of a document, each value of its own type."""
    from pydantic import TypeAdapter

    return TypeAdapter(Plan).validate_json(json.dumps(values), strict=True, extra="forbid")


def write_plan(workspace: Workspace, ledger: Ledger, plan: Plan, batch_named: bool) -> Plan:
    """Write the plan down, in its batch's folder. Where nobody named the batch, and another run just took its id, it
    gets the next one."""
    while True:
        folder = workspace.batch_folder(plan.batch)
        make_folder(folder)
        try:
            write_atomically(
                folder / PLAN_FILE, [(json.dumps({"format": 1, **asdict(plan)}, indent=2) + "\n").encode()]
            )
        except (RefusedError, LedgerError):  # it is there, or is being written
            if batch_named:
                raise
            plan = replace(plan, batch=free_run_id(workspace, ledger, plan.product))
        else:
            return plan


def run_lock(workspace: Workspace, plan: Plan) -> AbstractContextManager[None]:
    """Held while a run is at work: a second one on the same batch gets a `LedgerError`."""
    return immediate_lock(
        workspace.batch_folder(plan.batch) / PLAN_FILE, f"a run of batch {plan.batch} is at work already"
    )
