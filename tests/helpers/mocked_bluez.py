"""BlueZ on a D-Bus of its own: python-dbusmock's template for adapter and device, and a simulated device behind it.

The template knows no GATT. What it is asked is followed by its signal `MethodCalled`, and what a device would do then
is done here: services appear, a write is answered by notifications, a link ends.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from bss_mfg.device.proxy_pdu import Reassembler, segments
from tests.helpers.direct_radio import Peer

SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's, for which its python-dbusmock is installed."""
ADAPTER = "/org/bluez/hci0"
ADDRESS = "F0:B5:5D:00:00:01"
DEVICE = f"{ADAPTER}/dev_{ADDRESS.replace(':', '_')}"
SERVICE = f"{DEVICE}/service000a"
DATA_IN, DATA_OUT = f"{SERVICE}/char000b", f"{SERVICE}/char000d"
SERVICE_UUID, DATA_IN_UUID, DATA_OUT_UUID = (
    f"0000{number}-0000-1000-8000-00805f9b34fb" for number in ("1827", "2adb", "2adc")
)
ROOM = 20
"""Bytes of a write or a notification with the smallest MTU."""
SIGNAL = -60
Daemon = subprocess.Popen[bytes]
_DEVICE, _ADAPTER, _MOCK = "org.bluez.Device1", "org.bluez.Adapter1", "org.freedesktop.DBus.Mock"
_SERVICE, _CHARACTERISTIC = "org.bluez.GattService1", "org.bluez.GattCharacteristic1"
_PROPERTIES, _OBJECTS = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"


