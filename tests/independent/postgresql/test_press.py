"""A press that waits for a server to tell it of labels."""

from __future__ import annotations

import threading

from tests.helpers.factory import Factory
from tests.helpers.label_printer import NetworkPrinter
from tests.helpers.postgres import Server
from tests.helpers.queued import WaitingPress, prepared, queue, serial

LONG_S = 3_600.0


def test_a_press_that_waits_is_woken(factory: Factory) -> None:
    prepared(factory, 2)
    listens, woken = threading.Event(), threading.Event()

    def wait() -> None:
        with factory.ledger() as ledger:
            ledger.print_queue.wait(0)  # the first time it only begins to listen
            listens.set()
            ledger.print_queue.wait(LONG_S)
            woken.set()

    threading.Thread(target=wait, daemon=True).start()
    assert listens.wait(60)
    assert queue(factory).code == 0
    assert woken.wait(60)


def test_the_control_who_is_not_told_waits(factory: Factory) -> None:
    prepared(factory, 2)
    with factory.ledger() as ledger:
        ledger.print_queue.wait(0)
        ledger.print_queue.wait(0.2)  # ends by itself, with nothing to tell
        assert not ledger.print_queue.entries()


def test_a_press_that_waits_outlives_the_server(factory: Factory, server: Server) -> None:
    prepared(factory, 8)
    url = factory.workspace.ledger_place.url
    name = url.partition("?")[0].rpartition("/")[2]
    with NetworkPrinter() as printer, WaitingPress(factory, printer.address) as waiting:
        assert queue(factory, "--to", serial(4)).code == 0
        assert waiting.ended()["good"] == 4
        with server.connect() as administrator:
            ended = administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            ).fetchall()
        assert ended
        assert queue(factory, "--from", serial(5)).code == 0
        assert waiting.ended()["good"] == 4
        assert waiting.interrupt() == 0
        assert len(printer.printed) == 8
