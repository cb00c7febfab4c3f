"""Events of what two persons have to sign, and of what they signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key


class ApprovedEvent(EventRecord):
    """An act that a policy may let two persons sign. Attributed to their keys then: a name anybody may type."""

    request: str | None = key("SHA-256 of the request that two persons signed, where they had to", default=None)
    approved_by: Mapping[str, str] | None = key("fingerprints of their keys, by the persons' names", default=None)


class PolicySet(ApprovedEvent):
    """From now on two persons have to sign these acts."""

    kind = EventKind.POLICY_SET
    persons: Mapping[str, str] = key("public SSH key of each person, by name")
    two_persons: Sequence[str] = key("the acts that two of them have to sign")


class ActApproved(EventRecord):
    """Two persons have signed the act whose event is the next one."""

    kind = EventKind.ACT_APPROVED
    act: str = key("which")
    text: str = key("the request as they signed it")
    signatures: Mapping[str, str] = key("their signatures (SSHSIG), by the persons' names")
