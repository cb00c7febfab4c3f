"""table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, pass_app, print_blocks, print_text, say, shown_path
from bss_mfg.cli.dates import utc_moment
from bss_mfg.core.text import count_words

_FORMATS = ("csv", "jsonl", "xlsx", "parquet")
_STATES: tuple[UnitState, ...] = ("issued", "printed", "verified", "shipped", "scrapped")


if TYPE_CHECKING:
    from bss_mfg.ledger.unit_state import UnitState


@click.command(epilog="Example: bss-mfg table bulb-2026-11 --format xlsx --columns serial,uuid,state --out bulb.xlsx")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option(
    "--columns",
    metavar="A,B,C",
    help="Columns in this order; docs/formats/tables.md has all of them. "
    "Default: batch,package,serial,uuid,mac,payload,state.",
)
@click.option(
    "--format",
    "kind",
    required=True,
    type=click.Choice(_FORMATS),
    help="xlsx: at most 1,048,575 units; parquet: needs the extra 'parquet'.",
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(_STATES),
    help="Only units in this state; may be given several times.",
)
@click.option("--since", metavar="DATE", help="Only units whose package's last event was then or later.")
@click.option("--until", metavar="DATE", help="... was then or earlier; a day counts as a whole.")
@click.option("--out", "to", required=True, metavar="FILE", help="File to make (0600); - for stdout (csv, jsonl).")
@pass_app
def table(
    app: App,
    batch_id: str,
    columns: str | None,
    kind: str,
    states: tuple[UnitState, ...],
    since: str | None,
    until: str | None,
    to: str,
) -> None:
    """Write the units of a batch as a table: CSV, JSON lines, XLSX or Parquet.

    One line for each unit, scrapped and replaced ones too. For the factory's own systems: nothing is recorded in
    the history, and OOB keys are never included. Never overwrites a file (exit 4).
    """
    from bss_mfg.core.files import build_atomically, write_atomically
    from bss_mfg.errors import InputError
    from bss_mfg.ledger.unit_table import UnitFilter
    from bss_mfg.tables import DEFAULT_COLUMNS, Table

    names = DEFAULT_COLUMNS if columns is None else [name.strip() for name in columns.split(",")]
    if to == "-" and kind in ("xlsx", "parquet"):
        raise click.UsageError(f"{kind} can't be written to stdout; name a file with --out.")
    chosen = UnitFilter(states, utc_moment(app, "--since", since), utc_moment(app, "--until", until))
    out = Path(to)
    if to != "-" and out.is_dir():
        raise InputError("is a folder", where=to, way_out="Name the file to make.")
    with app.workspace.open_ledger(app.actor) as ledger:
        made = Table(ledger, ledger.batches.get(batch_id), names, chosen)
        if kind == "xlsx":
            build_atomically(out, made.xlsx)
        elif kind == "parquet":
            build_atomically(out, made.parquet)
        else:
            content = made.csv() if kind == "csv" else made.jsonl()
            if to == "-":
                print_blocks(content)
            else:
                write_atomically(out, content)
    if to != "-":
        print_text(shown_path(out))
    say(f"OK: {kind} of {count_words(made.count, 'unit')}")
