"""A printer's raw port (TCP 9100): bytes go to it label by label, and what was handed over is counted.

A raw port acknowledges nothing. So a connection that can't be made is tried again; one that breaks after the first
byte is not: labels may lie printed in the tray, and only the operator can see how many. A printer that takes nothing is
waited for, for its roll may be changed just now; one that takes hardly anything, over and over, is not. What a batch's
history says of it is `send_batch`'s.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import InputError

TRIES = 4
"""Attempts to connect."""
FIRST_WAIT_S = 0.3
CHUNK = 16_384
CONNECT_S = 30.0
_TCP_CLOSE = 7
"""Linux: the state of a connection that is no more."""


class SendOutcome(StrEnum):
    """How sending ended: everything was handed over, only the first of it, the operator stopped it, or nothing was."""

    SENT = "sent"
    CUT_OFF = "cut off"
    STOPPED = "stopped"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class SendResult:
    """What was handed over: whole labels and bytes, and if it stopped before the end, the reason in words."""

    labels: int
    bytes_sent: int
    outcome: SendOutcome = SendOutcome.SENT
    reason: str = ""


def _nobody(seconds: float) -> None:
    """Nobody is told of the wait."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a printer is waited for.

    `silence_s`: that it takes nothing; None: without end, for a roll change takes as long as it takes. `label_s`: that
    it takes a label piece by piece; of each wait between two pieces `pause_s` count at most, so that a roll change in
    the midst of it is no matter. `goodbye_s`: that it hangs up after the last byte. `tell` hears of the seconds waited,
    every `poll_s` or so.
    """

    silence_s: float | None = None
    label_s: float = 3600.0
    pause_s: float = 300.0
    goodbye_s: float = 10.0
    poll_s: float = 1.0
    tell: Callable[[float], None] = field(default=_nobody, compare=False)


def parse_address(text: str) -> tuple[str, int]:
    """(host, port) of `tcp://HOST:PORT`; the port is 9100 if left out."""
    match = re.fullmatch(r"tcp://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?/?", text)
    if not match or not 0 < int(match[2] or 9100) < 65536:
        raise InputError(f"{text[:80]!r} isn't a printer address", way_out="Write it as tcp://HOST:9100.")
    return match[1].strip("[]"), int(match[2] or 9100)


def send_to_raw_port(
    address: str,
    formats: Sequence[bytes],
    *,
    patience: Patience = Patience(),
    sleep: Callable[[float], None] = time.sleep,
    progress: Progress = no_progress,
) -> SendResult:
    """Send formats to a raw port; returns what was handed over, also when the printer went away midway or the operator
    stopped it.

    Raises nothing for the network: `SendResult.outcome` says how it ended, and `SendResult.labels` is an upper bound
    of what can have been printed.
    """
    host, port = parse_address(address)
    sending = _Sending(f"{host}:{port}", patience)
    try:
        connection = _connect(host, port, sleep)
        if isinstance(connection, SendResult):
            return connection
        with connection:
            # A small buffer keeps the count near to what the printer has taken.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHUNK)
            connection.settimeout(patience.poll_s)
            sending.send(connection, formats, progress)
    except OSError as error:
        return sending.ended(f"the printer at {host}:{port} broke the connection off ({_words(error)})")
    except _GivenUp as given_up:
        return sending.ended(str(given_up))
    except KeyboardInterrupt:
        return sending.ended("stopped", SendOutcome.STOPPED)
    return SendResult(sending.labels, sending.bytes_sent)


class _GivenUp(Exception):  # noqa: N818  (no error: it ends a wait)
    """A printer was waited for long enough; its words say why."""


class _Sending:
    """One connection: what was handed over so far, and how long the printer lets it wait."""

    def __init__(self, printer: str, patience: Patience) -> None:
        self._printer, self._patience = printer, patience
        self.labels = self.bytes_sent = 0
        self._since = time.monotonic()
        """When the printer took something last."""
        self._on_label_s = 0.0

    def ended(self, reason: str, outcome: SendOutcome = SendOutcome.CUT_OFF) -> SendResult:
        """What it came to, before everything was handed over."""
        if not self.bytes_sent and outcome is SendOutcome.CUT_OFF:
            outcome = SendOutcome.NOT_SENT
        return SendResult(self.labels, self.bytes_sent, outcome, reason)

    def send(self, connection: socket.socket, formats: Sequence[bytes], progress: Progress) -> None:
        """Hand everything over, and wait until the printer has it."""
        self._since = time.monotonic()
        for item in formats:
            # A label can print once its last command is there: the line end after it does not count.
            view, done, end = memoryview(item), 0, len(item.rstrip())
            while done < len(item):
                try:
                    taken = connection.send(view[done : done + CHUNK])
                except TimeoutError:
                    self._wait(connection)
                    continue
                self.bytes_sent += taken
                whole = done < end <= done + taken
                self.labels += whole
                done += taken
                self._went_on(whole)
            progress(self.labels, len(formats))
        connection.shutdown(socket.SHUT_WR)
        while (left := _unacknowledged(connection)) > 0:
            time.sleep(min(self._patience.poll_s, 0.05))
            if _unacknowledged(connection) < left:
                self._went_on(whole=False)
            else:
                self._wait(connection, drain=False)
        self._say_goodbye(connection)

    def _went_on(self, whole: bool) -> None:
        """The printer took something, and with it the end of a label or not."""
        now = time.monotonic()
        self._on_label_s = 0.0 if whole else self._on_label_s + min(now - self._since, self._patience.pause_s)
        self._since = now
        if self._on_label_s > self._patience.label_s:
            raise _GivenUp(
                f"the printer at {self._printer} takes hardly anything: no label in {self._on_label_s:.0f} s"
            )

    def _wait(self, connection: socket.socket, *, drain: bool = True) -> None:
        """The printer takes nothing just now. `OSError` where the connection ended meanwhile: what was under way then
        stays unacknowledged for ever."""
        if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        waited, limit = time.monotonic() - self._since, self._patience.silence_s
        if limit is not None and waited >= limit:
            raise _GivenUp(f"the printer at {self._printer} took nothing for {waited:.0f} s (timed out)")
        self._patience.tell(waited)
        if drain:  # one that waits until somebody hears what it says
            _drain(connection)

    def _say_goodbye(self, connection: socket.socket) -> None:
        """Wait until a printer that has everything closes its side, whatever it says meanwhile; one that was switched
        off resets the connection, which is an `OSError`."""
        deadline = time.monotonic() + self._patience.goodbye_s
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            with contextlib.suppress(TimeoutError):
                if not connection.recv(4096):
                    return


def _drain(connection: socket.socket) -> None:
    """Read away what a printer says, without waiting for more."""
    timeout = connection.gettimeout()
    connection.setblocking(False)
    try:
        for _ in range(64):
            if not connection.recv(65_536):
                return
    except BlockingIOError:
        pass
    finally:
        connection.settimeout(timeout)


def _unacknowledged(connection: socket.socket) -> int:
    """Bytes that this machine still keeps for the printer; 0 where the system does not say. An `OSError` where nobody
    will take them any more: the connection was reset."""
    if not sys.platform.startswith("linux"):
        return 0
    import fcntl
    import termios

    try:
        left = int.from_bytes(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    except OSError:
        return 0
    # What was left when a reset came is counted for ever.
    if left and connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_CLOSE:
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return left


def _connect(host: str, port: int, sleep: Callable[[float], None]) -> socket.socket | SendResult:
    """A connection, or the result of not getting one."""
    for attempt in range(1, TRIES + 1):
        try:
            return socket.create_connection((host, port), timeout=CONNECT_S)
        except OSError as error:
            reason = f"no connection to {host}:{port} in {attempt} tries ({_words(error)})"
            if attempt < TRIES:
                sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
    return SendResult(0, 0, SendOutcome.NOT_SENT, reason)


def _words(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
