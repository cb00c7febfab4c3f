"""device scan, device check, device report, device simulate."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, print_words, say
from bss_mfg.cli.device_radio import find_unit, open_radio, radio_option
from bss_mfg.cli.device_report import report
from bss_mfg.cli.parameters import Number, WholeNumber
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.device.check import CheckedDevice
    from bss_mfg.device.nearby import Nearby
    from bss_mfg.device.provisionee import Provisionee
    from bss_mfg.device.radio import Sighting
    from bss_mfg.device.unit_checks import UnitToCheck
    from bss_mfg.ledger.ledger import Ledger

_PORT = 9127


@click.group()
def device() -> None:
    """See devices on air, and let them prove their keys.

    Needs the extra 'device' (docs/install.md), which bundles have.
    """


device.add_command(report)


@device.command(epilog="Example: bss-mfg device scan --batch bulb-2026-11 --seconds 10")
@radio_option
@click.option(
    "--batch",
    "batch_id",
    metavar="BATCH",
    shell_complete=suggestions.batches,
    help="Only this batch's devices should be near.",
)
@click.option("--seconds", type=Number(0.1, 3600), default=5.0, show_default=True, help="How long to look.")
@json_option
@pass_app
def scan(app: App, transport: str, batch_id: str | None, seconds: float, as_json: bool) -> None:
    """Show the unprovisioned devices that are near: which unit each is, or that it was not issued here.

    Exit 1: one was not issued here, is of another batch than --batch or scrapped, shows a Device UUID that no device
    should have, has a twin, or shows other OOB information than its product says.
    """
    from bss_mfg.device.looking import look
    from bss_mfg.device.nearby import Expected, identify

    async def run() -> tuple[Sighting, ...]:
        async with open_radio(transport) as radio:
            return await look(radio, seconds)

    with app.workspace.open_ledger(app.actor) as ledger:
        if batch_id is not None:
            ledger.batches.get(batch_id)
        expected = Expected(app.workspace.expected_oob, batch_id)
        found = identify(ledger, asyncio.run(run()), expected)
        proven = _count_proven(ledger, batch_id, found) if batch_id else 0
    if as_json:
        print_json([_nearby(one) for one in found])
    else:
        rows = [tuple(str(cell or "") for cell in _row(one)) for one in found]
        print_table(rows, ("DEVICE UUID", "ADDRESS", "dBm", "OOB INFORMATION", "BATCH", "SERIAL", ""))
    if batch_id:
        of_batch = sum(one.batch == batch_id for one in found)
        say(f"{count_words(len(found), 'device')} near, {of_batch:,} of batch {batch_id}, {proven:,} of these proven")
    if any(one.faults for one in found):
        click.get_current_context().exit(1)


def _count_proven(ledger: Ledger, batch_id: str, found: Sequence[Nearby]) -> int:
    serials = [one.serial for one in found if one.batch == batch_id and one.serial]
    proven = ledger.device_checks.proven(batch_id)
    return sum(unit.number in proven for unit in ledger.units.find(batch_id, "serial", serials))


@device.command(epilog="Example: bss-mfg device check bulb-2026-11 ebK300000001")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("name", metavar="SERIAL|UUID|-", shell_complete=suggestions.serials)
@radio_option
@click.option("--find", "find_s", type=Number(0.1, 600), default=10.0, help="Seconds to look for the device.")
@click.option("--again", is_flag=True, help="Check a unit that was checked three times.")
@click.option("--reason", default="", help="With --again: why, for the history.")
@json_option
@pass_app
def check(
    app: App, batch_id: str, name: str, transport: str, find_s: float, again: bool, reason: str, as_json: bool
) -> None:
    """Let the device of a unit prove that it knows the unit's Static OOB key, without provisioning it.

    The device is found by its Device UUID; - reads the name from standard input. Exit 0: PROVEN under its own UUID, and
    still unprovisioned afterwards; 1: not. Each attempt stands in the history; a fourth one of a unit needs --again and
    --reason.
    """
    from bss_mfg.device.check import Patience
    from bss_mfg.device.unit_checks import KeySource, check_unit

    if again != bool(reason.strip()):
        raise click.UsageError("--again needs --reason TEXT, and the other way round: why, for the history.")
    name = sys.stdin.readline().strip() if name == "-" else name
    with app.workspace.open_ledger(app.actor) as ledger:
        unit = find_unit(app, ledger, batch_id, name)
        with app.vault(ledger) as vault:

            async def run() -> CheckedDevice:
                async with open_radio(transport) as radio:
                    source = KeySource(ledger, vault, reason.strip())
                    return await check_unit(radio, unit, source, Patience(find=find_s))

            found = asyncio.run(run())
    if as_json:
        print_json(_document(unit, found))
    say(_told(unit, found))
    if not found.passed:
        click.get_current_context().exit(1)


def _list_faults(context: click.Context, _: click.Parameter, fault: str) -> str:
    """`--fault list` needs no batch."""
    from bss_mfg.device.provisionee import Fault

    known = [one.value for one in Fault]
    if fault == "list":
        for one in known:
            print_words(one)
        context.exit()
    if fault and fault not in known:
        raise click.BadParameter(f"{fault!r} is not one; `--fault list` shows them.")
    return fault


@device.command(epilog="Example: bss-mfg device simulate bulb-2026-11 ebK300000001 --fault other-key")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("names", metavar="SERIAL|UUID...", nargs=-1, required=True, shell_complete=suggestions.serials)
@click.option(
    "--fault",
    default="",
    metavar="FAULT",
    is_eager=True,
    callback=_list_faults,
    help="What it does wrong (of several: the first); `list` shows what there is.",
)
@click.option("--port", type=WholeNumber(1, 65535), default=_PORT, show_default=True, help="Of this computer.")
@click.option("--seconds", type=Number(0.1), help="End after this time (default: at Ctrl-C).")
@pass_app
def simulate(app: App, batch_id: str, names: tuple[str, ...], fault: str, port: int, seconds: float | None) -> None:
    """Be the device of a unit, as the specification says or with a fault, on virtual Bluetooth of this computer.

    Of several units, all of their devices; of a unit that is named twice, two that show its Device UUID. `device scan`,
    `device check`, `device report` and `station pair` see them with --radio tcp-client:127.0.0.1:PORT, one of these at
    a time. Only of development batches.
    """
    from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
    from bss_mfg.device.unit_keys import open_unit_key
    from bss_mfg.errors import RefusedError
    from bss_mfg.oob_information import OobInformation

    with app.workspace.open_ledger(app.actor) as ledger:
        units = [find_unit(app, ledger, batch_id, name) for name in names]
        if ledger.batches.get(batch_id).stage != "development":
            raise RefusedError(
                "is a production batch: a computer that answers as its device would be a copy of it",
                where=f"batch {batch_id}",
                way_out="Simulate units of a development batch.",
            )
        with app.vault(ledger) as vault:
            keys = [open_unit_key(ledger, vault, batch_id, unit.number) for unit in units]
    devices = [
        Provisionee(
            DeviceIdentity(unit.uuid, key, unit.oob_expected or OobInformation.NONE),
            Fault(fault) if fault and not at else None,
        )
        for at, (unit, key) in enumerate(zip(units, keys, strict=True))
    ]
    who = f"{', '.join(unit.serial for unit in units)} {'is' if len(units) == 1 else 'are'} on air"
    told = f"{who}: --radio tcp-client:127.0.0.1:{port}. Ctrl-C ends {'it' if len(units) == 1 else 'them'}."
    try:
        asyncio.run(_stay(devices, port, seconds, told))
    finally:
        for one in devices:
            one.wipe()


async def _stay(devices: list[Provisionee], port: int, seconds: float | None, told: str) -> None:
    from bss_mfg.device.virtual_device import served_air

    async with served_air(devices, port):
        say(told)
        if seconds is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(seconds)


def _nearby(one: Nearby) -> dict[str, object]:
    from bss_mfg.oob_information import oob_names

    beacon = one.sighting.beacon
    return {
        "uuid": str(beacon.uuid),
        "address": one.sighting.address,
        "signal": one.sighting.signal,
        "oob_information": int(beacon.oob_information),
        "oob_names": oob_names(beacon.oob_information),
        "batch": one.batch,
        "serial": one.serial,
        "faults": [fault.value for fault in one.faults],
    }


def _row(one: Nearby) -> tuple[object, ...]:
    from bss_mfg.oob_information import oob_names

    sighting, faults = one.sighting, ", ".join(fault.value for fault in one.faults)
    shown = ", ".join(oob_names(sighting.beacon.oob_information))
    return sighting.beacon.uuid, sighting.address, sighting.signal, shown, one.batch, one.serial, faults


def _document(unit: UnitToCheck, found: CheckedDevice) -> dict[str, object]:
    from bss_mfg.oob_information import oob_names

    verdict, shown = found.verdict, found.sighting.beacon.oob_information if found.sighting else None
    return {
        "batch": unit.batch,
        "serial": unit.serial,
        "uuid": str(unit.uuid),
        "passed": found.passed,
        "found": found.sighting is not None,
        "address": found.sighting.address if found.sighting else None,
        "signal": found.sighting.signal if found.sighting else None,
        "verdict": verdict.kind.value if verdict else None,
        "awaited": verdict.awaited.value if verdict else None,
        "code": verdict.code if verdict else None,
        "remarks": sorted(remark.value for remark in verdict.remarks) if verdict else [],
        "faults": [fault.value for fault in found.faults],
        "twin": found.twin.address if found.twin else None,
        "oob_information": shown,
        "oob_names": None if shown is None else oob_names(shown),
        "oob_expected": found.oob_expected,
        "uuid_swapped": found.uuid_swapped,
        "unprovisioned_after": found.unprovisioned_after,
    }


def _told(unit: UnitToCheck, found: CheckedDevice) -> str:
    from bss_mfg.station.device_words import check_words, remark_words

    uuid_words = "" if found.verdict else f" ({unit.uuid})"
    word = "PROVEN" if found.passed else "FAILED"
    lines = [f"{word}: {unit.serial}{uuid_words}: {check_words(found)}"]
    return "\n".join([*lines, *(f"  {words}" for words in remark_words(found))])
