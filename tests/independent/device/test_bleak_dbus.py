"""The system's radio through bleak itself and a real D-Bus, to python-dbusmock's BlueZ with a simulated device."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.device.bleak_radio import BleakRadio
from bss_mfg.device.check import CheckedDevice, Patience, check, find, prove
from bss_mfg.device.pdu import PduType
from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.verdict import Verdict, VerdictKind
from bss_mfg.errors import MissingError
from bss_mfg.model import Secret
from tests.helpers.air import DEVICE, KEY16, KEY32, device
from tests.helpers.mocked_bluez import ADDRESS, SIGNAL, mocked_bluez
from tests.needs import needs

pytestmark = needs("python-dbusmock")

PATIENCE = Patience(find=2.0, connect=20.0, answer=20.0)


def checked(folder: Path, fault: Fault | None = None, key: bytes = KEY32) -> CheckedDevice:
    async def run() -> CheckedDevice:
        async with mocked_bluez(folder, device(key, fault)):
            return await check(BleakRadio(), DEVICE, lambda: Secret(key), PATIENCE)

    return asyncio.run(run())


@pytest.mark.parametrize("key", [KEY16, KEY32], ids=len)
def test_a_good_device_is_proven(tmp_path: Path, key: bytes) -> None:
    found = checked(tmp_path, key=key)
    assert found.passed
    assert found.sighting is not None
    assert (found.sighting.address, found.sighting.signal) == (ADDRESS, SIGNAL)


def test_another_key(tmp_path: Path) -> None:
    found = checked(tmp_path, Fault.OTHER_KEY)
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.NOT_THIS_KEY
    assert found.unprovisioned_after


def test_a_device_that_leaves_in_the_middle(tmp_path: Path) -> None:
    found = checked(tmp_path, Fault.ENDS_LINK)
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.LINK_LOST


def test_what_bluez_remembers_is_no_advertisement(tmp_path: Path) -> None:
    """After the check the device is silent, and BlueZ tells other news of it: with the service data of before."""
    found = checked(tmp_path, Fault.SILENT_AFTER_CHECK)
    assert found.verdict is not None
    assert found.verdict.proven
    assert not found.unprovisioned_after


@pytest.mark.parametrize("which", ["mock", "daemon"])
def test_a_system_that_dies_in_the_middle(tmp_path: Path, which: str) -> None:
    """BlueZ, or the bus that leads to it. Then there is no radio, either. A BlueZ that dies before it has answered the
    last write is a lost link, one that dies after it is silent; without a bus the link is lost."""
    patience = Patience(find=2.0, connect=20.0, answer=3.0)

    class Last(Provisionee):
        """A device that hears a public key last."""

        end: Callable[[], None]

        def receive(self, data: bytes) -> tuple[bytes, ...]:
            if data[0] == PduType.PUBLIC_KEY:
                self.end()
                return ()
            return super().receive(data)

    async def run() -> Verdict:
        peer = Last(DeviceIdentity(DEVICE, Secret(KEY32)))
        async with mocked_bluez(tmp_path, peer) as bluez:
            peer.end = getattr(bluez, which).kill
            radio = BleakRadio()
            sighting = await find(radio, DEVICE, patience.find)
            assert sighting is not None
            verdict = await prove(radio, sighting, Secret(KEY32), patience)
            with pytest.raises(MissingError):
                await find(radio, DEVICE, patience.find)
            return verdict

    kinds = {"mock": {VerdictKind.NO_ANSWER, VerdictKind.LINK_LOST}, "daemon": {VerdictKind.LINK_LOST}}
    assert asyncio.run(run()).kind in kinds[which]
