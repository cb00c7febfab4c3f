"""The end of a connection to a printer: one that ended well is no broken one, whenever the system is asked."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from bss_mfg.label.printing.raw_port import RawPortChannel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a connection still keeps")

_TCP_CLOSE = 7


class LateSocket(socket.socket):
    """A socket to which something happens just before its state is asked for: another thread's turn, made certain."""

    meanwhile: Callable[[], None] | None = None

    def getsockopt(self, *asked: int) -> int | bytes:  # type: ignore[override]
        if asked[:2] == (socket.IPPROTO_TCP, socket.TCP_INFO) and self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        return super().getsockopt(*asked)


@pytest.fixture
def line() -> Iterator[tuple[LateSocket, socket.socket]]:
    """Our end and the printer's, of a printer that has not read what lies in its small memory."""
    with socket.socket() as listening, LateSocket(socket.AF_INET, socket.SOCK_STREAM) as ours:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        ours.connect(listening.getsockname())
        printer, _ = listening.accept()
        with printer:
            yield ours, printer


def state(connection: socket.socket) -> int:
    return socket.socket.getsockopt(connection, socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def fill(channel: RawPortChannel) -> None:
    try:
        while True:
            channel.write(memoryview(bytes(16_384)))
    except TimeoutError:
        assert channel.pending() > 0


def wait_for_close(ours: socket.socket) -> None:
    for _ in range(500):
        if state(ours) == _TCP_CLOSE:
            return
        time.sleep(0.01)
    raise AssertionError("the connection stays open")


def test_a_printer_that_takes_the_rest_and_hangs_up_between_two_questions_has_all(
    line: tuple[LateSocket, socket.socket],
) -> None:
    ours, printer = line
    channel = RawPortChannel(ours, 0.05)
    fill(channel)
    channel.finish()

    def take_and_hang_up() -> None:
        while printer.recv(65_536):
            pass
        printer.close()
        wait_for_close(ours)

    ours.meanwhile = take_and_hang_up
    assert channel.pending() == 0


def test_a_reset_is_told_and_not_waited_for(line: tuple[LateSocket, socket.socket]) -> None:
    ours, printer = line
    channel = RawPortChannel(ours, 0.05)
    fill(channel)
    channel.finish()

    def switch_off() -> None:
        printer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        printer.close()
        wait_for_close(ours)

    ours.meanwhile = switch_off
    with pytest.raises(ConnectionResetError):
        channel.pending()
        channel.pending()
