"""run: a shift's work as one job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg import __version__
from bss_mfg.cli.common import App, jobs_option, json_option, pass_app, print_details, print_json, say, shown_path
from bss_mfg.cli.progress import RunDisplay, duration_words
from bss_mfg.core.text import counted

if TYPE_CHECKING:
    from bss_mfg.label.layout.file_content import SymbolStyle
    from bss_mfg.ledger.store import Ledger
    from bss_mfg.pipeline.estimate import Estimate
    from bss_mfg.pipeline.pipeline import RunOutcome
    from bss_mfg.pipeline.plan import Plan, PreparedRun


@click.command(epilog="Example: bss-mfg run bulb --units 20000 --id bulb-2026-11")
@click.argument("product", required=False)
@click.option("--units", type=click.IntRange(1, 10_000_000), help="How many devices.")
@click.option("--id", "batch_id", help="The batch's id (default: the product's name and the next number).")
@click.option("--resume", metavar="BATCH", help="Go on with the run of this batch.")
@click.option(
    "--plan", "plan_only", is_flag=True, help="Show what would be done, how much and how long; issue nothing."
)
@click.option("--template", help="Template by name or file (default: the product's).")
@click.option("--printer", default="pdf-300", show_default=True, help="A printer (`bss-mfg printer list`).")
@click.option(
    "--symbols",
    type=click.Choice(["mask", "vector"]),
    default="mask",
    show_default=True,
    help="How a PDF draws symbols.",
)
@click.option("--identities", type=click.Path(path_type=Path), help="CSV or XLSX with serial and maybe uuid, mac.")
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
    printer: str,
    symbols: SymbolStyle,
    identities: Path | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Issue, label, verify and list a batch: a shift's work as one job.

    Makes units of PRODUCT, their labels, reads every label file back, then makes the control logs and the traveller.
    Everything is checked before anything is issued. Interrupted or killed, the same command with --id, or `run --resume
    BATCH`, goes on where it stopped. Exit 1 if a label did not read right; then nothing is uploaded or handed over.
    """
    from bss_mfg.core.processes import open_executor, process_count
    from bss_mfg.errors import BssError
    from bss_mfg.pipeline.estimate import estimate, refuse_full_disk
    from bss_mfg.pipeline.pipeline import run_pipeline as work
    from bss_mfg.pipeline.plan import plan_to_follow, prepare_run, refuse_conflicts, run_lock, write_plan

    workspace = app.workspace
    with workspace.open_ledger(app.actor) as ledger:
        plan, begun = (
            _resumed_plan(ctx, app, resume)
            if resume
            else plan_to_follow(
                workspace, _new_plan(app, ledger, product, units, batch_id, template, printer, symbols, identities)
            )
        )
        prepared = prepare_run(workspace, plan, app.printer)
        if not begun:
            refuse_conflicts(workspace, ledger, prepared)
        if plan_only:
            _show_plan(app, prepared, estimate(prepared, process_count(jobs, plan.units)), begun, as_json)
            return
        if not begun:
            refuse_full_disk(workspace.root, prepared)
        with app.vault(ledger) as vault:
            if not begun:
                ledger.check_vault(vault)
                prepared = write_plan(workspace, ledger, prepared, batch_named=bool(batch_id))
            plan = prepared.plan
            goes_on = f"`bss-mfg run --resume {plan.batch}` goes on."
            steps = RunDisplay()
            with run_lock(workspace, plan):
                say(
                    f"Run of batch {plan.batch}: {counted(plan.units, 'unit')} of {plan.product}"
                    + (", going on" if begun else "")
                )
                try:
                    with open_executor(jobs, plan.units) as executor:
                        outcome = work(workspace, ledger, vault, prepared, steps, executor)
                except KeyboardInterrupt:
                    steps.close()
                    say(f"Interrupted. {goes_on}")
                    ctx.exit(130)
                except BssError as error:
                    steps.close()
                    error.way_out = f"{error.way_out} {goes_on}".strip()
                    raise
        record = _json_document(ledger, prepared, outcome)
    if as_json:
        print_json(record)
    _print_outcome(prepared, outcome)
    if not outcome.right:
        ctx.exit(1)


def _new_plan(
    app: App,
    ledger: Ledger,
    product: str | None,
    units: int | None,
    batch_id: str | None,
    template: str | None,
    printer: str,
    symbols: SymbolStyle,
    identities: Path | None,
) -> Plan:
    from bss_mfg.pipeline.plan import new_plan

    if product is None or units is None:
        raise click.UsageError("Name a PRODUCT and --units; or a batch to --resume.")
    return new_plan(
        app.workspace,
        ledger,
        product,
        units,
        batch_id,
        template,
        printer,
        symbols,
        identities,
        __version__,
    )


def _resumed_plan(ctx: click.Context, app: App, batch: str) -> tuple[Plan, bool]:
    from bss_mfg.errors import InputError
    from bss_mfg.pipeline.plan import read_plan

    for name in ("product", "units", "batch_id", "template", "printer", "symbols", "identities"):
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("--resume goes on as the run was begun: leave out what was said then.")
    plan = read_plan(app.workspace, batch)
    if plan is None:
        raise InputError(
            f"no run of batch {batch[:64]!a} was begun here",
            way_out="`bss-mfg run PRODUCT --units N --id BATCH` begins one.",
        )
    return plan, True


