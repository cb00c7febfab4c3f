"""A printer's raw port (TCP 9100): bytes go to it label by label, and what was handed over is counted.

A raw port acknowledges nothing. So a connection that can't be made is tried again; one that breaks after the first
byte is not: labels may lie printed in the tray, and only the operator can see how many. What a batch's history says of
it is `send_batch`'s.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import InputError

TRIES = 4
"""Attempts to connect."""
FIRST_WAIT_S = 0.3
CHUNK = 16_384


class SendOutcome(StrEnum):
    """How sending ended: everything was handed over, only the first of it, or nothing."""

    SENT = "sent"
    CUT_OFF = "cut off"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class SendResult:
    """What was handed over: whole labels and bytes, and if it stopped before the end, the reason in words."""

    labels: int
    bytes_sent: int
    outcome: SendOutcome = SendOutcome.SENT
    reason: str = ""


def parse_address(text: str) -> tuple[str, int]:
    """(host, port) of `tcp://HOST:PORT`; the port is 9100 if left out."""
    match = re.fullmatch(r"tcp://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?/?", text)
    if not match or not 0 < int(match[2] or 9100) < 65536:
        raise InputError(f"{text[:80]!r} isn't a printer address", way_out="Write it as tcp://HOST:9100.")
    return match[1].strip("[]"), int(match[2] or 9100)


def split_formats(data: bytes, language: str) -> list[bytes]:
    """What a printer takes whole, one after the other: the formats of a ZPL file, else the file itself."""
    if language != "zpl":
        return [data]
    return [body + b"^XZ\n" for body in data.split(b"^XZ\n") if body.strip()]


def send_to_raw_port(
    address: str,
    formats: Sequence[bytes],
    *,
    timeout_s: float = 30.0,
    sleep: Callable[[float], None] = time.sleep,
    progress: Progress = no_progress,
) -> SendResult:
    """Send formats to a raw port; returns what was handed over, also when the printer went away midway.

    Raises nothing for the network: `SendResult.outcome` says how it ended, and `SendResult.labels` is an upper bound
    of what can have been printed.
    """
    host, port = parse_address(address)
    connection = _connect(host, port, timeout_s, sleep)
    if isinstance(connection, SendResult):
        return connection
    labels = bytes_sent = 0
    with connection:
        try:
            # A small buffer keeps the count near to what the printer has taken.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHUNK)
            for item in formats:
                # A label can print once its last command is there: the line end after it does not count.
                view, done, end = memoryview(item), 0, len(item.rstrip())
                while done < len(item):
                    taken = connection.send(view[done : done + CHUNK])
                    bytes_sent += taken
                    labels += done < end <= done + taken
                    done += taken
                progress(labels, len(formats))
            _finish(connection, timeout_s)
        except OSError as error:
            outcome = SendOutcome.CUT_OFF if bytes_sent else SendOutcome.NOT_SENT
            reason = f"the printer at {host}:{port} broke the connection off ({_words(error)})"
            return SendResult(labels, bytes_sent, outcome, reason)
    return SendResult(labels, bytes_sent)


def _connect(host: str, port: int, timeout_s: float, sleep: Callable[[float], None]) -> socket.socket | SendResult:
    """A connection, or the result of not getting one."""
    for attempt in range(1, TRIES + 1):
        try:
            return socket.create_connection((host, port), timeout=timeout_s)
        except OSError as error:
            reason = f"no connection to {host}:{port} in {attempt} tries ({_words(error)})"
            if attempt < TRIES:
                sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
    return SendResult(0, 0, SendOutcome.NOT_SENT, reason)


def _finish(connection: socket.socket, timeout_s: float) -> None:
    """Close our side, and wait until a printer that takes everything closes its own; one that was switched off
    resets the connection, which is an `OSError`."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(min(timeout_s, 10.0))
    with contextlib.suppress(TimeoutError):
        while connection.recv(4096):
            pass


def _words(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
