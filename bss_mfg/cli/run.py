"""run: a shift's work as one job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import (
    App,
    jobs_option,
    json_option,
    pass_app,
    print_details,
    print_json,
    print_text,
    say,
    shown_path,
    typed,
    typed_here,
)
from bss_mfg.cli.outdated_files import say_superseded
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.progress import RunDisplay
from bss_mfg.cli.progress_words import duration_words
from bss_mfg.cli.sending import say_sent, send_address, send_option
from bss_mfg.cli.table_options import say_passed_over, table_options
from bss_mfg.cli.trials import say_trials
from bss_mfg.core.text import count_words
from bss_mfg.version import __version__

if TYPE_CHECKING:
    from bss_mfg.core.read_tables import TableOptions
    from bss_mfg.label.printing.send_batch import SendRequest
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.model import Batch, SymbolStyle
    from bss_mfg.pipeline.estimate import Estimate
    from bss_mfg.pipeline.pipeline import LabelsRead, RunOutcome
    from bss_mfg.pipeline.preparation import PreparedRun

MOST_SHOWN = 20
"""Faults and files that are named as text; --json has more."""


@click.command(epilog="Example: bss-mfg run bulb --units 20000 --id bulb-2026-11")
@click.argument("product", required=False, shell_complete=suggestions.products)
@click.option(
    "--units", type=WholeNumber(1, 10_000_000), help="How many devices (default: as many as --identities has)."
)
@click.option("--id", "batch_id", help="The batch's id (default: the product's name and the next number).")
@click.option("--resume", metavar="BATCH", shell_complete=suggestions.batches, help="Continue the run of this batch.")
@click.option(
    "--plan", "plan_only", is_flag=True, help="Show what would be done, how much and how long; issue nothing."
)
@click.option(
    "--template",
    shell_complete=suggestions.templates,
    help="Template by name or file (default: as printed last, else the product's).",
)
@click.option(
    "--printer",
    shell_complete=suggestions.printers,
    help="A printer (`bss-mfg printer list`; default: as printed last, else the product's or workspace's, else "
    "pdf-300).",
)
@click.option("--symbols", type=click.Choice(["mask", "vector"]), help="How a PDF draws symbols (default: mask).")
@send_option("Send the labels to the printer once they are made (without value: the printer's address).")
@click.option(
    "--identities",
    type=click.Path(path_type=Path),
    help="CSV or XLSX with serials and, optionally, uuid and mac.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of this batch, as lot=L123, that the product's file names; can be given several times.",
)
@table_options
@jobs_option
@json_option
@pass_app
@click.pass_context
def run(
    ctx: click.Context,
    app: App,
    product: str | None,
    units: int | None,
    batch_id: str | None,
    resume: str | None,
    plan_only: bool,
    template: str | None,
    printer: str | None,
    symbols: SymbolStyle | None,
    send: str | None,
    identities: Path | None,
    fields: tuple[str, ...],
    table: TableOptions,
    jobs: int,
    as_json: bool,
) -> None:
    """Issue a batch, make and verify its labels, and write its control logs, in one go.

    Makes units of PRODUCT, their labels, reads every label file back, then makes the control logs and the traveller.
    Everything is checked before anything is issued. Interrupted or killed, the same command with --id, or `run --resume
    BATCH`, continues where it stopped. Exit 1 if a label did not read right; then nothing is uploaded or handed over.
    """
    from bss_mfg.core.processes import open_executor, process_count
    from bss_mfg.pipeline.document import outcome_document
    from bss_mfg.pipeline.estimate import estimate, refuse_full_disk
    from bss_mfg.pipeline.pipeline import RunContext, run_pipeline
    from bss_mfg.pipeline.plan import RunRequest, open_plan, read_begun_plan, run_lock
    from bss_mfg.pipeline.preparation import begin_run, prepare_run, refuse_conflicts
    from bss_mfg.workspace.product_fields import read_given

    workspace = app.workspace
    with workspace.open_ledger(app.actor) as ledger:
        if resume:
            _refuse_other_options(ctx)
            opened = read_begun_plan(workspace, resume)
            loaded = workspace.product(opened.plan.product)
        elif product is None or (units is None and identities is None):
            raise click.UsageError("Name a PRODUCT and --units (or --identities); or a batch to --resume.")
        else:
            loaded = workspace.product(product)
            request = RunRequest(
                loaded, units, batch_id, template, printer, symbols, identities, table, fields=read_given(fields)
            )
            opened = open_plan(workspace, ledger, request, __version__)
        prepared = prepare_run(workspace, opened.plan, loaded)
        address = opened.plan.send if send is None else send_address(prepared.printer, send)
        prepared = replace(prepared, plan=replace(prepared.plan, send=address))
        passed_over = refuse_conflicts(workspace, ledger, prepared, opened.begun)
        if identities and not opened.begun:
            say_passed_over(identities, passed_over)
        _warn_of_sheets(prepared)
        if plan_only:
            found = estimate(prepared, process_count(jobs, opened.plan.units))
            _show_plan(app, prepared, found, opened.begun, as_json)
            return
        if not opened.begun:
            refuse_full_disk(workspace.root, prepared)
        with app.vault(ledger) as vault:
            if not opened.begun:
                prepared = begin_run(workspace, ledger, vault, prepared, batch_named=bool(batch_id))
            plan, display = prepared.plan, RunDisplay()
            more = ["--send", address] if address and opened.begun and address != opened.plan.send else []
            resume_command = ("run", "--resume", plan.batch, *more)
            with run_lock(workspace, plan), _resume_hint(app, display, typed(app, *resume_command)):
                going_on = ", continued" if opened.begun else ""
                say(f"Run of batch {plan.batch}: {count_words(plan.units, 'unit')} of {plan.product}{going_on}")
                with open_executor(jobs, plan.units) as executor:
                    sending = _sending(app, ledger, prepared, display, typed(app, *resume_command)) if address else None
                    outcome = run_pipeline(RunContext(workspace, ledger, vault, prepared, display, executor, sending))
        record = outcome_document(ledger, outcome)
    if as_json:
        print_json(record)
    _print_outcome(app, prepared, outcome)
    if not outcome.right:
        ctx.exit(1)


def _warn_of_sheets(prepared: PreparedRun) -> None:
    from bss_mfg.label.from_workspace import sheet_words

    if words := sheet_words(prepared.template, prepared.printer):
        say(f"Warning: {words}")


def _refuse_other_options(ctx: click.Context) -> None:
    what = ("product", "units", "batch_id", "identities", "fields", "sheet", "ignore")
    for name in (*what, "template", "printer", "symbols"):
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("--resume continues with the options that the run was begun with: leave them out.")


def _sending(app: App, ledger: Ledger, prepared: PreparedRun, display: RunDisplay, resume: str) -> SendRequest:
    """How the labels of a run go to the printer, and what goes on with them."""
    from bss_mfg.label.printing.send_batch import GoOn, SendRequest
    from bss_mfg.label.printing.sending import Patience
    from bss_mfg.label.selection import serial_of_label

    plan = prepared.plan
    address = plan.send or ""

    def rest(numbers: Sequence[int]) -> str:
        serial = serial_of_label(ledger, ledger.batches.get(plan.batch), prepared.template, numbers[0])
        return typed(app, "labels", plan.batch, "--from", serial, "--send", address, "--again")

    patience = Patience(prepared.printer.patience_s, tell=display.waiting, hear=display.hear)
    return SendRequest(address, GoOn(resume, rest), asks=prepared.printer.ask_status, patience=patience)


@contextmanager
def _resume_hint(app: App, display: RunDisplay, command: str) -> Iterator[None]:
    """Where the run ends too early, leave its line, and say how to go on."""
    from bss_mfg.errors import BssError

    hint = f"`{command}` continues it."
    try:
        yield
    except KeyboardInterrupt:
        display.close()
        say(f"Interrupted. {hint}")
        raise click.exceptions.Exit(130) from None
    except BssError as error:
        display.close()
        told = copy(error := typed_here(app, error))
        told.way_out = error.way_out if error.continues else f"{error.way_out} {hint}".strip()
        raise told from error


def _show_plan(app: App, prepared: PreparedRun, found: Estimate, begun: bool, as_json: bool) -> None:
    from bss_mfg.core.files import free_bytes
    from bss_mfg.pipeline.estimate import size_words
    from bss_mfg.pipeline.plan import STEPS

    plan, symbol, free = prepared.plan, prepared.layout.symbol, free_bytes(app.workspace.root)
    left_out = [*([] if prepared.can_read_back else ["verify"]), *([] if prepared.mapping else ["manifest"])]
    steps = [step for step in STEPS if step not in left_out and (step != "send" or plan.send)]
    if as_json:
        print_json(
            {
                "batch": plan.batch,
                "product": plan.product,
                "begun": begun,
                "template": plan.template,
                "printer": plan.printer,
                "steps": steps,
                "left_out": left_out,
                **found.record(),
                "free": free,
            }
        )
        return
    modules = f", {symbol.columns}x{symbol.rows} modules of {prepared.layout.x_dimension_mm:.3f} mm" if symbol else ""
    print_details(
        [
            ("batch", plan.batch + (" (begun)" if begun else "")),
            ("product", f"{plan.product}, {prepared.product.product.stage}, spec {prepared.spec.spec.name}"),
            ("labels", f"template {plan.template}, printer {plan.printer}{modules}"),
        ]
    )
    pages, files = count_words(found.pages, "page"), count_words(found.files, "file")
    whats = {
        "issue": (f"{count_words(found.units, 'unit')} in {count_words(found.packages, 'package')}", "ledger"),
        "labels": (f"{count_words(found.packages, 'label')} on {pages} in {files}", "labels"),
        "verify": (f"{count_words(found.packages, 'label')} read back", "reads"),
        **({"send": (f"to {plan.send}", "")} if plan.send else {}),
        "manifest": (
            f"{count_words(found.logs, 'control log')} in {count_words(found.log_files, 'file')}",
            "control logs",
        ),
        "traveller": ("1 page", ""),
    }

    def row(step: str, what: str, size: int | None, seconds: float | None) -> str:
        disk, time = "" if size is None else size_words(size), "" if seconds is None else duration_words(seconds)
        return f"{step:<10} {what:<48} {disk:>9} {time:>8}".rstrip()

    print_text(f"\n{'step':<10} {'what':<48} {'disk':>9} {'time':>8}")
    for step, (what, kind) in whats.items():
        gone = step in left_out
        print_text(
            row(
                step,
                "left out" if gone else what,
                None if gone else found.bytes_by_kind.get(kind),
                None if gone else found.seconds.get(step),
            )
        )
    working = f"{count_words(found.jobs, 'process', 'processes')}; {size_words(free)} are free"
    print_text(row("all", working, found.total_bytes, sum(found.seconds.values())))
    say("Disk and time are estimates from a sample tried now. Nothing was issued.")


def _print_outcome(app: App, prepared: PreparedRun, outcome: RunOutcome) -> None:
    from bss_mfg.pipeline.pipeline import LabelsMade, LabelsRead, LabelsSent, LogsMade

    if isinstance(outcome.verify, LabelsRead) and not outcome.right:
        _print_faults(outcome.verify)
        say("WRONG: not all labels are right. Keep these files apart and look into them before anything is printed.")
        return
    labels = outcome.labels.files if isinstance(outcome.labels, LabelsMade) else None
    if labels and labels.files:
        sent = isinstance(outcome.sent, LabelsSent)
        if isinstance(outcome.sent, LabelsSent) and outcome.sent.told:
            say_sent(outcome.sent.told)
        todo = "print them at 100 %, without scaling" if prepared.can_read_back else "for the printer"
        todo = "they are at the printer" if sent else todo
        say(f"Labels: {shown_path(labels.files[0].parent)}; {todo}")
    if labels:
        say_superseded(labels)
    if isinstance(outcome.verify, LabelsRead):
        _say_what_is_proven(app, outcome.batch, outcome.verify)
    if isinstance(outcome.manifest, LogsMade) and outcome.manifest.paths:
        say(f"Control logs: {shown_path(outcome.manifest.paths[0].parent)}")
        if prepared.mapping and prepared.mapping.assumed:
            names = count_words(len(prepared.mapping.assumed), "name")
            folder = f"{shown_path(outcome.manifest.paths[0].parent)}/"
            command = typed(app, "manifest", "make", outcome.batch.id, "--missing", "--out", folder)
            say(f"Note: {names} in them are assumptions (`{command}` lists them)")
        say_trials(app.workspace, [outcome.batch])
    if labels and labels.layout.sample_mark:
        say("This is a development product: every label carries a SAMPLE mark.")
    say(f"OK: batch {outcome.batch.id} {'is done' if outcome.changed else 'was done before; nothing was changed'}")


def _say_what_is_proven(app: App, batch: Batch, read: LabelsRead) -> None:
    """That our own files are right says nothing of what a printer makes of them."""
    say(
        f"{count_words(read.verified, 'label')} read back right from the label files. Scan the printed labels: "
        f"`{typed(app, 'scan', batch.id)}`, or `{typed(app, 'verify', batch.id, 'SCANS')}`"
    )


def _print_faults(read: LabelsRead) -> None:
    from bss_mfg.report.wording import fault_line
    from bss_mfg.verify.fault_groups import FaultGroup

    for item in read.faults[:MOST_SHOWN]:
        say(fault_line(FaultGroup(0, item)))
    if read.faults.total > MOST_SHOWN:
        say(f"and {read.faults.total - MOST_SHOWN:,} more: --json names the first thousand, `bss-mfg verify` all")
    for name, reason in read.broken[:MOST_SHOWN]:
        say(f"UNREADABLE FILE: {name}: {reason}")
