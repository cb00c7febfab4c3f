"""labels and reprint."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import App, Command, jobs_option, json_option, pass_app, print_json, say, shown_path
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.progress import progress_bar
from bss_mfg.cli.unit_names import UNIT_METAVAR, given_names, named_packages
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.label.layout.file_content import SymbolStyle
    from bss_mfg.label.layout.page_grid import FillOrder
    from bss_mfg.label.make import LabelFiles, LabelRequest
    from bss_mfg.label.template.loading import LoadedTemplate
    from bss_mfg.label.template.printer import Printer
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.model import Batch


@dataclass(frozen=True, slots=True)
class PrintingOptions:
    """What `labels` and `reprint` have in common; the fields are the options' names."""

    template: str | None
    printer: str | None
    dpi: str | None
    start_at: int
    symbols: SymbolStyle
    order: FillOrder
    out: Path | None
    send: str | None

    def find_printer(self, app: App, default: str | None = None) -> Printer:
        """The printer that was named, else the default, else a PDF one."""
        if self.printer and self.dpi:
            raise click.UsageError("--printer and --dpi contradict each other.")
        return app.printer(self.printer or (f"pdf-{self.dpi}" if self.dpi else default or "pdf-300"))

    def address(self, printer: Printer) -> str | None:
        """The address to send to, checked before anything is made; None if nothing is sent."""
        return None if self.send is None else printer_address(printer, self.send)


def printer_address(printer: Printer, send: str) -> str:
    """What `--send` stands for: an address, or without a value the printer's own."""
    from bss_mfg.label.printing.raw_port import parse_address

    address = printer.address if send == "printer" else send
    if not address:
        raise click.UsageError(f"The printer {printer.name} has no address: give --send tcp://HOST:9100.")
    parse_address(address)
    return address


