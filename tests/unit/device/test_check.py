"""A check of simulated devices over virtual Bluetooth: controllers, advertisements, GATT, all as with real ones."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bss_mfg.device.beacon import Beacon
from bss_mfg.device.check import CheckedDevice, Patience, check, find, prove
from bss_mfg.device.pdu import Algorithm
from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.radio import Link, LinkLostError, Sighting
from bss_mfg.device.verdict import Awaited, Verdict, VerdictKind
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.model import Secret
from tests.helpers.air import DEVICE, KEY32, KEYS, device

SHORT = Patience(find=1.0, connect=5.0, answer=0.5)
PATIENT = Patience(find=30.0, connect=30.0, answer=30.0)
"""For what must come, on however slow a machine."""


def checked(peers: list[Provisionee], key: bytes = KEY32, patience: Patience = PATIENT) -> tuple[CheckedDevice, int]:
    """What a check of `DEVICE` finds, and how often the key was opened."""
    opened = 0

    def open_key() -> Secret:
        nonlocal opened
        opened += 1
        return Secret(key)

    async def run() -> CheckedDevice:
        async with virtual_air(peers) as radio:
            return await check(radio, DEVICE, open_key, patience)

    return asyncio.run(run()), opened


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda one: one.name)
def test_a_good_device_is_proven_and_stays_unprovisioned(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    found, opened = checked([device(key)], key)
    assert found.passed
    assert opened == 1
    assert found.sighting is not None
    assert found.sighting.beacon == Beacon(DEVICE)
    assert found.verdict == Verdict(VerdictKind.PROVEN, Awaited.RANDOM)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.OTHER_KEY, VerdictKind.NOT_THIS_KEY),
        (Fault.REFLECTED_CONFIRMATION, VerdictKind.REFLECTION),
        (Fault.CUT_CAPABILITIES, VerdictKind.MALFORMED),
        (Fault.ENDS_LINK, VerdictKind.LINK_LOST),
    ],
)
def test_faults_over_the_air(fault: Fault, kind: VerdictKind) -> None:
    found, _ = checked([device(KEY32, fault)])
    assert found.verdict is not None
    assert found.verdict.kind is kind
    assert found.unprovisioned_after
    assert not found.passed


def test_a_device_that_says_nothing_is_left_in_time() -> None:
    found, _ = checked([device(KEY32, Fault.SILENT)], patience=Patience(find=30.0, connect=30.0, answer=0.2))
    assert found.verdict == Verdict(VerdictKind.NO_ANSWER, Awaited.CAPABILITIES)


def test_a_device_that_no_longer_advertises_has_not_passed() -> None:
    found, _ = checked([device(KEY32, Fault.SILENT_AFTER_CHECK)], patience=SHORT)
    assert found.verdict is not None
    assert found.verdict.proven
    assert not found.unprovisioned_after
    assert not found.passed


def test_a_swapped_uuid_is_named_and_has_not_passed() -> None:
    found, _ = checked([device(KEY32, Fault.SWAPPED_UUID)])
    assert found.uuid_swapped
    assert found.verdict is not None
    assert found.verdict.proven
    assert not found.passed


def test_no_key_is_opened_for_a_device_that_is_not_there() -> None:
    found, opened = checked([device(KEY32, Fault.ZERO_UUID)], patience=SHORT)
    assert (found, opened) == (CheckedDevice(None), 0)


def test_the_right_one_of_several() -> None:
    others = [Provisionee(DeviceIdentity(uuid.UUID(int=number), Secret(KEY32[::-1]))) for number in (1, 2, 3)]
    found, _ = checked([*others[:2], device(KEY32), others[2]])
    assert found.passed


def test_one_device_again_and_again() -> None:
    async def run() -> list[CheckedDevice]:
        async with virtual_air([device(KEY32)]) as radio:
            keys = [KEY32, KEY32[::-1], KEY32]
            return [await check(radio, DEVICE, lambda key=key: Secret(key), PATIENT) for key in keys]

    assert [one.passed for one in asyncio.run(run())] == [True, False, True]


class RadioWithout:
    """A radio whose device was seen and can't be connected, or hangs."""

    def __init__(self, hangs: bool = False) -> None:
        self._hangs = hangs

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        see(Sighting("F0:00:00:00:00:01", Beacon(DEVICE)))

    @asynccontextmanager
    async def connect(self, sighting: Sighting, seconds: float) -> AsyncIterator[Link]:
        if not self._hangs:
            raise LinkLostError("it is out of range")
        await asyncio.sleep(3600)
        raise AssertionError
        yield


def test_a_device_that_is_not_connected() -> None:
    async def run() -> Verdict:
        radio = RadioWithout()
        sighting = await find(radio, DEVICE, 1.0)
        assert sighting is not None
        return await prove(radio, sighting, Secret(KEY32), PATIENT)

    assert asyncio.run(run()) == Verdict(VerdictKind.LINK_LOST, Awaited.CAPABILITIES)


def test_a_cancelled_check_wipes_the_key() -> None:
    key = Secret(KEY32)

    async def run() -> None:
        task = asyncio.ensure_future(prove(RadioWithout(hangs=True), Sighting("", Beacon(DEVICE)), key, PATIENT))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert key == Secret(bytes(32))
