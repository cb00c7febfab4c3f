"""Checks of units: the device that shows a unit's UUID proves the unit's key, and the ledger counts each attempt."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bss_mfg.device.check import CheckedDevice, CheckOptions, CheckRequest, Patience, check_seen
from bss_mfg.device.looking import Wanted, look_for, shown_by
from bss_mfg.device.radio import Radio, Sighting
from bss_mfg.device.unit_keys import open_unit_key
from bss_mfg.device.verdict import Verdict
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.events import DeviceChecked
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Secret
from bss_mfg.oob_information import OobInformation


@dataclass(frozen=True, slots=True)
class UnitToCheck:
    """A unit that a device should be; `number` counts within the batch. `oob_expected`: the OOB information that its
    product says (None: any)."""

    batch: str
    number: int
    serial: str
    uuid: uuid.UUID
    oob_expected: OobInformation | None = None


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where units' keys come from and attempts are counted. `reason`: why once more than is allowed."""

    ledger: Ledger
    vault: Vault
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CheckedUnit:
    """What was found of a unit's device. `refused`: it is there, and was not asked: it was checked too often."""

    unit: UnitToCheck
    found: CheckedDevice
    refused: RefusedError | None = None


async def check_unit(
    radio: Radio, unit: UnitToCheck, source: KeySource, patience: Patience | None = None
) -> CheckedDevice:
    """Find the device of a unit and check it. `RefusedError` where it was checked too often."""
    patience = patience or Patience()
    near = await look_for(radio, Wanted([unit.uuid], patience.find, patience.settle))
    (checked,) = await check_units(radio, [unit], near, source, CheckOptions(patience))
    if checked.refused:
        raise checked.refused
    return checked.found


async def check_units(
    radio: Radio, units: Sequence[UnitToCheck], near: Sequence[Sighting], source: KeySource, options: CheckOptions
) -> list[CheckedUnit]:
    """Check those of these units whose devices are near. Each attempt is counted before its key is opened; a device
    that isn't there, or has a twin, is no attempt."""
    refused = dict(_refusals(source, [unit for unit in units if len(shown_by(unit.uuid, near)) == 1]))
    requests = [_request(unit, source, may_ask=unit.uuid not in refused) for unit in units]
    found = await check_seen(radio, requests, near, options)
    checked = [CheckedUnit(unit, one, refused.get(unit.uuid)) for unit, one in zip(units, found, strict=True)]
    for one in checked:
        write_down(source.ledger, one.unit, one.found)
    return checked


def _refusals(source: KeySource, units: Sequence[UnitToCheck]) -> Iterator[tuple[uuid.UUID, RefusedError]]:
    """Begins an attempt of each unit, and tells which are not allowed."""
    for unit in units:
        try:
            source.ledger.device_checks.begin(unit.batch, unit.number, source.reason)
        except RefusedError as error:
            yield unit.uuid, error


def _request(unit: UnitToCheck, source: KeySource, *, may_ask: bool) -> CheckRequest:
    def open_key() -> Secret:
        return open_unit_key(source.ledger, source.vault, unit.batch, unit.number)

    return CheckRequest(unit.uuid, open_key if may_ask else None, unit.oob_expected)


class Outcome(Protocol):
    """What a check or a test table found of a device."""

    @property
    def verdict(self) -> Verdict | None:
        """Of the last exchange with the unit's key; None where there was none."""

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""

    @property
    def uuid_swapped(self) -> bool:
        """Whether it showed its Device UUID with the bytes in another order."""

    @property
    def oob_differs(self) -> bool:
        """Whether it showed other OOB information than its product says."""

    @property
    def unprovisioned_after(self) -> bool:
        """Whether it advertised as unprovisioned afterwards."""


def write_down(ledger: Ledger, unit: UnitToCheck, found: Outcome, failed_cases: Sequence[str] = ()) -> None:
    """Put into the history how an attempt ended, if there was an exchange."""
    if found.verdict is None:
        return
    outcome = DeviceChecked(
        unit=unit.number,
        passed=found.passed,
        verdict=found.verdict.kind.value,
        awaited=found.verdict.awaited.value,
        code=found.verdict.code,
        remarks=sorted(remark.value for remark in found.verdict.remarks),
        uuid_swapped=found.uuid_swapped,
        oob_differs=found.oob_differs,
        not_seen_after=not found.unprovisioned_after,
        failed_cases=failed_cases,
    )
    ledger.device_checks.end(unit.batch, outcome)
