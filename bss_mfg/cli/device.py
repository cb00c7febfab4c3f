"""device scan, device check, device simulate."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, say
from bss_mfg.cli.parameters import Number, WholeNumber

if TYPE_CHECKING:
    from bss_mfg.device.check import CheckedDevice
    from bss_mfg.device.nearby import Nearby
    from bss_mfg.device.provisionee import Provisionee
    from bss_mfg.device.radio import Radio, Sighting
    from bss_mfg.device.unit_checks import UnitToCheck
    from bss_mfg.ledger.ledger import Ledger

_PORT = 9127
_SYSTEM = "system"

_MEANINGS = {
    "proven": "it knows the key",
    "not-this-key": "it holds another key than this unit's",
    "trimmed-key": "it uses only a part of the key, padded with zeros",
    "reversed-key": "it uses the key from its last byte to its first",
    "text-key": "it uses the hex digits of the key as if they were its bytes",
    "zero-key": "it uses a key of zeros",
    "reflection": "it sent our own messages back, and has shown nothing (CVE-2020-26560)",
    "bad-public-key": "its public key isn't a point of the curve",
    "only-cmac": "it can't use a key of 32 bytes; with CMAC a peer can compute the key (CVE-2020-26559)",
    "only-hmac": "it can't use a key of 16 bytes",
    "no-algorithm": "it offers no algorithm of Mesh Protocol 1.1",
    "no-static-oob": "it does not offer its Static OOB key",
    "only-without-oob": "it offers no authentication: whoever is near can provision it",
    "refused": "it ended the exchange",
    "unexpected-pdu": "it sent a message that has no place there",
    "malformed": "it sent a message that isn't one of the protocol",
    "no-answer": "it did not answer",
    "link-lost": "the link was lost",
}

radio_option = click.option(
    "--radio",
    "transport",
    default=_SYSTEM,
    show_default=True,
    metavar="RADIO",
    help="`system`, or a dongle as bumble names it: usb:0, serial:PORT, tcp-client:HOST:PORT.",
)


@click.group()
def device() -> None:
    """See devices on air, and let them prove their keys.

    Needs `pip install 'bss-mfg[device]'`.
    """


@device.command(epilog="Example: bss-mfg device scan --seconds 10")
@radio_option
@click.option("--seconds", type=Number(0.1, 3600), default=5.0, show_default=True, help="How long to look.")
@json_option
@pass_app
def scan(app: App, transport: str, seconds: float, as_json: bool) -> None:
    """Show the unprovisioned devices that are near: which unit each is, or that it was not issued here.

    Exit 1: one was not issued here, shows a Device UUID that no device should have, or has a twin.
    """
    from bss_mfg.device.nearby import identify, look

    async def run() -> tuple[Sighting, ...]:
        async with _open_radio(transport) as radio:
            return await look(radio, seconds)

    seen = asyncio.run(run())
    with app.workspace.open_ledger(app.actor) as ledger:
        found = identify(ledger, seen)
    if as_json:
        print_json([_nearby(one) for one in found])
    else:
        rows = [tuple(str(cell or "") for cell in _row(one)) for one in found]
        print_table(rows, ("DEVICE UUID", "ADDRESS", "dBm", "BATCH", "SERIAL", ""))
    if any(one.faults for one in found):
        click.get_current_context().exit(1)


@device.command(epilog="Example: bss-mfg device check bulb-2026-11 ebK300000001")
@click.argument("batch_id", metavar="BATCH")
@click.argument("name", metavar="SERIAL|UUID|-")
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
        unit = _unit(ledger, batch_id, name)
        with app.vault(ledger) as vault:

            async def run() -> CheckedDevice:
                async with _open_radio(transport) as radio:
                    source = KeySource(ledger, vault, reason.strip())
                    return await check_unit(radio, unit, source, Patience(find=find_s))

            found = asyncio.run(run())
    if as_json:
        print_json(_document(unit, found))
    say(_told(unit, found))
    if not found.passed:
        click.get_current_context().exit(1)


@device.command(epilog="Example: bss-mfg device simulate bulb-2026-11 ebK300000001 --fault other-key")
@click.argument("batch_id", metavar="BATCH")
@click.argument("name", metavar="SERIAL|UUID")
@click.option("--fault", default="", metavar="FAULT", help="What it does wrong; `list` shows what there is.")
@click.option("--port", type=WholeNumber(1, 65535), default=_PORT, show_default=True, help="Of this computer.")
@click.option("--seconds", type=Number(0.1), help="End after this time (default: at Ctrl-C).")
@pass_app
def simulate(app: App, batch_id: str, name: str, fault: str, port: int, seconds: float | None) -> None:
    """Be the device of a unit, as the specification says or with a fault, on virtual Bluetooth of this computer.

    `device scan` and `device check` see it with --radio tcp-client:127.0.0.1:PORT. Only of development batches.
    """
    from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
    from bss_mfg.device.unit_keys import open_unit_key
    from bss_mfg.errors import RefusedError

    if fault == "list":
        for one in Fault:
            click.echo(one.value)
        return
    if fault and fault not in [one.value for one in Fault]:
        raise click.BadParameter(f"{fault!r} is not one; `--fault list` shows them.", param_hint="--fault")
    with app.workspace.open_ledger(app.actor) as ledger:
        unit = _unit(ledger, batch_id, name)
        if ledger.batches.get(batch_id).stage != "development":
            raise RefusedError(
                "is a production batch: a computer that answers as its device would be a copy of it",
                where=f"batch {batch_id}",
                way_out="Simulate units of a development batch.",
            )
        with app.vault(ledger) as vault:
            key = open_unit_key(ledger, vault, batch_id, unit.number)
    provisionee = Provisionee(DeviceIdentity(unit.uuid, key), Fault(fault) if fault else None)
    told = f"{unit.serial} is on air: --radio tcp-client:127.0.0.1:{port}. Ctrl-C ends it."
    try:
        asyncio.run(_stay(provisionee, port, seconds, told))
    finally:
        provisionee.wipe()


async def _stay(device: Provisionee, port: int, seconds: float | None, told: str) -> None:
    from bss_mfg.device.virtual_device import served_air

    async with served_air([device], port):
        say(told)
        if seconds is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(seconds)


@asynccontextmanager
async def _open_radio(transport: str) -> AsyncIterator[Radio]:
    from bss_mfg.errors import MissingError

    try:
        if transport == _SYSTEM:
            from bss_mfg.device.bleak_radio import BleakRadio

            yield BleakRadio()
        else:
            from bss_mfg.device.bumble_radio import open_bumble_radio

            async with open_bumble_radio(transport) as radio:
                yield radio
    except ImportError as error:
        raise MissingError(
            "the Bluetooth libraries are not installed", way_out="Install them: `pip install 'bss-mfg[device]'`."
        ) from error


def _unit(ledger: Ledger, batch_id: str, name: str) -> UnitToCheck:
    """The unit that was named, by its serial, Device UUID or barcode."""
    from bss_mfg.cli.unit_names import named_units
    from bss_mfg.device.unit_checks import UnitToCheck

    ledger.batches.get(batch_id)
    (serial,) = named_units(ledger, batch_id, [name])
    unit = ledger.units.find(batch_id, "serial", [serial])[-1]
    return UnitToCheck(batch_id, unit.number, unit.serial, uuid.UUID(unit.uuid))


def _nearby(one: Nearby) -> dict[str, object]:
    beacon = one.sighting.beacon
    return {
        "uuid": str(beacon.uuid),
        "address": one.sighting.address,
        "signal": one.sighting.signal,
        "oob_information": int(beacon.oob_information),
        "batch": one.batch,
        "serial": one.serial,
        "faults": [fault.value for fault in one.faults],
    }


def _row(one: Nearby) -> tuple[object, ...]:
    sighting, faults = one.sighting, ", ".join(fault.value for fault in one.faults)
    return sighting.beacon.uuid, sighting.address, sighting.signal, one.batch, one.serial, faults


def _document(unit: UnitToCheck, found: CheckedDevice) -> dict[str, object]:
    verdict = found.verdict
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
        "uuid_swapped": found.uuid_swapped,
        "unprovisioned_after": found.unprovisioned_after,
    }


def _told(unit: UnitToCheck, found: CheckedDevice) -> str:
    if found.verdict is None:
        return f"FAILED: {unit.serial}: no device near shows its Device UUID {unit.uuid}"
    words = [_MEANINGS[found.verdict.kind.value]]
    if found.verdict.code is not None:
        words.append(f"code {found.verdict.code}")
    if found.uuid_swapped:
        words.append("it shows its Device UUID with the bytes in another order")
    if not found.unprovisioned_after:
        words.append("it no longer advertises as unprovisioned")
    return f"{'PROVEN' if found.passed else 'FAILED'}: {unit.serial}: {'; '.join(words)}"
