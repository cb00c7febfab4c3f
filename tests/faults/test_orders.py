"""Who watches orders is killed at thirty moments: each order is issued once, and who gave it has its result."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from tests.faults.killed import killed, spread
from tests.faults.pairs import act
from tests.helpers.factory import Factory

KILLS = 30


def test_kills_issue_no_order_twice_and_lose_none(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    folder = tmp_path / "orders"
    folder.mkdir()
    watch = act("watch", f"watch-orders {folder} --once --seconds 0.1 --jobs 1")
    _give(folder, "PO-00")
    whole, steps = killed(factory, watch, 0, [folder])
    assert whole.code == 0, whole.err
    assert steps > 3 * KILLS
    orders = ["PO-00"]
    for number, moment in enumerate(spread(steps, KILLS), 1):
        # Each kill has an order of its own, and what the one before has left.
        orders.append(f"PO-{number:02}")
        _give(folder, orders[-1])
        ended, _ = killed(factory, watch, moment, [folder])
        assert ended.code == -signal.SIGKILL, (moment, ended)
    last, _ = killed(factory, watch, 0, [folder])
    assert last.code == 0, last.err
    with factory.ledger() as ledger:
        issued = [event.batch for event in ledger.history.events() if event.kind == "batch issued"]
        serials = [unit.serial for batch in issued if batch for package in ledger.packages.stream(batch)
                   for unit in package.units]  # fmt: skip
    assert sorted(filter(None, issued)) == orders
    assert len(set(serials)) == len(serials) == 3 * len(orders)
    for order in orders:
        result = json.loads((folder / "results" / f"{order}.json").read_text())
        assert (result["batch"], result["units"], result["right"]) == (order, 3, True)
    assert len(list((folder / "done").iterdir())) >= len(orders)
    assert not list((folder / "failed").iterdir())
    assert not list(folder.rglob("*.part"))
    assert factory.cli("ledger", "check").code == 0


def _give(folder: Path, order: str) -> None:
    path = folder / f"{order}.json"
    path.write_text(json.dumps({"order": order, "product": "bulb", "units": 3}))
    os.utime(path, (1_700_000_000 + int(order[-2:]),) * 2)
