"""The door to a radio: see what is near, and a link to one device. Behind it stand the system's Bluetooth, a dongle or
virtual devices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bss_mfg.device.beacon import Beacon
from bss_mfg.errors import MissingError


class LinkLostError(MissingError):
    """A device could not be connected, ended the link or is out of range."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device that advertised: where it is answered, what it showed, and how strong its signal was, in dBm."""

    address: str
    beacon: Beacon
    signal: int | None = None


class Link(Protocol):
    """A link to one device, for whole provisioning PDUs."""

    async def send(self, pdu: bytes) -> None:
        """Send a PDU; `LinkLostError`."""

    async def receive(self) -> bytes:
        """The next PDU; empty for pieces that make none. `LinkLostError` where the link ends first."""


class Radio(Protocol):
    """What sees and connects devices. Times are seconds."""

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        """Show `see` each advertisement of an unprovisioned device until it returns true or the time is over."""

    def connect(self, sighting: Sighting, seconds: float) -> AbstractAsyncContextManager[Link]:
        """A link to a device that was seen, closed at the end; `LinkLostError` where there is none in time."""
