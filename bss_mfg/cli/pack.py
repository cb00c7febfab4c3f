"""pack: boxes into cartons, cartons onto pallets."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import App, pass_app, say
from bss_mfg.cli.packing_options import PackingOptions, packing_options, packing_setup
from bss_mfg.cli.parameters import Reason
from bss_mfg.cli.station_screen import (
    Answers,
    Face,
    View,
    port_options,
    scanned_lines,
    serve_desk,
    show_options,
)
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.packing_records import UnitKind
    from bss_mfg.station.packing import PackingTable


@click.command(epilog="Example: bss-mfg pack --carton 12 --pallet 40")
@packing_options
@click.option("--close-carton", "closing", flag_value="carton", help="Close the open carton, for --reason, and end.")
@click.option("--close-pallet", "closing", flag_value="pallet", help="Close the open pallet, for --reason, and end.")
@click.option("--reason", type=Reason(), help="Why it is closed before it is full, for the history.")
@click.option(
    "--control-sheet",
    type=click.Path(path_type=Path),
    metavar="FILE.pdf",
    help="Write a page of codes to scan instead of typing (remove, close ...), and read nothing.",
)
@port_options
@show_options
@pass_app
@click.pass_context
def pack(
    ctx: click.Context,
    app: App,
    packing: PackingOptions,
    control_sheet: Path | None,
    closing: UnitKind | None,
    reason: str | None,
    port: str | None,
    baud: int,
    plain: bool,
    as_json: bool,
) -> None:
    """Scan boxes into cartons, and put cartons on pallets.

    Boxes of any batch: one product and one market in a carton. Refused is a box whose printed label was not read
    right, that was scrapped or shipped, is in a carton, holds a unit that failed when it was flashed, or one that has
    yet to prove its key as its product requires (`station pair`). A full carton is closed, and its label made. Words
    that are typed or scanned act: remove (then the box to take out, or the carton on the pallet), close carton REASON,
    close pallet REASON, label (send again). A closed carton's label puts it on the open pallet. Each table (station)
    has one open carton and one open pallet, with which its next session continues. End with Ctrl-D (Windows: Ctrl-Z and
    Enter). Exit 1 if something was refused.
    """
    if control_sheet:
        _write_control_sheet(control_sheet)
        return
    if reason and not closing:
        raise click.UsageError("--reason goes with --close-carton or --close-pallet.")
    from bss_mfg.station.packing import PackingTable
    from bss_mfg.workspace.publishing import require_published

    setup, market = packing_setup(app, packing), packing.market
    with app.workspace.open_ledger(app.actor) as ledger, ledger.packing.table(ledger.actor.station):
        require_published(app.workspace, ledger)
        table = PackingTable(ledger, setup, market=market, expected=app.workspace.expected_codes)
        answers = Answers(_face(ledger, table, market), plain=plain or bool(closing), as_json=as_json)
        for answer in table.resume():
            answers.show(answer)
        if closing:
            answers.show(table.close(closing, reason or ""))
        else:
            serve_desk(scanned_lines(port, baud), table.read, answers)
        counts = table.counts
    answers.end()
    say(f"{count_words(counts.packed, 'package')} packed{_open_words(counts)}")
    if answers.wrong:
        ctx.exit(1)


def _write_control_sheet(file: Path) -> None:
    from bss_mfg.core.files import write_atomically
    from bss_mfg.station.control_sheet import control_sheet
    from bss_mfg.version import __version__

    write_atomically(file, [control_sheet(__version__)])
    say(f"{file}: print it and keep it at the table.")


def _face(ledger: Ledger, table: PackingTable, market: str | None) -> Face:
    """The table as it is shown."""
    of_market = f", market {market}" if market else ""

    def view() -> View:
        counts = table.counts
        on_pallet = f"{counts.on_pallet} of {counts.pallet_size} on pallet {counts.pallet or '-'}   "
        return View(
            f"packing at {ledger.actor.station}{of_market}",
            counts.in_carton,
            counts.carton_size,
            f"{counts.in_carton} of {counts.carton_size} in carton {counts.carton or '-'}   "
            f"{on_pallet if counts.pallet_size else ''}packed in this session {counts.packed:,}",
            foot=lambda: " remove   close carton REASON   close pallet REASON   label",
        )

    def as_json(answer: Any) -> str:
        said = {name: value for name, value in asdict(answer).items() if name != "way"}
        return json.dumps({**said, **asdict(table.counts)}, ensure_ascii=True)

    return Face(view, as_json)


def _open_words(counts: Any) -> str:
    words = f"; carton {counts.carton} is open with {counts.in_carton} of {counts.carton_size}" if counts.carton else ""
    more = f"; pallet {counts.pallet} is open with {counts.on_pallet} of {counts.pallet_size}" if counts.pallet else ""
    return words + more
