"""The shared ledger next to the file: issuing into PostgreSQL and SQLite in turns, stations that issue at once, a scan
station's answer while others read, and a ledger moved there and back.

The server is one of the benchmark's own, on a local socket, and syncs each commit to the disk, as SQLite
does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.common import Target, target_table
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.workspace.workspace import Workspace
from tests.helpers.factory import Factory, a_read, make_factory
from tests.helpers.postgres import Server
from tests.helpers.postgres import server as running_server

DURABLE = ("-c", "max_connections=60")
EVERY_S = 0.2
"""A station that reads asks five times a second, which is more than hands can."""
SMALL = 10
"""Units of a station's batch."""


@dataclass(frozen=True)
class Found:
    """What was measured: units issued a second in each database, seconds that stations waited for a batch and that a
    scan took (99th percentiles), seconds of both moves, and the most memory of each in MiB."""

    units: int
    sqlite_rate: float
    postgresql_rate: float
    stations: int
    batch_p99_s: float
    readers: int
    scan_p99_s: float
    there_s: float
    back_s: float
    there_mib: float
    back_mib: float
    heads_equal: bool


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def factory_at(root: str) -> Factory:
    """A workspace, in a process of its own."""
    return Factory(Workspace.find(root, Path(root), {}))


def issue(root: str, units: int, batch: str) -> float:
    """Issue a batch; seconds."""
    factory = factory_at(root)
    loaded, vault = factory.workspace.product("bulb"), factory.workspace.open_vault()
    request = BatchRequest(loaded, factory.workspace.spec("amazon-bss-ob04"), units, batch)
    begun = time.perf_counter()
    with factory.ledger() as ledger:
        create_batch(ledger, vault, request)
    return time.perf_counter() - begun


def station(root: str, number: int, batches: int) -> list[float]:
    """A station that issues small batches; seconds of each."""
    return [issue(root, SMALL, f"S{number}-{batch}") for batch in range(batches)]


def reader(root: str, seconds: float) -> int:
    """A station that looks up package after package; how many."""
    count, until = 0, time.monotonic() + seconds
    with factory_at(root).ledger() as ledger:
        while time.monotonic() < until:
            ledger.units.find_by_serial(f"ebK3{count % SMALL + 1:08d}")
            ledger.batches.counts("first")
            count += 1
            time.sleep(EVERY_S)
    return count


def scans(factory: Factory, count: int) -> list[float]:
    """Seconds of each answer: a payload looked up, and its read recorded."""
    payloads, taken = factory.payloads("first"), []
    with factory.ledger() as ledger:
        for number in range(count):
            begun = time.perf_counter()
            ledger.packages.find_by_payload(payloads[number % len(payloads)])
            ledger.reads.times_verified("first", number % len(payloads) + 1)
            ledger.reads.record("first", [a_read(number % len(payloads) + 1, "already")])
            taken.append(time.perf_counter() - begun)
    return taken


def move(factory: Factory, to: str) -> tuple[float, float, str]:
    """Move a ledger in a process of its own: seconds, its peak in MiB, and the head."""
    peak, begun = 0.0, time.perf_counter()
    with subprocess.Popen(
        factory.command("ledger", "move", "--to", to), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as moving:
        while moving.poll() is None:
            peak = max(peak, peak_mib(moving.pid))
            time.sleep(0.05)
        assert moving.returncode == 0 and moving.stdout is not None
        return time.perf_counter() - begun, peak, moving.stdout.read().strip()


def peak_mib(pid: int) -> float:
    """The most memory that a process has had so far."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), default=0)


def measure(folder: Path, server: Server, units: int, stations: int, batches: int, readers: int, count: int) -> Found:
    """All of it, one after the other."""
    filed, served = make_factory(folder / "filed"), make_factory(folder / "served", server.new_database("served"))
    for one in (filed, served):
        one.add(oob_bytes=16)
        issue(str(one.root), SMALL, "first")  # everything is imported, and both have rows
    rates: dict[str, list[float]] = {"filed": [], "served": []}
    for turn in range(3):
        for name, one in (("filed", filed), ("served", served)):
            rates[name].append(units / issue(str(one.root), units, f"turn-{turn}"))
    with ProcessPoolExecutor(max(stations, readers)) as pool:
        waits = [pool.submit(station, str(served.root), number, batches) for number in range(stations)]
        waited = [seconds for wait in waits for seconds in wait.result()]
        reading = [pool.submit(reader, str(served.root), count * 0.01) for _ in range(readers)]
        answers = scans(served, count)
        assert all(one.result() for one in reading)
    serials = served.rows("SELECT count(*), max(next_serial) FROM unit, (SELECT next_serial FROM product) AS p")
    assert serials == [(serials[0][0], serials[0][0] + 1)], "a gap"
    there = move(filed, server.new_database("moved"))
    back = move(filed, "ledger.db")
    return Found(
        3 * units, median(rates["filed"]), median(rates["served"]), stations, p99(waited), readers, p99(answers),
        there[0], back[0], there[1], back[1], there[2] == back[2],
    )  # fmt: skip


def targets(found: Found) -> list[Target]:
    """What issue 21 asks."""
    return [
        Target("issuing into PostgreSQL / into SQLite", found.postgresql_rate / found.sqlite_rate, 0.6),
        Target(f"a batch of {SMALL} of {found.stations} stations, p99 in s", found.batch_p99_s, 2, at_most=True),
        Target(f"a scan with {found.readers} readers, p99 in s", found.scan_p99_s, 0.05, at_most=True),
        Target("moved back / there, s", found.back_s / found.there_s),
        Target("heads equal", float(found.heads_equal), 1),
    ]


def main(run: Callable[..., Found] = measure) -> int:
    """Measure and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shared_ledger", description=__doc__)
    parser.add_argument("--units", type=int, default=10_000, help="units of each of three batches (default 10,000)")
    parser.add_argument("--stations", type=int, default=16, help="stations that issue at once (default 16)")
    parser.add_argument("--batches", type=int, default=12, help="batches of each (default 12)")
    parser.add_argument("--readers", type=int, default=20, help="stations that read (default 20)")
    parser.add_argument("--scans", type=int, default=500, help="answers at the scan station (default 500)")
    parser.add_argument("--json", type=Path, help="write the result to a file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_server(DURABLE, on_disk=True) as server:
        found = run(Path(folder), server, given.units, given.stations, given.batches, given.readers, given.scans)
    checked = targets(found)
    print(target_table(checked))
    print(f"moved {found.units:,} units: {found.there_s:.1f} s there, {found.back_s:.1f} s back; "
          f"{found.there_mib:.0f} and {found.back_mib:.0f} MiB")  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps({**asdict(found), "targets": [one.record() for one in checked]}), "utf-8")
    return int(any(target.met is False for target in checked))


if __name__ == "__main__":
    sys.exit(main())
