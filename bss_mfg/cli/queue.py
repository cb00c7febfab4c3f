"""queue: what waits for presses, and `labels --queue`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_details, print_json, print_table, print_text, say
from bss_mfg.cli.parameters import Reason, WholeNumber
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.label.file_plan import LabelRequest
    from bss_mfg.label.from_workspace import PrintChoice
    from bss_mfg.label.printing.queueing import ForPress
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.print_queue import PrintQueueStore
    from bss_mfg.ledger.queue_records import QueueEntry, QueueProgress
    from bss_mfg.model import Batch

NUMBER = click.argument("number", metavar="NUMBER", type=WholeNumber(1), shell_complete=suggestions.waiting)


@click.group()
def queue() -> None:
    """Show what waits for presses, move it or take it out."""


@queue.command("list", epilog="Example: bss-mfg queue list --press press-2")
@click.option(
    "--press", "name", default="", metavar="NAME", shell_complete=suggestions.presses, help="Of this press only."
)
@click.option("--all", "every", is_flag=True, help="Also what was printed or cancelled.")
@json_option
@pass_app
def list_(app: App, name: str, every: bool, as_json: bool) -> None:
    """List labels that wait for presses, and how far they are."""
    with app.workspace.open_ledger(app.actor) as ledger:
        store = ledger.print_queue
        entries = store.entries(open_only=not every, press=name)
        if as_json:
            print_json([entry_record(store, entry) for entry in entries])
            return
        if not entries:
            say("The queue is empty." if every else "Nothing waits.")
            return
        print_table(
            [_row(app, entry, store.progress(entry)) for entry in entries],
            ("NO.", "PRESS", "BATCH", "LABELS", "GOOD", "TEMPLATE", "STATE"),
        )


@queue.command(epilog="Example: bss-mfg queue show 7")
@NUMBER
@json_option
@pass_app
def show(app: App, number: int, as_json: bool) -> None:
    """Show one entry, stretch by stretch."""
    with app.workspace.open_ledger(app.actor) as ledger:
        store = ledger.print_queue
        entry = store.get(number)
        if as_json:
            print_json(entry_record(store, entry, stretches=True))
            return
        progress, asked, how = store.progress(entry), entry.asked, entry.asked.printing
        print_details(
            [
                ("press", entry.press),
                ("batch", asked.batch),
                ("labels", f"{asked.labels:,}" + (f", {how.copies} of each" if how.copies > 1 else "")),
                ("template", f"{asked.template} ({asked.template_digest[:12]})"),
                ("printer", how.printer or "any of the press"),
                *([("reprint because", how.reprint)] if how.reprint else []),
                ("asked for", f"{app.zone.shown(entry.at)} by {entry.operator} at {entry.station}"),
                ("state", _state_words(app, entry, progress)),
                ("good", f"{progress.good:,}"),
                ("spoiled", f"{progress.spoiled:,}"),
            ]
        )
        if progress.stretches:
            print_text()
            rows = [
                (
                    str(one.number),
                    one.press,
                    str(one.roll),
                    f"{one.labels:,}",
                    "?" if one.good is None else f"{one.good * how.copies:,}",
                    f"{one.spoiled:,}",
                    one.reason or "",
                )
                for one in progress.stretches
            ]
            print_table(rows, ("STRETCH", "PRESS", "ROLL", "LABELS", "GOOD", "SPOILED", "AGAIN BECAUSE"))


@queue.command(epilog="Example: bss-mfg queue rolls --press press-2")
@click.option(
    "--press", "name", default="", metavar="NAME", shell_complete=suggestions.presses, help="Of this press only."
)
@json_option
@pass_app
def rolls(app: App, name: str, as_json: bool) -> None:
    """List the rolls of presses: good and spoiled labels of each."""
    with app.workspace.open_ledger(app.actor) as ledger:
        found = ledger.print_queue.rolls(name)
        if as_json:
            fields = ("press", "roll", "labels", "spoiled", "waiting", "ended")
            print_json([{field: getattr(one, field) for field in fields} for one in found])
            return
        rows = [
            (one.press, str(one.roll), f"{one.labels:,}", f"{one.spoiled:,}", f"{one.waiting:,}", _yes(one.ended))
            for one in found
        ]
        print_table(rows, ("PRESS", "ROLL", "GOOD", "SPOILED", "AT THE PRINTER", "ENDED"))


@queue.command(epilog="Example: bss-mfg queue move 7 press-3")
@NUMBER
@click.argument("press_name", metavar="PRESS", shell_complete=suggestions.presses)
@json_option
@pass_app
def move(app: App, number: int, press_name: str, as_json: bool) -> None:
    """Put labels that wait into the queue of another press."""
    from bss_mfg.workspace.actor import check_name

    with app.workspace.open_ledger(app.actor) as ledger:
        entry = ledger.print_queue.move(number, check_name(press_name, "PRESS"))
        _say_or_json(ledger.print_queue, entry, f"OK: number {number} waits for {entry.press}", as_json)


@queue.command(epilog='Example: bss-mfg queue cancel 7 --reason "wrong template"')
@NUMBER
@click.option("--reason", type=Reason(), required=True, help="Why; kept in the history.")
@json_option
@pass_app
def cancel(app: App, number: int, reason: str, as_json: bool) -> None:
    """Take labels out of a queue that are not printed yet.

    What is at the printer just now still comes out, and the press counts it.
    """
    with app.workspace.open_ledger(app.actor) as ledger:
        store = ledger.print_queue
        entry = store.cancel(number, reason)
        good = store.progress(entry).good
        words = f"OK: number {number} is cancelled; {good:,} of {count_words(entry.asked.labels, 'label')} are good"
        _say_or_json(store, entry, words, as_json)


def refuse_beside_queue(given: Mapping[str, object]) -> None:
    """The usage error for options of `labels` that a press decides, or can't do, as they were given."""
    if wrong := [name for name, value in given.items() if value not in (None, False)]:
        raise click.UsageError(
            f"--queue contradicts {wrong[0]}: a press makes and sends the labels itself; copies follow each other."
        )


