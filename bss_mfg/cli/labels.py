"""labels and reprint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, jobs_option, json_option, pass_app, print_json, print_text, say, shown_path, typed
from bss_mfg.cli.executors import executor_option, here_or_cluster
from bss_mfg.cli.outdated_files import say_superseded
from bss_mfg.cli.parameters import Reason, WholeNumber
from bss_mfg.cli.printing_options import PrintingOptions, printing_options
from bss_mfg.cli.progress import SendingDisplay, progress_bar
from bss_mfg.cli.queue import put_into_queue, refuse_beside_queue
from bss_mfg.cli.sending import say_sent, send_address, sent_record
from bss_mfg.cli.unit_names import UNIT_METAVAR, given_names, named_packages
from bss_mfg.core.progress import no_progress
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.label.from_workspace import PrintChoice, PrintWishes
    from bss_mfg.label.make import LabelFiles, LabelRequest
    from bss_mfg.label.printing.send_batch import GoOn, SentLabels
    from bss_mfg.label.selection import LabelChoice
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.model import Batch


_queue_option = click.option(
    "--queue",
    "press",
    metavar="PRESS",
    shell_complete=suggestions.presses,
    help="Make nothing here: put them into the queue of a press (`bss-mfg press`).",
)


@click.command(epilog="Example: bss-mfg labels bulb-2026-11 --template roll-50x30 --printer zpl-203")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@printing_options
@click.option(
    "--only",
    multiple=True,
    metavar="UNIT",
    shell_complete=suggestions.serials,
    help="Only these labels; can be given several times.",
)
@click.option(
    "--from", "start", metavar="UNIT", shell_complete=suggestions.serials, help="This label and all that follow."
)
@click.option(
    "--after",
    metavar="UNIT",
    shell_complete=suggestions.serials,
    help="All labels after this one: scan the last good one.",
)
@click.option(
    "--to",
    "end",
    metavar="UNIT",
    shell_complete=suggestions.serials,
    help="This label and all before it; with --from: all between the two.",
)
@click.option("--copies", type=WholeNumber(1, 100), help="How many of each label (default: as printed last, else 1).")
@click.option(
    "--collate/--no-collate",
    default=None,
    help="Copies as sets, 1 2 3 1 2 3 (default), or following each other, 1 1 2 2 3 3 (rolls only).",
)
@click.option(
    "--labels-per-file",
    type=WholeNumber(1, 100_000),
    help="At most so many in a file, in whole pages (default: as printed last, else 960).",
)
@click.option("--again", is_flag=True, help="Make labels again that were made before.")
@_queue_option
@jobs_option
@executor_option
@json_option
@pass_app
def labels(
    app: App,
    batch_id: str,
    printing: PrintingOptions,
    only: tuple[str, ...],
    start: str | None,
    after: str | None,
    end: str | None,
    copies: int | None,
    collate: bool | None,
    labels_per_file: int | None,
    again: bool,
    press: str | None,
    jobs: int,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Make the labels of a batch: PDF, a label printer's language, or PNG.

    Template, printer and the like are those of the batch's last print unless given; others need --again. Checks every
    label before the first file: symbol, module size on this printer, text, glyphs. A run that was interrupted continues
    where it stopped. Labels that were made before are refused (exit 4) without --again; files whose labels were all
    made again go into superseded/. Print PDFs at 100 %, without scaling. A UNIT is named by its serial, its Device UUID
    or its package's scanned barcode; - reads such names from standard input, @FILE from a file, one a line.
    """
    from bss_mfg.label.file_plan import label_stem
    from bss_mfg.label.from_workspace import choose_print
    from bss_mfg.label.make import select_label_numbers
    from bss_mfg.label.printing.queueing import ForPress
    from bss_mfg.label.selection import LabelChoice, serial_after

    if only and (start or after or end):
        raise click.UsageError("--only contradicts --from, --after and --to.")
    if start and after:
        raise click.UsageError("--from contradicts --after.")
    if press is not None:
        refuse_beside_queue({**printing.of_files(), "--collate": collate})
    wishes = printing.wishes(copies=copies, collate=collate, labels_per_file=labels_per_file)
    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        chosen = LabelChoice(
            named_packages(ledger, batch.id, only),
            _one_unit(ledger, batch, "--after" if after else "--from", begin) if (begin := after or start) else None,
            _one_unit(ledger, batch, "--to", end) if end else None,
        )
        last = ledger.prints.last_print(batch.id)
        how = choose_print(app.workspace, ledger, batch, wishes, last, same_place=chosen.is_all and not again)
        if after and chosen.start:
            chosen = replace(chosen, start=serial_after(ledger, batch, how.template, chosen.start))
        target = Target(app, batch, how, printing, _labels_go_on(app, ledger, batch, chosen, printing, wishes))
        numbers = None if chosen.is_all else select_label_numbers(ledger, batch, how.template, chosen)
        request = how.request(
            numbers,
            span=chosen.is_span,
            again=again,
            accept_existing=printing.send is not None,
            press=printing.press(),
            stem=label_stem(how.template.definition.each, chosen),
        )
        if press is not None:
            put_into_queue(app, ledger, batch, how, request, ForPress(press, printing.names_printer), as_json)
            return
        count = (len(numbers) if numbers else batch.units) * request.copies
        with here_or_cluster(scheduler, jobs, count, batch.id) as executor:
            made, sent = target.print_labels(ledger, request, executor)
    _report(target, made, sent, as_json)


