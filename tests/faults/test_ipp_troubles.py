"""IPP printers that misbehave: silent, dripping, talking nonsense, hanging up in the midst of a job. Each ends in time,
with a true count."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

import pytest

from bss_mfg.errors import MissingError
from bss_mfg.label.printing import ipp_queue
from bss_mfg.label.printing.ask_printer import printer_state
from bss_mfg.label.printing.sending import Patience, PrintJob, SendOutcome, SendResult
from bss_mfg.label.printing.ways import open_way
from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.pace import is_soon

OK = b"\x01\x01\x00\x00\x00\x00\x00\x01\x01"
READY = OK + b"\x04\x23\x00\x0dprinter-state\x00\x04\x00\x00\x00\x03" + b"\x03"
PRINT_JOB, GET_PRINTER = b"\x01\x01\x00\x02", b"\x01\x01\x00\x0b"
JOB = OK + b"\x02\x21\x00\x06job-id\x00\x04\x00\x00\x00\x07" + b"\x03"
Behaviour = Callable[[socket.socket], None]


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: application/ipp\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class BadIppPrinter:
    """Answers what is asked of the printer, and does to a job as told; `first`: does so to every question."""

    def __init__(self, does: Behaviour, *, first: bool = False, takes: int = 1 << 40) -> None:
        self._does, self._first, self._takes = does, first, takes
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.address = f"ipp://127.0.0.1:{self._socket.getsockname()[1]}/ipp/print"
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> BadIppPrinter:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.over.set()
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                connection, _ = self._socket.accept()
                with connection:
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        size = int(
            next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        )
        body = b""
        while len(body) < min(size, self._takes):
            body += connection.recv(4096)
        if not self._first and body.startswith(GET_PRINTER):
            connection.sendall(http(READY))
        else:
            self._does(connection)


def silent(connection: socket.socket) -> None:
    time.sleep(1.5)


def garbage(connection: socket.socket) -> None:
    connection.sendall(bytes(range(256)) * 20)


def no_ipp(connection: socket.socket) -> None:
    connection.sendall(http(b"<html>It works!</html>"))


def login(connection: socket.socket) -> None:
    connection.sendall(http(b"", "401 Unauthorized"))


def lost(connection: socket.socket) -> None:
    connection.sendall(http(b"", "404 Not Found"))


def hangs_up(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def drips(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for byte in http(READY) * 50:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)


LABEL = bytes(20_000) + b"^XZ\n"


def send(printer: BadIppPrinter) -> SendResult:
    return open_way(printer.address, "zpl").send(PrintJob([LABEL] * 10), patience=Patience(silence_s=0.6, poll_s=0.05))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipp_queue, "ANSWER_S", 0.5)
    monkeypatch.setattr(ipp_queue, "WHOLE_ANSWER_S", 1.0)


@pytest.mark.parametrize("does", [silent, garbage, no_ipp, login, lost, hangs_up, drips])
def test_one_that_can_not_even_say_how_it_is_gets_nothing(does: Behaviour) -> None:
    with BadIppPrinter(does, first=True) as printer:
        begun = time.monotonic()
        result = send(printer)
        assert is_soon(time.monotonic() - begun, 8)
        assert (result.outcome, result.labels, result.bytes_sent) == (SendOutcome.NOT_SENT, 0, 0)
        assert printer.address.removeprefix("ipp://") in result.reason
        with pytest.raises(MissingError):
            printer_state(printer.address, "zpl")


@pytest.mark.parametrize("does", [silent, garbage, no_ipp, hangs_up, drips])
def test_a_job_that_gets_no_answer_may_have_been_printed(does: Behaviour) -> None:
    with BadIppPrinter(does) as printer:
        result = send(printer)
    assert result.outcome is SendOutcome.CUT_OFF
    assert (result.labels, result.bytes_sent) == (10, 10 * len(LABEL))


def test_one_that_hangs_up_in_the_midst_of_a_job() -> None:
    with BadIppPrinter(hangs_up, takes=45_000) as printer:
        result = send(printer)
    assert result.outcome is SendOutcome.CUT_OFF
    assert 1 <= result.labels <= 10
    assert result.bytes_sent <= 10 * len(LABEL)


def test_a_job_whose_end_nobody_tells_is_told_as_such(factory: Factory) -> None:
    """It was taken, and then the printer answers no question any more."""

    def takes_it(connection: socket.socket) -> None:
        connection.sendall(http(JOB) if not taken else http(b""))
        taken.append(True)

    taken: list[bool] = []
    factory.add(oob_bytes=16)
    factory.issue(4)
    with BadIppPrinter(takes_it) as printer:
        done = factory.cli(
            "labels", "B1", "--template", "roll-50x30", "--printer", "zpl-203", "--send", printer.address
        )
    assert done.code == 6, done.err
    assert "its job 7 may still print" in done.err
    assert "at most 4 of 4 labels were printed" in done.err
    assert len(advised(done)) == 1
