"""`batch create` killed at fifty moments, and typed by eight at once: nothing is issued twice."""

from __future__ import annotations

import signal
import subprocess

from tests.faults.killed import killed, spread
from tests.faults.pairs import act
from tests.helpers.factory import Factory


def test_killed_at_fifty_moments_and_run_again(factory: Factory) -> None:
    """kill -9 anywhere in `batch create --units 600`, then the same command: exactly 600 units, no duplicate."""
    factory.add(oob_bytes=16)
    create = "batch create bulb --units 600 --id"
    assert factory.cli(*f"{create} first".split()).code == 0  # what it needs is imported once, before all forks
    whole, steps = killed(factory, act("whole", f"{create} whole"), 0)
    assert whole.code == 0, whole.err
    finished = 0
    for number, moment in enumerate(spread(steps, 50)):
        ended, _ = killed(factory, act("killed", f"{create} K{number}"), moment)
        assert ended.code == -signal.SIGKILL, (moment, ended)
        finished += (f"K{number}",) in factory.rows("SELECT id FROM batch")
        assert factory.cli(*f"{create} K{number}".split()).code == 0
    assert 0 < finished < 50, "every kill came too early or too late to test anything"
    assert factory.rows("PRAGMA integrity_check") == [("ok",)]
    counts = factory.rows(
        "SELECT b.id, b.units, count(*), count(DISTINCT u.uuid), count(DISTINCT u.key_digest), "
        "count(DISTINCT u.serial) "
        "FROM batch b JOIN unit u ON u.batch = b.no GROUP BY b.no",
    )
    assert len(counts) == 52
    assert all(row[1:] == (600,) * 5 for row in counts)
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
