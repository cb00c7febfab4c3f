"""A scanner on a serial port: lines as they come, until the port goes away."""

from __future__ import annotations

from collections.abc import Iterator

from bss_mfg.errors import InputError, MissingError

_LONGEST = 100_000
"""A line is cut here: a scanner that sends no line ends must not fill the memory."""


def read_port(port: str, baud: int) -> Iterator[str]:
    """What the scanner sends, line by line: CR, LF or both end one. Ends when the device is unplugged.

    `MissingError` without pyserial, `InputError` where the port can't be opened.
    """
    try:
        import serial
    except ImportError:
        raise MissingError(
            "a scanner on a serial port needs pyserial, which is not installed",
            way_out="`pip install pyserial`, or let the scanner type like a keyboard.",
        ) from None
    try:
        device = serial.Serial(port, baud, timeout=0.2)
    except (serial.SerialException, ValueError) as error:
        raise InputError(
            "the serial port can't be opened", where=port, way_out="Check its name, the cable, and who else uses it."
        ) from error
    with device:
        waiting = b""
        while True:
            try:
                waiting += device.read(max(device.in_waiting, 1))
            except (serial.SerialException, OSError):
                break
            *lines, waiting = waiting.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            if len(waiting) > _LONGEST:
                lines, waiting = [*lines, waiting], b""
            for line in lines:
                yield line.decode("utf-8", "surrogateescape") + "\n"
    if waiting:
        yield waiting.decode("utf-8", "surrogateescape") + "\n"
