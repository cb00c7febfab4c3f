"""trends: print quality over batches, printers, days and places."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, print_words, say
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.verify.trends import HeadLine, Trends


@click.command(epilog="Example: bss-mfg trends --by printer")
@click.argument("batch_ids", metavar="[BATCH]...", nargs=-1, shell_complete=suggestions.batches)
@click.option("--product", metavar="NAME", shell_complete=suggestions.products, help="Only batches of this product.")
@click.option(
    "--by",
    type=click.Choice(["batch", "printer", "day", "place"]),
    default="batch",
    show_default=True,
    help="What is compared; place: where a label lies across the page, in steps of 5 mm.",
)
@json_option
@pass_app
@click.pass_context
def trends(
    ctx: click.Context, app: App, batch_ids: tuple[str, ...], product: str | None, by: str, as_json: bool
) -> None:
    """Compare faults and grades over batches, printers, days and places.

    With control limits; of the batches that are named, or of all. Only what `bss-mfg verify` read of prints counts, and
    grades only where they were asked for (--grade, or a least grade). Exit 1 if a group has more faults or lower grades
    than its limit, or if several labels of a printer have a light line at the same dot: an element of its print head
    that may be dead.
    """
    from bss_mfg.errors import InputError
    from bss_mfg.label.from_workspace import named_printer
    from bss_mfg.verify.trends import GroupBy
    from bss_mfg.verify.trends import trends as find_trends

    def dots_per_mm(name: str) -> float | None:
        try:
            return named_printer(app.workspace, name).dots_per_mm_x
        except InputError:
            return None

    with app.workspace.open_ledger(app.actor) as ledger:
        known = [ledger.batches.get(batch_id) for batch_id in batch_ids] or ledger.batches.all()
        batches = [batch for batch in known if product is None or batch.product == product]
        found = find_trends(ledger, batches, GroupBy(by), dots_per_mm)
    if as_json:
        print_json({**asdict(found), "steady": found.steady})
    else:
        _print_trends(found)
    if not found.groups:
        say("No printed label of these was read yet: `bss-mfg verify BATCH SCANS --grade`")
    else:
        say("STEADY: nothing is unusual" if found.steady else "UNUSUAL: look at what is named")
    if not found.steady:
        ctx.exit(1)


def _print_trends(found: Trends) -> None:
    rows = [
        (
            group.name or "(not known)",
            f"{group.labels:,}",
            f"{group.wrong:,}",
            f"{group.share:.1%}",
            "" if group.most_wrong is None else f"{group.most_wrong:.1%}",
            "" if group.grade is None else f"{group.grade:.2f}",
            "" if group.least_grade is None else f"{group.least_grade:.2f}",
            ", ".join(alarm.upper() for alarm in group.alarms),
        )
        for group in found.groups
    ]
    if rows:
        print_table(rows, (found.by.value, "labels", "wrong", "share", "limit", "grade", "limit", "alarm"))
    for line in found.lines:
        print_words(f"PRINT HEAD: {_line_words(line)}")


def _line_words(line: HeadLine) -> str:
    dot = f"dot {line.dot}, " if line.dot else ""
    days = line.first if line.first == line.last else f"{line.first} to {line.last}"
    return (
        f"{line.printer or '(printer not known)'}: {dot}{line.x_mm} mm from the left edge: a light line through "
        f"{count_words(line.labels, 'label')}, {days}"
    )
