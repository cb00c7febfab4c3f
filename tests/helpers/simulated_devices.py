"""Simulated devices of a batch's units, in this process or on the air of a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.unit_keys import open_unit_key
from bss_mfg.device.virtual_device import served_air
from bss_mfg.oob_information import OobInformation
from tests.helpers.factory import Factory


def provisionee(
    factory: Factory, number: int, fault: Fault | None = None, shown: OobInformation = OobInformation.NONE
) -> Provisionee:
    """The device of a unit."""
    with factory.ledger() as ledger, factory.workspace.open_vault(ledger) as vault:
        (unit,) = ledger.units.find("B1", "number", [number])
        key = open_unit_key(ledger, vault, "B1", number)
    return Provisionee(DeviceIdentity(uuid.UUID(unit.uuid), key, shown), fault)


@contextmanager
def on_air(*devices: Provisionee) -> Iterator[str]:
    """The radio that sees simulated devices, which live in a thread."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ready, loop, ended = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def stay() -> None:
        async with served_air(list(devices), port):
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(stay()))
    thread.start()
    assert ready.wait(60)
    try:
        yield f"tcp-client:127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        loop.close()
