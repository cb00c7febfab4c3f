"""`batch create` killed at fifty moments, and typed by eight at once: nothing is issued twice."""

from __future__ import annotations

import random
import signal
import subprocess
import time

from tests.helpers.factory import Factory


def test_killed_at_fifty_moments_and_run_again(factory: Factory) -> None:
    """kill -9 anywhere in `batch create --units 2000`, then the same command: exactly 2,000 units, no duplicate."""
    factory.add(oob_bytes=16)
    create = ("batch", "create", "bulb", "--units", 2000, "--id")
    start = time.monotonic()
    assert factory.process(*create, "whole").code == 0
    whole = time.monotonic() - start
    moments, finished = random.Random(20), 0
    for number in range(50):
        process = subprocess.Popen(
            factory.command(*create, f"K{number}"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moments.uniform(0.15, 1.05) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        finished += ("K" + str(number),) in factory.rows("SELECT id FROM batch")
        assert factory.cli(*create, f"K{number}").code == 0
    assert finished < 50, "every kill came too late to test anything"
    assert factory.rows("PRAGMA integrity_check") == [("ok",)]
    counts = factory.rows(
        "SELECT b.id, b.units, count(*), count(DISTINCT u.uuid), count(DISTINCT u.key_digest), "
        "count(DISTINCT u.serial) "
        "FROM batch b JOIN unit u ON u.batch = b.no GROUP BY b.no",
    )
    assert len(counts) == 51
    assert all(row[1:] == (2000, 2000, 2000, 2000, 2000) for row in counts)
    with factory.ledger() as ledger:
        ledger.check()


def test_eight_at_once(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    processes = [
        subprocess.Popen(
            factory.command("batch", "create", "bulb", "--units", 200, "--id", f"P{number % 7}"),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for number in range(8)
    ]  # fmt: skip
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, errors
    assert factory.rows("SELECT count(*), count(DISTINCT uuid), count(DISTINCT serial) FROM unit") == [
        (1400, 1400, 1400)
    ]
