"""What passes between the threads that speak with phones and the one that owns the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from bss_mfg.station.phone.access import PhoneAccess
from bss_mfg.station.phone.messages import PhoneRead


@dataclass(frozen=True, slots=True)
class PhoneRequest:
    """What a phone reads, to be answered with a document for it. `phone` names its session, and opens nothing."""

    phone: str
    reads: Sequence[PhoneRead]
    answered: Future[Mapping[str, object]] = field(default_factory=Future)


class PhoneService(Protocol):
    """What a connection needs of its server."""

    access: PhoneAccess

    @property
    def state(self) -> Mapping[str, object]:
        """What every phone is shown."""

    def submit(self, request: PhoneRequest) -> bool:
        """Let a request wait for its answer; False where too many wait."""
