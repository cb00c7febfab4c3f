"""ledger compare, ledger adopt: two ledgers that were one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, say, shown_path
from bss_mfg.cli.parameters import Reason, WholeNumber
from bss_mfg.core.text import count_words, listing

if TYPE_CHECKING:
    from bss_mfg.ledger.comparing import LedgerComparison, OwnWay
    from bss_mfg.ledger.place import LedgerPlace

_MOST_NAMED = 20


@click.command(epilog="Example: bss-mfg ledger compare /media/office/line")
@click.argument("other")
@json_option
@pass_app
def compare(app: App, other: str, as_json: bool) -> None:
    """Compare this ledger with another one: a copy of it, or that of another workspace.

    OTHER is a workspace, a file ledger.db, or the URL of a database. Tells how far both have the same history, what
    each has issued since, and every serial, MAC, Device UUID and batch that both have issued as two. Exit 1 where there
    is one.
    """
    from bss_mfg.ledger.ledger import Ledger

    with app.workspace.open_ledger(app.actor) as here, Ledger.open(ledger_place(app, other), app.actor) as there:
        found = here.compare(there, _MOST_NAMED)
    if as_json:
        print_json(asdict(found))
    _say_histories(found)
    for name, way in (("here", found.here), ("there", found.there)):
        say(_way_line(name, way, found))
    for one in found.twice:
        where = f"in {one.here} here, in {one.there} there" if one.name != "batch" else "here and there"
        say(f"issued twice: {_WORDS[one.name]} {one.value}, {where}")
    if found.issued_twice > len(found.twice):
        say(f"issued twice: {found.issued_twice - len(found.twice):,} more")
    if found.issued_twice:
        say(
            f"FAILED: both have issued {count_words(found.issued_twice, 'identity', 'identities')}. Scrap the units of "
            "one of the two, and let only one ledger issue."
        )
        raise click.exceptions.Exit(1)
    say("OK: nothing was issued twice")


_WORDS = {"serial": "serial", "mac": "MAC", "uuid": "Device UUID", "batch": "batch"}


def _say_histories(found: LedgerComparison) -> None:
    if found.common_events:
        say(f"the same history until event {found.common_events:,}, {found.common_until}")
    elif found.same_ledger:
        say("one ledger, but no event of both is the same: one history was rewritten")
    else:
        say("two ledgers that were made apart")


def _way_line(name: str, way: OwnWay, found: LedgerComparison) -> str:
    since = " since" if found.common_events else ""
    batches = f": {listing(way.batches, _MOST_NAMED)}" if way.batches else ""
    issued = (
        f"{count_words(len(way.batches), 'batch', 'batches')} issued{batches}" if way.batches else "no batch issued"
    )
    return f"{name}: {count_words(way.events, 'event')}{since}, {issued}"


@click.command(epilog='Example: bss-mfg ledger adopt --skip-serials 0 --reason "moved to the new PC"')
@click.option(
    "--skip-serials",
    type=WholeNumber(0),
    required=True,
    help="How many running numbers of each product to skip: at least as many as the other one has issued since.",
)
@click.option("--reason", type=Reason(), required=True, help="Why, for the history.")
@pass_app
def adopt(app: App, skip_serials: int, reason: str) -> None:
    """Let a ledger that was copied or moved issue here, in the place of the other one.

    A copy issues nothing: it would give the serials of the original again. Adopt it where the other is gone, or will
    never issue again. Running it again changes nothing.
    """
    from bss_mfg.ledger.backup import AdoptRequest
    from bss_mfg.ledger.backup import adopt as adopt_ledger

    request = AdoptRequest(skip_serials, reason)
    with app.workspace.exclusive_keys(app.patience):
        numbers = adopt_ledger(app.workspace.ledger_place, request, app.actor)
    if numbers is None:
        say("OK: this ledger issues here already; nothing was changed")
        return
    for name, number in numbers.products.items():
        say(f"Note: {name} continues with running number {number:,}")
    say("OK: this ledger issues here from now on; the other one must not issue any more")


def ledger_place(app: App, named: str) -> LedgerPlace:
    """That of a workspace, of a file, or of a database by its URL; `InputError` where there is none."""
    from bss_mfg.errors import InputError
    from bss_mfg.ledger.place import LedgerPlace, require_url
    from bss_mfg.workspace.workspace import Workspace

    if "://" in named:
        return LedgerPlace(app.workspace.root, require_url(named, "OTHER"))
    other = Path(named)
    if other.is_dir():
        return Workspace.find(str(other), other, {}).ledger_place
    if not other.is_file():
        raise InputError(
            "is not there",
            where=shown_path(other),
            way_out="Name a workspace, the file ledger.db of one, or a database: postgresql://USER@HOST/DATABASE.",
        )
    return LedgerPlace.of_file(other)