@contextmanager
def private_bus(folder: Path) -> Iterator[Daemon]:
    """A message bus that this process, and who is started by it, takes for the system's."""
    address = f"unix:path={folder}/bus"
    before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
    command = ["dbus-daemon", "--session", "--nofork", f"--address={address}", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as bus:
        try:
            assert bus.stdout is not None
            bus.stdout.readline()
            yield bus
        finally:
            bus.terminate()
            if before is None:
                del os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
            else:
                os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = before


class MockedBluez:
    """What the template is told, and what it was asked."""

    def __init__(self, bus: MessageBus, daemon: Daemon, mock: Daemon, peer: Peer) -> None:
        self._bus = bus
        self.daemon = daemon
        self.mock = mock
        self._peer = peer
        self._written = Reassembler()
        self._notifies = False
        self._asked: asyncio.Queue[Message] = asyncio.Queue()
        bus.add_message_handler(self._heard)

    def _heard(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.member == "MethodCalled":
            self._asked.put_nowait(message)

    async def call(self, path: str, interface: str, member: str, signature: str, *body: object) -> None:
        """A method of the mock's."""
        message = Message("org.bluez", path, interface, member, signature=signature, body=list(body))
        answer = await self._bus.call(message)
        assert answer is not None
        assert answer.message_type is MessageType.METHOD_RETURN, answer.body

    async def start(self) -> None:
        """An adapter; a device that was seen before, and whose advertisement is remembered."""
        rule = f"type='signal',interface='{_MOCK}',member='MethodCalled'"
        bus = "org.freedesktop.DBus"
        await self._bus.call(Message(bus, "/org/freedesktop/DBus", bus, "AddMatch", signature="s", body=[rule]))
        await self.call("/", "org.bluez.Mock", "AddAdapter", "ss", "hci0", "a computer")
        await self.call(ADAPTER, _MOCK, "AddProperty", "ssv", _ADAPTER, "Roles", Variant("as", ["central"]))
        await self.call("/", "org.bluez.Mock", "AddDevice", "sss", "hci0", ADDRESS, "a device")

    async def serve(self) -> None:
        """Do what a device would do, until cancelled."""
        while True:
            asked = await self._asked.get()
            name, arguments = asked.body
            match name:
                case "StartDiscovery":
                    await self._advertise()
                case "StopDiscovery":
                    await self.change(DEVICE, _DEVICE, "RSSI")  # BlueZ remembers the rest of an advertisement
                case "Connect":
                    await self._show_services()
                case "Disconnect":
                    await self._end_link()
                case "StartNotify":
                    self._notifies = True
                case "WriteValue":
                    await self._take(arguments[0].value)

    async def change(self, path: str, interface: str, *gone: str, **properties: Variant) -> None:
        """Tell that properties have other values, or are gone. (The mock itself can keep none like ServiceData.)"""
        told = [Variant("s", interface), Variant("a{sv}", properties), Variant("as", list(gone))]
        await self.call(path, _MOCK, "EmitSignal", "sssav", _PROPERTIES, "PropertiesChanged", "sa{sv}as", told)

    async def _advertise(self) -> None:
        beacon = self._peer.beacon
        if beacon is None:
            return
        data = Variant("a{sv}", {SERVICE_UUID: Variant("ay", beacon.service_data)})
        shown = {"ServiceData": data, "ManufacturerData": Variant("a{qv}", {}), "UUIDs": Variant("as", [SERVICE_UUID])}
        await self.change(DEVICE, _DEVICE, RSSI=Variant("n", SIGNAL), **shown)

    async def _show_services(self) -> None:
        service = {"UUID": Variant("s", SERVICE_UUID), "Device": Variant("o", DEVICE), "Primary": Variant("b", True)}
        await self._add(SERVICE, _SERVICE, service, [])
        for path, number, flag in (
            (DATA_IN, DATA_IN_UUID, "write-without-response"),
            (DATA_OUT, DATA_OUT_UUID, "notify"),
        ):
            shown = {"UUID": Variant("s", number), "Service": Variant("o", SERVICE), "MTU": Variant("q", ROOM + 3)}
            methods = [["WriteValue", "aya{sv}", "", ""], ["StartNotify", "", "", ""], ["StopNotify", "", "", ""]]
            await self._add(path, _CHARACTERISTIC, shown | {"Flags": Variant("as", [flag])}, methods)
        await self.change(DEVICE, _DEVICE, ServicesResolved=Variant("b", True))

    async def _add(self, path: str, interface: str, properties: dict[str, Variant], methods: list[list[str]]) -> None:
        await self.call("/", _MOCK, "AddObject", "ssa{sv}a(ssss)", path, interface, properties, methods)
        added = [Variant("o", path), Variant("a{sa{sv}}", {interface: properties})]
        await self.call("/", _MOCK, "EmitSignal", "sssav", _OBJECTS, "InterfacesAdded", "oa{sa{sv}}", added)

    async def _take(self, data: bytes) -> None:
        pdu = self._written.add(bytes(data))
        for answer in self._peer.receive(pdu) if pdu is not None else ():
            for piece in segments(answer, ROOM):
                if self._notifies:
                    await self.change(DATA_OUT, _CHARACTERISTIC, Value=Variant("ay", piece))
        if self._peer.wants_to_end_link:
            await self.call("/", "org.bluez.Mock", "DisconnectDevice", "ss", "hci0", ADDRESS)

    async def _end_link(self) -> None:
        self._peer.end_link()
        self._notifies = False
        await asyncio.sleep(0.2)  # by then the device is looked for again
        await self.change(DEVICE, _DEVICE, ServicesResolved=Variant("b", False))


@asynccontextmanager
async def mocked_bluez(folder: Path, peer: Peer) -> AsyncIterator[MockedBluez]:
    """A system's Bluetooth with one device near."""
    with private_bus(folder) as daemon, (folder / "log").open("wb") as log:
        command = [SYSTEM_PYTHON, "-m", "dbusmock", "--system", "--template", "bluez5"]
        mock = subprocess.Popen(command, stdout=log, stderr=log)
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        try:
            while not await _is_there(bus):
                await asyncio.sleep(0.02)
            bluez = MockedBluez(bus, daemon, mock, peer)
            await bluez.start()
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(bluez.serve())
                yield bluez
                serving.cancel()
        finally:
            bus.disconnect()
            mock.kill()
            mock.wait()


async def _is_there(bus: MessageBus) -> Any:
    name = "org.freedesktop.DBus"
    asked = Message(name, "/org/freedesktop/DBus", name, "NameHasOwner", signature="s", body=["org.bluez"])
    answer = await bus.call(asked)
    return answer is not None and answer.body[0]
