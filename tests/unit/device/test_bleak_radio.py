"""The system's radio, with classes in place of bleak's that have its interface and a simulated device behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from bss_mfg.device.bleak_radio import BleakRadio
from bss_mfg.device.check import CheckedDevice, Patience, check
from bss_mfg.device.provisionee import Fault, Provisionee
from bss_mfg.device.proxy_pdu import Reassembler, segments
from bss_mfg.device.radio import Sighting
from bss_mfg.device.verdict import VerdictKind
from bss_mfg.errors import MissingError
from bss_mfg.model import Secret
from tests.helpers.air import DEVICE, KEY32, device

ROOM = 20
"""Bytes of a write or a notification, as with the smallest MTU."""
SERVICE = "00001827-0000-1000-8000-00805f9b34fb"
DATA_IN = "00002adb-0000-1000-8000-00805f9b34fb"
DATA_OUT = "00002adc-0000-1000-8000-00805f9b34fb"
SEEN = BLEDevice("F0:00:00:00:00:01", "a device", None)


def classes(
    peer: Provisionee, lacks: str = "", signal: int = -60, breaks: Exception | None = None
) -> tuple[type[BleakScanner], type[BleakClient]]:
    """A scanner that sees one device among others, and a client that connects it; its writes fail with `breaks`."""

    class Scanner(BleakScanner):
        def __init__(
            self, see: Callable[[BLEDevice, AdvertisementData], None], service_uuids: list[str], bluez: object
        ) -> None:
            assert service_uuids == [SERVICE]
            self._see = see

        async def __aenter__(self) -> Any:
            for data in (None, b"short", peer.beacon.service_data if peer.beacon else None):
                shown = {} if data is None else {SERVICE: data}
                self._see(SEEN, AdvertisementData(None, {}, shown, [SERVICE], None, signal, ()))

        async def __aexit__(self, *_: object) -> None:
            return

    class Client(BleakClient):
        def __init__(self, address: object, ended: Callable[[Any], None], services: list[str], timeout: float) -> None:
            assert address is SEEN
            assert services == [SERVICE]
            self._ended = ended
            self._written = Reassembler()

        @property
        def services(self) -> Any:
            return SimpleNamespace(
                get_characteristic=lambda name: (
                    None if name == lacks else SimpleNamespace(uuid=name, max_write_without_response_size=ROOM)
                )
            )

        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *_: object) -> None:
            peer.end_link()
            self._ended(self)

        async def start_notify(self, characteristic: Any, notify: Any) -> None:  # type: ignore[override]
            assert characteristic.uuid == DATA_OUT
            self._notify = notify

        async def write_gatt_char(self, characteristic: Any, data: Any, response: bool | None = None) -> None:
            if breaks is not None:
                raise breaks
            assert characteristic.uuid == DATA_IN
            assert response is False
            assert len(data) <= ROOM
            pdu = self._written.add(data)
            for answer in peer.receive(pdu) if pdu is not None else ():
                for piece in segments(answer, ROOM):
                    self._notify(characteristic, bytearray(piece))
            if peer.wants_to_end_link:
                self._ended(self)

    return Scanner, Client


def checked(peer: Provisionee, lacks: str = "") -> CheckedDevice:
    radio = BleakRadio(*classes(peer, lacks))
    return asyncio.run(check(radio, DEVICE, lambda: Secret(KEY32), Patience(0.5, 30.0, 30.0)))


def test_a_good_device_is_proven() -> None:
    found = checked(device(KEY32))
    assert found.passed
    assert found.sighting is not None
    assert (found.sighting.address, found.sighting.signal) == (SEEN.address, -60)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.OTHER_KEY, VerdictKind.NOT_THIS_KEY),
        (Fault.ENDS_LINK, VerdictKind.LINK_LOST),
        (Fault.BAD_PUBLIC_KEY, VerdictKind.BAD_PUBLIC_KEY),
    ],
)
def test_faults(fault: Fault, kind: VerdictKind) -> None:
    found = checked(device(KEY32, fault))
    assert found.verdict is not None
    assert found.verdict.kind is kind


@pytest.mark.parametrize("lacks", [DATA_IN, DATA_OUT])
def test_a_device_that_lacks_a_characteristic(lacks: str) -> None:
    found = checked(device(KEY32), lacks)
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.LINK_LOST


def test_what_the_system_only_remembers_was_not_seen() -> None:
    """BlueZ tells other news of a device with what it advertised once; then there is no signal, and bleak says -127."""
    radio = BleakRadio(*classes(device(KEY32), signal=-127))
    seen: list[Sighting] = []
    asyncio.run(radio.scan(0.1, lambda sighting: bool(seen.append(sighting))))
    assert seen == []


BROKEN = [BleakError("off"), FileNotFoundError("no D-Bus"), EOFError()]
"""What bleak lets through; an EOFError comes from a D-Bus that ended in the middle of an answer."""


@pytest.mark.parametrize("error", BROKEN)
def test_a_system_that_fails_in_the_middle(error: Exception) -> None:
    radio = BleakRadio(*classes(device(KEY32), breaks=error))
    found = asyncio.run(check(radio, DEVICE, lambda: Secret(KEY32), Patience(0.5, 30.0, 30.0)))
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.LINK_LOST


@pytest.mark.parametrize("error", BROKEN)
def test_a_computer_without_bluetooth(error: Exception) -> None:
    class Scanner(BleakScanner):
        def __init__(self, *_: object, **__: object) -> None:
            return

        async def __aenter__(self) -> Any:
            raise error

    with pytest.raises(MissingError):
        asyncio.run(BleakRadio(Scanner).scan(1.0, lambda _: True))
