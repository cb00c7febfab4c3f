"""watch-orders: orders of other systems, out of a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, jobs_option, pass_app, print_text, say, typed_here
from bss_mfg.cli.parameters import Number
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bss_mfg.errors import BssError
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
    from bss_mfg.errors import BssError, WrongSecretError
    from bss_mfg.integration.order_folder import OrderFolder
    from bss_mfg.workspace.vault_key_storage import AskOnce

    orders, ask = OrderFolder(folder), AskOnce(app.ask)
    teller = _Teller(app)
    with orders.held():
        with app.workspace.open_ledger(app.actor) as ledger, app.workspace.open_vault(ledger, ask, app.patience):
            pass  # what is wrong with them, and a passphrase that is asked for, come at once
        if not once:
            say(f"Orders that come into {folder} are carried out. Ctrl-C ends it.")
        try:
            while True:
                try:
                    for outcome in _work(app, orders, ask, jobs):
                        teller.outcome(outcome)
                    teller.all_went_well()
                    if once and not orders.waiting() and not orders.settling():
                        break
                except BssError as error:  # of nothing that is wrong with an order: it may pass
                    if once or isinstance(error, WrongSecretError):
                        raise
                    teller.waits(error)
                time.sleep(seconds)
        except KeyboardInterrupt:
            say("Ended. The next `bss-mfg watch-orders` continues what was under way.")
    say(
        f"{'WRONG' if teller.failed else 'OK'}: {count_words(teller.done, 'order')} carried out, "
        f"{teller.failed:,} failed"
    )
    if teller.failed and once:
        ctx.exit(1)


def _work(app: App, orders: OrderFolder, ask: AskPassphrase, jobs: int) -> Iterator[OrderOutcome]:
    """The orders that wait, one after the other; the ledger is open for as long. A file that has to wait holds up no
    other: its error is raised when they are done."""
    from bss_mfg.errors import BssError
    from bss_mfg.integration.order_run import OrderDesk

    trouble: BssError | None = None
    if not (waiting := orders.waiting()):
        return
    with app.workspace.open_ledger(app.actor) as ledger, app.workspace.open_vault(ledger, ask, app.patience) as vault:
        desk = OrderDesk(app.workspace, ledger, vault, jobs)
        for path in waiting:
            try:
                yield from orders.work_through(path, desk.carry_out)
            except BssError as error:
                trouble = trouble or error
    if trouble:
        raise trouble


class _Teller:
    """Says what becomes of orders: once, also of a file that has to wait and is worked through from its start again."""

    def __init__(self, app: App) -> None:
        self.done = self.failed = 0
        self._app = app
        self._trouble = ""
        self._said: set[str] = set()
        self._saying: list[str] = []

    def outcome(self, outcome: OrderOutcome) -> None:
        """An order was carried out, or failed."""
        line = _outcome_line(self._app, outcome)
        self._saying.append(line)
        if line in self._said:
            return
        if outcome.error:
            self.failed += 1
            say(line)
        else:
            self.done += 1
            print_text(line)

    def all_went_well(self) -> None:
        """Nothing waits: what comes now is new."""
        self._trouble = ""
        self._said, self._saying = set(), []

    def waits(self, error: BssError) -> None:
        """Something has to wait."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            say(f"Waits: {typed_here(self._app, error)} The order is tried again.")
        self._said, self._saying = set(self._saying), []


def _outcome_line(app: App, outcome: OrderOutcome) -> str:
    if outcome.error:
        order = f"order {outcome.row.name}: " if outcome.row.name else ""
        return f"FAILED: {order}{typed_here(app, outcome.error)}"
    result = outcome.result or {}
    what = f"{count_words(result['units'], 'unit')} of {result['product']}"
    return f"order {outcome.row.name}: {what} in batch {result['batch']}"
