"""A printer that listens on a raw port."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType

END = b"^XZ\n"


class RawPort:
    """A printer's port 9100 in a thread: takes what comes, one connection after the other.

    `cut_after`: after so many bytes the first connection is reset, as by a printer that is switched off. `hold`: keeps
    connections open until the end, as some printers do. `stall`: accepts and never reads.
    """

    def __init__(self, *, listen: bool = True, cut_after: int = 0, hold: bool = False, stall: bool = False) -> None:
        self._cut_after, self._hold, self._stall = cut_after, hold, stall
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what is under way is not much
        self._socket.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        self.address = f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)
        self._over = threading.Event()
        if listen:
            self.listen()

    def listen(self) -> None:
        """Begin to take connections."""
        self._socket.settimeout(0.05)
        self._socket.listen()
        self._thread.start()

    def __enter__(self) -> RawPort:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        if self._thread.ident:
            self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(20)
                self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        data = bytearray()
        first = not self.received
        self.received.append(b"")
        if self._stall:
            self._over.wait()
            return
        limit = self._cut_after if first and self._cut_after else 1 << 40
        while len(data) < limit and (piece := connection.recv(min(4096, limit - len(data)))):
            data += piece
            self.received[-1] = bytes(data)
        if len(data) >= limit:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
        if self._hold:
            self._over.wait()

    def taken(self, connections: int = 1) -> list[bytes]:
        """What has come, once so many connections have."""
        deadline = time.monotonic() + 10
        while len(self.received) < connections and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.received