def _labels_go_on(
    app: App,
    ledger: Ledger,
    batch: Batch,
    chosen: LabelChoice,
    printing: PrintingOptions,
    wishes: PrintWishes,
) -> Callable[[PrintChoice, str], GoOn]:
    """The commands that go on with `labels --send`, made once the address is known."""
    given = [*printing.typed()]
    if wishes.labels_per_file:
        given += ["--labels-per-file", str(wishes.labels_per_file)]
    copies = ["--copies", str(wishes.copies)] if wishes.copies else []
    copies += ["--no-collate"] if wishes.collate is False else []
    choice = [part for serial in chosen.serials for part in ("--only", serial)]
    choice += ["--from", chosen.start] if chosen.start else []
    choice += ["--to", chosen.end] if chosen.end else []
    start_at = ["--start-at", str(printing.start_at)] if printing.start_at else []

    def commands(how: PrintChoice, address: str) -> GoOn:
        from bss_mfg.label.printing.send_batch import GoOn
        from bss_mfg.label.selection import serial_of_label

        def rest(numbers: Sequence[int]) -> str:
            serials = [serial_of_label(ledger, batch, how.template, one) for one in numbers[: None if only else 1]]
            if only:
                which = [part for serial in serials for part in ("--only", serial)]
            else:
                which = ["--from", serials[0], *(["--to", chosen.end] if chosen.end else [])]
            once = ["--copies", "1"] if how.copies > 1 and how.collate else []
            return typed(app, "labels", batch.id, *which, *given, *once, "--send", address, "--again")

        only = bool(chosen.serials)
        return GoOn(typed(app, "labels", batch.id, *choice, *given, *copies, *start_at, "--send", address), rest)

    return commands


def _one_unit(ledger: Ledger, batch: Batch, option: str, name: str) -> str:
    """The serial of the unit that --from or --to names."""
    if len(given := given_names([name])) > 1:
        raise click.UsageError(f"{option} takes one label.")
    return named_packages(ledger, batch.id, [given[0].text])[0]


