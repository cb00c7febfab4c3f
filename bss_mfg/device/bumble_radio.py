"""The radio through bumble, a Bluetooth host in Python: a USB, serial or TCP dongle by name, or virtual controllers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from bumble import core, hci
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.transport import open_transport

from bss_mfg.device.beacon import DATA_IN, DATA_OUT, PROVISIONING_SERVICE, Beacon
from bss_mfg.device.gatt_link import GattLink
from bss_mfg.device.pdu import LONGEST_PDU
from bss_mfg.device.radio import Link, LinkLostError, Sighting
from bss_mfg.errors import MissingError, ValueProblem

ATT_HEADER = 3
"""Bytes that a write or a notification takes of the ATT MTU (Core 5.4, vol. 3, part F, 3.4.5 and 3.4.7)."""
_SILENT = (core.BaseBumbleError, TimeoutError)
"""What bumble raises where a controller or a device doesn't answer."""
_POWER_ON_S = 15.0
"""How long a controller is waited for that has no host to talk to, or hangs."""
_WANTED_MTU = LONGEST_PDU + 1 + ATT_HEADER
_NO_ROOM = (hci.HCI_CONNECTION_LIMIT_EXCEEDED_ERROR, hci.HCI_MEMORY_CAPACITY_EXCEEDED_ERROR)
"""What a controller says that has as many links as it can."""
_REMOTE_USER_ENDS = hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR
STATION_ADDRESS = "F5:B5:50:00:00:01"
"""A random static address, as whoever only connects needs no other."""


class BumbleRadio:
    """A powered bumble device that scans and connects. A controller opens one link after the other, and has as many as
    it has room for: then the next one waits until one is closed."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._connecting = asyncio.Lock()
        self._closed = asyncio.Event()

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        """Show `see` what advertises until it returns true or the time is over."""
        done = asyncio.Event()

        def on_advertisement(advertisement: Advertisement) -> None:
            sighting = _sighting(advertisement)
            if sighting is not None and see(sighting):
                done.set()

        self._device.on(Device.EVENT_ADVERTISEMENT, on_advertisement)
        try:
            await self._device.start_scanning(legacy=True)
            try:
                async with asyncio.timeout(seconds):
                    await done.wait()
            except TimeoutError:
                pass
            await self._device.stop_scanning(legacy=True)
        except _SILENT as error:
            raise MissingError(
                "the Bluetooth controller no longer answers",
                way_out="Plug the dongle in again, and repeat the command.",
            ) from error
        finally:
            self._device.remove_listener(Device.EVENT_ADVERTISEMENT, on_advertisement)

    @asynccontextmanager
    async def connect(self, sighting: Sighting, seconds: float) -> AsyncIterator[Link]:
        """A link to a device, closed at the end."""
        try:
            connection = await self._open(hci.Address(sighting.address), seconds)
        except _SILENT as error:
            raise LinkLostError("the device could not be connected") from error
        try:
            async with asyncio.timeout(seconds):
                link = await _provisioning_link(connection)
            yield link
        except _SILENT as error:
            raise LinkLostError("the device left while it was spoken to") from error
        finally:
            with suppress(*_SILENT):  # it may be gone already
                if connection.handle in self._device.connections:
                    await connection.disconnect(_REMOTE_USER_ENDS)
            self._closed.set()

    async def _open(self, address: hci.Address, seconds: float) -> Connection:
        while True:
            async with self._connecting:
                self._closed.clear()
                links = len(self._device.connections)
                try:
                    return await self._device.connect(address, timeout=seconds)
                except core.BaseError as error:
                    if error.error_code not in _NO_ROOM or not links:
                        raise
                await self._closed.wait()


@asynccontextmanager
async def open_bumble_radio(transport: str) -> AsyncIterator[BumbleRadio]:
    """The radio behind a transport as bumble names it: `usb:0`, `serial:/dev/ttyACM0`, `tcp-client:HOST:PORT`."""
    missing = MissingError(
        f"there is no Bluetooth controller at {transport}",
        way_out="Plug the dongle in, or name another transport: usb:0, serial:PORT, tcp-client:HOST:PORT.",
    )
    try:
        opened = await open_transport(transport)
    except Exception as error:
        raise missing from error
    async with opened:
        device = Device.with_hci("bss-mfg", hci.Address(STATION_ADDRESS), opened.source, opened.sink)
        try:
            async with asyncio.timeout(_POWER_ON_S):
                await device.power_on()
        except _SILENT as error:
            raise missing from error
        try:
            yield BumbleRadio(device)
        finally:
            with suppress(*_SILENT):
                await device.power_off()


def _sighting(advertisement: Advertisement) -> Sighting | None:
    """What an advertisement shows of an unprovisioned device; None of anything else."""
    for data in advertisement.data.get_all(core.AdvertisingData.Type.SERVICE_DATA_16_BIT_UUID, raw=True):
        if data[:2] == PROVISIONING_SERVICE.to_bytes(2, "little"):
            try:
                beacon = Beacon.from_service_data(data[2:])
            except ValueProblem:
                return None
            return Sighting(str(advertisement.address), beacon, advertisement.rssi)
    return None


async def _provisioning_link(connection: Connection) -> GattLink:
    peer = Peer(connection)
    mtu = await peer.request_mtu(_WANTED_MTU)
    services = await peer.discover_service(core.UUID.from_16_bits(PROVISIONING_SERVICE))
    if not services:
        raise LinkLostError("the device has no Mesh Provisioning Service")
    await services[0].discover_characteristics()
    data_in = _characteristic(services[0].get_characteristics_by_uuid(core.UUID.from_16_bits(DATA_IN)))
    data_out = _characteristic(services[0].get_characteristics_by_uuid(core.UUID.from_16_bits(DATA_OUT)))
    link = GattLink(data_in.write_value, mtu - ATT_HEADER)
    connection.on(Connection.EVENT_DISCONNECTION, lambda _: link.lost())
    await data_out.subscribe(link.notified)
    return link


def _characteristic(found: list[CharacteristicProxy[bytes]]) -> CharacteristicProxy[bytes]:
    if not found:
        raise LinkLostError("the device's Mesh Provisioning Service lacks a characteristic")
    return found[0]
