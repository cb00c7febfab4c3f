"""scrap, close."""

from __future__ import annotations

import click

from bss_mfg.cli.common import App, counted, json_option, pass_app, print_json, say


@click.command(epilog="Example: bss-mfg scrap bulb-2026-11 ebK300000017 --reason 'dropped'")
@click.argument("batch_id", metavar="BATCH")
@click.argument("serials", metavar="SERIAL...", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why, for the history.")
@pass_app
def scrap(app: App, batch_id: str, serials: tuple[str, ...], reason: str) -> None:
    """Scrap units, for ever.

    Their packages' labels are wrong from then on, wherever they are read; they are left out of programming files and
    manifests, and their identities are never issued again. All or none; the same command twice changes nothing.
    """
    with app.workspace.open_ledger(app.actor) as ledger:
        new = ledger.scrap(batch_id, serials, reason)
    before = len(set(serials)) - len(new)
    say(f"OK: {counted(len(new), 'unit')} scrapped" + (f", {before:,} scrapped before" if before else ""))


@click.command(epilog="Example: bss-mfg close bulb-2026-11 --in-hand 3")
@click.argument("batch_id", metavar="BATCH")
@click.option("--in-hand", type=click.IntRange(0), default=0, help="Printed labels that lie unused at the line.")
@json_option
@pass_app
def close(app: App, batch_id: str, in_hand: int, as_json: bool) -> None:
    """Close a batch: printed = verified + scrapped + in hand, by packages.

    Refused with the difference where the books don't balance (exit 4). A closed batch is neither printed nor changed.
    """
    with app.workspace.open_ledger(app.actor) as ledger:
        found = ledger.close(batch_id, in_hand)
        closed = ledger.closed_at(batch_id)
    if as_json:
        print_json(
            {"batch": batch_id, "closed_at": closed, "packages": found.packages, "printed": found.printed,
             "verified": found.verified, "scrapped": found.scrapped, "in_hand": found.in_hand}
        )  # fmt: skip
    parts = f"{found.printed:,} printed, {found.verified:,} verified, {found.scrapped:,} scrapped"
    say(f"OK: batch {batch_id} closed: {parts}, {found.in_hand:,} in hand")
