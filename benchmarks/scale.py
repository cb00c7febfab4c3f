"""`python -m benchmarks.scale [--units N]`: what the millionth unit costs beside the first ten thousand.

Time per unit of issuing, the size of the ledger, and how long a unit is looked up, by serial, barcode string, Device
UUID and key digest, each time through a connection of its own as a command opens it.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.bss_mfg_pipeline import Factory
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Actor

SMALL, LARGE = 10_240, 1_024_000
GROWTH, LOOKUP_MS = 1.2, 5.0
LOOKUPS = 200


def seconds_per_unit(factory: Factory, batch: str, units: int) -> float:
    """Issue a batch, in a transaction of its own."""
    start = time.perf_counter()
    factory.issue(batch, units)
    return (time.perf_counter() - start) / units


def lookup_ms(ledger_file: Path, batch: str, units: int) -> dict[str, float]:
    """Median milliseconds to open the ledger and find one unit, in each of the ways."""
    who, chance = Actor("benchmark", "benchmark", "0"), random.Random(1)
    with Ledger.open(ledger_file, who) as ledger:
        known = [next(ledger.packages.stream(batch, chance.randrange(1, units), 1)) for _ in range(LOOKUPS)]
    ways: dict[str, Callable[[Ledger, int], object]] = {
        "serial": lambda ledger, at: ledger.units.find_by_serial(known[at].units[0].serial),
        "barcode string": lambda ledger, at: ledger.packages.find_by_payload(known[at].payload),
        "Device UUID": lambda ledger, at: ledger.units.find_by_uuid(known[at].units[0].uuid),
        "number": lambda ledger, at: next(ledger.packages.stream(batch, known[at].number, 1)),
    }
    found = {}
    for name, look in ways.items():
        times = []
        for at in range(LOOKUPS):
            start = time.perf_counter()
            with Ledger.open(ledger_file, who) as ledger:
                assert look(ledger, at)
            times.append((time.perf_counter() - start) * 1000)
        found[name] = statistics.median(times)
    return found


def main() -> int:
    """Measure and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--units", type=int, default=LARGE)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bss-mfg-scale-") as folder:
        root = Path(folder) / "w"
        factory = Factory.build(root, 16)
        file = root / "ledger.db"
        few = statistics.median(seconds_per_unit(factory, f"small-{number}", SMALL) for number in range(3))
        before = file.stat().st_size
        many = seconds_per_unit(factory, "large", given.units)
        ledger_bytes = (file.stat().st_size - before) / given.units
        lookups = lookup_ms(file, "large", given.units)
    growth = many / few
    lines = [
        ("microseconds a unit, " + f"{SMALL:,} in a batch", few * 1e6, None),
        ("microseconds a unit, " + f"{given.units:,} in a batch", many * 1e6, None),
        ("growth", growth, GROWTH),
        *((f"milliseconds to look up by {name}", value, LOOKUP_MS) for name, value in lookups.items()),
        ("bytes of the ledger a unit", ledger_bytes, None),
    ]
    for name, value, most in lines:
        verdict = "" if most is None else f"<= {most:g}  {'ok' if value <= most else 'MISSED'}"
        print(f"{name:48} {value:9.2f}  {verdict}")
    if given.json:
        given.json.write_text(json.dumps({name: round(value, 3) for name, value, _ in lines}, indent=1) + "\n")
    return int(any(most is not None and value > most for _, value, most in lines))


if __name__ == "__main__":
    sys.exit(main())
