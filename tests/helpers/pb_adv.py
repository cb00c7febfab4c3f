"""PB-ADV, the bearer over advertising, as a provisioner speaks it (Bluetooth Mesh Protocol 1.1, 5.2.1 and 5.3): a link
that is opened, acknowledged transactions in segments, a link that is closed."""

from __future__ import annotations

import asyncio
import struct
import uuid
from collections.abc import Callable, Iterator

START, ACKNOWLEDGMENT, CONTINUATION, CONTROL = range(4)
"""What a generic provisioning PDU is, in the two low bits of its first byte."""
OPEN, OPENED, CLOSE = (number << 2 | CONTROL for number in range(3))
SUCCESS, TIMED_OUT, FAILED = range(3)
"""Why a link is closed."""
FIRST_ROOM, ROOM = 20, 23
"""Bytes of a message that a start and a continuation carry."""
AGAIN_AFTER = 1.3
"""Seconds until what wasn't answered is sent again. `bluetooth-meshd` advertises twice a second and acknowledges each
repetition: more of them starve its answer."""


def frame_check(data: bytes) -> int:
    """The checksum of a message: that of 3GPP TS 27.010, 5.2.1.6."""
    register = 0xFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xE0 if register & 1 else 0)
    return 0xFF - register


def segments(message: bytes) -> Iterator[bytes]:
    """A message as generic provisioning PDUs."""
    rest = [message[at : at + ROOM] for at in range(FIRST_ROOM, len(message), ROOM)]
    head = struct.pack(">BHB", len(rest) << 2 | START, len(message), frame_check(message))
    yield head + message[:FIRST_ROOM]
    for number, piece in enumerate(rest, 1):
        yield bytes([number << 2 | CONTINUATION]) + piece


class Assembly:
    """The segments of one transaction."""

    def __init__(self) -> None:
        self._head: tuple[int, int, int] | None = None
        self._pieces: dict[int, bytes] = {}

    def add(self, pdu: bytes) -> bytes | None:
        """The message, once all of it is there and its checksum holds."""
        if pdu[0] & 3 == START:
            last, size, check = struct.unpack(">BHB", pdu[:4])
            self._head = (last >> 2, size, check)
            self._pieces[0] = pdu[4:]
        else:
            self._pieces[pdu[0] >> 2] = pdu[1:]
        if self._head is None or set(self._pieces) != set(range(self._head[0] + 1)):
            return None
        message = b"".join(self._pieces[number] for number in sorted(self._pieces))
        return message if (len(message), frame_check(message)) == self._head[1:] else None


class PbAdvLink:
    """One link of a provisioner. `advertise` takes what follows the AD type 0x29; what came that way is given to
    `heard`."""

    def __init__(self, advertise: Callable[[bytes], None], link_id: int) -> None:
        self._advertise = advertise
        self._id = link_id.to_bytes(4, "big")
        self._transaction = 0xFF
        self._answered = asyncio.Event()
        self._expected = b""
        self._assembly: dict[int, Assembly] = {}
        self._whole: set[int] = set()
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.closed_because: int | None = None

    def heard(self, data: bytes) -> None:
        """Something was advertised with AD type 0x29."""
        if data[:4] != self._id:
            return
        transaction, pdu = data[4], data[5:]
        if bytes([transaction, pdu[0]]) == self._expected:
            self._answered.set()
        elif pdu[0] == CLOSE:
            self.closed_because = pdu[1]
        elif pdu[0] & 3 in (START, CONTINUATION):
            self._take(transaction, pdu)

    def _take(self, transaction: int, pdu: bytes) -> None:
        if transaction not in self._whole:
            message = self._assembly.setdefault(transaction, Assembly()).add(pdu)
            if message is None:
                return
            self._whole.add(transaction)
            self._messages.put_nowait(message)
            self._answered.set()  # a device that answers has got what it answers, even if its acknowledgment is lost
        self._say(transaction, bytes([ACKNOWLEDGMENT]))

    def _say(self, transaction: int, pdu: bytes) -> None:
        self._advertise(self._id + bytes([transaction]) + pdu)

    async def _insist(self, transaction: int, pdus: list[bytes], answer: int) -> None:
        """Say it until it is answered."""
        self._expected = bytes([transaction, answer])
        self._answered.clear()
        while not self._answered.is_set():
            for pdu in pdus:
                self._say(transaction, pdu)
            try:
                async with asyncio.timeout(AGAIN_AFTER):
                    await self._answered.wait()
            except TimeoutError:
                continue

    async def open(self, device: uuid.UUID) -> None:
        """Open the link to the device with a Device UUID."""
        await self._insist(0, [bytes([OPEN]) + device.bytes], OPENED)

    async def send(self, pdu: bytes) -> None:
        """Send a PDU, and wait until it is acknowledged."""
        self._transaction = (self._transaction + 1) % 0x80
        await self._insist(self._transaction, list(segments(pdu)), ACKNOWLEDGMENT)

    async def receive(self) -> bytes:
        """The next PDU."""
        return await self._messages.get()

    def close(self, reason: int) -> None:
        """Close the link; said three times, as nobody answers."""
        for _ in range(3):
            self._say(0, bytes([CLOSE, reason]))
