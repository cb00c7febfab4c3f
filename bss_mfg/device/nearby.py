"""Which units the devices on air are, and what is wrong of what they show."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.device.beacon import swapped, uuid_fault
from bss_mfg.device.radio import Radio, Sighting
from bss_mfg.ledger.ledger import Ledger

_UNHEARD_DBM = -128
"""Below any signal: of radios that tell none."""


class NearbyFault(StrEnum):
    """What is wrong of a device before anything is asked of it."""

    ZERO = "zero"
    ALL_ONES = "all-ones"
    SWAPPED = "swapped"
    """A unit's Device UUID with the bytes in another order."""
    TWIN = "twin"
    """Another address shows the same Device UUID."""
    NOT_ISSUED_HERE = "not issued here"


@dataclass(frozen=True, slots=True)
class Nearby:
    """A device on air; `batch` and `serial` of the unit that it is, None where it was not issued here."""

    sighting: Sighting
    batch: str | None
    serial: str | None
    faults: tuple[NearbyFault, ...]


def _never(_: Sighting) -> bool:
    return False


async def look(radio: Radio, seconds: float, enough: Callable[[Sighting], bool] = _never) -> tuple[Sighting, ...]:
    """The newest of each device that advertises within a time, by Device UUID and address; ended by what is
    `enough`."""
    seen: dict[tuple[uuid.UUID, str], Sighting] = {}

    def see(sighting: Sighting) -> bool:
        seen[sighting.beacon.uuid, sighting.address] = sighting
        return enough(sighting)

    await radio.scan(seconds, see)
    return tuple(seen.values())


def identify(ledger: Ledger, sightings: Iterable[Sighting]) -> list[Nearby]:
    """Who they are, the strongest first."""
    near = sorted(sightings, key=lambda one: (-(_UNHEARD_DBM if one.signal is None else one.signal), one.address))
    shown = Counter(sighting.beacon.uuid for sighting in near)
    return [_identified(ledger, sighting, shown[sighting.beacon.uuid] > 1) for sighting in near]


def _identified(ledger: Ledger, sighting: Sighting, has_twin: bool) -> Nearby:
    shown = sighting.beacon.uuid
    worn = uuid_fault(shown)
    batch, serial, is_swapped = _unit(ledger, shown)
    faults = [
        NearbyFault(worn.value) if worn else None,
        NearbyFault.SWAPPED if is_swapped else None,
        NearbyFault.TWIN if has_twin else None,
        NearbyFault.NOT_ISSUED_HERE if serial is None and not worn else None,
    ]
    return Nearby(sighting, batch, serial, tuple(fault for fault in faults if fault))


def _unit(ledger: Ledger, shown: uuid.UUID) -> tuple[str | None, str | None, bool]:
    """Batch and serial of the unit with a Device UUID, and whether that is shown in another order."""
    for candidate in (shown, *swapped(shown)):
        if known := ledger.units.find_by_uuid(candidate):
            return known[0], known[2], candidate != shown
    return None, None, False
