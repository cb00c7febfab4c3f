"""carton, pallet: what was packed by scanning."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_text, say
from bss_mfg.cli.parameters import Reason

if TYPE_CHECKING:
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.packing_records import LogisticUnit, UnitKind


def _group(kind: UnitKind, words: str) -> click.Group:
    """The commands of cartons, or of pallets."""

    @click.group(kind, help=words)
    def group() -> None: ...

    @group.command("list", epilog=f"Example: bss-mfg {kind} list")
    @json_option
    @pass_app
    def list_(app: App, as_json: bool) -> None:
        with app.workspace.open_ledger(app.actor) as ledger:
            units = ledger.packing.all(kind)
        if as_json:
            print_json([_record(unit) for unit in units])
            return
        for unit in units:
            print_text(_line(app, unit))

    @group.command("show", epilog=f"Example: bss-mfg {kind} show 17")
    @click.argument("code", metavar="CODE", shell_complete=suggestions.LOGISTIC_UNITS[kind])
    @json_option
    @pass_app
    def show(app: App, code: str, as_json: bool) -> None:
        with app.workspace.open_ledger(app.actor) as ledger:
            unit = named_unit_of(ledger, kind, code)
            cartons = ledger.packing.cartons_on(unit.number)
            held = [
                {"batch": batch, "package": number, "serials": ledger.packages.get(batch, number).serials_text,
                 "carton": ledger.packing.carton_of((batch, number))}
                for batch, number in ledger.packing.contents(unit)
            ]  # fmt: skip
        if as_json:
            more = {"cartons": [_record(one) for one in cartons]} if kind == "pallet" else {}
            print_json({**_record(unit), **more, "packages": held})
            return
        print_text(_line(app, unit))
        for one in cartons:
            print_text(f"  {_line(app, one)}")
        for item in held:
            where = f"  carton {item['carton']}" if kind == "pallet" else ""
            print_text(f"  {item['batch']}  package {item['package']}  {item['serials']}{where}")

    @group.command("reopen", epilog=f'Example: bss-mfg {kind} reopen 17 --reason "wrong box inside"')
    @click.argument("code", metavar="CODE", shell_complete=suggestions.LOGISTIC_UNITS[kind])
    @click.option("--reason", type=Reason(), required=True, help="Why, for the history.")
    @pass_app
    def reopen(app: App, code: str, reason: str) -> None:
        with app.workspace.open_ledger(app.actor) as ledger:
            unit = ledger.packing.reopen(named_unit_of(ledger, kind, code).number, ledger.actor.station, reason)
        say(f"OK: {unit.words} is open at {unit.station}, with {unit.held} of {unit.size}: its label is wrong now")

    list_.help = f"List all {kind}s that were packed by scanning."
    show.help = f"Show what a {kind} holds. CODE: its number, or its scanned label."
    reopen.help = (
        f"Open a closed {kind} again at this table; its label is made anew when it is closed. CODE: as for show."
    )
    return group


def named_unit_of(ledger: Ledger, kind: UnitKind, code: str) -> LogisticUnit:
    """The carton or pallet that a code or number names; `InputError` where it names none."""
    from bss_mfg.errors import InputError
    from bss_mfg.ledger.logistic_codes import named_logistic_unit

    unit = named_logistic_unit(ledger, code, bare=True)
    if unit is None or unit.kind != kind:
        what = f"is {unit.words}" if unit else "names none"
        raise InputError(f"{code[:40]!a} is no {kind}: it {what}", way_out=f"`bss-mfg {kind} list` shows all.")
    return unit


def _record(unit: LogisticUnit) -> dict[str, Any]:
    """A carton or pallet as JSON."""
    return {"number": unit.number, **{name: value for name, value in asdict(unit).items() if name != "number"}}


def _line(app: App, unit: LogisticUnit) -> str:
    state = f"closed {app.zone.shown(unit.closed_at)}" if unit.closed_at else f"open at {unit.station}"
    sscc = f"  SSCC {unit.sscc}" if unit.sscc else ""
    on = f"  on pallet {unit.pallet}" if unit.pallet else ""
    return f"{unit.words}  {unit.held} of {unit.size}  {state}{sscc}{on}"


carton = _group("carton", "List, show and reopen cartons that were packed by scanning.")
pallet = _group("pallet", "List, show and reopen pallets of such cartons.")
