"""Events of flashers: which there are, and what they say of units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key


class FlasherRegistered(EventRecord):
    """A flasher made a key pair, to which keys are sealed that it claims."""

    kind = EventKind.FLASHER_REGISTERED
    name: str = key("of the flasher")
    recipient: str = key("its public key, age1…")


class FlashReported(EventRecord):
    """A station said which units were flashed, and how their tests ended; only what is new. What a file says last of a
    unit counts."""

    kind = EventKind.FLASH_REPORTED
    file: str = key("name")
    sha256: str = key("of the file")
    passed: Sequence[Sequence[int]] = key("numbers of the units, as [first, last] of consecutive ones", default=())
    failed: Sequence[Sequence[int]] = key("numbers of the units, likewise", default=())
    details: Mapping[str, str] | None = key("what the file says of failed units, by their numbers", default=None)
