"""watch-orders: orders of other systems, out of a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, jobs_option, pass_app, say, typed_here
from bss_mfg.cli.parameters import Number
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bss_mfg.integration.order_folder import OrderFolder, OrderOutcome
    from bss_mfg.workspace.vault_key_storage import AskPassphrase


@click.command(epilog="Example: bss-mfg watch-orders /srv/erp/bss-orders")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--once", is_flag=True, help="Carry out what is there, and end: exit 1 where an order failed.")
@click.option(
    "--seconds",
    type=Number(0.1, 3600),
    default=2.0,
    show_default=True,
    help="How often the folder is looked at.",
)
@jobs_option
@pass_app
@click.pass_context
def watch_orders(ctx: click.Context, app: App, folder: Path, once: bool, seconds: float, jobs: int) -> None:
    """Carry out the orders that other systems put into a folder.

    An order is a JSON object or a row of a CSV or XLSX file: its number (`order`), `product` and `units`. It is issued,
    labelled and verified as by `run`, in a batch that has the order's number: however often this is killed or the
    order comes, it is issued once. DIR/results has a file for each order, DIR/errors one for each file with wrong ones
    (docs/integration.md).
    """
    from bss_mfg.errors import BssError
    from bss_mfg.integration.order_folder import OrderFolder
    from bss_mfg.workspace.vault_key_storage import AskOnce

    orders, ask = OrderFolder(folder), AskOnce(app.ask)
    count = failed = 0
    told = ""
    with orders.held():
        with app.workspace.open_ledger(app.actor) as ledger, app.workspace.open_vault(ledger, ask, app.patience):
            pass  # what is wrong with them, and a passphrase that is asked for, come at once
        if not once:
            say(f"Orders that come into {folder} are carried out. Ctrl-C ends it.")
        try:
            while True:
                try:
                    for outcome in _work(app, orders, ask, jobs):
                        count, failed, told = count + 1, failed + bool(outcome.error), ""
                        _say_outcome(app, outcome)
                    if once and not orders.waiting() and not orders.settling():
                        break
                except BssError as error:  # of nothing that is wrong with an order: it may pass
                    if once:
                        raise
                    if str(error) != told:
                        told = str(error)
                        say(f"Waits: {typed_here(app, error)} The order is tried again.")
                time.sleep(seconds)
        except KeyboardInterrupt:
            say("Ended. The next `bss-mfg watch-orders` continues what was under way.")
    done = count - failed
    say(f"{'WRONG' if failed else 'OK'}: {count_words(done, 'order')} carried out, {failed:,} failed")
    if failed and once:
        ctx.exit(1)


def _work(app: App, orders: OrderFolder, ask: AskPassphrase, jobs: int) -> Iterator[OrderOutcome]:
    """The orders that wait, one after the other; the ledger is open for as long."""
    from bss_mfg.integration.order_run import OrderDesk

    if not (waiting := orders.waiting()):
        return
    with app.workspace.open_ledger(app.actor) as ledger, app.workspace.open_vault(ledger, ask, app.patience) as vault:
        desk = OrderDesk(app.workspace, ledger, vault, jobs)
        for path in waiting:
            yield from orders.work_through(path, desk.carry_out)


def _say_outcome(app: App, outcome: OrderOutcome) -> None:
    if outcome.error:
        order = f"order {outcome.row.name}: " if outcome.row.name else ""
        say(f"FAILED: {order}{typed_here(app, outcome.error)}")
    elif outcome.result:
        what = f"{count_words(outcome.result['units'], 'unit')} of {outcome.result['product']}"
        click.echo(f"order {outcome.row.name}: {what} in batch {outcome.result['batch']}")
