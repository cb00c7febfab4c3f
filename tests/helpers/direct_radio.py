"""A radio that leads straight to one device in this process: no Bluetooth, so that a table of links is quick."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from bss_mfg.device.beacon import Beacon
from bss_mfg.device.check import Patience
from bss_mfg.device.radio import Link, LinkLostError, Sighting

QUICK = Patience(find=0.01, connect=1.0, answer=0.05)
"""Whoever answers here answers at once; the rest is waiting for what never comes."""


class Peer(Protocol):
    """A device, as far as a radio knows it."""

    @property
    def beacon(self) -> Beacon | None: ...

    @property
    def wants_to_end_link(self) -> bool: ...

    def receive(self, data: bytes) -> tuple[bytes, ...]: ...

    def end_link(self) -> None: ...


class DirectRadio:
    """Sees one device, and notes what is sent to it on each link."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.links: list[list[bytes]] = []

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        beacon = self._peer.beacon
        if beacon is not None:
            see(Sighting("F0:00:00:00:00:01", beacon, -40))

    @asynccontextmanager
    async def connect(self, sighting: Sighting, seconds: float) -> AsyncIterator[Link]:
        self.links.append([])
        try:
            yield _DirectLink(self._peer, self.links[-1])
        finally:
            self._peer.end_link()


class _DirectLink:
    def __init__(self, peer: Peer, sent: list[bytes]) -> None:
        self._peer = peer
        self._sent = sent
        self._arrived: list[bytes] = []

    async def send(self, pdu: bytes) -> None:
        self._sent.append(pdu)
        self._arrived += self._peer.receive(pdu)

    async def receive(self) -> bytes:
        if self._arrived:
            return self._arrived.pop(0)
        if self._peer.wants_to_end_link:
            raise LinkLostError("the device ended the link")
        await asyncio.Event().wait()
        raise AssertionError
