"""Which units the devices on air are, and what is wrong of what they show."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.device.beacon import swapped, uuid_fault
from bss_mfg.device.looking import strength
from bss_mfg.device.radio import Sighting
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.oob_information import OobInformation


class NearbyFault(StrEnum):
    """What is wrong of a device before anything is asked of it."""

    ZERO = "zero"
    ALL_ONES = "all-ones"
    SWAPPED = "swapped"
    """A unit's Device UUID with the bytes in another order."""
    TWIN = "twin"
    """Another address shows the same Device UUID."""
    NOT_ISSUED_HERE = "not issued here"
    OTHER_BATCH = "other batch"
    """It is a unit of another batch than the one whose devices are to be here."""
    SCRAPPED = "scrapped"
    """Its unit was scrapped: it must not leave the factory."""
    OOB_INFORMATION = "oob information"
    """It shows other OOB information than its product says."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """A device on air; `batch` and `serial` of the unit that it is, None where it was not issued here."""

    sighting: Sighting
    batch: str | None
    serial: str | None
    faults: tuple[NearbyFault, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What devices on air are held against: the OOB information that a product's devices show, by the product's name
    (None: any), and the batch whose devices are to be here (None: any)."""

    oob_information: Callable[[str], OobInformation | None] = lambda product: None
    batch: str | None = None


def identify(ledger: Ledger, sightings: Iterable[Sighting], expected: Expected | None = None) -> list[Nearby]:
    """Who they are, the strongest first."""
    expected = expected or Expected()
    near = sorted(sightings, key=lambda one: (-strength(one), one.address))
    shown = Counter(sighting.beacon.uuid for sighting in near)
    return [_identified(ledger, sighting, shown[sighting.beacon.uuid] > 1, expected) for sighting in near]


def _identified(ledger: Ledger, sighting: Sighting, has_twin: bool, expected: Expected) -> Nearby:
    shown = sighting.beacon.uuid
    worn = uuid_fault(shown)
    batch, serial, is_swapped = _unit(ledger, shown)
    faults = [
        NearbyFault(worn.value) if worn else None,
        NearbyFault.SWAPPED if is_swapped else None,
        NearbyFault.TWIN if has_twin else None,
        NearbyFault.NOT_ISSUED_HERE if serial is None and not worn else None,
        *(_faults_of_unit(ledger, sighting, batch, serial, expected) if batch and serial else ()),
    ]
    return Nearby(sighting, batch, serial, tuple(fault for fault in faults if fault))


def _faults_of_unit(
    ledger: Ledger, sighting: Sighting, batch: str, serial: str, expected: Expected
) -> Iterator[NearbyFault]:
    if expected.batch not in (None, batch):
        yield NearbyFault.OTHER_BATCH
    if ledger.units.find(batch, "serial", [serial])[-1].scrapped:
        yield NearbyFault.SCRAPPED
    if expected.oob_information(ledger.batches.get(batch).product) not in (None, sighting.beacon.oob_information):
        yield NearbyFault.OOB_INFORMATION


def _unit(ledger: Ledger, shown: uuid.UUID) -> tuple[str | None, str | None, bool]:
    """Batch and serial of the unit with a Device UUID, and whether that is shown in another order."""
    for candidate in (shown, *swapped(shown)):
        if known := ledger.units.find_by_uuid(candidate):
            return known[0], known[2], candidate != shown
    return None, None, False
