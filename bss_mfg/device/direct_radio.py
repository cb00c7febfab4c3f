"""A radio that leads to simulated devices in this process, without Bluetooth: for the demo, and for quick tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from bss_mfg.device.provisionee import Provisionee
from bss_mfg.device.radio import Link, LinkLostError, Sighting

_SIGNAL_DBM = -40


class DirectRadio:
    """Sees and connects devices as far as a provisionee has a radio: whole PDUs, no GATT, nothing lost."""

    def __init__(self, devices: Sequence[Provisionee]) -> None:
        self._devices = {f"simulated {number}": device for number, device in enumerate(devices, 1)}

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        """Show `see` each device once: who is not there doesn't come, so nobody waits."""
        for address, device in self._devices.items():
            beacon = device.beacon
            if beacon is not None and see(Sighting(address, beacon, _SIGNAL_DBM)):
                return

    @asynccontextmanager
    async def connect(self, sighting: Sighting, seconds: float) -> AsyncIterator[Link]:
        """A link to a device, closed at the end."""
        device = self._devices[sighting.address]
        try:
            yield _DirectLink(device)
        finally:
            device.end_link()


class _DirectLink:
    def __init__(self, device: Provisionee) -> None:
        self._device = device
        self._arrived: list[bytes] = []

    async def send(self, pdu: bytes) -> None:
        self._arrived += self._device.receive(pdu)

    async def receive(self) -> bytes:
        if self._arrived:
            return self._arrived.pop(0)
        if self._device.wants_to_end_link:
            raise LinkLostError("the device ended the link")
        await asyncio.Event().wait()
        raise AssertionError
