"""What lies in a folder of orders: when it is read, and where it goes, whatever others do there meanwhile."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.errors import BssError, InputError, Location
from bss_mfg.integration.order_folder import SETTLE_S, OrderFolder, OrderOutcome
from bss_mfg.integration.orders import Order


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "orders"
    path.mkdir()
    return path


def text(number: str) -> str:
    return json.dumps({"order": number, "product": "bulb", "units": 1})


def put(path: Path, content: str, seconds_ago: float = 1e8) -> Path:
    path.write_text(content)
    os.utime(path, (time.time() - seconds_ago,) * 2)
    return path


def done(order: Order) -> dict[str, Any]:
    return {"batch": order.order}


def work_all(folder: OrderFolder, work: Callable[[Order], dict[str, Any]] = done) -> list[tuple[str, OrderOutcome]]:
    return [(path.name, outcome) for path in folder.waiting() for outcome in folder.work_through(path, work)]


@pytest.mark.parametrize("ahead_s", [-50.0, -3.0, 3.0, 50.0, 5_000.0])
def test_a_file_settles_by_the_clock_of_who_reads_it(folder: Path, ahead_s: float) -> None:
    """It is written on a computer whose clock is another."""
    now = 1_000.0
    orders = OrderFolder(folder, clock=lambda: now)
    path = put(folder / "a.json", '{"order": "PO', -ahead_s)
    assert orders.waiting() == []
    assert orders.settling()
    now += SETTLE_S + 0.1
    put(path, text("PO-1"), -ahead_s)  # there is more of it
    assert orders.waiting() == []
    now += SETTLE_S + 0.1
    assert orders.waiting() == [path]
    assert not orders.settling()


def test_what_is_written_over_a_file_that_is_worked_on_is_carried_out_too(folder: Path) -> None:
    orders, seen = OrderFolder(folder), []
    path = put(folder / "orders.json", text("PO-1"))

    def work(order: Order) -> dict[str, Any]:
        seen.append(order.order)
        if order.order == "PO-1":
            put(path, text("PO-22"))
        return done(order)

    while work_all(orders, work):
        pass
    assert seen == ["PO-1", "PO-22"]
    assert not path.exists()
    assert sorted(one.name for one in (folder / "results").iterdir()) == ["PO-1.json", "PO-22.json"]
    assert (folder / "done/orders.json").read_text() == text("PO-22")


def test_a_file_that_was_taken_away_meanwhile_is_no_trouble(folder: Path) -> None:
    orders = OrderFolder(folder)
    path = put(folder / "orders.json", text("PO-1"))

    def work(order: Order) -> dict[str, Any]:
        path.unlink()
        return done(order)

    assert len(work_all(orders, work)) == 1
    assert (folder / "results/PO-1.json").exists()
    assert list((folder / "done").iterdir()) == []


def test_a_folder_that_is_away_for_a_while(folder: Path) -> None:
    orders = OrderFolder(folder)
    with orders.held():
        put(folder / "a.json", text("PO-1"))
        elsewhere = folder.rename(folder.with_name("away"))
        with pytest.raises(InputError, match="orders"):
            orders.waiting()
        folder.mkdir()  # a share that is empty, but for orders
        (elsewhere / "a.json").rename(folder / "a.json")
        assert len(work_all(orders)) == 1
        assert (folder / "results/PO-1.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="NTFS has no such names")
@pytest.mark.parametrize(
    "name",
    [b"n" * 250 + b".json", b"\xff\xe9.json", "ü".encode() * 125 + b".json", b"a\nOK: all.json", b"\x1b[2J.json"],
)
def test_names_that_others_chose(folder: Path, name: bytes) -> None:
    orders = OrderFolder(folder)
    for _ in range(2):  # the second is numbered
        put(folder / os.fsdecode(name), "{")
        ((_, outcome),) = work_all(orders)
        assert str(outcome.error).isprintable()
    assert len(os.listdir(folder / "failed")) == 2
    assert os.fsdecode(name) in os.listdir(folder / "failed")
    assert json.loads(next((folder / "errors").iterdir()).read_text())[0]["exit_code"] == 3


def test_a_place_in_a_file_is_shown_on_one_line() -> None:
    assert str(Location("Glühlampe\\ é.json", row=2)) == "Glühlampe\\ é.json, row 2"
    assert str(Location("a\nb\x1b.json", row=2)) == "a\\nb\\x1b.json, row 2"


def test_an_error_that_may_pass_leaves_the_file(folder: Path) -> None:
    def work(order: Order) -> dict[str, Any]:
        raise BssError("it may pass")

    path = put(folder / "a.json", text("PO-1"))
    with pytest.raises(BssError):
        work_all(OrderFolder(folder), work)
    assert path.exists()
