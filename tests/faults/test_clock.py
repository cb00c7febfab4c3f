"""A clock that is wrong, or stands still: order and uniqueness come from numbers, never from the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.needs import faketime_library, needs

LIBRARY = faketime_library()
CLOCKS = {"400 days behind": "-400d", "ten years ahead": "+10y", "standing still": "2026-11-25 12:00:00"}

pytestmark = needs("faketime")


def at(factory: Factory, clock: str, *arguments: object) -> Outcome:
    """Run a command under another clock. The steady clock that waiting goes by is nobody's to set."""
    env = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": CLOCKS[clock], "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    return factory.process(*arguments, env=env)


def test_order_and_uniqueness_do_not_hang_on_the_clock(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    for number, clock in enumerate(["400 days behind", "ten years ahead", "standing still", "400 days behind"]):
        batch = f"C{number}"
        for command in (
            ("batch", "create", "bulb", "--units", 4, "--id", batch),
            ("labels", batch, "--template", "minimal"),
            ("scrap", batch, f"ebK3{number * 5 + 2:08d}", "--reason", "x"),
            ("replace", batch, f"ebK3{number * 5 + 2:08d}", "--reason", "x"),
            ("manifest", batch, "--format", "csv", "--out", factory.root / f"{batch}.csv"),
        ):
            done = at(factory, clock, *command)
            assert done.code == 0, (clock, command, done.err)
        again = at(factory, "ten years ahead", "batch", "create", "bulb", "--units", 4, "--id", batch)
        assert "was issued before" in again.err
    assert factory.rows("SELECT count(*), count(DISTINCT uuid), count(DISTINCT serial) FROM unit") == [(20, 20, 20)]
    assert factory.rows("SELECT next_serial FROM product") == [(21,)]
    listed = factory.rows("SELECT seq, substr(at, 1, 4) FROM event ORDER BY seq")
    assert [seq for seq, _ in listed] == list(range(1, len(listed) + 1))
    years = [year for _, year in listed]
    assert years != sorted(years), "the clock was never wrong"
    shown = factory.cli("history", "ebK300000002", "--json").json
    assert [event["seq"] for event in shown] == sorted(event["seq"] for event in shown)
    kinds = [event["kind"] for event in shown]
    assert kinds.index("batch issued") < kinds.index("unit scrapped") < kinds.index("unit replaced")
    with factory.ledger() as ledger:
        ledger.check()
        assert [batch.id for batch in ledger.batches.all()] == ["C0", "C1", "C2", "C3"]


@pytest.mark.parametrize("clock", CLOCKS)
def test_everything_else_works_too(factory: Factory, clock: str, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    for command in (
        ("labels", "B1", "--template", "minimal"),
        ("verify", "B1", factory.root / "batches" / "B1" / "labels"),
        ("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv"),
        ("manifest", "B1", "--format", "control-log", "--out", f"{tmp_path}/"),
        ("vault", "rekey"),
        ("close", "B1", "--in-hand", 2),
        ("retire", "B1", "--acknowledged", "feedback"),
        ("audit", "verify"),
        ("ledger", "backup", tmp_path / "copy.db"),
        ("ledger", "restore", tmp_path / "copy.db", "--check"),
    ):
        done = at(factory, clock, *command)
        assert done.code == 0, (command, done.err)
