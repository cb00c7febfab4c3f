"""`run`, interrupted by Ctrl-C: it ends at once, and is gone on with."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.helpers.commands import interrupted
from tests.helpers.factory import Factory


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_within_a_second_and_resume_goes_on(factory: Factory) -> None:
    factory.add()
    running = subprocess.Popen(
        factory.command("run", "bulb", "--units", 9_600, "--id", "B1", "--jobs", 2), stderr=subprocess.PIPE, text=True
    )
    labels = factory.root / "batches/B1/labels"
    end = time.monotonic() + 120
    while not list(labels.glob("B1-labels-0003.pdf")) and time.monotonic() < end:
        time.sleep(0.02)
    told = interrupted(running)
    assert " run --resume B1` continues it" in told
    assert f"bss-mfg --workspace '{factory.root}'" in told, "as it has to be typed here"
    finished = {path.name: path.stat().st_mtime_ns for path in labels.glob("*.pdf")}
    assert finished
    done = factory.cli("run", "--resume", "B1", "--json", timeout=300)
    assert done.code == 0, done.err
    assert done.json["file_verified"] == 9_600
    assert all((labels / name).stat().st_mtime_ns == at for name, at in finished.items())


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_interrupted_while_it_issues_nothing_is_issued_and_the_batch_is_named(factory: Factory) -> None:
    """Nobody gave an id: "the same command again" would begin another batch."""
    factory.add()
    running = subprocess.Popen(
        factory.command("run", "bulb", "--units", 100_000, "--jobs", 2), stderr=subprocess.PIPE, text=True
    )
    plan = factory.root / "batches/bulb-0001/run.json"
    end = time.monotonic() + 120
    while not plan.exists() and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.5)
    told = interrupted(running)
    assert "Interrupted. `bss-mfg " in told
    assert " run --resume bulb-0001` continues it" in told
    assert "same command" not in told
    with factory.ledger() as ledger:
        assert list(ledger.batches.all()) == []
