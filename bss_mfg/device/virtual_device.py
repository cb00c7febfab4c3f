"""A simulated device on air: a provisionee behind a GATT server of bumble, on a virtual link or a real controller."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from bumble import core, hci
from bumble.controller import Controller
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport import open_transport

from bss_mfg.device.beacon import DATA_IN, DATA_OUT, PROVISIONING_SERVICE
from bss_mfg.device.bumble_radio import ATT_HEADER, STATION_ADDRESS, BumbleRadio
from bss_mfg.device.pdu import MalformedPduError
from bss_mfg.device.provisionee import Provisionee
from bss_mfg.device.proxy_pdu import Reassembler, segments
from bss_mfg.errors import InputError, from_os_error

_DEVICES_FROM = 0xF0B55D000000
"""The first random static address of virtual devices."""


class VirtualDevice:
    """Advertises what its provisionee shows, and takes one link after the other."""

    def __init__(self, device: Device, provisionee: Provisionee) -> None:
        self._device = device
        self._provisionee = provisionee
        self._reassembler = Reassembler()
        self._connection: Connection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._data_out: Characteristic[bytes] = Characteristic(
            core.UUID.from_16_bits(DATA_OUT), Characteristic.Properties.NOTIFY, Characteristic.Permissions(0)
        )
        data_in: Characteristic[bytes] = Characteristic(
            core.UUID.from_16_bits(DATA_IN),
            Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
            Characteristic.WRITEABLE,
            CharacteristicValue(write=self._written),
        )
        device.add_service(Service(core.UUID.from_16_bits(PROVISIONING_SERVICE), [data_in, self._data_out]))
        device.on(Device.EVENT_CONNECTION, self._connected)

    async def start(self) -> None:
        """Advertise."""
        await self._device.power_on()
        await self._advertise()

    async def stop(self) -> None:
        """Be gone."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._device.power_off()

    async def _advertise(self) -> None:
        beacon = self._provisionee.beacon
        if beacon is None:
            return
        service = PROVISIONING_SERVICE.to_bytes(2, "little")
        kinds = core.AdvertisingData.Type
        shown = core.AdvertisingData(
            [
                (kinds.FLAGS, b"\x06"),
                (kinds.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, service),
                (kinds.SERVICE_DATA_16_BIT_UUID, service + beacon.service_data),
            ]
        )
        await self._device.start_advertising(advertising_data=bytes(shown), advertising_interval_min=20)

    def _connected(self, connection: Connection) -> None:
        self._reassembler = Reassembler()
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._disconnected)

    def _disconnected(self, _: int) -> None:
        self._connection = None
        self._provisionee.end_link()
        self._later(self._advertise())

    async def _written(self, connection: Connection, data: bytes) -> None:
        if connection is not self._connection:
            return  # what was written just before its link ended is not the next one's
        try:
            pdu = self._reassembler.add(data)
        except MalformedPduError:
            self._later(connection.disconnect())
            return
        if pdu is None:
            return
        for answer in self._provisionee.receive(pdu):
            for piece in segments(answer, connection.att_mtu - ATT_HEADER):
                await self._device.notify_subscriber(connection, self._data_out, piece)
        if self._provisionee.wants_to_end_link:
            self._later(connection.disconnect())

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def virtual_air(provisionees: list[Provisionee]) -> AsyncIterator[BumbleRadio]:
    """Simulated devices and a radio that sees them, all in this process."""
    link = LocalLink()  # type: ignore[no-untyped-call]
    station = _virtual_host(link, "station", STATION_ADDRESS)
    async with _on_link(link, provisionees):
        await station.power_on()
        try:
            yield BumbleRadio(station)
        finally:
            await station.power_off()


@asynccontextmanager
async def served_air(provisionees: list[Provisionee], port: int) -> AsyncIterator[None]:
    """Simulated devices, and a controller that sees them for whoever connects to a port of this computer: its radio is
    `tcp-client:127.0.0.1:PORT`. `InputError` where the port is taken."""
    link = LocalLink()  # type: ignore[no-untyped-call]
    try:
        transport = await open_transport(f"tcp-server:127.0.0.1:{port}")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                "another program waits at this port, or another simulated device",
                where=f"127.0.0.1:{port}",
                way_out="End it, or give another port with --port.",
            ) from error
        raise from_os_error(error, f"waiting at port {port}", f"127.0.0.1:{port}") from error
    async with transport, _on_link(link, provisionees):
        Controller("station", host_source=transport.source, host_sink=transport.sink, link=link)
        yield


@asynccontextmanager
async def _on_link(link: LocalLink, provisionees: list[Provisionee]) -> AsyncIterator[None]:
    devices = [
        VirtualDevice(_virtual_host(link, f"device {number}", _address(number)), provisionee)
        for number, provisionee in enumerate(provisionees)
    ]
    for device in devices:
        await device.start()
    try:
        yield
    finally:
        for device in devices:
            await device.stop()


def _virtual_host(link: LocalLink, name: str, address: str) -> Device:
    host = Host()
    host.controller = Controller(name, link=link)
    return Device(name=name, address=hci.Address(address), host=host)


def _address(number: int) -> str:
    digits = f"{_DEVICES_FROM + number:012X}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
