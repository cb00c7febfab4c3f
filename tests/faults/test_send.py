"""Sending to a printer, interrupted and killed: what is on paper is remembered."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.raw_port import RawPort

LABELS = 60


WAYS = ("--template", "roll-50x30", "--printer", "zpl-203")


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A factory with a batch of sixty."""
    factory.add(oob_bytes=16)
    factory.issue(LABELS)
    return factory


def labels(factory: Factory, address: str, *more: str) -> Outcome:
    return factory.cli("labels", "B1", *WAYS, "--send", address, *more)


def history(factory: Factory) -> list[tuple[str, Mapping[str, Any]]]:
    """What the ledger has of how sending ended, in order."""
    with factory.ledger() as ledger:
        return [
            (event.kind, event.data)
            for event in ledger.history.events("B1")
            if event.kind in ("labels sent", "labels cut off")
        ]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_sending_is_remembered(batch: Factory, how: signal.Signals) -> None:
    """Stopped by the operator or a power cut while the printer is printing: to send it again takes an --again."""
    with RawPort(stall=True) as port:
        running = subprocess.Popen(
            batch.command("labels", "B1", *WAYS, "--send", port.address),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not port.received and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)  # the buffers are full by now
        running.send_signal(how)
        _, err = running.communicate(timeout=60)
        assert running.returncode == (130 if how is signal.SIGINT else -how), err
    with RawPort() as port:
        again = labels(batch, port.address)
        assert again.code == 4, "labels that may lie in the tray were sent again unasked"
        assert port.received == []
    assert "labels sent" not in [kind for kind, _ in history(batch)]
