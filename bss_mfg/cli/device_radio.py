"""What commands share that speak to devices: the radio, and the unit that a device should be."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bss_mfg.cli.common import App
    from bss_mfg.device.radio import Radio
    from bss_mfg.device.unit_checks import UnitToCheck
    from bss_mfg.ledger.ledger import Ledger

_SYSTEM = "system"

radio_option = click.option(
    "--radio",
    "transport",
    default=_SYSTEM,
    show_default=True,
    metavar="RADIO",
    help="`system`, or a dongle as bumble names it: usb:0, serial:PORT, tcp-client:HOST:PORT.",
)


@asynccontextmanager
async def open_radio(transport: str) -> AsyncIterator[Radio]:
    """The radio that was named."""
    from bss_mfg.errors import MissingError
    from bss_mfg.installation import how_to_add

    try:
        if transport == _SYSTEM:
            from bss_mfg.device.bleak_radio import BleakRadio

            yield BleakRadio()
        else:
            from bss_mfg.device.bumble_radio import open_bumble_radio

            async with open_bumble_radio(transport) as radio:
                yield radio
    except ImportError as error:
        raise MissingError("the Bluetooth libraries are not installed", way_out=how_to_add("device")) from error


def find_unit(app: App, ledger: Ledger, batch_id: str, name: str) -> UnitToCheck:
    """The unit that was named, by its serial, Device UUID or barcode, with what its product says of its device."""
    from bss_mfg.cli.unit_names import named_units
    from bss_mfg.device.unit_checks import UnitToCheck

    batch = ledger.batches.get(batch_id)
    (serial,) = named_units(ledger, batch_id, [name])
    unit = ledger.units.find(batch_id, "serial", [serial])[-1]
    return UnitToCheck(
        batch_id, unit.number, unit.serial, uuid.UUID(unit.uuid), app.workspace.expected_oob(batch.product)
    )
