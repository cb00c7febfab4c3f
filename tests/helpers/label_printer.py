"""A label printer that behaves: it has a roll, a memory, a head that prints one label after the other, and a word to
say when it is asked. Written from the languages' manuals, over real sockets, FIFOs and terminals.

`RawPort` beside it is about connections; this one is about what happens to labels.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

from tests.helpers.pace import PATIENCE
from tests.helpers.raw_port import END, HOST_STATUS

WORDS = {
    "zpl": (HOST_STATUS, END),
    "zpl-hex": (HOST_STATUS, END),
    "tspl": (b"\x1b!?", b"PRINT 1,1\r\n"),
    "epl2": (b"^ee\r\n", b"\nP1\n"),
    "cpcl": (b"\x1bh", b"\r\nPRINT\r\n"),
    "sbpl": (b"\x05", b"\x1bQ1\x1bZ\x03"),
    "dpl": (b"\x01A", b"\x02xDGbss0\r"),
}
"""By language: the question for the state, and what prints a label."""


class LabelPrinter:
    """A printer for a `language`. `roll`: labels that are left on it; `memory`: labels that it takes before
    it has printed them; `label_s`: how long it prints one; `taking_s`: how long it takes
    2,048 bytes. `answers`: well, never, garbage, slowly, or endlessly.
    `printed` has the labels that came out.
    """

    def __init__(
        self,
        language: str = "zpl",
        *,
        roll: int = 1_000,
        memory: int = 1_000,
        label_s: float = 0.002,
        answers: str = "well",
        taking_s: float = 0.0,
    ) -> None:
        self._question, self._end = WORDS[language]
        self._language, self._memory, self._label_s, self._answers = language, memory, label_s, answers
        self.roll, self._taking_s = roll, taking_s
        self.head_open = self.ribbon_out = self.paused = False
        self.printed: list[bytes] = []
        self.asked = 0
        self._waiting: list[bytes] = []
        self._received = b""
        self._lock = threading.Condition()
        self._over = False
        self._threads = [threading.Thread(target=self._print, daemon=True)]

    def __enter__(self) -> LabelPrinter:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._over = True
            self._lock.notify_all()
        for thread in self._threads:
            thread.join(5)

    # --- what an operator does ---

    def new_roll(self, labels: int = 1_000) -> None:
        """Put in a roll."""
        with self._lock:
            self.roll = labels
            self._lock.notify_all()

    def switch_off(self) -> int:
        """Off and on: what was not printed is gone. How many labels came out until then."""
        with self._lock:
            self._waiting.clear()
            self._received = b""
            return len(self.printed)

    def wait_for(self, labels: int, seconds: float = PATIENCE) -> list[bytes]:
        """What was printed, once it is so much."""
        with self._lock:
            self._lock.wait_for(lambda: len(self.printed) >= labels, seconds)
            return list(self.printed)

    # --- the machine ---

    def _print(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._over or (self._waiting and self._can_print()))
                if self._over:
                    return
            with self._lock:
                self._lock.wait_for(lambda: self._over, self._label_s)
                if not self._over and self._waiting and self._can_print():
                    self.printed.append(self._waiting.pop(0))
                    self.roll -= 1
                    self._lock.notify_all()

    def _can_print(self) -> bool:
        return self.roll > 0 and not (self.head_open or self.ribbon_out or self.paused)

    def feed(self, data: bytes, answer: Callable[[bytes], object]) -> None:
        """Take bytes, and answer what is asked among them; where the memory is full, not before there is room."""
        self._received += data
        while self._received:
            if self._received.startswith(self._question):
                self._received = self._received[len(self._question) :]
                self._answer(answer)
            elif self._question.startswith(self._received) or self._end not in self._received:
                return
            else:
                label, _, self._received = self._received.partition(self._end)
                with self._lock:
                    self._lock.wait_for(lambda: self._over or len(self._waiting) < self._memory)
                    self._waiting.append(label + self._end)
                    self._lock.notify_all()

    def _answer(self, answer: Callable[[bytes], object]) -> None:
        self.asked += 1
        if self._answers == "never":
            return
        if self._answers == "garbage":
            answer(bytes(range(256)) * 2)
        elif self._answers == "endlessly":
            with contextlib.suppress(OSError):
                for _ in range(200):
                    answer(b"\x02030,0,0")
        elif self._answers == "slowly":
            for byte in self.state():
                time.sleep(0.005)
                answer(bytes([byte]))
        else:
            answer(self.state())

    def state(self) -> bytes:
        """The answer to the question for the state."""
        with self._lock:
            paper_out, waiting = self.roll <= 0, len(self._waiting)
            flags = (self.head_open, False, paper_out, self.ribbon_out, self.paused, waiting > 0)
            if self._language == "tspl":
                return bytes([sum(bool(flag) << bit for bit, flag in enumerate(flags))])
            if self._language == "epl2":
                return b"07\r\n" if paper_out or self.ribbon_out else b"11\r\n" if self.head_open else b"00\r\n"
            if self._language == "cpcl":
                return bytes([bool(waiting) | paper_out << 1 | self.head_open << 2])
            if self._language == "sbpl":
                letter = "c" if paper_out else "b" if self.head_open else "G" if waiting else "A"
                return f"\x02  {letter}{waiting:06}\x03".encode()
            if self._language == "dpl":
                said = (False, paper_out, self.ribbon_out, waiting > 0, waiting > 0, self.paused, False, False)
                return "".join("NY"[flag] for flag in said).encode() + b"\r"
            one = f"030,{paper_out:d},{self.paused:d},0240,{waiting:03},0,0,0,000,0,0,0"
            two = f"000,0,{self.head_open:d},{self.ribbon_out:d},0,2,4,0,00000000,1,000"
            return "".join(f"\x02{text}\x03\r\n" for text in (one, two, "1234,0")).encode()


class NetworkPrinter(LabelPrinter):
    """One with a raw port. `power_cut_after`: so many labels printed, it is switched off and on: the connection is
    reset, and what it had in its memory is gone."""

    def __init__(self, language: str = "zpl", *, power_cut_after: int = 0, **how: object) -> None:
        super().__init__(language, **how)  # type: ignore[arg-type]
        self._cut_after = power_cut_after
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self._socket.settimeout(0.05)
        self.address = f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"
        self._threads.append(threading.Thread(target=self._serve, daemon=True))

    def __exit__(self, *how: object) -> None:
        super().__exit__(*how)  # type: ignore[arg-type]
        self._socket.close()

    def _serve(self) -> None:
        while not self._over:
            with contextlib.suppress(TimeoutError, ConnectionError):
                connection, _ = self._socket.accept()
                with connection:
                    connection.settimeout(0.02)
                    self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        while not self._over:
            if self._cut_after and len(self.printed) >= self._cut_after:
                self._cut_after = 0
                self.switch_off()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
                return
            with contextlib.suppress(TimeoutError):
                if not (piece := connection.recv(2048)):
                    return
                time.sleep(self._taking_s)
                self.feed(piece, connection.send)


class TerminalPrinter(LabelPrinter):
    """One behind a serial port: both directions."""

    def __init__(self, language: str = "zpl", **how: object) -> None:
        super().__init__(language, **how)  # type: ignore[arg-type]
        self._ours, self._theirs = pty.openpty()
        self.address = f"usb:{os.ttyname(self._theirs)}"
        self._threads.append(threading.Thread(target=self._read, daemon=True))

    def __exit__(self, *how: object) -> None:
        super().__exit__(*how)  # type: ignore[arg-type]
        os.close(self._theirs)
        os.close(self._ours)

    def _read(self) -> None:
        while not self._over:
            if select.select([self._ours], [], [], 0.02)[0]:
                self.feed(os.read(self._ours, 2048), lambda data: os.write(self._ours, data))
