"""Checks of units: the device that shows a unit's UUID proves the unit's key, and the ledger counts each attempt."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bss_mfg.device.check import CheckedDevice, Patience, check
from bss_mfg.device.radio import Radio
from bss_mfg.device.unit_keys import open_unit_key
from bss_mfg.device.verdict import Verdict
from bss_mfg.ledger.events import DeviceChecked
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Secret


@dataclass(frozen=True, slots=True)
class UnitToCheck:
    """A unit that a device should be; `number` counts within the batch."""

    batch: str
    number: int
    serial: str
    uuid: uuid.UUID


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where units' keys come from and attempts are counted. `reason`: why once more than is allowed."""

    ledger: Ledger
    vault: Vault
    reason: str = ""


async def check_unit(
    radio: Radio, unit: UnitToCheck, source: KeySource, patience: Patience | None = None
) -> CheckedDevice:
    """Check the device of a unit. The attempt is counted once the device was seen and before its key is opened; a
    device that isn't there is no attempt."""

    def open_key() -> Secret:
        source.ledger.device_checks.begin(unit.batch, unit.number, source.reason)
        return open_unit_key(source.ledger, source.vault, unit.batch, unit.number)

    found = await check(radio, unit.uuid, open_key, patience)
    write_down(source.ledger, unit, found)
    return found


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
        not_seen_after=not found.unprovisioned_after,
        failed_cases=failed_cases,
    )
    ledger.device_checks.end(unit.batch, outcome)
