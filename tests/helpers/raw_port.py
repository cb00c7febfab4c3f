"""A printer that listens on a raw port, well or badly behaved."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType

from tests.helpers.pace import PATIENCE

END = b"^XZ\n"
HOST_STATUS = b"~HS\r\n"
READY = b"\x02030,0,0,0240,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
"""What a Zebra printer that is ready answers to ~HS, as its manual has it."""


@dataclass(frozen=True)
class Manners:
    """How a printer behaves on a connection. `read_at_once`: bytes it takes at a time, with `pause_s` before each.
    `talks`: sends bytes back without end, all the time; with `deaf` it reads only while somebody hears it.
    `half_closes`: shuts its own side before it reads. `close_after`: hangs up after so many bytes, calmly.
    `roll_change`: after so many bytes takes nothing for so many seconds."""

    read_at_once: int = 4096
    pause_s: float = 0.0
    talks: bool = False
    deaf: bool = False
    half_closes: bool = False
    close_after: int = 0
    roll_change: tuple[int, float] = (0, 0.0)


class RawPort:
    """A printer's port 9100 in a thread: takes what comes, one connection after the other.

    `cut_after`: after so many bytes the first connection is reset, as by a printer that is switched off; `cut_in` is
    another one than the first. `hold`: keeps
    connections open until the end, as some printers do. `stall`: accepts and takes no label. `manners`: anything else.
    Asked for its state it says that it is ready, unless it talks anyway; questions are no part of what is `received`.
    """

    def __init__(
        self,
        *,
        listen: bool = True,
        cut_after: int = 0,
        cut_in: int = 1,
        hold: bool = False,
        stall: bool = False,
        manners: Manners = Manners(),
    ) -> None:
        self._cut_after, self._cut_in, self._hold, self._stall = cut_after, cut_in, hold, stall
        self._manners = manners
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
            with connection, contextlib.suppress(ConnectionError):
                connection.settimeout(20)
                self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        data = bytearray()
        self.received.append(b"")
        is_cut = bool(self._cut_after) and len(self.received) == self._cut_in
        if self._stall:
            if connection.recv(len(HOST_STATUS), socket.MSG_PEEK) == HOST_STATUS:
                connection.recv(len(HOST_STATUS))
                connection.send(READY)
            self._over.wait()
            return
        manners = self._manners
        if manners.half_closes:
            connection.shutdown(socket.SHUT_WR)
        limit = self._cut_after if is_cut else manners.close_after or 1 << 40
        changed = False
        while len(data) - _begun_question(data) < limit and not self._over.is_set():
            if manners.talks and not self._talk(connection):
                continue
            if manners.roll_change[1] and len(data) >= manners.roll_change[0] and not changed:
                changed = True
                self._over.wait(manners.roll_change[1])
            if manners.pause_s:
                self._over.wait(manners.pause_s)
            if manners.talks and not select.select([connection], [], [], 0.01)[0]:
                continue
            piece = connection.recv(min(manners.read_at_once, limit - len(data) + _begun_question(data)))
            if not piece and not manners.talks:
                break
            data += piece
            while HOST_STATUS in data:
                at = data.index(HOST_STATUS)
                del data[at : at + len(HOST_STATUS)]
                if not manners.talks:
                    connection.send(READY)
            self.received[-1] = bytes(data)
        if is_cut and len(data) >= self._cut_after:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
        if self._hold:
            self._over.wait()

    def _talk(self, connection: socket.socket) -> bool:
        """Say something; whether to go on and read: one that is deaf does so only where what it says is heard."""
        heard = bool(select.select([], [connection], [], 0.02)[1])
        if heard:
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                connection.send(b"OK\r\n" * 4096)
            connection.settimeout(20)
        return heard or not self._manners.deaf

    def taken(self, connections: int = 1) -> list[bytes]:
        """What has come, once so many connections have."""
        deadline = time.monotonic() + PATIENCE
        while len(self.received) < connections and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.received


def _begun_question(data: bytearray) -> int:
    """How many bytes at the end begin a question, which is no label."""
    return next((size for size in range(len(HOST_STATUS) - 1, 0, -1) if data.endswith(HOST_STATUS[:size])), 0)