def _show_plan(app: App, ready: PreparedRun, found: Estimate, begun: bool, as_json: bool) -> None:
    from bss_mfg.core.files import free_bytes
    from bss_mfg.pipeline.estimate import size_words
    from bss_mfg.pipeline.plan import STEPS

    plan, symbol, free = ready.plan, ready.layout.symbol, free_bytes(app.workspace.root)
    left_out = [*([] if ready.can_read_back else ["verify"]), *([] if ready.mapping else ["manifest"])]
    if as_json:
        print_json(
            {
                "batch": plan.batch,
                "product": plan.product,
                "begun": begun,
                "template": plan.template,
                "printer": plan.printer,
                "steps": [step for step in STEPS if step not in left_out],
                "left_out": left_out,
                **found.record(),
                "free": free,
            }
        )
        return
    modules = f", {symbol.columns}x{symbol.rows} modules of {ready.layout.x_dimension_mm:.3f} mm" if symbol else ""
    print_details(
        [
            ("batch", plan.batch + (" (begun)" if begun else "")),
            ("product", f"{plan.product}, {ready.product.product.stage}, spec {ready.spec.spec.name}"),
            ("labels", f"template {plan.template}, printer {plan.printer}{modules}"),
        ]
    )
    pages, files = counted(found.pages, "page"), counted(found.files, "file")
    whats = {
        "issue": (f"{counted(found.units, 'unit')} in {counted(found.packages, 'package')}", "ledger"),
        "labels": (f"{counted(found.packages, 'label')} on {pages} in {files}", "labels"),
        "verify": (f"{counted(found.packages, 'label')} read back", "reads"),
        "manifest": (f"{counted(found.logs, 'control log')} in {counted(found.log_files, 'file')}", "control logs"),
        "traveller": ("1 page", ""),
    }

    def row(step: str, what: str, octets: int | None, seconds: float | None) -> str:
        disk, time = "" if octets is None else size_words(octets), "" if seconds is None else duration_words(seconds)
        return f"{step:<10} {what:<48} {disk:>9} {time:>8}".rstrip()

    click.echo(f"\n{'step':<10} {'what':<48} {'disk':>9} {'time':>8}")
    for step, (what, kind) in whats.items():
        gone = step in left_out
        click.echo(
            row(
                step,
                "left out" if gone else what,
                None if gone else found.bytes_by_kind.get(kind),
                None if gone else found.seconds.get(step),
            )
        )
    working = f"{counted(found.jobs, 'process', 'processes')}; {size_words(free)} are free"
    click.echo(row("all", working, found.total_bytes, sum(found.seconds.values())))
    say("Disk and time are estimates from a sample tried now. Nothing was issued.")


def _json_document(ledger: Ledger, ready: PreparedRun, outcome: RunOutcome) -> dict[str, Any]:
    from bss_mfg.verify.finding_rows import finding_row

    batch, labels = outcome.batch, outcome.labels
    counts = ledger.counts(batch.id)
    return {
        "batch": batch.id,
        "product": batch.product,
        "units": batch.units,
        "packages": batch.packages,
        "issued": outcome.issued,
        "changed": outcome.changed,
        "right": outcome.right,
        "labels": labels.labels if labels else 0,
        "pages": labels.pages if labels else 0,
        "label_files": [str(path) for path in labels.files] if labels else [],
        "index": str(labels.index) if labels else None,
        "verified": counts["verified"],
        "faults": [finding_row(item) for item in outcome.faults],
        "fault_count": outcome.fault_count,
        "broken_files": [{"file": name, "reason": reason} for name, reason in outcome.broken],
        "control_logs": [str(path) for path in outcome.logs],
        "traveller": str(outcome.traveller) if outcome.traveller else None,
        "left_out": outcome.left_out,
        "sample": bool(labels and labels.layout.sample_mark),
    }


def _print_outcome(ready: PreparedRun, outcome: RunOutcome) -> None:
    from bss_mfg.report.wording import place_words
    from bss_mfg.verify.finding_rows import finding_row

    for item in outcome.faults[:20]:
        row = finding_row(item)
        where = place_words(row)
        say(
            f"{item.kind.upper()}: {item.serials or '(not one of ours)'}: {item.detail}"
            + (f" [{where}]" if where else "")
        )
    if outcome.fault_count > 20:
        say(f"and {outcome.fault_count - 20:,} more: --json names the first thousand, `bss-mfg verify` all")
    for name, reason in outcome.broken[:20]:
        say(f"UNREADABLE FILE: {name}: {reason}")
    if not outcome.right:
        say("WRONG: not all labels are right. Keep these files apart and look into them before anything is printed.")
        return
    labels = outcome.labels
    if labels and labels.files:
        say(f"Labels: {shown_path(labels.files[0].parent)}; print them at 100 %, without scaling")
    if outcome.logs:
        say(f"Control logs: {shown_path(outcome.logs[0].parent)}")
        if ready.mapping and ready.mapping.assumed:
            names = counted(len(ready.mapping.assumed), "name")
            say(f"Note: {names} in them are assumptions (`bss-mfg manifest` lists them)")
    if labels and labels.layout.sample_mark:
        say("This is a development product: every label carries a SAMPLE mark.")
    say(f"OK: batch {outcome.batch.id} {'is done' if outcome.changed else 'was done before; nothing was changed'}")
