"""A link over the two characteristics of the Mesh Provisioning Service, whichever radio has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bss_mfg.device.pdu import MalformedPduError
from bss_mfg.device.proxy_pdu import Reassembler, segments
from bss_mfg.device.radio import LinkLostError


class GattLink:
    """Whole PDUs, sent in pieces by `write` and put together from what is `notified`. `size` is how many bytes one
    write has room for."""

    def __init__(self, write: Callable[[bytes], Awaitable[None]], size: int) -> None:
        self._write = write
        self._size = size
        self._reassembler = Reassembler()
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue()

    def notified(self, data: bytes) -> None:
        """The device notified of a proxy PDU."""
        try:
            pdu = self._reassembler.add(data)
        except MalformedPduError:
            pdu = b""
        if pdu is not None:
            self._arrived.put_nowait(pdu)

    def lost(self) -> None:
        """The link is gone; what came before can still be received."""
        self._arrived.put_nowait(None)

    async def send(self, pdu: bytes) -> None:
        """Send a PDU."""
        for piece in segments(pdu, self._size):
            await self._write(piece)

    async def receive(self) -> bytes:
        """The next PDU; empty for pieces that make none."""
        pdu = await self._arrived.get()
        if pdu is None:
            self._arrived.put_nowait(None)
            raise LinkLostError("the device ended the link")
        return pdu
