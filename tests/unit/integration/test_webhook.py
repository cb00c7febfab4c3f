"""Web servers that answer as none should: what counts is their status, and nobody is waited for without an end."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bss_mfg.errors import MissingError
from bss_mfg.integration.event_feed import EventChoice, EventSource, Piece, Position
from bss_mfg.integration.forwarding import DeliveryRecord, Forwarder, Persistence
from bss_mfg.integration.receivers import Credentials, DeliveryTrouble, ReceiverAddress
from bss_mfg.integration.webhook import Webhook
from bss_mfg.model import Event

EVENT = Event(7, "2026-11-30T05:00:00Z", "labels made", "B1", {}, "ab" * 32)
Answer = Callable[[socket.socket, threading.Event], None]


def _head(more: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + more + b"\r\n\r\n"


def whole(answer: bytes) -> Answer:
    return lambda wire, end: wire.sendall(answer)


def drip(start: bytes) -> Answer:
    def answer(wire: socket.socket, end: threading.Event) -> None:
        wire.sendall(start)
        while not end.wait(0.02):
            wire.sendall(b"x")

    return answer


def flood(wire: socket.socket, end: threading.Event) -> None:
    wire.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not end.is_set():
        wire.sendall(b"x" * 100_000)


@contextmanager
def server(answer: Answer) -> Iterator[Webhook]:
    end = threading.Event()

    def serve() -> None:
        while not end.is_set():
            with contextlib.suppress(OSError):
                wire, _ = listening.accept()
                with wire:
                    wire.settimeout(30)
                    seen = b""
                    while b'"event_digest"' not in seen:
                        seen += wire.recv(65_536)
                    answer(wire, end)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        webhook = Webhook(
            ReceiverAddress.parse(f"http://127.0.0.1:{listening.getsockname()[1]}/x?t=1"), Credentials(), "0" * 8
        )
        yield webhook
        end.set()
        webhook.close()
        thread.join(30)


@pytest.mark.parametrize(
    "answer",
    [
        whole(_head(b"Content-Encoding: gzip\r\nContent-Length: 5") + b"hello"),
        whole(_head(b"Content-Length: 100") + b"cut"),
        whole(_head(b"Transfer-Encoding: chunked") + b"zz\r\nhello"),
        whole(b"HTTP/1.0 200 OK\r\n\r\n"),
        flood,
        drip(_head(b"Content-Length: 1000000")),
    ],
)
def test_what_an_answer_says_after_its_status_changes_nothing(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bss_mfg.integration.webhook.ANSWER_S", 3.0)
    with server(answer) as webhook:
        for _ in range(2):
            webhook.deliver(EVENT)


@pytest.mark.parametrize("answer", [drip(b"HTTP/1.1 2"), whole(b"\0garbage\r\n\r\n"), whole(b"")])
def test_an_answer_without_a_status_is_no_answer(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bss_mfg.integration.webhook.ANSWER_S", 0.5)
    with server(answer) as webhook:
        for _ in range(2):
            with pytest.raises(DeliveryTrouble):
                webhook.deliver(EVENT)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://erp.example/x", "erp.example"),
        ("https://[::1]/x", "receiver-1"),
        ("https://[fe80::1]/x", "receiver-fe80-1"),
        ("https://erp.example./x", "receiver-erp-example"),
        ("https://köln.example/x", "receiver-k-ln-example"),
        (f"https://{'a' * 60}.example/x", f"receiver-{'a' * 55}"),
        ("https://con/x", "receiver-con"),
    ],
)
def test_a_receiver_has_a_name_by_its_host(address: str, name: str) -> None:
    assert ReceiverAddress.parse(address).name == name


def test_a_wait_that_a_receiver_asks_for_ends_where_it_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy:
        def deliver(self, event: Event) -> None:
            raise DeliveryTrouble("busy", wait_s=3_000.0)

        def close(self) -> None:
            return

    class Source(EventSource):
        def look(self, after: Position) -> Piece:
            return Piece((EVENT,), Position(7))

    waited: list[float] = []
    monkeypatch.setattr("bss_mfg.integration.forwarding.time.monotonic", lambda: sum(waited))
    persistence = Persistence(60.0, wait=waited.append)
    source = Source(lambda: pytest.fail("no ledger"), EventChoice())
    with pytest.raises(MissingError):
        Forwarder(source, Busy(), DeliveryRecord(tmp_path / "x.json", "x"), persistence).send_all(Position())
    assert sum(waited) == 60.0
