"""pack: boxes into cartons, cartons onto pallets."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import App, pass_app, say
from bss_mfg.cli.language_option import language_option
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
from bss_mfg.core.languages import COMMA, SEMICOLON, Language, counted, joined, phrase

if TYPE_CHECKING:
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.packing_records import UnitKind
    from bss_mfg.station.packing import PackingTable, TableCounts


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
@language_option
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
        answers = Answers(_face(ledger, table, market, app.language), plain=plain or bool(closing), as_json=as_json)
        for answer in table.resume():
            answers.show(answer)
        if closing:
            answers.show(table.close(closing, reason or ""))
        else:
            serve_desk(scanned_lines(port, baud), table.read, answers)
        counts = table.counts
    answers.end()
    say(app.language(_summary(counts)))
    if answers.wrong:
        ctx.exit(1)


def _write_control_sheet(file: Path) -> None:
    from bss_mfg.core.files import write_atomically
    from bss_mfg.station.control_sheet import control_sheet
    from bss_mfg.version import __version__

    write_atomically(file, [control_sheet(__version__)])
    say(f"{file}: print it and keep it at the table.")


def _face(ledger: Ledger, table: PackingTable, market: str | None, language: Language) -> Face:
    """The table as it is shown."""
    title = phrase("packing at {station}", station=ledger.actor.station)
    of_market = phrase("market {market}", market=market) if market else ""

    def view() -> View:
        counts = table.counts
        in_carton = {"held": counts.in_carton, "size": counts.carton_size, "carton": counts.carton or "-"}
        on_pallet = {"held": counts.on_pallet, "size": counts.pallet_size, "pallet": counts.pallet or "-"}
        line = (
            phrase("{held} of {size} in carton {carton}", **in_carton),
            phrase("{held} of {size} on pallet {pallet}", **on_pallet) if counts.pallet_size else "",
            phrase("packed in this session {count:,}", count=counts.packed),
        )
        return View(
            language(joined(COMMA, (title, of_market))),
            counts.in_carton,
            counts.carton_size,
            language(joined("   ", line)),
            foot=lambda: " remove   close carton REASON   close pallet REASON   label",  # what is typed
        )

    def as_json(answer: Any) -> str:
        said = {name: value for name, value in asdict(answer).items() if name != "way"}
        return json.dumps({**said, **asdict(table.counts)}, ensure_ascii=True)

    return Face(view, as_json, language=language)


def _summary(counts: TableCounts) -> str:
    """What a session leaves behind."""
    carton = {"carton": counts.carton, "held": counts.in_carton, "size": counts.carton_size}
    pallet = {"pallet": counts.pallet, "held": counts.on_pallet, "size": counts.pallet_size}
    parts = (
        counted("{count:,} package packed", "{count:,} packages packed", counts.packed),
        phrase("carton {carton} is open with {held} of {size}", **carton) if counts.carton else "",
        phrase("pallet {pallet} is open with {held} of {size}", **pallet) if counts.pallet else "",
    )
    return joined(SEMICOLON, parts)
