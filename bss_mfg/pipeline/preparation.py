"""A plan with all that it names, loaded once and checked whole before anything is issued."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.files import sha256_of
from bss_mfg.core.read_tables import PassedOver, TableOptions
from bss_mfg.core.shell_words import shell_word
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.issuing.batch import check_request
from bss_mfg.issuing.identity_files import IdentityFile
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.examples import example_of_loaded
from bss_mfg.label.file_plan import LabelRequest, plan_label_files
from bss_mfg.label.from_workspace import DEFAULT_PRINTER, named_printer, named_template
from bss_mfg.label.layout.design_check import Example, check_design
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import BUILT_IN, Printer
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.manifest.log_mapping import LogMapping, load_mapping
from bss_mfg.model import Identity
from bss_mfg.payload.confirmation import require_confirmed
from bss_mfg.payload.spec import SpecFile
from bss_mfg.pipeline.identity_labels import refuse_unfit_traveller, refuse_unprintable_labels
from bss_mfg.pipeline.plan import TRAVELLER, TRAVELLER_STEM, Plan, write_plan
from bss_mfg.workspace.product import LoadedProduct
from bss_mfg.workspace.publishing import require_published
from bss_mfg.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A plan with all that it names, loaded and checked: nothing that can be known before is found out too late."""

    plan: Plan
    product: LoadedProduct
    spec: SpecFile
    template: LoadedTemplate
    printer: Printer
    traveller: LoadedTemplate
    mapping: LogMapping | None
    """None where the names of this kind of control log are nowhere published: no manifest is made."""
    example: Example
    layout: PageLayout
    zone: TimeZone

    @property
    def identities(self) -> Iterable[Identity]:
        """What the identities file brings; nothing where there is none."""
        plan, spec = self.plan, self.spec.spec
        if not plan.identities:
            return ()
        return IdentityFile(Path(plan.identities), spec.columns, TableOptions(plan.sheet, plan.ignore), spec)

    @property
    def batch_request(self) -> BatchRequest:
        """What is to be issued."""
        return BatchRequest(
            self.product, self.spec, self.plan.units, self.plan.batch, self.identities, self.zone, self.plan.fields
        )

    @property
    def traveller_printer(self) -> Printer:
        """The traveller is a PDF page, whatever the labels are."""
        return _traveller_printer(self.printer)

    @property
    def label_request(self) -> LabelRequest:
        """How the label files are made."""
        return LabelRequest(symbols=self.plan.symbols, language=self.plan.language, accept_existing=True)

    @property
    def can_read_back(self) -> bool:
        """Whether the label files can be read back here: a printer's own language can't."""
        return not self.printer.language_facts.is_raw


def prepare_run(workspace: Workspace, plan: Plan, product: LoadedProduct) -> PreparedRun:
    """Load and check all that a plan names. `InputError` for the first thing that would stop it later."""
    spec = workspace.spec(product.product.spec)
    if product.product.stage == "production":
        require_confirmed(spec)
    template, printer = named_template(workspace, plan.template), named_printer(workspace, plan.printer)
    _refuse_unsuitable(plan, template, printer)
    example = _example_of(plan, product, spec, workspace.zone)
    design = check_design(template, printer, example)
    design.findings.refuse()
    traveller = named_template(workspace, TRAVELLER)
    _refuse_unfit_traveller(traveller, _traveller_printer(printer), example)
    _refuse_changed_identities(plan)
    return PreparedRun(
        plan=plan,
        product=product,
        spec=spec,
        template=template,
        printer=printer,
        traveller=traveller,
        mapping=_mapping(workspace, spec),
        example=design.example,
        layout=design.layout,
        zone=workspace.zone,
    )


def _traveller_printer(printer: Printer) -> Printer:
    return printer if printer.language == "pdf" else BUILT_IN[DEFAULT_PRINTER]


