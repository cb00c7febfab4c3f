"""The packing table with a radio, over a radio that hears what a test says."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

import pytest

from bss_mfg.device.beacon import Beacon
from bss_mfg.device.check import CheckOptions, Patience
from bss_mfg.device.radio import Link, LinkLostError, Sighting
from bss_mfg.device.unit_checks import KeySource
from bss_mfg.ledger.events import DeviceChecked
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.station.pairing import PairAnswer, PairingTable, PairOptions
from tests.helpers.factory import Factory

STRANGER = uuid.UUID(int=7)
QUICK = PairOptions(CheckOptions(Patience(find=0.1)))


@dataclass
class Ear:
    """Hears the devices of units with a signal each, and connects none."""

    heard: list[tuple[uuid.UUID, int | None]] = field(default_factory=list)

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        for number, (device, signal) in enumerate(self.heard):
            see(Sighting(f"address {number}", Beacon(device), signal))

    def connect(self, sighting: Sighting, seconds: float) -> AbstractAsyncContextManager[Link]:
        raise LinkLostError("too far")


@pytest.fixture
def boxes(factory: Factory) -> Factory:
    factory.add(oob_bytes=16)
    factory.issue(5)
    return factory


def uuid_of(ledger: Ledger, number: int) -> uuid.UUID:
    return ledger.packages.get("B1", number).units[0].uuid


def test_the_strongest_new_device_is_named(boxes: Factory) -> None:
    """Not one that was proven, nor one that lay there with the box before, while there is another."""
    with boxes.ledger() as ledger, boxes.workspace.open_vault(ledger) as vault:
        ear, lines = Ear(), boxes.payloads()
        one, two, three, four, five = (uuid_of(ledger, number) for number in range(1, 6))
        ledger.device_checks.end("B1", DeviceChecked(unit=5, passed=True, verdict="proven", awaited="random"))
        table = PairingTable(KeySource(ledger, vault), ledger.batches.get("B1"), ear, QUICK)

        def read(number: int, **heard: int) -> tuple[str, str | None]:
            known = {"one": one, "two": two, "three": three, "four": four, "five": five, "stranger": STRANGER}
            ear.heard = [(known[name], signal) for name, signal in heard.items()]
            answer = asyncio.run(table.read(lines[number - 1]))
            assert isinstance(answer, PairAnswer)
            return answer.word, answer.other.serial if answer.other else None

        assert read(1) == ("NO DEVICE", None)
        assert read(1, five=-20) == ("NO DEVICE", None)
        assert read(1, five=-20, three=-70, two=-40) == ("OTHER DEVICE", "ebK300000002")
        assert read(4, two=-40, three=-70, stranger=-80) == ("OTHER DEVICE", None)
        assert read(3, two=-40, stranger=-80) == ("OTHER DEVICE", "ebK300000002")
        assert read(1, one=-60, two=-40) == ("NOT PROVEN", None)
        assert ledger.device_checks.attempts("B1", 1) == 1
        assert (table.counts.failed, table.counts.boxes, table.counts.proven) == (6, 0, 1)


def test_what_other_tables_prove_counts_here(boxes: Factory) -> None:
    with boxes.ledger() as ledger, boxes.workspace.open_vault(ledger) as vault:
        table = PairingTable(KeySource(ledger, vault), ledger.batches.get("B1"), Ear(), QUICK)
        assert (table.counts.units, table.counts.proven) == (5, 0)
        with boxes.ledger() as elsewhere:
            for unit, passed in ((1, True), (2, True), (2, False)):
                outcome = DeviceChecked(unit=unit, passed=passed, verdict="proven", awaited="random")
                elsewhere.device_checks.end("B1", outcome)
        assert table.counts.proven == 1


def test_what_is_weaker_than_the_floor_is_not_in_the_box(boxes: Factory) -> None:
    """Nor is what tells no strength: neither is asked, nor named as being there instead. A twin of a device in the box
    is named however weak it is."""
    with boxes.ledger() as ledger, boxes.workspace.open_vault(ledger) as vault:
        ear, line = Ear(), boxes.payloads()[0]
        one, two = uuid_of(ledger, 1), uuid_of(ledger, 2)
        options = replace(QUICK, floor=-60)
        table = PairingTable(KeySource(ledger, vault), ledger.batches.get("B1"), ear, options)

        def read(*heard: tuple[uuid.UUID, int | None]) -> PairAnswer:
            ear.heard = list(heard)
            answer = asyncio.run(table.read(line))
            assert isinstance(answer, PairAnswer)
            return answer

        weak = read((one, -61), (two, -61))
        assert (weak.word, weak.devices[0].signal, weak.other) == ("NO DEVICE", -61, None)
        assert "-61 dBm" in weak.detail
        assert read((one, None), (two, -60)).word == "OTHER DEVICE"
        assert ledger.device_checks.attempts("B1", 1) == 0
        assert read((one, -60)).word == "NOT PROVEN"
        twins = read((one, -90), (one, -40))
        assert (twins.word, twins.devices[0].faults, twins.devices[0].signal) == ("TWINS", ("twin",), -40)
        assert ledger.device_checks.attempts("B1", 1) == 1
