"""A scanner's station that is killed: no answered read is lost, none counts twice."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import random
import select
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory
from tests.helpers.pace import PATIENCE


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


def test_2000_reads_with_five_kills_are_counted_exactly(new_factory: Callable[[], Factory]) -> None:
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
        os.set_blocking(controller, False)
        return process, controller

    def drain(controller: int) -> bytes:
        nonlocal screen
        while select.select([controller], [], [], 0)[0]:
            try:
                screen = (screen + os.read(controller, 65536))[-20_000:]
            except OSError:
                break
        return screen

    def send(controller: int, data: bytes) -> None:
        """As fast as the station takes it; its screen is read meanwhile, or it would wait for us as we for it."""
        while data:
            _, ready, _ = select.select([], [controller], [], PATIENCE)
            assert ready, "the station takes no more"
            drain(controller)
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(controller, data) :]

    def recorded() -> int:
        with factory.ledger() as ledger:
            return sum(ledger.reads.counts_by_scanner("B1", 1)[0].values())

    process, controller = start()
    sent = 0
    while sent < len(reads) or recorded() < len(reads):
        if sent in kills:
            kills.discard(sent)
            process.send_signal(signal.SIGKILL)
            process.wait()
            os.close(controller)
            screen = b""
            process, controller = start()
            sent = recorded()
        if sent == len(reads):
            time.sleep(0.1)
            drain(controller)
            continue
        send(controller, reads[sent].encode() + b"\n")
        sent += 1
    until = time.monotonic() + PATIENCE
    while b"reads 2,000" not in drain(controller) and time.monotonic() < until:
        time.sleep(0.1)
    assert b"reads 2,000" in screen  # of all sessions
    time.sleep(0.3)  # a key that is pressed, not what a scanner sends
    os.write(controller, b"\x04")
    process.wait(PATIENCE)
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


def test_5000_reads_over_two_stations_are_counted_exactly(new_factory: Callable[[], Factory]) -> None:
    """Two processes read one batch: each label is OK at one of them, once, and both end with one total."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(1500)
    texts = factory.payloads()
    dice = random.Random(5)
    reads = [*texts, *texts, *(dice.choice(texts) for _ in range(1900)), *(f"nonsense {n}" for n in range(100))]
    dice.shuffle(reads)
    stations = [
        subprocess.Popen(
            factory.command("scan", "B1", "--json"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    with ThreadPoolExecutor(2) as together:
        halves = [
            together.submit(station.communicate, "\n".join(reads[half::2]) + "\n")
            for half, station in enumerate(stations)
        ]
        outputs = [half.result() for half in halves]
    assert [station.returncode for station in stations] == [1, 1]
    answers = [[json.loads(line) for line in out.splitlines()] for out, _ in outputs]
    words = Counter(answer["word"] for one in answers for answer in one)
    assert words == {"OK": 1500, "ALREADY": 3400, "OTHER LABEL": 100}
    for one in answers:
        assert all(before["reads"] < after["reads"] for before, after in pairwise(one))
        assert all(before["verified"] <= after["verified"] for before, after in pairwise(one))
    last = max((one[-1] for one in answers), key=lambda answer: answer["reads"])
    assert [last[name] for name in ("packages", "verified", "reads", "wrong", "repeated")] == [
        1500, 1500, 5000, 100, 3400
    ]  # fmt: skip
    with factory.ledger() as ledger:
        assert all(ledger.reads.times_verified("B1", number) == 1 for number in range(1, 1501))
        assert sum(1 for event in ledger.history.events("B1") if event.kind == "read") == 5000
        assert ledger.check()
