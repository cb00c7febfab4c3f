"""Verification whose workers die, or that is ended itself: nothing is read wrong, and it is gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.core.processes import ProcessExecutor
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.verify.verification import verify
from tests.helpers.factory import WHO, Factory
from tests.helpers.pace import is_soon

FILES, PER_FILE = 40, 48


@pytest.fixture(scope="module")
def many(new_factory: Callable[[], Factory]) -> Factory:
    """A batch in many files."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(FILES * PER_FILE, "A")
    factory.label("A", labels_per_file=PER_FILE)
    return factory


def labels(factory: Factory) -> Path:
    return factory.root / "batches" / "A" / "labels"


def wholly(ledger: Ledger) -> list[dict[str, Any]]:
    return [dict(event.data) for event in ledger.history.events_of(("file verified",), "A")]


def known(factory: Factory) -> int:
    with Ledger.open(factory.root / "ledger.db", WHO) as ledger:
        return len(wholly(ledger))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_workers_cost_nothing(many: Factory) -> None:
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if len(killed) < 3 and done >= PER_FILE * 5 * len(killed) and (pids := two.pids):
            os.kill(pids[0], signal.SIGKILL)
            killed.append(pids[0])

    with many.ledger() as ledger, ProcessExecutor(2) as two:
        outcome = verify(ledger, ledger.batches.get("A"), [labels(many)], progress=kill, executor=two)
    assert len(set(killed)) == 3
    assert outcome.broken == ()
    assert outcome.passed
    assert outcome.counts["matched"] == FILES * PER_FILE


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_pool_that_is_broken_for_good_fails_what_is_left_by_name(many: Factory) -> None:
    def kill(done: int, total: int) -> None:
        for process in list((pool._processes or {}).values()):
            process.kill()

    with many.ledger() as ledger, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        outcome = verify(ledger, ledger.batches.get("A"), [labels(many)], progress=kill, executor=pool)
    assert not outcome.passed
    assert 0 < outcome.counts["matched"] < FILES * PER_FILE
    assert outcome.broken


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_what_was_ended_is_gone_on_with(many: Factory, by: signal.Signals) -> None:
    before = known(many)
    command = many.command("verify", "A", labels(many), "--jobs", 2)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 120
    while known(many) < before + 3 and running.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    begun = time.monotonic()
    running.send_signal(by)
    running.communicate(timeout=60)
    assert is_soon(time.monotonic() - begun, 3)  # a second on a quiet machine
    assert running.returncode == (130 if by == signal.SIGINT else -by)
    kept = known(many) - before
    assert 3 <= kept < FILES
    with many.ledger() as ledger:
        assert ledger.check()
    done = many.cli("verify", "A", labels(many), "--resume", "--json")
    assert done.code == 0, done.err
    assert done.json["resumed"] >= kept
    assert done.json["resumed_labels"] + done.json["counts"]["matched"] == FILES * PER_FILE
