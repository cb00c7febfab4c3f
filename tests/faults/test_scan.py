"""A scanner's station that is killed: no answered read is lost, none counts twice."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    """A batch of five packages of two."""
    factory.add(units_per_package=2, oob_bytes=16)
    factory.issue(10)
    factory.issue(2, "B2")
    return factory


def test_a_killed_station_loses_no_answered_read(line: Factory) -> None:
    texts = line.payloads()
    process = subprocess.Popen(
        line.command("scan", "B1", "--json"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    for text in texts[:3]:
        process.stdin.write(text + "\n")
        process.stdin.flush()
        assert '"word": "OK"' in process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with line.ledger() as ledger:
        assert ledger.batches.counts("B1")["print_verified"] == 3
    assert run_cli("--workspace", line.root, "batch", "show", "B1", "--json").json["print_verified"] == 3


def test_2000_reads_at_20_a_second_with_five_kills_are_counted_exactly(new_factory: Callable[[], Factory]) -> None:
    """The driver does what an operator does: it scans on, and after a kill it goes on with the first label that was
    not recorded. Nothing recorded is lost, nothing is recorded twice."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(400)
    texts = factory.payloads()
    reads = [texts[number % 400] if number % 50 else f"nonsense {number}" for number in range(2000)]
    kills = {250, 611, 1000, 1301, 1777}
    screen = b""

    def start() -> tuple[subprocess.Popen[bytes], int]:
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            factory.command("scan", "B1"),
            stdin=terminal, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        os.close(terminal)
        return process, controller

    def drain(controller: int) -> bytes:
        nonlocal screen
        while select.select([controller], [], [], 0)[0]:
            try:
                screen = (screen + os.read(controller, 65536))[-20_000:]
            except OSError:
                break
        return screen

    def recorded() -> int:
        with factory.ledger() as ledger:
            return sum(ledger.reads.counts_by_scanner("B1", 1)[0].values())

    process, controller = start()
    sent = 0
    due = time.monotonic()
    while sent < len(reads) or recorded() < len(reads):
        if sent in kills:
            kills.discard(sent)
            process.send_signal(signal.SIGKILL)
            process.wait()
            os.close(controller)
            screen = b""
            process, controller = start()
            sent, due = recorded(), time.monotonic()
        if sent == len(reads):
            time.sleep(0.1)
            drain(controller)
            continue
        due += 0.05
        time.sleep(max(due - time.monotonic(), 0))
        os.write(controller, reads[sent].encode() + b"\n")
        sent += 1
        drain(controller)
    until = time.monotonic() + 20
    while b"reads 2,000" not in drain(controller) and time.monotonic() < until:
        time.sleep(0.1)
    assert b"reads 2,000" in screen  # of all sessions
    os.write(controller, b"\x04")
    process.wait(20)
    os.close(controller)
    with factory.ledger() as ledger:
        texts_of = [event.data for event in ledger.history.events("B1") if event.kind == "read"]
        right = {number % 400 for number in range(2000) if number % 50}
        assert ledger.batches.counts("B1")["print_verified"] == len(right)
        assert all(ledger.reads.times_verified("B1", package + 1) == (package in right) for package in range(400))
    assert len(texts_of) == 2000
    bad = [number for number, data in enumerate(texts_of) if data["verdict"] == "other label"]
    assert bad == [number for number in range(2000) if number % 50 == 0]
    assert not kills
