"""labels and reprint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import App, Command, jobs_option, json_option, pass_app, print_json, say, shown_path
from bss_mfg.cli.progress import progress_bar
from bss_mfg.core.text import counted

if TYPE_CHECKING:
    from bss_mfg.label.layout.file_content import SymbolStyle
    from bss_mfg.label.layout.page_grid import FillOrder
    from bss_mfg.label.make import LabelFiles
    from bss_mfg.label.template.printer import Printer
    from bss_mfg.model import Batch


def printing_options(function: Command) -> Command:
    """What `labels` and `reprint` have in common."""
    options: list[Callable[[Any], Any]] = [
        click.option("--template", help="Template by name or file."),
        click.option("--printer", help="A printer of the workspace, or a built-in one (`bss-mfg printer list`)."),
        click.option("--dpi", type=click.Choice(["203", "300", "600"]), help="Short for --printer pdf-203 and so on."),
        click.option(
            "--start-at", type=click.IntRange(1), default=1, show_default=True, help="First label of a used sheet."
        ),
        click.option(
            "--symbols",
            type=click.Choice(["mask", "vector"]),
            default="mask",
            show_default=True,
            help="mask: exact and small; vector: one path, for those who edit the PDF.",
        ),
        click.option(
            "--order",
            type=click.Choice(["rows", "columns", "snake"]),
            default="rows",
            show_default=True,
            help="How the labels of a page are filled.",
        ),
        click.option("--out", type=click.Path(path_type=Path), help="Folder (default: batches/BATCH/labels)."),
        click.option(
            "--send",
            is_flag=False,
            flag_value="printer",
            metavar="[tcp://HOST:9100]",
            help="Send the files to the printer's raw port (without value: the printer's address).",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command(epilog="Example: bss-mfg labels bulb-2026-11 --template roll-50x30 --printer zpl-203")
@click.argument("batch_id", metavar="BATCH")
@printing_options
@click.option("--only", multiple=True, metavar="SERIAL", help="Only these labels; can be given several times.")
@click.option("--from", "start", metavar="SERIAL", help="This label and all that follow.")
@click.option("--copies", type=click.IntRange(1, 100), default=1, show_default=True, help="Sets of all labels.")
@click.option(
    "--labels-per-file",
    type=click.IntRange(1, 100_000),
    default=960,
    show_default=True,
    help="At most so many in a file, in whole pages.",
)
@click.option("--again", is_flag=True, help="Make labels that were made before once more, on purpose.")
@jobs_option
@json_option
@pass_app
def labels(
    app: App,
    batch_id: str,
    template: str | None,
    printer: str | None,
    dpi: str | None,
    start_at: int,
    symbols: SymbolStyle,
    order: FillOrder,
    out: Path | None,
    send: str | None,
    only: tuple[str, ...],
    start: str | None,
    copies: int,
    labels_per_file: int,
    again: bool,
    jobs: int,
    as_json: bool,
) -> None:
    """Make the labels of a batch: PDF, ZPL or PNG.

    Checks every label before the first file: symbol, module size on this printer, text, glyphs. A run that was
    interrupted goes on where it stopped. Labels that were made before are refused (exit 4) without --again. Print PDFs
    at 100 %, without scaling.
    """
    from bss_mfg.core.processes import open_executor
    from bss_mfg.label.make import LabelRequest, make_labels, select_label_numbers
    from bss_mfg.label.template.loading import load_template

    if only and start:
        raise click.UsageError("--only and --from contradict each other.")
    workspace = app.workspace
    with workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        loaded = load_template(workspace.template_file(template or batch.template))
        target = _printer(app, printer, dpi)
        if send is not None:
            _address(target, send)
        folder = out or workspace.batch_folder(batch.id) / "labels"
        numbers = select_label_numbers(ledger, batch, loaded, only, start) if only or start else None
        each = loaded.definition.each
        stem = ("labels" if each == "package" else f"{each}-labels") + (
            f"-from-{start}"
            if start
            else f"-only-{only[0]}" + (f"-and-{len(only) - 1}" if only[1:] else "")
            if only
            else ""
        )
        wanted = LabelRequest(
            numbers,
            start_at,
            copies,
            labels_per_file,
            order,
            symbols,
            again,
            send is not None,
            stem=stem,
        )
        count = len(numbers) if numbers else batch.units
        with open_executor(jobs, count * copies) as executor:
            made = make_labels(
                ledger,
                batch,
                loaded,
                target,
                folder,
                wanted,
                executor=executor,
                progress=progress_bar(f"{batch_id}: labels"),
            )
        sent = _send(ledger, batch, made, target, send, again) if send is not None else None
    _report(batch, loaded.name, target, made, sent, as_json)


@click.command(epilog="Example: bss-mfg reprint bulb-2026-11 ebK300000017 --reason 'torn by the applicator'")
@click.argument("batch_id", metavar="BATCH")
@click.argument("serials", metavar="SERIAL...", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; kept in the history.")
@click.option("--operator", help="Who asks for it (default: the user logged in).")
@printing_options
@json_option
@pass_app
def reprint(
    app: App,
    batch_id: str,
    serials: tuple[str, ...],
    reason: str,
    operator: str | None,
    template: str | None,
    printer: str | None,
    dpi: str | None,
    start_at: int,
    symbols: SymbolStyle,
    order: FillOrder,
    out: Path | None,
    send: str | None,
    as_json: bool,
) -> None:
    """Print single labels once more, with a reason.

    The same payload, byte for byte, counted and kept in the history. Template and printer are those of the batch's last
    labels unless given. A reprint never issues anything.
    """
    from bss_mfg.label.make import LabelRequest, make_labels, reprint_stem, select_label_numbers
    from bss_mfg.label.template.loading import load_template

    if not reason.strip():
        raise click.UsageError("--reason is empty: say why, it is kept in the history.")
    workspace = app.workspace
    actor = replace(app.actor, operator=operator) if operator else app.actor
    with workspace.open_ledger(actor) as ledger:
        batch = ledger.batches.get(batch_id)
        last = ledger.prints.newest(batch.id)
        loaded = load_template(workspace.template_file(template or (last.template if last else batch.template)))
        target = _printer(app, printer or (None if dpi else (last.printer if last else None)), dpi)
        folder = out or workspace.batch_folder(batch.id) / "labels"
        numbers = select_label_numbers(ledger, batch, loaded, serials)
        wanted = LabelRequest(
            numbers,
            start_at,
            order=order,
            symbols=symbols,
            purpose="reprint",
            stem=reprint_stem(ledger, batch, folder),
            reason=reason,
            serials=list(serials),
        )
        made = make_labels(ledger, batch, loaded, target, folder, wanted)
        sent = _send(ledger, batch, made, target, send, True) if send is not None else None
    _report(batch, loaded.name, target, made, sent, as_json)


def _printer(app: App, name: str | None, dpi: str | None) -> Printer:
    if name and dpi:
        raise click.UsageError("--printer and --dpi contradict each other.")
    return app.printer(name or f"pdf-{dpi or 300}")


def _address(printer: Printer, to: str) -> str:
    """The address to send to, checked before anything is made."""
    from bss_mfg.label.printing.raw_port import parse_address

    address = printer.address if to == "printer" else to
    if not address:
        raise click.UsageError(f"The printer {printer.name} has no address: give --send tcp://HOST:9100.")
    parse_address(address)
    return address


def _send(ledger: Any, batch: Batch, made: LabelFiles, printer: Printer, to: str, again: bool) -> dict[str, object]:
    from bss_mfg.label.printing.send_files import send_label_files

    address = _address(printer, to)
    count = send_label_files(ledger, batch, made, address, again=again, progress=progress_bar(f"{batch.id}: sending"))
    return {"to": address, "labels": count}


def _report(
    batch: Batch, template: str, printer: Printer, made: LabelFiles, sent: dict[str, object] | None, as_json: bool
) -> None:
    plan = made.layout.symbol
    record = {
        "batch": batch.id,
        "template": template,
        "printer": printer.name,
        "language": printer.language,
        "files": [str(path) for path in made.files],
        "unchanged": made.unchanged,
        "index": str(made.index),
        "labels": made.labels,
        "left_out": made.left_out,
        "pages": made.pages,
        "modules": plan.columns if plan else None,
        "dots_per_module": [plan.module_dots_x, plan.module_dots_y] if plan else None,
        "x_dimension_mm": round(made.layout.x_dimension_mm, 4) if plan else None,
        "sample": made.layout.sample_mark,
        "sent": sent,
    }
    if as_json:
        print_json(record)
    else:
        for path in made.files if len(made.files) <= 20 else [*made.files[:3], *made.files[-1:]]:
            click.echo(shown_path(path))
    were = "was" if made.unchanged == 1 else "were"
    kept = f" ({counted(made.unchanged, 'file')} {were} there already)" if made.unchanged else ""
    symbol = (
        f"; {plan.columns}x{plan.rows} modules of {made.layout.x_dimension_mm:.3f} mm "
        f"({counted(plan.module_dots_x, 'dot')}"
        + (f" across, {plan.module_dots_y} down)" if plan.module_dots_y != plan.module_dots_x else ")")
        if plan
        else ""
    )
    what = f"{counted(made.labels, 'label')} on {counted(made.pages, 'page')}"
    say(f"OK: {what}{kept}{symbol}; index {shown_path(made.index)}")
    if made.left_out:
        say(f"Left out: {counted(made.left_out, 'package')}, scrapped or shipped")
    if sent:
        say(f"OK: {counted(int(str(sent['labels'])), 'label')} handed over to {sent['to']}")
    if made.layout.sample_mark:
        say("This is a development product: every label carries a SAMPLE mark.")
