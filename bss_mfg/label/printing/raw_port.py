"""A printer's raw port (TCP 9100): a line of bytes there and, where the printer says something, back."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
import time
from collections.abc import Callable

from bss_mfg.label.printing.sending import CHUNK, GivenUp, error_words

TRIES = 4
"""Attempts to connect."""
FIRST_WAIT_S = 0.3
CONNECT_S = 30.0
_TCP_CLOSE = 7
"""Linux: the state of a connection that is no more."""


def open_raw_port(host: str, port: int, poll_s: float, sleep: Callable[[float], None] = time.sleep) -> RawPortChannel:
    """A connection. One that can't be made is tried again, for nothing was sent yet; then it is `GivenUp`."""
    for attempt in range(1, TRIES + 1):
        try:
            connection = socket.create_connection((host, port), timeout=CONNECT_S)
        except OSError as error:
            if attempt == TRIES:
                reason = f"no connection to {host}:{port} in {attempt} tries ({error_words(error)})"
                raise GivenUp(reason) from None
            sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
        else:
            return RawPortChannel(connection, poll_s)
    raise AssertionError("unreachable")


class RawPortChannel:
    """A connection to a raw port (`sending.Channel`)."""

    def __init__(self, connection: socket.socket, poll_s: float) -> None:
        self._connection = connection
        # A small buffer keeps the count near to what the printer has taken.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHUNK)
        connection.settimeout(poll_s)

    def write(self, data: memoryview) -> int:
        """Hand over some of it; `TimeoutError` where nothing is taken."""
        return self._connection.send(data)

    def read(self, wait_s: float) -> bytes | None:
        """What the printer says within the time."""
        connection, timeout = self._connection, self._connection.gettimeout()
        connection.settimeout(wait_s)
        try:
            return connection.recv(65_536)
        except (TimeoutError, BlockingIOError):
            return None
        finally:
            connection.settimeout(timeout)

    def pending(self) -> int:
        """Bytes that this machine still keeps for the printer; 0 where the system does not say. An `OSError` where
        nobody will take them any more: the connection was reset."""
        connection = self._connection
        if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        left = self._unacknowledged()
        if sys.platform != "linux":
            return left
        # What was left when a reset came is counted for ever. Asked again: it may all have been taken, and the
        # connection ended well, since.
        if left and connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_CLOSE:
            left = self._unacknowledged()
            if left:
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        return left

    def _unacknowledged(self) -> int:
        """Bytes that the printer's side has not taken; 0 where the system does not say."""
        if sys.platform != "linux":
            return 0
        import fcntl
        import termios

        try:
            return int.from_bytes(fcntl.ioctl(self._connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
        except OSError:
            return 0

    def finish(self) -> None:
        """Shut this side: the printer sees the end."""
        self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._connection.close()
