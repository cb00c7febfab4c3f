"""Which radio a command uses, as an option, and that radio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bss_mfg.device.radio import Radio

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
    """The radio that was named; `MissingError` where it is not there, or the Bluetooth libraries are not."""
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
