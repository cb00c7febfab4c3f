"""Proxy PDUs: how a provisioning PDU crosses a GATT link in pieces (Bluetooth Mesh Protocol 1.1, 6.3)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from bss_mfg.device.pdu import MalformedPduError

PROVISIONING = 3
"""The type of a proxy PDU that carries a provisioning PDU (6.3.1)."""
LONGEST_MESSAGE = 255
"""Bytes that are put together at most. The longest PDU before a proof has 65; a device can't make us keep more."""

_TYPE_BITS = 6


class Part(IntEnum):
    """Which part of its message a proxy PDU has (6.3.1)."""

    COMPLETE = 0
    FIRST = 1
    CONTINUATION = 2
    LAST = 3


def segments(message: bytes, size: int) -> Iterator[bytes]:
    """A provisioning PDU as proxy PDUs of at most `size` bytes: what a write or a notification has room for."""
    if size < 2:
        raise ValueError("a proxy PDU has at least 2 bytes")
    pieces = [message[at : at + size - 1] for at in range(0, len(message), size - 1)] or [b""]
    for number, piece in enumerate(pieces):
        if len(pieces) == 1:
            part = Part.COMPLETE
        elif number == 0:
            part = Part.FIRST
        else:
            part = Part.LAST if number == len(pieces) - 1 else Part.CONTINUATION
        yield bytes([part << _TYPE_BITS | PROVISIONING]) + piece


class Reassembler:
    """Puts the messages of one link together again."""

    def __init__(self) -> None:
        self._begun: bytearray | None = None

    def add(self, data: bytes) -> bytes | None:
        """The message that a proxy PDU completes; None while one is under way. `MalformedPduError` for what has no
        place there: then the link is closed (6.3.2.2)."""
        if not data or data[0] & (1 << _TYPE_BITS) - 1 != PROVISIONING:
            raise MalformedPduError("a proxy PDU that carries no provisioning PDU")
        part, piece = Part(data[0] >> _TYPE_BITS), bytes(data[1:])
        begins = part in (Part.COMPLETE, Part.FIRST)
        if begins != (self._begun is None):
            raise MalformedPduError("parts of a message in another order")
        message = bytearray() if self._begun is None else self._begun
        message += piece
        if len(message) > LONGEST_MESSAGE:
            raise MalformedPduError(f"a message of more than {LONGEST_MESSAGE} bytes")
        ends = part in (Part.COMPLETE, Part.LAST)
        self._begun = None if ends else message
        return bytes(message) if ends else None
