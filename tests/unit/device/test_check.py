"""A check of simulated devices over virtual Bluetooth: controllers, advertisements, GATT, all as with real ones."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from bumble import hci
from bumble.device import Connection
from bumble.hci import Address

from bss_mfg.device.beacon import Beacon
from bss_mfg.device.bumble_radio import BumbleRadio
from bss_mfg.device.check import (
    CheckedDevice,
    CheckFault,
    CheckOptions,
    CheckProgress,
    CheckRequest,
    CheckStep,
    Patience,
    check,
    check_seen,
    find,
    prove,
)
from bss_mfg.device.looking import Wanted, look_for
from bss_mfg.device.pdu import Algorithm
from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.radio import Link, LinkLostError, Sighting
from bss_mfg.device.verdict import Awaited, Remark, Verdict, VerdictKind
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.errors import InputError
from bss_mfg.model import Secret
from bss_mfg.oob_information import OobInformation
from tests.helpers.air import DEVICE, KEY32, WAYS, device

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


@pytest.mark.parametrize(("key", "algorithm"), WAYS.values(), ids=WAYS)
def test_a_good_device_is_proven_and_stays_unprovisioned(key: bytes, algorithm: Algorithm) -> None:
    found, opened = checked([device(key, None, algorithm)], key)
    assert found.passed
    assert opened == 1
    assert found.sighting is not None
    assert found.sighting.beacon == Beacon(DEVICE)
    remarks = frozenset({Remark.WITHOUT_OOB_TOO, Remark.CMAC_ALONE} if algorithm is Algorithm.CMAC else ())
    assert found.verdict == Verdict(VerdictKind.PROVEN, Awaited.RANDOM, remarks=remarks)


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


NUMBERS = range(1, 9)
"""Devices that are checked at once."""


def request(number: int, key: bytes = KEY32) -> CheckRequest:
    return CheckRequest(uuid.UUID(int=number), lambda: Secret(key))


def checked_at_once(
    peers: list[Provisionee], requests: list[CheckRequest], at_once: int = 8, room: int = 99
) -> tuple[list[CheckedDevice], list[CheckProgress], int]:
    """What a check of several devices finds, what it told, and how many links there were at most. `room`: how many the
    controller has room for."""
    told: list[CheckProgress] = []

    async def run() -> tuple[list[CheckedDevice], int]:
        async with virtual_air(peers) as radio:
            most = limit_links(radio, room)
            near = await look_for(radio, Wanted([one.device for one in requests], 30.0))
            found = await check_seen(radio, requests, near, CheckOptions(PATIENT, at_once, told.append))
            return found, most()

    found, most = asyncio.run(run())
    return found, told, most


def limit_links(radio: BumbleRadio, room: int) -> Callable[[], int]:
    """Has the controller refuse more links, as a dongle does; the answer tells how many there were at most."""
    device, most = radio._device, 0
    connect = device.connect

    async def connect_with_room(address: Address, timeout: float) -> Connection:
        nonlocal most
        if len(device.connections) >= room:
            raise hci.HCI_Error(hci.HCI_CONNECTION_LIMIT_EXCEEDED_ERROR)
        connection = await connect(address, timeout=timeout)
        most = max(most, len(device.connections))
        return connection

    device.connect = connect_with_room  # type: ignore[method-assign,assignment]
    return lambda: most


def peers(**faults: Fault) -> list[Provisionee]:
    return [
        Provisionee(DeviceIdentity(uuid.UUID(int=number), Secret(KEY32)), faults.get(f"of_{number}"))
        for number in NUMBERS
    ]


def test_eight_devices_at_once_on_one_dongle() -> None:
    """Each is answered with what it did itself."""
    faulty = peers(of_3=Fault.OTHER_KEY, of_5=Fault.ENDS_LINK, of_6=Fault.CUT_CAPABILITIES)
    found, told, _ = checked_at_once(faulty, [request(number) for number in NUMBERS])
    assert [one.passed for one in found] == [number not in (3, 5, 6) for number in NUMBERS]
    kinds = [found[number - 1].verdict for number in (3, 5, 6)]
    assert [one.kind for one in kinds if one] == [
        VerdictKind.NOT_THIS_KEY, VerdictKind.LINK_LOST, VerdictKind.MALFORMED,
    ]  # fmt: skip
    assert all(one.unprovisioned_after for one in found)
    asking = [one.done for one in told if one.step is CheckStep.ASKING]
    assert asking == list(range(9))
    assert told[-1] == CheckProgress(CheckStep.LOOKING_AGAIN, 8, 8)


def test_a_device_is_connected_while_another_answers() -> None:
    """A machine that others keep busy may do one after the other for once."""
    links = (checked_at_once(peers(), [request(number) for number in NUMBERS])[2] for _ in range(10))
    assert any(most > 1 for most in links)


@pytest.mark.parametrize(("at_once", "room"), [(1, 99), (8, 1), (8, 3)])
def test_no_more_links_than_asked_for_or_there_is_room_for(at_once: int, room: int) -> None:
    """A controller without room is no fault of a device."""
    found, _, most = checked_at_once(peers(), [request(number) for number in NUMBERS], at_once, room)
    assert [one.passed for one in found] == [True] * 8
    assert most <= min(at_once, room)


def test_an_error_ends_all_exchanges_and_wipes_their_keys() -> None:
    keys = [Secret(KEY32) for _ in NUMBERS]

    def fail() -> Secret:
        raise InputError("was scrapped")

    requests = [CheckRequest(uuid.UUID(int=number), lambda key=keys[number - 1]: key) for number in NUMBERS]
    requests[4] = CheckRequest(uuid.UUID(int=5), fail)
    with pytest.raises(InputError):
        checked_at_once(peers(), requests)
    opened = [key for key in keys if key == Secret(bytes(32))]
    assert len(opened) == 7


def test_twins_are_named_and_not_asked() -> None:
    """Which of them answered would not be known."""
    found, opened = checked([device(KEY32), device(KEY32)])
    assert (found.passed, found.faults, found.verdict, opened) == (False, (CheckFault.TWIN,), None, 0)
    assert found.sighting
    assert found.twin
    assert found.sighting.address != found.twin.address


@pytest.mark.parametrize(
    ("shown", "expected", "passed"),
    [
        (OobInformation.ON_BOX, None, True),
        (OobInformation.ON_BOX, OobInformation.ON_BOX, True),
        (OobInformation.ON_BOX | OobInformation.NUMBER, OobInformation.ON_BOX, False),
        (OobInformation.NONE, OobInformation.ON_BOX, False),
        (OobInformation.ON_BOX, OobInformation.NONE, False),
    ],
)
def test_oob_information_is_held_against_what_it_should_be(
    shown: OobInformation, expected: OobInformation | None, passed: bool
) -> None:
    """It is asked all the same: what it knows is known."""
    peer = Provisionee(DeviceIdentity(uuid.UUID(int=1), Secret(KEY32), shown))
    (found,), _, _ = checked_at_once([peer], [replace(request(1), oob_expected=expected)])
    assert found.verdict
    assert found.verdict.proven
    assert found.passed is passed
    assert found.faults == (() if passed else (CheckFault.OOB_INFORMATION,))
