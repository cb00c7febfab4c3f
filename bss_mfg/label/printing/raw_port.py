"""Label files to a printer's raw port (TCP 9100), label by label, with a count of what was handed over.

A raw port acknowledges nothing. So a connection that can't be made is tried again; one that breaks after the first
octets is not: labels may lie printed in the tray, and only the operator can see how many.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import InputError

TRIES = 4
"""Attempts to connect."""
FIRST_WAIT_S = 0.3
CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class SendResult:
    """What was handed over: whole labels and octets, and why it stopped, if it did."""

    labels: int
    bytes_sent: int
    failure: str = ""


def parse_address(text: str) -> tuple[str, int]:
    """(host, port) of `tcp://HOST:PORT`; the port is 9100 if left out."""
    found = re.fullmatch(r"tcp://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?/?", text)
    if not found or not 0 < int(found[2] or 9100) < 65536:
        raise InputError(f"{text[:80]!r} is no printer address", way_out="Write it as tcp://HOST:9100.")
    return found[1].strip("[]"), int(found[2] or 9100)


def split_formats(data: bytes, language: str) -> list[bytes]:
    """A label file in pieces that a printer takes whole: the formats of a ZPL file, else the file itself."""
    if language != "zpl":
        return [data]
    return [piece + b"^XZ\n" for piece in data.split(b"^XZ\n") if piece.strip()]


def send_to_raw_port(
    address: str,
    formats: Sequence[bytes],
    *,
    timeout_s: float = 30.0,
    sleep: Callable[[float], None] = time.sleep,
    progress: Progress = no_progress,
) -> SendResult:
    """Send formats to a raw port; returns what was handed over, also when the printer went away midway.

    Raises nothing for the network: `Sent.failure` says in words what happened, and `Sent.labels` is an upper bound of
    what can have been printed.
    """
    host, port = parse_address(address)
    connection, failure = None, ""
    for attempt in range(TRIES):
        try:
            connection = socket.create_connection((host, port), timeout=timeout_s)
            break
        except OSError as error:
            failure = f"no connection to {host}:{port} in {attempt + 1} tries ({_words(error)})"
            if attempt < TRIES - 1:
                sleep(FIRST_WAIT_S * 2**attempt)
    if connection is None:
        return SendResult(0, 0, failure)
    labels = bytes_sent = 0
    with connection:
        # A small buffer keeps the count near to what the printer has taken.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHUNK)
        try:
            for item in formats:
                # A label can print once its last command is there: the line end after it does not count.
                view, done, end = memoryview(item), 0, len(item.rstrip())
                while done < len(item):
                    taken = connection.send(view[done : done + CHUNK])
                    bytes_sent += taken
                    labels += done < end <= done + taken
                    done += taken
                progress(labels, len(formats))
            connection.shutdown(socket.SHUT_WR)
            # A printer that takes everything closes its side in order; one that was switched off resets.
            connection.settimeout(min(timeout_s, 10.0))
            try:
                while connection.recv(4096):
                    pass
            except TimeoutError:
                pass
        except OSError as error:
            return SendResult(
                labels, bytes_sent, f"the printer at {host}:{port} broke the connection off ({_words(error)})"
            )
    return SendResult(labels, bytes_sent)


def _words(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