def _example_of(plan: Plan, product: LoadedProduct, spec: SpecFile, zone: TimeZone) -> Example:
    """The batch that is to be issued, as far as it is known: its id, its size, its fields in the labels' language."""
    facts = BatchRequest(product, spec, plan.units, fields=plan.fields).facts
    example = example_of_loaded(product, spec, zone, plan.language, facts)
    packages = -(-plan.units // product.product.units_per_package)
    return replace(example, batch=replace(example.batch, id=plan.batch, units=plan.units, packages=packages))


def _refuse_unfit_traveller(traveller: LoadedTemplate, printer: Printer, example: Example) -> None:
    """The traveller comes last, when its batch is issued for good: what it can't show is refused before."""
    try:
        check_design(traveller, printer, example).findings.refuse()
    except InputError as error:
        raise InputError(
            f"the batch's traveller can't be made: {error.what}",
            where=error.location,
            problems=error.problems,
            way_out="Give the product another title or what else is named, or the workspace a traveller of its own: "
            f"`bss-mfg template copy {TRAVELLER} {TRAVELLER}`, then change templates/{TRAVELLER}.toml.",
        ) from None


def _refuse_unsuitable(plan: Plan, template: LoadedTemplate, printer: Printer) -> None:
    each = template.definition.each
    if each != "package":
        raise InputError(
            f"the template {plan.template} makes a label for each {each}; a run makes one for each package",
            way_out="Choose another --template; `bss-mfg template list` shows them.",
        )
    if plan.symbols == "vector" and printer.language != "pdf":
        raise InputError(
            f"vectors are for PDF; the printer {printer.name} takes {printer.language.upper()}",
            way_out="Leave out --symbols, or choose a PDF printer.",
        )


def _refuse_changed_identities(plan: Plan) -> None:
    if plan.identities and sha256_of(Path(plan.identities)) != plan.identities_sha256:
        raise InputError(
            "is not the file that the run was begun with",
            where=plan.identities,
            way_out="Put the original file back: its rows are in the ledger, or will be.",
        )


def _mapping(workspace: Workspace, spec: SpecFile) -> LogMapping | None:
    name = spec.spec.name
    try:
        return load_mapping(name, workspace.root / "specs")
    except InputError:
        if (workspace.root / "specs" / f"{name}.control-log.toml").is_file():
            raise  # there is one, and it is wrong
        return None


def refuse_conflicts(workspace: Workspace, ledger: Ledger, prepared: PreparedRun, begun: bool = False) -> PassedOver:
    """Refuse, before anything is written, what would stop a new run later: identities that can't be issued or would
    not print, a batch that was issued with other arguments, files that have the names of its labels. Gives what was
    blank in the identities file. Of a run that was begun, only labels that would not print are refused."""
    require_published(workspace, ledger)
    plan, request = prepared.plan, prepared.batch_request
    if begun:
        _refuse_unprintable(ledger, prepared)
        return PassedOver()
    issued = check_request(ledger, request)
    passed_over = request.identities.passed_over if isinstance(request.identities, IdentityFile) else PassedOver()
    folder = workspace.batch_folder(plan.batch) / "labels"
    if issued:
        _refuse_labels_made_otherwise(ledger, prepared, folder)
        return passed_over
    _refuse_unprintable(ledger, prepared)
    names = (f"{plan.batch}-labels", f"{plan.batch}-{TRAVELLER_STEM}")
    taken = sorted(path.name for path in folder.iterdir() if path.name.startswith(names)) if folder.is_dir() else []
    if taken:
        raise RefusedError(
            "holds files with the names of this batch's labels",
            where=str(folder),
            problems=taken[:5],
            way_out="Move them away, or give the batch another --id. Nothing was issued.",
        )
    return passed_over


def _refuse_unprintable(ledger: Ledger, prepared: PreparedRun) -> None:
    """Refuse identities whose labels would not print, while nothing of them is issued."""
    plan, example = prepared.plan, prepared.example
    if not plan.identities or ledger.batches.find_id(plan.batch) is not None:
        return
    ends = refuse_unprintable_labels(prepared.layout, example, prepared.identities, bare=prepared.spec.spec.bare)
    refuse_unfit_traveller(prepared.traveller, prepared.traveller_printer, example, ends)


def _refuse_labels_made_otherwise(ledger: Ledger, prepared: PreparedRun, folder: Path) -> None:
    """`RefusedError` where the batch has labels that this run can't go on with."""
    plan = prepared.plan
    batch = ledger.batches.get(plan.batch)
    if ledger.batches.closed_at(batch.id):
        return
    try:
        plan_label_files(ledger, batch, prepared.template, prepared.printer, folder, prepared.label_request)
    except RefusedError as error:
        last = ledger.prints.last_print(batch.id)
        again = f"bss-mfg labels {batch.id} --again"
        way_out = f"`{again}` makes all of them anew; then type this command again."
        if last and (last.template, last.printer) != (plan.template, plan.printer):
            made_with = f"{last.template} on {last.printer}" if last.printer else last.template
            as_last = f"bss-mfg run {plan.product} --units {plan.units} --id {plan.batch}"
            as_last += f" --identities {shell_word(plan.identities)}" if plan.identities else ""
            as_last += f" --sheet {shell_word(plan.sheet)}" if plan.sheet else ""
            as_last += "".join(f" --ignore {shell_word(name)}" for name in plan.ignore)
            way_out = (
                f"`{as_last}` continues with the labels as they were printed last ({made_with}). For others, "
                f"`{again} --template {plan.template} --printer {plan.printer}` makes all of them anew; then type this "
                "command again."
            )
        raise RefusedError(
            error.what, where=error.where, problems=error.problems, way_out=f"{way_out} Nothing was begun."
        ) from None


def begin_run(
    workspace: Workspace, ledger: Ledger, vault: Vault, prepared: PreparedRun, batch_named: bool
) -> PreparedRun:
    """Write the plan of a new run down. Where nobody named the batch, it may get another id by that."""
    open_keys(ledger).check_vault(vault)
    return replace(prepared, plan=write_plan(workspace, ledger, prepared.plan, batch_named))
