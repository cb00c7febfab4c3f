"""A check of one device over a radio: find it, let it prove its key, and see that it is unprovisioned as before."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bss_mfg.device.beacon import swapped
from bss_mfg.device.radio import Link, LinkLostError, Radio, Sighting
from bss_mfg.device.session import ProofSession
from bss_mfg.device.verdict import Verdict
from bss_mfg.model import Secret


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a check waits: for an advertisement before and after, for the link, for each answer."""

    find: float = 10.0
    connect: float = 10.0
    answer: float = 5.0


@dataclass(frozen=True, slots=True)
class CheckedDevice:
    """What a check found: the device as it was seen (None: it wasn't), whether it showed its UUID with the bytes in
    another order, the verdict of the exchange (None: there was none), and whether it advertises as unprovisioned
    afterwards."""

    sighting: Sighting | None
    uuid_swapped: bool = False
    verdict: Verdict | None = None
    unprovisioned_after: bool = False

    @property
    def passed(self) -> bool:
        """Whether the device has proven its key, under its own UUID, and can be provisioned by the customer."""
        proven = self.verdict is not None and self.verdict.proven
        return proven and not self.uuid_swapped and self.unprovisioned_after


async def find(radio: Radio, device: uuid.UUID, seconds: float) -> Sighting | None:
    """The first advertisement of a Device UUID, or of one that it becomes with its bytes in another order."""
    wanted = {device, *swapped(device)}
    seen: list[Sighting] = []

    def see(sighting: Sighting) -> bool:
        if sighting.beacon.uuid in wanted:
            seen.append(sighting)
        return bool(seen)

    await radio.scan(seconds, see)
    return seen[0] if seen else None


class Exchange(Protocol):
    """The provisioner's side of one exchange as a state machine."""

    @property
    def verdict(self) -> object | None:
        """How it ended; None while it goes on."""

    def begin(self) -> tuple[bytes, ...]:
        """What to send first."""

    def receive(self, data: bytes) -> tuple[bytes, ...]:
        """What to send in answer to a PDU that came."""

    def time_out(self) -> None:
        """Nothing came in time."""

    def lose_link(self) -> None:
        """The link is gone."""


async def converse(
    radio: Radio,
    sighting: Sighting,
    exchange: Exchange,
    patience: Patience,
    tapped: Callable[[Link], Link] = lambda link: link,
) -> None:
    """Lead an exchange with a device that was seen to its verdict. `tapped`: who listens to the link."""
    try:
        async with radio.connect(sighting, patience.connect) as connected:
            link = tapped(connected)
            outgoing = exchange.begin()
            try:
                while True:
                    async with asyncio.timeout(patience.answer):
                        for pdu in outgoing:
                            await link.send(pdu)
                        if exchange.verdict is not None:
                            break
                        outgoing = exchange.receive(await link.receive())
            except TimeoutError:
                exchange.time_out()
    except LinkLostError:
        exchange.lose_link()
    finally:
        exchange.lose_link()  # also where it is cancelled: its key is wiped


async def prove(radio: Radio, sighting: Sighting, auth_value: Secret, patience: Patience) -> Verdict:
    """The verdict of one exchange with a device that was seen. The AuthValue is wiped with it."""
    session = ProofSession(auth_value)
    await converse(radio, sighting, session, patience)
    if session.verdict is None:
        raise RuntimeError("an exchange ended without a verdict")
    return session.verdict


async def check(
    radio: Radio, device: uuid.UUID, open_key: Callable[[], Secret], patience: Patience | None = None
) -> CheckedDevice:
    """Find a device by its UUID, let it prove its key, and look that it still advertises. `open_key` is called once the
    device was seen; the key is wiped after."""
    patience = patience or Patience()
    sighting = await find(radio, device, patience.find)
    if sighting is None:
        return CheckedDevice(None)
    verdict = await prove(radio, sighting, open_key(), patience)
    after = await find(radio, sighting.beacon.uuid, patience.find)
    return CheckedDevice(sighting, sighting.beacon.uuid != device, verdict, after is not None)
