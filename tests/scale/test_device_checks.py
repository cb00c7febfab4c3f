"""A thousand simulated devices at the packing table, and a hundred over virtual Bluetooth.

Every fault is named, there is no false proof and no false alarm.
"""

from __future__ import annotations

import asyncio
import uuid
from itertools import cycle

from bss_mfg.device.check import CheckOptions, Patience
from bss_mfg.device.direct_radio import DirectRadio
from bss_mfg.device.provisionee import DeviceIdentity, Provisionee
from bss_mfg.device.unit_checks import KeySource
from bss_mfg.device.unit_keys import open_unit_key
from bss_mfg.device.verdict import VerdictKind
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.station.pairing import PairAnswer, PairedDevice, PairingTable, PairOptions
from tests.helpers.factory import Factory
from tests.helpers.simulated_devices import provisionee
from tests.unit.device.test_session import SEEN_OF_FAULTS

AT_ONCE = 10
PATIENCE = Patience(find=30.0, connect=30.0, answer=4.0, settle=0.05)
DEVICES = 1000
IN_A_BOX = 8
QUICK = Patience(find=0.1, connect=1.0, answer=0.02, settle=0.0)
"""For devices in this process: whoever answers there answers at once."""


def test_a_thousand_devices_at_the_packing_table(factory: Factory) -> None:
    """In boxes of eight, all of a box at once. Thirty are faulty, in every way: each is named, none is proven, and
    nobody else is called faulty. Afterwards each one advertises as before, and begins anew."""
    factory.add(units_per_package=IN_A_BOX)
    factory.issue(DEVICES)
    kinds = cycle(SEEN_OF_FAULTS)
    faults = {number: next(kinds) for number in range(7, DEVICES + 1, 33)}
    assert len(faults) >= 30
    assert set(faults.values()) == set(SEEN_OF_FAULTS)
    found: dict[int, PairedDevice] = {}
    with factory.ledger() as ledger, factory.workspace.open_vault(ledger) as vault:
        units = [unit for number in range(1, DEVICES + 1) for unit in ledger.units.find("B1", "number", [number])]
        devices = [
            Provisionee(
                DeviceIdentity(uuid.UUID(unit.uuid), open_unit_key(ledger, vault, "B1", unit.number)),
                faults.get(unit.number),
            )
            for unit in units
        ]

        async def scan_box(first: int, line: str) -> PairAnswer | None:
            radio = DirectRadio(devices[first : first + IN_A_BOX])
            options = PairOptions(CheckOptions(QUICK))
            return await PairingTable(KeySource(ledger, vault), ledger.batches.get("B1"), radio, options).read(line)

        for box, line in enumerate(factory.payloads()):
            answer = asyncio.run(scan_box(IN_A_BOX * box, line))
            assert answer
            numbers = range(IN_A_BOX * box + 1, IN_A_BOX * (box + 1) + 1)
            found.update(zip(numbers, answer.devices, strict=True))
            assert answer.word == ("PROVEN" if faults.keys().isdisjoint(numbers) else "NOT PROVEN")
        assert ledger.device_checks.proven("B1") == set(range(1, DEVICES + 1)) - set(faults)
    for number, one in found.items():
        kind = SEEN_OF_FAULTS[faults[number]][0] if number in faults else VerdictKind.PROVEN
        assert (one.verdict, one.passed, one.faults) == (kind.value, number not in faults, ())
    for unit, device in zip(units, devices, strict=True):
        assert device.beacon
        assert device.beacon.uuid == uuid.UUID(unit.uuid)


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
