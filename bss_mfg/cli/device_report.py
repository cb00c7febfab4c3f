"""device report: a scripted table of cases against one device under test, as a report."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, Command, json_option, pass_app, print_json, print_table, say, shown_path
from bss_mfg.cli.device_radio import find_unit, open_radio, radio_option
from bss_mfg.cli.parameters import Number
from bss_mfg.cli.progress import progress_bar
from bss_mfg.version import __version__

if TYPE_CHECKING:
    from bss_mfg.core.progress import Progress
    from bss_mfg.device.case_table import Case
    from bss_mfg.report.device_sheet import DeviceSheet


@dataclass(frozen=True, slots=True)
class TableAsked:
    """What was typed of a table; the fields are the options' names."""

    transport: str
    reason: str
    outs: tuple[Path, ...]
    limit: float | None
    find_s: float
    production: bool
    as_json: bool


def table_options(function: Command) -> Callable[..., Any]:
    """Adds the options of `TableAsked`, and hands them over as one argument, `asked`."""

    @functools.wraps(function)
    def command(*arguments: Any, **options: Any) -> Any:
        asked = TableAsked(**{field.name: options.pop(field.name) for field in fields(TableAsked)})
        return function(*arguments, asked=asked, **options)

    seconds = Number(0.1, 600)
    decorated: Callable[..., Any] = command
    for option in (
        json_option,
        click.option("--production", is_flag=True, help="Of a production batch: this very device is meant."),
        click.option(
            "--find", "find_s", type=seconds, default=10.0, help="Seconds to look for the device, each time it should "
            "advertise.",
        ),
        click.option("--limit", type=seconds, metavar="S", help="Seconds that a proof may take (default: it is told)."),
        click.option(
            "--out", "outs", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
            help="Write a report: .html, .pdf or .json; may be given several times.",
        ),
        click.option("--reason", required=True, help="Why, for the history of the unit."),
        radio_option,
    ):  # fmt: skip
        decorated = option(decorated)
    return decorated


@click.command(epilog='Example: bss-mfg device report bulb-dev ebK300000001 --reason "new firmware" --out device.html')
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("name", metavar="SERIAL|UUID", shell_complete=suggestions.serials)
@table_options
@pass_app
def report(app: App, batch_id: str, name: str, asked: TableAsked) -> None:
    """Run a table of cases against one device under test, and report what it does.

    The right key and wrong ones, both algorithms, invalid public keys, its own messages played back, links that are cut
    after each message, advertising after each, time to proof. Cases are our own, from Bluetooth Mesh Protocol 1.1, not
    Amazon's. Of development batches; one of a production batch needs --production. Each exchange counts as a check of
    the unit. Exit 0: all cases passed; 1: one failed or was not run.
    """
    from bss_mfg.report.device_sheet import headline
    from bss_mfg.report.device_sheet_data import device_sheet_document
    from bss_mfg.report.device_sheet_file import check_device_sheet_file, write_device_sheet

    if not asked.reason.strip():
        raise click.UsageError("--reason TEXT: why, for the history.")
    for out in asked.outs:
        check_device_sheet_file(out)
    sheet = _measure(app, batch_id, name, asked)
    for out in asked.outs:
        write_device_sheet(sheet, out)
        say(f"Report: {shown_path(out)}")
    if asked.as_json:
        print_json(device_sheet_document(sheet))
    else:
        _print(sheet)
    say(f"{sheet.unit.serial}: {headline(sheet.outcome).words}")
    if not sheet.outcome.passed:
        click.get_current_context().exit(1)


def _measure(app: App, batch_id: str, name: str, asked: TableAsked) -> DeviceSheet:
    from bss_mfg.core import clock
    from bss_mfg.device.case_run import TableOutcome
    from bss_mfg.device.check import Patience
    from bss_mfg.device.unit_checks import KeySource
    from bss_mfg.device.unit_table import TableOptions, run_unit_table
    from bss_mfg.report.device_sheet import DeviceSheet

    reason = asked.reason.strip()
    with app.workspace.open_ledger(app.actor) as ledger:
        unit = find_unit(app, ledger, batch_id, name)
        batch = ledger.batches.get(batch_id)
        with app.vault(ledger) as vault:

            async def run(tell: Callable[[Case], None]) -> TableOutcome:
                options = TableOptions(asked.production, asked.limit, Patience(find=asked.find_s), tell)
                source = KeySource(ledger, vault, reason)
                async with open_radio(asked.transport) as radio:
                    return await run_unit_table(radio, unit, source, options)

            with progress_bar(f"{unit.serial}: cases") as show:
                found = asyncio.run(run(_telling(show)))
    product = batch.facts.get("title") or batch.product
    made_at = app.zone.shown(clock.now())
    return DeviceSheet(found, unit, product, batch.stage, asked.transport, reason, asked.limit, made_at, __version__)


def _telling(show: Progress) -> Callable[[Case], None]:
    from bss_mfg.device.case_run import EXCHANGES

    asked = 0

    def tell(_: Case) -> None:
        nonlocal asked
        asked += 1
        show(asked, EXCHANGES)

    return tell


def _print(sheet: DeviceSheet) -> None:
    from bss_mfg.device.case_table import CLAUSES
    from bss_mfg.report.device_sheet import CASES, RESULTS, happened

    rows = [
        (CASES[row.case].title, CLAUSES[row.case], RESULTS[row.result][0], happened(row)) for row in sheet.outcome.rows
    ]
    print_table(rows, ("CASE", "CLAUSE", "RESULT", "WHAT WAS"))
