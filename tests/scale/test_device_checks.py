"""A thousand simulated devices, a tenth of them faulty: every fault is named, no false proof, no false alarm."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from itertools import cycle

from bss_mfg.device.check import CheckedDevice, CheckOptions, Patience, check
from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.unit_checks import KeySource
from bss_mfg.device.verdict import VerdictKind
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.model import Secret
from bss_mfg.station.pairing import PairAnswer, PairingTable, PairOptions
from tests.cli.test_device import provisionee
from tests.helpers.factory import Factory
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


AT_TABLE = 100


def test_a_hundred_of_them_at_the_packing_table(factory: Factory) -> None:
    """Thirty are faulty, in every way: each box is answered with what its own device did."""
    factory.add()
    factory.issue(AT_TABLE)
    kinds, payloads = cycle(SEEN_OF_FAULTS), factory.payloads()
    faults = {number: next(kinds) for number in range(1, AT_TABLE + 1) if number % 10 in (2, 5, 8)}
    assert len(faults) == 30
    assert set(faults.values()) == set(SEEN_OF_FAULTS)
    with factory.ledger() as ledger, factory.workspace.open_vault(ledger) as vault:

        async def scan_group(numbers: range) -> list[PairAnswer | None]:
            peers = [provisionee(factory, number, faults.get(number)) for number in numbers]
            async with virtual_air(peers) as radio:
                options = PairOptions(CheckOptions(PATIENCE))
                table = PairingTable(KeySource(ledger, vault), ledger.batches.get("B1"), radio, options)
                return [await table.read(payloads[number - 1]) for number in numbers]

        for first in range(1, AT_TABLE + 1, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            for number, answer in zip(numbers, asyncio.run(scan_group(numbers)), strict=True):
                fault = faults.get(number)
                assert answer
                (device,) = answer.devices
                verdict = SEEN_OF_FAULTS[fault][0] if fault else VerdictKind.PROVEN
                assert (answer.word, device.verdict) == ("NOT PROVEN" if fault else "PROVEN", verdict.value)
                assert answer.is_fault == (fault is not None)
        assert ledger.device_checks.proven("B1") == set(range(1, AT_TABLE + 1)) - set(faults)
