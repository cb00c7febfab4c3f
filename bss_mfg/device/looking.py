"""Looking at what advertises: for a while, or until the devices that are wanted are there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from bss_mfg.device.beacon import swapped
from bss_mfg.device.radio import Radio, Sighting

_UNHEARD_DBM = -128
"""Below any signal: of radios that tell none."""


def strength(sighting: Sighting) -> int:
    """A signal in dBm that can be compared."""
    return _UNHEARD_DBM if sighting.signal is None else sighting.signal


def is_strong(sighting: Sighting, floor: int | None) -> bool:
    """Whether a signal is as strong as a floor in dBm; what tells no strength is not known to be."""
    return floor is None or (sighting.signal is not None and sighting.signal >= floor)


def shows(sighting: Sighting, device: uuid.UUID) -> bool:
    """Whether it shows a Device UUID, or what that becomes with its bytes in another order."""
    return sighting.beacon.uuid in (device, *swapped(device))


def shown_by(device: uuid.UUID, near: Iterable[Sighting]) -> list[Sighting]:
    """What shows a Device UUID, the strongest first; with its bytes in another order only where nothing shows it as it
    is. More than one are twins."""
    found = sorted((one for one in near if shows(one, device)), key=strength, reverse=True)
    return [one for one in found if one.beacon.uuid == device] or found


class _Seen:
    """Each device by Device UUID and address, as it was heard strongest."""

    def __init__(self) -> None:
        self._sightings: dict[tuple[uuid.UUID, str], Sighting] = {}

    def add(self, sighting: Sighting) -> bool:
        key = sighting.beacon.uuid, sighting.address
        self._sightings[key] = max(sighting, self._sightings.get(key, sighting), key=strength)
        return False

    @property
    def all(self) -> tuple[Sighting, ...]:
        return tuple(self._sightings.values())


async def look(radio: Radio, seconds: float) -> tuple[Sighting, ...]:
    """All that advertises within a time."""
    seen = _Seen()
    await radio.scan(seconds, seen.add)
    return seen.all


@dataclass(frozen=True, slots=True)
class Wanted:
    """Devices that are looked for, for so many seconds; `settle`: for how many more once all were seen, so that their
    twins are heard, too. What is weaker than `floor`, in dBm, counts as not there. `progress` is told how many were
    seen."""

    devices: Collection[uuid.UUID]
    seconds: float
    settle: float = 0.0
    floor: int | None = None
    progress: Callable[[int], None] = lambda seen: None


async def look_for(radio: Radio, wanted: Wanted) -> tuple[Sighting, ...]:
    """All that advertises until each of these devices was seen, or time is over."""
    seen, missing = _Seen(), set(wanted.devices)

    def see(sighting: Sighting) -> bool:
        seen.add(sighting)
        if is_strong(sighting, wanted.floor) and (found := {device for device in missing if shows(sighting, device)}):
            missing.difference_update(found)
            wanted.progress(len(wanted.devices) - len(missing))
        return not missing

    await radio.scan(wanted.seconds, see)
    if wanted.settle and not missing:
        await radio.scan(wanted.settle, seen.add)
    return seen.all