@click.command(epilog='Example: bss-mfg reprint bulb-2026-11 ebK300000017 --reason "torn by the applicator"')
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("units", metavar=UNIT_METAVAR, nargs=-1, required=True, shell_complete=suggestions.serials)
@click.option("--reason", type=Reason(), required=True, help="Why; kept in the history.")
@printing_options
@_queue_option
@json_option
@pass_app
def reprint(
    app: App,
    batch_id: str,
    units: tuple[str, ...],
    reason: str,
    printing: PrintingOptions,
    press: str | None,
    as_json: bool,
) -> None:
    """Print single labels once more, with a reason.

    The same payload, byte for byte, counted and kept in the history. Template and printer are those of the batch's last
    labels unless given. A reprint never issues anything. UNIT: as for labels.
    """
    from bss_mfg.label.from_workspace import choose_print
    from bss_mfg.label.make import select_label_numbers
    from bss_mfg.label.printing.queueing import ForPress
    from bss_mfg.label.selection import LabelChoice

    if not reason.strip():
        raise click.UsageError("--reason is empty: say why; the reason is kept in the history.")
    if press is not None:
        refuse_beside_queue(printing.of_files())
    workspace = app.workspace
    wishes = printing.wishes(copies=1, collate=True)
    with workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        how = choose_print(workspace, ledger, batch, wishes, ledger.prints.newest_labels(batch.id))
        serials = named_packages(ledger, batch.id, units)

        def commands(how: PrintChoice, address: str) -> GoOn:
            from bss_mfg.label.printing.send_batch import GoOn
            from bss_mfg.label.selection import serial_of_label

            def command(names: Sequence[str]) -> str:
                more = (*printing.typed(), "--send", address)
                return typed(app, "reprint", batch.id, *names, "--reason", reason, *more)

            return GoOn(
                command(serials),
                lambda left: command([serial_of_label(ledger, batch, how.template, one) for one in left]),
            )

        target = Target(app, batch, how, printing, commands)
        request = how.request(
            select_label_numbers(ledger, batch, how.template, LabelChoice(serials)),
            purpose="reprint",
            reason=reason,
            serials=serials,
            press=printing.press(),
        )
        if press is not None:
            put_into_queue(app, ledger, batch, how, request, ForPress(press, printing.names_printer), as_json)
            return
        made, sent = target.print_labels(ledger, request)
    _report(target, made, sent, as_json)


class Target:
    """Where the labels of a batch go: into files for a printer, and to the printer itself where `--send` says so."""

    def __init__(
        self,
        app: App,
        batch: Batch,
        how: PrintChoice,
        printing: PrintingOptions,
        go_on: Callable[[PrintChoice, str], GoOn],
    ) -> None:
        from bss_mfg.core.folders import require_parent_folder

        self.batch, self.template, self.printer, self.how = batch, how.template, how.printer, how
        self.folder = printing.out or app.workspace.batch_folder(batch.id) / "labels"
        if printing.out:
            require_parent_folder(printing.out)
        self._address = send_address(self.printer, printing.send)
        self._go_on = go_on

    def print_labels(
        self, ledger: Ledger, request: LabelRequest, executor: Executor | None = None
    ) -> tuple[LabelFiles, SentLabels | None]:
        """Make the label files, and send them where `--send` says so."""
        from bss_mfg.label.make import make_labels
        from bss_mfg.label.printing.send_batch import SendRequest, send_batch_labels

        if self.how.words:
            say(self.how.words)
        if self.how.sheet_words:
            say(f"Warning: {self.how.sheet_words}")
        is_reprint = request.purpose == "reprint"
        with nullcontext(no_progress) if is_reprint else progress_bar(f"{self.batch.id}: labels") as progress:
            made = make_labels(
                ledger,
                self.batch,
                self.template,
                self.printer,
                self.folder,
                request,
                executor=executor,
                progress=progress,
            )
        if self._address is None:
            return made, None
        with SendingDisplay(self.batch.id) as display:
            sending = SendRequest(
                self._address,
                self._go_on(self.how, self._address),
                again=request.again or is_reprint,
                asks=self.printer.ask_status,
                patience=display.patience(self.printer.patience_s),
            )
            return made, send_batch_labels(ledger, self.batch, made, sending, progress=display.progress)


def _report(target: Target, made: LabelFiles, sent: SentLabels | None, as_json: bool) -> None:
    if as_json:
        print_json(_record(target, made, sent))
    else:
        for path in made.files if len(made.files) <= 20 else [*made.files[:3], *made.files[-1:]]:
            print_text(shown_path(path))
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
    say_superseded(made)
    if sent:
        say_sent(sent)
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
        "superseded": [str(path) for path in made.superseded],
        "partly_outdated": dict(made.partly_outdated),
        "sent": sent_record(sent) if sent else None,
    }
