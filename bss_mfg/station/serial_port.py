"""A scanner on a serial port: reads as they come, and what becomes of its plug."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from bss_mfg.errors import InputError, MissingError
from bss_mfg.installation import how_to_add
from bss_mfg.station.keystrokes import Happening

_LONGEST = 100_000
"""A line is cut here: a scanner that sends no line ends must not fill the memory."""
PAUSE_SECONDS = 0.3
"""After such a silence a read without a line end is whole."""
_POLL_SECONDS = 0.1
_TRY_AGAIN_SECONDS = 1.0


def read_port(port: str, baud: int) -> Iterator[str | Happening]:
    """What the scanner sends, read by read: CR, LF, both, or a pause end one. A scanner that is unplugged is told and
    waited for.

    `MissingError` without pyserial, `InputError` where the port can't be opened at first.
    """
    try:
        device = _open(port, baud)
    except (OSError, ValueError) as error:  # pyserial's own error is an OSError
        raise InputError(
            "the serial port can't be opened", where=port, way_out="Check its name, the cable, and who else uses it."
        ) from error
    while True:
        with device:
            yield from _read_until_unplugged(device)
        yield Happening.UNPLUGGED
        while True:
            try:
                device = _open(port, baud)
                break
            except OSError:
                yield Happening.NOTHING
                time.sleep(_TRY_AGAIN_SECONDS)
        yield Happening.PLUGGED_IN


def _open(port: str, baud: int) -> Any:
    try:
        import serial
    except ImportError:
        raise MissingError(
            "a scanner on a serial port needs pyserial, which is not installed",
            way_out=f"{how_to_add('serial')} Or let the scanner type like a keyboard.",
        ) from None
    return serial.Serial(port, baud, timeout=_POLL_SECONDS)


def _read_until_unplugged(device: Any) -> Iterator[str | Happening]:
    waiting = b""
    last = idle = time.monotonic()
    while True:
        try:
            data = device.read(max(device.in_waiting, 1))
        except (OSError, TypeError):  # TypeError: pyserial on a port that vanished while it was read
            break
        now = time.monotonic()
        if data:
            last = now
            waiting += data
        *lines, waiting = waiting.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if waiting and (now - last >= PAUSE_SECONDS or len(waiting) > _LONGEST):
            lines, waiting = [*lines, waiting], b""
        yield from (_text(line) for line in lines)
        if now - max(idle, last) >= 1:
            idle = now
            yield Happening.NOTHING
    if waiting:
        yield _text(waiting)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
