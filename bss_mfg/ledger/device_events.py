"""Events of checks on air: that one was begun, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key


class DeviceChecking(EventRecord):
    """A device that is near is asked to prove a unit's key; written before its key is opened, so that what is cut off
    counts as an attempt."""

    kind = EventKind.DEVICE_CHECKING
    unit: int = key("number")
    reason: str | None = key("why once more than is allowed", default=None)
    exchanges: int | None = key("of a test table: how many exchanges it makes; each counts", default=None)


class DeviceChecked(EventRecord):
    """How a check on air ended."""

    kind = EventKind.DEVICE_CHECKED
    unit: int = key("number")
    passed: bool = key("whether it has proven its key under its own Device UUID and is still unprovisioned")
    verdict: str = key("`proven`, or what was wrong of the exchange")
    awaited: str = key("the device's message that the exchange waited for last")
    code: int | None = key("of the device's Failed", default=None)
    remarks: Sequence[str] = key("what else was noticed", default=())
    uuid_swapped: bool = key("it shows its Device UUID with the bytes in another order", default=False)
    oob_differs: bool = key("it shows other OOB information than its product says", default=False)
    not_seen_after: bool = key("it did not advertise as unprovisioned afterwards", default=False)
    failed_cases: Sequence[str] = key("of a test table: the cases that weren't passed", default=())
