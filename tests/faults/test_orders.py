"""Who watches orders is killed at thirty moments: each order is issued once, and who gave it has its result."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from multiprocessing import get_context
from pathlib import Path

from tests.helpers.factory import Factory

KILLS = 30
ORDERS = 12


def test_kills_issue_no_order_twice_and_lose_none(factory: Factory, tmp_path: Path) -> None:
    chance = random.Random(3)
    factory.add()
    folder = tmp_path / "orders"
    folder.mkdir()
    for number in range(ORDERS):
        path = folder / f"po{number:02}.json"
        path.write_text(json.dumps({"order": f"PO-{number:02}", "product": "bulb", "units": 3}))
        os.utime(path, (1_700_000_000 + number,) * 2)
    assert factory.cli("watch-orders", folder, "--help").code == 0
    fork, kills = get_context("fork"), 0  # a process that has started already: moments are those of its work
    while True:
        watching = fork.Process(target=_watch, args=(factory, folder))
        watching.start()
        left = len(list(folder.glob("*.json")))
        if kills < KILLS:
            # Some orders are left until the last kill, whatever the machine's pace.
            _wait_for(folder, left, 1 if left > ORDERS * (KILLS - kills) / KILLS else 0, chance.uniform(0.0, 0.8))
            if watching.exitcode is None:
                watching.kill()
                kills += 1
        watching.join(300)
        if watching.exitcode == 0:
            break
        assert watching.exitcode == -signal.SIGKILL
    assert kills >= 20
    with factory.ledger() as ledger:
        issued = [event.batch for event in ledger.history.events() if event.kind == "batch issued"]
        serials = [unit.serial for batch in issued if batch for package in ledger.packages.stream(batch)
                   for unit in package.units]  # fmt: skip
    assert sorted(filter(None, issued)) == [f"PO-{number:02}" for number in range(ORDERS)]
    assert len(set(serials)) == len(serials) == 3 * ORDERS
    for number in range(ORDERS):
        result = json.loads((folder / "results" / f"PO-{number:02}.json").read_text())
        assert (result["batch"], result["units"], result["right"]) == (f"PO-{number:02}", 3, True)
    assert len(list((folder / "done").iterdir())) >= ORDERS
    assert not list((folder / "failed").iterdir())
    assert not list(folder.rglob("*.part"))
    assert factory.cli("ledger", "check").code == 0


def _watch(factory: Factory, folder: Path) -> None:
    done = factory.cli("watch-orders", folder, "--once", "--seconds", 0.1, "--jobs", 1)
    os._exit(done.code)


def _wait_for(folder: Path, left: int, done: int, seconds: float) -> None:
    """Until so many more orders are done, and some time after that; at most a while."""
    end = time.monotonic() + 30
    while done and len(list(folder.glob("*.json"))) > left - done and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(seconds)
