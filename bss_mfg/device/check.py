"""Checks over a radio: find devices, let them prove their keys, and see that they are unprovisioned as before."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bss_mfg.device.looking import Wanted, look_for, shown_by
from bss_mfg.device.radio import Link, LinkLostError, Radio, Sighting
from bss_mfg.device.session import ProofSession
from bss_mfg.device.verdict import Verdict
from bss_mfg.model import Secret
from bss_mfg.oob_information import OobInformation


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a check waits: for an advertisement before and after, for the link, for each answer; `settle`:
    for another device with the same Device UUID."""

    find: float = 10.0
    connect: float = 10.0
    answer: float = 5.0
    settle: float = 0.5


class CheckStep(StrEnum):
    """What is being done."""

    LOOKING = "looking"
    ASKING = "asking"
    """Devices are connected, and prove their keys."""
    LOOKING_AGAIN = "looking-again"
    """Whether they advertise as before."""


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """How far a step is: with so many of the devices."""

    step: CheckStep
    done: int
    whole: int


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How devices are checked: `at_once` is how many links there are at most. `progress` is told each step."""

    patience: Patience = field(default_factory=Patience)
    at_once: int = 8
    progress: Callable[[CheckProgress], None] = lambda progress: None


class CheckFault(StrEnum):
    """What is wrong of a device besides the verdict of its exchange."""

    SWAPPED = "swapped"
    """It shows its Device UUID with the bytes in another order."""
    TWIN = "twin"
    """Another address shows the same Device UUID."""
    OOB_INFORMATION = "oob information"
    """It shows other OOB information than its product says."""
    NOT_SEEN_AFTER = "not seen after"
    """It no longer advertises as unprovisioned."""


@dataclass(frozen=True, slots=True)
class CheckedDevice:
    """What a check found: the device as it was seen (None: it wasn't), whether it showed its UUID with the bytes in
    another order, the verdict of the exchange (None: there was none), and whether it advertises as unprovisioned
    afterwards. `twin` is another device with its UUID: then neither is asked. `oob_expected` is the OOB information
    that it should show (None: any)."""

    sighting: Sighting | None
    uuid_swapped: bool = False
    verdict: Verdict | None = None
    unprovisioned_after: bool = False
    twin: Sighting | None = None
    oob_expected: OobInformation | None = None

    @property
    def oob_differs(self) -> bool:
        """Whether it shows other OOB information than it should."""
        expected = self.oob_expected
        return self.sighting is not None and expected not in (None, self.sighting.beacon.oob_information)

    @property
    def faults(self) -> tuple[CheckFault, ...]:
        """What is wrong besides the verdict; of a device that wasn't seen nothing is."""
        told = {
            CheckFault.SWAPPED: self.uuid_swapped,
            CheckFault.TWIN: self.twin is not None,
            CheckFault.OOB_INFORMATION: self.oob_differs,
            CheckFault.NOT_SEEN_AFTER: self.verdict is not None and not self.unprovisioned_after,
        }
        return tuple(fault for fault, is_so in told.items() if is_so)

    @property
    def passed(self) -> bool:
        """Whether the device has proven its key, under its own UUID, and can be provisioned by the customer."""
        return self.verdict is not None and self.verdict.proven and not self.faults


async def find(radio: Radio, device: uuid.UUID, seconds: float) -> Sighting | None:
    """The first advertisement of a Device UUID, or of one that it becomes with its bytes in another order."""
    near = await look_for(radio, Wanted([device], seconds))
    return next(iter(shown_by(device, near)), None)


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


async def prove(radio: Radio, sighting: Sighting, key: Secret, patience: Patience) -> Verdict:
    """The verdict of one exchange with a device that was seen. The Static OOB key is wiped with it."""
    session = ProofSession(key)
    await converse(radio, sighting, session, patience)
    if session.verdict is None:
        raise RuntimeError("an exchange ended without a verdict")
    return session.verdict


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A device that is to prove a key: its Device UUID, the way to the key (None: it is not asked), and the OOB
    information that it should show (None: any)."""

    device: uuid.UUID
    open_key: Callable[[], Secret] | None
    oob_expected: OobInformation | None = None


async def check(
    radio: Radio, device: uuid.UUID, open_key: Callable[[], Secret], patience: Patience | None = None
) -> CheckedDevice:
    """Find a device by its UUID, let it prove its key, and look that it still advertises. `open_key` is called once the
    device was seen; the key is wiped after."""
    patience = patience or Patience()
    near = await look_for(radio, Wanted([device], patience.find, patience.settle))
    (found,) = await check_seen(radio, [CheckRequest(device, open_key)], near, CheckOptions(patience))
    return found


async def check_seen(
    radio: Radio, requests: Sequence[CheckRequest], near: Iterable[Sighting], options: CheckOptions
) -> list[CheckedDevice]:
    """Let those of these devices that are near prove their keys, several at once, and look that they still advertise.
    A key is opened when its device's turn has come, and wiped after."""
    seen = [shown_by(request.device, near) for request in requests]
    asked = [
        _Asked(request.device, request.open_key, *shown)
        for request, shown in zip(requests, seen, strict=True)
        if request.open_key and len(shown) == 1
    ]
    verdicts = await _ask(radio, asked, options)
    left = await _who_advertises(radio, [one.sighting.beacon.uuid for one in asked], options)
    found = []
    for request, shown in zip(requests, seen, strict=True):
        sighting, twin = (*shown, None, None)[:2]
        found.append(
            CheckedDevice(
                sighting,
                sighting is not None and sighting.beacon.uuid != request.device,
                verdicts.get(request.device),
                sighting is not None and sighting.beacon.uuid in left,
                twin,
                request.oob_expected,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    device: uuid.UUID
    open_key: Callable[[], Secret]
    sighting: Sighting


async def _ask(radio: Radio, asked: Sequence[_Asked], options: CheckOptions) -> dict[uuid.UUID, Verdict]:
    """The verdicts by Device UUID. Whatever goes wrong here ends all exchanges, and wipes their keys."""
    verdicts: dict[uuid.UUID, Verdict] = {}
    links = asyncio.Semaphore(options.at_once)

    def progress() -> None:
        options.progress(CheckProgress(CheckStep.ASKING, len(verdicts), len(asked)))

    async def ask(one: _Asked) -> None:
        async with links:
            verdicts[one.device] = await prove(radio, one.sighting, one.open_key(), options.patience)
        progress()

    try:
        async with asyncio.TaskGroup() as group:
            if asked:
                progress()
            for one in asked:
                group.create_task(ask(one))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return verdicts


async def _who_advertises(radio: Radio, shown: Sequence[uuid.UUID], options: CheckOptions) -> set[uuid.UUID]:
    """Which of these Device UUIDs are shown now that all links are closed."""
    if not shown:
        return set()
    whole = len(shown)

    def progress(seen: int) -> None:
        options.progress(CheckProgress(CheckStep.LOOKING_AGAIN, seen, whole))

    progress(0)
    wanted = Wanted(shown, options.patience.find, progress=progress)
    return {one.beacon.uuid for one in await look_for(radio, wanted)}
