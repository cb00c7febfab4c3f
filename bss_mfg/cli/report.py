"""report shift|yield: what the line made in a time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import App, Command, json_option, pass_app, print_json, print_table, print_text, say, shown_path
from bss_mfg.cli.dates import utc_moment
from bss_mfg.version import __version__

if TYPE_CHECKING:
    from bss_mfg.core.clock import TimeZone
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.production.records import Period, ShiftReport, YieldReport
    from bss_mfg.report.production_file import ReportKind

    Walk = Callable[[Ledger, TimeZone, Period], ShiftReport | YieldReport]


@click.group()
def report() -> None:
    """Report what a shift made, or what batches yielded, as a file."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What was typed of a report; the fields are the options' names."""

    from_: str | None
    to: str | None
    csv_file: Path | None
    html_file: Path | None
    pdf_file: Path | None
    as_json: bool


def report_options(function: Command) -> Callable[..., Any]:
    """Adds the options of `ReportOptions`, and hands them over as one argument, `asked`."""

    @functools.wraps(function)
    def command(*arguments: Any, **options: Any) -> Any:
        asked = ReportOptions(**{field.name: options.pop(field.name) for field in fields(ReportOptions)})
        return function(*arguments, asked=asked, **options)

    file = click.Path(path_type=Path)
    decorated: Callable[..., Any] = command
    for option in (
        json_option,
        click.option("--pdf", "pdf_file", type=file, metavar="FILE", help="Write a PDF."),
        click.option("--html", "html_file", type=file, metavar="FILE", help="Write a web page, which loads nothing."),
        click.option("--csv", "csv_file", type=file, metavar="FILE", help="Write all numbers as CSV."),
        click.option("--to", metavar="DATE", help="Until then: a day (all of it) or a moment; default: now."),
        click.option("--from", "from_", metavar="DATE", help="Since then: a day or a moment; default: today."),
    ):
        decorated = option(decorated)
    return decorated


@report.command(epilog="Example: bss-mfg report shift --from 2026-11-24T06:00 --to 2026-11-24T14:00 --html shift.html")
@report_options
@pass_app
def shift(app: App, asked: ReportOptions) -> None:
    """What each station did in each hour: reads, yield, scrap.

    Dates are of the workspace's time zone. Without a file a table is printed. First-pass yield is the share of packages
    whose first read in this time was right.
    """
    from bss_mfg.production.reports import shift_report

    _report(app, shift_report, asked)


@report.command("yield", epilog="Example: bss-mfg report yield --from 2026-11-01 --csv yield.csv")
@report_options
@pass_app
def yield_(app: App, asked: ReportOptions) -> None:
    """What each batch yielded: packages read, right at the first read, faults, scrap.

    Dates are of the workspace's time zone. Without a file a table is printed. First-pass yield is the share of packages
    whose first read in this time was right.
    """
    from bss_mfg.production.reports import yield_report

    _report(app, yield_report, asked)


def _period(app: App, asked: ReportOptions) -> Period:
    from bss_mfg.core import clock
    from bss_mfg.production.records import Period

    last = utc_moment(app, "--to", asked.to) or clock.now()
    first = utc_moment(app, "--from", asked.from_ or app.zone.day(clock.now()).isoformat())
    if first > last:
        raise click.UsageError(f"--from is after --to: {app.zone.shown(first)} and {app.zone.shown(last)}.")
    return Period(first, last)


def _files(asked: ReportOptions) -> dict[ReportKind, Path]:
    from bss_mfg.report.production_file import check_production_file

    given: dict[ReportKind, Path | None] = {"csv": asked.csv_file, "html": asked.html_file, "pdf": asked.pdf_file}
    files = {kind: file for kind, file in given.items() if file}
    for file in files.values():
        check_production_file(file)
    return files


def _report(app: App, walk: Walk, asked: ReportOptions) -> None:
    from bss_mfg.core import clock
    from bss_mfg.report.production_data import production_document
    from bss_mfg.report.production_file import MadeBy, sheet_of, write_production

    period, files = _period(app, asked), _files(asked)
    with app.workspace.open_ledger(app.actor) as ledger:
        found = walk(ledger, app.zone, period)
    sheet = sheet_of(found, app.zone)
    made = MadeBy(app.zone.shown(clock.now()), __version__)
    for kind, file in files.items():
        write_production(found, file, kind, app.zone, made)
        say(f"Report: {shown_path(file)}")
    if asked.as_json:
        print_json(production_document(found, app.zone))
    elif not files:
        for table in sheet.tables:
            if table.rows:
                print_text(f"{table.head}:")
                print_table([tuple(row) for row in table.rows], tuple(table.columns))
                print_text()
    say(f"{sheet.about}: {sheet.headline}")