def printing_options(function: Command) -> Callable[..., Any]:
    """Adds the options of `PrintingOptions`, and hands them over as one argument, `printing`."""

    @functools.wraps(function)
    def command(*arguments: Any, **options: Any) -> Any:
        printing = PrintingOptions(**{field.name: options.pop(field.name) for field in fields(PrintingOptions)})
        return function(*arguments, printing=printing, **options)

    options: list[Callable[[Any], Any]] = [
        click.option("--template", help="Template by name or file."),
        click.option("--printer", help="A printer of the workspace, or a built-in one (`bss-mfg printer list`)."),
        click.option("--dpi", type=click.Choice(["203", "300", "600"]), help="Short for --printer pdf-203 and so on."),
        click.option(
            "--start-at", type=WholeNumber(1), default=1, show_default=True, help="First label of a used sheet."
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
            help="In which order the places of a page are filled.",
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
    decorated: Callable[..., Any] = command
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


@click.command(epilog="Example: bss-mfg labels bulb-2026-11 --template roll-50x30 --printer zpl-203")
@click.argument("batch_id", metavar="BATCH")
@printing_options
@click.option("--only", multiple=True, metavar="UNIT", help="Only these labels; can be given several times.")
@click.option("--from", "start", metavar="UNIT", help="This label and all that follow.")
@click.option(
    "--copies",
    type=WholeNumber(1, 100),
    default=1,
    show_default=True,
    help="How many sets of all labels.",
)
@click.option(
    "--labels-per-file",
    type=WholeNumber(1, 100_000),
    default=960,
    show_default=True,
    help="At most so many in a file, in whole pages.",
)
@click.option("--again", is_flag=True, help="Make labels again that were made before.")
@jobs_option
@json_option
@pass_app
def labels(
    app: App,
    batch_id: str,
    printing: PrintingOptions,
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
    interrupted continues where it stopped. Labels that were made before are refused (exit 4) without --again. Print
    PDFs at 100 %, without scaling. A UNIT is named by its serial, its Device UUID or its package's scanned barcode; -
    reads such names from standard input, @FILE from a file, one a line.
    """
    from bss_mfg.core.processes import open_executor
    from bss_mfg.label.file_plan import label_stem
    from bss_mfg.label.make import LabelRequest, select_label_numbers
    from bss_mfg.label.template.loading import load_template

    if only and start:
        raise click.UsageError("--only and --from contradict each other.")
    workspace = app.workspace
    with workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        template = load_template(workspace.template_file(printing.template or batch.template))
        target = Target(app, batch, template, printing.find_printer(app), printing)
        wanted = named_packages(ledger, batch.id, only)
        first = _first_unit(ledger, batch, start) if start else None
        numbers = select_label_numbers(ledger, batch, template, wanted, first) if wanted or first else None
        request = LabelRequest(
            numbers,
            printing.start_at,
            copies,
            labels_per_file,
            printing.order,
            printing.symbols,
            again,
            accept_existing=printing.send is not None,
            stem=label_stem(template.definition.each, wanted, first),
        )
        with open_executor(jobs, (len(numbers) if numbers else batch.units) * copies) as executor:
            made, sent = target.print_labels(ledger, request, executor)
    _report(target, made, sent, as_json)


def _first_unit(ledger: Ledger, batch: Batch, name: str) -> str:
    """The serial of the unit that --from names."""
    if len(given := given_names([name])) > 1:
        raise click.UsageError("--from takes one label.")
    return named_packages(ledger, batch.id, [given[0].text])[0]


@click.command(epilog="Example: bss-mfg reprint bulb-2026-11 ebK300000017 --reason 'torn by the applicator'")
@click.argument("batch_id", metavar="BATCH")
@click.argument("units", metavar=UNIT_METAVAR, nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; kept in the history.")
@printing_options
@json_option
@pass_app
def reprint(
    app: App,
    batch_id: str,
    units: tuple[str, ...],
    reason: str,
    printing: PrintingOptions,
    as_json: bool,
) -> None:
    """Print single labels once more, with a reason.

    The same payload, byte for byte, counted and kept in the history. Template and printer are those of the batch's last
    labels unless given. A reprint never issues anything. UNIT: as for labels.
    """
    from bss_mfg.label.make import LabelRequest, reprint_stem, select_label_numbers
    from bss_mfg.label.template.loading import load_template

    if not reason.strip():
        raise click.UsageError("--reason is empty: say why; the reason is kept in the history.")
    workspace = app.workspace
    with workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        last = ledger.prints.newest_labels(batch.id)
        template = load_template(
            workspace.template_file(printing.template or (last.template if last else batch.template))
        )
        target = Target(app, batch, template, printing.find_printer(app, last.printer if last else None), printing)
        serials = named_packages(ledger, batch.id, units)
        request = LabelRequest(
            select_label_numbers(ledger, batch, template, serials),
            printing.start_at,
            order=printing.order,
            symbols=printing.symbols,
            purpose="reprint",
            stem=reprint_stem(ledger, batch, target.folder),
            reason=reason,
            serials=serials,
        )
        made, sent = target.print_labels(ledger, request)
    _report(target, made, sent, as_json)


@dataclass(frozen=True, slots=True)
class SentLabels:
    """How many labels went to which address."""

    address: str
    labels: int


class Target:
    """Where the labels of a batch go: into files for a printer, and to the printer itself where `--send` says so."""

    def __init__(
        self, app: App, batch: Batch, template: LoadedTemplate, printer: Printer, printing: PrintingOptions
    ) -> None:
        self.batch, self.template, self.printer = batch, template, printer
        self.folder = printing.out or app.workspace.batch_folder(batch.id) / "labels"
        self._address = printing.address(printer)

    def print_labels(
        self, ledger: Ledger, request: LabelRequest, executor: Executor | None = None
    ) -> tuple[LabelFiles, SentLabels | None]:
        """Make the label files, and send them where `--send` says so."""
        from bss_mfg.core.progress import no_progress
        from bss_mfg.label.make import make_labels
        from bss_mfg.label.printing.send_batch import send_batch_labels

        is_reprint = request.purpose == "reprint"
        made = make_labels(
            ledger,
            self.batch,
            self.template,
            self.printer,
            self.folder,
            request,
            executor=executor,
            progress=no_progress if is_reprint else progress_bar(f"{self.batch.id}: labels"),
        )
        if self._address is None:
            return made, None
        sending = progress_bar(f"{self.batch.id}: sending")
        count = send_batch_labels(
            ledger, self.batch, made, self._address, again=request.again or is_reprint, progress=sending
        )
        return made, SentLabels(self._address, count)


def _report(target: Target, made: LabelFiles, sent: SentLabels | None, as_json: bool) -> None:
    if as_json:
        print_json(_record(target, made, sent))
    else:
        for path in made.files if len(made.files) <= 20 else [*made.files[:3], *made.files[-1:]]:
            click.echo(shown_path(path))
    were = "was" if made.unchanged == 1 else "were"
    kept = f" ({count_words(made.unchanged, 'file')} {were} there already)" if made.unchanged else ""
    plan, symbol = made.layout.symbol, ""
    if plan:
        down = "" if plan.module_dots_y == plan.module_dots_x else f" across, {plan.module_dots_y} down"
        symbol = (
            f"; {plan.columns}x{plan.rows} modules of {made.layout.x_dimension_mm:.3f} mm "
            f"({count_words(plan.module_dots_x, 'dot')}{down})"
        )
    what = f"{count_words(made.labels, 'label')} on {count_words(made.pages, 'page')}"
    say(f"OK: {what}{kept}{symbol}; index {shown_path(made.index)}")
    if made.left_out:
        say(f"Left out: {count_words(made.left_out, 'package')}, scrapped or shipped")
    if sent:
        say(f"OK: {count_words(sent.labels, 'label')} handed over to {sent.address}")
    if made.layout.sample_mark:
        say("This is a development product: every label carries a SAMPLE mark.")


def _record(target: Target, made: LabelFiles, sent: SentLabels | None) -> dict[str, Any]:
    """The result as plain data, for `--json`."""
    plan = made.layout.symbol
    return {
        "batch": target.batch.id,
        "template": target.template.name,
        "printer": target.printer.name,
        "language": target.printer.language,
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
        "sent": {"to": sent.address, "labels": sent.labels} if sent else None,
    }
