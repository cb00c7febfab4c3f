"""A thousand simulated devices, a tenth of them faulty: every fault is named, no false proof, no false alarm."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from itertools import cycle

from bss_mfg.device.check import CheckedDevice, Patience, check
from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.model import Secret
from tests.unit.device.test_session import SEEN_OF_FAULTS

AT_ONCE = 10
DEVICES = 1000
PATIENCE = Patience(find=30.0, connect=30.0, answer=1.0)


def key_of(number: int) -> bytes:
    return hashlib.sha256(f"key {number}".encode()).digest()


async def check_group(numbers: range, faults: dict[int, Fault]) -> list[CheckedDevice]:
    peers = [
        Provisionee(DeviceIdentity(uuid.UUID(int=number), Secret(key_of(number))), faults.get(number))
        for number in numbers
    ]
    async with virtual_air(peers) as radio:
        return [
            await check(radio, uuid.UUID(int=number), lambda number=number: Secret(key_of(number)), PATIENCE)
            for number in numbers
        ]


def test_a_thousand_devices() -> None:
    kinds = cycle(SEEN_OF_FAULTS)
    faults = {number: next(kinds) for number in range(7, DEVICES, 10)}
    assert set(faults.values()) == set(SEEN_OF_FAULTS)
    for first in range(1, DEVICES + 1, AT_ONCE):
        numbers = range(first, first + AT_ONCE)
        for number, found in zip(numbers, asyncio.run(check_group(numbers, faults)), strict=True):
            fault = faults.get(number)
            assert found.passed == (fault is None), (number, fault)
            assert found.unprovisioned_after
            assert found.verdict is not None
            if fault is not None:
                assert (found.verdict.kind, found.verdict.awaited) == SEEN_OF_FAULTS[fault]