def put_into_queue(
    app: App,
    ledger: Ledger,
    batch: Batch,
    how: PrintChoice,
    request: LabelRequest,
    to: ForPress,
    as_json: bool,
) -> None:
    """`labels --queue`, `reprint --queue`: put labels into the queue of a press, and say so."""
    from bss_mfg.label.printing.queueing import queue_labels
    from bss_mfg.workspace.actor import check_name

    check_name(to.press, "--queue")
    store = ledger.print_queue
    is_new = not (store.entries(press=to.press) or store.rolls(to.press))
    entry = queue_labels(app.workspace, ledger, batch, how, request, to)
    if to.printer_named and how.sheet_words:
        say(f"Warning: {how.sheet_words}")
    words = (
        f"OK: {count_words(entry.asked.labels, 'label')} of {batch.id} wait for {entry.press}, as number {entry.number}"
    )
    _say_or_json(store, entry, words, as_json)
    if is_new:
        mended = f"`bss-mfg queue move {entry.number} PRESS` mends it"
        say(f"{entry.press} has printed nothing here before: if that is a slip, {mended}.")


def _say_or_json(store: PrintQueueStore, entry: QueueEntry, words: str, as_json: bool) -> None:
    if as_json:
        print_json(entry_record(store, entry))
    else:
        say(words)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _row(app: App, entry: QueueEntry, progress: QueueProgress) -> tuple[str, ...]:
    asked = entry.asked
    state = str(progress.state)
    if entry.taken_at and not entry.outcome:
        state += f", taken {app.zone.shown(entry.taken_at)}"
    return (
        str(entry.number),
        entry.press,
        asked.batch,
        f"{asked.labels:,}",
        f"{progress.good:,}",
        asked.template,
        state,
    )


def _state_words(app: App, entry: QueueEntry, progress: QueueProgress) -> str:
    words = str(progress.state)
    if entry.outcome:
        return f"{words}, {app.zone.shown(entry.ended_at or '')}"
    if entry.taken_at:
        words += f", taken by {entry.press} at {app.zone.shown(entry.taken_at)}"
    if progress.at_printer is None:
        words += "; nobody knows how many labels came out of the printer"
    elif progress.at_printer:
        words += f"; at most {count_words(progress.at_printer, 'label')} came out that nobody has counted"
    return words


def print_line(store: PrintQueueStore, entry: QueueEntry, tell: Callable[[str], None]) -> None:
    """One entry on one line."""
    progress = store.progress(entry)
    tell(
        f"  {entry.number:>4}  {entry.asked.batch:<20.20} {count_words(entry.asked.labels, 'label'):>15}, "
        f"{progress.good:,} good, {entry.asked.template}: {progress.state}"
    )


def entry_record(store: PrintQueueStore, entry: QueueEntry, *, stretches: bool = False) -> dict[str, Any]:
    """An entry as plain data, for `--json`."""
    progress, asked = store.progress(entry), entry.asked
    record: dict[str, Any] = {
        "number": entry.number,
        "press": entry.press,
        "batch": asked.batch,
        "each": asked.each,
        "labels": asked.labels,
        "copies": asked.printing.copies,
        "template": asked.template,
        "template_digest": asked.template_digest,
        "printer": asked.printing.printer,
        "again": asked.again,
        "reason": asked.printing.reprint or None,
        "state": progress.state,
        "good": progress.good,
        "spoiled": progress.spoiled,
        "at_printer": progress.at_printer,
        "asked_at": entry.at,
        "operator": entry.operator,
        "station": entry.station,
        "taken_at": entry.taken_at,
        "ended_at": entry.ended_at,
    }
    if stretches:
        record["stretches"] = [
            {
                "number": one.number,
                "press": one.press,
                "roll": one.roll,
                "numbers": one.pairs,
                "labels": one.labels,
                "good": None if one.good is None else one.good * asked.printing.copies,
                "spoiled": one.spoiled,
                "printed": one.printed,
                "reason": one.reason,
                "at": one.at,
            }
            for one in progress.stretches
        ]
    return record
