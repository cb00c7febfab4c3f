"""`python -m benchmarks.device_checks`: boxes with one device and with eight, at the packing table on a virtual radio.

The radio has its default latencies, and the table waits as it does in a factory: half a second of each box it listens
for a second device with the same Device UUID.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.common import Target, target_table
from bss_mfg.device.check import CheckOptions
from bss_mfg.device.unit_checks import KeySource
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.station.pairing import PairingTable, PairOptions
from tests.helpers.factory import make_factory
from tests.helpers.simulated_devices import provisionee

LIMIT_S = 1.5
"""Of a check."""
IN_A_BOX = 8


def measure(root: Path, in_a_box: int, boxes: int) -> list[float]:
    """Seconds from a box's label to its answer; all devices are proven."""
    factory = make_factory(root)
    factory.add(units_per_package=in_a_box)
    factory.issue(in_a_box * boxes)

    lines = factory.payloads()
    with factory.ledger() as ledger, factory.workspace.open_vault(ledger) as vault:

        async def pair(box: int) -> float:
            devices = [provisionee(factory, in_a_box * box + place) for place in range(1, in_a_box + 1)]
            async with virtual_air(devices) as radio:
                options = PairOptions(CheckOptions())
                table = PairingTable(KeySource(ledger, vault), ledger.batches.get("B1"), radio, options)
                begun = time.perf_counter()
                answer = await table.read(lines[box])
                seconds = time.perf_counter() - begun
            assert answer and answer.word == "PROVEN", answer
            return seconds

        return [asyncio.run(pair(box)) for box in range(boxes)]


def main() -> int:
    """Measure and print; 1 if the target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.device_checks", description=__doc__)
    parser.add_argument("--boxes", type=int, default=10, help="boxes of each kind (default 10)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        one = median(measure(Path(folder) / "one", 1, given.boxes))
        eight = median(measure(Path(folder) / "eight", IN_A_BOX, given.boxes))
    targets = [
        Target("seconds of a box with one device", one, LIMIT_S, at_most=True),
        Target("seconds of a box with eight", eight),
        Target("eight devices at once / one by one", eight / (IN_A_BOX * one), 1.0, at_most=True),
    ]
    print(target_table(targets))
    return int(any(target.met is False for target in targets))


if __name__ == "__main__":
    sys.exit(main())
