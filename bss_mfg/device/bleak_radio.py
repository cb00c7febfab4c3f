"""The radio that the system has: BlueZ, Windows or macOS, through bleak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from bleak import BleakClient, BleakScanner
from bleak.args.bluez import BlueZScannerArgs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from bleak.uuids import normalize_uuid_16

from bss_mfg.device.beacon import DATA_IN, DATA_OUT, PROVISIONING_SERVICE, Beacon
from bss_mfg.device.gatt_link import GattLink
from bss_mfg.device.radio import Link, LinkLostError, Sighting
from bss_mfg.errors import MissingError, ValueProblem

_SERVICE = normalize_uuid_16(PROVISIONING_SERVICE)
_EACH_ADVERTISEMENT: BlueZScannerArgs = {"filters": {"DuplicateData": True}}
"""Else BlueZ tells only of changes, and with another program looking, too, a device that shows the same as before isn't
seen again."""
_REMEMBERED_DBM = -127
"""The signal that bleak gives where BlueZ tells other news of a device, with what it advertised once."""

_SYSTEM_FAILED = (BleakError, OSError, EOFError)
"""What bleak lets through: a TimeoutError is an OSError, and a D-Bus that ends amid an answer is an EOFError."""


class BleakRadio:
    """Scans, and connects one device after the other, as BlueZ does no two at once. The two classes are bleak's; a test
    brings its own."""

    def __init__(self, scanner: type[BleakScanner] = BleakScanner, client: type[BleakClient] = BleakClient) -> None:
        self._scanner = scanner
        self._client = client
        self._devices: dict[str, BLEDevice] = {}
        self._connecting = asyncio.Lock()

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        """Show `see` what advertises until it returns true or the time is over."""
        done = asyncio.Event()

        def on_advertisement(device: BLEDevice, shown: AdvertisementData) -> None:
            data = shown.service_data.get(_SERVICE)
            if data is None or shown.rssi == _REMEMBERED_DBM:
                return
            try:
                sighting = Sighting(device.address, Beacon.from_service_data(data), shown.rssi)
            except ValueProblem:
                return
            self._devices[device.address] = device  # the system connects what it has seen itself
            if see(sighting):
                done.set()

        try:
            async with self._scanner(on_advertisement, service_uuids=[_SERVICE], bluez=_EACH_ADVERTISEMENT):
                try:
                    async with asyncio.timeout(seconds):
                        await done.wait()
                except TimeoutError:
                    pass
        except _SYSTEM_FAILED as error:
            raise MissingError(
                "this computer's Bluetooth can't be used",
                way_out="Switch it on, and let this program use it in the system's settings.",
            ) from error

    @asynccontextmanager
    async def connect(self, sighting: Sighting, seconds: float) -> AsyncIterator[Link]:
        """A link to a device, closed at the end."""
        links: list[GattLink] = []

        def on_disconnect(_: BleakClient) -> None:
            for link in links:
                link.lost()

        device = self._devices.get(sighting.address, sighting.address)
        try:
            async with AsyncExitStack() as stack:
                async with self._connecting:
                    made = self._client(device, on_disconnect, services=[_SERVICE], timeout=seconds)
                    client = await stack.enter_async_context(made)
                data_in = _characteristic(client, DATA_IN)

                async def write(data: bytes) -> None:
                    await client.write_gatt_char(data_in, data, response=False)

                link = GattLink(write, data_in.max_write_without_response_size)
                links.append(link)
                await client.start_notify(_characteristic(client, DATA_OUT), lambda _, data: link.notified(bytes(data)))
                yield link
        except _SYSTEM_FAILED as error:
            raise LinkLostError("the device could not be connected, or left") from error


def _characteristic(client: BleakClient, number: int) -> BleakGATTCharacteristic:
    found = client.services.get_characteristic(normalize_uuid_16(number))
    if found is None:
        raise LinkLostError("the device's Mesh Provisioning Service lacks a characteristic")
    return found
